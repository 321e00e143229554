"""bench_pages: every page of the field map or of the queue, measured on a database of its own; one JSON object."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = {
    "map", "list", "filter", "search", "inspector", "decide", "undo", "bulk_confirm", "compare", "sign_off",
}  # fmt: skip


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL")
    }
    command = [sys.executable, "manage.py", "bench_pages", *words]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


QUEUE_PAGES = {
    "list", "page_2", "filter", "search", "search_rare", "search_common", "item", "decide", "undo", "history",
    "bulk_preview",
}  # fmt: skip


@pytest.mark.slow
def test_it_measures_every_page() -> None:
    done = run("--fields", "40", "--rounds", "2", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert (answer["fields"], set(answer["pages"])) == (40, PAGES)
    for page in answer["pages"].values():
        assert 0 < page["p50_ms"] <= page["p95_ms"]
        assert page["queries"] > 0


@pytest.mark.slow
def test_it_measures_the_queue_and_a_bulk_there_and_back() -> None:
    done = run("--cases", "2000", "--rounds", "2", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert answer["cases"] == 2000
    assert set(answer["pages"]) >= QUEUE_PAGES
    for page in answer["pages"].values():
        assert 0 < page["p50_ms"] <= page["p95_ms"]
        assert page["queries"] > 0
    assert answer["bulk_decide_500"]["cases"] == 500
    assert answer["bulk_undo_500"]["seconds"] >= 0


def test_too_few_cases_end_with_a_sentence() -> None:
    done = run("--cases", "10")
    assert done.returncode != 0
    assert "at least 2,000 cases" in done.stderr
    assert "Traceback" not in done.stderr


def test_too_few_fields_end_with_a_sentence() -> None:
    done = run("--fields", "3")
    assert done.returncode != 0
    assert "at least 30 fields" in done.stderr
    assert "Traceback" not in done.stderr
