"""Thousands of seeded fault schedules in memory: the engine's promises, tried."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from migrator.simulation.guards import Guards
from migrator.simulation.schedules import Tally, play_all

MOST_SHOWN = 100


class Command(BaseCommand):
    help = "Play seeded fault schedules against the engine in memory, and print which promises broke."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--schedules", type=int, default=1000, help="how many, one for each seed")
        parser.add_argument("--seed", type=int, default=0, help="the first seed")
        parser.add_argument(
            "--without", choices=Guards.names(), help="take one guard away, to see that it is missed"
        )
        parser.add_argument("--save", type=Path, help="append the failing seeds to this file")
        parser.add_argument("--json", action="store_true", help="one JSON object in place of lines")

    def handle(self, **options: Any) -> None:
        if options["schedules"] < 1 or options["seed"] < 0:
            raise CommandError("Play at least one schedule, from seed 0 on.")
        guards = Guards.without(options["without"]) if options["without"] else Guards()
        tally = play_all(range(options["seed"], options["seed"] + options["schedules"]), guards)
        if options["save"] and tally.failing:
            with options["save"].open("a") as file:
                file.writelines(f"{seed}\n" for seed in tally.failing)
        self._say(figures_of(tally), as_json=options["json"])
        if tally.failing:
            raise SystemExit(1)

    def _say(self, figures: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(figures))
            return
        for name, value in figures.items():
            self.stdout.write(f"{name:16} {value}")


def figures_of(tally: Tally) -> dict[str, Any]:
    """{"schedules", "bad", "by_invariant", "by_fault", "schedules_per_s", "failing_seeds"}; of the failing seeds the
    first hundred."""
    return {
        "schedules": tally.schedules,
        "bad": len(tally.failing),
        "by_invariant": dict(sorted(tally.by_invariant.items())),
        "by_fault": dict(sorted(tally.by_fault.items())),
        "schedules_per_s": round(tally.schedules / max(tally.seconds, 1e-6), 1),
        "failing_seeds": tally.failing[:MOST_SHOWN],
    }
