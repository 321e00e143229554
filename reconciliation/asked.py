"""What a request asks for: its filters, the case it names, and where to go on afterwards."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from migrator import policies as roles
from migrator.models import Membership, Project
from reconciliation.filters import Filters
from reconciliation.models import ReviewItem

ME = "me"


def filters_of(request: HttpRequest) -> Filters:
    """The filters of the address; "me" becomes the person who asks."""
    given = request.GET.copy()
    if given.get("assignee") == ME:
        given["assignee"] = str(request.user.pk)
    return Filters.from_query(given)


def item_of(project: Project, pk: int) -> ReviewItem:
    """Raises Http404 for a case of another project, like for one that does not exist."""
    rows = ReviewItem.objects.select_related("project", "decided_by", "assigned_to", "hold__user")
    return get_object_or_404(rows, project=project, pk=pk)


def deciders(project: Project) -> tuple[Any, ...]:
    """Who may decide cases here, by name: to whom one can be assigned."""
    rows = Membership.objects.filter(project=project, role__in=roles.ALLOWED["decide_items"])
    people = [row.user for row in rows.select_related("user")]
    return tuple(sorted(people, key=lambda user: (user.get_full_name() or user.get_username()).casefold()))


def see_other(url: str) -> HttpResponse:
    """After a POST that made something: its page is to be read, not posted to."""
    return HttpResponse(status=303, headers={"Location": url})
