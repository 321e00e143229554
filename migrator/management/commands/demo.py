"""Starts all of Crosswalk here with a made-up company: servers, simulators, worker and web pages."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

from migrator.embedded import connection, places
from migrator.management import demonstration, ending
from migrator.management.demonstration import Started, Wishes

LITTLE_SPACE_MB = 100
STOPPED = "Stopped. The data is kept: start again to continue."


class Command(BaseCommand):
    help = "Run the whole of Crosswalk here, on simulators, until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="the port of the pages (default: a free one from 8000)")
        parser.add_argument("--data", type=Path, default=connection.default_data(), metavar="DIR")
        parser.add_argument("--fresh", action="store_true", help="drop the data of earlier starts first")
        parser.add_argument("--no-worker", action="store_true", help="run no background work")

    def handle(self, *, port: int | None, data: Path, fresh: bool, no_worker: bool, **_options: Any) -> None:
        wishes = Wishes(data=data.absolute(), port=port, fresh=fresh, worker=not no_worker)
        say = progress()
        with (
            ending.reported_on(self.stderr, stopped=STOPPED),
            demonstration.running(wishes, say) as started,
        ):
            say("Ready")
            self._introduce(started)
            watch(started, wishes.data, say)

    def _introduce(self, started: Started) -> None:
        self.stdout.write(f"\nOpen {started.address}\n\n")
        for user in started.project.get("users", []):
            self.stdout.write(f"  {user['email']:<36} {user['password']:<24} {user.get('role', '')}")
        self.stdout.write("\nCtrl-C stops it; the data is kept.")
        self.stdout.flush()


def watch(started: Started, data: Path, say: Callable[[str], None]) -> NoReturn:
    """Keep everything running until a signal raises. Says once when disk space runs low."""
    warned = False
    while True:
        started.supervisor.check()
        if not warned and places.free_megabytes(data) < LITTLE_SPACE_MB:
            warned = True
            say(f"Less than {LITTLE_SPACE_MB} MB are free in {data}: free some space soon")
        time.sleep(0.2)


def progress() -> Callable[[str], None]:
    """Says what happens, with the seconds since the start, on standard error."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:6.1f} s] {text}", file=sys.stderr, flush=True)

    return say
