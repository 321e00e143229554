"""serve_simulators: one object on one line when ready, both services up, nothing left afterwards."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from migrator.embedded import ports
from migrator.embedded.processes import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]


def test_it_tells_how_to_reach_both_and_ends_on_a_signal() -> None:
    command = (sys.executable, "manage.py", "serve_simulators", "--account", "elsewhere", "--profiles", "50")
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert set(told["source"]) == {"base_url", "client_id", "client_secret"}
        assert set(told["target"]) == {"base_url", "api_token"}
        with urllib.request.urlopen(f"{told['control']['target_url']}/inspect", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    port = int(told["source"]["base_url"].rpartition(":")[2])
    assert wait_until(lambda: not ports.accepts(port), 5)


def test_a_taken_port_is_told() -> None:
    taken = ports.any_free()
    with ports.socket.create_server((ports.HOST, taken)):
        command = (sys.executable, "manage.py", "serve_simulators", "--target-port", str(taken))
        ended = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60
        )
    assert ended.returncode == 2
    assert f"Port {taken} is taken" in ended.stderr
    assert "--target-port" in ended.stderr
    assert ended.stdout == ""
