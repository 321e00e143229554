"""A simulator that is killed while it writes: what was answered is there, and every figure agrees with it."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from migrator.management.hammering import Connection, Unanswered, request_bytes
from migrator.simulators.pipedrive.app import build_app
from migrator.simulators.pipedrive.settings import DEFAULT_TOKEN

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 4


def write_until_it_is_gone(port: int, answered: list[int]) -> None:
    with suppress(Unanswered, OSError), closing(Connection(port)) as connection:
        while True:
            body = json.dumps({"name": f"Person {len(answered)}"}).encode()
            answer = connection.ask(request_bytes("POST", "/api/v2/persons", DEFAULT_TOKEN, body))
            answered.append(json.loads(answer.body)["data"]["id"])


def test_what_was_answered_is_kept_and_metered_when_the_process_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "account.sqlite3"
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    words = ["target", "--empty", "--port", str(port), "--db", str(file), "--limits-off", "--die-with-parent"]
    command = [sys.executable, "-m", "migrator.simulators.server", *words]
    answered: list[int] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        arguments = (port, answered)
        writers = [threading.Thread(target=write_until_it_is_gone, args=arguments) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        deadline = time.monotonic() + 20
        while len(answered) < 200 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        for writer in writers:
            writer.join()
    app = build_app(db_path=str(file))
    with closing(app):
        store = app.state.store
        held = {row[0] for row in store.rows("SELECT id FROM persons")}
        assert len(answered) >= 200
        assert set(answered) <= held
        assert len(held) <= len(answered) + WRITERS
        assert store.count("persons") == len(held)
        assert store.rows("SELECT requests, tokens FROM operations") == [(len(held), 5 * len(held))]
        assert store.rows("SELECT count(*) FROM persons_texts") == [(len(held),)]
        with store.transaction():
            assert store.next_id("persons") > max(held)


def test_a_file_that_is_no_account_is_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Not an account. " * 100)
    command = [sys.executable, "-m", "migrator.simulators.server", "target", "--port", "0", "--db", str(file)]
    with socket.create_server(("127.0.0.1", 0)) as door:
        command[5] = str(door.getsockname()[1])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "notes.txt" in done.stderr
    assert file.read_text().startswith("Not an account.")
