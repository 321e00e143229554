"""Cases from discoveries: decisions survive, changes are named, what is gone is closed."""

from uuid import uuid4

import pytest

from migrator.engine.cases import CaseKind, Decide
from reconciliation import queries
from reconciliation.models import CaseFacet, ReviewItem
from reconciliation.resolving import resolutions_for
from reconciliation.services import close_missing, decide, open_items, undo
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def settle(item, user, action=Decide.SKIP, args=None):
    version = item.lock_version
    return decide(item.pk, action, args or {}, user=user, expected_version=version, client_key=uuid4())


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
    assert item.changed == (
        "Changed since it was decided: events: 14 → 20, phone: +46 70 555 01 24 → +47 900."
    )
    assert item.decisions.count() == 1


def test_an_undo_shows_again_what_changed(project, sofia):
    item = made.make_item(project, made.no_email("p1"))
    settle(item, sofia)
    open_items(project, [made.no_email("p1", phone="+47 900")])
    item.refresh_from_db()
    told, again = item.changed, settle(item, sofia)
    undo(project, again.decision.batch, user=sofia, client_key=uuid4())
    item.refresh_from_db()
    assert (item.state, item.changed) == ("open", told)


def test_a_second_change_is_told_after_the_first(project, sofia):
    item = made.make_item(project, made.no_email("p1"))
    settle(item, sofia)
    open_items(project, [made.no_email("p1", event_count=20)])
    open_items(project, [made.no_email("p1", event_count=21)])
    item.refresh_from_db()
    assert item.changed == "Changed since it was decided: events: 14 → 20. Then: events: 20 → 21."


def test_evidence_that_returns_to_what_was_decided_on_asks_nobody_twice(project, sofia):
    item = made.make_item(project, made.no_email("p1"))
    settle(item, sofia, args={"reason": "Left"})
    open_items(project, [made.no_email("p1", phone="+47 900")])
    assert open_items(project, [made.no_email("p1")]).revived == 1
    item.refresh_from_db()
    assert (item.state, item.action, item.args, item.changed) == ("decided", "skip", {"reason": "Left"}, "")
    assert item.decided_by == sofia
    assert item.decisions.count() == 1


def test_each_evidence_has_its_own_decision(project, sofia):
    first, second = made.no_email("p1"), made.no_email("p1", phone="+47 900")
    item = made.make_item(project, first)
    settle(item, sofia)
    open_items(project, [second])
    item.refresh_from_db()
    settle(item, sofia, Decide.NAME_ONLY)
    for case, action in ((first, "skip"), (second, "name_only"), (first, "skip")):
        open_items(project, [case])
        assert ReviewItem.objects.get(pk=item.pk).action == action


def test_a_revived_type_is_settled_in_the_inventory_again(project, sofia):
    item = made.make_item(project, made.type_conflict())
    settle(item, sofia, Decide.SPLIT)
    open_items(project, [made.type_conflict(name="shoe size")])
    open_items(project, [made.type_conflict()])
    assert project.type_settlements.get().settled == "split"


def test_a_parked_case_comes_back_parked(project, sofia):
    item = made.make_item(project, made.no_email("p"))
    settle(item, sofia, Decide.UNSURE)
    close_missing(project, "2")
    open_items(project, [made.no_email("p")], scan="3")
    assert ReviewItem.objects.get(pk=item.pk).state == "unsure"


def test_a_case_that_came_back_counts_as_opened_now(project):
    item = made.make_item(project, made.no_email("p"))
    close_missing(project, "2")
    open_items(project, [made.no_email("p")], scan="3")
    back = ReviewItem.objects.get(pk=item.pk)
    assert back.opened_at == back.touched_at > item.opened_at


def test_a_case_of_an_older_version_gets_its_rank_and_its_facets(project):
    item = made.make_item(project, made.no_email("p"))
    ReviewItem.objects.filter(pk=item.pk).update(rank=-1)
    CaseFacet.objects.filter(item=item.pk).update(facets=[])
    assert open_items(project, [made.no_email("p")]).updated == 1
    assert ReviewItem.objects.get(pk=item.pk).rank == item.rank
    assert CaseFacet.objects.get(item=item.pk).facets


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
    assert queries.open_count(project) == 1


def test_a_case_that_comes_back_unchanged_has_its_decision_still(project, sofia):
    item = made.make_item(project, made.no_email("p"))
    settle(item, sofia)
    close_missing(project, "2")
    assert resolutions_for(project).get(CaseKind.NO_EMAIL, "p") is None
    assert open_items(project, [made.no_email("p")], scan="3").returned == 1
    assert resolutions_for(project).get(CaseKind.NO_EMAIL, "p").action == Decide.SKIP


def test_the_case_that_holds_up_most_comes_first(project):
    open_items(project, [made.no_email("few", event_count=1), made.no_email("many", event_count=900)])
    page = queries.queue_page(project, CaseKind.NO_EMAIL, queries.Filters())
    assert [item.key for item in page.items] == ["many", "few"]


def test_a_profile_of_several_sections_is_filed_under_that(project):
    item = made.make_item(project, made.no_email(sections=["Norway", "Sweden"]))
    assert item.section == "Several Sections"
