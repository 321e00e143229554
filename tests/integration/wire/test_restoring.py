"""An update and its way back: the account ends as it began, byte for byte."""

from typing import Any

import pytest

from migrator.engine.operations import Act
from migrator.engine.outcomes import Proof
from migrator.engine.records import Kind
from migrator.pipedrive.payloads import keys_of
from migrator.pipedrive.restoring import before_image, restore_body
from migrator.simulators.pipedrive.preload import Preload
from tests.integration.wire.conftest import Account, field_operation, just_now, open_account
from tests.wire_clients import operation

PRELOAD = Preload(
    users=[{"name": "Owner", "email": "owner@example.org"}, {"name": "Kari", "email": "kari@example.org"}],
    person_fields=[
        {"field_name": "Shoe size", "field_type": "double"},
        {"field_name": "Spend", "field_type": "monetary"},
        {"field_name": "Topics", "field_type": "set", "options": ["Ski", "Bike"]},
    ],
    organizations=[{"key": "acme", "name": "Acme", "address": {"value": "Road 1", "country": "Norway"}}],
    persons=[
        {
            "name": "Ann Example",
            "organization": "acme",
            "emails": [{"value": "ann@example.org", "label": "home", "primary": True}],
            "phones": [{"value": "+47 12 34", "label": "mobile", "primary": True}],
            "labels": ["Customer"],
            "custom_fields": {"Shoe size": 40, "Topics": ["Ski"]},
        },
        {"name": "Bare"},
    ],
    deals=[{"title": "Offer", "person": "Ann Example", "value": 5, "currency": "EUR", "status": "won"}],
)

CHANGES: list[tuple[Kind, str, dict[str, Any]]] = [
    (Kind.PERSON, "Ann Example", {"marker": True}),
    (Kind.PERSON, "Ann Example", {"name": "Anna", "owner": "kari@example.org"}),
    (
        Kind.PERSON,
        "Ann Example",
        {"emails": [{"value": "new@example.org", "label": "work", "primary": True}]},
    ),
    (Kind.PERSON, "Ann Example", {"phones": []}),
    (Kind.PERSON, "Ann Example", {"labels": ["Customer", "Hot lead"]}),
    (Kind.PERSON, "Ann Example", {"custom": {"person:Shoe size:double": 41, "person:Topics:set": ["Bike"]}}),
    (Kind.PERSON, "Ann Example", {"custom": {"person:Spend:monetary": {"value": 9, "currency": "SEK"}}}),
    (Kind.PERSON, "Bare", {"marker": True, "emails": [{"value": "b@example.org"}], "labels": ["Customer"]}),
    (Kind.ORGANIZATION, "Acme", {"name": "Acme AS", "address": "Other road 2"}),
    (Kind.DEAL, "Offer", {"title": "Better offer", "value": 6, "currency": "SEK", "stage": "Contact made"}),
]


def snapshot(account: Account) -> Any:
    """Everything that is live, without what a change that was taken back leaves behind."""
    found = account.app.control.snapshot(stable=True)
    return {kind: found[kind] for kind in ("persons", "organizations", "deals")}


@pytest.mark.parametrize(("kind", "name", "changes"), CHANGES)
def test_the_way_back_puts_every_value_back(kind: Kind, name: str, changes: dict[str, Any]) -> None:
    account = open_account(preload=PRELOAD)
    account.send(
        *[
            field_operation("Crosswalk ID", "varchar", [], target=t, number=n)
            for n, t in enumerate(("person", "organization", "deal"), start=900)
        ]
    )
    start = snapshot(account)
    names = account.target.resolver
    (record,) = [r for r in account.records(kind) if r.get("name") == name or r.get("title") == name]
    before = before_image(kind, record, keys_of(changes), names)
    target_id = str(record["id"])
    change = operation(kind, changes, act=Act.UPDATE, target_id=target_id)
    assert account.sent(change).proof == Proof.DONE
    assert snapshot(account) != start
    back = operation(kind, restore_body(before, names), number=2, act=Act.RESTORE, target_id=target_id)
    assert account.sent(back).proof == Proof.DONE
    assert account.target.find_written([back], just_now()) == {2: target_id}
    assert snapshot(account) == start


def test_a_field_that_the_run_made_itself_is_emptied() -> None:
    """The image is taken when the plan is made, before the field exists."""
    account = open_account(preload=PRELOAD)
    record = account.records(Kind.PERSON)[0]
    changes: dict[str, Any] = {"custom": {"person:New:varchar": "x"}}
    before = before_image(Kind.PERSON, record, keys_of(changes), account.target.resolver)
    account.send(
        field_operation("Crosswalk ID", "varchar", []), field_operation("New", "varchar", [], number=2)
    )
    target_id = str(record["id"])
    account.sent(operation(Kind.PERSON, changes, number=3, act=Act.UPDATE, target_id=target_id))
    body = restore_body(before, account.target.resolver)
    assert (
        account.sent(operation(Kind.PERSON, body, number=4, act=Act.RESTORE, target_id=target_id)).proof
        == Proof.DONE
    )
    assert account.records(Kind.PERSON)[0]["custom_fields"] == {
        **dict.fromkeys(body["custom_fields"] if isinstance(body["custom_fields"], dict) else ()),
        **(record["custom_fields"] if isinstance(record["custom_fields"], dict) else {}),
    }
