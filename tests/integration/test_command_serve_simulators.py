"""serve_simulators: one object on one line when ready, both services up, nothing left afterwards."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrator.embedded import ports
from migrator.embedded.processes import wait_until

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "manage.py", "serve_simulators")
SMALL = ("--account", "havblik", "--profiles", "50")


@contextmanager
def serving(*words: str) -> Iterator[Any]:
    """What it tells while it runs; it has to end in order."""
    with subprocess.Popen((*COMMAND, *words), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0


def asked(url: str, body: Any = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:
        found: bytes = answer.read()
    return found


def refused(*words: str) -> str:
    ended = subprocess.run(
        (*COMMAND, *words), cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr.strip().count("\n")) == (2, "", 0)
    return ended.stderr


def test_it_tells_how_to_reach_both_and_ends_on_a_signal() -> None:
    with serving(*SMALL, "--seed", "4") as told:
        assert {"base_url", "client_id", "client_secret"} <= set(told["source"])
        assert {"base_url", "api_token", "oauth_client_id", "oauth_client_secret"} <= set(told["target"])
        assert (told["account"], told["seed"], told["profiles"]) == ("havblik", 4, 50)
        for side in ("source", "target"):
            assert json.loads(asked(f"{told['control'][f'{side}_url']}/inspect"))["account"] == "havblik"
            assert Path(f"/proc/{told['pids'][side]}").exists() or sys.platform != "linux"
    for side in ("source", "target"):
        port = int(told[side]["base_url"].rpartition(":")[2])
        assert wait_until(lambda port=port: not ports.accepts(port), 5)


def test_it_leaves_the_control_address_out_when_told() -> None:
    with serving(*SMALL, "--no-control") as told:
        assert told["control"] == {"source_url": None, "target_url": None}
        with pytest.raises(urllib.error.HTTPError) as problem:
            asked(f"{told['target']['base_url']}/_control/inspect?api_token={told['target']['api_token']}")
        with problem.value as answer:  # it holds the connection
            assert answer.code == 404


def test_both_accounts_survive_a_restart_in_a_kept_folder(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    person = "/api/v2/persons?api_token="
    with serving(*SMALL, "--keep", str(folder)) as told:
        asked(f"{told['target']['base_url']}{person}{told['target']['api_token']}", {"name": "Kept"})
        asked(f"{told['control']['source_url']}/mutate", {"op": "add_profile"})
        before = [asked(f"{told['control'][f'{side}_url']}/snapshot") for side in ("source", "target")]
        assert "is in use by other simulators" in refused(*SMALL, "--keep", str(folder))
    with serving(*SMALL, "--keep", str(folder)) as told:
        after = [asked(f"{told['control'][f'{side}_url']}/snapshot") for side in ("source", "target")]
    assert after == before
    assert "holds another account" in refused("--keep", str(folder), "--seed", "9")


def test_one_file_makes_both_fail(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"source": {"rates": {"lost": 1}}, "target": {"actors": {"edit": 1}}}))
    with serving(*SMALL, "--faults", str(plan), "--set", "source.retry_after=true") as told:
        shown = {
            s: json.loads(asked(f"{told['control'][f'{s}_url']}/faults"))["plan"]
            for s in ("source", "target")
        }
        switches = json.loads(asked(f"{told['control']['source_url']}/settings"))
    assert (shown["source"]["rates"], shown["target"]["actors"]) == ({"lost": 1.0}, {"edit": 1.0})
    assert switches["retry_after"] is True


def test_a_taken_port_is_told() -> None:
    taken = ports.any_free()
    with ports.socket.create_server((ports.HOST, taken)):
        sentence = refused("--target-port", str(taken))
    assert f"Port {taken} is in use" in sentence
    assert "--target-port" in sentence


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--nonsense",), "unrecognized arguments: --nonsense"),
        (("--profiles", "-5"), "--profiles must be a whole number from 1"),
        (("--account", "acme"), "--account takes nordlys, "),
        (("--seed", "-1"), "--seed"),
        (("--source-port", "70000"), "--source-port"),
        (("--source-port", "18777", "--target-port", "18777"), "Both ports are 18777"),
        (("--keep", "/proc/nowhere"), "--keep /proc/nowhere can not be used"),
    ],
)
def test_bad_input_is_told_in_one_sentence(words: tuple[str, ...], named: str) -> None:
    assert named in refused(*words)
