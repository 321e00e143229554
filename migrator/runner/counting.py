"""The phase of a discovery that counts every value of every profile, so that types and losses rest on all of them.

A batch's counts and its place are stored in one transaction: a run that is killed and resumed counts nothing twice.
"""

from itertools import islice

from django.db import transaction

from migrator import staging
from migrator.engine.counting import counted
from migrator.models import Discovery, StagedProfile, StagedValue
from migrator.runner import lifecycle
from migrator.runner.job import AGAIN, DONE, Job, Step

# Common values come in every batch and are one update each: larger batches mean fewer of them.
PAGES = 4


def values(job: Job) -> Step:
    discovery = _discovery(job)
    if not job.phase.planned:
        job.phase.planned = discovery.profiles.count()
        job.save_phase("planned")
    pages = staging.iter_profiles(discovery, after=str(job.phase.cursor.get("after", "")))
    while batch := [row for page in islice(pages, PAGES) for row in page]:
        _count(job, discovery, batch)
        if not job.may_go_on():
            return AGAIN
    staging.know(StagedValue)
    lifecycle.log(job.run, f"Counted the values of {job.phase.done:,} profiles.")
    return DONE


def _count(job: Job, discovery: Discovery, batch: list[StagedProfile]) -> None:
    sections = discovery.inventory["definitions"]["sections"]
    counts = counted((job.source.profile_of(row) for row in batch), sections)
    with transaction.atomic():
        staging.store_values(discovery, counts)
        job.phase.cursor = {"after": batch[-1].source_key}
        job.phase.done += len(batch)
        job.save_phase("cursor", "done")


def _discovery(job: Job) -> Discovery:
    assert job.run.discovery is not None
    return job.run.discovery
