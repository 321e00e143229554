"""What the queue's pages show, gathered once for all of them: figures, list, one case, and how a page answers."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from migrator import policies as roles
from migrator.engine.cases import CaseKind
from migrator.models import Project
from migrator.web import wants_partial
from reconciliation import holds, queries, rules, saved_views
from reconciliation.asked import ME, deciders
from reconciliation.buttons import bulk_buttons_of
from reconciliation.choices import KINDS, ItemState
from reconciliation.counts import Counts, counts_of
from reconciliation.filter_bar import bar_of
from reconciliation.filters import Filters
from reconciliation.inspector import sheet_of
from reconciliation.models import ReviewItem
from reconciliation.queries import QueuePage

# The newest decisions of a case that its inspector names.
TRACE = 5

Context = dict[str, Any]


def answer(
    request: HttpRequest, page: str, partial: str, context: Context, status: int = 200
) -> HttpResponse:
    """The whole page, or for htmx the part of it; caches keep the two apart."""
    return part(request, partial if wants_partial(request) else page, context, status)


def part(request: HttpRequest, template: str, context: Context, status: int = 200) -> HttpResponse:
    response = render(request, f"reconciliation/{template}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def screen(
    request: HttpRequest,
    project: Project,
    kind: CaseKind | None,
    filters: Filters,
    counts: Counts | None = None,
) -> Context:
    """What every page of the queue shows around its cases."""
    last = queries.last_decision(project, request.user)
    progress = queries.progress(project, request.user, counts)
    return {
        "bulk_buttons": bulk_buttons_of(kind) if kind else (),
        "entry": request.GET.get("entry", ""),
        "project": project,
        "kind": kind,
        "words": KINDS[kind] if kind else None,
        "filters": filters,
        "query": filters.as_query(),
        "all_query": filters.as_query(kind=kind.value) if kind else "",
        "progress": progress,
        "next_up": progress.next_after(kind) if kind else None,
        "last": last,
        "last_count": queries.batch_size(last),
        "may_decide": roles.can_decide_items(request.user, project),
        "client_key": uuid4(),
    }


def view_query(filters: Filters, user: Any) -> str:
    """The address to keep in a view: "me" in place of the person's own id, so that it means whoever opens it."""
    mine = filters.assignee == str(user.pk)
    return filters.as_query(**({"assignee": ME} if mine else {}))


def listed(
    request: HttpRequest,
    project: Project,
    kind: CaseKind,
    filters: Filters,
    *,
    after: str = "",
    current: ReviewItem | None = None,
) -> Context:
    """One page of a list, its filters and views, and the case in its inspector."""
    counts = counts_of(project)
    page = queries.queue_page(project, kind, filters, after=after, counts=counts)
    current = current or next(iter(page.items), None)
    people = deciders(project)
    context = screen(request, project, kind, filters, counts)
    context |= {"page": page, "current": current, "people": people}
    context["bar"] = bar_of(kind, filters, counts, people, request.user)
    context["views"] = saved_views.visible_to(project, request.user, kind)
    context["view_query"] = view_query(filters, request.user)
    context["more_query"] = filters.as_query(after=page.after)
    keys = [item.pk for item in page.items]
    context["held"] = holds.held_by_others(project, keys, request.user)
    context["rule_offers"] = rules.offers(project, kind) if filters.state == ItemState.OPEN else ()
    if current:
        current.project = project
        context |= inspected(current, filters, page)
    return context


def inspected(item: ReviewItem, filters: Filters, page: QueuePage | None = None) -> Context:
    """One case in the inspector; on the first page its position is known without asking."""
    keys = [shown.pk for shown in page.items] if page and not page.starts_after else []
    if page and item.pk in keys:
        position, total = keys.index(item.pk) + 1, page.total
    else:
        position, total = queries.standing_in_list(item, filters)
    trace = queries.history_of(item)[:TRACE] if item.lock_version else ()
    return {"item": item, "sheet": sheet_of(item), "position": position, "total": total, "trace": trace}
