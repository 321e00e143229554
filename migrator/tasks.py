"""Background tasks: an id in, one bounded slice of the runner, nothing else; and the sweeper that wakes them.

A message carries no facts: losing, doubling or reordering any of them changes nothing.
"""

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from migrator import runner

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


def sweep_once() -> int:
    """Wake every run that should be worked on now; returns how many. Called every few seconds by the sweeper."""
    due = runner.due_runs()
    for run_id in due:
        wake(run_id)
    return len(due)
