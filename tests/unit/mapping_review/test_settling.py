"""A settled type: the effective proposal is a pure function of the proposal, the field and the type."""

from dataclasses import replace

import pytest

from mapping_review.proposers.by_rules import propose
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.settling import effective, evidence_sha, is_open_conflict
from migrator.engine.field_map import Action
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from tests.factories_mapping_review import attribute_in

SETTINGS = ProposerSettings(currency="SEK")
STORE = attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")


def settled(field: SourceField, as_type: str, *catalogue: TargetField) -> list[tuple[str, str, str, str]]:
    (proposal,) = propose([field], catalogue, SETTINGS)
    now = effective(proposal, replace(field, settled=as_type), SETTINGS)
    return [(r.action.value, r.field, r.type.value, r.transform) for r in now.rules]


@pytest.mark.parametrize(
    ("as_type", "kind", "transform"),
    [
        ("text", "varchar", "text"),
        ("long_text", "text", "long_text"),
        ("number", "double", "number"),
        ("money", "monetary", "money"),
        ("date", "date", "date"),
        ("yes_no", "enum", "yes_no"),
        ("option", "enum", "option"),
        ("options", "set", "options"),
        ("phone", "phone", "phone"),
        ("email", "varchar", "email"),
        ("url", "varchar", "url"),
    ],
)
def test_every_type_gives_a_field_that_can_hold_it(as_type: str, kind: str, transform: str) -> None:
    assert settled(STORE, as_type) == [("create", "Store no", kind, transform)]


def test_until_then_the_proposal_stands() -> None:
    (proposal,) = propose([STORE], [], SETTINGS)
    assert effective(proposal, STORE, SETTINGS).rules == (proposal.rule,)
    assert is_open_conflict(STORE)


def test_dropped_means_left_behind() -> None:
    assert settled(STORE, "drop")[0][0] == Action.ARCHIVE


def test_split_gives_one_field_for_each_type() -> None:
    names = {(field, kind) for _, field, kind, _ in settled(STORE, "split")}
    assert names == {("Store no (text)", "varchar"), ("Store no (number)", "double")}


def test_an_existing_field_is_kept_where_it_can_hold_the_type() -> None:
    there = TargetField(TargetObject.PERSON, "Store no", FieldType.VARCHAR, True)
    assert settled(STORE, "text", there) == [("map", "Store no", "varchar", "text")]
    assert settled(STORE, "number", there)[0][0] == "create"


def test_a_settled_conflict_is_calm() -> None:
    (proposal,) = propose([STORE], [], SETTINGS)
    now = effective(proposal, replace(STORE, settled="text"), SETTINGS).proposal
    assert "conflict" not in now.flags
    assert "settled the type" in now.reasons[0].text
    assert effective(proposal, replace(STORE, settled="text"), SETTINGS).proposal == now


def test_settling_changes_the_evidence() -> None:
    assert evidence_sha(STORE) != evidence_sha(replace(STORE, settled="text"))
