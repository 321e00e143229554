"""The simulated Pipedrive as a process: it says when it is ready, survives a kill, and stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
Process = subprocess.Popen[str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(port: int, db: Path) -> list[str]:
    module = [sys.executable, "-m", "migrator.simulators.server", "target"]
    return [*module, "--empty", "--port", str(port), "--db", str(db), "--limits-off", "--die-with-parent"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[int], tuple[Process, Any]]]:
    running: list[Process] = []

    def run(port: int) -> tuple[Process, Any]:
        arguments = command(port, tmp_path / "account.sqlite3")
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        running.append(process)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    yield run
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def persons(url: str) -> int:
    return int(httpx.get(f"{url}/_control/inspect").json()["counts"]["persons"])


def test_a_killed_server_goes_on_where_it_was(start: Callable[[int], tuple[Process, Any]]) -> None:
    port = free_port()
    process, ready = start(port)
    assert (ready["ready"], ready["side"], ready["pid"]) == (True, "target", process.pid)
    with httpx.Client(base_url=ready["url"], headers={"x-api-token": "5" * 40}) as client:
        assert client.post("/api/v2/persons", json={"name": "Åsa"}).json()["data"]["name"] == "Åsa"
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, ready = start(port)
    assert persons(ready["url"]) == 1


def test_a_dropped_connection_is_one_over_sockets_too(start: Callable[[int], tuple[Process, Any]]) -> None:
    _, ready = start(free_port())
    plan = {"scripts": [{"kind": "lost", "method": "POST"}]}
    httpx.post(f"{ready['control']}/faults", json=plan)
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{ready['url']}/api/v2/persons", json={"name": "A"}, headers={"x-api-token": "5" * 40})
    assert persons(ready["url"]) == 1


def test_it_stops_cleanly_when_asked(start: Callable[[int], tuple[Process, Any]]) -> None:
    process, _ = start(free_port())
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_a_taken_port_gives_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        arguments = command(taken.getsockname()[1], tmp_path / "account.sqlite3")
        done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "is in use" in done.stderr


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    port = free_port()
    parent = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen({command(port, tmp_path / 'account.sqlite3')!r}, stdout=subprocess.PIPE)\n"
        "print(child.stdout.readline().decode(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, **pipes) as started:
        assert started.stdout is not None
        child = json.loads(started.stdout.readline())["pid"]
        started.kill()
    deadline = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
