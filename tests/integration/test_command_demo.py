"""The demo as a person starts it: a page, four users, a clean end, and a sentence for what is in its way."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from migrator.embedded.processes import group_members, is_alive, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' user can pass, which pytest's own is not when root runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="crosswalk-demo-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@contextmanager
def demo(data: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A demo on its own data directory; killed at the end if it still runs."""
    with (data.parent / "progress.txt").open("w") as progress:
        process = subprocess.Popen(
            (sys.executable, "manage.py", "demo", "--data", str(data), *arguments),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=progress,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def address_of(process: "subprocess.Popen[str]") -> str:
    """Wait for the line that names the address."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(r"Open (http://\S+/)", line):
            return found[1]
    raise AssertionError("the demo ended without an address")


def status(address: str) -> int:
    with urllib.request.urlopen(f"{address}sign-in/", timeout=10) as answer:
        return int(answer.status)


def children_of(data: Path) -> list[int]:
    groups = json.loads((data / "children.json").read_text()).values()
    return [pid for group in groups for pid in group_members(group)]


def refused(data: Path, *arguments: str) -> str:
    """The sentence of a demo that does not start."""
    ended = subprocess.run(
        (sys.executable, "manage.py", "demo", "--data", str(data), *arguments),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2, ended.stderr
    return ended.stderr.strip().splitlines()[-1]


def test_it_serves_a_page_and_ends_with_all_its_children(folder: Path) -> None:
    data = folder / "data"
    began = time.monotonic()
    with demo(data) as process:
        address = address_of(process)
        assert status(address) == 200
        assert time.monotonic() - began < 120
        children = children_of(data)
        assert len(children) >= 7
        assert "already runs" in refused(data)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert wait_until(lambda: not any(is_alive(pid) for pid in children), 5)


def test_after_a_kill_the_next_start_continues_at_the_same_address(folder: Path) -> None:
    data = folder / "data"
    with demo(data) as process:
        first = address_of(process)
        children = children_of(data)
        process.kill()
        process.wait(10)
    with demo(data) as process:
        assert address_of(process) == first
        assert status(first) == 200
        assert not any(is_alive(pid) for pid in children)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_taken_port_is_told_and_nothing_is_started(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"Port {port} is taken" in refused(folder / "data", "--port", str(port))
    assert not (folder / "data/services/postgresql-data").exists()


def test_a_folder_with_other_files_is_told(folder: Path) -> None:
    (folder / "thesis.txt").touch()
    assert "holds other files" in refused(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_is_told(folder: Path) -> None:
    mount = ("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder)
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        assert "No disk space is left" in refused(folder / "data")
    finally:
        subprocess.run(("umount", folder), check=True)
