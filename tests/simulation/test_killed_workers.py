"""Real worker processes are killed with -9 in the middle of a run; nothing may be lost and nothing twice."""

import time

import pytest

from migrator import runner, tasks
from migrator.choices import WORKED_RUN_STATES, Role, RunState
from migrator.management import measuring
from migrator.management.route import Walk
from migrator.models import Run
from tests.company import Company
from tests.simulation.worker_processes import workers

LONGEST_S = 120
KILLS = 3


def finished_writes(run: Run) -> int:
    return run.operations.filter(state="done").count()


def work_until(run: Run, *, writes: int) -> None:
    """Let the workers go on until so many writes are done, or the run has ended; wake them as the sweeper does."""
    ends = time.monotonic() + LONGEST_S
    while time.monotonic() < ends:
        tasks.sweep_once()
        run.refresh_from_db()
        if run.state not in WORKED_RUN_STATES or finished_writes(run) >= writes:
            return
        time.sleep(0.1)
    pytest.fail(f"The run did not get to {writes} writes; it is {run.state}: {run.message}")


def test_workers_killed_three_times_lose_nothing_and_write_nothing_twice(
    walk: Walk, company: Company
) -> None:
    before = company.contents()
    walk.discover()
    walk.decide()
    run = walk.plan("history")
    runner.approve_plan(run, walk.person(Role.ENGINEER), run.plan_checksum)
    writes = run.operations.filter(state="ready").count()
    for kill in range(1, KILLS + 1):
        with workers():
            work_until(run, writes=writes * kill // (KILLS + 2))
        assert finished_writes(run) < writes, "the run was over before it could be killed"
    with workers():
        work_until(run, writes=writes + 1)
    run.refresh_from_db()
    assert run.state == RunState.FINISHED, run.message
    assert measuring.lost_and_duplicated(run) == (0, 0)
    undone = run.operations.exclude(state__in=["done", "accounted"])
    assert list(undone.values_list("kind", "act", "state", "reason")) == []
    assert finished_writes(run) == writes
    walk.roll_back(run)
    assert company.contents() == before
