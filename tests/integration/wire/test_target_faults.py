"""A service that misbehaves: nothing is written twice, nothing is believed that is not proved."""

import threading

import pytest

from migrator.engine.errors import TransientError
from migrator.engine.inventory import TargetObject
from migrator.engine.operations import Act
from migrator.engine.outcomes import Proof, Stop
from migrator.engine.records import Kind
from migrator.pipedrive.target import PipedriveTarget
from migrator.simulators.faults import FaultKind
from tests.integration.wire.conftest import Account, field_operation, just_now, open_account, person
from tests.wire_clients import Ids, NoPacer, operation, pipedrive_client, pipedrive_target

PERSONS = "/api/v2/persons"


def markers(account: Account) -> list[str]:
    return [account.target.marker_of(Kind.PERSON, r) for r in account.records(Kind.PERSON)]


@pytest.mark.parametrize(
    ("fault", "written"),
    [
        (FaultKind.BEFORE_500, False),
        (FaultKind.AFTER_500, True),
        (FaultKind.LOST, True),
        (FaultKind.RESET, True),
        (FaultKind.TRUNCATED, True),
        (FaultKind.HTML, True),
        (FaultKind.LATE, False),
    ],
)
def test_a_doubt_is_settled_by_reading_back(account: Account, fault: FaultKind, written: bool) -> None:
    account.break_with(fault, path=PERSONS)
    op = person(1)
    assert account.sent(op).proof == Proof.AMBIGUOUS
    found = account.target.find_written([op], just_now())
    assert (op.id in found) is written
    assert len(markers(account)) == written
    if written:
        assert found[op.id] == str(account.records(Kind.PERSON)[0]["id"])


def test_one_doubt_leaves_the_others_alone(account: Account) -> None:
    account.break_with(FaultKind.LOST, path=PERSONS)
    outcomes = account.send(*[person(number) for number in range(1, 9)])
    proofs = sorted(outcome.proof for outcome in outcomes.values())
    assert proofs == [Proof.AMBIGUOUS, *[Proof.DONE] * 7]
    assert len(markers(account)) == 8


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.ORGANIZATION, {"name": "Acme"}),
        (Kind.DEAL, {"title": "Offer", "person": "p1"}),
        (Kind.ACTIVITY, {"subject": "Open", "type": "task", "person": "p1"}),
        (Kind.NOTE, {"content": "<p>x</p>", "person": "p1"}),
        (
            Kind.FIELD,
            {"object": "person", "name": "New", "type": "varchar", "options": [], "existing": False},
        ),
        (Kind.LABEL, {"options": ["Fresh"]}),
    ],
)
@pytest.mark.parametrize("fault", [FaultKind.LOST, FaultKind.HTML])
def test_a_lost_answer_is_found_again_for_every_kind(
    account: Account, kind: Kind, body: dict[str, object], fault: FaultKind
) -> None:
    account.sent(person(1))
    account.break_with(fault)
    op = operation(kind, body, number=7)
    assert account.sent(op).proof == Proof.AMBIGUOUS
    assert set(account.target.find_written([op], just_now())) == {op.id}


@pytest.mark.parametrize("fault", [FaultKind.BEFORE_500, FaultKind.LOST])
@pytest.mark.parametrize("act", [Act.UPDATE, Act.DELETE, Act.RESTORE])
def test_a_doubt_about_a_change_is_settled_by_looking_at_the_record(
    account: Account, act: Act, fault: FaultKind
) -> None:
    account.sent(person(1))
    target_id = account.ids.known[Kind.PERSON, "p1"]
    body: dict[str, object] = {} if act == Act.DELETE else {"name": "Changed"}
    op = operation(Kind.PERSON, body, number=2, act=act, target_id=target_id)
    account.break_with(fault, path=PERSONS, method="")
    assert account.sent(op).proof == Proof.AMBIGUOUS
    found = account.target.find_written([op], just_now())
    assert found == ({2: target_id} if fault == FaultKind.LOST else {})


def test_a_read_back_forgives_a_read_that_fails(account: Account) -> None:
    account.sent(person(1))
    account.break_with(FaultKind.HTML, path=PERSONS, method="GET", times=2)
    assert account.target.find_written([person(1)], just_now()) != {}


def test_after_a_burst_nothing_more_of_the_batch_leaves(account: Account) -> None:
    account.break_with(FaultKind.TOO_MANY, path=PERSONS)
    serial = pipedrive_target(account.app, account.ids, threads=1)
    outcomes = dict((op.id, outcome) for op, outcome in serial.send_all([person(n) for n in range(1, 6)]))
    assert {outcome.proof for outcome in outcomes.values()} == {Proof.NOT_DONE}
    assert {outcome.stop for outcome in outcomes.values()} == {Stop.BURST}
    assert outcomes[1].retry_after > 0
    assert markers(account) == []


def test_a_spent_day_stops_the_run_until_the_reset() -> None:
    account = open_account(limits_off=False, daily_budget=60, plan="ultimate")
    fields = [field_operation("Crosswalk ID", "varchar", [])]
    assert account.send(*fields)[1].proof == Proof.DONE
    serial = pipedrive_target(account.app, account.ids, threads=1)
    outcomes = [o for _, o in serial.send_all([person(n, labels=[], custom={}) for n in range(1, 20)])]
    stopped = [o for o in outcomes if o.stop == Stop.DAILY_BUDGET]
    assert stopped
    assert stopped[0].retry_after > 60
    assert {o.proof for o in outcomes} == {Proof.DONE, Proof.NOT_DONE}


def test_a_revoked_token_stops_the_run_and_writes_nothing(account: Account) -> None:
    account.target.resolver.read("users")
    account.app.control.revoke_token(None)
    outcome = account.sent(person(1))
    assert (outcome.proof, outcome.stop) == (Proof.NOT_DONE, Stop.CREDENTIALS)
    assert "token" in outcome.reason


def test_a_field_that_is_deleted_in_the_middle_stops_the_run_with_its_name(account: Account) -> None:
    account.sent(person(1))
    code = account.target.resolver.field("person:Shoe size:double").code
    pipedrive_client(account.app).delete_field(TargetObject.PERSON, code)
    outcome = account.sent(person(2))
    assert (outcome.proof, outcome.stop) == (Proof.NOT_DONE, Stop.DRIFT)
    assert code in outcome.reason
    account.target.resolver.forget()
    again = account.sent(person(3))
    assert (again.proof, again.stop) == (Proof.NOT_DONE, Stop.DRIFT)
    assert "Shoe size" in again.reason


def test_an_unknown_label_stops_the_run_before_anything_is_sent(account: Account) -> None:
    outcome = account.sent(person(1, labels=["Nobody made this"]))
    assert (outcome.proof, outcome.stop) == (Proof.NOT_DONE, Stop.DRIFT)
    assert "Nobody made this" in outcome.reason
    assert markers(account) == []


def test_a_batch_that_takes_too_long_is_finished_in_the_next_slice(account: Account) -> None:
    ticks = iter(range(0, 1000, 10))
    client = pipedrive_client(account.app)
    slow = PipedriveTarget(
        client, account.target.resolver, Ids(), threads=1, batch_seconds=25, monotonic=lambda: next(ticks)
    )
    outcomes = [outcome for _, outcome in slow.send_all([person(n) for n in range(1, 6)])]
    assert [o.proof for o in outcomes].count(Proof.DONE) == 2
    assert {o.stop for o in outcomes} == {Stop.NONE}
    assert len(markers(account)) == 2


def test_a_pacer_that_refuses_is_no_doubt(account: Account) -> None:
    class Spent(NoPacer):
        def acquire(self, *, requests: int, tokens: int) -> None:
            raise TransientError("The budget of today is spent.", retry_after=3_600)

    client = pipedrive_client(account.app, pacer=Spent())
    spent = PipedriveTarget(client, account.target.resolver, Ids(), threads=1)
    account.target.resolver.read("users")
    (outcome,) = [outcome for _, outcome in spent.send_all([person(1)])]
    assert (outcome.proof, outcome.stop, outcome.retry_after) == (Proof.NOT_DONE, Stop.DAILY_BUDGET, 3_600)


def test_a_read_that_fails_before_the_write_is_no_doubt(account: Account) -> None:
    fresh = pipedrive_target(account.app, attempts=1)
    account.break_with(FaultKind.BEFORE_500, method="GET", times=5)
    (outcome,) = [outcome for _, outcome in fresh.send_all([person(1)])]
    assert (outcome.proof, outcome.stop) == (Proof.NOT_DONE, Stop.BURST)


def test_a_surprise_is_raised_after_every_other_outcome(account: Account) -> None:
    broken = operation(Kind.PERSON, {"custom": {"person:Shoe size:double": object()}}, number=5)  # type: ignore[dict-item]
    serial = pipedrive_target(account.app, account.ids, threads=1)
    seen: dict[int, Proof] = {}

    def listen() -> None:
        for op, outcome in serial.send_all([person(1), broken, person(2)]):
            seen[op.id] = outcome.proof

    with pytest.raises(TypeError):
        listen()
    assert seen[1] == Proof.DONE
    assert 5 not in seen


def test_a_caller_who_stops_listening_leaves_no_thread_behind(account: Account) -> None:
    outcomes = account.target.send_all([person(n) for n in range(1, 20)])
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("pipedrive")]


def test_nothing_to_send_is_no_work(account: Account) -> None:
    assert list(account.target.send_all([])) == []
    assert account.target.find_written([], just_now()) == {}


def test_nothing_leaves_when_the_claim_may_be_somebody_elses(account: Account) -> None:
    outcomes = [outcome for _, outcome in account.target.send_all([person(1), person(2)], send_by=0.0)]
    assert {outcome.proof for outcome in outcomes} == {Proof.NOT_DONE}
    assert markers(account) == []
