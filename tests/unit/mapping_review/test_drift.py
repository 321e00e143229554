"""What a later discovery changed of that which an approval rests on, in one sentence, and what changed nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from mapping_review.drift import source_evidence, target_evidence, why_void
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from tests.factories_mapping_review import attribute, attribute_in

LEVELS = attribute("Level", "Gold", "Silver", "Bronze")
RULE = FieldRule(
    LEVELS.key, LEVELS.kind, Action.MAP, LEVELS.sources, field="Level", type=FieldType.ENUM, custom=True,
    options=("Gold", "Silver", "Bronze", "Guld"), transform="option",
)  # fmt: skip
THERE = TargetField(TargetObject.PERSON, "Level", FieldType.ENUM, True, options=("Gold", "Silver", "Guld"))


def why(
    field: SourceField = LEVELS,
    catalogue: Sequence[TargetField] = (THERE,),
    rule: FieldRule = RULE,
    before: SourceField = LEVELS,
) -> str:
    evidence: dict[str, Any] = source_evidence(before)
    evidence["targets"] = target_evidence((rule,), [THERE])
    return why_void(evidence, (rule,), field, catalogue)


def level(*values: Any, **more: Any) -> SourceField:
    return attribute("Level", *values, **more)


def there(*options: str) -> TargetField:
    return replace(THERE, options=options)


SOURCE: dict[str, tuple[SourceField, str]] = {
    "another type": (level("2024-01-02", "2023-05-06"), "Values were One option and are Date now"),
    "declared otherwise": (
        level("Gold", "Silver", "Bronze", declared="list"),
        "APSIS One declared the field as text and declares it as list now",
    ),
    "a new Section": (
        attribute_in({"s1": ["Gold", "Silver", "Bronze"], "finland": ["Gold", "Silver"]}, "Level"),
        "A new Section, Finland, has this field",
    ),
    "a new option": (level("Gold", "Silver", "Bronze", "Platinum"), "Values have a new option, Platinum"),
    "several new options": (
        level("Gold", "Silver", "Bronze", "Iron", "Tin"),
        "Values have new options, Iron and Tin",
    ),
}


@pytest.mark.parametrize(("field", "expected"), SOURCE.values(), ids=SOURCE)
def test_the_source_has(field: SourceField, expected: str) -> None:
    assert why(field) == expected


TARGET: dict[str, tuple[list[TargetField], str]] = {
    "no such field": ([], "The field Level is no longer in Pipedrive"),
    "another type": (
        [replace(THERE, type=FieldType.SET)],
        "Level is now Several options in Pipedrive",
    ),
    "an option less": ([there("Gold", "Silver")], "The option Guld is gone from Level in Pipedrive"),
    "two options less": ([there("Gold")], "The options Silver and Guld are gone from Level in Pipedrive"),
    "an option of its own": (
        [there("Gold", "Silver", "Guld", "Black")],
        "Level in Pipedrive has a new option, Black",
    ),
}


@pytest.mark.parametrize(("catalogue", "expected"), TARGET.values(), ids=TARGET)
def test_the_target_has(catalogue: list[TargetField], expected: str) -> None:
    assert why(catalogue=catalogue) == expected


HOLDS: dict[str, dict[str, Any]] = {
    "the same": {},
    "more profiles": {"field": level("Gold", "Silver", "Bronze", times=90)},
    "another order": {"field": level("Bronze", "Gold", "Silver")},
    "an option that is not used any more": {"field": level("Gold", "Silver")},
    "an option that the map knows": {"field": level("Gold", "Silver", "Bronze", "Guld")},
    "an option that the map added to the target": {
        "catalogue": [there("Gold", "Silver", "Guld", "Bronze")],
    },
    "another field of the target": {
        "catalogue": [THERE, TargetField(TargetObject.PERSON, "Club", FieldType.ENUM, True)],
    },
    "a new option where the map takes text": {
        "field": level("Gold", "Silver", "Bronze", "Platinum"),
        "rule": replace(RULE, type=FieldType.VARCHAR, action=Action.CREATE, options=(), transform="text"),
    },
    "a new option of a field that is left out": {
        "field": level("Gold", "Silver", "Bronze", "Platinum"),
        "rule": replace(RULE, action=Action.ARCHIVE),
        "catalogue": [],
    },
}


@pytest.mark.parametrize("changed", HOLDS.values(), ids=HOLDS)
def test_an_approval_holds_with(changed: dict[str, Any]) -> None:
    assert why(**changed) == ""


def test_the_section_whose_values_changed_is_named() -> None:
    before = attribute_in({"s1": ["Gold", "Silver"], "s2": ["Gold", "Silver"]}, "Level")
    after = attribute_in({"s1": ["Gold", "Silver"], "s2": ["2024-01-02", "2023-05-06"]}, "Level")
    assert why(after, before=before) == "Values of S2 were One option and are Date now"


def test_a_section_that_went_is_named() -> None:
    before = attribute_in({"s1": ["Gold", "Silver"], "norge": ["Gold", "Silver"]}, "Level")
    after = attribute_in({"s1": ["Gold", "Silver"]}, "Level")
    assert why(after, before=before) == "The Section Norge no longer has this field"


SETTLED: dict[str, tuple[bool, str, str]] = {
    "opened": (True, "", "The Sections disagree about the type now"),
    "settled": (True, "text", "The type was settled in the queue as Text"),
    "left out": (True, "drop", "The type was settled in the queue as “do not migrate”"),
}


@pytest.mark.parametrize(("conflict", "settled", "expected"), SETTLED.values(), ids=SETTLED)
def test_the_conflict_was(conflict: bool, settled: str, expected: str) -> None:
    assert why(replace(LEVELS, conflict=conflict, settled=settled)) == expected


def test_of_very_many_options_their_number_tells() -> None:
    many = level(*(f"Club {n:02}" for n in range(30)), times=40)
    more = level(*(f"Club {n:02}" for n in range(33)), times=40)
    assert why(more, before=many) == "Values were 30 options and are 33 now"
    assert why(many, before=more) == ""


def test_what_was_decided_before_this_was_noted_is_not_judged() -> None:
    assert why_void({}, (RULE,), replace(LEVELS, conflict=True), []) == ""
