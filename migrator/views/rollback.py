"""The way back: what a rollback is, its preview, and the approval by typing how many records it covers."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from migrator import policies, runner
from migrator.choices import RunKind, RunState
from migrator.engine.errors import RefusedError
from migrator.forms import RollbackForm
from migrator.models import Run
from migrator.views import plans
from migrator.views.loaders import run_of, standing_of
from migrator.views.runs import run_context
from migrator.web import go, refusals


@require_http_methods(["GET", "POST"])
@refusals
def run_rollback(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Of a run that wrote: the offer to preview. Of a rollback: its preview, and POST approves it."""
    run = run_of(request, slug, pk)
    if run.kind == RunKind.ROLLBACK:
        return _approve(request, run) if request.method == "POST" else redirect("run", slug, pk)
    open_one = run.rollbacks.filter(state=RunState.APPROVAL).first()
    if open_one is not None:
        return redirect("run", slug, open_one.pk)
    name = f"{run.get_kind_display()} {run.pk}"
    request.crumbs = [(name, reverse("run", args=[slug, pk])), ("Roll back", "")]  # type: ignore[attr-defined]
    context = {
        "run": run,
        "project": run.project,
        "name": name,
        "refusal": _refusal(run, request),
        "may": policies.can_rollback(request.user, run.project),
        "target_name": standing_of(request, run.project).target_name,
    }
    return render(request, "migrator/runs/rollback.html", context)


def _refusal(run: Run, request: HttpRequest) -> str:
    try:
        runner.check_can_roll_back(run, request.user)
    except RefusedError as refused:
        return refused.sentence
    return ""


@require_POST
@refusals
def run_rollback_start(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Compute the preview; nothing is removed before it is approved."""
    undoing = runner.start_rollback(run_of(request, slug, pk), request.user)
    return redirect("run", slug, undoing.pk)


def _approve(request: HttpRequest, run: Run) -> HttpResponse:
    policies.check_can_rollback(request.user, run.project)
    form = RollbackForm(request.POST, expected=plans.undo_of(run).number)
    slug = run.project.slug
    if not form.is_valid():
        request.crumbs = [(f"{run.get_kind_display()} {run.pk}", "")]  # type: ignore[attr-defined]
        context = run_context(request, run) | {"form": form}
        return render(request, "migrator/runs/run.html", context, status=422)
    runner.approve_rollback(run, request.user, form.cleaned_data["checksum"])
    return go(
        request,
        reverse("run", args=[slug, run.pk]),
        "Approved. The rollback runs now; you can leave this page.",
    )
