"""Listed records as neutral bodies."""

from typing import Any

import pytest

from migrator.engine.records import Kind
from migrator.pipedrive.existing import existing_of, filled_names
from migrator.pipedrive.neutral import neutral_of
from tests.unit.pipedrive.resolvers import (
    BORN,
    CONSENT,
    KEEPER,
    MARKER,
    SIZE,
    SPEND,
    STREET,
    TOPICS,
    resolver,
)


def custom(values: dict[str, Any]) -> Any:
    return neutral_of(Kind.PERSON, {"custom_fields": values}, resolver())["custom"]


@pytest.mark.parametrize(
    ("code", "held", "ref", "value"),
    [
        (SIZE, 42, "person:Shoe size:double", 42),
        (CONSENT, 11, "person:Email consent:enum", "Yes"),
        (CONSENT, 99, "person:Email consent:enum", 99),
        (TOPICS, [21, 22], "person:Topics: news:set", ["Ski", "Bike"]),
        (
            SPEND,
            {"value": 1, "currency": "SEK", "x": 2},
            "person:Spend:monetary",
            {"value": 1, "currency": "SEK"},
        ),
        (STREET, {"value": "Road 1", "country": None}, "person:Street:address", "Road 1"),
        (KEEPER, 7, "person:Keeper:user", "Kari@Example.org"),
        (KEEPER, 70, "person:Keeper:user", 70),
        (BORN, "1983-01-09", "person:Born:date", "1983-01-09"),
    ],
)
def test_a_custom_value_stands_under_its_ref(code: str, held: Any, ref: str, value: Any) -> None:
    assert custom({code: held}) == {ref: value}


def test_what_is_empty_or_unknown_is_left_out() -> None:
    assert custom({SIZE: None, TOPICS: [], "f" * 40: "x"}) == {}


def test_a_person_is_read_with_links_owner_and_labels() -> None:
    record: dict[str, Any] = {
        "name": "Ann",
        "emails": [{"value": "a@x.se", "label": "home", "primary": True, "extra": 1}, {"value": ""}],
        "org_id": {"value": 5, "name": "Acme"},
        "owner_id": {"id": 7},
        "label_ids": [1, 99],
    }
    body = neutral_of(Kind.PERSON, record, resolver())
    assert body["emails"] == [{"value": "a@x.se", "label": "home", "primary": True}]
    assert (body["organization"], body["owner"], body["labels"]) == ("5", "Kari@Example.org", ["VIP"])


def test_an_organization_and_a_deal_are_read() -> None:
    names = resolver()
    organization = neutral_of(Kind.ORGANIZATION, {"name": "Acme", "address": {"value": "Road 1"}}, names)
    assert (organization["address"], organization["owner"]) == ("Road 1", None)
    deal = neutral_of(Kind.DEAL, {"title": "Offer", "pipeline_id": 2, "stage_id": 32, "person_id": 5}, names)
    assert (deal["pipeline"], deal["stage"], deal["person"]) == ("Renewals", "Won over", "5")


def test_an_activity_and_a_note_have_no_custom_fields() -> None:
    assert neutral_of(Kind.ACTIVITY, {"subject": "Open", "person_id": 5}, resolver())["person"] == "5"
    assert "custom" not in neutral_of(Kind.NOTE, {"content": "<p>x</p>", "person_id": None}, resolver())


def test_existing_records_have_keys_to_match_by() -> None:
    record: dict[str, Any] = {
        "id": 5,
        "name": " Ann   Example ",
        "emails": [{"value": " Ann@Example.ORG "}],
        "phones": [{"value": "+47 12 34"}, {"value": "none"}],
        "org_id": {"value": 9},
        "custom_fields": {MARKER: "p-1", SIZE: 42, SPEND: None},
    }
    found = existing_of(Kind.PERSON, record, resolver())
    assert (found.target_id, found.name, found.marker) == ("5", "Ann Example", "p-1")
    assert (found.emails, found.phones, found.organization_id) == (
        ("ann@example.org",),
        ("4712 34".replace(" ", ""),),
        "9",
    )
    assert found.filled == {"name", "emails", "phones", MARKER, SIZE}


def test_a_note_fills_no_field() -> None:
    assert list(filled_names(Kind.NOTE, {"content": "x"})) == []


def test_a_deal_is_named_by_its_title() -> None:
    assert existing_of(Kind.DEAL, {"id": 1, "title": "Offer"}, resolver()).name == "Offer"
