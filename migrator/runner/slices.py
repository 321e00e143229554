"""Works a run for a bounded time. Called by background tasks, commands and tests alike; safe to call at any time.

1. enter: only a run that is to be worked on, whose waiting time has passed;
2. step through its phases until time is up, it waits, or it ends;
3. every error ends as a state of the run with one sentence: nothing is lost, nothing is silent.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import timedelta

import structlog
from django.db import OperationalError, connection
from django.db.models import F, Q
from django.utils import timezone

from migrator.choices import WORKED_RUN_STATES, LogLevel, PhaseState, RunKind, RunState
from migrator.engine.errors import CrosswalkError, TransientError
from migrator.models import Run, RunPhase
from migrator.runner import (
    counting,
    discovering,
    inventorying,
    lifecycle,
    loading,
    measuring_rules,
    model_proposals,
    planning,
    undoing,
)
from migrator.runner.job import Job, Step
from migrator.runner.locks import sole_worker

logger = structlog.get_logger(__name__)

SLICE_S = 20.0
SHORT_WAIT_S = 5.0
# A run that somebody works on gives a sign at least this often; waking it again would only add messages.
SILENT_S = 8.0
Handler = Callable[[Job], Step]

LOAD_HANDLERS: dict[str, Handler] = dict.fromkeys(lifecycle.LOADS, loading.step)
HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    RunKind.DISCOVERY: {
        "definitions": discovering.definitions,
        "profiles": discovering.profiles,
        "consents": discovering.consents,
        "events": discovering.events,
        "target": discovering.target,
        "values": counting.values,
        "inventory": inventorying.inventory,
        "model": model_proposals.model,
        "measure": measuring_rules.measure,
    },
    RunKind.TRIAL: {"plan": planning.plan, **LOAD_HANDLERS, "balance": loading.balance},
    RunKind.ROLLBACK: {"preview": undoing.preview, **LOAD_HANDLERS, "balance": undoing.balance},
}


def due_runs() -> list[int]:
    """Runs that somebody should be working on now, for the sweeper."""
    ready = Q(wait_until__isnull=True) | Q(wait_until__lte=timezone.now())
    silent = Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=timezone.now() - timedelta(seconds=SILENT_S))
    runs = Run.objects.filter(ready, silent, state__in=WORKED_RUN_STATES)
    return list(runs.order_by("pk").values_list("pk", flat=True))


def work(run_id: int, *, seconds: float = SLICE_S) -> bool:
    """One bounded slice; True if another should follow at once. Any number may run at the same time."""
    run = Run.objects.select_related("project", "discovery", "of_run").get(pk=run_id)
    if not _enter(run):
        return False
    deadline = time.monotonic() + seconds
    try:
        while (phase := _current_phase(run)) is not None:
            with closing(Job(run, phase, deadline)) as job:
                if not _work_phase(job):
                    return _leave(run, deadline)
        lifecycle.move(run, RunState.FINISHED, message=run.message)
        lifecycle.log(run, "Finished.")
    except TransientError as problem:
        return _wait(run, problem.retry_after or SHORT_WAIT_S, problem.sentence)
    except CrosswalkError as problem:
        _stop(run, problem.sentence)
    except OperationalError:
        # The database is away or full: nothing can be recorded, and nothing was sent without a record. The
        # sweeper sees the silence and wakes the run again.
        logger.warning("database_away", run_id=run.pk)
        connection.close()
    except Exception as problem:
        # One surprise always stops a run (house, principle 10): a person looks before anything goes on.
        logger.exception("run_stopped", run_id=run.pk)
        _stop(
            run,
            f"Something unexpected stopped the run ({type(problem).__name__}). Nothing is lost; resume to retry.",
        )
    return False


def _enter(run: Run) -> bool:
    if run.state == RunState.PAUSING:
        lifecycle.move(run, RunState.PAUSED)
        return False
    if run.state == RunState.WAITING and run.wait_until and run.wait_until > timezone.now():
        return False
    if run.state in (RunState.QUEUED, RunState.WAITING):
        lifecycle.move(run, RunState.RUNNING)
        Run.objects.filter(pk=run.pk, started_at=None).update(started_at=timezone.now())
    return run.state == RunState.RUNNING


def _leave(run: Run, deadline: float) -> bool:
    run.refresh_from_db()
    if run.state == RunState.PAUSING:
        lifecycle.move(run, RunState.PAUSED)
    return run.state == RunState.RUNNING and time.monotonic() >= deadline


def _current_phase(run: Run) -> RunPhase | None:
    return run.phases.exclude(state=PhaseState.DONE).order_by("number").first()


def _work_phase(job: Job) -> bool:
    """True if the phase is done and the next may begin at once."""
    handler = HANDLERS[job.run.kind][job.phase.name]
    _begin(job)
    try:
        return _step_on(job, handler)
    finally:
        cpu = time.process_time() - job.started_cpu
        RunPhase.objects.filter(pk=job.phase.pk).update(cpu_s=F("cpu_s") + cpu)


def _step_on(job: Job, handler: Handler) -> bool:
    while job.may_go_on():
        step = _one_step(job, handler)
        if step is None:
            return False
        if step.done:
            return _end(job, step)
        if step.wait_s:
            time.sleep(min(step.wait_s, max(0.0, job.deadline - time.monotonic())))
    return False


def _one_step(job: Job, handler: Handler) -> Step | None:
    """None where another worker has the phase to itself."""
    if handler is loading.step:
        return handler(job)
    with sole_worker(job.run.pk) as mine:
        if not mine:
            return None
        job.phase.refresh_from_db()
        if job.phase.state == PhaseState.DONE:
            return Step(done=True)
        return handler(job)


def _begin(job: Job) -> None:
    waiting = RunPhase.objects.filter(pk=job.phase.pk, state=PhaseState.WAITING)
    if waiting.update(state=PhaseState.RUNNING, started_at=timezone.now()):
        lifecycle.log(job.run, f"Phase {job.phase.name} began.")
        if job.phase.planned > loading.BATCH:
            lifecycle.wake(job.run)
    RunPhase.objects.filter(pk=job.phase.pk, state=PhaseState.FAILED).update(state=PhaseState.RUNNING)


def _end(job: Job, step: Step) -> bool:
    phases = RunPhase.objects.filter(pk=job.phase.pk).exclude(state=PhaseState.DONE)
    if phases.update(state=PhaseState.DONE, finished_at=timezone.now()):
        lifecycle.log(job.run, f"Phase {job.phase.name} is done.")
    if step.needs_approval:
        lifecycle.move(job.run, RunState.APPROVAL)
        return False
    return True


def _wait(run: Run, seconds: float, sentence: str) -> bool:
    """True where the wait is so short that this worker sits it out instead of leaving it to the sweeper."""
    seconds = max(0.5, seconds)
    until = timezone.now() + timedelta(seconds=seconds)
    lifecycle.move(run, RunState.WAITING, message=sentence, wait_until=until)
    lifecycle.log(run, f"{sentence} Continues in {round(seconds)} s.", LogLevel.WARNING)
    if seconds > SHORT_WAIT_S:
        return False
    time.sleep(seconds)
    return True


def _stop(run: Run, sentence: str) -> None:
    run.phases.filter(state=PhaseState.RUNNING).update(state=PhaseState.FAILED)
    lifecycle.move(run, RunState.STOPPED, message=sentence)
    lifecycle.log(run, sentence, LogLevel.ERROR)
