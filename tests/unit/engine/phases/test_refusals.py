"""Refusals: what people settle where consents disagree goes one way only, whatever else is decided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.canonical import JsonValue
from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.engine.consents import Answer, conflicts_of, pattern_key
from migrator.engine.field_map import Action, FieldMap, UpdateMode, field_map_of
from migrator.engine.inventory import FieldType, SourceKind
from migrator.engine.phases.context import Context, Supplied
from migrator.engine.phases.match import (
    Existing,
    changes_for,
    consent_pairs,
    refused_refs,
    reversible,
    update_modes,
)
from migrator.engine.phases.refusals import AGREED, Answered, answered, together
from migrator.engine.phases.transform import transform
from migrator.engine.records import Channel, Consent, ConsentState, Profile
from migrator.texts import TOOLS
from tests import factories as made

ACTS = (Decide.RESTRICT, Decide.RESTRICT_ALL, Decide.SKIP)


def consent(section: str, channel: Channel = Channel.EMAIL, *, yes: bool) -> Consent:
    state = ConsentState.OPT_IN if yes else ConsentState.OPT_OUT
    return Consent(section, "topic", channel, state, "2024-10-04T08:00:00Z")


TORN = made.profile(consents=(consent("a.shop", yes=True), consent("a.web", yes=False)))


def settled(action: Decide, *profiles: Profile, there: str = "", **args: str) -> Resolutions:
    """Every disagreement of these profiles, decided by one act."""
    patterns = {
        pattern_key(channel, answers)
        for profile in profiles
        for channel, answers in conflicts_of(profile, _there(there)).items()
    }
    return Resolutions(Resolution(CaseKind.CONSENT, key, action, args) for key in patterns)


def _there(answer: str) -> dict[Channel, str]:
    return dict.fromkeys(Channel, answer) if answer else {}


DECIDED = {
    Decide.RESTRICT: Answered(frozenset({Channel.EMAIL})),
    Decide.RESTRICT_ALL: Answered(frozenset(Channel)),
    Decide.SKIP: Answered(frozenset({Channel.EMAIL}), excluded="Never asked them"),
}


@pytest.mark.parametrize(("action", "expected"), DECIDED.items())
def test_a_disagreement_that_was_settled_by(action: Decide, expected: Answered) -> None:
    resolutions = settled(action, TORN, reason="Never asked them")
    assert answered(conflicts_of(TORN, {}), resolutions) == expected


def test_an_undecided_disagreement_waits() -> None:
    conflicts = conflicts_of(TORN, {})
    keys = [(CaseKind.CONSENT, pattern_key(channel, found)) for channel, found in conflicts.items()]
    assert answered(conflicts, Resolutions([], keys)) == Answered(waits=True)


def test_a_profile_whose_answers_agree_is_never_asked_about() -> None:
    assert answered(conflicts_of(made.profile(), {}), settled(Decide.SKIP, TORN)) == AGREED


def test_the_strictest_of_those_who_became_one_person_counts() -> None:
    one, other = Answered(frozenset({Channel.SMS})), Answered(frozenset({Channel.EMAIL}), waits=True)
    assert together([one, other, AGREED]) == Answered(frozenset(Channel), waits=True)
    assert together([]) == AGREED


# No path turns a No into a Yes


def consent_rule(source: str, mode: UpdateMode) -> made.FieldRule:
    kind = FieldType.DATE if source.endswith("_date") else FieldType.ENUM
    field = source.replace("_date", "") + "_consent" + ("_date" if source.endswith("_date") else "")
    values = {"kind": SourceKind.CONSENT, "action": Action.CREATE, "custom": True, "type": kind}
    rule = made.rule(source, field, update_mode=mode, **values)
    return rule


def consent_map(mode: UpdateMode) -> FieldMap:
    return field_map_of([consent_rule(source, mode) for source in ("email", "email_date", "sms", "sms_date")])


STATES = st.sampled_from(ConsentState)
CONSENTS = st.lists(
    st.builds(
        lambda section, channel, state: Consent(section, "topic", channel, state, "2024-10-04T08:00:00Z"),
        st.sampled_from(["a.shop", "a.web"]),
        st.sampled_from(Channel),
        STATES,
    ),
    max_size=4,
)
PROFILES = st.builds(
    lambda key, consents, suppressed: made.profile(
        key, consents=tuple(consents), suppressed=frozenset(suppressed)
    ),
    st.sampled_from(["p-1", "p-2"]),
    CONSENTS,
    st.sets(st.sampled_from(Channel), max_size=1),
)
THERE = st.sampled_from(["", "Yes", "No"])


@given(
    st.lists(PROFILES, min_size=1, max_size=2),
    THERE,
    st.sampled_from([None, *ACTS]),
    st.sampled_from(UpdateMode),
)
def test_no_path_turns_a_no_into_a_yes(
    profiles: list[Profile], there: str, action: Decide | None, mode: UpdateMode
) -> None:
    field_map = consent_map(mode)
    resolutions = settled(action, *profiles, there=there) if action else Resolutions([])
    found = together(answered(conflicts_of(p, _there(there)), resolutions) for p in profiles)
    context = Context(field_map, resolutions, TOOLS, {})
    record = transform(profiles, Supplied(name="A", refused=found.refused), context).person
    refs = {rule.source: rule.ref for rule in field_map.rules}
    held: dict[str, JsonValue] = (
        {refs["attribute:email"]: there, refs["attribute:sms"]: there} if there else {}
    )
    refused = refused_refs(field_map, found.refused)
    pairs, existing = consent_pairs(field_map), Existing("17", "", {"custom": held})
    changed = changes_for(record, existing, update_modes(field_map), pairs, refused)
    after = held | dict(changed.get("custom") or {})  # type: ignore[arg-type]  # a custom body is an object
    put_back = dict(reversible(changed, existing, pairs, refused).get("custom") or {})  # type: ignore[arg-type]
    for channel in Channel:
        ref = refs[f"attribute:{channel.value}"]
        new = record.body["custom"].get(ref)  # type: ignore[union-attr]
        assert not (new == "Yes" and Answer.NO in {said for p in profiles for said in _said(p, channel)})
        assert not (there == "No" and after.get(ref) != "No")
        torn = any(channel in conflicts_of(p, _there(there)) for p in profiles)
        assert not (action and torn and after.get(ref) == "Yes")
        # A rollback puts back what is left here: never a Yes in place of a No that a person took.
        assert not (there == "Yes" and after.get(ref) == "No" and ref in put_back)


def _said(profile: Profile, channel: Channel) -> list[Answer]:
    own = [c for c in profile.consents if c.channel == channel]
    suppressed = [Answer.NO] if channel in profile.suppressed else []
    return [*suppressed, *(Answer.YES if c.state.permits else Answer.NO for c in own)]


def test_the_no_is_written_over_a_yes_with_its_date() -> None:
    field_map = consent_map(UpdateMode.IF_EMPTY)
    answer, date = (
        next(r.ref for r in field_map.rules if r.source.endswith(s)) for s in (":email", ":email_date")
    )
    profile = made.profile(consents=(consent("a.shop", yes=False),))
    refused = frozenset({Channel.EMAIL})
    record = transform(
        [profile], Supplied(refused=refused), Context(field_map, Resolutions([]), TOOLS, {})
    ).person
    held = Existing("17", "p-1", {"custom": {answer: "Yes", date: "2020-01-01"}})
    modes, pairs = update_modes(field_map), consent_pairs(field_map)
    changed = changes_for(record, held, modes, pairs, refused_refs(field_map, refused))
    assert changed["custom"] == {answer: "No", date: "2024-10-04"}
    assert changes_for(record, held, modes, pairs).get("custom") is None


@pytest.mark.parametrize("there", ["No", "no", False, 0])
def test_a_no_that_is_there_is_left_as_it_is_spelled(there: object) -> None:
    field_map = consent_map(UpdateMode.IF_EMPTY)
    answer = next(r.ref for r in field_map.rules if r.source.endswith(":email"))
    refused = frozenset({Channel.EMAIL})
    record = transform(
        [made.profile()], Supplied(refused=refused), Context(field_map, Resolutions([]), TOOLS, {})
    )
    held = Existing("17", "p-1", {"custom": {answer: there}})  # type: ignore[dict-item]
    found = changes_for(record.person, held, update_modes(field_map), {}, refused_refs(field_map, refused))
    assert found.get("custom") is None


def test_a_rollback_empties_a_no_that_stood_in_for_no_answer_and_keeps_one_over_a_yes() -> None:
    refused, pairs = frozenset({"email", "sms"}), {"email_date": "email"}
    changes: dict[str, JsonValue] = {
        "marker": True,
        "custom": {"email": "No", "email_date": "2024-10-04", "sms": "No"},
    }
    there = Existing("17", "", {"custom": {"email": "Yes", "sms": None}})
    assert reversible(changes, there, pairs, refused) == {"marker": True, "custom": {"sms": "No"}}
    assert reversible(changes, there, pairs, frozenset()) == changes
