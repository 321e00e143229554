"""Folders of the data directory: made, found again, and never anybody else's."""

import os
import shutil
from pathlib import Path

import pytest

from migrator.embedded import places
from migrator.embedded.identity import Identity
from migrator.embedded.problems import EmbeddedProblem

MYSELF = Identity(os.geteuid(), os.getegid())


def test_the_folders_are_found_again(tmp_path: Path) -> None:
    first = places.prepare(tmp_path / "data", MYSELF)
    assert places.prepare(tmp_path / "data", MYSELF) == first


def test_the_servers_folder_is_private(tmp_path: Path) -> None:
    where = places.prepare(tmp_path / "data", MYSELF)
    assert where.service.stat().st_mode & 0o777 == 0o700
    assert where.sockets.stat().st_mode & 0o777 == 0o700


def test_a_long_path_gets_a_short_folder_for_sockets(tmp_path: Path) -> None:
    where = places.prepare(tmp_path / ("long" * 25), MYSELF)
    assert len(bytes(where.sockets)) < places.LONGEST_SOCKET_FOLDER
    assert places.prepare(where.data, MYSELF).sockets == where.sockets
    places.drop(where.data)
    assert not where.sockets.exists()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(EmbeddedProblem, match="holds other files"):
        places.prepare(tmp_path, MYSELF)
    with pytest.raises(EmbeddedProblem, match="holds other files"):
        places.drop(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_place_under_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedProblem, match="--data"):
        places.prepare(tmp_path / "file" / "data", MYSELF)


def test_a_full_disk_is_told_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedProblem, match="No disk space is left"):
        places.require_space(tmp_path, megabytes=10**12)


def test_emptying_keeps_what_it_was_told_to_keep(tmp_path: Path) -> None:
    where = places.prepare(tmp_path / "data", MYSELF)
    (where.data / "lock").touch()
    places.empty(where.data, keep=(places.MARK, "lock"))
    assert {path.name for path in where.data.iterdir()} == {places.MARK, "lock"}


def test_a_file_that_vanishes_while_a_folder_is_emptied_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = places.prepare(tmp_path / "data", MYSELF)
    (where.data / "postgres").mkdir(exist_ok=True)
    (where.data / "postgres" / "log").touch()
    remove, tries = shutil.rmtree, []

    def remove_late(path: Path, **options: bool) -> None:
        tries.append(path)
        if path.name == "postgres" and tries.count(path) == 1:
            raise FileNotFoundError(path / "log")
        remove(path, **options)

    monkeypatch.setattr(places.shutil, "rmtree", remove_late)
    places.empty(where.data, keep=(places.MARK,))
    assert not (where.data / "postgres").exists()


def test_a_recorded_folder_without_our_mark_is_not_deleted(tmp_path: Path) -> None:
    where = places.prepare(tmp_path / "data", MYSELF)
    (tmp_path / "crosswalk-precious").mkdir()
    (where.data / "service-folder").write_text(str(tmp_path / "crosswalk-precious"))
    places.drop(where.data)
    assert (tmp_path / "crosswalk-precious").exists()


def test_a_closed_parent_stops_another_user(tmp_path: Path) -> None:
    closed = tmp_path / "home"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o700)
    somebody = Identity(MYSELF.uid + 4711, MYSELF.gid + 4711)
    assert not somebody.can_pass(closed / "data")
    assert Identity(0, 0).can_pass(closed / "data")
