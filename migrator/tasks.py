"""Background tasks: an id in, one bounded slice of the runner, nothing else; and the sweeper that wakes them.

A message carries no facts: losing, doubling or reordering any of them changes nothing.
"""

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from migrator import runner
from reconciliation import bulks, counts

logger = structlog.get_logger(__name__)

# One wake-up for each worker process that may help; a superfluous one costs an empty claim.
HELPERS = 2


@shared_task(name="crosswalk.work_run", ignore_result=True)
def work_run(run_id: int) -> None:
    """One slice; asks for the next one itself, so that the sweeper is only needed after a loss."""
    if runner.work(run_id):
        wake(run_id, helpers=1)


def wake(run_id: int, helpers: int = HELPERS) -> None:
    """Send wake-ups. A broker that is away costs nothing but the time until the next sweep."""
    try:
        for _ in range(helpers):
            work_run.delay(run_id)
    except OperationalError:
        logger.warning("broker_away", run_id=run_id)


@shared_task(name="crosswalk.count_preview", ignore_result=True)
def count_preview(preview_id: int) -> None:
    """One slice of a count over all values that somebody asked for on a page; asks for the next one itself."""
    if runner.count_preview(preview_id):
        _wake_count(preview_id)


def _wake_count(preview_id: int) -> None:
    try:
        count_preview.delay(preview_id)
    except OperationalError:
        logger.warning("broker_away", preview_id=preview_id)


@shared_task(name="crosswalk.work_bulk", ignore_result=True)
def work_bulk(bulk_id: int) -> None:
    """One slice of a bulk of decisions; asks for the next one itself."""
    if bulks.work(bulk_id):
        wake_bulk(bulk_id)


def wake_bulk(bulk_id: int) -> None:
    try:
        work_bulk.delay(bulk_id)
    except OperationalError:
        logger.warning("broker_away", bulk_id=bulk_id)


def sweep_once() -> int:
    """Wake every run that should be worked on now; returns how many. Called every few seconds by the sweeper.

    The numbers of the queue are folded here too, because nothing that a person waits for should do it.
    """
    due = runner.due_runs()
    for run_id in due:
        wake(run_id)
    for preview_id in runner.due_previews():
        _wake_count(preview_id)
    for bulk_id in bulks.due():
        wake_bulk(bulk_id)
    counts.compact()
    return len(due)
