"""Canonical JSON: one spelling for equal values, another for different ones, the same on every machine."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.canonical import canonical_json, checksum, checksum_of_lines

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

SPELLINGS = {
    "keys are sorted": ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
    "keys are sorted at every depth": ([{"b": {"d": 1, "c": 2}}], '[{"b":{"c":2,"d":1}}]'),
    "there is no white space": ([1, {"a": [None, True]}], '[1,{"a":[null,true]}]'),
    "letters of every language stay": ("Åsa Kyllä", '"Åsa Kyllä"'),
    "the order of a list is kept": ([2, 1], "[2,1]"),
    "a tuple is a list": ((1, 2), "[1,2]"),
}

FOREIGN = {
    "a set": {1},
    "bytes": b"a",
    "not a number": float("nan"),
    "infinity": float("inf"),
    "an object": object(),
}


@pytest.mark.parametrize(("value", "expected"), SPELLINGS.values(), ids=SPELLINGS)
def test_it_spells_a_value_in_one_way(value: object, expected: str) -> None:
    assert canonical_json(value) == expected


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN)
def test_it_refuses_what_json_has_not(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical_json({"a": [value]})


@given(VALUES)
def test_it_reads_back_as_the_same_value(value: Any) -> None:
    assert json.loads(canonical_json(value)) == value


@given(VALUES)
def test_spelling_what_was_read_back_changes_nothing(value: Any) -> None:
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@given(VALUES)
def test_it_is_always_one_line(value: Any) -> None:
    assert "\n" not in canonical_json(value)


@given(st.dictionaries(st.text(), SCALARS, min_size=2), st.randoms())
def test_the_order_of_keys_never_changes_the_checksum(value: dict[str, Any], draw: Any) -> None:
    keys = list(value)
    draw.shuffle(keys)
    assert checksum({key: value[key] for key in keys}) == checksum(value)


@given(st.text(), st.text())
def test_different_texts_have_different_checksums(one: str, other: str) -> None:
    assert (checksum(one) == checksum(other)) == (one == other)


def test_the_checksum_is_the_same_in_every_version() -> None:
    # What people signed must stay valid: this figure may never change.
    content = {"ö": [True, None, 1.5], "a": "Astrid"}
    assert checksum(content) == "9561bbb0c4a76a62db2fdc1e564e9275a352bfe6593deb12a375cec1d56915f3"


def test_half_a_surrogate_pair_has_a_checksum_too() -> None:
    assert checksum("\ud800") != checksum("\ud801")


LINES = {
    "a boundary that moved": (["ab", "c"], ["a", "bc"]),
    "another order": (["a", "b"], ["b", "a"]),
    "one line more": (["a"], ["a", ""]),
    "one line less": (["a"], []),
}


@pytest.mark.parametrize(("one", "other"), LINES.values(), ids=LINES)
def test_the_checksum_of_lines_tells_apart(one: list[str], other: list[str]) -> None:
    assert checksum_of_lines(one) != checksum_of_lines(other)


def test_the_checksum_of_lines_takes_a_stream() -> None:
    assert checksum_of_lines(str(n) for n in range(3)) == checksum_of_lines(["0", "1", "2"])
