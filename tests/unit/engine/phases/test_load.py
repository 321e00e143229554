"""Load against a store and a target in memory: nothing lost, nothing twice, doubts are read back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.operations import Act, ClaimedOperation, OperationState, can_move
from migrator.engine.outcomes import Outcome, Proof, Stop
from migrator.engine.phases.load import Batch, load_claimed, settle_doubts
from migrator.engine.records import Kind
from tests.factories import NOON

QUIET, LEASE = timedelta(seconds=180), timedelta(seconds=90)
AMBIGUOUS = Outcome(Proof.AMBIGUOUS, reason="The answer was cut off.")


class Killed(Exception):
    """The process ended here."""


@dataclass
class Clock:
    time: datetime = NOON

    def pass_by(self, span: timedelta = QUIET + LEASE) -> None:
        self.time += span + timedelta(seconds=1)


@dataclass
class Row:
    operation: ClaimedOperation
    state: OperationState = OperationState.READY
    lease_until: datetime = NOON
    not_before: datetime = NOON
    sent_at: datetime = NOON
    target_id: str = ""


@dataclass
class MemoryStore:
    """The Store port over a dict, with the same fences and the engine's own table of transitions."""

    clock: Clock
    rows: dict[int, Row] = field(default_factory=dict)

    def claim(self, kind: Kind, limit: int) -> list[ClaimedOperation]:
        claimed = self._due(kind, OperationState.READY, limit)
        for row in claimed:
            self._move(row, OperationState.SENT)
            row.sent_at, row.lease_until = self.clock.time, self.clock.time + LEASE
        return [self._fenced(row) for row in claimed]

    def take_quiet(self, kind: Kind, limit: int) -> list[ClaimedOperation]:
        doubts = self._due(kind, OperationState.AMBIGUOUS, limit)
        for row in doubts:
            row.not_before = self.clock.time + LEASE
        return [self._fenced(row) for row in doubts]

    def finish(self, results: Iterable[tuple[ClaimedOperation, Outcome]]) -> int:
        recorded = 0
        for operation, outcome in results:
            row = self.rows[operation.id]
            if row.operation.fence == operation.fence and row.state == OperationState.SENT:
                self._record(row, outcome)
                recorded += 1
        return recorded

    def expire_leases(self) -> int:
        expired = [
            r
            for r in self.rows.values()
            if r.state == OperationState.SENT and r.lease_until < self.clock.time
        ]
        for row in expired:
            self._move(row, OperationState.AMBIGUOUS)
            row.not_before = self.clock.time + QUIET
        return len(expired)

    def settle(self, operation: ClaimedOperation, target_id: str | None) -> None:
        row = self.rows[operation.id]
        if row.operation.fence == operation.fence and row.state == OperationState.AMBIGUOUS:
            self._move(row, OperationState.READY if target_id is None else OperationState.DONE)
            row.target_id, row.not_before = target_id or "", self.clock.time

    def oldest_sent(self, operations: Sequence[ClaimedOperation]) -> datetime:
        return min(self.rows[operation.id].sent_at for operation in operations)

    def unfinished(self, kind: Kind) -> int:
        ended = (OperationState.DONE, OperationState.REJECTED)
        return sum(row.operation.kind == kind and row.state not in ended for row in self.rows.values())

    def _due(self, kind: Kind, state: OperationState, limit: int) -> list[Row]:
        rows = [r for r in self.rows.values() if r.state == state and r.operation.kind == kind]
        return [row for row in rows if row.not_before <= self.clock.time][:limit]

    def _fenced(self, row: Row) -> ClaimedOperation:
        row.operation = replace(row.operation, fence=row.operation.fence + 1)
        return row.operation

    def _record(self, row: Row, outcome: Outcome) -> None:
        states = {
            Proof.DONE: OperationState.DONE,
            Proof.REJECTED: OperationState.REJECTED,
            Proof.NOT_DONE: OperationState.READY,
            Proof.AMBIGUOUS: OperationState.AMBIGUOUS,
        }
        self._move(row, states[outcome.proof])
        row.target_id = outcome.target_id
        row.not_before = self.clock.time + (QUIET if outcome.proof == Proof.AMBIGUOUS else timedelta())

    def _move(self, row: Row, after: OperationState) -> None:
        assert can_move(row.state, after), f"{row.state} to {after}"
        row.state = after


@dataclass
class ScriptedTarget:
    """The Target port over a list of what was written. `script` says, send by send, what happens:

    "done", "rejected", "not done", "lost" (written, the answer is lost), "cut" (not written, no answer),
    "kill before" and "kill after" (the process ends before or after the write). Then everything is done.
    """

    script: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    read_back: list[list[int]] = field(default_factory=list)

    def send_all(
        self, operations: Sequence[ClaimedOperation], *, send_by: float
    ) -> Iterator[tuple[ClaimedOperation, Outcome]]:
        for operation in operations:
            yield operation, self._send(operation)

    def _send(self, operation: ClaimedOperation) -> Outcome:
        event = self.script.pop(0) if self.script else "done"
        if event == "kill before":
            raise Killed
        self.sent.append(operation.id)
        if event in ("done", "lost", "kill after"):
            self._write(operation)
        if event == "kill after":
            raise Killed
        outcomes = {
            "rejected": Outcome(Proof.REJECTED, reason="No such stage."),
            "not done": Outcome(Proof.NOT_DONE),
            "lost": AMBIGUOUS,
            "cut": AMBIGUOUS,
        }
        return outcomes.get(event) or Outcome.done(f"t-{operation.key}")

    def _write(self, operation: ClaimedOperation) -> None:
        # An update carries absolute values: writing it again is the same write.
        if operation.act == Act.CREATE or operation.marker not in self.written:
            self.written.append(operation.marker)

    def find_written(self, operations: Sequence[ClaimedOperation], since: datetime) -> dict[int, str]:
        self.read_back.append([operation.id for operation in operations])
        assert since <= NOON + timedelta(days=1)
        return {o.id: f"t-{o.key}" for o in operations if o.marker in self.written}


def store_with(count: int, act: Act = Act.CREATE) -> MemoryStore:
    operations = [
        ClaimedOperation(n, Kind.PERSON, f"p-{n}", f"m-{n}", act, {}, fence=0) for n in range(count)
    ]
    return MemoryStore(Clock(), {operation.id: Row(operation) for operation in operations})


def load(store: MemoryStore, target: ScriptedTarget, limit: int = 10) -> Batch:
    return load_claimed(store.claim(Kind.PERSON, limit), store, target, send_by=0.0)


def work_to_the_end(store: MemoryStore, target: ScriptedTarget) -> None:
    """Slices with time passing between them, begun anew after every kill."""
    for _ in range(60):
        try:
            settle_doubts(Kind.PERSON, store, target)
            load(store, target, limit=3)
        except Killed:
            pass
        if not store.unfinished(Kind.PERSON):
            return
        store.clock.pass_by(timedelta(seconds=60))
    raise AssertionError("it never ended")


def states(store: MemoryStore) -> list[str]:
    return [row.state.value for row in store.rows.values()]


def done_in(store: MemoryStore) -> list[str]:
    return [row.operation.marker for row in store.rows.values() if row.state == OperationState.DONE]


def test_with_nothing_to_do_nothing_is_sent() -> None:
    target = ScriptedTarget()
    assert load(store_with(0), target) == Batch()
    assert (target.sent, settle_doubts(Kind.PERSON, store_with(0), target), target.read_back) == ([], 0, [])


def test_everything_that_is_claimed_is_sent_once() -> None:
    store, target = store_with(3), ScriptedTarget()
    assert load(store, target) == Batch(claimed=3, done=3)
    assert (states(store), target.sent) == (["done"] * 3, [0, 1, 2])
    assert store.rows[1].target_id == "t-p-1"


def test_one_bad_record_never_stops_the_others() -> None:
    store, target = store_with(3), ScriptedTarget(["done", "rejected", "done"])
    assert load(store, target) == Batch(claimed=3, done=2, rejected=1)
    assert states(store) == ["done", "rejected", "done"]


def test_what_was_rejected_stays_rejected() -> None:
    store, target = store_with(1), ScriptedTarget(["rejected"])
    load(store, target)
    store.clock.pass_by()
    settle_doubts(Kind.PERSON, store, target)
    assert (load(store, target).claimed, states(store), target.sent) == (0, ["rejected"], [0])


def test_what_was_certainly_not_done_is_sent_again() -> None:
    store, target = store_with(1), ScriptedTarget(["not done"])
    load(store, target)
    load(store, target)
    assert (states(store), target.written, target.sent) == (["done"], ["m-0"], [0, 0])


@pytest.mark.parametrize("event", ["lost", "cut"])
def test_an_answer_that_proves_nothing_is_not_sent_again_while_in_doubt(event: str) -> None:
    store, target = store_with(1), ScriptedTarget([event])
    assert load(store, target).ambiguous == 1
    store.clock.pass_by(QUIET - timedelta(seconds=10))
    assert settle_doubts(Kind.PERSON, store, target) == 0
    assert (load(store, target).claimed, target.read_back, states(store)) == (0, [], ["ambiguous"])


def test_a_write_whose_answer_was_lost_is_found_and_done() -> None:
    store, target = store_with(1), ScriptedTarget(["lost"])
    load(store, target)
    store.clock.pass_by(QUIET)
    assert settle_doubts(Kind.PERSON, store, target) == 1
    assert (states(store), store.rows[0].target_id, target.sent) == (["done"], "t-p-0", [0])


def test_a_write_that_is_not_there_is_sent_again_after_it_was_looked_for() -> None:
    store, target = store_with(1), ScriptedTarget(["cut"])
    load(store, target)
    store.clock.pass_by(QUIET)
    settle_doubts(Kind.PERSON, store, target)
    assert (states(store), target.read_back) == (["ready"], [[0]])
    load(store, target)
    assert (states(store), target.written) == (["done"], ["m-0"])


@pytest.mark.parametrize("act", [Act.UPDATE, Act.DELETE, Act.RESTORE])
def test_what_may_be_repeated_by_its_nature_is_not_looked_for(act: Act) -> None:
    store, target = store_with(1, act), ScriptedTarget(["lost"])
    load(store, target)
    store.clock.pass_by(QUIET)
    assert settle_doubts(Kind.PERSON, store, target) == 1
    assert (states(store), target.read_back) == (["ready"], [])


@pytest.mark.parametrize(("event", "written"), [("kill before", []), ("kill after", ["m-0"])])
def test_a_kill_between_claim_and_outcome_ends_without_loss_or_double(event: str, written: list[str]) -> None:
    store, target = store_with(1), ScriptedTarget([event])
    with pytest.raises(Killed):
        load(store, target)
    assert (states(store), target.written) == (["sent"], written)
    work_to_the_end(store, target)
    assert (states(store), target.written) == (["done"], ["m-0"])


def test_a_claim_whose_worker_died_is_in_doubt_only_after_its_lease() -> None:
    store, target = store_with(1), ScriptedTarget(["kill before"])
    with pytest.raises(Killed):
        load(store, target)
    settle_doubts(Kind.PERSON, store, target)
    assert states(store) == ["sent"]
    store.clock.pass_by(LEASE)
    settle_doubts(Kind.PERSON, store, target)
    assert (states(store), target.read_back) == (["ambiguous"], [])


def test_an_outcome_under_a_stale_fence_changes_nothing() -> None:
    store = store_with(1)
    [slow] = store.claim(Kind.PERSON, 1)
    store.clock.pass_by(LEASE)
    store.expire_leases()
    store.clock.pass_by(QUIET)
    store.take_quiet(Kind.PERSON, 1)
    assert store.finish([(slow, Outcome.done("t-late"))]) == 0
    store.settle(slow, "t-late")
    assert (states(store), store.rows[0].target_id) == (["ambiguous"], "")


def test_only_as_many_doubts_are_taken_as_were_asked_for() -> None:
    store, target = store_with(3), ScriptedTarget(["lost"] * 3)
    load(store, target)
    store.clock.pass_by(QUIET)
    assert settle_doubts(Kind.PERSON, store, target, limit=2) == 2
    assert states(store) == ["done", "done", "ambiguous"]


def test_doubts_of_another_kind_wait_for_their_own_phase() -> None:
    store, target = store_with(1), ScriptedTarget(["lost"])
    load(store, target)
    store.clock.pass_by(QUIET)
    assert settle_doubts(Kind.DEAL, store, target) == 0


def test_a_batch_says_why_the_run_has_to_wait() -> None:
    class Throttled(ScriptedTarget):
        def _send(self, operation: ClaimedOperation) -> Outcome:
            wait = Outcome(Proof.NOT_DONE, stop=Stop.BURST, retry_after=2.0, reason="Too fast.")
            return wait if operation.id == 1 else super()._send(operation)

    assert load(store_with(2), Throttled()) == Batch(
        claimed=2, done=1, stop=Stop.BURST, retry_after=2.0, reason="Too fast."
    )


SCRIPTS = st.lists(
    st.sampled_from(["done", "rejected", "not done", "lost", "cut", "kill before", "kill after"]), max_size=14
)


@given(SCRIPTS, st.integers(1, 6))
def test_whatever_happens_nothing_is_lost_and_nothing_is_created_twice(script: list[str], count: int) -> None:
    store, target = store_with(count), ScriptedTarget(list(script))
    work_to_the_end(store, target)
    assert sorted(target.written) == sorted(done_in(store))
    assert len(done_in(store)) + states(store).count("rejected") == count
    assert states(store).count("rejected") <= script.count("rejected")


@given(SCRIPTS, st.sampled_from([Act.UPDATE, Act.DELETE, Act.RESTORE]))
def test_whatever_happens_what_is_done_was_written(script: list[str], act: Act) -> None:
    store, target = store_with(3, act), ScriptedTarget(list(script))
    work_to_the_end(store, target)
    assert set(done_in(store)) <= set(target.written)
    assert target.read_back == []


@given(SCRIPTS)
def test_working_again_at_the_end_sends_nothing(script: list[str]) -> None:
    store, target = store_with(3), ScriptedTarget(list(script))
    work_to_the_end(store, target)
    before = len(target.sent)
    store.clock.pass_by()
    assert (settle_doubts(Kind.PERSON, store, target), load(store, target).claimed) == (0, 0)
    assert len(target.sent) == before
