"""How a run begins, pauses, goes on and ends: the state machine, with the role table and the trail.

Nothing here does the work of a run; that is `migrator.runner.slices`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from mapping_review import model_asking
from migrator import approvals, ledger, staging, trail
from migrator.choices import RUN_TRANSITIONS, LogLevel, PhaseState, RunKind, RunState
from migrator.engine.errors import ConfigurationError, RefusedError
from migrator.engine.phases.histories import Fidelity
from migrator.engine.records import Kind
from migrator.models import Discovery, Project, Run, RunLogLine, RunPhase
from migrator.policies import check_can
from migrator.runner import balancing, readiness

KIND_OF_PHASE: dict[str, Kind] = {
    "fields": Kind.FIELD,
    "labels": Kind.LABEL,
    "organizations": Kind.ORGANIZATION,
    "persons": Kind.PERSON,
    "deals": Kind.DEAL,
    "activities": Kind.ACTIVITY,
    "notes": Kind.NOTE,
}
LOADS = tuple(KIND_OF_PHASE)
PHASES: dict[str, tuple[str, ...]] = {
    RunKind.DISCOVERY: (
        "definitions",
        "profiles",
        "consents",
        "events",
        "target",
        "values",
        "inventory",
        "model",
        "measure",
    ),
    RunKind.TRIAL: ("plan", *LOADS, "balance"),
    RunKind.ROLLBACK: ("preview", *reversed(LOADS), "balance"),
}
# The phase that only reads and ends in an approval.
PREVIEWS = ("plan", "preview")

_wakers: list[Callable[[int], None]] = []


def set_waker(waker: Callable[[int], None]) -> None:
    """Composition names the one function that sends a wake-up; without it slices are run by hand."""
    _wakers[:] = [waker]


def wake(run: Run) -> None:
    """Send a wake-up once the present transaction has committed. Losing it costs one sweep, nothing else."""
    for waker in _wakers:
        transaction.on_commit(partial(waker, run.pk), robust=True)


def start_discovery(project: Project, user: Any) -> Run:
    """Read both accounts. Nothing is written anywhere but here."""
    check_can("start_discovery", user, project)
    readiness.check_connected(project)
    with transaction.atomic():
        discovery = Discovery.objects.create(project=project)
        return _open(project, RunKind.DISCOVERY, user, discovery=discovery)


def start_trial(project: Project, user: Any, *, fidelity: str) -> Run:
    """Compute the plan of a sandbox run. Nothing is written to the target before the plan is approved."""
    readiness.check_can_start_trial(project, user)
    with transaction.atomic():
        discovery = staging.current_discovery(project)
        params = {"fidelity": Fidelity(fidelity).value}
        return _open(project, RunKind.TRIAL, user, discovery=discovery, params=params)


def start_rollback(run: Run, user: Any) -> Run:
    """Compute the preview of undoing a run. Nothing is deleted before the preview is approved."""
    readiness.check_can_roll_back(run, user)
    with transaction.atomic():
        return _open(run.project, RunKind.ROLLBACK, user, discovery=run.discovery, of_run=run)


def _open(project: Project, kind: RunKind, user: Any, **values: Any) -> Run:
    try:
        with transaction.atomic():
            run = Run.objects.create(project=project, kind=kind, created_by=user, **values)
    except IntegrityError as problem:
        raise RefusedError(
            "Another run of this project is still open. Nothing was started. Finish or abort that one first."
        ) from problem
    # Where nobody is asked, a run shows no phase that asks.
    asks = model_asking.in_use(project) is not None
    phases = enumerate((name for name in PHASES[kind] if asks or name != "model"), start=1)
    RunPhase.objects.bulk_create(RunPhase(run=run, number=number, name=name) for number, name in phases)
    trail.append(project, user, "start", "run", run.pk, f"Started {run.get_kind_display().lower()} {run.pk}.")
    wake(run)
    return run


def approve_plan(run: Run, user: Any, checksum: str) -> Run:
    """Bind the plan to a person; only now may it write. Approving twice is one approval."""
    return _approve(run, "plan", user, checksum)


def approve_rollback(run: Run, user: Any, checksum: str) -> Run:
    return _approve(run, "rollback", user, checksum)


def _approve(run: Run, subject: str, user: Any, checksum: str) -> Run:
    check_can(approvals.ACTS[subject], user, run.project)
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if run.state != RunState.APPROVAL:
            state = run.get_state_display().lower()
            raise RefusedError(f"There is no plan to approve: the run is {state}. Reload the page.")
        if not checksum or checksum != run.plan_checksum:
            raise RefusedError(
                "The plan changed since you saw it. Nothing was approved. Look at the present plan and approve that."
            )
        if subject == "plan":
            readiness.check_plan_is_current(run)
        approvals.sign(run.project, subject, run.pk, checksum, user)
        ledger.release(run)
        params = run.params | {"spent_before": balancing.spent_ever(run)}
        Run.objects.filter(pk=run.pk).update(loading_since=timezone.now(), params=params)
        move(run, RunState.RUNNING)
        log(run, f"{user.get_full_name() or user.get_username()} approved the {subject} {checksum[:12]}.")
        wake(run)
    return run


def pause(run: Run, user: Any) -> None:
    """Finish what is in flight, then stop sending."""
    check_can("pause_run", user, run.project)
    run.refresh_from_db()
    if run.state == RunState.PAUSING:
        raise RefusedError("The run is pausing already: it finishes what is in flight. Nothing was changed.")
    after = RunState.PAUSING if run.state == RunState.RUNNING else RunState.PAUSED
    _act(run, user, after, "pause", "Paused")


def resume(run: Run, user: Any) -> None:
    """Go on where the run stopped; what is done is not done again. The target's lists are read anew, because a
    person may have mended a field or an option meanwhile."""
    check_can("pause_run", user, run.project)
    Run.objects.filter(pk=run.pk).update(target_lists={})
    _act(run, user, RunState.RUNNING, "resume", "Resumed")


def abort(run: Run, user: Any) -> None:
    """End the run for good. What it wrote stays and can be rolled back."""
    check_can("pause_run", user, run.project)
    _act(run, user, RunState.ABORTED, "abort", "Aborted")


def retry_rejected(run: Run, user: Any) -> int:
    """Send what the target refused once more, after its cause was mended."""
    check_can("pause_run", user, run.project)
    readiness.check_can_retry(run)
    with transaction.atomic():
        count = ledger.retry_rejected(run)
        run.phases.filter(name__in=LOADS, failed__gt=0).update(state=PhaseState.RUNNING, failed=0)
        run.phases.filter(name="balance").update(state=PhaseState.WAITING)
        # A paused run stays paused: sending goes on when somebody resumes it.
        ended = Run.objects.filter(pk=run.pk, state=RunState.FINISHED)
        ended.update(state=RunState.RUNNING, finished_at=None, message="")
        trail.append(run.project, user, "retry", "run", run.pk, f"Retried {count} rejected records.")
        wake(run)
    return count


def _act(run: Run, user: Any, after: RunState, verb: str, past: str) -> None:
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if not move(run, after):
            state = run.get_state_display().lower()
            raise RefusedError(f"You cannot {verb} this run now: it is {state}. Nothing was changed.")
        trail.append(
            run.project, user, verb, "run", run.pk, f"{past} {run.get_kind_display().lower()} {run.pk}."
        )
        log(run, f"{past} by {user.get_full_name() or user.get_username()}.")
        wake(run)


def move(run: Run, after: RunState, *, message: str = "", **values: Any) -> bool:
    """Change the state where the table of transitions allows it; False where it does not (any more)."""
    allowed = [before for before, nexts in RUN_TRANSITIONS.items() if after in nexts]
    values = {"state": after, "message": message, "wait_until": None} | values
    if after in (RunState.FINISHED, RunState.ABORTED):
        values["finished_at"] = timezone.now()
    moved = Run.objects.filter(pk=run.pk, state__in=allowed).update(**values)
    run.refresh_from_db()
    return bool(moved)


def log(run: Run, text: str, level: LogLevel = LogLevel.INFO) -> None:
    """One line for the run page; never personal data."""
    RunLogLine.objects.create(run=run, text=text, level=level)


def check_approved(run: Run) -> None:
    """The last guard before a write: exactly this checksum was approved by a person."""
    subject = "rollback" if run.kind == RunKind.ROLLBACK else "plan"
    if approvals.valid_approval(run.project, subject, run.plan_checksum) is None:
        raise ConfigurationError(
            "This plan is not approved, so nothing was written. Approve it on the run's page."
        )
