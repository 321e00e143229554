"""bench: the whole route headless on simulators of its own; one JSON line, and nothing lost or doubled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def test_it_balances_and_stays_near_the_least_possible_tokens() -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL")
    }
    command = [sys.executable, "manage.py", "bench", "--profiles", "80", "--seed", "3"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("\n") <= 1
    answer = json.loads(done.stdout)
    assert (answer["lost"], answer["duplicated"], answer["responses_429"]) == (0, 0, 0)
    person = answer["records"]["person"]
    buckets = ("created", "updated", "unchanged", "merged", "held", "excluded", "rejected")
    assert person["source"] == 80 == sum(person[bucket] for bucket in buckets)
    assert person["verified"] == person["created"] + person["updated"]
    assert answer["tokens_least"] <= answer["tokens_spent"]
    assert answer["requests"] > 80
    assert answer["peak_rss_mb"]["engine"] > 0
    assert answer["phases"]["trial:persons"]["wall_s"] > 0


def test_an_unreadable_connection_file_ends_with_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "bench", "--connect", str(tmp_path / "missing.json")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "missing.json" in done.stderr
    assert "Traceback" not in done.stderr
