"""Assigning cases and dealing them out evenly; it settles nothing."""

import pytest

from migrator.choices import Role
from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from migrator.models import TrailEntry
from reconciliation.assigning import assign, share_evenly
from reconciliation.models import ReviewItem
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def owners():
    return dict(ReviewItem.objects.values_list("key", "assigned_to"))


def test_cases_are_given_to_a_person_and_taken_away_again(project, sofia, erik):
    for key in "abc":
        made.make_item(project, made.no_email(key))
    chosen = project.review_items.filter(key__in="ab").order_by("key")
    assert assign(project, chosen, sofia, by=erik) == 2
    assert owners() == {"a": sofia.pk, "b": sofia.pk, "c": None}
    assert assign(project, project.review_items.all(), sofia, by=erik) == 1
    assert assign(project, chosen, None, by=erik) == 2
    assert [e.data["cases"] for e in TrailEntry.objects.filter(verb="assign").order_by("seq")] == [2, 1, 2]


def test_it_makes_no_screen_stale(project, sofia):
    item = made.make_item(project)
    assign(project, project.review_items.all(), sofia, by=sofia)
    assert ReviewItem.objects.get(pk=item.pk).lock_version == item.lock_version


def test_cases_of_another_project_are_not_touched(project, sofia):
    made.make_item(made.make_project(), made.no_email("theirs"))
    assert assign(project, ReviewItem.objects.all(), sofia, by=sofia) == 0
    assert owners() == {"theirs": None}


def test_they_are_dealt_out_in_turn_in_the_order_of_the_page(project, sofia, erik):
    for number in range(5):
        made.make_item(project, made.no_email(f"p{number}", event_count=900 - 100 * number))
    made.make_item(project, made.no_name("other-kind"))
    dealt = share_evenly(project, CaseKind.NO_EMAIL, "", [sofia, erik], by=sofia)
    assert dealt == {sofia.pk: 3, erik.pk: 2}
    assert owners() == {
        "p0": sofia.pk,
        "p1": erik.pk,
        "p2": sofia.pk,
        "p3": erik.pk,
        "p4": sofia.pk,
        "other-kind": None,
    }


def test_only_what_the_filter_matches_is_dealt_out(project, sofia):
    made.make_item(project, made.no_email("no", sections=["Norway"]))
    made.make_item(project, made.no_email("se", sections=["Sweden"]))
    assert share_evenly(project, CaseKind.NO_EMAIL, "?section=Norway", [sofia], by=sofia) == {sofia.pk: 1}
    assert owners() == {"no": sofia.pk, "se": None}


def test_only_people_who_may_decide_get_cases(project, sofia):
    item = made.make_item(project)
    auditor = made.make_member(project, Role.AUDITOR, "Ada")
    stranger = made.make_member(made.make_project(), name="Bo")
    for person, name in ((auditor, "Ada"), (stranger, "Bo")):
        with pytest.raises(RefusedError, match=f"{name} cannot decide"):
            assign(project, project.review_items.all(), person, by=sofia)
        with pytest.raises(RefusedError, match=name):
            share_evenly(project, CaseKind.NO_EMAIL, "", [sofia, person], by=sofia)
    with pytest.raises(RefusedError):
        assign(project, project.review_items.all(), sofia, by=auditor)
    with pytest.raises(RefusedError, match="Nobody"):
        share_evenly(project, CaseKind.NO_EMAIL, "", [], by=sofia)
    assert owners() == {item.key: None}
