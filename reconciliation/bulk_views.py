"""One act on everything that matches a filter: look, start, watch, take back. Requests hold a filter, no list."""

from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from migrator import policies as roles
from migrator.engine.cases import CaseKind
from migrator.models import Project
from migrator.web import refusals
from reconciliation import answers, bulks, rules
from reconciliation.act_forms import BULK_ARGS, BulkForm
from reconciliation.arguments import InvalidDecisionError, action_of
from reconciliation.asked import filters_of, see_other
from reconciliation.bulk_preview import acts_of, preview_of
from reconciliation.choices import BulkState
from reconciliation.counts import counts_of
from reconciliation.filters import Filters
from reconciliation.forms import UndoForm
from reconciliation.models import Bulk, Rule
from reconciliation.outcomes import Choice
from reconciliation.screens import answer, screen

LISTED = 50
AT_WORK = (BulkState.QUEUED, BulkState.RUNNING)


@require_GET
@refusals
def bulk_preview(request: HttpRequest, slug: str) -> HttpResponse:
    """What an act would do with all that match, before anything is done."""
    project = roles.project_for(request.user, slug)
    roles.check_can_decide_items(request.user, project)
    rule = _rule(project, request.GET.get("rule", ""))
    kind = _kind(rule.kind if rule else request.GET.get("kind", ""))
    action = rule.action if rule else request.GET.get("action", "")
    args = {name: value for name in BULK_ARGS if (value := request.GET.get(name, "").strip())}
    filters = rules.filters_of(rule) if rule else filters_of(request)
    return _preview(request, project, kind, filters, action, args, rule=rule)


def _preview(  # noqa: PLR0913 (what was asked for, and what was wrong with it)
    request: HttpRequest,
    project: Project,
    kind: CaseKind,
    filters: Filters,
    action: str,
    args: dict[str, Any],
    *,
    rule: Rule | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    acts = acts_of(kind, action)
    if rule is None and not any(act.chosen for act in acts):
        action, acts = "", acts_of(kind, "")
    args = dict(rule.args) if rule else args
    choice = Choice(action_of(action) if action else None, args)
    counts = counts_of(project)
    preview = preview_of(project, kind, filters, choice, counts, user=request.user)
    context = screen(request, project, kind, filters, counts) | {
        "acts": acts,
        "action": action,
        "args": args,
        "preview": preview,
        "rule": rule,
        "problem": problem,
        "form_query": filters.as_query(),
    }
    return answer(request, "bulk_preview.html", "_bulk_preview.html", context, status)


def _kind(text: str) -> CaseKind:
    try:
        return CaseKind(text)
    except ValueError:
        raise Http404("There is no such kind of case.") from None


def _rule(project: Project, text: str) -> Rule | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404("There is no such rule.")
    return get_object_or_404(Rule, project=project, pk=int(text))


@require_POST
@refusals
def bulk_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Takes the snapshot and begins; the same client key again leads to the same page."""
    project, form = roles.project_for(request.user, slug), BulkForm(request.POST)
    if not form.is_valid():
        return answers.refused(request, answers.NOT_OURS)
    sent, rule = form.cleaned_data, _rule(project, str(form.cleaned_data["rule"] or ""))
    seen = {"seen_at": sent["seen_at"], "expected": sent["expected"], "client_key": sent["client_key"]}
    try:
        if rule:
            begun = rules.apply(project, rule.pk, user=request.user, **seen)
        else:
            choice = Choice(action_of(sent["action"]) if sent["action"] else None, form.args)
            query = form.filters.as_query()
            begun = bulks.start(project, form.case_kind, query, choice=choice, user=request.user, **seen)
    except InvalidDecisionError as problem:
        action = sent["action"]
        return _preview(
            request,
            project,
            form.case_kind,
            form.filters,
            action if any(act.chosen for act in acts_of(form.case_kind, action)) else "",
            form.args,
            rule=rule,
            problem=problem.sentence,
            status=422,
        )
    return see_other(_page(begun))


def _page(bulk: Bulk) -> str:
    return reverse("reconciliation:bulk", args=[bulk.project.slug, bulk.pk])


def _bulk(project: Project, pk: int) -> Bulk:
    rows = Bulk.objects.select_related("project", "actor", "undoes", "rule")
    return get_object_or_404(rows, project=project, pk=pk)


@require_GET
def bulk(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """How far it is, and what was left with the reason; the page asks again while it is at work."""
    project = roles.project_for(request.user, slug)
    found = _bulk(project, pk)
    after = request.GET.get("after", "")
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
    left = bulks.problems(found, after=start, size=LISTED + 1)
    kind = CaseKind(found.kind)
    context = screen(request, project, kind, Filters()) | {
        "bulk": found,
        "at_work": found.state in AT_WORK,
        "filters_of_bulk": Filters.from_query(found.query),
        "left": left[:LISTED],
        "left_after": left[LISTED - 1].pk if len(left) > LISTED else None,
        "undone_by": found.undos.order_by("pk").first(),
    }
    return answer(request, "bulk.html", "_bulk.html", context)


@require_POST
@refusals
def bulk_control(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Pause, resume or stop; what was done stands."""
    project = roles.project_for(request.user, slug)
    found = _bulk(project, pk)
    acts = {"pause": bulks.pause, "resume": bulks.resume, "stop": bulks.stop}
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        return answers.refused(request, answers.NOT_OURS)
    act(found, request.user)
    return see_other(_page(found))


@require_POST
@refusals
def bulk_undo(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Takes back exactly what this one did, as a bulk of its own."""
    project = roles.project_for(request.user, slug)
    found = _bulk(project, pk)
    form = UndoForm({"batch": found.batch, "client_key": request.POST.get("client_key") or uuid4()})
    if not form.is_valid():
        return answers.refused(request, answers.NOT_OURS)
    return see_other(_page(bulks.undo(found, request.user, form.cleaned_data["client_key"])))
