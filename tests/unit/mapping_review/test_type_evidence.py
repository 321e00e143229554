"""Why a field has its type, in sentences with their counts."""

from dataclasses import replace
from typing import Any

import pytest

from mapping_review.type_evidence import sentences_about
from migrator.engine.inventory import (
    Contradiction,
    SourceField,
    SourceKind,
    TypeEvidence,
    ValueType,
    Variant,
)


def field_with(*evidence: TypeEvidence | None) -> SourceField:
    variants = tuple(
        Variant(
            f"s{n}",
            f"Section {n}",
            "d",
            "text",
            one.filled if one else 5,
            2,
            {},
            (),
            ValueType.NUMBER,
            0,
            one,
        )
        for n, one in enumerate(evidence, start=1)
    )
    return SourceField("attribute:size", SourceKind.ATTRIBUTE, "Size", variants=variants)


NUMBERS = TypeEvidence(ValueType.NUMBER, filled=2_104, distinct=40)


def test_a_type_that_nothing_contradicts_is_one_sentence() -> None:
    assert sentences_about(field_with(NUMBERS)) == ("Number, 2,104 of 2,104 values.",)


def test_contradictions_are_counted_and_shown() -> None:
    against = (
        Contradiction(ValueType.TEXT, 20, ("L", "12:30", "XL")),
        Contradiction(ValueType.DATE, 3, ("2024-01-02",)),
    )
    (sentence,) = sentences_about(field_with(replace(NUMBERS, contradicting=23, contradictions=against)))
    assert sentence == (
        "Number, 2,081 of 2,104 values. 23 read as something else: "
        "20 as text, such as “L” and “12:30”; 3 as date, such as “2024-01-02”."
    )


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({"leading_zeros": 12}, "12 begin with a zero."),
        ({"decimal_commas": 1}, "1 has a decimal comma."),
        ({"epochs": 5}, "5 are Unix times."),
        ({"broken_ids": 3}, "3 are what a spreadsheet left of an id or put in place of a value."),
        ({"blanks": 9}, "9 are dates that stand for none, such as 1899-12-31, and count as empty."),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_unusual_is_said_apart(counted: dict[str, Any], said: str) -> None:
    (sentence,) = sentences_about(field_with(replace(NUMBERS, **counted)))
    assert sentence == f"Number, 2,104 of 2,104 values. {said}"


def test_each_section_speaks_for_itself() -> None:
    text = TypeEvidence(ValueType.TEXT, filled=7)
    found = sentences_about(field_with(NUMBERS, text))
    assert found == ("Section 1: Number, 2,104 of 2,104 values.", "Section 2: Text, 7 of 7 values.")


def test_what_was_stored_before_evidence_was_kept_says_nothing() -> None:
    assert sentences_about(field_with(None)) == ()
