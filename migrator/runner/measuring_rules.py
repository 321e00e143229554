"""Counts what rules do to all values of their fields: the last phase of a discovery, and the counts that people
ask for later. Both go on where they were left."""

import time

from mapping_review import measuring
from mapping_review import queries as map_queries
from migrator.choices import WORKED_RUN_STATES, RunKind
from migrator.models import Run
from migrator.runner import lifecycle
from migrator.runner.job import AGAIN, DONE, Job, Step

SLICE_S = 10.0


def measure(job: Job) -> Step:
    """1. ask for the count of every rule of the map; 2. count, a batch of values at a time.

    The map can be worked on meanwhile: a field that is not counted yet says so and is never approved in bulk.
    """
    version = map_queries.current_version(job.run.project)
    discovery = job.run.discovery
    if version is None or discovery is None:
        return DONE
    if not job.phase.cursor.get("asked"):
        job.phase.planned = measuring.ask_for_all(version, map_queries.settings_for(job.run.project))
        job.phase.cursor = {"asked": True}
        job.save_phase("planned", "cursor")
    while waiting := measuring.open_counts(discovery.pk):
        for pk, _ in waiting:
            measuring.count_batch(pk)
            if not job.may_go_on():
                return AGAIN
        job.phase.done = max(0, job.phase.planned - measuring.count_open(discovery))
        job.save_phase("done")
    lifecycle.log(job.run, f"Counted what {job.phase.planned:,} conversions do to all values.")
    return DONE


def due_previews() -> list[int]:
    """Counts that somebody asked for on a page and that are not finished, for the sweeper. Those of a discovery
    that still runs are its own."""
    at_work = Run.objects.filter(state__in=WORKED_RUN_STATES, kind=RunKind.DISCOVERY).values_list("discovery")
    mine = {pk for (pk,) in at_work}
    return [pk for pk, discovery in measuring.open_counts() if discovery not in mine][:10]


def count_preview(pk: int, *, seconds: float = SLICE_S) -> bool:
    """One bounded slice of one count; True if another should follow at once."""
    deadline = time.monotonic() + seconds
    while measuring.count_batch(pk):
        if time.monotonic() >= deadline:
            return True
    return False
