"""bench_simulators: every figure is measured and printed, missed goals are no failure, bad sizes are a sentence."""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from migrator.management.simulator_figures import MEASUREMENTS, Figure, Scale

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASUREMENTS)
def test_each_measurement_gives_its_figures(name: str, tmp_path: Path) -> None:
    printed = StringIO()
    sizes = {"persons": 1_200, "activities": 2, "profiles": 40, "seconds": 0.2}
    call_command("bench_simulators", only=[name], folder=tmp_path, stdout=printed, **sizes)
    first, *lines, last = printed.getvalue().splitlines()
    assert re.match(r"\d+ cores", first)
    assert re.fullmatch(r"every goal met|\d+ goals missed", last)
    assert lines
    assert all(re.search(r"\s[\d,]+\.\d \S+", line) for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_goals_are_printed_as_met_or_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = [
        Figure("enough", 2_000.0, "requests/s", 2_000),
        Figure("too little", 1_999.9, "requests/s", 2_000),
        Figure("in time", 60.0, "s", 60, True),
        Figure("too late", 60.1, "s", 60, True),
        Figure("without a goal", 7.0, "bytes"),
    ]
    monkeypatch.setitem(MEASUREMENTS, "writes", lambda scale: iter(figures))
    printed = StringIO()
    call_command("bench_simulators", only=["writes"], stdout=printed)
    verdicts = [line.rpartition(": ")[2] for line in printed.getvalue().splitlines() if "goal at" in line]
    assert verdicts == ["met", "MISSED", "met", "MISSED"]
    assert printed.getvalue().endswith("2 goals missed\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--persons", "0"], "no size"),
        (["--activities", "-3"], "no size"),
        (["--seconds", "nan"], "no length of time"),
        (["--only", "everything"], "invalid choice"),
        (["--folder", "/nowhere/at/all"], "no folder"),
    ],
)
def test_bad_input_ends_with_a_sentence(words: list[str], sentence: str) -> None:
    command = [sys.executable, "manage.py", "bench_simulators", *words]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_scales_are_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Scale] = []
    monkeypatch.setitem(MEASUREMENTS, "size", lambda scale: asked.append(scale) or iter(()))  # type: ignore[func-returns-value]
    call_command(
        "bench_simulators", "--only", "size", "--persons", "5", "--seconds", "1.5", stdout=StringIO()
    )
    assert (asked[0].persons, asked[0].seconds, asked[0].activities) == (5, 1.5, 20)
