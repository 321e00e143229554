"""The simulators' speed and size on this machine beside what they ought to reach."""

import tempfile
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from migrator.management.simulator_figures import MEASUREMENTS, Figure, Scale, cores


class Command(BaseCommand):
    help = "Measure the simulators over real sockets, limits off; print each goal as met or missed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--persons", type=_size, default=20_000, help="persons of the large account")
        parser.add_argument("--activities", type=_size, default=20, help="activities of each person")
        parser.add_argument("--profiles", type=_size, default=10_000, help="profiles of the seeded account")
        parser.add_argument("--seconds", type=_seconds, default=5.0, help="how long each load lasts")
        parser.add_argument("--only", choices=tuple(MEASUREMENTS), action="append", help="default: all")
        parser.add_argument(
            "--folder", type=Path, help="where the files go for the time (default: temporary)"
        )

    def handle(self, **options: Any) -> None:
        parent = options["folder"]
        if parent is not None and not parent.is_dir():
            raise CommandError(f"{parent} is no folder. Name one with room for the files.")
        self.stdout.write(f"{cores()} cores, shared by the client and the simulator; limits off")
        with tempfile.TemporaryDirectory(prefix="crosswalk-bench-", dir=parent) as folder:
            names = ("persons", "activities", "profiles", "seconds")
            scale = Scale(**{name: options[name] for name in names}, folder=Path(folder))
            missed = sum(self._measure(name, scale) for name in options["only"] or MEASUREMENTS)
        self.stdout.write(f"{missed} goals missed" if missed else "every goal met")

    def _measure(self, name: str, scale: Scale) -> int:
        missed = 0
        for figure in MEASUREMENTS[name](scale):
            self.stdout.write(_line(figure))
            self.stdout.flush()
            missed += not figure.is_met
        return missed


def _line(figure: Figure) -> str:
    measured = f"{figure.measured:12,.1f} {figure.unit:<15}"
    if figure.goal is None:
        return f"{figure.name:<52}{measured}"
    bound = "at most" if figure.is_ceiling else "at least"
    verdict = "met" if figure.is_met else "MISSED"
    return f"{figure.name:<52}{measured} goal {bound} {figure.goal:,.0f}: {verdict}"


def _size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no size: give a whole number from 1 up")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise ArgumentTypeError(f"{text!r} is no length of time: give seconds from above 0 to 600")
    return seconds
