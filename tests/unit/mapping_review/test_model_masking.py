"""What may be said of a name or a value: kinds of characters and words for shares, and nothing to read it back from."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping_review.proposers.model.masking import (
    LONGEST_NAME,
    name_shown,
    shape_of,
    shapes_of,
    share_word,
    shares_of,
    variety_of,
)

ALPHABET = frozenset("Aa#?$ @.,-/:;+%&()…")


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("Åsa Berg", "Aa Aa"),
        ("åsa.berg@example.se", "a.a@a.a"),
        ("2024-05-31", "####-##-##"),
        ("+46 70 123 45 67", "+## ## ### ## ##"),
        ("12 500 kr", "## ### a"),
        ("€ 12,50", "$ ##,##"),
        ("ABC123", "A###"),
        ("<b>'\"`{{x}}", "?a?a?"),
        ("1234567890123456", "############+"),
        ("\u202eevil\x00", "?a?"),
        ("", ""),
        ("e\u0301tage", "a"),
    ],
)
def test_a_value_becomes_its_shape(value: str, shape: str) -> None:
    assert shape_of(value) == shape


@given(st.text(max_size=300))
def test_no_letter_and_no_digit_of_a_value_goes_through(value: str) -> None:
    assert set(shape_of(value)) <= ALPHABET


@given(st.text(alphabet=string.ascii_letters + string.digits + " .-@", max_size=60))
def test_values_of_the_same_kind_look_the_same(value: str) -> None:
    other = "".join("7" if c.isdigit() else "Q" if c.isupper() else "z" if c.islower() else c for c in value)
    assert shape_of(value) == shape_of(other)


def test_a_shape_is_never_long() -> None:
    assert len(shape_of("a1" * 100_000)) <= 40


def test_shapes_come_with_words_and_never_with_counts() -> None:
    assert shapes_of([("Anna", 812), ("Ola", 100), ("42", 3)]) == [["Aa", "nearly all"], ["##", "few"]]


@pytest.mark.parametrize(
    ("part", "whole", "word"),
    [
        (0, 100, "none"),
        (1, 100, "few"),
        (5, 100, "some"),
        (40, 100, "most"),
        (89, 100, "most"),
        (90, 100, "nearly all"),
        (1, 0, "none"),
    ],
)
def test_a_share_is_a_word(part: float, whole: float, word: str) -> None:
    assert share_word(part, whole) == word


def test_types_that_do_not_occur_are_not_named() -> None:
    assert shares_of({"text": 0, "number": 99, "date": 1}) == {"date": "few", "number": "nearly all"}


@pytest.mark.parametrize(
    ("filled", "distinct", "word"),
    [
        (0, 0, "no values"),
        (50, 1, "one value"),
        (50, 50, "all different"),
        (500, 20, "a few labels"),
        (500, 300, "mostly different"),
        (500, 100, "repeating"),
    ],
)
def test_variety_is_a_word(filled: int, distinct: int, word: str) -> None:
    assert variety_of(filled, distinct) == word


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Kundnr. (gammal)", "Kundnr. (gammal)"),
        ("CRM - Deal value 2", "CRM - Deal value 2"),
        ("Note on anna.berg@example.se", "Note on [address]"),
        ("Call +46 70-123 45 67 first", "Call [number] first"),
        ("Case 8112310019", "Case [number]"),
        ("see https://example.se/p?id=7", "see [link]"),
        ("9e107d9d372bb6826bd81d3542a419d6", "[code]"),
        ("em\u200bail\u202e\x00", "em ail"),
        ("\ud800x", "?x"),
        ("", ""),
    ],
)
def test_a_name_is_shown_without_what_could_be_a_persons(name: str, shown: str) -> None:
    assert name_shown(name) == shown


@given(st.text(max_size=2_000))
def test_a_name_is_one_short_line_that_every_encoding_takes(name: str) -> None:
    shown = name_shown(name)
    assert len(shown) <= LONGEST_NAME
    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown


def test_ten_thousand_characters_are_cut() -> None:
    assert name_shown("x y " * 2_500) == ("x y " * 30)[:LONGEST_NAME]
