"""Our line in texts: put in once, found again, not fooled by what a text says before it."""

import pytest

from migrator.engine.records import Kind
from migrator.pipedrive.markers import marker_in_text, marker_of, with_reference
from tests.unit.pipedrive.resolvers import MARKER, resolver

UUID = "0c9e3f6a-1b2c-5d4e-8f90-112233445566"


def test_it_puts_the_line_last_and_once() -> None:
    once = with_reference("<p>text</p>", UUID)
    assert once == f"<p>text</p><p>Crosswalk ref {UUID}</p>"
    assert with_reference(once, UUID) == once


@pytest.mark.parametrize(
    "text",
    [
        f"<p>x</p><p>Crosswalk ref {UUID}</p>",
        f"<p>x</p>\n<p>Crosswalk ref {UUID}</p>\n",
        f"x Crosswalk ref {UUID}",
        f"<div>Crosswalk ref <b>other-1234</b></div><p>Crosswalk ref {UUID}</p>",
        f"<p>Crosswalk ref forged-0001</p><p>Crosswalk ref {UUID}</p>",
    ],
)
def test_it_finds_the_last_one(text: str) -> None:
    assert marker_in_text(text) == UUID


@pytest.mark.parametrize("text", ["", "<p>plain</p>", "Crosswalk reference", "<p>Crosswalk ref</p>"])
def test_it_finds_none_where_none_is(text: str) -> None:
    assert marker_in_text(text) == ""


def test_it_finds_the_marker_of_each_kind() -> None:
    names = resolver()
    assert marker_of(Kind.PERSON, {"custom_fields": {MARKER: "p-1"}}, names) == "p-1"
    assert marker_of(Kind.NOTE, {"content": with_reference("a", UUID)}, names) == UUID
    assert marker_of(Kind.ACTIVITY, {"note": with_reference("a", UUID)}, names) == UUID


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        (Kind.PERSON, {"custom_fields": {MARKER: None}}),
        (Kind.PERSON, {}),
        (Kind.ACTIVITY, {"note": None}),
        (Kind.LABEL, {"label": "VIP"}),
    ],
)
def test_a_record_of_others_has_none(kind: Kind, record: dict[str, object]) -> None:
    assert marker_of(kind, record, resolver()) == ""  # type: ignore[arg-type]
