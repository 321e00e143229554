"""Profiling: types are read from all values, memory stays bounded, chunks may be merged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.inventory import ValueType
from migrator.engine.profiling import EXACT_DISTINCT, Accumulator
from migrator.engine.reading import shape_of

NAMES = [f"Person {n} Andersson" for n in range(200)]

COLUMNS = {
    "free text": ("text", NAMES, ValueType.TEXT),
    "numbers as text": ("text", [str(n) for n in range(200)], ValueType.NUMBER),
    "numbers with a few letter sizes": ("text", ["42", "41,5", "EU 43"] * 100 + ["L"] * 5, ValueType.NUMBER),
    "leading zeros are no numbers": ("text", ["0412", "0087", "412"] * 40, ValueType.TEXT),
    "Danish amounts": ("text", ["125.400,00", "3.210,50", "0,00"] * 40, ValueType.NUMBER),
    "declared yes or no": ("boolean", [True, False] * 40, ValueType.YES_NO),
    "Danish yes or no": ("text", ["J", "N", "N"] * 40, ValueType.YES_NO),
    "Finnish yes or no": ("text", ["Kyllä", "Ei"] * 40, ValueType.YES_NO),
    "bits as text": ("text", ["0", "1"] * 40, ValueType.YES_NO),
    "bits that count": ("number", [0, 1] * 40, ValueType.NUMBER),
    "ISO dates": ("text", [f"2024-03-{d:02}" for d in range(1, 29)], ValueType.DATE),
    "European dates": ("text", [f"{d:02}.05.2018" for d in range(1, 29)], ValueType.DATE),
    "timestamps": ("timestamp", [1488844805 + n * 7777 for n in range(50)], ValueType.DATETIME),
    "whole days as timestamps": ("timestamp", [86_400 * n for n in range(1, 50)], ValueType.DATE),
    "free-form dates": ("text", ["Q1 2023", "høst 2022", "uke 12", *NAMES[:60]], ValueType.TEXT),
    "addresses": ("text", [f"a{n}@example.se" for n in range(60)], ValueType.EMAIL),
    "web addresses": ("text", [f"www.firm{n}.example" for n in range(60)], ValueType.URL),
    "phones": ("text", [f"08-465 004 {n:02}" for n in range(60)], ValueType.PHONE),
    "phones, some without marks": ("text", ["86 12 34 56", "97421122", "97421123"] * 9, ValueType.PHONE),
    "few labels": ("text", ["Bygg", "IT", "Handel"] * 30, ValueType.OPTION),
    "lists in text": ("text", ["Ledarskap", "Ekonomi, Juridik", "IT"] * 30, ValueType.OPTIONS),
    "JSON lists": ("text", [["ski", "trail"], ["ski"]] * 30, ValueType.OPTIONS),
    "prose with commas is no list": (
        "text",
        [f"Ring altid før levering {n}, porten til lageret er som regel låst" for n in range(60)],
        ValueType.LONG_TEXT,
    ),
    "one very long text": ("text", [*NAMES, "x" * 256], ValueType.LONG_TEXT),
    "nothing": ("text", [None, "", "  ", []], ValueType.EMPTY),
    "blank dates are nothing": ("date", ["1899-12-31", "0000-00-00"], ValueType.EMPTY),
}


def profiled(values: list[object], declared: str = "text") -> Accumulator:
    accumulator = Accumulator(declared)
    for value in values:
        accumulator.add(value)  # type: ignore[arg-type]
    return accumulator


@pytest.mark.parametrize(("declared", "values", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_it_infers_the_type(declared: str, values: list[object], expected: ValueType) -> None:
    assert profiled(values, declared).variant("s", "Sweden", "d").inferred == expected


def test_a_variant_says_what_was_counted() -> None:
    variant = profiled(["b", "a", "a", None, "1899-12-31"]).variant("s", "Sweden", "d")
    assert (variant.filled, variant.distinct, variant.max_length) == (3, 2, 1)
    assert variant.top == (("a", 2), ("b", 1))
    assert dict(variant.shapes) == {"text": 3}


def test_only_twenty_values_are_shown() -> None:
    assert len(profiled(list(NAMES)).variant("s", "S", "d").top) == 20


def test_many_distinct_values_are_estimated_in_bounded_memory() -> None:
    accumulator = profiled([f"value {n}" for n in range(20_000)])
    assert abs(accumulator.distinct - 20_000) < 2_000
    assert len(accumulator.values) <= 4_000
    assert len(accumulator._known) == EXACT_DISTINCT


def test_a_frequent_value_survives_many_rare_ones() -> None:
    accumulator = profiled([v for n in range(9_000) for v in (f"rare {n}", "frequent")])
    assert accumulator.variant("s", "S", "d").top[0] == ("frequent", 9_000)


@given(st.lists(st.text(max_size=8) | st.integers() | st.booleans(), max_size=30), st.integers(0, 30))
def test_merged_chunks_count_like_the_whole(values: list[object], cut: int) -> None:
    whole, first = profiled(values), profiled(values[:cut])
    first.merge(profiled(values[cut:]))
    assert first.variant("s", "S", "d") == whole.variant("s", "S", "d")


@given(st.text(max_size=400) | st.integers() | st.floats() | st.lists(st.text(max_size=5)))
def test_reading_a_value_never_raises(value: object) -> None:
    assert shape_of(value, "timestamp") in set(ValueType)  # type: ignore[arg-type]
    profiled([value])
