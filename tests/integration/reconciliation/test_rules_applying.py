"""Rules: applied on a click, taken back as one, put off; and what looking for them costs."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from migrator.choices import Role
from migrator.engine.cases import Decide
from migrator.engine.errors import RefusedError
from migrator.models import TrailEntry
from reconciliation import bulks, rules
from reconciliation.arguments import InvalidDecisionError
from reconciliation.choices import RuleState
from reconciliation.models import Decision, Rule
from reconciliation.replay import state_checksum
from reconciliation.rule_history import decided_cases
from tests import factories_reconciliation as made
from tests.rule_histories import (
    NO_EMAIL,
    apply,
    decided,
    history,
    left_open,
    mixed_history,
    no_phone,
    the_rule,
    with_phone,
)

pytestmark = pytest.mark.django_db


# Applying


def test_applying_decides_what_is_like_them_and_nothing_else(project, sofia):
    mixed_history(project, sofia)
    bulk = apply(the_rule(project), sofia, expected=4)
    assert (bulk.planned, bulk.done, bulk.rule.state) == (4, 4, RuleState.APPLIED)
    still_open = project.review_items.filter(state="open")
    assert {item.evidence["phone"] for item in still_open} == {"+46 70 555 01 24"}
    assert still_open.count() == 3
    assert bulk.rule.settled_by == sofia


def test_one_undo_takes_back_the_whole_application(project, sofia):
    mixed_history(project, sofia)
    rule = the_rule(project)
    before = state_checksum(project)
    bulk = apply(rule, sofia)
    assert state_checksum(project) != before
    undoing = bulks.undo(bulk, sofia, uuid4())
    while bulks.work(undoing.pk):
        pass
    assert state_checksum(project) == before


def test_the_same_request_again_gives_the_first_answer(project, sofia):
    mixed_history(project, sofia)
    rule, client_key = the_rule(project), uuid4()
    first = apply(rule, sofia, client_key)
    decisions, entries = Decision.objects.count(), TrailEntry.objects.count()
    assert apply(rule, sofia, client_key) == first
    assert (Decision.objects.count(), TrailEntry.objects.count()) == (decisions, entries)


def test_a_rule_that_later_decisions_speak_against_is_not_applied(project, sofia):
    mixed_history(project, sofia)
    rule = the_rule(project)
    history(project, sofia, 6, Decide.SKIP)
    before = state_checksum(project)
    with pytest.raises(rules.LapsedRuleError, match=r"speak against this rule: of 8 kept aside, 6 agree"):
        apply(rule, sofia)
    rule.refresh_from_db()
    assert (state_checksum(project), rule.state) == (before, RuleState.OFFERED)


def test_a_rule_that_other_cases_came_under_since_is_not_applied(project, sofia):
    """All that was left had no phone. Whatever word the rule has, those with a phone are not like them."""
    history(project, sofia)
    left_open(project)
    (rule,) = rules.offer(project, NO_EMAIL)
    rule.condition = ["company:no"]
    rule.save()
    left_open(project, make=with_phone)
    with pytest.raises(rules.LapsedRuleError, match="unlike those that were decided"):
        apply(rule, sofia)
    assert not project.review_items.filter(state="open", action__gt="").exists()


def test_more_cases_than_were_seen_are_refused_and_nothing_is_settled(project, sofia):
    mixed_history(project, sofia)
    rule = the_rule(project)
    with pytest.raises(InvalidDecisionError, match="you saw 3"):
        apply(rule, sofia, expected=3)
    rule.refresh_from_db()
    assert rule.state == RuleState.OFFERED


def test_its_own_decisions_do_not_make_it_surer(project, sofia):
    mixed_history(project, sofia)
    apply(the_rule(project), sofia)
    left_open(project)
    assert "phone:no" not in {word for rule in rules.offer(project, NO_EMAIL) for word in rule.condition}
    assert len(decided_cases(project, NO_EMAIL)) == 36


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_not_decide_may_not_apply_or_put_off(project, sofia, role):
    mixed_history(project, sofia)
    rule, viewer = the_rule(project), made.make_member(project, role)
    with pytest.raises(RefusedError):
        apply(rule, viewer)
    with pytest.raises(RefusedError):
        rules.dismiss(project, rule.pk, user=viewer)


def test_a_rule_of_another_project_does_not_exist(project, sofia):
    mixed_history(project, sofia)
    rule, other = the_rule(project), made.make_project()
    erik = made.make_member(other)
    with pytest.raises(Rule.DoesNotExist):
        rules.dismiss(other, rule.pk, user=erik)
    with pytest.raises(Rule.DoesNotExist):
        rules.apply(other, rule.pk, user=erik, seen_at=timezone.now(), expected=None, client_key=uuid4())


# Putting off


def test_a_rule_that_was_put_off_comes_back_after_eight_more_like_decisions(project, sofia):
    history(project, sofia)
    left_open(project)
    rules.dismiss(project, the_rule_by_suggestion(project).pk, user=sofia)
    assert rules.offer(project, NO_EMAIL) == []
    history(project, sofia, 7)
    assert rules.offer(project, NO_EMAIL) == []
    history(project, sofia, 1)
    (rule,) = rules.offer(project, NO_EMAIL)
    assert rule.support + rule.agreed == 26


def the_rule_by_suggestion(project):
    (rule,) = rules.offer(project, NO_EMAIL)
    return rule


def test_the_same_act_under_another_condition_is_put_off_too(project, sofia):
    """Cases of another Section join; the pattern is worded anew, and it is the same question."""
    history(project, sofia)
    left_open(project)
    rules.dismiss(project, the_rule_by_suggestion(project).pk, user=sofia)
    history(project, sofia, 6, make=lambda: no_phone(company="Acme"))
    left_open(project, make=lambda: no_phone(company="Acme"))
    assert rules.offer(project, NO_EMAIL) == []


def test_decisions_against_it_do_not_bring_it_back(project, sofia):
    history(project, sofia, 90)
    left_open(project)
    rules.dismiss(project, the_rule_by_suggestion(project).pk, user=sofia)
    history(project, sofia, 7)
    decided(made.make_item(project, no_phone()), sofia, Decide.SKIP)
    assert rules.offer(project, NO_EMAIL) == []


def test_putting_off_is_on_the_trail_once_and_holds_no_personal_data(project, sofia):
    history(project, sofia)
    left_open(project)
    rule = the_rule_by_suggestion(project)
    for _ in range(2):
        rules.dismiss(project, rule.pk, user=sofia)
    (entry,) = TrailEntry.objects.filter(project=project, verb="dismiss")
    assert (entry.object_id, entry.data) == (str(rule.pk), {"kind": "no-email"})


# Cost


def test_it_takes_as_many_queries_however_much_was_decided(project, sofia):
    def taken():
        found = []
        for act in (rules.offer, rules.offers):
            with CaptureQueriesContext(connection) as queries:
                act(project, NO_EMAIL)
            found.append(len(queries))
        return found

    mixed_history(project, sofia)
    rules.offer(project, NO_EMAIL)
    before = taken()
    mixed_history(project, sofia)
    assert taken() == before
    assert before[1] == 2


def test_a_list_without_offers_costs_one_query(project, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert rules.offers(project, NO_EMAIL) == ()


def test_it_is_time_to_look_after_one_decision_in_eight():
    assert [pk for pk in range(1, 33) if rules.is_due(Decision(pk=pk))] == [8, 16, 24, 32]
