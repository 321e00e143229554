"""Real worker processes are killed with -9 in the middle of a bulk and of its undo; each case is decided once."""

import time
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models import Count, F, Max
from django.utils import timezone

from migrator import tasks, trail
from migrator.engine.cases import CaseKind
from migrator.management.many_cases import make_cases
from migrator.management.queue_speed import settle
from reconciliation import bulks
from reconciliation.choices import BulkState
from reconciliation.models import Bulk, Decision
from reconciliation.outcomes import Choice
from reconciliation.replay import state_checksum
from tests import factories_reconciliation as made
from tests.simulation.worker_processes import workers

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LONGEST_S = 120
CASES = 24_000
KILLS = 2


@pytest.fixture(autouse=True)
def eager_sweeper(monkeypatch):
    """It takes a silent bulk for lost at once, so that two workers are often sent to the same one."""
    monkeypatch.setattr(bulks, "QUIET", timedelta(seconds=0.5))


@pytest.fixture
def project():
    project = made.make_project()
    make_cases(project, CASES)
    settle()
    return project


def work_until(bulk: Bulk, *, done: int) -> None:
    """Let the workers go on until so many cases are done, or it has ended; wake them as the sweeper does."""
    ends = time.monotonic() + LONGEST_S
    while time.monotonic() < ends:
        tasks.sweep_once()
        bulk.refresh_from_db()
        if bulk.state not in bulks.AT_WORK or bulk.done >= done:
            return
        time.sleep(0.01)
    pytest.fail(f"It did not get to {done} cases; it is {bulk.state} after {bulk.done}: {bulk.message}")


def worked_through_kills(bulk: Bulk) -> None:
    for _ in range(KILLS):
        before = bulk.done
        with workers():
            work_until(bulk, done=before + 1)
        bulk.refresh_from_db()
        assert before < bulk.done < bulk.planned, "it was over before it could be killed"
    with workers():
        work_until(bulk, done=bulk.planned + 1)
    assert bulk.state == BulkState.FINISHED, bulk.message
    assert bulk.done + bulk.conflicts + bulk.refused == bulk.planned


def in_the_trail(project, bulk: Bulk, verb: str, fact: str) -> int:
    """How many cases the entries of all its slices tell of."""
    told = project.trail.filter(verb=verb, object_id=str(bulk.batch)).values_list("data", flat=True)
    return sum(Counter(data[fact]).total() if fact == "acts" else data[fact] for data in told)


def test_workers_killed_in_a_bulk_decide_each_case_once_and_undo_gives_all_back(project):
    sofia = made.make_member(project)
    before = state_checksum(project)
    kind, now = CaseKind.NO_EMAIL, timezone.now()
    bulk = bulks.start(project, kind, "", now, Choice(), user=sofia, client_key=uuid4())
    worked_through_kills(bulk)
    rows = Decision.objects.filter(batch=bulk.batch)
    assert (rows.count(), rows.aggregate(n=Count("item", distinct=True))["n"]) == (bulk.done, bulk.done)
    touched = project.review_items.filter(lock_version__gt=0)
    assert touched.aggregate(n=Count("pk"), most=Max("lock_version")) == {"n": bulk.done, "most": 1}
    assert not touched.exclude(state="decided").exists()
    assert in_the_trail(project, bulk, "decide", "acts") == bulk.done

    back = bulks.undo(bulk, sofia, uuid4())
    worked_through_kills(back)
    assert back.done == bulk.done
    undone = Decision.objects.filter(batch=back.batch, undoes__batch=bulk.batch)
    assert undone.filter(item=F("undoes__item")).count() == Decision.objects.filter(batch=back.batch).count()
    assert in_the_trail(project, back, "undo", "undone") == bulk.done
    assert state_checksum(project) == before
    assert trail.first_break(project) is None
