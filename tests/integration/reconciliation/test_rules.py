"""Rules: found in what people decided by hand, checked and offered."""

from uuid import uuid4

import pytest
from django.utils import timezone

from migrator.engine.cases import CaseKind, Decide
from reconciliation import bulks, rules
from reconciliation.choices import RuleState
from reconciliation.counts import counts_of
from reconciliation.filters import Filters
from reconciliation.models import Decision, ReviewItem, Rule
from reconciliation.outcomes import Choice
from reconciliation.queries import open_items_of
from reconciliation.replay import state_checksum
from reconciliation.rule_history import decided_cases, filters_for, left_of, words_of
from reconciliation.services import decide_many, open_items
from reconciliation.undo import undo
from tests import factories_reconciliation as made
from tests.rule_histories import NO_EMAIL, decided, history, left_open, mixed_history, no_phone, with_phone

pytestmark = pytest.mark.django_db


# Offering


def test_like_decisions_are_offered_as_a_rule_with_its_figures(project, sofia):
    mixed_history(project, sofia)
    by_words = {tuple(rule.condition): rule for rule in rules.offer(project, NO_EMAIL)}
    assert set(by_words) == {("phone:no",), ("phone:yes",)}
    rule = by_words[("phone:no",)]
    assert (rule.action, rule.state) == (Decide.NAME_ONLY, RuleState.OFFERED)
    assert (rule.support, rule.held_back, rule.agreed, rule.exceptions) == (12, 6, 6, [])


def test_the_offer_says_what_was_done_how_it_was_checked_and_what_is_left(project, sofia):
    mixed_history(project, sofia)
    rules.offer(project, NO_EMAIL)
    offer = next(o for o in rules.offers(project, NO_EMAIL) if o.rule.condition == ["phone:no"])
    assert offer.seen == ("18 of 18 profiles without email that have no phone were imported by name only.")
    assert offer.more == "4 more are like them."
    assert offer.check == "Checked on decisions kept aside: 6 of 6 agreed."
    assert offer.exceptions_text == "0 exceptions."


def test_nothing_is_decided_by_an_offer(project, sofia):
    mixed_history(project, sofia)
    before = state_checksum(project)
    rules.offer(project, NO_EMAIL)
    assert state_checksum(project) == before
    assert Decision.objects.count() == 36


def test_what_was_decided_otherwise_is_named(project, sofia):
    history(project, sofia, 60)
    exception = decided(made.make_item(project, no_phone()), sofia, Decide.SKIP)
    left_open(project)
    (rule,) = rules.offer(project, NO_EMAIL)
    assert rule.exceptions == [exception.item_id]
    assert rules.offers(project, NO_EMAIL)[0].exceptions_text == "1 exception."
    (shown,) = rules.every_rule(project)["offered"]
    assert [item.pk for item in shown.exceptions] == [exception.item_id]


def test_a_case_that_is_parked_as_unsure_counts_against_it(project, sofia):
    history(project, sofia, 60)
    parked = decided(made.make_item(project, no_phone()), sofia, Decide.UNSURE)
    left_open(project)
    assert rules.offer(project, NO_EMAIL)[0].exceptions == [parked.item_id]


def test_a_rule_that_has_nothing_left_to_decide_is_not_offered(project, sofia):
    history(project, sofia)
    left_open(project, make=with_phone)
    assert rules.offer(project, NO_EMAIL) == []


def test_looking_again_changes_nothing(project, sofia):
    mixed_history(project, sofia)
    first = rules.offer(project, NO_EMAIL)
    assert rules.offer(project, NO_EMAIL) == first
    assert Rule.objects.count() == 2


def test_the_figures_follow_the_decisions(project, sofia):
    history(project, sofia)
    left_open(project)
    rules.offer(project, NO_EMAIL)
    history(project, sofia, 9)
    (rule,) = rules.offer(project, NO_EMAIL)
    assert (rule.support, rule.held_back) == (18, 9)


def test_an_offer_that_later_decisions_speak_against_goes(project, sofia):
    history(project, sofia)
    left_open(project)
    assert rules.offer(project, NO_EMAIL)
    history(project, sofia, 6, Decide.SKIP)
    assert rules.offer(project, NO_EMAIL) == []
    assert not Rule.objects.exists()


def test_decisions_of_other_projects_and_kinds_say_nothing(project, sofia):
    other = made.make_project()
    history(other, made.make_member(other))
    left_open(project)
    assert rules.offer(project, NO_EMAIL) == []
    assert rules.offer(other, CaseKind.NO_NAME) == []


# What counts


def test_a_decision_that_was_undone_no_longer_counts(project, sofia):
    decisions = history(project, sofia)
    left_open(project)
    for decision in decisions[:8]:
        undo(project, decision.batch, user=sofia, client_key=uuid4())
    assert len(decided_cases(project, NO_EMAIL)) == 10
    assert rules.offer(project, NO_EMAIL) == []


def test_a_decision_for_other_evidence_no_longer_counts(project, sofia):
    decisions = history(project, sofia)
    item = decisions[0].item
    open_items(project, [no_phone(key=item.key, company="Acme")])
    assert len(decided_cases(project, NO_EMAIL)) == 17


def test_only_the_last_decision_on_a_case_counts(project, sofia, erik):
    item = made.make_item(project, no_phone())
    decided(item, sofia)
    decided(item, erik, Decide.SKIP)
    (seen,) = decided_cases(project, NO_EMAIL)
    assert seen.act.action == Decide.SKIP


@pytest.mark.parametrize(("size", "counted"), [(10, 10), (11, 0)])
def test_many_at_once_are_no_look_at_each(project, sofia, size, counted):
    left_open(project, size)
    decide_many(project, project.review_items.all(), Choice(Decide.NAME_ONLY), user=sofia, client_key=uuid4())
    assert len(decided_cases(project, NO_EMAIL)) == counted


def test_what_a_bulk_decided_confirms_nothing(project, sofia):
    left_open(project, 6)
    bulks.start(
        project,
        NO_EMAIL,
        "",
        timezone.now(),
        Choice(Decide.NAME_ONLY),
        user=sofia,
        client_key=uuid4(),
        expected=6,
    )
    assert Decision.objects.count() == 6
    assert decided_cases(project, NO_EMAIL) == []


def test_decisions_of_two_people_count_together(project, sofia, erik):
    history(project, sofia, 9)
    history(project, erik, 9)
    left_open(project)
    assert rules.offer(project, NO_EMAIL)[0].support == 12


def test_consents_have_no_rules(project, sofia):
    """Whatever is decided on consents, nothing is learned from it."""
    evidence = {"channel": "email", "answers": [], "profiles": 1, "samples": []}
    for number in range(30):
        item = ReviewItem.objects.create(
            project=project,
            kind=CaseKind.CONSENT,
            key=f"consent-{number}",
            title="Email",
            evidence=evidence,
            evidence_sha="0" * 64,
            suggestion={"action": "restrict", "args": {}, "candidates": []},
            suggested_action="restrict",
        )
        if number < 25:
            decided(item, sofia, Decide.RESTRICT, held_back=number % 3 == 0)
    assert len(decided_cases(project, CaseKind.CONSENT)) == 25
    assert rules.offer(project, CaseKind.CONSENT) == []


def merge_into_same_phone():
    known = {"source_key": "other", "name": "Astrid Lindqvist", "email": "a@example.com"}
    candidate = known | {"phone": "+46 70 555 01 24", "company": "", "event_count": 3, "why": "same phone"}
    return made.no_email(candidates=[candidate])


@pytest.mark.parametrize(
    ("make", "action"),
    [
        (made.no_name, Decide.DERIVE_NAME),
        (made.duplicate, Decide.MERGE),
        (lambda: made.rare_tag("wintr", similar=[("winter", 900)]), Decide.MERGE_TAG),
        (merge_into_same_phone, Decide.MERGE),
    ],
    ids=["derive a name", "merge duplicates", "merge tags", "merge a profile"],
)
def test_an_accepted_suggestion_is_known_as_one(project, sofia, make, action):
    """What acceptance writes down is compared with what was suggested; both must be of one spelling."""
    item = made.make_item(project, make())
    assert item.suggested_action == action
    decided(item, sofia, None)
    (seen,) = decided_cases(project, CaseKind(item.kind))
    assert seen.act
    assert seen.act.action == action


# Words and filters


@pytest.mark.parametrize(
    "make",
    [
        made.no_email,
        no_phone,
        lambda: made.no_email(tags=["winter 25", "a&b=c"], last_event="", sections=["Shop / EU"]),
        made.no_name,
        made.duplicate,
        made.type_conflict,
        made.rare_tag,
    ],
    ids=["no email", "no phone", "tags", "no name", "duplicate", "type conflict", "rare tag"],
)
def test_every_word_of_a_case_is_a_filter_that_finds_it(project, make):
    item = made.make_item(project, make())
    words = words_of(item)
    assert any(word.startswith("suggest:") for word in words)
    for word in words:
        filters = filters_for([word])
        assert list(open_items_of(project, CaseKind(item.kind), filters)) == [item], word
        left = rules.count_left(project, CaseKind(item.kind), [word], counts_of(project))
        assert (left.n, left.more) == (1, False), word
    (known,) = left_of(counts_of(project), CaseKind(item.kind))
    assert known.words == {word for word in words if not word.startswith("tag:")}


@pytest.mark.parametrize(
    "word", ["suggest:none", "match:phone", "deal:open", "queue:1:no-email", "seen:1066"]
)
def test_what_no_address_can_say_is_no_condition(word):
    assert filters_for([word]) is None
    assert filters_for(["phone:no", word]) is None


def test_a_condition_is_one_filter():
    assert filters_for(["phone:no", "suggest:skip"]) == Filters(phone="no", suggestion="skip")
