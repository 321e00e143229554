"""Each kind is written once, is listed again and equals what was sent."""

from typing import Any

import pytest

from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.outcomes import Proof
from migrator.engine.records import Kind
from migrator.pipedrive.neutral import neutral_of
from migrator.simulators.http_wsgi import Request, json_response
from tests.integration.wire.conftest import Account, just_now, open_account, person
from tests.wire_clients import operation


def organization() -> ClaimedOperation:
    return operation(
        Kind.ORGANIZATION, {"name": "Acme AB", "address": "Road 1, Oslo", "custom": {}}, number=50, key="acme"
    )


def deal(**changes: Any) -> ClaimedOperation:
    body = {
        "title": "Offer",
        "person": "p1",
        "organization": "acme",
        "value": 10.5,
        "currency": "SEK",
        "status": "won",
        "pipeline": "Pipeline",
        "stage": "Contact made",
        "expected_close_date": "2026-01-02",
        **changes,
    }
    return operation(Kind.DEAL, body, number=60)


def activity() -> ClaimedOperation:
    note = "<p>Opened &amp; read<br/>twice</p>"
    body = {"subject": "Open", "type": "Task", "due_date": "2024-01-02", "due_time": "10:11", "person": "p1"}
    return operation(Kind.ACTIVITY, {**body, "note": note}, number=70)


def note() -> ClaimedOperation:
    body = {"content": "<p>Visited <b>shop</b></p>", "add_time": "2024-01-02 03:04:05", "person": "p1"}
    return operation(Kind.NOTE, body, number=80)


def everything(account: Account) -> list[ClaimedOperation]:
    steps = [organization(), person(1, organization="acme"), deal(), activity(), note()]
    for step in steps:
        assert account.sent(step).proof == Proof.DONE
    return steps


def test_every_kind_reads_back_as_it_was_written(account: Account) -> None:
    for step in everything(account):
        (record,) = [r for r in account.records(step.kind) if account.target.marker_of(step.kind, r)]
        assert account.target.marker_of(step.kind, record) == step.marker
        assert account.target.differences(step, record) == ()


def test_a_written_person_holds_everything_that_was_meant(account: Account) -> None:
    everything(account)
    (record,) = account.records(Kind.PERSON)
    body = neutral_of(Kind.PERSON, record, account.target.resolver)
    assert body["labels"] == ["VIP"]
    assert body["emails"] == [{"value": "ann1@example.org", "label": "work", "primary": True}]
    assert body["organization"] == account.ids.known[Kind.ORGANIZATION, "acme"]
    custom = body["custom"]
    assert isinstance(custom, dict)
    assert custom["person:Shoe size:double"] == 42.5
    assert custom["person:Sections:set"] == ["Sweden", "Norway"]


def test_a_deal_lands_on_its_stage(account: Account) -> None:
    everything(account)
    body = neutral_of(Kind.DEAL, account.records(Kind.DEAL)[0], account.target.resolver)
    assert (body["pipeline"], body["stage"], body["status"]) == ("Pipeline", "Contact made", "won")


def test_an_archived_deal_is_listed_too(account: Account) -> None:
    everything(account)
    (record,) = account.records(Kind.DEAL)
    body = json_response(200, {"is_archived": True}).body
    account.app.control.act(Request("PATCH", f"/api/v2/deals/{record['id']}", {}, {}, body), None)
    assert [r["id"] for r in account.records(Kind.DEAL)] == [record["id"]]


@pytest.mark.parametrize("kind", [Kind.PERSON, Kind.ORGANIZATION, Kind.DEAL, Kind.ACTIVITY, Kind.NOTE])
def test_a_deleted_record_is_listed_no_more(account: Account, kind: Kind) -> None:
    steps = {step.kind: step for step in everything(account)}
    target_id = account.ids.known[kind, steps[kind].key]
    gone = operation(kind, number=99, act=Act.DELETE, target_id=target_id)
    assert account.sent(gone).proof == Proof.DONE
    assert account.records(kind) == []
    assert account.sent(gone).proof == Proof.DONE


def test_an_update_changes_only_what_it_names(account: Account) -> None:
    account.sent(person(1))
    target_id = account.ids.known[Kind.PERSON, "p1"]
    change = operation(
        Kind.PERSON,
        {"custom": {"person:Shoe size:double": 40}},
        number=2,
        act=Act.UPDATE,
        target_id=target_id,
    )
    assert account.sent(change).target_id == target_id
    (record,) = account.records(Kind.PERSON)
    assert account.target.differences(change, record) == ()
    assert account.target.marker_of(Kind.PERSON, record) == person(1).marker
    assert account.target.differences(person(1), record) == ("Shoe size",)


def test_the_checksum_of_a_record_lasts_until_somebody_edits_it(account: Account) -> None:
    account.sent(person(1))
    (before,) = account.records(Kind.PERSON)
    account.send(operation(Kind.NOTE, {"content": "<p>x</p>", "person": "p1"}, number=2))
    (after,) = account.records(Kind.PERSON)
    assert account.target.content_sha(Kind.PERSON, before) == account.target.content_sha(Kind.PERSON, after)
    edit = operation(Kind.PERSON, {"name": "Anna"}, number=3, act=Act.UPDATE, target_id=str(before["id"]))
    account.sent(edit)
    (edited,) = account.records(Kind.PERSON)
    assert account.target.content_sha(Kind.PERSON, edited) != account.target.content_sha(Kind.PERSON, after)


def test_many_threads_write_each_record_once(account: Account) -> None:
    people = [person(number) for number in range(1, 41)]
    outcomes = account.send(*people)
    assert {outcome.proof for outcome in outcomes.values()} == {Proof.DONE}
    assert len({outcome.target_id for outcome in outcomes.values()}) == 40
    markers = [account.target.marker_of(Kind.PERSON, r) for r in account.records(Kind.PERSON)]
    assert sorted(markers) == sorted(p.marker for p in people)


def test_the_price_of_a_batch_is_what_the_price_list_says(account: Account) -> None:
    account.target.resolver.read("person_fields")
    account.pacer.tokens.clear()
    account.send(*[person(number) for number in range(1, 6)])
    assert account.pacer.tokens == [5] * 5


def test_what_we_count_is_what_the_service_counts(account: Account) -> None:
    written = everything(account)
    for step in written:
        account.records(step.kind)
        account.target.find_written([step], just_now())
    gone = [
        operation(s.kind, number=s.id + 500, act=Act.DELETE, target_id=account.ids.known[s.kind, s.key])
        for s in reversed(written)
    ]
    account.send(*gone)
    account.target.find_written(gone, just_now())
    assert sum(account.pacer.tokens) == account.app.control.inspect()["tokens"]["total"]


def test_ids_of_parents_are_asked_for_once_a_batch(account: Account) -> None:
    account.sent(organization())
    account.send(*[person(number, organization="acme") for number in range(1, 9)])
    assert account.ids.asked == 1


def test_a_record_without_its_parent_is_refused_and_the_others_go_on(account: Account) -> None:
    outcomes = account.send(person(1), person(2, organization="never written"), person(3))
    assert [outcomes[n].proof for n in (1, 2, 3)] == [Proof.DONE, Proof.REJECTED, Proof.DONE]
    assert len(account.records(Kind.PERSON)) == 2


def test_an_invalid_record_is_refused_with_the_services_words(account: Account) -> None:
    outcome = account.sent(person(1, name="x" * 300))
    assert outcome.proof == Proof.REJECTED
    assert "name" in outcome.reason


def test_pages_since_a_moment_hold_only_what_changed(account: Account) -> None:
    account.sent(person(1))
    later = just_now().replace(year=just_now().year + 1)
    assert [page for page in account.target.iter_pages(Kind.PERSON, since=later) if page] == []
    assert sum(len(page) for page in account.target.iter_pages(Kind.PERSON, since=just_now())) == 1


def test_what_is_there_already_is_read_for_matching(account: Account) -> None:
    everything(account)
    (page,) = account.target.iter_existing(Kind.PERSON)
    assert (page[0].name, page[0].emails, page[0].marker) == (
        "Ann 1",
        ("ann1@example.org",),
        person(1).marker,
    )
    assert {"name", "emails", "labels"} <= page[0].filled


def test_an_account_without_our_field_has_no_markers() -> None:
    bare = open_account()
    assert [page for page in bare.target.iter_existing(Kind.PERSON) if page] == []
    assert bare.target.resolver.find("person:Crosswalk ID:varchar") is None
