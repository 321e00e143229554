"""Consents over the whole table: no run, and no later run, ever turns a refusal into a permission."""

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.cases import Resolutions
from migrator.engine.field_map import Action, FieldRule, field_map_of
from migrator.engine.inventory import SourceKind
from migrator.engine.phases.context import Context, Supplied
from migrator.engine.phases.match import Existing, consent_pairs, match, refused_refs, update_modes
from migrator.engine.phases.transform import transform
from migrator.engine.records import Channel, ConsentState, Profile
from migrator.texts import TOOLS
from tests import factories as made

RULES = [
    FieldRule(f"consent:{key}", SourceKind.CONSENT, Action.CREATE, field=f"{key}_consent", custom=True)
    for key in ("email", "email_date")
]
MAP = field_map_of(RULES)
ANSWER = next(rule.ref for rule in MAP.rules if not rule.source.endswith("_date"))
STATES = (None, *ConsentState)
THERE = (None, "", "Yes", "No", "perhaps")
BOOLEANS = (False, True)


def said(first: ConsentState | None, second: ConsentState | None, suppressed: bool) -> Profile:
    """What two Sections and the list of suppressions say."""
    consents = tuple(
        made.consent(state, Channel.EMAIL, section=section)
        for state, section in ((first, "a.web"), (second, "b.shop"))
        if state is not None
    )
    return made.profile(consents=consents, suppressed=frozenset({Channel.EMAIL} if suppressed else ()))


def after_run(profile: Profile, there: Any, *, refused: bool) -> Any:
    """The answer in the target once the plan for a Person that is there already was carried out."""
    channels = frozenset({Channel.EMAIL} if refused else ())
    context = Context(MAP, Resolutions([]), TOOLS, {})
    record = transform([profile], Supplied(refused=channels), context).person
    existing = Existing("17", "p-1", {"custom": {ANSWER: there}})
    planned = match(record, existing, update_modes(MAP), consent_pairs(MAP), refused_refs(MAP, channels))
    custom = planned.body.get("custom", {})
    assert isinstance(custom, dict)
    return custom.get(ANSWER, there)


def may_be_yes(profile: Profile) -> bool:
    """In plain words, apart from how the engine asks: somebody permits, and nobody refuses."""
    permitting = (ConsentState.OPT_IN, ConsentState.CONFIRMED)
    states = [consent.state for consent in profile.consents]
    return bool(states) and all(state in permitting for state in states) and not profile.suppressed


def test_over_the_whole_table_no_refusal_becomes_a_permission() -> None:
    tried = 0
    for first, second, suppressed, there, refused in product(STATES, STATES, BOOLEANS, THERE, BOOLEANS):
        profile = said(first, second, suppressed)
        after = after_run(profile, there, refused=refused)
        tried += 1
        where = (first, second, suppressed, there, refused)
        if there == "No" or (refused and there != "No"):
            assert after == "No", where
        elif there in ("Yes", "perhaps"):
            assert after == there, where
        else:
            assert (after == "Yes") == may_be_yes(profile), where
    assert tried == 5 * 5 * 2 * 5 * 2


RUNS = st.lists(
    st.tuples(st.sampled_from(STATES), st.sampled_from(STATES), st.booleans(), st.booleans()), max_size=6
)


@given(st.sampled_from(THERE), RUNS)
def test_no_sequence_of_runs_turns_a_refusal_into_a_permission(there: Any, runs: list[Any]) -> None:
    for first, second, suppressed, refused in runs:
        after = after_run(said(first, second, suppressed), there, refused=refused)
        assert not (there == "No" and after != "No")
        there = after
