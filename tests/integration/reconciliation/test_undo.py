"""Undo: any decision or batch, in any order, with what stands in the way named."""

from uuid import uuid4

import pytest
from django.utils import timezone

from migrator.choices import RunKind, RunState
from migrator.engine.cases import Decide
from migrator.engine.errors import RefusedError
from migrator.models import Run
from reconciliation.models import Decision, ReviewItem
from reconciliation.replay import state_checksum
from reconciliation.services import Choice, decide, decide_many, left_by_undo, open_items, undo
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def decided(item, action, user, args=None):
    item.refresh_from_db()
    version = item.lock_version
    return decide(
        item.pk, action, args or {}, user=user, expected_version=version, client_key=uuid4()
    ).decision


def undone(decision, user, key=None):
    return undo(decision.project, decision.batch, user=user, client_key=key or uuid4())


def state(item):
    item = ReviewItem.objects.get(pk=item.pk)
    return item.state, item.action, item.args, item.decided_by_id, item.decided_at


def test_it_opens_the_case_again_and_keeps_the_history(project, sofia):
    item = made.make_item(project)
    before = state(item)
    decision = decided(item, Decide.SKIP, sofia)
    assert len(undone(decision, sofia).undone) == 1
    assert state(item) == before
    assert list(Decision.objects.order_by("pk").values_list("undoes", flat=True)) == [None, decision.pk]


def test_any_order_gives_the_state_before(project, sofia):
    items = [made.make_item(project) for _ in range(5)]
    before = [state(item) for item in items]
    decisions = [decided(item, Decide.SKIP, sofia) for item in items]
    for number in (2, 0, 4, 1, 3):
        assert undone(decisions[number], sofia).conflicts == ()
    assert [state(item) for item in items] == before


def test_it_gives_back_the_decision_that_was_replaced(project, sofia, erik):
    item = made.make_item(project)
    decided(item, Decide.SKIP, erik, {"reason": "Old"})
    before = state(item)
    undone(decided(item, Decide.NAME_ONLY, sofia), sofia)
    assert state(item) == before


def test_a_later_decision_stands_in_the_way_and_is_named(project, sofia, erik):
    item = made.make_item(project)
    first = decided(item, Decide.SKIP, sofia)
    second = decided(item, Decide.NAME_ONLY, erik)
    outcome = undone(first, sofia)
    assert outcome.undone == ()
    assert [c.sentence for c in outcome.conflicts] == ["Erik chose Name only later. Undo that first."]
    undone(second, erik)
    assert len(undone(first, sofia).undone) == 1


def test_a_batch_is_undone_but_for_what_changed_since(project, sofia, erik):
    items = [made.make_item(project) for _ in range(4)]
    batch = decide_many(
        project, project.review_items.all(), Choice(Decide.SKIP), user=sofia, client_key=uuid4()
    )
    decided(items[1], Decide.NAME_ONLY, erik)
    outcome = undo(project, batch.key, user=sofia, client_key=uuid4())
    assert (len(outcome.undone), len(outcome.conflicts)) == (3, 1)
    assert outcome.conflicts[0].item == items[1]


def test_undoing_twice_changes_nothing(project, sofia):
    item = made.make_item(project)
    decision, key = decided(item, Decide.SKIP, sofia), uuid4()
    undone(decision, sofia, key)
    assert undone(decision, sofia, key).undone == ()
    assert Decision.objects.count() == 2


def test_a_decision_on_older_evidence_is_taken_back_and_the_case_stays_as_it_is(project, sofia):
    item = made.make_item(project, made.no_email("p1"))
    decision = decided(item, Decide.SKIP, sofia)
    open_items(project, [made.no_email("p1", phone="+47 1")])
    before = state(item)
    assert len(undone(decision, sofia).undone) == 1
    assert state(item) == before
    open_items(project, [made.no_email("p1")])
    assert ReviewItem.objects.get(pk=item.pk).state == "open"


def test_what_is_ticked_is_taken_back_with_all_that_was_decided_later(project, sofia, erik):
    items = [made.make_item(project) for _ in range(3)]
    before = state_checksum(project)
    batch = decide_many(
        project, project.review_items.all(), Choice(Decide.SKIP), user=sofia, client_key=uuid4()
    )
    for item in items[:2]:
        decided(item, Decide.NAME_ONLY, erik)
    listed = left_by_undo(project, batch.key)
    assert [(c.item, c.sentence) for c in listed] == [
        (item, "Erik chose Name only later. Undo that first.") for item in items[:2]
    ]
    outcome = undo(project, batch.key, user=sofia, client_key=uuid4(), also=[items[0].pk])
    assert len(outcome.undone) == 3
    assert [(c.item, c.ticks) for c in outcome.conflicts] == [(items[1], True)]
    assert ReviewItem.objects.get(pk=items[1].pk).action == Decide.NAME_ONLY
    undo(project, batch.key, user=sofia, client_key=uuid4(), also=[items[1].pk])
    assert state_checksum(project) == before
    assert left_by_undo(project, batch.key) == ()


def test_a_merge_does_not_come_back_where_its_tag_was_dropped_since(project, sofia):
    one = made.make_item(project, made.rare_tag("vip", similar=[("vips", 3)]))
    two = made.make_item(project, made.rare_tag("vips", similar=[("vip", 3)]))
    decided(one, Decide.MERGE_TAG, sofia, {"into": "vips"})
    kept = decided(one, Decide.KEEP, sofia)
    dropped = decided(two, Decide.DROP, sofia)
    refused = undone(kept, sofia).conflicts
    assert [c.sentence for c in refused] == [
        "vips, which it was merged into, was dropped since. Undo that first."
    ]
    assert not refused[0].ticks
    undone(dropped, sofia)
    assert undone(kept, sofia).undone
    assert ReviewItem.objects.get(pk=one.pk).action == Decide.MERGE_TAG


def test_a_merge_does_not_come_back_where_its_tag_was_merged_the_other_way_since(project, sofia):
    one = made.make_item(project, made.rare_tag("vip", similar=[("vips", 3)]))
    two = made.make_item(project, made.rare_tag("vips", similar=[("vip", 3)]))
    decided(one, Decide.MERGE_TAG, sofia, {"into": "vips"})
    kept = decided(one, Decide.KEEP, sofia)
    decided(two, Decide.MERGE_TAG, sofia, {"into": "vip"})
    assert "merged into this case since" in undone(kept, sofia).conflicts[0].sentence


def test_an_address_does_not_come_back_where_another_case_has_it_since(project, sofia):
    one, two = made.make_item(project), made.make_item(project)
    decided(one, Decide.SUPPLY_EMAIL, sofia, {"email": "a@example.com"})
    skipped = decided(one, Decide.SKIP, sofia)
    decided(two, Decide.SUPPLY_EMAIL, sofia, {"email": "a@example.com"})
    assert "was given to" in undone(skipped, sofia).conflicts[0].sentence
    assert ReviewItem.objects.get(pk=one.pk).action == Decide.SKIP


def test_a_parked_case_is_open_again_and_a_parked_decision_holds_again(project, sofia):
    fresh, settled = made.make_item(project), made.make_item(project)
    decided(settled, Decide.SKIP, sofia)
    before = [state(fresh), state(settled)]
    parked = [decided(item, Decide.UNSURE, sofia) for item in (fresh, settled)]
    assert {row.state for row in project.review_items.all()} == {"unsure"}
    for decision in parked:
        undone(decision, sofia)
    assert [state(fresh), state(settled)] == before


def test_a_case_is_open_since_its_decision_was_undone_and_not_since_it_was_parked(project, sofia):
    item = made.make_item(project)
    opened = item.opened_at
    parked = decided(item, Decide.UNSURE, sofia)
    undone(parked, sofia)
    assert ReviewItem.objects.get(pk=item.pk).opened_at == opened
    undone(decided(item, Decide.SKIP, sofia), sofia)
    item.refresh_from_db()
    assert item.opened_at == item.touched_at > opened


def test_a_settled_type_is_open_again_in_the_inventory(project, sofia):
    item = made.make_item(project, made.type_conflict())
    first = decided(item, Decide.AS_TYPE, sofia, {"type": "text"})
    second = decided(item, Decide.DROP, sofia)
    undone(second, sofia)
    assert project.type_settlements.get().settled == "text"
    undone(first, sofia)
    assert not project.type_settlements.exists()


def test_it_needs_a_role_that_decides(project, sofia):
    decision = decided(made.make_item(project), Decide.SKIP, sofia)
    with pytest.raises(RefusedError):
        undone(decision, made.make_member(project, "auditor"))


def test_a_batch_of_another_project_is_nothing_to_undo(project, sofia):
    other = made.make_project()
    decision = decided(made.make_item(other), Decide.SKIP, made.make_member(other))
    with pytest.raises(RefusedError, match="nothing to undo"):
        undo(project, decision.batch, user=sofia, client_key=uuid4())


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ({"state": RunState.RUNNING}, "Abort it"),
        ({"state": RunState.FINISHED, "loading_since": timezone.now()}, "Roll it back"),
    ],
    ids=["open run", "written run"],
)
def test_a_run_that_uses_the_decision_ends_the_time_for_undo(project, sofia, run, sentence):
    decision = decided(made.make_item(project), Decide.SKIP, sofia)
    Run.objects.create(project=project, kind=RunKind.TRIAL, **run)
    with pytest.raises(RefusedError, match=sentence):
        undone(decision, sofia)


@pytest.mark.parametrize("run", [{"state": RunState.ABORTED}, {"state": RunState.FINISHED}])
def test_a_run_that_wrote_nothing_does_not(project, sofia, run):
    decision = decided(made.make_item(project), Decide.SKIP, sofia)
    Run.objects.create(project=project, kind=RunKind.TRIAL, **run)
    assert undone(decision, sofia).undone


def test_after_a_rollback_it_may_be_undone_again(project, sofia):
    decision = decided(made.make_item(project), Decide.SKIP, sofia)
    now = timezone.now()
    run = Run.objects.create(project=project, kind=RunKind.TRIAL, state=RunState.FINISHED, loading_since=now)
    Run.objects.create(project=project, kind=RunKind.ROLLBACK, state=RunState.FINISHED, of_run=run)
    assert undone(decision, sofia).undone


def test_a_decision_after_the_run_may_be_undone(project, sofia):
    Run.objects.create(project=project, kind=RunKind.TRIAL, state=RunState.RUNNING)
    assert undone(decided(made.make_item(project), Decide.SKIP, sofia), sofia).undone
