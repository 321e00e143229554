"""The queue's pages: fetch and authorise, one query or service call, render. Works without JavaScript.

With htmx a decision answers with the parts of the page that changed; without it, with the next case.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from migrator import policies as roles
from migrator.engine.cases import CaseKind
from migrator.web import refusals, wants_partial
from reconciliation import answers, queries, services
from reconciliation.arguments import InvalidDecisionError, action_of
from reconciliation.asked import filters_of, item_of
from reconciliation.forms import DecideForm, DecideManyForm, UndoForm
from reconciliation.history_answers import history_page, overtaken
from reconciliation.models import ReviewItem

# Pages


@require_GET
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """The first kind that has something open; the first of all where nothing has."""
    project = roles.project_for(request.user, slug)
    return redirect("reconciliation:queue-kind", slug, queries.first_kind(project).value)


@require_GET
def queue_kind(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    filters, wanted = filters_of(request), request.GET.get("item", "")
    current = item_of(project, int(wanted)) if _is_id(wanted) else None
    return answers.queue_page(request, project, CaseKind(kind), filters, current)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


@require_GET
def item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One case on a page of its own, or as the inspector of the list."""
    project = roles.project_for(request.user, slug)
    return answers.item_page(request, item_of(project, pk), filters_of(request))


@require_GET
def case(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """The address of a case for whoever knows its key and not its number, such as the field map."""
    project = roles.project_for(request.user, slug)
    found = get_object_or_404(ReviewItem, project=project, kind=kind, key=request.GET.get("key", ""))
    return redirect(f"{reverse('reconciliation:queue-kind', args=[slug, kind])}?item={found.pk}")


@require_GET
def history(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    before = request.GET.get("before", "")
    batches = queries.history(project, before=int(before) if _is_id(before) else None)
    return history_page(request, project, batches)


# Acts


@require_POST
@refusals
def item_decide(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    found, filters, form = item_of(project, pk), filters_of(request), DecideForm(request.POST)
    if not form.is_valid():
        return answers.refused(request, answers.NOT_OURS)
    try:
        outcome = services.decide(
            found.pk,
            form.cleaned_data["action"],
            form.args,
            user=request.user,
            expected_version=form.cleaned_data["expected_version"],
            client_key=form.cleaned_data["client_key"],
            take_over=form.cleaned_data["take_over"],
        )
    except InvalidDecisionError as problem:
        return answers.invalid(request, found, filters, form, problem)
    if isinstance(outcome, services.Conflict):
        return answers.conflict(request, outcome, filters, form)
    return answers.decided(request, outcome, filters)


@require_POST
@refusals
def decide(request: HttpRequest, slug: str) -> HttpResponse:
    """One act on what was selected. A whole group goes to the page that shows what would happen to it."""
    project = roles.project_for(request.user, slug)
    filters, form = filters_of(request), DecideManyForm(request.POST)
    if not form.is_valid():
        return answers.nothing_selected(request, project, form)
    if not form.versions:
        query = filters.as_query(kind=form.case_kind.value, suggestion=form.cleaned_data["group"])
        return redirect(reverse("reconciliation:bulk-preview", args=[slug]) + query)
    chosen = project.review_items.filter(kind=form.case_kind.value, pk__in=form.versions)
    # With htmx the page itself asks before it sends.
    if not (form.cleaned_data["confirmed"] or wants_partial(request)) and (
        count := queries.count_to_confirm(chosen, form.act)
    ):
        return answers.confirm(request, project, filters, form, count)
    try:
        choice = services.Choice(action_of(form.act), form.args) if form.act else services.ACCEPT
    except InvalidDecisionError as problem:
        return answers.not_understood(request, project, form, problem)
    batch = services.decide_many(
        project,
        chosen,
        choice,
        user=request.user,
        client_key=form.cleaned_data["client_key"],
        versions=form.versions,
    )
    return answers.decided_many(request, project, form.case_kind, filters, batch)


@require_POST
@refusals
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return answers.refused(request, answers.NOT_OURS)
    batch, decision = form.cleaned_data["batch"], form.cleaned_data["decision"]
    asks = not (form.cleaned_data["seen"] or wants_partial(request))
    # What was decided again later is shown before anything is taken back.
    if asks and (left := services.left_by_undo(project, batch, decision)):
        return overtaken(request, project, form, left)
    outcome = services.undo(
        project,
        batch,
        user=request.user,
        client_key=form.cleaned_data["client_key"],
        decision=decision,
        also=form.also,
    )
    return answers.undone(request, project, filters_of(request), outcome)
