"""Fate: every profile has exactly one, nobody is lost in a merge, and what is not decided waits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.engine.operations import Act
from migrator.engine.phases.context import Supplied
from migrator.engine.phases.fate import WRITE, Decisions, Fate, fate_of
from migrator.engine.phases.merges import Merges

KEYS = ("p-1", "p-2", "p-3", "p-4")
BUCKETS = {Act.CREATE, Act.MERGE, Act.HOLD, Act.EXCLUDE}
ANY_KEY = st.sampled_from(KEYS)
ARGS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.just("a@b.example"),
        "name": st.sampled_from(["", "Astrid"]),
        "into": ANY_KEY,
        "survivor": ANY_KEY,
        "members": st.lists(ANY_KEY, max_size=4),
        "target_id": st.just("17"),
        "reason": st.just("Left"),
    },
)
DECISIONS = st.lists(
    st.builds(Resolution, st.sampled_from(CaseKind), ANY_KEY, st.sampled_from(Decide), ARGS), max_size=8
)


def settled(kind: CaseKind, key: str, action: Decide, **args: Any) -> Resolution:
    return Resolution(kind, key, action, args)


def merge(*members: str, into: str, case: str = "email:a@b.example") -> Resolution:
    return settled(CaseKind.DUPLICATE, case, Decide.MERGE, survivor=into, members=list(members))


def fate(
    *decisions: Resolution,
    emails: tuple[str, ...] = ("a@b.example",),
    name: str = "Astrid",
    open_keys: Any = (),
) -> Fate:
    decided = Decisions.of(Resolutions(decisions, open_keys))
    return fate_of("p-1", emails=emails, name=name, decisions=decided)


@given(
    DECISIONS,
    st.lists(st.sampled_from(["a@b.example", "c@d.example"]), max_size=2),
    st.sampled_from(["", "Astrid"]),
)
def test_every_profile_has_exactly_one_bucket(
    decisions: list[Resolution], emails: list[str], name: str
) -> None:
    decided = Decisions.of(Resolutions(decisions))
    for key in KEYS:
        found = fate_of(key, emails=emails, name=name, decisions=decided)
        assert found.act in BUCKETS
        assert (found.act == Act.MERGE) == decided.merges.is_merged(key) == bool(found.parent)
        assert found.reason or found.act == Act.CREATE


@given(DECISIONS, st.lists(st.sampled_from(["a@b.example"]), max_size=1), st.sampled_from(["", "Astrid"]))
def test_nobody_is_written_without_a_name(decisions: list[Resolution], emails: list[str], name: str) -> None:
    decided = Decisions.of(Resolutions(decisions))
    for key in KEYS:
        found = fate_of(key, emails=emails, name=name, decisions=decided)
        assert found.act != Act.CREATE or name or found.supplied.name or found.target_id


@given(DECISIONS)
def test_merged_profiles_and_their_survivors_are_all_profiles(decisions: list[Resolution]) -> None:
    merges = Merges(Resolutions(decisions))
    survivors = [key for key in KEYS if not merges.is_merged(key)]
    members = [member for survivor in survivors for member in merges.members(survivor)]
    assert sorted([*survivors, *members]) == sorted(KEYS)


def test_profiles_that_were_merged_into_each_other_leave_one() -> None:
    merges = Merges(
        Resolutions(
            [merge("p-1", "p-2", into="p-1"), merge("p-1", "p-2", into="p-2", case="target:a@b.example")]
        )
    )
    assert (merges.survivor("p-1"), merges.survivor("p-2"), merges.members("p-1")) == ("p-1", "p-1", ("p-2",))


def test_a_chain_of_merges_ends_in_one_survivor() -> None:
    merges = Merges(
        Resolutions([merge("p-1", "p-2", into="p-2"), merge("p-2", "p-3", into="p-3", case="email:c")])
    )
    assert (merges.survivor("p-1"), merges.members("p-3")) == ("p-3", ("p-1", "p-2"))


def test_a_chain_that_ends_in_a_circle_ends_there() -> None:
    decisions = [
        settled(CaseKind.NO_EMAIL, one, Decide.MERGE, into=other)
        for one, other in [("p-1", "p-3"), ("p-2", "p-3"), ("p-3", "p-2")]
    ]
    merges = Merges(Resolutions(decisions))
    assert {merges.survivor(key) for key in ("p-1", "p-2", "p-3")} == {"p-2"}


UNDECIDED = {
    "no email": ({"emails": ()}, "No email; not decided yet."),
    "no name": ({"name": ""}, "No name; not decided yet."),
    "neither": ({"name": "", "emails": ()}, "No name; not decided yet."),
    "an open duplicate": (
        {"open_keys": [(CaseKind.DUPLICATE, "email:a@b.example")]},
        "Shares an email with another profile; not decided yet.",
    ),
}


@pytest.mark.parametrize(("known", "reason"), UNDECIDED.values(), ids=UNDECIDED)
def test_it_holds_a_profile_with(known: dict[str, Any], reason: str) -> None:
    assert fate(**known) == Fate(Act.HOLD, reason)


def test_a_profile_with_name_and_email_is_written() -> None:
    assert fate() == WRITE


def test_a_merged_profile_names_its_survivor() -> None:
    assert fate(merge("p-1", "p-2", into="p-2")) == Fate(Act.MERGE, "Merged by decision.", parent="p-2")


def test_the_survivor_itself_is_written() -> None:
    assert fate(merge("p-1", "p-2", into="p-1")) == WRITE


def test_profiles_that_were_kept_apart_are_written() -> None:
    assert fate(settled(CaseKind.DUPLICATE, "email:a@b.example", Decide.KEEP_APART)) == WRITE


NO_EMAIL = {
    "an email": (
        Decide.SUPPLY_EMAIL,
        {"email": "x@y.example"},
        Fate(Act.CREATE, supplied=Supplied(email="x@y.example")),
    ),
    "to write it by name": (Decide.NAME_ONLY, {}, WRITE),
    "a Person that it is": (Decide.MERGE, {"target_id": "17"}, Fate(Act.CREATE, target_id="17")),
    "to skip it": (Decide.SKIP, {"reason": "Left the company"}, Fate(Act.EXCLUDE, "Left the company")),
    "to skip it without a reason": (Decide.SKIP, {}, Fate(Act.EXCLUDE, "Skipped by decision.")),
    "to drop it": (Decide.DROP, {}, Fate(Act.EXCLUDE, "Skipped by decision.")),
    "a merge into itself": (Decide.MERGE, {"into": "p-1"}, Fate(Act.HOLD, "No email; not decided yet.")),
}


@pytest.mark.parametrize(("action", "args", "expected"), NO_EMAIL.values(), ids=NO_EMAIL)
def test_for_a_profile_without_email_a_person_chose(
    action: Decide, args: dict[str, Any], expected: Fate
) -> None:
    assert fate(settled(CaseKind.NO_EMAIL, "p-1", action, **args), emails=()) == expected


NO_NAME = {
    "a name": (Decide.SUPPLY_NAME, {"name": "Astrid"}, Fate(Act.CREATE, supplied=Supplied(name="Astrid"))),
    "the name in the address": (
        Decide.DERIVE_NAME,
        {"name": "Ada"},
        Fate(Act.CREATE, supplied=Supplied(name="Ada")),
    ),
    "an empty name": (Decide.DERIVE_NAME, {"name": ""}, Fate(Act.HOLD, "No name; not decided yet.")),
    "to write it without": (Decide.NAME_ONLY, {}, Fate(Act.HOLD, "No name; not decided yet.")),
    "to skip it": (Decide.SKIP, {}, Fate(Act.EXCLUDE, "Skipped by decision.")),
}


@pytest.mark.parametrize(("action", "args", "expected"), NO_NAME.values(), ids=NO_NAME)
def test_for_a_profile_without_name_a_person_chose(
    action: Decide, args: dict[str, Any], expected: Fate
) -> None:
    assert fate(settled(CaseKind.NO_NAME, "p-1", action, **args), name="") == expected


def test_whoever_lacks_both_is_written_once_a_name_was_given() -> None:
    decided = settled(CaseKind.NO_NAME, "p-1", Decide.SUPPLY_NAME, name="Astrid")
    assert fate(decided, name="", emails=()).act == Act.CREATE
