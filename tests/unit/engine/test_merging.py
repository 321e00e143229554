"""Several source fields onto one target: what is an error, in which order they count, and what comes of them."""

from typing import Any

import pytest

from migrator.engine.field_map import Action, FieldRule, Merge
from migrator.engine.inventory import FieldType, SourceKind, TargetObject
from migrator.engine.merging import clashes, in_order, merge_among, merged, merges_for
from tests import factories as made


def onto(source: str, **more: Any) -> FieldRule:
    known: dict[str, Any] = {"field": "Club", "custom": True}
    return made.rule(source, **(known | more))


def address(source: str, part: str = "", **more: Any) -> FieldRule:
    return onto(source, type=FieldType.ADDRESS, component=part, **more)


def sources(rules: list[FieldRule]) -> list[list[str]]:
    return [[rule.source.removeprefix("attribute:") for rule in clash.rules] for clash in clashes(rules)]


CLASHING: dict[str, list[FieldRule]] = {
    "nobody says how": [onto("a"), onto("b")],
    "two say nothing": [onto("a"), onto("b"), onto("c", merge=Merge.FIRST)],
    "two say different things": [onto("a", merge=Merge.FIRST), onto("b", merge=Merge.SPACE)],
    "a number cannot be joined": [
        onto("a", type=FieldType.DOUBLE),
        onto("b", type=FieldType.DOUBLE, merge=Merge.SPACE),
    ],
    "a standard field": [made.rule("a", "first_name"), made.rule("b", "first_name")],
    "a new field and an existing one": [onto("a"), onto("b", action=Action.CREATE)],
    "the same part of an address": [address("a", "city"), address("b", "city")],
    "a whole address and a part": [address("a"), address("b", "city")],
    "a consent and an attribute": [
        onto("a"),
        onto("b", kind=SourceKind.CONSENT),
    ],
}


@pytest.mark.parametrize("rules", CLASHING.values(), ids=CLASHING)
def test_it_is_an_error(rules: list[FieldRule]) -> None:
    (clash,) = clashes(rules)
    assert {rule.source for rule in clash.rules} == {rule.source for rule in rules}


FINE: dict[str, list[FieldRule]] = {
    "one of them says how": [onto("a"), onto("b", merge=Merge.SPACE)],
    "both say the same": [onto("a", merge=Merge.COMMA), onto("b", merge=Merge.COMMA)],
    "e-mail addresses": [made.rule("a", "emails"), made.rule("b", "emails", component="home")],
    "phone numbers": [made.rule("a", "phones"), made.rule("b", "phones")],
    "parts of an address": [address("a", "street"), address("b", "city")],
    "one is archived": [onto("a"), onto("b", action=Action.ARCHIVE)],
    "one is dropped": [onto("a"), onto("b", action=Action.DROP, reason="Old")],
    "events": [
        made.rule("a", "note", kind=SourceKind.EVENT),
        made.rule("b", "note", kind=SourceKind.EVENT),
    ],
    "fields of two objects": [onto("a"), onto("b", object=TargetObject.DEAL)],
    "fields of two types": [onto("a"), onto("b", type=FieldType.DATE)],
}


@pytest.mark.parametrize("rules", FINE.values(), ids=FINE)
def test_it_is_no_error(rules: list[FieldRule]) -> None:
    assert clashes(rules) == ()


def test_only_what_lacks_a_part_asks_for_one() -> None:
    assert [c.needs_part for c in clashes([address("a"), address("b", "city")])] == [True]
    assert [c.needs_part for c in clashes([address("a", "city"), address("b", "city")])] == [False]


def test_clashes_come_in_the_order_of_their_first_row() -> None:
    rules = [onto("z", field="Zone"), onto("y", field="Zone"), onto("b"), onto("a")]
    assert sources(rules) == [["a", "b"], ["y", "z"]]


ORDERS: dict[str, tuple[dict[str, int], list[str]]] = {
    "by source where nobody says": ({"b": 0, "a": 0}, ["a", "b"]),
    "the one that was there first": ({"b": 0, "a": 2}, ["b", "a"]),
    "a first place before the one that was there": ({"b": 1, "a": 0}, ["b", "a"]),
    "by place": ({"a": 3, "b": 1, "c": 2}, ["b", "c", "a"]),
}


@pytest.mark.parametrize(("ranks", "expected"), ORDERS.values(), ids=ORDERS)
def test_they_count(ranks: dict[str, int], expected: list[str]) -> None:
    rules = [onto(source, rank=rank) for source, rank in ranks.items()]
    assert [rule.source.removeprefix("attribute:") for rule in in_order(rules)] == expected


VALUES: dict[str, tuple[list[Any], Merge, Any]] = {
    "the first that is filled": ([None, "b", "c"], Merge.FIRST, "b"),
    "joined with a blank": (["van", "Dijk"], Merge.SPACE, "van Dijk"),
    "joined with a comma": (["Oslo", "Bergen"], Merge.COMMA, "Oslo, Bergen"),
    "an empty one leaves no joint": ([None, "Dijk", ""], Merge.SPACE, "Dijk"),
    "an equal one is not repeated": (["Oslo", " oslo ", "Bergen"], Merge.COMMA, "Oslo, Bergen"),
    "every option of each": ([["Gold", "Ski"], ["ski", "Golf"]], Merge.EACH, ["Gold", "Ski", "Golf"]),
    "a list and a single option": ([["Gold"], "Ski"], Merge.EACH, ["Gold", "Ski"]),
    "nothing": ([None, "", []], Merge.SPACE, None),
    "zero is a value": ([0, 7], Merge.FIRST, 0),
}


@pytest.mark.parametrize(("values", "merge", "expected"), VALUES.values(), ids=VALUES)
def test_values_become(values: list[Any], merge: Merge, expected: Any) -> None:
    assert merged(values, merge) == expected


def test_the_one_that_says_how_speaks_for_all() -> None:
    assert merge_among([onto("a"), onto("b", merge=Merge.COMMA)]) == Merge.COMMA
    assert merge_among([onto("a"), onto("b")]) == Merge.FIRST


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FieldType.VARCHAR, {Merge.FIRST, Merge.SPACE, Merge.COMMA}),
        (FieldType.DATE, {Merge.FIRST}),
        (FieldType.SET, {Merge.FIRST, Merge.EACH}),
        (FieldType.ADDRESS, {Merge.FIRST}),
    ],
)
def test_a_type_of_field_allows(kind: FieldType, expected: set[Merge]) -> None:
    assert set(merges_for(onto("a", type=kind))) == expected
