"""How fast the pages of the field map, or of the queue, are on a made-up project of any size."""

import json
import os
import subprocess
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from migrator.embedded.ephemeral import own_services
from migrator.management.demonstration import REPOSITORY, inherited

INSIDE = "CROSSWALK_BENCH_PAGES_INSIDE"
FEWEST_FIELDS, FEWEST_CASES = 30, 2000


class Command(BaseCommand):
    help = "Measure the pages of the field map, or with --cases of the queue, on a throw-away database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fields", type=int, default=400, help="source fields of the made-up project")
        parser.add_argument("--cases", type=int, default=0, help="measure a queue of so many cases instead")
        parser.add_argument("--rounds", type=int, default=40, help="how often each page is asked for")
        parser.add_argument("--json", action="store_true", help="one JSON object in place of a table")

    def handle(self, **options: Any) -> None:
        _check(options)
        if os.environ.get(INSIDE):
            self.stdout.write(json.dumps(_measured(options)))
            return
        found = _measured_inside(options)
        size = {"cases": options["cases"]} if options["cases"] else {"fields": options["fields"]}
        if options["json"]:
            self.stdout.write(json.dumps(size | found))
            return
        self.stdout.write(f"{'page':22} {'p50 ms':>8} {'p95 ms':>8} {'queries':>8}")
        for name, page in found.pop("pages").items():
            self.stdout.write(f"{name:22} {page['p50_ms']:8} {page['p95_ms']:8} {page['queries']:8}")
        for name, figure in found.items():
            self.stdout.write(f"{name:22} {figure['seconds'] if isinstance(figure, dict) else figure:8} s")


def _check(options: dict[str, Any]) -> None:
    if options["fields"] < FEWEST_FIELDS or options["rounds"] < 1:
        raise CommandError(f"Measure at least {FEWEST_FIELDS} fields and one round.")
    if options["cases"] and options["cases"] < FEWEST_CASES:
        raise CommandError(f"Measure at least {FEWEST_CASES:,} cases.")


def _measured(options: dict[str, Any]) -> dict[str, Any]:
    if options["cases"]:
        from migrator.management.queue_speed import measure_queue

        return measure_queue(options["cases"], options["rounds"])
    from migrator.management.page_speed import measure_pages

    return {"pages": measure_pages(options["fields"], options["rounds"])}


def _measured_inside(options: dict[str, Any]) -> dict[str, Any]:
    """The measurement in a process of its own, always on a database of our own: it writes a whole project."""
    with own_services(fast=False) as services:
        environment = inherited() | services.environment | {INSIDE: "1"}
        manage = [sys.executable, str(REPOSITORY / "manage.py")]
        subprocess.run(
            [*manage, "migrate", "--no-input", "-v0"], env=environment, check=True, stdout=sys.stderr
        )
        words = [f"--{name}={options[name]}" for name in ("fields", "cases", "rounds")]
        done = subprocess.run(
            [*manage, "bench_pages", *words], env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        raise CommandError("A page could not be measured; the lines above say which.")
    found: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return found
