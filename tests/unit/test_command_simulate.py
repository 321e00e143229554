"""simulate: one object, the failing seeds kept, and a non-zero exit where a promise broke."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

KEYS = {"schedules", "bad", "by_invariant", "by_fault", "schedules_per_s", "failing_seeds"}


def test_it_prints_one_object() -> None:
    out = StringIO()
    call_command("simulate", "--schedules=20", "--seed=5", "--json", stdout=out)
    figures = json.loads(out.getvalue())
    assert set(figures) == KEYS
    assert (figures["schedules"], figures["bad"], figures["failing_seeds"]) == (20, 0, [])


def test_without_json_it_prints_a_line_for_each_figure() -> None:
    out = StringIO()
    call_command("simulate", "--schedules=2", stdout=out)
    assert {line.split()[0] for line in out.getvalue().splitlines()} == KEYS


def test_a_broken_promise_ends_with_an_error_and_keeps_its_seeds(tmp_path: Path) -> None:
    out, seeds = StringIO(), tmp_path / "seeds.txt"
    words = ("--schedules=10", "--without=quiet", "--json", f"--save={seeds}")
    with pytest.raises(SystemExit) as end:
        call_command("simulate", *words, stdout=out)
    figures = json.loads(out.getvalue())
    assert end.value.code == 1
    assert figures["bad"] == len(figures["failing_seeds"]) > 0
    assert figures["by_invariant"]["I3: no marker is in the target twice"] > 0
    assert [int(line) for line in seeds.read_text().split()] == figures["failing_seeds"]


@pytest.mark.parametrize("words", ["--schedules=0", "--seed=-1"])
def test_what_cannot_be_played_is_refused(words: str) -> None:
    with pytest.raises(CommandError, match="at least one schedule"):
        call_command("simulate", words)
