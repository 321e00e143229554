"""Profiling: types are read from all values with what speaks against them, and memory stays bounded."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.inventory import Contradiction, TypeEvidence, ValueType
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
    "amounts with a currency": ("text", ["1 250 kr", "€12", "300", "125:-"] * 9, ValueType.MONEY),
    "amounts where a few have a currency": ("text", ["300"] * 38 + ["400 kr"] * 2, ValueType.NUMBER),
    "names that end in a year are no numbers": (
        "text",
        [f"{car} {year}" for car in ("Golf", "Volvo", "Kia") for year in range(2000, 2020)],
        ValueType.TEXT,
    ),
    "sizes with their system": ("text", [f"EU {n / 2}" for n in range(70, 100)], ValueType.NUMBER),
    "terms with a unit": ("text", [f"{n} dagar" for n in range(60)], ValueType.NUMBER),
    "house and box numbers": ("text", [f"Box {n}" for n in range(60)], ValueType.TEXT),
    "padded ids are no phones": ("text", [f"{n:010}" for n in range(7, 990_000, 9_999)], ValueType.TEXT),
    "padded ids of which most look like phones": (
        "text",
        [f"{n:010}" for n in range(1_000_000, 900_000_000, 4_999_999)],
        ValueType.TEXT,
    ),
    "padded ids of two zeros": ("text", [f"00{n}" for n in range(100_000, 100_060)], ValueType.TEXT),
    "ids of eight digits, some with a zero": (
        "text",
        [f"{n:08}" for n in range(5_000_000, 90_000_000, 999_983)],
        ValueType.TEXT,
    ),
    "personal numbers are no phones": (
        "text",
        [f"{day:02}0180{n:04}" for day in range(1, 29) for n in (17, 1234)],
        ValueType.TEXT,
    ),
    "Danish P numbers": (
        "text",
        [str(n) for n in range(1_001_000_000, 1_030_000_000, 654_321)],
        ValueType.NUMBER,
    ),
    "running numbers of ten digits": ("text", [str(1_500_000_000 + n) for n in range(90)], ValueType.NUMBER),
    "ids too long for a number": ("text", [f"7{n:017}" for n in range(60)], ValueType.TEXT),
    "postcodes": ("text", [f"{n:04}" for n in range(100, 9_990, 99)], ValueType.TEXT),
    "mobiles with the trunk zero": ("text", [f"07012345{n:02}" for n in range(60)], ValueType.PHONE),
    "mobiles, some of which lost their zero": (
        "text",
        [*(f"0701234{n:03}" for n in range(40)), *(f"70123{n:04}" for n in range(40))],
        ValueType.PHONE,
    ),
    "numbers as APSIS One stores mobiles, with a few marks": (
        "text",
        ["46701234567", "4790123456", "+46 70 123 45 68", "358401234567"] * 9,
        ValueType.PHONE,
    ),
    "mobiles as APSIS One stores them": (
        "phone",
        [*range(46701234567, 46701234597), *range(4790123456, 4790123476), 358401234567],
        ValueType.PHONE,
    ),
    "purchase orders are no mobiles": ("text", [str(4500012345 + n) for n in range(60)], ValueType.NUMBER),
    "days of the month in words": (
        "text",
        ["3. maj 2024", "den 4:e juni 2024", "5 juli 2024"],
        ValueType.DATE,
    ),
    "slash and blank": ("text", [f"{d}/12 2024" for d in range(1, 29)], ValueType.DATE),
    "Finnish moments": ("text", [f"{d}.5.2024 14.30" for d in range(1, 29)], ValueType.DATETIME),
    "midnights": ("text", [f"2024-05-{d:02} 00.00" for d in range(1, 29)], ValueType.DATE),
    "days in eight digits": ("text", [f"202405{d:02}" for d in range(1, 29)], ValueType.DATE),
    "eight digits of which a tenth is no day": (
        "text",
        [f"202405{d:02}" for d in range(1, 29)] + ["20249913"] * 4,
        ValueType.NUMBER,
    ),
    "seconds since 1970 in text": (
        "text",
        [str(1_488_844_805 + 99_999 * n) for n in range(90)],
        ValueType.DATETIME,
    ),
    "milliseconds since 1970": (
        "number",
        [1_488_844_805_123 + 10**9 * n for n in range(90)],
        ValueType.DATETIME,
    ),
    "whole days since 1970 in text": (
        "text",
        [str(86_400 * n) for n in range(15_000, 15_060)],
        ValueType.DATE,
    ),
    "a moment of 0 is nothing": ("timestamp", [0, 0], ValueType.EMPTY),
    "numbers beside what a spreadsheet broke": (
        "text",
        ["41", "42", "43"] * 20 + ["#N/A", "#REF!", "#SAKNAS!"] * 10,
        ValueType.NUMBER,
    ),
    "nothing": ("text", [None, "", "  ", []], ValueType.EMPTY),
    "blank dates are nothing": ("date", ["1899-12-31", "0000-00-00", "31.12.1899"], ValueType.EMPTY),
}


def profiled(values: Sequence[object], declared: str = "text") -> Accumulator:
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


@given(
    st.lists(st.tuples(st.text(max_size=8) | st.integers() | st.booleans(), st.integers(1, 9)), max_size=30)
)
def test_a_value_added_with_its_number_of_profiles_counts_like_one_by_one(
    counted: list[tuple[Any, int]],
) -> None:
    at_once = Accumulator("text")
    for value, times in counted:
        at_once.add(value, times)
    one_by_one = profiled([value for value, times in counted for _ in range(times)])
    assert at_once.variant("s", "S", "d") == one_by_one.variant("s", "S", "d")


@given(st.text(max_size=400) | st.integers() | st.floats() | st.lists(st.text(max_size=5)))
def test_reading_a_value_never_raises(value: object) -> None:
    assert shape_of(value, "timestamp") in set(ValueType)  # type: ignore[arg-type]
    profiled([value])


# Evidence

V = ValueType
AGAINST = {
    "sizes with letters": (["42"] * 97 + ["L", "L", "M"], V.NUMBER, [(V.TEXT, 3, ("L", "M"))]),
    "several shapes, most frequent first": (
        ["1"] * 96 + ["x", "x", "a@b.example", "2024-05-03"],
        V.NUMBER,
        [(V.TEXT, 2, ("x",)), (V.DATE, 1, ("2024-05-03",)), (V.EMAIL, 1, ("a@b.example",))],
    ),
    "flags agree with yes and no": (["ja", "nej", "1", "0"] * 9, V.YES_NO, []),
    "bare digits agree with phones, short ones do not": (
        ["08-465 004 00", "97421122"] * 30 + ["12"],
        V.PHONE,
        [(V.NUMBER, 1, ("12",))],
    ),
    "a time of day speaks against a day": (
        [f"2024-05-{d:02}" for d in range(1, 29)] + ["2024-05-03 14:30"],
        V.DATE,
        [(V.DATETIME, 1, ("2024-05-03 14:30",))],
    ),
    "a day agrees with moments": (["2024-05-03 14:30"] * 9 + ["2024-05-03"], V.DATETIME, []),
    "amounts agree with numbers": (["12 kr"] + ["12"] * 99, V.NUMBER, []),
    "nothing speaks against text": (["x", "12", "ja", "a@b.example"], V.TEXT, []),
    "wreckage speaks against a number": (["41"] * 40 + ["#N/A"] * 3, V.NUMBER, [(V.TEXT, 3, ("#N/A",))]),
}


@pytest.mark.parametrize(("values", "chosen", "expected"), AGAINST.values(), ids=AGAINST)
def test_what_speaks_against_the_type_is_counted_with_examples(
    values: list[object], chosen: ValueType, expected: list[tuple[ValueType, int, tuple[str, ...]]]
) -> None:
    variant = profiled(values).variant("s", "S", "d")
    assert variant.inferred == chosen
    assert variant.contradictions == tuple(Contradiction(*each) for each in expected)
    assert variant.evidence is not None
    assert variant.evidence.contradicting == sum(profiles for _, profiles, _ in expected)
    assert variant.evidence.agreeing + variant.evidence.contradicting == len(values)


def test_only_the_three_most_frequent_contradictions_are_named_and_all_are_counted() -> None:
    odd = ["x"] * 4 + ["a@b.example"] * 3 + ["2024-05-03"] * 2 + ["www.firm.example"]
    evidence = profiled([str(n) for n in range(300)] + odd).evidence(V.NUMBER)
    assert [c.shape for c in evidence.contradictions] == [V.TEXT, V.EMAIL, V.DATE]
    assert evidence.contradicting == 10


UNUSUAL = {
    "leading zeros": ("text", ["0412", "0087", "412", "0"], {"leading_zeros": 2}),
    "ids that a spreadsheet broke": (
        "text",
        ["1,23E+11", "4.6E+12", "2.0232E+04", "#REF!", "#N/A", "#SAKNAS!", "####", "3E5", "#1", "E+11"],
        {"broken_ids": 7},
    ),
    "decimal commas": (
        "text",
        ["41,5", "1.250,00", "1 250,50", "12,50 kr", "1,250.00", "41.5", "Lund, 12,5", "1,234"],
        {"decimal_commas": 4},
    ),
    "moments": ("text", [str(1_488_844_805 + 99_999 * n) for n in range(60)], {"epochs": 60}),
    "declared moments": ("timestamp", [1_488_844_805, 77_777, 0], {"epochs": 2, "blanks": 1}),
    "ids that could be moments": ("text", [str(1_500_000_000 + n) for n in range(60)], {"epochs": 0}),
    "dates that stand for none": (
        "text",
        ["1899-12-31", "30.12.1899", "12/31/1899", "0000-00-00", "00.00.0000", "1900-05-02", "0"],
        {"blanks": 5},
    ),
}


@pytest.mark.parametrize(("declared", "values", "expected"), UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_unusual_is_counted_apart(
    declared: str, values: list[object], expected: dict[str, int]
) -> None:
    evidence = profiled(values, declared).variant("s", "S", "d").evidence
    assert evidence is not None
    counted = {
        name: getattr(evidence, name) for name in _COUNTS if getattr(evidence, name) or name in expected
    }
    assert counted == expected


_COUNTS = ("leading_zeros", "broken_ids", "decimal_commas", "epochs", "blanks")


def test_shapes_stand_in_order_of_their_profiles() -> None:
    evidence = profiled(["x", "12", "12", "13"]).evidence(V.TEXT)
    assert evidence == TypeEvidence(V.TEXT, filled=4, distinct=3, shapes=((V.NUMBER, 3), (V.TEXT, 1)))


def test_a_rare_contradiction_is_found_among_many_values() -> None:
    evidence = profiled([*(str(n) for n in range(9_000)), "unknown"]).evidence(V.NUMBER)
    assert evidence.contradictions == (Contradiction(V.TEXT, 1, ("unknown",)),)
