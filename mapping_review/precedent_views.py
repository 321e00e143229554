"""The precedents' pages: take one for a row, look them through, delete them, share them or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from mapping_review import answers, precedents, queries, services
from mapping_review.models import FieldDecision
from mapping_review.policies import check_can_edit_version
from mapping_review.precedent_forms import PrecedentForm, SharingForm
from migrator import policies as roles
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.web import go, refusals


@require_POST
@refusals
def row_use_precedent(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Approve what was decided before, as it would be here: the answer that the form names, and no other."""
    project = roles.project_for(request.user, slug)
    rows = FieldDecision.objects.select_related("version__project", "decided_by")
    found = get_object_or_404(rows, pk=pk, version__project=project)
    check_can_edit_version(request.user, found.version)
    form = PrecedentForm(request.POST)
    if not form.is_valid():
        return answers.row_page(
            request, found, status=422, problem="This form was incomplete. Decide once more."
        )
    try:
        rule = precedents.rule_for(queries.row_of(found), form.cleaned_data["answer"])
    except RefusedError as gone:
        return answers.row_page(request, found, status=422, problem=gone.sentence)
    applied = services.edit(found.pk, rule, user=request.user, **form.request)
    if applied.is_conflict:
        return answers.conflict(request, applied.row)
    return answers.decided(request, applied.row, f"{applied.row.name}, approved as a precedent says.")


@require_GET
def precedents_page(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    wanted = request.GET.get("q", "")[:200]
    context = {
        "project": project, "q": wanted, "rows": precedents.listed(project, wanted),
        "total": project.precedents.count(), "may_edit": roles.can_edit_fields(request.user, project),
        "shares": precedents.shares(project), "allowed": precedents.may_be_shared(),
    }  # fmt: skip
    return render(request, "mapping_review/precedents.html", context)


@require_GET
def precedents_json(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    headers = {"Content-Disposition": f'attachment; filename="precedents-{project.slug}.json"'}
    return HttpResponse(precedents.json_of(project), content_type="application/json", headers=headers)


@require_POST
@refusals
def precedent_forget(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    gone = precedents.forget(project, request.user, pk)
    return go(request, _home(project), "The precedent was deleted." if gone else "It was deleted already.")


@require_POST
@refusals
def precedents_forget(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    gone = precedents.forget(project, request.user)
    text = f"{gone} precedent{'' if gone == 1 else 's'} deleted. No field map was changed."
    return go(request, _home(project), text)


@require_POST
@refusals
def precedents_share(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    form = SharingForm(request.POST)
    if not form.is_valid():
        raise RefusedError("This form was incomplete. Nothing was changed. Choose on or off once more.")
    on = form.cleaned_data["share"] == "on"
    precedents.set_sharing(project, request.user, on=on)
    return go(request, _home(project), f"Sharing is {'on' if on else 'off'}.")


def _home(project: Project) -> str:
    return reverse("mapping_review:precedents", args=[project.slug])
