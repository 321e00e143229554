"""The field map: a rule survives the way through JSON, and any change of content changes the checksum."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.field_map import (
    Action,
    FieldMap,
    FieldRule,
    Merge,
    UpdateMode,
    field_map_of,
    rule_from_json,
)
from migrator.engine.inventory import FieldType, SourceKind, TargetObject
from tests import factories as made

TEXTS = st.text(max_size=12)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple)
RULES = st.builds(
    FieldRule,
    source=TEXTS,
    kind=st.sampled_from(SourceKind),
    action=st.sampled_from(Action),
    sources=PAIRS,
    object=st.sampled_from(TargetObject),
    field=TEXTS,
    type=st.sampled_from(FieldType),
    custom=st.booleans(),
    options=st.lists(TEXTS, max_size=3).map(tuple),
    transform=TEXTS,
    args=PAIRS,
    update_mode=st.sampled_from(UpdateMode),
    component=TEXTS,
    merge=st.sampled_from(Merge),
    rank=st.integers(0, 99),
    reason=TEXTS,
)
JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | TEXTS
    | st.lists(TEXTS | st.lists(TEXTS, max_size=3), max_size=3)
)

CHANGES: dict[str, Any] = {
    "source": "attribute:other",
    "kind": SourceKind.TAG,
    "action": Action.ARCHIVE,
    "sources": (("s", "d"),),
    "object": TargetObject.DEAL,
    "field": "Other",
    "type": FieldType.DOUBLE,
    "custom": True,
    "options": ("Red",),
    "transform": "number",
    "args": (("decimal", ","),),
    "update_mode": UpdateMode.OVERWRITE,
    "component": "city",
    "merge": Merge.SPACE,
    "rank": 2,
    "reason": "Nobody reads it",
}


@given(RULES)
def test_a_rule_survives_the_way_through_json(rule: FieldRule) -> None:
    assert rule_from_json(json.loads(json.dumps(rule.to_json()))) == rule


@given(RULES, st.dictionaries(st.sampled_from(sorted(CHANGES)), JSON, max_size=4))
def test_a_foreign_object_raises_one_of_two_errors(rule: FieldRule, foreign: dict[str, Any]) -> None:
    try:
        read = rule_from_json(rule.to_json() | foreign)
    except (KeyError, ValueError):
        return
    assert rule_from_json(read.to_json()) == read


FOREIGN = {
    "no source": ({"kind": "tag", "action": "map"}, KeyError),
    "an unknown kind": ({"source": "a", "kind": "planet", "action": "map"}, ValueError),
    "a number for a text": ({"source": 7, "kind": "tag", "action": "map"}, ValueError),
    "half a pair": ({"source": "a", "kind": "tag", "action": "map", "sources": [["s"]]}, ValueError),
    "no pair at all": ({"source": "a", "kind": "tag", "action": "map", "sources": ["sd"]}, ValueError),
}


@pytest.mark.parametrize(("raw", "problem"), FOREIGN.values(), ids=FOREIGN)
def test_it_refuses(raw: dict[str, Any], problem: type[Exception]) -> None:
    with pytest.raises(problem):
        rule_from_json(raw)


def test_what_is_left_out_has_its_default() -> None:
    raw: Any = {"source": "tag:all", "kind": "tag", "action": "map"}
    assert rule_from_json(raw) == FieldRule("tag:all", SourceKind.TAG, Action.MAP)


@given(st.lists(RULES, max_size=4, unique_by=lambda rule: rule.source), st.randoms())
def test_the_order_of_rules_never_changes_the_checksum(rules: list[FieldRule], draw: Any) -> None:
    shuffled = list(rules)
    draw.shuffle(shuffled)
    assert FieldMap(tuple(shuffled)).checksum == field_map_of(rules).checksum


def test_every_part_of_a_rule_is_tried_below() -> None:
    assert set(CHANGES) == set(made.rule("shoe_size").to_json())


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_of_any_part_changes_the_checksum(part: str) -> None:
    rule = made.rule("shoe_size")
    changed = replace(rule, **{part: CHANGES[part]})
    assert field_map_of([changed]).checksum != field_map_of([rule]).checksum


def test_a_custom_field_is_named_by_object_name_and_type() -> None:
    rule = made.rule("shoe_size", "Shoe size", custom=True, type=FieldType.DOUBLE)
    assert rule.ref == "person:Shoe size:double"


def test_a_standard_field_is_named_by_its_key() -> None:
    assert made.rule("company", "name", object=TargetObject.ORGANIZATION).ref == "organization.name"


def test_what_an_earlier_map_left_out_stays_in_the_archive() -> None:
    raw = made.rule("a", action=Action.ARCHIVE).to_json() | {"action": "skip"}
    assert rule_from_json(raw).action == Action.ARCHIVE


@pytest.mark.parametrize("action", [Action.ARCHIVE, Action.DROP])
def test_a_field_that_is_left_writes_nothing(action: Action) -> None:
    kept, left = made.rule("a"), made.rule("b", action=action)
    field_map = field_map_of([left, kept])
    assert field_map.of_kind(SourceKind.ATTRIBUTE) == (kept,)
    assert field_map.of_object(TargetObject.PERSON) == (kept,)


def test_an_object_has_its_attribute_rules_only() -> None:
    company = made.rule("company", "name", object=TargetObject.ORGANIZATION)
    tag = made.rule("tags", "labels", kind=SourceKind.TAG)
    field_map = field_map_of([company, tag, made.rule("first_name")])
    assert field_map.of_object(TargetObject.ORGANIZATION) == (company,)


def test_a_field_that_two_rules_fill_is_created_once() -> None:
    new: dict[str, Any] = {"action": Action.CREATE, "custom": True, "field": "Size"}
    rules = [made.rule("shoe", **new), made.rule("boot", **new), made.rule("glove", custom=True)]
    assert [rule.ref for rule in field_map_of(rules).to_create()] == ["person:Size:varchar"]
