"""Runs: the list, the last look before one is planned, the page that shows plan, progress and end, and its buttons."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST
from django_tables2 import RequestConfig

from migrator import gates, policies, runner
from migrator.choices import RUN_TONES, RunKind, RunState, Side
from migrator.engine.errors import RefusedError
from migrator.forms import ChecksumForm, FidelityForm
from migrator.models import Run
from migrator.tables import RunTable
from migrator.views import budgets, plans, progress, reports, waiving, words
from migrator.views.loaders import project_of, run_of, standing_of
from migrator.web import go, refusals, wants_partial

LOADS = ("fields", "labels", "organizations", "persons", "deals", "activities", "notes")
RUNS_A_PAGE = 25
# Route, safety pill and buttons are other ones then.
CHANGES_THE_PAGE = (RunState.APPROVAL, RunState.FINISHED, RunState.ABORTED)


@require_GET
def runs(request: HttpRequest, slug: str) -> HttpResponse:
    project = project_of(request, slug)
    loaded = Q(phases__name__in=LOADS)
    rows = (
        project.runs.select_related("created_by").defer("plan", "target_lists").order_by("-created_at", "-pk")
    )
    rows = rows.annotate(
        written=Sum("phases__done", filter=loaded), failed=Sum("phases__failed", filter=loaded)
    )
    table = RunTable(rows, slug=slug)
    RequestConfig(request, paginate={"per_page": RUNS_A_PAGE}).configure(table)
    if wants_partial(request):
        return render(request, "components/_table.html", {"table": table})
    context = {"project": project, "table": table, "at": standing_of(request, project)}
    context["discovery_url"] = reverse("discovery", args=[slug])
    return render(request, "migrator/runs/runs.html", context)


@refusals
def run_new(request: HttpRequest, slug: str) -> HttpResponse:
    """The last look before planning; POST computes the plan, which writes nothing."""
    project = project_of(request, slug)
    if request.method == "POST":
        form = FidelityForm(request.POST)
        if not form.is_valid():
            return HttpResponseBadRequest("There is no such way to write events.")
        run = runner.start_trial(project, request.user, fidelity=form.cleaned_data["fidelity"])
        return redirect("run", slug, run.pk)
    at = standing_of(request, project)
    request.crumbs = [("Start a sandbox run", "")]  # type: ignore[attr-defined]
    context = {
        "project": project,
        "at": at,
        "conditions": gates.run_conditions(at),
        "fidelities": [(key, *text) for key, text in words.FIDELITIES.items()],
        "chosen": project.setting("event_fidelity"),
        "budget": budgets.budget_of(at),
        "refusal": _refusal(runner.check_can_start_trial, project, request.user),
        "may_start": policies.can_start_trial(request.user, project),
    } | waiving.open_cases(request, at)
    return render(request, "migrator/runs/new.html", context)


def _refusal(check: Callable[[Any, Any], None], what: Any, user: Any) -> str:
    """The sentence of the very check that guards the act; "" where it lets pass."""
    try:
        check(what, user)
    except RefusedError as refused:
        return refused.sentence
    return ""


@require_GET
def run(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    found = run_of(request, slug, pk)
    request.crumbs = [(f"{found.get_kind_display()} {found.pk}", "")]  # type: ignore[attr-defined]
    return render(request, "migrator/runs/run.html", run_context(request, found))


@require_GET
def run_live(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The part that a live page asks for; where the whole page changes, that is opened instead."""
    found = run_of(request, slug, pk)
    if not wants_partial(request):
        return redirect("run", slug, pk)
    if found.kind == RunKind.DISCOVERY and found.state == RunState.FINISHED:
        return go(request, reverse("discovery", args=[slug]))
    if found.state in CHANGES_THE_PAGE:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context = run_context(request, found)
    context["news"] = request.GET.get("seen", context["seen"]) != context["seen"]
    response = render(request, "migrator/runs/_live.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def run_context(request: HttpRequest, found: Run) -> dict[str, Any]:
    """Everything that the part of the page needs, in whatever state the run is."""
    user, project = request.user, found.project
    at = standing_of(request, project)
    may = {act: at.may(act) for act in ("pause_run", "approve_plan", "rollback")}
    context: dict[str, Any] = {
        "run": found,
        "project": project,
        "tone": RUN_TONES[found.state],
        "may": may,
        "target_name": at.target_name,
        "poll": _poll(found),
        "fidelity": words.FIDELITIES.get(found.params.get("fidelity", ""), ("", ""))[0],
    }
    if found.state == RunState.APPROVAL:
        return context | _for_approval(found, at)
    target = at.sides.get(Side.TARGET)
    if target is not None and found.kind != RunKind.DISCOVERY and not target.config.get("limits_off"):
        target.project = project
        context["budget"] = budgets.usage_of(target)
    if found.state in (RunState.FINISHED, RunState.ABORTED) and found.kind == RunKind.TRIAL:
        context["rollback_refusal"] = _refusal(runner.check_can_roll_back, found, user)
    if found.state == RunState.FINISHED and found.kind != RunKind.DISCOVERY:
        context["report"] = reports.report_of(found)
    shown = progress.progress_of(found, found.phases.all())
    return context | {
        "progress": shown,
        "seen": f"{found.state}:{shown.phase}",
        "causes": progress.causes_of(found),
        "lines": list(found.log_lines.order_by("-pk")[: progress.LOG_LINES])[::-1],
    }


def _for_approval(found: Run, at: gates.Standing) -> dict[str, Any]:
    if found.kind == RunKind.ROLLBACK:
        return {"undo": plans.undo_of(found)}
    return {"plan": plans.plan_of(found, at.target_name)}


def _poll(found: Run) -> str:
    """How often the page asks again; "" where nothing changes by itself."""
    if found.state in progress.LIVE:
        return "every 2s"
    return "every 10s" if found.state in (RunState.PAUSED, RunState.STOPPED) else ""


@require_POST
@refusals
def run_approve(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Approve exactly the plan that was on screen."""
    found = run_of(request, slug, pk)
    policies.check_can_approve_plan(request.user, found.project)
    form = ChecksumForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("The form is not one of ours.")
    runner.approve_plan(found, request.user, form.cleaned_data["checksum"])
    return go(
        request, reverse("run", args=[slug, pk]), "Approved. The run writes now; you can leave this page."
    )


@require_POST
@refusals
def run_replan(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Drop this plan, of which nothing was written, and compute one with another way to write events."""
    found, form = run_of(request, slug, pk), FidelityForm(request.POST)
    policies.check_can_start_trial(request.user, found.project)
    if not form.is_valid():
        return HttpResponseBadRequest("There is no such way to write events.")
    if found.state != RunState.APPROVAL or found.kind != RunKind.TRIAL:
        raise RefusedError("Only a plan that waits for approval can be computed anew. Reload the page.")
    with transaction.atomic():
        runner.abort(found, request.user)
        new = runner.start_trial(found.project, request.user, fidelity=form.cleaned_data["fidelity"])
    return go(request, reverse("run", args=[slug, new.pk]))


@require_POST
@refusals
def run_pause(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return _act(request, slug, pk, runner.pause)


@require_POST
@refusals
def run_resume(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return _act(request, slug, pk, runner.resume)


@require_POST
@refusals
def run_abort(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    return _act(request, slug, pk, runner.abort)


@require_POST
@refusals
def run_retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send the rejected records once more."""
    found = run_of(request, slug, pk)
    count = runner.retry_rejected(found, request.user)
    messages.info(request, f"{count:,} records are sent once more.")
    return _answer(request, slug, pk)


def _act(request: HttpRequest, slug: str, pk: int, act: Callable[[Run, Any], None]) -> HttpResponse:
    act(run_of(request, slug, pk), request.user)
    return _answer(request, slug, pk)


def _answer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The changed part for htmx, the page for everybody else."""
    found = run_of(request, slug, pk)
    if wants_partial(request):
        return render(request, "migrator/runs/_run.html", run_context(request, found))
    if found.kind == RunKind.DISCOVERY and found.is_open:
        return redirect("discovery", slug)
    return redirect("run", slug, pk)
