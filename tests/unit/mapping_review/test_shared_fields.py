"""Sections that mean one thing share one field, and say how their values come together."""

from typing import Any

from mapping_review.proposers.by_rules import propose
from mapping_review.proposers.merging import shares_its_section, with_merge_rules
from mapping_review.proposers.proposal import ProposerSettings
from migrator.engine.field_map import Merge
from migrator.engine.merging import clashes
from tests import factories as made
from tests.factories_mapping_review import attribute_in

SETTINGS = ProposerSettings(region="SE", currency="SEK")


def test_sections_of_several_languages_share_a_field_and_can_be_approved_as_they_are() -> None:
    swedish = attribute_in({"s1": ["Kvinna", "Man"]}, "Kön")
    danish = attribute_in({"s2": ["Kvinde", "Mand"]}, "Køn")
    rules = [proposal.rule for proposal in propose([swedish, danish], [], SETTINGS)]
    assert len({rule.ref for rule in rules}) == 1
    assert {rule.merge for rule in rules} == {Merge.FIRST}
    assert clashes(rules) == ()


def test_a_field_that_shares_with_nobody_has_no_merge_rule() -> None:
    alone = attribute_in({"s1": ["Kvinna", "Man"]}, "Kön")
    assert [p.rule.merge for p in propose([alone], [], SETTINGS)] == [Merge.NONE]


def test_what_the_machine_puts_on_one_field_says_that_the_first_value_counts() -> None:
    same = [made.rule(name, "Club", custom=True, sources=(("s1", name),)) for name in ("a", "b")]
    alone = made.rule("c", "Team", custom=True)
    merged = with_merge_rules([*same, alone])
    assert [rule.merge for rule in merged] == [Merge.FIRST, Merge.FIRST, Merge.NONE]


def test_a_value_may_stand_behind_another_of_its_section() -> None:
    how: dict[str, Any] = {"custom": True, "merge": Merge.FIRST}
    first, same = (made.rule(name, "Club", sources=(("s1", name),), **how) for name in ("a", "b"))
    other = made.rule("c", "Club", sources=(("s2", "c"),), **how)
    assert shares_its_section(first, [first, same])
    assert not shares_its_section(first, [first, other])
