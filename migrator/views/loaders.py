"""Fetches what a page needs and checks that the person may see it; one request reads each fact once."""

from typing import Any

from django.http import Http404, HttpRequest

from migrator import gates, policies
from migrator.models import Project, Run


def project_of(request: HttpRequest, slug: str) -> Project:
    """The project, or Http404 for everybody who is not a member."""
    return policies.project_for(request.user, slug)


def standing_of(request: Any, project: Project) -> gates.Standing:
    """Where the project stands; kept on the request, because the page and its frame both ask."""
    known: gates.Standing | None = getattr(request, "standing", None)
    if known is None or known.project.pk != project.pk:
        known = request.standing = gates.standing(project, request.user)
    return known


def run_of(request: HttpRequest, slug: str, pk: int) -> Run:
    """A run of a project that the person belongs to."""
    projects = Project.objects.for_user(request.user).filter(slug=slug)
    rows = Run.objects.select_related("project", "of_run", "created_by").defer("target_lists")
    run = rows.filter(project__in=projects, pk=pk).first()
    if run is None:
        raise Http404("There is no such run, or you are not a member of its project.")
    return run
