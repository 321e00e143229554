"""What counts as a difference between a sent body and a listed record, and what does not."""

from typing import Any

import pytest

from migrator.engine.records import Kind
from migrator.pipedrive.comparison import content_sha, differing
from tests.unit.pipedrive.resolvers import CONSENT, SIZE, SPEND, TOPICS, resolver


def names(sent: dict[str, Any], held: dict[str, Any], kind: Kind = Kind.PERSON) -> tuple[str, ...]:
    return differing(kind, sent, held, resolver())


def mail(value: str, label: str = "work", primary: bool = True) -> dict[str, Any]:
    return {"value": value, "label": label, "primary": primary}


@pytest.mark.parametrize(
    ("key", "sent", "held"),
    [
        ("name", "Ann", "Ann "),
        ("emails", [{"value": "Ann@Example.org"}], [mail("ann@example.org")]),
        (
            "emails",
            [mail("a@x.se"), mail("b@x.se", primary=False)],
            [mail("b@x.se", primary=False), mail("a@x.se")],
        ),
        ("emails", [], None),
        ("label_ids", [2, 1], [1, 2]),
        ("label_ids", [], None),
        ("owner_id", 7, {"id": 7, "name": "Kari"}),
        ("address", {"value": "Road 1"}, {"value": "Road 1", "country": "Norway"}),
        ("due_time", "10:11", "10:11:00"),
        ("note", "<p>a &amp; b<br/>c</p>", "<p>a &amp; b<br>c</p>\n"),
        ("note", "<p>a&nbsp;b</p> <p>c</p>", "<p>a b</p><p>c</p>"),
        ("note", "<p>é</p>", "<p>&eacute;</p>"),
        ("participants", [{"person_id": 1, "primary": True}], [{"primary": True, "person_id": 1, "x": None}]),
        ("value", 10, 10.0),
    ],
)
def test_these_are_the_same(key: str, sent: Any, held: Any) -> None:
    assert names({key: sent}, {key: held, "other": 1}) == ()


@pytest.mark.parametrize(
    ("key", "sent", "held"),
    [
        ("name", "Ann", "Anna"),
        ("emails", [mail("a@x.se")], [mail("b@x.se")]),
        ("emails", [mail("a@x.se")], [mail("a@x.se"), mail("b@x.se", primary=False)]),
        ("emails", [mail("a@x.se", "home")], [mail("a@x.se", "work")]),
        ("label_ids", [1], [1, 2]),
        ("address", {"value": "Road 1"}, {"value": "Road 2"}),
        ("note", "<p>a</p>", "<p>b</p>"),
        ("note", "<p>a</p>", "<p><b>a</b></p>"),
        ("value", 10, 11),
        ("done", True, False),
        ("org_id", 5, None),
    ],
)
def test_these_differ(key: str, sent: Any, held: Any) -> None:
    assert names({key: sent}, {key: held}) == (key,)


@pytest.mark.parametrize(
    ("code", "sent", "held", "same"),
    [
        (SIZE, 42, 42.0, True),
        (SIZE, 42, 43, False),
        (SIZE, None, None, True),
        (SIZE, 42, None, False),
        (TOPICS, [22, 21], [21, 22], True),
        (SPEND, {"value": 9, "currency": "SEK"}, {"value": 9.0, "currency": "SEK", "x": 1}, True),
        (SPEND, {"value": 9, "currency": "SEK"}, {"value": 9, "currency": "EUR"}, False),
        (CONSENT, 11, 12, False),
    ],
)
def test_custom_values_compare_by_type(code: str, sent: Any, held: Any, same: bool) -> None:
    found = names({"custom_fields": {code: sent}}, {"custom_fields": {code: held}})
    assert (found == ()) is same


def test_a_custom_field_is_named_as_people_know_it() -> None:
    assert names({"custom_fields": {SIZE: 1}}, {"custom_fields": {SIZE: 2}}) == ("Shoe size",)


def test_a_custom_field_that_is_gone_is_named_by_its_code() -> None:
    assert names({"custom_fields": {"f" * 40: 1}}, {}) == ("f" * 40,)


RECORD: dict[str, Any] = {
    "id": 5,
    "name": "Ann",
    "add_time": "2024-01-01T00:00:00Z",
    "update_time": "2026-01-01T00:00:00Z",
    "emails": [mail("ann@example.org")],
    "custom_fields": {SIZE: 42, SPEND: None},
}


@pytest.mark.parametrize(
    "change",
    [
        {"update_time": "2027-01-01T00:00:00Z"},
        {"activities_count": 9},
        {"last_activity_id": 9},
        {"user": {"name": "Kari"}},
        {"custom_fields": {SIZE: 42.0, SPEND: None, CONSENT: None}},
        {"label_ids": []},
    ],
)
def test_the_checksum_stays_where_only_the_service_changed_something(change: dict[str, Any]) -> None:
    if change == {"custom_fields": {SIZE: 42.0, SPEND: None, CONSENT: None}}:
        change = {"custom_fields": {SIZE: 42, SPEND: None, CONSENT: None}}
    assert content_sha(RECORD | change) == content_sha(RECORD)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Anna"},
        {"add_time": "2024-01-02T00:00:00Z"},
        {"emails": []},
        {"label_ids": [1]},
        {"custom_fields": {SIZE: 43}},
        {"custom_fields": {}},
        {"owner_id": 9},
    ],
)
def test_the_checksum_changes_with_anything_that_a_person_may_edit(change: dict[str, Any]) -> None:
    assert content_sha(RECORD | change) != content_sha(RECORD)


def test_a_note_has_a_checksum_without_custom_fields() -> None:
    note = {"id": 1, "content": "<p>a</p>", "last_update_user_id": 5}
    assert content_sha(note) == content_sha({"id": 1, "content": "<p>a</p> "})
    assert content_sha(note) != content_sha({"id": 1, "content": "<p>b</p>"})
