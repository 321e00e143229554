"""Where the answers about one channel come from, when they disagree, and that nothing softens a No."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.consents import (
    PIPEDRIVE,
    SUPPRESSED,
    Answer,
    Answers,
    answers_of,
    conflicts_of,
    disagree,
    most_restrictive,
    pattern_key,
    target_answer,
    target_values,
    with_target,
)
from migrator.engine.records import Channel, ConsentState
from tests import factories as made

A, B = "a.section", "b.section"
YES, NO = ConsentState.OPT_IN, ConsentState.OPT_OUT


def said(**by_section: ConsentState) -> Answers:
    consents = tuple(
        made.consent(state, Channel.EMAIL, section=f"{name}.section") for name, state in by_section.items()
    )
    return answers_of(made.profile(consents=consents)).get(Channel.EMAIL, ())


def test_each_section_has_one_answer_and_one_refused_topic_makes_it_no() -> None:
    consents = tuple(made.consent(state, Channel.EMAIL, section=A) for state in (YES, NO))
    consents += (made.consent(ConsentState.CONFIRMED, Channel.EMAIL, section=B),)
    found = answers_of(made.profile(consents=consents))
    assert found == {Channel.EMAIL: ((A, Answer.NO), (B, Answer.YES))}


def test_a_pending_opt_in_is_no_consent() -> None:
    assert said(a=ConsentState.PENDING) == ((A, Answer.NO),)


def test_a_suppression_outranks_every_section() -> None:
    consents = (made.consent(YES, Channel.SMS, section=A),)
    profile = made.profile(consents=consents, suppressed=frozenset({Channel.SMS}))
    assert answers_of(profile) == {Channel.SMS: ((SUPPRESSED, Answer.NO),)}
    assert conflicts_of(profile, {}) == {}
    assert disagree(conflicts_of(profile, {Channel.SMS: "Yes"})[Channel.SMS])


def test_an_unknown_answer_beside_yes_is_no_disagreement() -> None:
    assert with_target(said(a=YES), "") == said(a=YES)
    assert conflicts_of(made.profile(), {Channel.EMAIL: "No"}) == {}


def test_the_target_is_asked_only_where_the_sections_agree() -> None:
    consents = (made.consent(YES, Channel.EMAIL, section=A),)
    assert conflicts_of(made.profile(consents=consents), {Channel.EMAIL: "No"}) == {
        Channel.EMAIL: ((PIPEDRIVE, Answer.NO), (A, Answer.YES))
    }
    both = (*consents, made.consent(NO, Channel.EMAIL, section=B))
    for there in ("Yes", "No", ""):
        assert conflicts_of(made.profile(consents=both), {Channel.EMAIL: there}) == {
            Channel.EMAIL: ((A, Answer.YES), (B, Answer.NO))
        }


def test_a_pattern_has_one_key_whatever_the_order_of_its_answers() -> None:
    answers = ((A, Answer.YES), (B, Answer.NO), (PIPEDRIVE, Answer.YES))
    assert {pattern_key(Channel.EMAIL, order) for order in permutations(answers)} == {
        'email:[["Pipedrive","Yes"],["a.section","Yes"],["b.section","No"]]'
    }


@pytest.mark.parametrize(
    ("value", "answer"),
    [("Yes", "Yes"), (" no ", "No"), (True, "Yes"), (False, "No"), (None, "Unknown"), ("maybe", "Unknown")],
)
def test_what_a_field_of_the_target_says(value: object, answer: str) -> None:
    assert target_answer(value) == answer  # type: ignore[arg-type]


def test_a_field_that_is_plainly_called_so_counts_beside_the_mapped_one() -> None:
    custom = {"person:Email consent:enum": "No", "person:Opt in:enum": "Yes", "deal:SMS consent:enum": "No"}
    found = target_values(custom, {Channel.EMAIL: "person:Opt in:enum"})
    assert found == {Channel.EMAIL: "No", Channel.SMS: "Unknown"}


@given(st.lists(st.sampled_from(list(Answer))), st.sampled_from(list(Answer)))
def test_one_more_answer_never_makes_it_less_restrictive(answers: list[Answer], more: Answer) -> None:
    order = [Answer.UNKNOWN, Answer.YES, Answer.NO]
    before, after = most_restrictive(answers), most_restrictive([*answers, more])
    assert order.index(after) >= order.index(before)
