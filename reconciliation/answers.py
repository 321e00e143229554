"""What the queue answers: whole pages, and for htmx the parts that changed. It decides and writes nothing.

The browser fetches the next two cases ahead by itself, so an answer to a decision holds no case.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from migrator import policies as roles
from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from migrator.web import wants_partial
from reconciliation import queries, services
from reconciliation.arguments import InvalidDecisionError
from reconciliation.buttons import bulk_buttons_of
from reconciliation.choices import ACTIONS, KINDS
from reconciliation.effects import counted
from reconciliation.forms import DecideForm, DecideManyForm
from reconciliation.inspector import sheet_of
from reconciliation.models import Decision, ReviewItem
from reconciliation.queries import Filters, QueuePage

# The newest decisions of a case that its inspector names.
TRACE = 5

Context = dict[str, Any]
Problem = services.Conflict | services.Refused


# Pages


def queue_page(
    request: HttpRequest, project: Project, kind: CaseKind, filters: Filters, current: ReviewItem | None
) -> HttpResponse:
    """List and inspector; for htmx the list alone, with the figures around it."""
    after = request.GET.get("after", "")
    context = _listed(request, project, kind, filters, after=after, current=current)
    return _answer(request, "queue.html", "_list_parts.html", context)


def _listed(
    request: HttpRequest,
    project: Project,
    kind: CaseKind,
    filters: Filters,
    *,
    after: str = "",
    current: ReviewItem | None = None,
) -> Context:
    page = queries.queue_page(project, kind, filters, after=after)
    current = current or next(iter(page.items), None)
    context = _screen(request, project, kind, filters) | {"page": page, "current": current}
    context["more_query"] = query_of(filters, after=page.after)
    if current:
        current.project = project
        context |= _inspected(current, filters, page)
    return context


def item_page(
    request: HttpRequest, item: ReviewItem, filters: Filters, *, status: int = 200, **extra: Any
) -> HttpResponse:
    kind = CaseKind(item.kind)
    context = _screen(request, item.project, kind, filters) | _inspected(item, filters) | extra
    return _answer(request, "item.html", "_item_parts.html", context | {"current": item}, status)


def history_page(request: HttpRequest, project: Project, batches: list[queries.HistoryBatch]) -> HttpResponse:
    context = _screen(request, project, None, Filters()) | {"batches": batches}
    context["older"] = batches[-1].first if len(batches) == queries.PAGE else None
    return _answer(request, "history.html", "_history.html", context)


def _answer(request: HttpRequest, page: str, part: str, context: Context, status: int = 200) -> HttpResponse:
    template = part if wants_partial(request) else page
    response = render(request, f"reconciliation/{template}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


# Contexts


def _screen(request: HttpRequest, project: Project, kind: CaseKind | None, filters: Filters) -> Context:
    """What every page of the queue shows around its cases."""
    last = queries.last_decision(project, request.user)
    progress = queries.progress(project, request.user)
    return {
        "bulk_buttons": bulk_buttons_of(kind) if kind else (),
        "entry": request.GET.get("entry", ""),
        "project": project,
        "kind": kind,
        "words": KINDS[kind] if kind else None,
        "filters": filters,
        "query": query_of(filters),
        "progress": progress,
        "next_up": progress.next_after(kind) if kind else None,
        "last": last,
        "last_count": queries.batch_size(last),
        "may_decide": roles.can_decide_items(request.user, project),
        "client_key": uuid4(),
    }


def query_of(filters: Filters, **more: Any) -> str:
    """The filters as the end of an address; every link and form of the page carries it on."""
    parts = {"section": filters.section, "q": filters.q} | more
    query = urlencode({name: value for name, value in parts.items() if value})
    return f"?{query}" if query else ""


def _inspected(item: ReviewItem, filters: Filters, page: QueuePage | None = None) -> Context:
    """One case in the inspector; on the first page its position is known without asking."""
    keys = [shown.pk for shown in page.items] if page and not page.starts_after else []
    if page and item.pk in keys:
        position, total = keys.index(item.pk) + 1, page.total
    else:
        position, total = queries.position_of(item, filters), queries.count_matching(item, filters)
    trace = queries.history_of(item)[:TRACE] if item.lock_version else ()
    return {"item": item, "sheet": sheet_of(item), "position": position, "total": total, "trace": trace}


# After an act


def decided(request: HttpRequest, outcome: services.Decided, filters: Filters) -> HttpResponse:
    item, decision = outcome.item, outcome.decision
    if not wants_partial(request):
        messages.success(request, f"{item.title}: {decision.past}.", extra_tags=str(decision.batch))
        return redirect(_onward(item, filters))
    context = _screen(request, item.project, CaseKind(item.kind), filters)
    context["shown"] = queries.count_matching(item, filters)
    context["said"] = f"{item.title}, {decision.past}. {context['progress'].left} left."
    return _part(request, "_decided.html", context)


def _onward(item: ReviewItem, filters: Filters) -> str:
    """The next case of the list, or the kind's page, which says that it is done and what is next."""
    slug = item.project.slug
    following = queries.next_items(item, filters, 1)
    if following:
        return reverse("reconciliation:item", args=[slug, following[0].pk]) + query_of(filters)
    return reverse("reconciliation:queue-kind", args=[slug, item.kind])


def _part(request: HttpRequest, template: str, context: Context, status: int = 200) -> HttpResponse:
    response = render(request, f"reconciliation/{template}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def invalid(
    request: HttpRequest, item: ReviewItem, filters: Filters, form: DecideForm, problem: InvalidDecisionError
) -> HttpResponse:
    """422: the same case with what was entered, the sentence at its field, and what else it may ask for."""
    entered = {name: form.cleaned_data.get(name, "") for name in ("email", "name", "reason", "into")}
    return item_page(request, item, filters, status=422, problem=problem, entered=entered)


def conflict(
    request: HttpRequest, outcome: services.Conflict, filters: Filters, form: DecideForm
) -> HttpResponse:
    """409: the case as it is now, who decided what, and both ways to go on."""
    yours = form.cleaned_data["action"] or outcome.item.suggested_action
    context = {"conflict": outcome, "yours": ACTIONS[Decide(yours)], "your_form": form}
    return item_page(request, outcome.item, filters, status=409, **context)


def nothing_selected(request: HttpRequest, project: Project, form: DecideManyForm) -> HttpResponse:
    messages.warning(request, "Nothing was selected. Select at least one case, then choose an act.")
    kind = form.cleaned_data.get("kind")
    where = ["queue-kind", project.slug, kind] if kind else ["queue", project.slug]
    if wants_partial(request):
        return _part(request, "_said.html", {"said": "Nothing was selected."}, 422)
    return redirect(f"reconciliation:{where[0]}", *where[1:])


def confirm(
    request: HttpRequest, project: Project, filters: Filters, form: DecideManyForm, count: int
) -> HttpResponse:
    """One more step before many at once; nothing was changed yet."""
    action = form.act or form.cleaned_data["group"]
    words = ACTIONS[Decide(action)] if action in set(Decide) else None
    context = _screen(request, project, form.case_kind, filters)
    context |= {"form": form, "count": count, "act": words, "sent": _sent(request)}
    return _answer(request, "confirm.html", "_confirm.html", context)


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """The request's own fields, so that the confirmation can send them again."""
    left_out = ("csrfmiddlewaretoken", "confirmed")
    return [
        (name, value) for name, values in request.POST.lists() if name not in left_out for value in values
    ]


def decided_many(
    request: HttpRequest, project: Project, kind: CaseKind, filters: Filters, batch: services.Batch
) -> HttpResponse:
    said = counted(len(batch.decided), "case") + " settled."
    problems: list[Problem] = [*batch.conflicts, *batch.refused]
    if not wants_partial(request):
        messages.success(request, said, extra_tags=str(batch.key))
        for problem in problems[:5]:
            messages.warning(request, f"{problem.item.title}: {problem.sentence}")
        return redirect(
            reverse("reconciliation:queue-kind", args=[project.slug, kind.value]) + query_of(filters)
        )
    context = _listed(request, project, kind, filters)
    return _refreshed(request, context, said, problems)


def undone(
    request: HttpRequest, project: Project, filters: Filters, outcome: services.Undone
) -> HttpResponse:
    item = (
        outcome.undone[0].item if outcome.undone else outcome.conflicts[0].item if outcome.conflicts else None
    )
    kind = CaseKind(item.kind) if item else CaseKind.NO_EMAIL
    said = _undone_text(outcome.undone)
    if wants_partial(request):
        context = _listed(request, project, kind, filters, current=item)
        return _refreshed(request, context, said, outcome.conflicts)
    messages.success(request, said)
    for problem in outcome.conflicts[:5]:
        messages.warning(request, f"{problem.item.title}: {problem.sentence}")
    if item is None or len(outcome.undone) > 1:
        return redirect(
            reverse("reconciliation:queue-kind", args=[project.slug, kind.value]) + query_of(filters)
        )
    return redirect(reverse("reconciliation:item", args=[project.slug, item.pk]) + query_of(filters))


def _undone_text(undone: tuple[Decision, ...]) -> str:
    if not undone:
        return "Nothing was undone."
    if len(undone) == 1:
        return f"Undone: {undone[0].item.title} is back."
    return f"Undone: {len(undone):,} cases are back."


def _refreshed(
    request: HttpRequest, context: Context, said: str, problems: Sequence[Problem]
) -> HttpResponse:
    """List, inspector and figures anew, where more than one row changed."""
    context |= {"problems": problems, "said": f"{said} {context['progress'].left} left."}
    return _part(request, "_refreshed.html", context)
