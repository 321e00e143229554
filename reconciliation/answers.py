"""What the queue answers: whole pages, and for htmx the parts that changed. It decides and writes nothing.

The browser fetches the next two cases ahead by itself, so an answer to a decision holds no case.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from migrator.web import render_page, wants_partial
from reconciliation import queries, rules, services
from reconciliation.arguments import InvalidDecisionError
from reconciliation.choices import ACTIONS
from reconciliation.effects import counted
from reconciliation.filters import Filters
from reconciliation.forms import DecideForm, DecideManyForm
from reconciliation.models import Decision, ReviewItem
from reconciliation.screens import Context, answer, inspected, listed, part, screen

Problem = services.Conflict | services.Refused
NOT_OURS = "The form is not one of ours. Nothing was changed. Open the page again and decide there."


# Pages


def queue_page(
    request: HttpRequest, project: Project, kind: CaseKind, filters: Filters, current: ReviewItem | None
) -> HttpResponse:
    """List and inspector; for htmx the list alone, with the figures around it."""
    after = request.GET.get("after", "")
    context = listed(request, project, kind, filters, after=after, current=current)
    response = answer(request, "queue.html", "_list_parts.html", context)
    if wants_partial(request):
        # The address without the filters that are not set.
        response["HX-Push-Url"] = request.path + filters.as_query(after=after)
    return response


def item_page(
    request: HttpRequest, item: ReviewItem, filters: Filters, *, status: int = 200, **extra: Any
) -> HttpResponse:
    kind = CaseKind(item.kind)
    context = screen(request, item.project, kind, filters) | inspected(item, filters) | extra
    return answer(request, "item.html", "_item_parts.html", context | {"current": item}, status)


def refused(request: HttpRequest, sentence: str, status: int = 422) -> HttpResponse:
    """One sentence, and nothing was changed."""
    context = {"sentence": sentence, "status": status}
    return render_page(request, "refused.html", "components/_refused.html", context, status=status)


# After an act


def decided(request: HttpRequest, outcome: services.Decided, filters: Filters) -> HttpResponse:
    item, decision = outcome.item, outcome.decision
    if not wants_partial(request):
        messages.success(request, f"{item.title}: {decision.past}.", extra_tags=str(decision.batch))
        return redirect(_onward(item, filters))
    context = screen(request, item.project, CaseKind(item.kind), filters)
    context["shown"] = queries.count_matching(item, filters)
    context["look_for_rules"] = rules.is_due(decision)
    context["said"] = f"{item.title}, {decision.past}. {context['progress'].left} left."
    return part(request, "_decided.html", context)


def _onward(item: ReviewItem, filters: Filters) -> str:
    """The next case of the list, or the kind's page, which says that it is done and what is next."""
    slug = item.project.slug
    following = queries.next_items(item, filters, 1)
    if following:
        return reverse("reconciliation:item", args=[slug, following[0].pk]) + filters.as_query()
    return reverse("reconciliation:queue-kind", args=[slug, item.kind])


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
        return part(request, "_said.html", {"said": "Nothing was selected."}, 422)
    return redirect(f"reconciliation:{where[0]}", *where[1:])


def not_understood(
    request: HttpRequest, project: Project, form: DecideManyForm, problem: InvalidDecisionError
) -> HttpResponse:
    """422: an act that there is none of."""
    if wants_partial(request):
        return part(request, "_said.html", {"said": problem.sentence}, 422)
    return refused(request, problem.sentence)


def confirm(
    request: HttpRequest, project: Project, filters: Filters, form: DecideManyForm, count: int
) -> HttpResponse:
    """One more step before many at once; nothing was changed yet."""
    action = form.act or form.cleaned_data["group"]
    words = ACTIONS[Decide(action)] if action in set(Decide) else None
    context = screen(request, project, form.case_kind, filters)
    context |= {"form": form, "count": count, "act": words, "sent": _sent(request)}
    return answer(request, "confirm.html", "_confirm.html", context)


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """The request's own fields, so that the confirmation can send them again."""
    left_out = ("csrfmiddlewaretoken", "confirmed")
    return [
        (name, value) for name, values in request.POST.lists() if name not in left_out for value in values
    ]


def decided_many(
    request: HttpRequest, project: Project, kind: CaseKind, filters: Filters, batch: services.Batch
) -> HttpResponse:
    said = counted(len(batch.decided), "case") + " decided."
    problems: list[Problem] = [*batch.conflicts, *batch.refused]
    if not wants_partial(request):
        messages.success(request, said, extra_tags=str(batch.key))
        for problem in problems[:5]:
            messages.warning(request, f"{problem.item.title}: {problem.sentence}")
        return redirect(
            reverse("reconciliation:queue-kind", args=[project.slug, kind.value]) + filters.as_query()
        )
    context = listed(request, project, kind, filters)
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
        context = listed(request, project, kind, filters, current=item)
        return _refreshed(request, context, said, outcome.conflicts)
    messages.success(request, said)
    for problem in outcome.conflicts[:5]:
        messages.warning(request, f"{problem.item.title}: {problem.sentence}")
    if item is None or len(outcome.undone) > 1:
        return redirect(
            reverse("reconciliation:queue-kind", args=[project.slug, kind.value]) + filters.as_query()
        )
    return redirect(reverse("reconciliation:item", args=[project.slug, item.pk]) + filters.as_query())


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
    return part(request, "_refreshed.html", context)
