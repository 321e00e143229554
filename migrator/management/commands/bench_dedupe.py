"""How fast detection finds the duplicates of a made-up account, and how many of the planted ones it finds."""

import json
import os
import subprocess
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from migrator.embedded.ephemeral import own_services
from migrator.management.demonstration import REPOSITORY, inherited

INSIDE = "CROSSWALK_BENCH_DEDUPE_INSIDE"


class Command(BaseCommand):
    help = (
        "Find planted duplicates on a throw-away database, and print seconds, groups, recall and precision."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--profiles", type=int, default=100_000, help="profiles of the made-up account")
        parser.add_argument("--json", action="store_true", help="one JSON object in place of lines")

    def handle(self, **options: Any) -> None:
        if options["profiles"] < 200:
            raise CommandError("Measure at least 200 profiles.")
        if os.environ.get(INSIDE):
            from migrator.management.dedupe_speed import measure_dedupe

            self.stdout.write(json.dumps(measure_dedupe(options["profiles"])))
            return
        found = _measured_inside(options["profiles"])
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        for name, value in found.items():
            self.stdout.write(f"{name:14} {value}")


def _measured_inside(profiles: int) -> dict[str, Any]:
    """The measurement in a process of its own, always on a database of our own: it writes a whole account."""
    with own_services(fast=False) as services:
        environment = inherited() | services.environment | {INSIDE: "1"}
        manage = [sys.executable, str(REPOSITORY / "manage.py")]
        subprocess.run(
            [*manage, "migrate", "--no-input", "--skip-checks", "-v0"],
            env=environment,
            check=True,
            stdout=sys.stderr,
        )
        words = ["bench_dedupe", "--profiles", str(profiles)]
        done = subprocess.run(
            [*manage, *words], env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        raise CommandError("Duplicates could not be measured; the lines above say why.")
    found: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return found
