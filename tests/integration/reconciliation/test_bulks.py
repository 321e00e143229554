"""Bulks by filter: the snapshot, what is left out, steering, loss of a process, and exact undo."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from migrator import tasks
from migrator.choices import Role, RunKind, RunState
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import Run, TrailEntry
from reconciliation import bulk_slices, bulks, holds
from reconciliation.arguments import InvalidDecisionError
from reconciliation.choices import BulkState
from reconciliation.models import Bulk, Decision, ReviewItem
from reconciliation.replay import state_checksum
from reconciliation.services import Choice, decide, decide_many, open_items
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db

SKIP = Choice(Decide.SKIP, {"reason": "Left"})


@pytest.fixture
def in_background(monkeypatch):
    """Small bulks go to the background too, in slices of two."""
    monkeypatch.setattr(bulks, "INLINE", 0)
    monkeypatch.setattr(bulk_slices, "SLICE", 2)


def queue(project, count=5, **known):
    open_items(project, [made.no_email(f"p{number}", **known) for number in range(count)])
    return list(project.review_items.order_by("pk"))


def started(project, user, choice=SKIP, query="", **more):
    values = {"user": user, "client_key": uuid4(), "seen_at": timezone.now()} | more
    return bulks.start(project, CaseKind.NO_EMAIL, query, choice=choice, **values)


def settle(item, user, action=Decide.NAME_ONLY):
    item.refresh_from_db()
    return decide(item.pk, action, {}, user=user, expected_version=item.lock_version, client_key=uuid4())


def worked(bulk):
    while bulks.work(bulk.pk, seconds=0):
        pass
    bulk.refresh_from_db()
    return bulk


def states(project):
    return dict(project.review_items.values_list("key", "state"))


def test_a_small_one_is_done_at_once_as_one_batch(project, sofia):
    queue(project)
    bulk = started(project, sofia, expected=5)
    assert (bulk.state, bulk.planned, bulk.done) == (BulkState.FINISHED, 5, 5)
    rows = Decision.objects.filter(batch=bulk.batch)
    assert set(rows.values_list("action", "reason", "actor")) == {("skip", "Left", sofia.pk)}
    assert rows.filter(client_key=bulk.batch).count() == 1
    assert [e.data for e in TrailEntry.objects.filter(verb="decide")] == [
        {"acts": {"skip": 5}, "bulk": bulk.pk}
    ]


def test_only_what_the_filter_matches_is_decided(project, sofia):
    open_items(project, [made.no_email("no", sections=["Norway"]), made.no_email("se"), made.no_name("n")])
    started(project, sofia, query="?section=Norway", expected=1)
    assert states(project) == {"no": "decided", "se": "open", "n": "open"}


def test_it_writes_what_the_same_choice_writes_one_by_one(project, sofia):
    """Two queues alike, one decided by a bulk and one item by item, end in one state."""
    other = made.make_project()
    twin = made.make_member(other)
    same = {"source_key": "p1", "name": "Astrid Lindqvist", "phone": "+46 70 555 01 24", "why": "phone"}
    cases = [
        made.no_email("p0", candidates=[same]),
        made.no_email("p1", candidates=[{**same, "source_key": "p0"}]),
        made.no_email("p2", phone="", event_count=0),
        made.no_email("p3"),
        made.rare_tag("vip", similar=[("v_i_p", 90)]),
        made.rare_tag("unused", 0),
        made.duplicate(),
        made.type_conflict(),
    ]
    for place in (project, other):
        open_items(place, cases)
    for kind in CaseKind:
        rows = other.review_items.filter(kind=kind.value)
        decide_many(other, rows, user=twin, client_key=uuid4())
        if project.review_items.filter(kind=kind.value).exists():
            bulks.start(project, kind, "", timezone.now(), Choice(), user=sofia, client_key=uuid4())
    assert state_checksum(project) == state_checksum(other)
    assert Decision.objects.filter(project=project).count() == Decision.objects.filter(project=other).count()


def test_two_profiles_of_one_bulk_are_never_merged_into_each_other(project, sofia):
    row = {"name": "Astrid Lindqvist", "phone": "+46 70 555 01 24", "why": "phone"}
    for key, into in (("p0", "p1"), ("p1", "p0")):
        open_items(project, [made.no_email(key, candidates=[{**row, "source_key": into}])])
    bulk = started(project, sofia, Choice())
    assert (bulk.done, bulk.refused) == (1, 1)
    assert bulks.problems(bulk)[0].problem.endswith("Undo that first.")


def test_what_was_touched_after_the_person_looked_is_left_out(project, sofia, erik):
    items, seen = queue(project, 3), timezone.now()
    settle(items[0], erik)
    open_items(project, [made.no_email("p1", phone="")])
    open_items(project, [made.no_email("new")])
    bulk = started(project, sofia, seen_at=seen, expected=3)
    assert (bulk.planned, bulk.done) == (1, 1)
    assert states(project) == {"p0": "decided", "p1": "open", "p2": "decided", "new": "open"}


def test_more_than_the_person_saw_is_refused(project, sofia):
    queue(project, 3)
    with pytest.raises(InvalidDecisionError, match="3 cases match now, and you saw 2") as problem:
        started(project, sofia, expected=2)
    assert problem.value.field == "expected"
    assert not Bulk.objects.exists()
    assert set(states(project).values()) == {"open"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"query": "?section=Nowhere"}, "query"),
        ({"query": "?q=" + "x" * 1000}, "query"),
        ({"choice": Choice(Decide.MERGE_TAG)}, "action"),
    ],
    ids=["nothing matches", "too long", "act of another kind"],
)
def test_what_cannot_be_done_is_refused_at_its_field(project, sofia, values, field):
    queue(project, 1)
    with pytest.raises(InvalidDecisionError) as problem:
        started(project, sofia, **values)
    assert problem.value.field == field
    assert not Bulk.objects.exists()


def test_it_needs_a_role_that_decides(project, sofia):
    queue(project)
    viewer = made.make_member(project, Role.VIEWER)
    with pytest.raises(RefusedError):
        started(project, viewer)
    bulk = started(project, sofia)
    for act in (bulks.pause, bulks.resume, bulks.stop):
        with pytest.raises(RefusedError):
            act(bulk, viewer)
    with pytest.raises(RefusedError):
        bulks.undo(bulk, viewer, uuid4())


def test_the_same_key_again_gives_the_same_bulk(project, sofia, erik):
    queue(project)
    key = uuid4()
    first = started(project, sofia, client_key=key)
    assert started(project, sofia, client_key=key) == first
    assert Decision.objects.count() == 5
    with pytest.raises(InvalidDecisionError, match="another bulk"):
        started(project, erik, client_key=key)
    back = uuid4()
    assert bulks.undo(first, sofia, back) == bulks.undo(first, sofia, back)
    assert Decision.objects.count() == 10


def test_it_goes_through_its_snapshot_in_slices(project, sofia, in_background):
    queue(project)
    bulk = started(project, sofia)
    assert (bulk.state, bulk.done, bulks.due()) == (BulkState.QUEUED, 0, [bulk.pk])
    assert bulks.work(bulk.pk, seconds=0)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.done, bulks.due()) == (BulkState.RUNNING, 2, [])
    assert worked(bulk).done == 5
    assert (bulk.state, bulks.work(bulk.pk)) == (BulkState.FINISHED, False)
    assert bulk.finished_at


def test_what_others_did_meanwhile_is_left_and_listed(project, sofia, erik, in_background):
    items = queue(project)
    bulk = started(project, sofia)
    bulks.work(bulk.pk, seconds=0)
    settle(items[3], erik)
    holds.take(items[4], erik)
    worked(bulk)
    assert (bulk.done, bulk.conflicts, bulk.refused) == (3, 2, 0)
    listed = bulks.problems(bulk)
    assert [m.item for m in listed] == items[3:]
    assert listed[0].problem.startswith("Erik chose Name only")
    assert listed[1].problem == "Erik has this case open. It was left as it is."
    assert bulks.problems(bulk, after=listed[0].pk) == listed[1:]


def test_a_case_that_cannot_take_the_act_is_listed_with_the_reason(project, sofia):
    open_items(project, [made.no_name("named"), made.no_name("odd", email="")])
    choice = Choice(Decide.DERIVE_NAME)
    bulk = bulks.start(project, CaseKind.NO_NAME, "", timezone.now(), choice, user=sofia, client_key=uuid4())
    assert (bulk.done, bulk.refused) == (1, 1)
    assert bulks.problems(bulk)[0].problem.startswith("No email")


def test_it_pauses_goes_on_and_stops(project, sofia, in_background):
    queue(project)
    bulk = started(project, sofia)
    bulks.work(bulk.pk, seconds=0)
    assert bulks.pause(bulk, sofia).state == BulkState.PAUSED
    assert (bulks.work(bulk.pk), bulks.due()) == (False, [])
    with pytest.raises(RefusedError, match="it is paused"):
        bulks.pause(bulk, sofia)
    assert bulks.at_work(project) == [bulk]
    bulks.resume(bulk, sofia)
    assert bulks.work(bulk.pk, seconds=0)
    bulks.stop(bulk, sofia)
    assert worked(bulk).done == 4
    assert (bulk.state, bulks.at_work(project)) == (BulkState.STOPPED, [])
    with pytest.raises(RefusedError, match="it is stopped"):
        bulks.resume(bulk, sofia)


def test_a_silent_one_is_waked_by_the_sweeper(project, sofia, in_background):
    queue(project)
    bulk = started(project, sofia)
    bulks.work(bulk.pk, seconds=0)
    Bulk.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    assert bulks.due() == [bulk.pk]


@pytest.mark.parametrize("lost", [DatabaseError("away"), KeyboardInterrupt()], ids=["database", "process"])
def test_a_loss_in_the_middle_of_a_slice_leaves_nothing_half_done(project, sofia, in_background, lost):
    """The trail is written last: what breaks there takes the slice's decisions and its cursor with it."""
    queue(project)
    bulk = started(project, sofia)
    bulks.work(bulk.pk, seconds=0)

    def break_off(execute, sql, params, many, context):
        if "migrator_trailentry" in sql and sql.startswith("INSERT"):
            raise lost
        return execute(sql, params, many, context)

    with connection.execute_wrapper(break_off), pytest.raises(type(lost)):
        bulks.work(bulk.pk, seconds=0)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.done, Decision.objects.count()) == (BulkState.RUNNING, 2, 2)
    assert worked(bulk).done == Decision.objects.count() == 5


def test_a_surprise_stops_it_and_says_so(project, sofia, in_background):
    queue(project)
    bulk = started(project, sofia, Choice())
    ReviewItem.objects.filter(key="p0").update(suggestion={"args": 7})
    assert not bulks.work(bulk.pk)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.done) == (BulkState.STOPPED, 0)
    assert "unexpected" in bulk.message


# Undo


@pytest.mark.parametrize("choice", [SKIP, Choice(), Choice(Decide.UNSURE)], ids=["act", "accept", "park"])
def test_undo_gives_back_exactly_what_was_there(project, sofia, choice, in_background):
    items = queue(project)
    settle(items[0], sofia)
    settle(items[1], sofia, Decide.UNSURE)
    before = state_checksum(project)
    bulk = worked(started(project, sofia, choice))
    assert state_checksum(project) != before
    back = worked(bulks.undo(bulk, sofia, uuid4()))
    assert (back.undoes, back.done, back.state) == (bulk, bulk.done, BulkState.FINISHED)
    assert state_checksum(project) == before


def test_undo_leaves_what_was_decided_later_unless_it_is_ticked(project, sofia, erik):
    items = queue(project)
    before = state_checksum(project)
    bulk = started(project, sofia)
    settle(items[2], erik)
    back = bulks.undo(bulk, sofia, uuid4())
    assert (back.done, back.conflicts) == (4, 1)
    assert bulks.problems(back)[0].problem == "Erik chose Name only later. Undo that first."
    again = bulks.undo(bulk, sofia, uuid4(), also=[items[2].pk])
    assert again.done == 1
    assert state_checksum(project) == before
    with pytest.raises(RefusedError, match="undone already"):
        bulks.undo(bulk, sofia, uuid4())


def test_undo_waits_until_the_work_has_ended(project, sofia, in_background):
    queue(project)
    bulk = started(project, sofia)
    bulks.work(bulk.pk, seconds=0)
    with pytest.raises(RefusedError, match="Stop it first"):
        bulks.undo(bulk, sofia, uuid4())
    bulks.stop(bulk, sofia)
    assert worked(bulks.undo(bulk, sofia, uuid4())).done == 2
    assert set(states(project).values()) == {"open"}


def test_a_run_that_starts_meanwhile_stops_the_undo_with_the_reason(project, sofia, in_background):
    queue(project)
    back = bulks.undo(worked(started(project, sofia)), sofia, uuid4())
    bulks.work(back.pk, seconds=0)
    Run.objects.create(project=project, kind=RunKind.TRIAL, state=RunState.RUNNING)
    worked(back)
    assert (back.state, back.done) == (BulkState.STOPPED, 2)
    assert "Abort it" in back.message


# Waking


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_waked_when_the_snapshot_is_there_and_asks_for_itself(monkeypatch):
    project = made.make_project()
    sofia, woken = made.make_member(project), []
    monkeypatch.setattr(tasks.work_bulk, "delay", woken.append)
    monkeypatch.setattr(bulks, "INLINE", 0)
    queue(project)
    bulk = started(project, sofia)
    assert woken == [bulk.pk]
    tasks.sweep_once()
    assert woken == [bulk.pk] * 2
    tasks.work_bulk(bulk.pk)
    bulk.refresh_from_db()
    assert (bulk.state, woken) == (BulkState.FINISHED, [bulk.pk] * 2)
    tasks.sweep_once()
    assert woken == [bulk.pk] * 2


def test_a_worker_whose_time_is_over_asks_for_the_next_slice(project, sofia, in_background, monkeypatch):
    woken = []
    queue(project)
    bulk = started(project, sofia)
    monkeypatch.setattr(tasks.work_bulk, "delay", woken.append)
    monkeypatch.setattr(bulks, "work", lambda pk: bulk_slices.work(pk, seconds=0))
    tasks.work_bulk(bulk.pk)
    assert woken == [bulk.pk]


def test_a_broker_that_is_away_loses_nothing(project, sofia, in_background, monkeypatch):
    def away(_):
        raise OperationalError("no broker")

    queue(project)
    bulk = started(project, sofia)
    monkeypatch.setattr(tasks.work_bulk, "delay", away)
    tasks.sweep_once()
    assert bulks.due() == [bulk.pk]
