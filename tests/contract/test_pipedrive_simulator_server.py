"""The simulators as processes: they say when they are ready, survive a kill, stop, and refuse bad options."""

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

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
Process = subprocess.Popen[str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(port: int, db: Path) -> list[str]:
    module = [sys.executable, "-m", "migrator.simulators.server", "target"]
    return [
        *module,
        "--empty",
        "--control",
        "--port",
        str(port),
        "--db",
        str(db),
        "--limits-off",
        "--die-with-parent",
    ]


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


def refused(*words: str) -> str:
    """The one sentence of a start that has to end with 2, at once and with nothing on standard output."""
    arguments = [sys.executable, "-m", "migrator.simulators.server", *words]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_taken_port_gives_one_sentence_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "is in use" in refused("target", "--port", str(taken.getsockname()[1]))


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Process, Any]]]:
    running: list[Process] = []

    def run(*words: str) -> tuple[Process, Any]:
        arguments = [sys.executable, "-m", "migrator.simulators.server", *words, "--die-with-parent"]
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


def test_what_it_says_when_ready_opens_it(serve: Callable[..., tuple[Process, Any]]) -> None:
    words = ("--port", str(free_port()), "--profiles", "20", "--seed", "3", "--account", "bergvarg")
    _, ready = serve("target", *words, "--set=target.search_page_cap=9", "--plan=lite", "--control")
    assert (ready["account"], ready["seed"], ready["profiles"]) == ("bergvarg", 3, 20)
    token = {"x-api-token": ready["api_token"]}
    assert httpx.get(f"{ready['url']}/api/v2/persons", headers=token).status_code == 200
    assert httpx.get(f"{ready['control']}/settings").json()["search_page_cap"] == 9
    assert httpx.get(f"{ready['control']}/inspect").json()["plan"] == "lite"


def test_the_control_address_is_closed_unless_asked_for(serve: Callable[..., tuple[Process, Any]]) -> None:
    _, ready = serve("target", "--empty", "--port", str(free_port()))
    assert ready["control"] is None
    headers = {"x-api-token": ready["api_token"]}
    assert httpx.get(f"{ready['url']}/_control/inspect", headers=headers).status_code == 404


def test_a_plan_of_the_start_goes_on_after_a_kill(
    tmp_path: Path, serve: Callable[..., tuple[Process, Any]]
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"rates": {"before_500": 1}, "methods": ["POST"]}')
    words = ("--empty", "--db", str(tmp_path / "a.sqlite3"), "--faults", str(plan))

    def answers(ready: Any, *names: str) -> list[int]:
        url, headers = f"{ready['url']}/api/v2/persons", {"x-api-token": ready["api_token"]}
        return [httpx.post(url, json={"name": name}, headers=headers).status_code for name in names]

    process, ready = serve("target", *words, "--port", str(free_port()))
    assert answers(ready, "A") == [500]
    process.kill()
    process.wait()
    _, ready = serve("target", *words, "--port", str(free_port()))
    assert answers(ready, "A", "B", "B") == [200, 500, 200]


def test_the_source_survives_a_kill_too(tmp_path: Path, serve: Callable[..., tuple[Process, Any]]) -> None:
    words = ("--db", str(tmp_path / "source.sqlite3"), "--profiles", "20", "--control")
    process, ready = serve("source", *words, "--port", str(free_port()))
    httpx.post(f"{ready['control']}/mutate", json={"op": "add_profile"}).raise_for_status()
    process.kill()
    process.wait()
    _, ready = serve("source", *words, "--port", str(free_port()))
    lines = httpx.get(f"{ready['control']}/snapshot").text.splitlines()
    assert len(lines) == 21


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_restart_finds_the_account_that_was_seeded_since(
    side: str, tmp_path: Path, serve: Callable[..., tuple[Process, Any]]
) -> None:
    words = ("--db", str(tmp_path / "a.sqlite3"), "--profiles", "20", "--control")
    process, ready = serve(side, *words, "--port", str(free_port()))
    httpx.post(f"{ready['control']}/seed", json={"account": "havblik", "profiles": 30}).raise_for_status()
    there = httpx.get(f"{ready['control']}/snapshot").content
    process.kill()
    process.wait()
    _, ready = serve(side, *words, "--port", str(free_port()))
    assert (ready["account"], ready["profiles"]) == ("havblik", 30)
    assert httpx.get(f"{ready['control']}/snapshot").content == there
    httpx.post(f"{ready['control']}/reset").raise_for_status()
    assert httpx.get(f"{ready['control']}/inspect").json()["account"] == "havblik"


@pytest.mark.parametrize("side", ["source", "target"])
def test_the_file_of_another_account_or_of_none_is_refused(
    side: str, tmp_path: Path, serve: Callable[..., tuple[Process, Any]]
) -> None:
    words = ("--profiles", "20", "--db", str(tmp_path / "a.sqlite3"))
    process, _ = serve(side, *words, "--port", str(free_port()))
    process.kill()
    process.wait()
    port = str(free_port())
    assert "account nordlys, seed 7, profiles 20" in refused(side, *words, "--seed", "8", "--port", port)
    (tmp_path / "text").write_text("no database")
    assert "cannot be opened" in refused(side, "--db", str(tmp_path / "text"), "--port", port)


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
