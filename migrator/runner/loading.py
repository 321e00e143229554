"""Loads one kind of record: claims and sends until nothing is left, then sweeps, reports and balances.

Any number of workers load at the same time; the sweep is one worker's alone.
"""

import time
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from migrator import budget, ledger
from migrator.choices import LogLevel, RunKind
from migrator.connections import LONGEST_REQUEST_S
from migrator.engine.errors import ConfigurationError, TransientError
from migrator.engine.hours import read_hours
from migrator.engine.operations import ClaimedOperation
from migrator.engine.outcomes import Stop
from migrator.engine.phases.load import Batch, load_batch
from migrator.engine.records import Kind
from migrator.models import Project, RunPhase
from migrator.runner import balancing, lifecycle, sweeping, undoing
from migrator.runner.job import AGAIN, DONE, Job, Step
from migrator.runner.locks import sole_worker

BATCH = 48
SCHEMA_KINDS = (Kind.FIELD, Kind.LABEL)


def step(job: Job) -> Step:
    """One batch, or the end of the phase.

    1. settle doubts whose quiet period has passed;
    2. claim: intent and tokens in one transaction;
    3. send and record;
    4. nothing left to claim: wait for what is in doubt, then sweep and report.
    """
    kind = lifecycle.KIND_OF_PHASE[job.phase.name]
    project = job.run.project
    store = ledger.RunLedger(
        job.run, quiet_s=project.setting("quiet_period_s"), lease_s=project.setting("lease_s")
    )
    if kind not in SCHEMA_KINDS and not job.run.target_lists:
        _keep_lists(job)
    batch = load_batch(
        kind,
        store,
        job.target.port,
        time.monotonic,
        within_s=max(5.0, store.lease_s - LONGEST_REQUEST_S),
        claim=lambda: _claim(job, kind, store),
    )
    if not batch.claimed:
        return _finish(job, kind, store)
    _record(job, batch)
    _obey(job, batch)
    return AGAIN


def _claim(job: Job, kind: Kind, store: ledger.RunLedger) -> list[ClaimedOperation]:
    lifecycle.check_approved(job.run)
    check_hours(job.run.project, timezone.now())
    if job.run.kind == RunKind.ROLLBACK:
        # What was kept for the way back.
        job.target.pacer.reserve = 0
    with transaction.atomic():
        claimed = store.claim(kind, BATCH)
        # Schema writes read before they write, so their single thread takes its own slots.
        if claimed and kind not in SCHEMA_KINDS:
            # In the claim's transaction: where the budget refuses, the claim never happened.
            job.target.pacer.grant(requests=len(claimed), tokens=job.target.cost_of(claimed))
    return claimed


def check_hours(project: Project, now: datetime) -> None:
    """Raise TransientError outside the project's working hours, ConfigurationError where they cannot be read."""
    hours = read_hours(project.setting("working_hours"), project.setting("time_zone"))
    if hours and (wait := hours.wait_s(now)):
        raise TransientError(
            f"This project writes from {project.setting('working_hours')} ({hours.zone.key}) only.",
            retry_after=wait,
        )


def _record(job: Job, batch: Batch) -> None:
    # Counted up and not counted anew: a batch must cost the same at the end of a long phase as at its beginning.
    RunPhase.objects.filter(pk=job.phase.pk).update(
        done=F("done") + batch.done, failed=F("failed") + batch.rejected
    )
    if batch.ambiguous:
        text = f"{batch.ambiguous} answers of {job.phase.name} prove nothing; they are read back later."
        lifecycle.log(job.run, text, LogLevel.WARNING)


def _obey(job: Job, batch: Batch) -> None:
    if batch.stop == Stop.NONE:
        return
    if batch.stop in (Stop.BURST, Stop.DAILY_BUDGET):
        wait = batch.retry_after or 2.0
        budget.note_throttled(job.target.scope, retry_after=wait, reason=batch.reason)
        raise TransientError(batch.reason or "Pipedrive asked for a pause.", retry_after=wait)
    raise ConfigurationError(batch.reason or "Pipedrive refused to go on. Test the connection, then resume.")


def _finish(job: Job, kind: Kind, store: ledger.RunLedger) -> Step:
    if store.unfinished(kind):
        # Another worker is sending, or answers wait out their quiet period.
        return Step(wait_s=0.5)
    with sole_worker(job.run.pk) as mine:
        if not mine:
            return Step(wait_s=0.5)
        job.phase.refresh_from_db()
        return _sweep(job, kind)


def _sweep(job: Job, kind: Kind) -> Step:
    if job.run.kind == RunKind.ROLLBACK:
        return _report(job, kind, undoing.sweep(job, kind))
    found = sweeping.sweep(job, kind)
    if found.reopened:
        lifecycle.log(
            job.run,
            f"{found.reopened} {job.phase.name} are missing in Pipedrive and are sent again.",
            LogLevel.WARNING,
        )
        return Step(wait_s=1.0)
    return _report(job, kind, sweeping.report(job.run, kind, found))


def _report(job: Job, kind: Kind, report: dict[str, Any]) -> Step:
    planned = report["planned"]
    RunPhase.objects.filter(pk=job.phase.pk).update(
        report=report, done=planned - report["rejected"], failed=report["rejected"]
    )
    if not report["balanced"]:
        raise ConfigurationError(
            f"The row counts of {job.phase.name} do not balance, so the next phase did not begin. "
            "Nothing is lost. Open the report, then resume to count again."
        )
    if kind in SCHEMA_KINDS:
        _keep_lists(job)
    return Step(done=True)


def _keep_lists(job: Job) -> None:
    """The account's fields and options as they are now, read once for all the slices that follow."""
    resolver = job.target.resolver
    resolver.forget()
    job.target.read_lists()
    job.run.target_lists = resolver.snapshot()
    job.run.save(update_fields=["target_lists"])


def balance(job: Job) -> Step:
    """The last phase: all reports together, and what was spent."""
    lifecycle.log(job.run, balancing.conclude(job.run, job.phase)["text"])
    return DONE
