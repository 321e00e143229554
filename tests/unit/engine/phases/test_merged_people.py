"""Merged people: whose value counts, which company it is, and that everyone shares the fate of their survivor."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.engine.companies import Companies
from migrator.engine.field_map import FieldRule, field_map_of
from migrator.engine.inventory import TargetObject
from migrator.engine.operations import Act
from migrator.engine.phases.context import Context, Supplied
from migrator.engine.phases.fate import SEVERAL_PERSONS, Decisions, Fate, fate_of, shared_fate
from migrator.engine.phases.merges import Merges
from migrator.engine.phases.refusals import Answered
from migrator.engine.phases.transform import Transformed, transform
from migrator.texts import TOOLS
from tests import factories as made

CRM = made.rule("crmid", "CRM id", custom=True)
RULES = (
    made.rule("first_name"),
    made.rule("last_name"),
    made.rule("email", "emails", transform="email"),
    made.rule("mobile", "phones", transform="phone", args=(("region", "SE"),)),
    made.rule("company", "name", object=TargetObject.ORGANIZATION),
    made.rule("street", "address", object=TargetObject.ORGANIZATION, component="street"),
    made.rule("shoe_size", "Shoe size", custom=True),
    CRM,
)
KARIN = made.profile(
    "p-1",
    {"first_name": "Karin", "last_name": "Holm", "email": "k@a.example", "company": "A", "crmid": "1"},
)
EK = made.profile(
    "p-2",
    {
        "first_name": "Karin",
        "last_name": "Holm-Ek",
        "email": "ek@b.example",
        "mobile": "070-555 01 24",
        "company": "B",
        "street": "Storgatan 1",
        "crmid": "2",
        "shoe_size": "38",
    },
)


def merged(
    wins: dict[str, str] | None = None, *profiles: Any, rules: tuple[FieldRule, ...] = RULES
) -> Transformed:
    context = Context(field_map_of(rules), Resolutions([]), TOOLS, {})
    return transform(list(profiles) or [KARIN, EK], Supplied(wins=wins or {}), context)


def primary(found: Transformed, name: str) -> Any:
    rows: Any = found.person.body[name]
    return [row["value"] for row in rows if row["primary"]], [row["value"] for row in rows]


def test_the_survivors_values_count_and_the_others_fill_what_is_empty() -> None:
    found = merged()
    assert found.person.body["name"] == "Karin Holm"
    assert found.person.body["custom"] == {CRM.ref: "1", RULES[6].ref: "38"}
    assert primary(found, "emails") == (["k@a.example"], ["k@a.example", "ek@b.example"])
    assert primary(found, "phones")[1] == ["+46705550124"]


WON: dict[str, Any] = {
    "name": lambda found: found.person.body["name"] == "Karin Holm-Ek",
    "email": lambda found: primary(found, "emails") == (["ek@b.example"], ["ek@b.example", "k@a.example"]),
    "company": lambda found: found.organization.body["name"] == "B",
    "crm_id": lambda found: found.person.body["custom"][CRM.ref] == "2",
    "attribute:crmid": lambda found: found.person.body["custom"][CRM.ref] == "2",
}


@pytest.mark.parametrize("field", WON)
def test_the_value_that_was_chosen_wins_for(field: str) -> None:
    assert not WON[field](merged())
    assert WON[field](merged({field: "p-2"}))


def test_a_choice_for_one_field_changes_no_other() -> None:
    found = merged({"crm_id": "p-2"})
    assert (found.person.body["name"], primary(found, "emails")[0]) == ("Karin Holm", ["k@a.example"])


@pytest.mark.parametrize("field", ["phone", "shoe_size", "attribute:shoe_size"])
def test_an_empty_value_never_wins(field: str) -> None:
    assert merged({field: "p-1"}).person.body == merged().person.body


def test_the_other_companys_address_is_not_given_to_the_one_that_won() -> None:
    ours, theirs = merged().organization, merged({"company": "p-2"}).organization
    assert ours is not None
    assert theirs is not None
    assert "address" not in ours.body
    assert theirs.body["address"] == "Storgatan 1"


def test_a_person_belongs_to_the_organization_that_people_made_of_its_company() -> None:
    decided = Resolution(
        CaseKind.ORGANIZATION, "company:A", Decide.MERGE, {"name": "C", "members": ["A", "C"]}
    )
    resolutions = Resolutions([decided])
    context = Context(field_map_of(RULES), resolutions, TOOLS, {}, companies=Companies(resolutions))
    found = transform([KARIN], Supplied(), context)
    assert found.organization is not None
    assert (found.organization.key, found.organization.body["name"]) == ("c", "C")
    assert found.person.body["organization"] == "c"


# Groups


def duplicate(*members: str, into: str, key: str = "group:p-1", **args: Any) -> Resolution:
    args = {"survivor": into, "members": list(members)} | args
    return Resolution(CaseKind.DUPLICATE, key, Decide.MERGE, args)


def fate(key: str, *decisions: Resolution, open_keys: Any = (), held: Any = (), **known: Any) -> Fate:
    decided = Decisions.of(Resolutions(decisions, open_keys, held=held))
    return fate_of(key, **({"emails": ["a@b.example"], "name": "Karin"} | known), decisions=decided)


def test_the_choices_of_a_chain_come_together_and_the_last_survivors_count() -> None:
    merges = Merges(
        Resolutions(
            [
                duplicate("p-1", "p-2", into="p-2", fields={"name": "p-1", "phone": "p-1"}),
                duplicate("p-2", "p-3", into="p-3", key="group:p-2", fields={"name": "p-3"}),
            ]
        )
    )
    assert merges.wins("p-3") == {"name": "p-3", "phone": "p-1"}
    assert merges.wins("p-1") == {}


def test_what_was_chosen_reaches_the_survivor() -> None:
    found = fate("p-1", duplicate("p-1", "p-2", into="p-1", fields={"name": "p-2"}))
    assert found.supplied.wins == {"name": "p-2"}


def test_a_group_that_is_a_person_in_the_target_completes_that_person() -> None:
    decided = duplicate("p-1", "p-2", into="p-1", key="target-group:p-1", target_id="17")
    assert (fate("p-1", decided).target_id, fate("p-2", decided).act) == ("17", Act.MERGE)


def test_two_persons_for_one_group_hold_it() -> None:
    decisions = [
        duplicate("p-1", "p-2", into="p-1", target_id="17", key="target-group:p-1"),
        Resolution(CaseKind.NO_EMAIL, "p-2", Decide.MERGE, {"target_id": "18"}),
    ]
    assert fate("p-1", *decisions) == Fate(Act.HOLD, SEVERAL_PERSONS)


@pytest.mark.parametrize("held", ["p-1", "p-2"])
def test_an_open_case_about_any_of_them_holds_the_whole_group(held: str) -> None:
    found = fate("p-1", duplicate("p-1", "p-2", into="p-1"), held=[held])
    assert (found.act, found.waits) == (Act.HOLD, True)


def test_a_survivor_without_an_address_is_written_with_that_of_its_member() -> None:
    open_keys = [(CaseKind.NO_EMAIL, "p-1")]
    assert fate("p-1", duplicate("p-1", "p-2", into="p-1"), open_keys=open_keys).act == Act.CREATE
    assert fate("p-1", duplicate("p-1", "p-2", into="p-1"), open_keys=open_keys, emails=[]).waits


def test_an_address_that_was_supplied_for_a_member_reaches_the_survivor() -> None:
    supplied = Resolution(CaseKind.NO_EMAIL, "p-2", Decide.SUPPLY_EMAIL, {"email": "x@y.example"})
    found = fate("p-1", duplicate("p-1", "p-2", into="p-1"), supplied, emails=[])
    assert (found.act, found.supplied.email) == (Act.CREATE, "x@y.example")


WAITING: dict[str, tuple[dict[str, Any], str]] = {
    "consents": ({"answered": Answered(waits=True)}, "Its consents disagree; not decided yet."),
    "a company": (
        {"company": "Nordlys"},
        "Its company may be the same as another one; not decided yet.",
    ),
}


@pytest.mark.parametrize(("known", "reason"), WAITING.values(), ids=WAITING)
def test_an_undecided_case_holds_for(known: dict[str, Any], reason: str) -> None:
    decided = Decisions.of(Resolutions([], held_companies=["Nordlys AB"]))
    found = fate_of("p-1", emails=["a@b.example"], name="Karin", decisions=decided, **known)
    assert found == Fate(Act.HOLD, reason)


def test_a_pattern_of_consents_that_was_skipped_leaves_the_profile_out() -> None:
    assert fate("p-1", answered=Answered(excluded="Never asked")) == Fate(Act.EXCLUDE, "Never asked")


FATES = st.sampled_from(
    [Fate(Act.CREATE), Fate(Act.HOLD, "No email; not decided yet."), Fate(Act.EXCLUDE, "Skipped.")]
)


@given(FATES, st.sampled_from(["p-1", "p-2", "p-3"]))
def test_nobody_is_merged_into_what_is_not_written(own: Fate, key: str) -> None:
    merges = Merges(Resolutions([duplicate("p-1", "p-2", "p-3", into="p-1")]))
    found = shared_fate(key, own, merges)
    if own.act == Act.CREATE and key != "p-1":
        assert (found.act, found.parent) == (Act.MERGE, "p-1")
    else:
        assert found == own
