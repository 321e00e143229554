"""bench_dedupe: planted duplicates are found on a database of its own; what is missed or wrong is counted."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from migrator.management import dedupe_speed
from migrator.management.dedupe_speed import Account

REPOSITORY = Path(__file__).resolve().parents[2]
FIGURES = {
    "profiles", "seconds", "groups", "pairs", "recall", "precision", "persons_found", "other_parts",
}  # fmt: skip


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL")
    }
    command = [sys.executable, "manage.py", "bench_dedupe", *words]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_it_finds_what_was_planted_and_counts_what_it_missed() -> None:
    done = run("--profiles", "2000", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("\n") == 1
    answer = json.loads(done.stdout)
    assert (answer["profiles"], set(answer)) == (2000, FIGURES)
    assert answer["recall"] >= 0.95
    assert answer["precision"] >= 0.95
    assert answer["persons_found"] >= 0.95
    assert set(answer["other_parts"]) == {"no-email", "organizations", "consents"}
    assert all(set(part) == {"cases", "seconds"} for part in answer["other_parts"].values())


@pytest.mark.django_db
def test_what_nobody_can_find_lowers_recall_and_what_nobody_planted_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dedupe_speed, "Account", Misjudged)
    found = dedupe_speed.measure_dedupe(400)
    planted = found["pairs"]
    assert found["recall"] == round((planted - 1) / (planted + 2), 4)
    assert found["precision"] == round((planted - 1) / planted, 4)


@pytest.mark.slow
def test_without_json_each_figure_has_a_line_of_its_own() -> None:
    done = run("--profiles", "200")
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert {name for name, _ in lines} == FIGURES
    assert dict(lines)["profiles"] == "200"


def test_every_account_of_one_size_has_the_same_duplicates() -> None:
    first, second = Account(500), Account(500)
    rows = [row for page in first.pages() for row in page]
    assert rows == [row for page in second.pages() for row in page]
    assert len(rows) == len({row["source_key"] for row in rows}) == 500
    assert first.truth == second.truth
    assert all(shares_one_thing(rows, *pair) for pair in first.truth)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--profiles", "199"), "Measure at least 200 profiles."),
        (("--profiles", "-1"), "Measure at least 200 profiles."),
        (("--profiles", "many"), "invalid int value: 'many'"),
    ],
)
def test_bad_arguments_end_with_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    done = run(*words)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


class Misjudged(Account):
    """Says that three pairs are duplicates which share nothing, and of one pair that shares something that it is
    none."""

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        yield from super().pages()
        self.truth.pop()
        self.truth |= {("p1", "p2"), ("p3", "p4"), ("p5", "p6")}


def shares_one_thing(rows: Sequence[dict[str, Any]], one: str, two: str) -> bool:
    """Whether two planted duplicates have anything by which they could be found."""
    a, b = (next(row for row in rows if row["source_key"] == key) for key in (one, two))
    return any(a[field] == b[field] for field in ("email", "phone", "crm_id", "company"))
