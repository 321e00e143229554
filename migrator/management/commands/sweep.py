"""Sends lost wake-ups again, every 15 seconds. Any number may run: one holds the lock, others stand by."""

import time
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections, connection
from kombu.exceptions import OperationalError as BrokerError

log = structlog.get_logger(__name__)
# Any number will do as long as nothing else in this database uses it.
LOCK = 7_266_100
SECONDS = 15


class Command(BaseCommand):
    help = "Look in the database for work that waits, and wake a worker for it, for ever."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="sweep one time and return")
        parser.add_argument("--every", type=float, default=SECONDS, metavar="SECONDS")

    def handle(self, *, once: bool, every: float, **_options: Any) -> None:
        while True:
            sweep_if_alone()
            if once:
                return
            time.sleep(every)


def sweep_if_alone() -> None:
    """One sweep under the lock. A database or broker that is away is logged and tried again next time."""
    from migrator.tasks import sweep_once

    close_old_connections()
    try:
        if _holds_lock():
            sweep_once()
    except (Error, BrokerError, OSError) as problem:
        log.warning("sweep_failed", problem=str(problem))
        connection.close()


def _holds_lock() -> bool:
    """Taken for the session: it goes with the connection when this process or the server dies."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks"
            " WHERE locktype = 'advisory' AND objid = %s AND pid = pg_backend_pid())"
            " OR pg_try_advisory_lock(%s)",
            [LOCK, LOCK],
        )
        return bool(cursor.fetchone()[0])
