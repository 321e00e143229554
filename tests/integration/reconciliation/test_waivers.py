"""Waivers: an engineer may let runs go on without the open cases that were on screen, and without no others."""

import pytest
from django.utils import timezone

from migrator import trail
from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from reconciliation import queries, waivers
from reconciliation.choices import ItemState
from reconciliation.models import ReviewItem
from tests import factories_reconciliation as made

REASON = "The sales team wants to see the others first."


@pytest.fixture
def three(project):
    return [made.make_item(project, made.no_email(f"p-{number}")) for number in range(3)]


def test_every_kind_tells_what_is_open_and_what_it_holds_up(project, three):
    made.make_item(project, made.rare_tag(count=4))
    found = waivers.open_by_kind(project)
    assert set(found) == set(CaseKind)
    no_email, tags = found[CaseKind.NO_EMAIL], found[CaseKind.RARE_TAG]
    assert (no_email.cases, no_email.profiles, no_email.events, no_email.holds) == (3, 3, 42, True)
    assert (tags.cases, tags.profiles, tags.holds) == (1, 4, False)
    assert all(each.left_open.endswith(".") for each in found.values())


def test_a_parked_case_is_open_and_a_gone_one_is_not(project, three, sofia):
    parked = {"action": "unsure", "decided_by": sofia, "decided_at": timezone.now()}
    ReviewItem.objects.filter(pk=three[0].pk).update(state=ItemState.UNSURE, **parked)
    ReviewItem.objects.filter(pk=three[1].pk).update(state=ItemState.GONE)
    assert waivers.open_by_kind(project)[CaseKind.NO_EMAIL].cases == 2


def test_an_engineer_lets_runs_go_on_without_the_open_cases(project, three, erik):
    waiver = waivers.give(project, erik, f"  {REASON} ", expected=3)
    assert (waiver.by, waiver.cases, waiver.profiles, waiver.reason) == (erik, 3, 3, REASON)
    assert queries.standing_waiver(project) == waiver
    entry = project.trail.latest("seq")
    assert (entry.verb, entry.data) == ("waive", {"cases": 3, "kinds": {"no-email": 3}})
    assert trail.first_break(project) is None


def test_profiles_that_lose_a_tag_alone_are_not_held_back(project, erik):
    made.make_item(project, made.rare_tag(count=4))
    assert waivers.give(project, erik, REASON, expected=1).profiles == 0


def test_a_customer_admin_cannot(project, three, sofia):
    with pytest.raises(RefusedError, match="only engineer or owner can let a run go on without open cases"):
        waivers.give(project, sofia, REASON, expected=3)
    assert queries.standing_waiver(project) is None


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
def test_it_needs_a_reason_that_can_be_read(project, three, erik, reason):
    with pytest.raises(RefusedError, match=r"reason|why"):
        waivers.give(project, erik, reason, expected=3)
    assert not project.waivers.exists()


def test_a_number_that_changed_since_it_was_seen_is_refused(project, three, erik):
    with pytest.raises(RefusedError, match="3 cases are open now, not 2"):
        waivers.give(project, erik, REASON, expected=2)


def test_a_type_conflict_cannot_be_left_open(project, erik):
    made.make_item(project, made.type_conflict())
    with pytest.raises(RefusedError, match="1 type conflict"):
        waivers.give(project, erik, REASON, expected=1)


def test_nothing_open_needs_no_waiver(project, erik):
    with pytest.raises(RefusedError, match="Every case is decided"):
        waivers.give(project, erik, REASON, expected=0)


def test_it_lapses_when_another_case_opens(project, three, erik):
    waivers.give(project, erik, REASON, expected=3)
    made.make_item(project, made.no_email("p-9"))
    assert queries.standing_waiver(project) is None


def test_it_stands_while_its_cases_are_decided_one_by_one(project, three, sofia, erik):
    waiver = waivers.give(project, erik, REASON, expected=3)
    decided = {"action": "name_only", "decided_by": sofia, "decided_at": timezone.now()}
    ReviewItem.objects.filter(pk=three[0].pk).update(state=ItemState.DECIDED, **decided)
    assert queries.standing_waiver(project) == waiver


def test_it_is_taken_back_by_whoever_may_give_it(project, three, sofia, erik):
    waivers.give(project, erik, REASON, expected=3)
    with pytest.raises(RefusedError):
        waivers.withdraw(project, sofia)
    waivers.withdraw(project, erik)
    assert queries.standing_waiver(project) is None
    with pytest.raises(RefusedError, match="Nothing was changed"):
        waivers.withdraw(project, erik)


def test_a_second_one_takes_the_place_of_the_first(project, three, erik):
    waivers.give(project, erik, REASON, expected=3)
    second = waivers.give(project, erik, "All the same.", expected=3)
    assert queries.standing_waiver(project) == second
    assert project.waivers.filter(withdrawn_at__isnull=True).count() == 1
