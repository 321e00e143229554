"""Neutral bodies into wire JSON."""

from typing import Any

import pytest

from migrator.engine.errors import DriftError, PermanentError
from migrator.engine.operations import Act
from migrator.engine.records import Kind
from migrator.pipedrive.fields import Resolver
from migrator.pipedrive.payloads import References, keys_of, referenced, sendable, wire_body
from tests.unit.pipedrive.resolvers import (
    BORN,
    CONSENT,
    KEEPER,
    MARKER,
    SIZE,
    SPEND,
    STREET,
    TOPICS,
    Lists,
    resolver,
)
from tests.wire_clients import operation

KNOWN = References({(Kind.PERSON, "p1"): "501", (Kind.ORGANIZATION, "acme"): "77"})


def wire(kind: Kind, body: dict[str, Any], act: Act = Act.CREATE, **more: Any) -> dict[str, Any]:
    return wire_body(operation(kind, body, act=act, marker="m-0001", **more), resolver(), KNOWN)


def test_a_person_carries_everything_in_the_creating_call() -> None:
    body = {
        "name": "Ann Example",
        "first_name": "Ann",
        "emails": [{"value": "ann@example.org", "label": "home", "primary": True}],
        "phones": [],
        "organization": "acme",
        "owner": "kari@example.org",
        "labels": ["VIP"],
        "custom": {"person:Shoe size:double": 42.5},
    }
    assert wire(Kind.PERSON, body) == {
        "name": "Ann Example",
        "emails": [{"value": "ann@example.org", "label": "home", "primary": True}],
        "phones": [],
        "org_id": 77,
        "owner_id": 7,
        "label_ids": [1],
        "custom_fields": {SIZE: 42.5, MARKER: "m-0001"},
    }


@pytest.mark.parametrize(
    ("ref", "value", "code", "sent"),
    [
        ("person:Email consent:enum", "No", CONSENT, 12),
        ("person:Topics: news:set", ["Bike", "Ski"], TOPICS, [22, 21]),
        ("person:Topics: news:set", [], TOPICS, None),
        ("person:Topics: news:set", "Ski", TOPICS, [21]),
        ("person:Spend:monetary", {"value": 9, "currency": "SEK"}, SPEND, {"value": 9, "currency": "SEK"}),
        ("person:Street:address", "Road 1", STREET, {"value": "Road 1"}),
        ("person:Keeper:user", "kari@example.org", KEEPER, 7),
        ("person:Born:date", "1983-01-09", BORN, "1983-01-09"),
        ("person:Born:date", None, BORN, None),
        ("person:Born:date", "", BORN, None),
    ],
)
def test_a_custom_value_takes_the_shape_of_its_type(ref: str, value: Any, code: str, sent: Any) -> None:
    assert wire(Kind.PERSON, {"name": "A", "custom": {ref: value}})["custom_fields"][code] == sent


def test_a_number_becomes_text_in_a_text_field() -> None:
    row = {"field_code": "c" * 40, "field_name": "Code", "field_type": "varchar", "is_custom_field": True}
    marker = {
        "field_code": MARKER,
        "field_name": "Crosswalk ID",
        "field_type": "varchar",
        "is_custom_field": True,
    }
    names = Resolver(Lists(person_fields=[row, marker]))
    made = wire_body(operation(Kind.PERSON, {"custom": {"person:Code:varchar": 138}}), names, KNOWN)
    assert made["custom_fields"]["c" * 40] == "138"


def test_a_name_is_put_together_where_only_its_parts_are_known() -> None:
    assert wire(Kind.PERSON, {"first_name": "Ann", "last_name": "Example"})["name"] == "Ann Example"


def test_an_owner_who_is_no_user_is_left_out() -> None:
    assert "owner_id" not in wire(Kind.PERSON, {"name": "A", "owner": "nobody@example.org"})


def test_an_organization_has_its_address_as_an_object() -> None:
    made = wire(Kind.ORGANIZATION, {"name": "Acme", "address": "Road 1", "custom": {}})
    assert made == {"name": "Acme", "address": {"value": "Road 1"}, "custom_fields": {"a" * 40: "m-0001"}}


def test_a_deal_names_its_stage_by_id() -> None:
    body = {
        "title": "Offer",
        "person": "p1",
        "organization": None,
        "value": 10,
        "currency": "SEK",
        "status": "won",
        "pipeline": "Renewals",
        "stage": "Won over",
        "expected_close_date": None,
    }
    assert wire(Kind.DEAL, body) == {
        "title": "Offer",
        "value": 10,
        "currency": "SEK",
        "status": "won",
        "person_id": 501,
        "pipeline_id": 2,
        "stage_id": 32,
        "custom_fields": {"d" * 40: "m-0001"},
    }


def test_an_activity_is_done_and_links_by_participants() -> None:
    body = {"subject": "Open", "type": "Task", "due_date": "2024-01-02", "due_time": "10:11", "person": "p1"}
    made = wire(Kind.ACTIVITY, {**body, "note": "<p>a</p>"})
    assert made["participants"] == [{"person_id": 501, "primary": True}]
    assert made["done"] is True
    assert made["note"] == "<p>a</p><p>Crosswalk ref m-0001</p>"
    assert not made.keys() & {"person_id", "attendees", "add_time", "custom_fields"}


def test_a_note_keeps_its_time_and_ends_with_our_line() -> None:
    made = wire(Kind.NOTE, {"content": "<p>x</p>", "add_time": "2024-01-02 03:04:05", "person": "p1"})
    assert made == {
        "content": "<p>x</p><p>Crosswalk ref m-0001</p>",
        "add_time": "2024-01-02 03:04:05",
        "person_id": 501,
    }


def test_an_update_sends_only_what_changes() -> None:
    made = wire(Kind.PERSON, {"custom": {"person:Shoe size:double": 40}}, Act.UPDATE, target_id="5")
    assert made == {"custom_fields": {SIZE: 40}}


def test_an_update_writes_the_marker_only_where_it_is_asked_for() -> None:
    assert wire(Kind.PERSON, {"marker": True}, Act.UPDATE, target_id="5") == {
        "custom_fields": {MARKER: "m-0001"}
    }


def test_an_update_of_an_activity_leaves_its_state_alone() -> None:
    assert wire(Kind.ACTIVITY, {"subject": "New"}, Act.UPDATE, target_id="5") == {"subject": "New"}


def test_a_restore_sends_the_values_as_they_stood() -> None:
    before = {"emails": [], "custom_fields": {SIZE: None}}
    assert wire(Kind.PERSON, before, Act.RESTORE, target_id="5") == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.PERSON, {"name": "A", "organization": "lost"}),
        (Kind.DEAL, {"title": "A", "person": "lost"}),
        (Kind.ACTIVITY, {"subject": "A", "person": "lost"}),
        (Kind.NOTE, {"content": "A", "person": "lost"}),
    ],
)
def test_a_record_whose_parent_was_not_written_is_refused(kind: Kind, body: dict[str, Any]) -> None:
    with pytest.raises(PermanentError, match="was not written"):
        wire(kind, body)


def test_a_record_is_not_sent_without_a_marker_field() -> None:
    with pytest.raises(DriftError, match="Crosswalk ID"):
        wire_body(operation(Kind.PERSON, {"name": "A"}), Resolver(Lists(person_fields=[])), KNOWN)


def test_it_gathers_the_keys_that_a_batch_points_to() -> None:
    batch = [
        operation(Kind.PERSON, {"organization": "acme"}),
        operation(Kind.PERSON, {"organization": "acme"}),
        operation(Kind.DEAL, {"person": "p1", "organization": "acme"}),
        operation(Kind.NOTE, {"person": "p2"}),
        operation(Kind.NOTE, {}, act=Act.DELETE),
        operation(Kind.PERSON, {"organization": None}),
    ]
    assert referenced(batch) == {Kind.ORGANIZATION: ["acme"], Kind.PERSON: ["p1", "p2"]}


def test_the_keys_of_a_body_name_custom_fields_by_ref() -> None:
    body: dict[str, Any] = {"emails": [], "marker": True, "custom": {"person:Shoe size:double": 1}}
    assert keys_of(body) == ("emails", "marker", "person:Shoe size:double")


@pytest.mark.parametrize(
    ("wire_key", "held", "sent"),
    [
        ("owner_id", {"id": 7, "name": "Kari"}, 7),
        ("owner_id", 7, 7),
        ("address", {"value": "Road 1", "country": None}, {"value": "Road 1"}),
        ("address", {"value": None}, None),
        ("emails", None, []),
        ("name", "Ann", "Ann"),
    ],
)
def test_a_listed_value_is_sent_back_as_a_write_takes_it(wire_key: str, held: Any, sent: Any) -> None:
    assert sendable(wire_key, held) == sent
