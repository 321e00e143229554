"""The ledger on PostgreSQL: claims are exclusive, fences hold, leases and quiet periods pass."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from migrator import ledger
from migrator.choices import RunKind, RunState
from migrator.engine.operations import Act, ClaimedOperation, OperationState
from migrator.engine.outcomes import Outcome, Proof
from migrator.engine.records import Kind
from migrator.ledger import RunLedger
from migrator.models import Operation, Run
from tests import factories as made

pytestmark = pytest.mark.django_db
AMBIGUOUS = Outcome(Proof.AMBIGUOUS, reason="The answer was cut off.")


def ready(run: Run, *keys: str, kind: Kind = Kind.PERSON, act: Act = Act.CREATE) -> RunLedger:
    ledger.add(run, [made.planned(kind, key, act) for key in keys])
    ledger.release(run)
    return RunLedger(run, quiet_s=180)


def row(run: Run, key: str = "a") -> Operation:
    return run.operations.get(key=key)


def states(run: Run) -> dict[str, str]:
    return dict(run.operations.values_list("key", "state"))


def lapse(run: Run, column: str) -> None:
    """The time in this column is long past: stands for waiting."""
    run.operations.exclude(**{column: None}).update(**{column: Now() - timedelta(hours=1)})


def doubtful(run: Run, *keys: str) -> RunLedger:
    """Operations whose answers prove nothing and whose quiet period has passed."""
    store = ready(run, *keys)
    store.finish([(operation, AMBIGUOUS) for operation in store.claim(Kind.PERSON, 10)])
    lapse(run, "not_before")
    return store


# Planning


def test_adding_a_page_twice_changes_nothing(run: Run) -> None:
    page = [made.planned(key="a", body={"name": "A"}), made.planned(key="b", act=Act.HOLD)]
    assert (ledger.add(run, page), ledger.add(run, page)) == (2, 0)
    assert states(run) == {"a": "planned", "b": "accounted"}
    assert row(run).payload.body == {"name": "A"}


def test_what_is_there_already_stays_as_it_is(run: Run) -> None:
    ledger.add(run, [made.planned(key="a", body={"name": "first"})])
    assert ledger.add(run, [made.planned(key="a", body={"name": "second"}), made.planned(key="b")]) == 1
    assert row(run).payload.body == {"name": "first"}


def test_of_two_in_one_page_the_first_wins(run: Run) -> None:
    page = [made.planned(key="a", body={"name": "first"}), made.planned(key="a", body={"name": "second"})]
    assert ledger.add(run, page) == 1
    assert row(run).payload.body == {"name": "first"}


def test_the_same_key_of_another_kind_is_another_operation(run: Run) -> None:
    assert ledger.add(run, [made.planned(Kind.PERSON, "a"), made.planned(Kind.DEAL, "a")]) == 2


def test_an_empty_page_adds_nothing(run: Run) -> None:
    assert ledger.add(run, []) == 0


def test_a_page_that_was_cut_off_between_rows_and_payloads_leaves_nothing(run: Run) -> None:
    unstorable: Any = {"name": object()}
    with pytest.raises(TypeError):
        ledger.add(run, [made.planned(key="a"), made.planned(key="b", body=unstorable)])
    assert states(run) == {}


@pytest.mark.parametrize("act", Act)
def test_what_writes_waits_for_approval_and_the_rest_is_accounted_for(run: Run, act: Act) -> None:
    ledger.add(run, [made.planned(key="a", act=act)])
    assert row(run).state == ("planned" if act.writes else "accounted")
    ledger.release(run)
    assert row(run).state == ("ready" if act.writes else "accounted")


def test_releasing_twice_changes_nothing(run: Run) -> None:
    store = ready(run, "a")
    store.claim(Kind.PERSON, 1)
    assert ledger.release(run) == 0
    assert states(run) == {"a": "sent"}


def test_nothing_is_claimed_before_it_is_released(run: Run) -> None:
    ledger.add(run, [made.planned(key="a")])
    assert RunLedger(run, quiet_s=180).claim(Kind.PERSON, 10) == []


def test_a_plan_that_nobody_approved_can_be_forgotten(run: Run) -> None:
    ledger.add(run, [made.planned(key="a"), made.planned(key="b", act=Act.HOLD)])
    ledger.discard_plan(run)
    assert states(run) == {}


def test_a_plan_of_which_anything_was_released_is_kept(run: Run) -> None:
    ready(run, "a")
    ledger.discard_plan(run)
    assert states(run) == {"a": "ready"}


def test_a_person_is_marked_by_its_source_key_and_others_by_a_stable_id(run: Run) -> None:
    project = run.project
    assert ledger.marker_for(project, Kind.PERSON, "p-1") == "p-1"
    one = ledger.marker_for(project, Kind.DEAL, "p-1")
    assert one == ledger.marker_for(project, Kind.DEAL, "p-1")
    other = made.project()
    markers = {one, ledger.marker_for(project, Kind.NOTE, "p-1"), ledger.marker_for(other, Kind.DEAL, "p-1")}
    assert len(markers) == 3


# The checksum


def planned_in(run: Run, *keys: str, **more: Any) -> str:
    for key in keys:
        ledger.add(run, [made.planned(key=key, **more)])
    return ledger.plan_checksum(run)


def test_equal_plans_have_equal_checksums_in_whatever_order_they_were_made(project: Any) -> None:
    one, other = made.run(project), made.run(made.project())
    assert planned_in(one, "a", "b") == planned_in(other, "b", "a")


def test_releasing_and_claiming_leave_the_checksum_as_it_was_approved(run: Run) -> None:
    before = planned_in(run, "a", "b")
    ledger.release(run)
    RunLedger(run, quiet_s=180).claim(Kind.PERSON, 1)
    assert ledger.plan_checksum(run) == before


CHANGES: dict[str, dict[str, Any]] = {
    "another key": {"key": "b"},
    "another act": {"act": Act.UPDATE},
    "another kind": {"kind": Kind.DEAL},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_another_plan_has_another_checksum(project: Any, change: dict[str, Any]) -> None:
    one, other = made.run(project), made.run(made.project())
    ledger.add(one, [made.planned(key="a")])
    ledger.add(other, [made.planned(**({"key": "a"} | change))])
    assert ledger.plan_checksum(one) != ledger.plan_checksum(other)


@pytest.mark.parametrize("column", ["payload_sha", "target_id", "reason"])
def test_another_content_has_another_checksum(run: Run, column: str) -> None:
    before = planned_in(run, "a")
    run.operations.update(**{column: "b" * 64})
    assert ledger.plan_checksum(run) != before


# Claiming


def test_a_claim_is_the_intent_with_its_payload(run: Run) -> None:
    ledger.add(run, [made.planned(key="a", body={"name": "Astrid"})])
    ledger.release(run)
    [claimed] = RunLedger(run, quiet_s=180).claim(Kind.PERSON, 10)
    assert claimed == ClaimedOperation(
        id=row(run).pk,
        kind=Kind.PERSON,
        key="a",
        marker="a",
        act=Act.CREATE,
        body={"name": "Astrid"},
        fence=1,
    )
    stored = row(run)
    assert (stored.state, stored.attempts, stored.fence) == ("sent", 1, 1)
    assert stored.sent_at is not None
    assert stored.lease_until is not None
    assert abs((stored.lease_until - stored.sent_at).total_seconds() - ledger.LEASE_S) < 1


def test_claims_come_in_order_and_in_batches(run: Run) -> None:
    store = ready(run, *"abc")
    assert [[o.key for o in store.claim(Kind.PERSON, 2)] for _ in range(3)] == [["a", "b"], ["c"], []]


def test_a_claim_takes_one_kind_of_one_run(run: Run) -> None:
    store = ready(run, "a")
    ready(made.run(made.project()), "other run")
    ready(run, "a", kind=Kind.DEAL)
    assert [o.key for o in store.claim(Kind.PERSON, 10)] == ["a"]
    assert store.claim(Kind.NOTE, 10) == []


def test_what_may_not_be_sent_yet_is_not_claimed(run: Run) -> None:
    store = ready(run, "a")
    run.operations.update(not_before=Now() + timedelta(minutes=5))
    assert store.claim(Kind.PERSON, 10) == []
    lapse(run, "not_before")
    assert len(store.claim(Kind.PERSON, 10)) == 1


def test_the_lease_is_as_long_as_was_asked_for(run: Run) -> None:
    ready(run, "a")
    RunLedger(run, quiet_s=180, lease_s=1000).claim(Kind.PERSON, 1)
    stored = row(run)
    assert stored.lease_until is not None
    assert stored.sent_at is not None
    assert stored.lease_until - stored.sent_at > timedelta(seconds=999)


@pytest.mark.django_db(transaction=True)
def test_a_claim_in_progress_is_passed_over_by_another_connection(start: Any) -> None:
    run = made.run(made.project())
    store = ready(run, *"abcd")
    with transaction.atomic():
        mine = store.claim(Kind.PERSON, 2)
        theirs = start(store.claim, Kind.PERSON, 10).result(timeout=10)
    assert ([o.key for o in mine], [o.key for o in theirs]) == (["a", "b"], ["c", "d"])


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_once_never_share_an_operation(start: Any) -> None:
    run = made.run(made.project())
    store = ready(run, *(f"{n:03}" for n in range(60)))
    together = threading.Barrier(4)

    def claim_all() -> list[str]:
        together.wait(timeout=10)
        found: list[str] = []
        while batch := store.claim(Kind.PERSON, 3):
            found += [operation.key for operation in batch]
        return found

    claimed = [key for worker in [start(claim_all) for _ in range(4)] for key in worker.result(timeout=30)]
    assert sorted(claimed) == [f"{n:03}" for n in range(60)]


@pytest.mark.django_db(transaction=True)
def test_a_claim_whose_transaction_failed_never_happened() -> None:
    run = made.run(made.project())
    store = ready(run, "a")
    with transaction.atomic():
        assert len(store.claim(Kind.PERSON, 1)) == 1
        transaction.set_rollback(True)
    assert (row(run).state, row(run).fence) == ("ready", 0)


# Outcomes


PROOFS = {
    Proof.DONE: (Outcome.done("17"), "done", "17", ""),
    Proof.REJECTED: (Outcome(Proof.REJECTED, reason="No such stage."), "rejected", "", "No such stage."),
    Proof.NOT_DONE: (Outcome(Proof.NOT_DONE, reason="Busy."), "ready", "", "Busy."),
    Proof.AMBIGUOUS: (AMBIGUOUS, "ambiguous", "", "The answer was cut off."),
}


@pytest.mark.parametrize("proof", Proof)
def test_an_outcome_is_recorded_as_what_it_proves(run: Run, proof: Proof) -> None:
    outcome, state, target_id, reason = PROOFS[proof]
    store = ready(run, "a")
    [claimed] = store.claim(Kind.PERSON, 1)
    assert store.finish([(claimed, outcome)]) == 1
    stored = row(run)
    assert (stored.state, stored.target_id, stored.reason) == (state, target_id, reason)
    assert (stored.finished_at is not None) is (state in ("done", "rejected"))


def test_an_update_keeps_the_id_that_it_had(run: Run) -> None:
    store = ready(run, "a", act=Act.UPDATE)
    run.operations.update(target_id="17")
    [claimed] = store.claim(Kind.PERSON, 1)
    store.finish([(claimed, Outcome.done(""))])
    assert row(run).target_id == "17"


def test_an_outcome_under_a_stale_fence_changes_nothing(run: Run) -> None:
    store = ready(run, "a")
    [slow] = store.claim(Kind.PERSON, 1)
    lapse(run, "lease_until")
    store.expire_leases()
    lapse(run, "not_before")
    [checked] = store.take_quiet(Kind.PERSON, 1)
    store.settle(checked, None)
    [again] = store.claim(Kind.PERSON, 1)
    assert again.fence == 3
    assert store.finish([(slow, Outcome.done("late"))]) == 0
    store.settle(slow, "late")
    assert (row(run).state, row(run).target_id) == ("sent", "")


ENDED = [state for state in OperationState if state != OperationState.SENT]


@pytest.mark.parametrize("state", ENDED)
def test_an_outcome_is_recorded_only_for_what_is_in_flight(run: Run, state: OperationState) -> None:
    store = ready(run, "a")
    [claimed] = store.claim(Kind.PERSON, 1)
    run.operations.update(state=state.value)
    assert store.finish([(claimed, Outcome.done("17"))]) == 0
    assert row(run).state == state


@pytest.mark.parametrize("state", [s for s in OperationState if s != OperationState.AMBIGUOUS])
@pytest.mark.parametrize("target_id", ["17", None])
def test_only_a_doubt_can_be_settled(run: Run, state: OperationState, target_id: str | None) -> None:
    store = doubtful(run, "a")
    [checked] = store.take_quiet(Kind.PERSON, 1)
    run.operations.update(state=state.value)
    store.settle(checked, target_id)
    assert (row(run).state, row(run).target_id) == (state, "")


def test_what_was_rejected_is_not_claimed_again(run: Run) -> None:
    store = ready(run, "a")
    [claimed] = store.claim(Kind.PERSON, 1)
    store.finish([(claimed, Outcome(Proof.REJECTED, reason="No such stage."))])
    assert store.claim(Kind.PERSON, 1) == []


def test_what_was_rejected_is_ready_again_once_a_person_says_so(run: Run) -> None:
    store = ready(run, "a")
    ready(run, "d", kind=Kind.DEAL)
    run.operations.filter(key__in=["a", "d"]).update(state="rejected", reason="No such stage.")
    assert ledger.retry_rejected(run, Kind.PERSON) == 1
    assert (states(run), row(run).reason) == ({"a": "ready", "d": "rejected"}, "")
    assert ledger.retry_rejected(run) == 1
    assert len(store.claim(Kind.PERSON, 10)) == 1


def test_what_was_not_done_waits_as_long_as_the_target_asked(run: Run) -> None:
    store = ready(run, *"ab")
    [one, other] = store.claim(Kind.PERSON, 2)
    store.finish([(one, Outcome(Proof.NOT_DONE, retry_after=60)), (other, Outcome(Proof.NOT_DONE))])
    waits = {key: row(run, key).not_before for key in "ab"}
    assert timedelta(seconds=59) < waits["a"] - waits["b"] <= timedelta(seconds=60)  # type: ignore[operator]


# Doubts


def test_a_lease_that_holds_is_left_alone(run: Run) -> None:
    store = ready(run, "a")
    store.claim(Kind.PERSON, 1)
    assert (store.expire_leases(), states(run)) == (0, {"a": "sent"})


def test_a_lease_that_ran_out_leaves_a_doubt(run: Run) -> None:
    store = ready(run, "a")
    store.claim(Kind.PERSON, 1)
    lapse(run, "lease_until")
    assert (store.expire_leases(), states(run)) == (1, {"a": "ambiguous"})
    assert store.take_quiet(Kind.PERSON, 1) == []


def test_leases_of_another_run_are_left_alone(run: Run) -> None:
    other = made.run(made.project())
    ready(other, "a").claim(Kind.PERSON, 1)
    lapse(other, "lease_until")
    assert RunLedger(run, quiet_s=180).expire_leases() == 0


def test_a_doubt_is_neither_claimed_nor_read_back_in_its_quiet_period(run: Run) -> None:
    store = ready(run, "a")
    store.finish([(o, AMBIGUOUS) for o in store.claim(Kind.PERSON, 1)])
    assert (store.claim(Kind.PERSON, 1), store.take_quiet(Kind.PERSON, 1)) == ([], [])
    wait = row(run).not_before
    assert wait is not None
    lapse(run, "not_before")
    assert (store.claim(Kind.PERSON, 1), len(store.take_quiet(Kind.PERSON, 1))) == ([], 1)


@pytest.mark.parametrize("quiet_s", [10, 180])
@pytest.mark.parametrize("because", ["the answer proves nothing", "the lease ran out"])
def test_the_quiet_period_is_as_long_as_the_project_says(run: Run, quiet_s: int, because: str) -> None:
    ready(run, "a")
    store = RunLedger(run, quiet_s=quiet_s)
    [claimed] = store.claim(Kind.PERSON, 1)
    if because == "the lease ran out":
        lapse(run, "lease_until")
        store.expire_leases()
    else:
        store.finish([(claimed, AMBIGUOUS)])
    stored = row(run)
    assert stored.not_before is not None
    assert stored.sent_at is not None
    assert 0 <= (stored.not_before - stored.sent_at).total_seconds() - quiet_s < 5


def test_a_doubt_that_somebody_reads_back_is_left_to_them(run: Run) -> None:
    store = doubtful(run, "a")
    assert len(store.take_quiet(Kind.PERSON, 1)) == 1
    assert store.take_quiet(Kind.PERSON, 1) == []


def test_a_doubt_whose_reader_died_is_taken_by_another(run: Run) -> None:
    store = doubtful(run, "a")
    [dead] = store.take_quiet(Kind.PERSON, 1)
    lapse(run, "not_before")
    [alive] = store.take_quiet(Kind.PERSON, 1)
    store.settle(dead, "late")
    assert (states(run), alive.fence) == ({"a": "ambiguous"}, dead.fence + 1)
    store.settle(alive, "17")
    assert (row(run).state, row(run).target_id, row(run).reason) == ("done", "17", "")


def test_what_is_not_in_the_target_is_ready_again(run: Run) -> None:
    store = doubtful(run, "a")
    [checked] = store.take_quiet(Kind.PERSON, 1)
    store.settle(checked, None)
    assert (states(run), row(run).reason) == ({"a": "ready"}, "")
    [again] = store.claim(Kind.PERSON, 1)
    assert row(run).attempts == 2
    assert again.fence > checked.fence


def test_reading_back_begins_at_the_oldest_of_the_doubts(run: Run) -> None:
    store = doubtful(run, "a", "b")
    doubts = store.take_quiet(Kind.PERSON, 2)
    run.operations.filter(key="b").update(sent_at=Now() - timedelta(hours=3))
    assert store.oldest_sent(doubts) == row(run, "b").sent_at


def test_unfinished_are_those_due_in_flight_and_in_doubt(run: Run) -> None:
    store = ready(run, *"abcdef")
    for key, state in zip(
        "abcdef", ("ready", "ambiguous", "done", "rejected", "undone", "planned"), strict=True
    ):
        run.operations.filter(key=key).update(state=state)
    assert (store.unfinished(Kind.PERSON), store.unfinished(Kind.DEAL)) == (2, 0)


# Looking up


def test_ids_of_written_records_are_found_by_key(run: Run) -> None:
    ready(run, *"abc")
    run.operations.filter(key="a").update(target_id="17")
    run.operations.filter(key="c").update(target_id="19")
    assert ledger.target_ids(run, Kind.PERSON, ["a", "b"]) == {"a": "17"}


def test_the_codes_of_new_fields_are_known_to_the_run_and_to_its_rollback(run: Run) -> None:
    ready(run, "person:Size:varchar", "person:Old:varchar", kind=Kind.FIELD)
    run.operations.filter(key="person:Size:varchar").update(target_id="9:abc123")
    run.operations.filter(key="person:Old:varchar").update(target_id="9")
    Run.objects.filter(pk=run.pk).update(state=RunState.FINISHED)
    rollback = made.run(run.project, RunKind.ROLLBACK, of_run=run)
    assert ledger.field_codes(run) == ledger.field_codes(rollback) == {"person:Size:varchar": "abc123"}


def test_counts_are_operations_and_the_source_records_in_them(run: Run) -> None:
    ready(run, "a", "b")
    run.operations.filter(key="b").update(source_count=3)
    assert ledger.counts(run) == {("person", "create", "ready"): (2, 4)}


def test_rows_are_seen_as_operations_for_comparing(run: Run) -> None:
    ready(run, "a")
    [seen] = ledger.claimed_of(run.operations.select_related("payload"))
    assert (seen.key, seen.body, seen.fence) == ("a", {"name": "Astrid Lindqvist"}, 0)


# What the database itself refuses


def test_an_operation_is_there_once_per_run_kind_and_key(run: Run) -> None:
    ready(run, "a")
    with pytest.raises(IntegrityError, match="one_operation_per_run_kind_and_key"), transaction.atomic():
        Operation.objects.create(run=run, kind="person", key="a", marker="a", act="create", state="ready")


@pytest.mark.parametrize("state", [s for s in OperationState if s != OperationState.ACCOUNTED])
def test_a_bucket_can_never_be_sent(run: Run, state: OperationState) -> None:
    ledger.add(run, [made.planned(key="a", act=Act.HOLD)])
    with pytest.raises(IntegrityError, match="accounted_operations_write_nothing"), transaction.atomic():
        run.operations.update(state=state.value, sent_at=Now(), lease_until=Now())


@pytest.mark.parametrize("missing", ["sent_at", "lease_until"])
def test_nothing_is_in_flight_without_a_time_and_a_lease(run: Run, missing: str) -> None:
    ready(run, "a").claim(Kind.PERSON, 1)
    with pytest.raises(IntegrityError, match="sent_operations_have_a_time_and_a_lease"), transaction.atomic():
        run.operations.update(**{missing: None})


def test_a_claim_uses_its_index(run: Run) -> None:
    ready(run, *(f"{n:03}" for n in range(50)))
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("set local enable_bitmapscan = off")
        cursor.execute(f"explain {ledger._CLAIM}", [run.pk, "person", 10, 90])
        lines = "\n".join(line for (line,) in cursor.fetchall())
    assert "operation_ready" in lines
