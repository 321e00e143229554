"""The note of a running demo: there while it runs, and readable by its owner alone."""

import fcntl
from pathlib import Path

import pytest

from migrator.embedded import connection


def test_the_addresses_of_a_running_demo_are_found(tmp_path: Path) -> None:
    connection.write_down(tmp_path, {"DATABASE_URL": "postgresql:///x"})
    with (tmp_path / connection.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert connection.of_running_demo(tmp_path) == {"DATABASE_URL": "postgresql:///x"}


def test_a_demo_that_ended_has_no_addresses(tmp_path: Path) -> None:
    connection.write_down(tmp_path, {"DATABASE_URL": "postgresql:///x"})
    (tmp_path / connection.LOCK).touch()
    assert connection.of_running_demo(tmp_path) == {}


def test_no_demo_was_ever_started(tmp_path: Path) -> None:
    assert connection.of_running_demo(tmp_path / "nothing") == {}


def test_the_note_holds_keys_and_is_private(tmp_path: Path) -> None:
    connection.write_down(tmp_path, {})
    assert (tmp_path / connection.NOTE).stat().st_mode & 0o777 == 0o600


def test_a_repository_of_somebody_else_sends_the_data_to_our_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REPOSITORY", tmp_path / "not-ours")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert connection.default_data() == tmp_path / "crosswalk"
