"""The ledger in memory: the Store port with the fences, leases and states of the one in PostgreSQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from migrator.engine.operations import UNFINISHED, ClaimedOperation, OperationState, can_move
from migrator.engine.outcomes import Outcome, Proof
from migrator.engine.records import Kind
from migrator.simulation.guards import Guards
from migrator.simulation.world import Worker, World

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
STATES = {
    Proof.DONE: OperationState.DONE,
    Proof.REJECTED: OperationState.REJECTED,
    Proof.NOT_DONE: OperationState.READY,
    Proof.AMBIGUOUS: OperationState.AMBIGUOUS,
}


@dataclass(slots=True)
class Row:
    """Times are seconds of the world."""

    operation: ClaimedOperation
    state: OperationState = OperationState.READY
    lease_until: float = 0.0
    not_before: float = 0.0
    sent_at: float = 0.0
    target_id: str = ""
    # Without a committed intent: the worker whose open transaction holds the row.
    holder: Worker | None = None


class MemoryStore:
    def __init__(
        self,
        world: World,
        operations: Iterable[ClaimedOperation],
        guards: Guards,
        *,
        quiet_s: float,
        lease_s: float,
    ) -> None:
        self._world, self._guards = world, guards
        self._quiet_s, self._lease_s = quiet_s if guards.quiet else 0.0, lease_s
        self.rows = {operation.id: Row(operation) for operation in operations}
        self.attempts = dict.fromkeys(self.rows, 0)
        world.on_kill.append(self._roll_back)

    def claim(self, kind: Kind, limit: int) -> list[ClaimedOperation]:
        self._world.step()
        return [self._claim(row) for row in self._due(kind, OperationState.READY)[:limit]]

    def _claim(self, row: Row) -> ClaimedOperation:
        if self._guards.intent:
            self._move(row, OperationState.SENT)
        else:
            row.holder = self._world.current
        row.sent_at, row.lease_until = self._world.now, self._world.now + self._lease_s
        self.attempts[row.operation.id] += 1
        return self._fenced(row, "claimed")

    def take_quiet(self, kind: Kind, limit: int) -> list[ClaimedOperation]:
        self._world.step()
        due = self._due(kind, OperationState.AMBIGUOUS)[:limit]
        for row in due:
            row.not_before = self._world.now + self._lease_s
        return [self._fenced(row, "taken") for row in due]

    def finish(self, results: Iterable[tuple[ClaimedOperation, Outcome]]) -> int:
        found = list(results)
        # The answer is there and nobody knows it yet: the worst moment.
        self._world.step(weight=6.0)
        return sum(self._finish_one(operation, outcome) for operation, outcome in found)

    def _finish_one(self, operation: ClaimedOperation, outcome: Outcome) -> bool:
        row = self.rows[operation.id]
        mine = row.operation.fence == operation.fence or not self._guards.fence
        open_ = row.state == OperationState.SENT or row.holder is self._world.current is not None
        if not (mine and open_):
            self._world.note("dropped", operation.id, operation.fence)
            return False
        self._world.note("recorded", operation.id, operation.fence)
        row.holder = None
        row.state = STATES[outcome.proof]
        row.target_id = outcome.target_id or row.target_id
        wait = {Proof.AMBIGUOUS: self._quiet_s, Proof.NOT_DONE: outcome.retry_after}
        row.not_before = self._world.now + wait.get(outcome.proof, 0.0)
        return True

    def expire_leases(self) -> int:
        self._world.step()
        now = self._world.now
        expired = [r for r in self.rows.values() if r.state == OperationState.SENT and r.lease_until < now]
        for row in expired:
            self._move(row, OperationState.AMBIGUOUS)
            row.not_before = now + self._quiet_s
        return len(expired)

    def settle(self, operation: ClaimedOperation, target_id: str | None) -> None:
        self._world.step()
        row = self.rows[operation.id]
        if row.operation.fence == operation.fence and row.state == OperationState.AMBIGUOUS:
            self._move(row, OperationState.READY if target_id is None else OperationState.DONE)
            row.target_id, row.not_before = target_id or row.target_id, self._world.now

    def oldest_sent(self, operations: Sequence[ClaimedOperation]) -> datetime:
        return EPOCH + timedelta(seconds=min(self.rows[operation.id].sent_at for operation in operations))

    def unfinished(self, kind: Kind) -> int:
        return sum(row.operation.kind == kind and row.state in UNFINISHED for row in self.rows.values())

    def _due(self, kind: Kind, state: OperationState) -> list[Row]:
        now = self._world.now
        rows = (row for row in self.rows.values() if row.state == state and row.operation.kind == kind)
        return [row for row in rows if row.not_before <= now and row.holder is None]

    def _fenced(self, row: Row, what: str) -> ClaimedOperation:
        row.operation = replace(row.operation, fence=row.operation.fence + 1)
        self._world.note(what, row.operation.id, row.operation.fence)
        return row.operation

    def _move(self, row: Row, after: OperationState) -> None:
        if not can_move(row.state, after):
            raise AssertionError(f"{row.operation.key} cannot move from {row.state} to {after}")
        row.state = after

    def _roll_back(self, worker: Worker) -> None:
        """The database ends what a dead worker had open."""
        for row in self.rows.values():
            row.holder = None if row.holder is worker else row.holder
