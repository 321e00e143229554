"""The only writer of operation rows: plan, claim, finish, settle, undo. Every public method is one transaction.

A claim is the intent: it commits before the first byte leaves. Outcomes are recorded only under the claim's fence.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Now

from migrator.engine.canonical import canonical_json, checksum_of_lines
from migrator.engine.operations import UNFINISHED, Act, ClaimedOperation, OperationState, PlannedOperation
from migrator.engine.outcomes import Outcome, Proof
from migrator.engine.records import Kind
from migrator.models import Operation, OperationPayload, Project, Run

LEASE_S = 90
# Namespace of every marker that is not a source key: stable over runs, so that a second run finds the first one's.
MARKERS = UUID("6f6d1c1e-6a0a-5c0e-9d0b-3a1c0f6f2b11")


def marker_for(project: Project, kind: Kind, key: str) -> str:
    """What identifies a record inside the target: a person by its source key, anything else by a UUID made from it."""
    if kind == Kind.PERSON:
        return key
    return str(uuid5(MARKERS, f"{project.slug}/{kind}/{key}"))


def add(run: Run, planned: Iterable[PlannedOperation]) -> int:
    """Add a page of planned operations; those that are there already stay as they are. Returns how many were new."""
    page: dict[tuple[Kind, str], PlannedOperation] = {}
    for op in planned:
        # The first of a kind and key wins, as it does between pages.
        page.setdefault((op.kind, op.key), op)
    if not page:
        return 0
    with transaction.atomic():
        before = Operation.objects.filter(run=run).filter(_keys(page)).count()
        rows = [_row(run, op) for op in page.values()]
        Operation.objects.bulk_create(rows, ignore_conflicts=True)
        stored = Operation.objects.filter(run=run, payload__isnull=True).filter(_keys(page))
        payloads = [_payload(row, page[Kind(row.kind), row.key]) for row in stored]
        OperationPayload.objects.bulk_create(payloads)
    return len(rows) - before


def _keys(page: Mapping[tuple[Kind, str], PlannedOperation]) -> Q:
    found = Q()
    for kind in {kind for kind, _ in page}:
        found |= Q(kind=kind.value, key__in=[key for k, key in page if k == kind])
    return found


def _row(run: Run, op: PlannedOperation) -> Operation:
    state = OperationState.PLANNED if op.act.writes else OperationState.ACCOUNTED
    return Operation(
        run=run,
        kind=op.kind.value,
        key=op.key,
        marker=marker_for(run.project, op.kind, op.key),
        act=op.act.value,
        state=state.value,
        payload_sha=op.payload_sha,
        target_id=op.target_id,
        reason=op.reason,
        parent=op.parent,
        source_count=op.source_count,
    )


def _payload(row: Operation, op: PlannedOperation) -> OperationPayload:
    return OperationPayload(operation=row, body=dict(op.body), before=dict(op.before))


def release(run: Run) -> int:
    """Make an approved plan's operations ready. Safe to repeat."""
    planned = run.operations.filter(state=OperationState.PLANNED.value)
    return planned.update(state=OperationState.READY.value)


def discard_plan(run: Run) -> None:
    """Forget a plan that nobody approved; refuses by doing nothing once anything was released."""
    with transaction.atomic():
        allowed = [OperationState.PLANNED.value, OperationState.ACCOUNTED.value]
        if not run.operations.exclude(state__in=allowed).exists():
            run.operations.all().delete()


class RunLedger:
    """The engine's Store over one run's rows."""

    def __init__(self, run: Run, *, quiet_s: float, lease_s: float = LEASE_S) -> None:
        self.run = run
        self.quiet_s = quiet_s
        self.lease_s = lease_s

    def claim(self, kind: Kind, limit: int) -> list[ClaimedOperation]:
        """Take the next ready operations: the intent is committed when this returns."""
        return self._take(_CLAIM, [self.run.pk, kind.value, limit, self.lease_s])

    def take_quiet(self, kind: Kind, limit: int) -> list[ClaimedOperation]:
        """Take ambiguous operations whose quiet period has passed, to be read back; others keep off meanwhile."""
        return self._take(_TAKE_QUIET, [self.run.pk, kind.value, limit, self.lease_s])

    def _take(self, statement: str, values: list[Any]) -> list[ClaimedOperation]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            ids = [row[0] for row in cursor.fetchall()]
            rows = Operation.objects.filter(pk__in=ids).select_related("payload").order_by("pk")
            return [_claimed(row) for row in rows]

    def finish(self, results: Iterable[tuple[ClaimedOperation, Outcome]]) -> int:
        """Record outcomes under their fences; a stale fence changes nothing. Returns how many were recorded."""
        with transaction.atomic():
            return sum(self._finish_one(operation, outcome) for operation, outcome in results)

    def _finish_one(self, operation: ClaimedOperation, outcome: Outcome) -> int:
        rows = Operation.objects.filter(
            pk=operation.id, fence=operation.fence, state=OperationState.SENT.value
        )
        return rows.update(**_changes(operation, outcome, self.quiet_s))

    def expire_leases(self) -> int:
        """A worker died holding claims: nobody knows whether they were sent, so they are ambiguous."""
        expired = self.run.operations.filter(state=OperationState.SENT.value, lease_until__lt=Now())
        return expired.update(
            state=OperationState.AMBIGUOUS.value,
            not_before=Now() + timedelta(seconds=self.quiet_s),
            reason="The worker stopped before it could record the answer.",
        )

    def settle(self, operation: ClaimedOperation, target_id: str | None) -> None:
        """End a doubt: the record was found, or it certainly is not there and may be sent again."""
        rows = Operation.objects.filter(
            pk=operation.id, fence=operation.fence, state=OperationState.AMBIGUOUS.value
        )
        if target_id is None:
            rows.update(state=OperationState.READY.value, not_before=None, reason="")
        else:
            done = OperationState.DONE.value
            rows.update(state=done, target_id=target_id, finished_at=Now(), reason="")

    def oldest_sent(self, operations: Sequence[ClaimedOperation]) -> datetime:
        rows = Operation.objects.filter(pk__in=[operation.id for operation in operations])
        found: datetime = rows.order_by("sent_at").values_list("sent_at", flat=True)[0]  # type: ignore[assignment]
        return found

    def unfinished(self, kind: Kind) -> int:
        states = [state.value for state in UNFINISHED]
        return self.run.operations.filter(kind=kind.value, state__in=states).count()


def _claimed(row: Operation) -> ClaimedOperation:
    return ClaimedOperation(
        id=row.pk,
        kind=Kind(row.kind),
        key=row.key,
        marker=row.marker,
        act=Act(row.act),
        body=row.payload.body,
        fence=row.fence,
        target_id=row.target_id,
        before=row.payload.before,
    )


def claimed_of(rows: Iterable[Operation]) -> list[ClaimedOperation]:
    """Operations as the engine sees them, for comparing and not for sending; rows need their payload selected."""
    return [_claimed(row) for row in rows]


def _changes(operation: ClaimedOperation, outcome: Outcome, quiet_s: float) -> dict[str, Any]:
    if outcome.proof == Proof.DONE:
        target_id = outcome.target_id or operation.target_id
        return {
            "state": OperationState.DONE.value,
            "target_id": target_id,
            "finished_at": Now(),
            "reason": "",
        }
    if outcome.proof == Proof.REJECTED:
        return {"state": OperationState.REJECTED.value, "reason": outcome.reason, "finished_at": Now()}
    wait = outcome.retry_after if outcome.proof == Proof.NOT_DONE else quiet_s
    state = OperationState.READY if outcome.proof == Proof.NOT_DONE else OperationState.AMBIGUOUS
    return {
        "state": state.value,
        "reason": outcome.reason,
        "not_before": Now() + timedelta(seconds=wait),
    }


def retry_rejected(run: Run, kind: Kind | None = None) -> int:
    """Make rejected operations ready again, after a person mended the cause."""
    rows = run.operations.filter(state=OperationState.REJECTED.value)
    rows = rows.filter(kind=kind.value) if kind else rows
    return rows.update(state=OperationState.READY.value, reason="", not_before=None, finished_at=None)


def target_ids(run: Run, kind: Kind, keys: Iterable[str]) -> dict[str, str]:
    """Key -> target id of the records that this run created, updated or found unchanged."""
    rows = run.operations.filter(kind=kind.value, key__in=list(keys)).exclude(target_id="")
    return dict(rows.values_list("key", "target_id"))


def field_codes(run: Run) -> dict[str, str]:
    """Ref -> code of the custom fields that this run, or the run that it undoes, created."""
    rows = Operation.objects.filter(run__in=[run.pk, run.of_run_id], kind=Kind.FIELD.value).exclude(
        target_id=""
    )
    return {
        key: target_id.split(":")[1]
        for key, target_id in rows.values_list("key", "target_id")
        if ":" in target_id
    }


def counts(run: Run) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(kind, act, state) -> (operations, source records in them)."""
    rows = run.operations.values_list("kind", "act", "state").annotate(
        n=Count("id"), held=Sum("source_count")
    )
    return {(kind, act, state): (n, held) for kind, act, state, n, held in rows}


_CLAIM = """
with next as (
    select id from migrator_operation
    where run_id = %s and kind = %s and state = 'ready' and (not_before is null or not_before <= now())
    order by id limit %s for update skip locked)
update migrator_operation o
set state = 'sent', fence = fence + 1, attempts = attempts + 1, sent_at = clock_timestamp(),
    lease_until = clock_timestamp() + make_interval(secs => %s)
from next where o.id = next.id returning o.id
"""

_TAKE_QUIET = """
with next as (
    select id from migrator_operation
    where run_id = %s and kind = %s and state = 'ambiguous' and not_before <= now()
    order by id limit %s for update skip locked)
update migrator_operation o set fence = fence + 1, not_before = clock_timestamp() + make_interval(secs => %s)
from next where o.id = next.id returning o.id
"""


def plan_checksum(run: Run) -> str:
    """Checksum over every operation of a run in a fixed order, streamed: equal checksums mean equal plans."""
    rows = run.operations.order_by("kind", "key").values_list(
        "kind", "key", "act", "payload_sha", "target_id", "reason"
    )
    return checksum_of_lines(canonical_json(list(row)) for row in rows.iterator(chunk_size=2000))
