"""The browser for tests: found by name or by variable; a reason where it cannot be had."""

from pathlib import Path

import pytest

from migrator.embedded import chromium


def test_a_named_program_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").touch(mode=0o755)
    monkeypatch.setenv("CROSSWALK_CHROMIUM", str(tmp_path / "mine"))
    assert chromium.find() == str(tmp_path / "mine")


def test_without_a_package_manager_there_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSWALK_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.find() is None
    assert chromium.install(print) == chromium.MISSING


def test_a_failed_installation_names_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apt-get").write_text("#!/bin/sh\necho 'no route to the mirror' >&2\nexit 100\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0)
    reason = chromium.install(lambda text: None)
    assert reason is not None
    assert reason.endswith("apt-get update failed: no route to the mirror")
