"""Plan: the schema gets what records use and the account lacks; a plan that does not fit is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.errors import UnsafePlanError
from migrator.engine.field_map import Action, FieldMap, FieldRule, field_map_of
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.engine.phases.plan import (
    MARKER_FIELD,
    Used,
    check_field_cap,
    count_new_fields,
    lacks_options,
    new_options,
    option_refs,
    schema_records,
)
from migrator.engine.records import Kind, TargetRecord
from tests import factories as made

PERSON = frozenset({TargetObject.PERSON})
MARKER = made.target_field(MARKER_FIELD)
SIZE = "person:Size:enum"


def new(field: str = "Size", kind: FieldType = FieldType.ENUM, **more: Any) -> FieldRule:
    return made.rule(field.lower(), field, custom=True, type=kind, **({"action": Action.CREATE} | more))


def schema(rules: list[FieldRule], there: list[TargetField], used: Used | None = None) -> list[TargetRecord]:
    return schema_records(field_map_of(rules), [MARKER, *there], used or Used(), PERSON)


def test_a_field_that_is_missing_is_created_with_its_options() -> None:
    [record] = schema([new(options=("S", "M"))], [], Used(options={SIZE: {"XL", "M"}}))
    assert (record.kind, record.key) == (Kind.FIELD, SIZE)
    assert record.body == {
        "object": "person",
        "name": "Size",
        "type": "enum",
        "options": ["S", "M", "XL"],
        "existing": False,
    }


def test_a_field_that_is_there_is_left_alone() -> None:
    there = made.target_field("Size", FieldType.ENUM, options=("S",))
    assert schema([new()], [there], Used(options={SIZE: {"S"}})) == []


def test_a_field_that_lacks_options_gets_those_alone() -> None:
    there = made.target_field("Size", FieldType.ENUM, options=("S",))
    [record] = schema([new()], [there], Used(options={SIZE: {"XL", "S", "M"}}))
    assert (record.body["options"], record.body["existing"]) == (["M", "XL"], True)


OPTIONS: dict[str, tuple[set[str], tuple[str, ...], list[str]]] = {
    "another option": ({"M"}, ("S",), ["M"]),
    "another case of one that is there": ({"s", "M"}, ("S",), ["M"]),
    "two cases of a new one": ({"XL", "xl", " Xl"}, (), [" Xl"]),
    "nothing": (set(), ("S",), []),
}


@pytest.mark.parametrize(("wanted", "there", "expected"), OPTIONS.values(), ids=OPTIONS)
def test_the_options_to_add_are(wanted: set[str], there: tuple[str, ...], expected: list[str]) -> None:
    assert new_options(sorted(wanted), there) == expected


def test_a_label_that_differs_in_case_alone_is_there() -> None:
    labels = made.target_field("Labels", FieldType.SET, custom=False, standard_key="labels", options=("VIP",))
    assert schema([], [labels], Used(labels={"vip"})) == []


def test_a_field_of_another_type_is_another_field() -> None:
    there = made.target_field("Size", FieldType.VARCHAR)
    assert [record.key for record in schema([new()], [there])] == [SIZE]


def test_a_field_without_options_has_none() -> None:
    [record] = schema([new("Shoe", FieldType.VARCHAR)], [], Used(options={"person:Shoe:varchar": {"x"}}))
    assert record.body["options"] == []


def test_what_is_skipped_or_standard_needs_no_field() -> None:
    assert schema([new(action=Action.ARCHIVE), made.rule("first_name")], []) == []


def test_the_marker_field_is_made_once_for_each_object_that_is_written() -> None:
    objects = frozenset({TargetObject.PERSON, TargetObject.DEAL})
    records = schema_records(FieldMap(()), [MARKER], Used(), objects)
    assert [record.key for record in records] == [f"deal:{MARKER_FIELD}:varchar"]


def test_labels_that_are_missing_come_in_one_record() -> None:
    labels = made.target_field("Labels", FieldType.SET, custom=False, standard_key="labels", options=("VIP",))
    [record] = schema([], [labels], Used(labels={"VIP", "Ski", "Boat"}))
    assert (record.kind, record.body, record.source_count) == (Kind.LABEL, {"options": ["Boat", "Ski"]}, 2)


def test_labels_that_are_there_need_nothing() -> None:
    labels = made.target_field("Labels", FieldType.SET, custom=False, standard_key="labels", options=("VIP",))
    assert schema([], [labels], Used(labels={"VIP"})) == []


COLOUR = "person:Colour:enum"


def test_a_new_field_adds_one_to_the_account_and_an_option_adds_none() -> None:
    there = made.target_field("Size", FieldType.ENUM)
    records = schema(
        [new(), new("Colour")], [there], Used(labels={"VIP"}, options={SIZE: {"S"}, COLOUR: {"Red"}})
    )
    assert (len(records), count_new_fields(records)) == (3, 1)


def test_it_notes_the_labels_and_options_of_a_record() -> None:
    used = Used()
    refs = frozenset({SIZE, "person:Sports:set"})
    used.add(
        made.record(labels=["VIP"], custom={SIZE: "S", "person:Sports:set": ["Ski", "Run"], "other": "x"}),
        refs,
    )
    used.add(made.record(labels=["Ski"], custom={SIZE: "M"}), refs)
    assert used.labels == {"VIP", "Ski"}
    assert used.options == {SIZE: {"S", "M"}, "person:Sports:set": {"Ski", "Run"}}


def test_a_record_without_either_adds_nothing() -> None:
    used = Used()
    used.add(made.record(name="A"), frozenset({SIZE}))
    assert used == Used()


TEXTS = st.sets(st.text(max_size=5), max_size=4)


@given(TEXTS, st.dictionaries(st.text(max_size=5), TEXTS, max_size=3))
def test_what_was_used_survives_the_way_through_a_cursor(
    labels: set[str], options: dict[str, set[str]]
) -> None:
    used = Used(labels, options)
    assert Used.from_json(json.loads(json.dumps(used.to_json()))) == used


@pytest.mark.parametrize("raw", [{}, {"labels": None, "options": None}, {"options": {"a": "b"}}], ids=str)
def test_a_cursor_that_holds_nothing_is_the_beginning(raw: dict[str, Any]) -> None:
    assert Used.from_json(raw) == Used()


def test_only_custom_fields_with_options_are_watched() -> None:
    rules = [
        new(),
        new("Sports", FieldType.SET),
        new("Shoe", FieldType.VARCHAR),
        made.rule("labels", type=FieldType.SET),
    ]
    assert option_refs(field_map_of(rules)) == {SIZE, "person:Sports:set"}


CAPS = {
    "it fits exactly": (10, 20, 30, True),
    "it is one too many": (11, 20, 30, False),
    "nobody limits": (1_000, 1_000, 0, True),
    "nothing is created in a full account": (0, 30, 30, True),
}


@pytest.mark.parametrize(("created", "there", "cap", "fits"), CAPS.values(), ids=CAPS)
def test_fields_must_fit_the_account(created: int, there: int, cap: int, fits: bool) -> None:
    if fits:
        check_field_cap(created, there, cap)
        return
    with pytest.raises(
        UnsafePlanError, match="creates 11 custom fields, the account has 20 and its plan allows 30"
    ):
        check_field_cap(created, there, cap)


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [("enum", [], True), ("set", [], True), ("enum", ["Gold"], False), ("varchar", [], False)],
)
def test_an_option_field_without_options_is_not_made(kind: str, options: list[str], expected: bool) -> None:
    field = made.record(Kind.FIELD, "person:Level", object="person", name="Level", type=kind, options=options)
    assert lacks_options(field) is expected
