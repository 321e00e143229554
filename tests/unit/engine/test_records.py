"""The records as values: what permits, what comes first, and what a payload's checksum depends on."""

from dataclasses import replace

import pytest

from migrator.engine.records import ConsentState, Kind
from tests import factories as made

PERMITS = {
    ConsentState.OPT_IN: True,
    ConsentState.CONFIRMED: True,
    ConsentState.PENDING: False,
    ConsentState.OPT_OUT: False,
}


@pytest.mark.parametrize("state", ConsentState)
def test_only_a_plain_or_confirmed_opt_in_permits(state: ConsentState) -> None:
    assert state.permits is PERMITS[state]


def test_kinds_are_written_in_order_of_dependency() -> None:
    ordered = sorted(reversed(Kind), key=lambda kind: kind.order)
    assert [kind.value for kind in ordered] == [
        *("field", "label", "organization", "person", "deal", "activity", "note")
    ]


FIRST = {
    "the first ref wins": ({"a": "1", "b": "2"}, "1"),
    "a missing value is passed over": ({"b": "2"}, "2"),
    "a blank value is passed over": ({"a": "", "b": "2"}, "2"),
    "a null is passed over": ({"a": None, "b": "2"}, "2"),
    "zero is a value": ({"a": 0, "b": "2"}, 0),
    "no is a value": ({"a": False, "b": "2"}, False),
    "nothing is nothing": ({}, None),
}


@pytest.mark.parametrize(("values", "expected"), FIRST.values(), ids=FIRST)
def test_it_finds_the_first_value(values: dict[str, object], expected: object) -> None:
    profile = made.profile(values=values)
    assert profile.first_value(((made.SECTION, "a"), (made.SECTION, "b"))) is expected


@pytest.mark.parametrize("change", [{"kind": Kind.NOTE}, {"key": "p-2"}, {"body": {"name": "B"}}], ids=str)
def test_any_change_of_content_changes_the_payload_checksum(change: dict[str, object]) -> None:
    record = made.record(name="A")
    assert replace(record, **change).payload_sha != record.payload_sha


def test_how_many_source_records_it_holds_is_no_content() -> None:
    record = made.record(name="A")
    assert replace(record, source_count=2).payload_sha == record.payload_sha
