"""Cases from discoveries: decisions survive, changes are named, what is gone is closed."""

from uuid import uuid4

import pytest

from migrator.engine.cases import CaseKind, Decide
from reconciliation import queries
from reconciliation.models import ReviewItem
from reconciliation.services import close_missing, decide, open_items
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def settle(item, user, action=Decide.SKIP, args=None):
    decide(item.pk, action, args or {}, user=user, expected_version=item.lock_version, client_key=uuid4())


def test_it_opens_each_case_once(project):
    cases = [made.no_email(f"p{n}") for n in range(3)]
    first, again = open_items(project, cases), open_items(project, cases)
    assert (first.opened, again.opened, again.kept) == (3, 0, 3)
    assert queries.open_count(project) == 3


def test_it_takes_a_stream_of_any_length(project):
    assert open_items(project, (made.no_email(f"p{n}") for n in range(1201))).opened == 1201


def test_nothing_to_open_is_no_problem(project):
    assert open_items(project, []).opened == 0


def test_a_decision_survives_as_long_as_its_evidence(project, sofia):
    item = made.make_item(project, made.no_email("p1"))
    settle(item, sofia)
    assert open_items(project, [made.no_email("p1")]).kept == 1
    assert ReviewItem.objects.get(pk=item.pk).action == Decide.SKIP


def test_changed_evidence_opens_the_case_and_says_what_changed(project, sofia):
    item = made.make_item(project, made.no_email("p1"))
    settle(item, sofia)
    counts = open_items(project, [made.no_email("p1", phone="+47 900", event_count=20)])
    item.refresh_from_db()
    assert counts.reopened == 1
    assert (item.state, item.action) == ("open", "")
    assert item.changed == "Changed since it was decided: events, phone."
    assert item.decisions.count() == 1


def test_the_next_decision_clears_what_changed(project, sofia):
    item = made.make_item(project, made.no_email("p1"))
    settle(item, sofia)
    open_items(project, [made.no_email("p1", phone="+47 900")])
    item.refresh_from_db()
    settle(item, sofia)
    item.refresh_from_db()
    assert item.changed == ""


def test_changed_evidence_of_an_open_case_makes_old_screens_stale(project):
    item = made.make_item(project, made.no_email("p1"))
    assert open_items(project, [made.no_email("p1", phone="")]).updated == 1
    assert ReviewItem.objects.get(pk=item.pk).lock_version == item.lock_version + 1


def test_a_type_settled_on_other_values_is_open_in_the_inventory_again(project, sofia):
    item = made.make_item(project, made.type_conflict())
    settle(item, sofia, Decide.SPLIT)
    open_items(project, [made.type_conflict(name="shoe size")])
    assert not project.type_settlements.exists()


def test_what_a_discovery_no_longer_reports_is_gone(project):
    open_items(project, [made.no_email("stays"), made.no_email("goes")], scan="1")
    open_items(project, [made.no_email("stays")], scan="2")
    assert close_missing(project, "2") == 1
    assert dict(ReviewItem.objects.values_list("key", "state")) == {"stays": "open", "goes": "gone"}
    assert queries.open_count(project) == 1


def test_only_the_kinds_that_were_reported_are_closed(project):
    open_items(project, [made.no_email("p"), made.rare_tag("t")], scan="1")
    assert close_missing(project, "2", [CaseKind.RARE_TAG]) == 1
    assert queries.open_counts_by_kind(project)[CaseKind.NO_EMAIL] == 1


def test_a_case_that_comes_back_unchanged_has_its_decision_still(project, sofia):
    item = made.make_item(project, made.no_email("p"))
    settle(item, sofia)
    close_missing(project, "2")
    assert queries.resolutions_for(project).get(CaseKind.NO_EMAIL, "p") is None
    assert open_items(project, [made.no_email("p")], scan="3").returned == 1
    assert queries.resolutions_for(project).get(CaseKind.NO_EMAIL, "p").action == Decide.SKIP


def test_the_case_that_holds_up_most_comes_first(project):
    open_items(project, [made.no_email("few", event_count=1), made.no_email("many", event_count=900)])
    page = queries.queue_page(project, CaseKind.NO_EMAIL, queries.Filters())
    assert [item.key for item in page.items] == ["many", "few"]


def test_a_profile_of_several_sections_is_filed_under_that(project):
    item = made.make_item(project, made.no_email(sections=["Norway", "Sweden"]))
    assert item.section == "Several Sections"
