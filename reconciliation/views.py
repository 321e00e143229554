"""The queue's pages: fetch and authorise, one query or service call, render. Works without JavaScript.

With htmx a decision answers with the parts of the page that changed; without it, with the next case.
"""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from migrator import policies as roles
from migrator.engine.cases import CaseKind
from migrator.models import Project
from migrator.web import refusals, wants_partial
from reconciliation import answers, queries, services
from reconciliation.arguments import InvalidDecisionError, action_of
from reconciliation.forms import DecideForm, DecideManyForm, FilterForm, UndoForm
from reconciliation.models import ReviewItem
from reconciliation.queries import Filters


def _item(project: Project, pk: int) -> ReviewItem:
    rows = ReviewItem.objects.select_related("project", "decided_by", "assigned_to")
    return get_object_or_404(rows, project=project, pk=pk)


def _filters(request: HttpRequest) -> Filters:
    return FilterForm(request.GET).filters


# Pages


@require_GET
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """The first kind that has something open; the first of all where nothing has."""
    project = roles.project_for(request.user, slug)
    counts = queries.open_counts_by_kind(project)
    kind = next((kind for kind, number in counts.items() if number), CaseKind.NO_EMAIL)
    return redirect("reconciliation:queue-kind", slug, kind.value)


@require_GET
def queue_kind(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    filters, wanted = _filters(request), request.GET.get("item", "")
    current = _item(project, int(wanted)) if wanted.isdecimal() else None
    return answers.queue_page(request, project, CaseKind(kind), filters, current)


@require_GET
def item(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One case on a page of its own, or as the inspector of the list."""
    project = roles.project_for(request.user, slug)
    return answers.item_page(request, _item(project, pk), _filters(request))


@require_GET
def history(request: HttpRequest, slug: str) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    before = request.GET.get("before", "")
    batches = queries.history(project, before=int(before) if before.isdecimal() else None)
    return answers.history_page(request, project, batches)


# Acts


@require_POST
@refusals
def item_decide(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = roles.project_for(request.user, slug)
    found, filters, form = _item(project, pk), _filters(request), DecideForm(request.POST)
    if not form.is_valid():
        raise BadRequest("The form is not one of ours.")
    try:
        outcome = services.decide(
            found.pk,
            form.cleaned_data["action"],
            form.args,
            user=request.user,
            expected_version=form.cleaned_data["expected_version"],
            client_key=form.cleaned_data["client_key"],
        )
    except InvalidDecisionError as problem:
        return answers.invalid(request, found, filters, form, problem)
    if isinstance(outcome, services.Conflict):
        return answers.conflict(request, outcome, filters, form)
    return answers.decided(request, outcome, filters)


@require_POST
@refusals
def decide(request: HttpRequest, slug: str) -> HttpResponse:
    """One act on what was selected, or on a whole group."""
    project = roles.project_for(request.user, slug)
    filters, form = _filters(request), DecideManyForm(request.POST)
    if not form.is_valid():
        return answers.nothing_selected(request, project, form)
    chosen = queries.chosen_items(
        project, form.case_kind, filters, group=form.cleaned_data["group"], ids=form.versions
    )
    # With htmx the page itself asks before it sends.
    if not (form.cleaned_data["confirmed"] or wants_partial(request)) and (
        count := queries.count_to_confirm(chosen, form.act)
    ):
        return answers.confirm(request, project, filters, form, count)
    batch = services.decide_many(
        project,
        chosen,
        services.Choice(action_of(form.act), form.args) if form.act else services.ACCEPT,
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
        raise BadRequest("The form is not one of ours.")
    outcome = services.undo(
        project,
        form.cleaned_data["batch"],
        user=request.user,
        client_key=form.cleaned_data["client_key"],
        decision=form.cleaned_data["decision"],
    )
    return answers.undone(request, project, _filters(request), outcome)
