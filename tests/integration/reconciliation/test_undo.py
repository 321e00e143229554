"""Undo: any decision or batch, in any order, with what stands in the way named."""

from uuid import uuid4

import pytest
from django.utils import timezone

from migrator.choices import RunKind, RunState
from migrator.engine.cases import Decide
from migrator.engine.errors import RefusedError
from migrator.models import Run
from reconciliation.models import Decision, ReviewItem
from reconciliation.services import Choice, decide, decide_many, open_items, undo
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


def test_a_case_with_new_evidence_has_nothing_to_undo(project, sofia):
    item = made.make_item(project, made.no_email("p1"))
    decision = decided(item, Decide.SKIP, sofia)
    open_items(project, [made.no_email("p1", phone="+47 1")])
    outcome = undone(decision, sofia)
    assert "new evidence" in outcome.conflicts[0].sentence
    assert ReviewItem.objects.get(pk=item.pk).is_open


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
