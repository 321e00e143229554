"""A phase that only one worker may have at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Any constant does; it keeps these locks apart from other advisory locks.
LOCK_SPACE = 7412


@contextmanager
def sole_worker(run_id: int) -> Iterator[bool]:
    """A lock that dies with its connection, so that a killed worker never keeps a phase."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, run_id])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s, %s)", [LOCK_SPACE, run_id])
