"""Runs every check and every test on a PostgreSQL and a Valkey of its own, and shows all that failed.

Arguments that are not its own go to pytest.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from migrator.embedded import chromium, ephemeral
from migrator.embedded.problems import EmbeddedProblem

HEAVY_TESTS = ("tests/browser", "tests/simulation")
PYTEST_STEPS = ("tests", "heavy tests")
# A file's tests stay together, so that what it starts is started once.
SIDE_BY_SIDE = (*(f"--ignore={folder}" for folder in HEAVY_TESTS), "-n", "auto", "--dist", "loadfile")
LAYERS_0_TO_2 = (
    *(
        "migrator/engine/*",
        "migrator/http/*",
        "migrator/apsis/*",
        "migrator/pipedrive/*",
        "migrator/models/*",
    ),
    *("migrator/choices.py", "migrator/policies.py", "migrator/staging.py", "migrator/ledger.py"),
    *("migrator/budget.py", "migrator/approvals.py", "migrator/trail.py"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One check: its name in the summary and the command that makes it."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    step: Step
    code: int
    seconds: float
    last_line: str


class Command(BaseCommand):
    help = "Run format, lint, types, import contracts, schema and template checks and all tests."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Keep our own options, hand all others to pytest."""
        ours, self.for_pytest = split_arguments(argv[2:])
        super().run_from_argv([*argv[:2], *ours])

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fast", action="store_true", help="leave out browser tests and simulations")
        parser.add_argument(
            "--only", action="append", metavar="STEP", help="run this step only; may be repeated"
        )

    def handle(self, *, fast: bool, only: list[str] | None, **_options: Any) -> None:
        steps = [step for step in all_steps(fast, self.for_pytest) if not only or step.name in only]
        try:
            with services(fast) as environment:
                results = [self._run(step, environment) for step in steps]
        except EmbeddedProblem as problem:
            self.stderr.write(str(problem))
            sys.exit(2)
        self._summarize(results)
        sys.exit(any(result.code for result in results))

    def _run(self, step: Step, environment: dict[str, str]) -> Result:
        self.stderr.write(f"\n=== {step.name}: {shown(step.command)}")
        began = time.monotonic()
        code, last_line = stream(step.command, environment)
        return Result(step, code, time.monotonic() - began, last_line)

    def _summarize(self, results: Iterable[Result]) -> None:
        """The table, and under it pytest's own last lines."""
        self.stdout.write("\nSummary")
        closing = []
        for result in results:
            verdict = "ok" if result.code == 0 else f"FAILED ({result.code})"
            self.stdout.write(f"  {result.step.name:<20} {verdict:<12} {result.seconds:6.1f} s")
            closing += [result.last_line] if result.step.name in PYTEST_STEPS else []
        self.stdout.write("\n".join(filter(None, closing)))


def shown(command: tuple[str, ...]) -> str:
    """The command as a person would type it, cut where a list of files makes it long."""
    words = " ".join((Path(command[0]).name, *command[1:]))
    return words if len(words) < 200 else f"{words[:200]} ..."


def split_arguments(arguments: list[str]) -> tuple[list[str], list[str]]:
    """(our own, pytest's)."""
    ours: list[str] = []
    theirs: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--only":
            ours += [argument, next(waiting, "")]
        elif argument in ("--fast", "--help", "-h", "--no-color") or argument.startswith("--only="):
            ours.append(argument)
        else:
            theirs.append(argument)
    return ours, theirs


def all_steps(fast: bool, for_pytest: list[str]) -> list[Step]:
    steps = [
        Step("format", _module("ruff", "format", "--check", "--output-format", "concise", ".")),
        Step("lint", _module("ruff", "check", "--output-format", "concise", ".")),
        Step("types", _module("mypy")),
        Step("imports", _program("lint-imports")),
        Step("schema migrations", (sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")),
        Step("templates", _program("djade", "--check", "--target-version", "5.2", *templates())),
    ]
    # Coverage of a part of the tests says nothing, and measuring it costs a third of their time.
    if fast or for_pytest:
        part = (*SIDE_BY_SIDE, "-m", "not slow") if fast else ()
        return [*steps, Step("tests", pytest_command(*part, *for_pytest))]
    return [
        *steps,
        Step("tests", pytest_command(*SIDE_BY_SIDE, "--cov", "--cov-report=")),
        # One after another: these start whole systems, kill their processes and look at screens. What they cover is
        # covered above; measuring it again costs them minutes.
        Step("heavy tests", pytest_command(*HEAVY_TESTS)),
        Step("coverage", coverage_command()),
    ]


def templates() -> list[str]:
    return sorted(
        str(path.relative_to(settings.BASE_DIR)) for path in settings.BASE_DIR.glob("templates/**/*.html")
    )


def pytest_command(*arguments: str) -> tuple[str, ...]:
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    # One file that cannot be read must not hide the failures of all others.
    return _module("pytest", "--continue-on-collection-errors", *colour, *arguments)


def coverage_command() -> tuple[str, ...]:
    return _module("coverage", "report", f"--include={','.join(LAYERS_0_TO_2)}", "--fail-under=95")


def stream(command: tuple[str, ...], environment: dict[str, str]) -> tuple[int, str]:
    """Run it, passing its output on; return its exit code and the last line that says something."""
    last = ""
    with subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            last = line.rstrip() or last
    return process.returncode, last


@contextmanager
def services(fast: bool) -> Iterator[dict[str, str]]:
    """The environment of the steps: external servers where DATABASE_URL names them, else our own."""
    browser = {} if fast else browser_environment()
    if settings.HAS_DATABASE:
        yield browser
        return
    with ephemeral.own_services(fast=True) as running:
        yield browser | running.environment


def browser_environment() -> dict[str, str]:
    """Install a browser if need be; where none can be had, the reason, which the tests then show."""
    if chromium.find():
        return {}
    reason = chromium.install(lambda text: print(text, file=sys.stderr))
    return {"CROSSWALK_NO_CHROMIUM": reason} if reason else {}


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)


def _program(name: str, *arguments: str) -> tuple[str, ...]:
    """One that has no module to run: it lies beside the environment's Python."""
    return (str(Path(sys.executable).with_name(name)), *arguments)
