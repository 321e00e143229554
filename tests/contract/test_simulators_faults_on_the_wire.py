"""Faults as a raw socket sees them: which bytes come, when, and how the connection ends."""

import gzip
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.test_pipedrive_simulator_server import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "5" * 40
PERSONS = "/api/v2/persons"


class Wire:
    """A running simulator, asked byte by byte."""

    def __init__(self, url: str) -> None:
        self.port = int(url.rpartition(":")[2])
        self.http = httpx.Client(base_url=url, headers={"x-api-token": TOKEN}, timeout=10)

    def faults(self, **plan: Any) -> None:
        assert self.http.post("/_control/faults", json=plan).status_code == 200

    def count(self) -> int:
        return int(self.http.get("/_control/inspect").json()["counts"]["persons"])

    def raw(self, name: str = "A", patience: float = 5.0) -> tuple[bytes, bytes, str]:
        """Head, body and how it ended of one POST: closed, open (nothing more came in time) or reset."""
        body = json.dumps({"name": name}).encode()
        head = f"POST {PERSONS} HTTP/1.1\r\nHost: localhost\r\nx-api-token: {TOKEN}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.port)) as door:
            door.settimeout(patience)
            door.sendall(head.encode() + body)
            received, end = b"", "open"
            try:
                while piece := door.recv(65_536):
                    received += piece
                    if _whole(received):
                        break
                else:
                    end = "closed"
            except TimeoutError:
                pass
            except ConnectionResetError:
                end = "reset"
        start, _, rest = received.partition(b"\r\n\r\n")
        return start, rest, end


def _whole(received: bytes) -> bool:
    head, split, body = received.partition(b"\r\n\r\n")
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), None)
    if not split:
        return False
    return body.endswith(b"0\r\n\r\n") if length is None else len(body) >= int(length.partition(b":")[2])


def length_of(head: bytes) -> int:
    line = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(line.partition(b":")[2])


@pytest.fixture(scope="module")
def running() -> Iterator[Wire]:
    words = [
        "target",
        "--empty",
        "--control",
        "--limits-off",
        "--die-with-parent",
        "--port",
        str(free_port()),
    ]
    command = [sys.executable, "-m", "migrator.simulators.server", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        wire = Wire(json.loads(process.stdout.readline())["url"])
        yield wire
        wire.http.close()
        process.terminate()


@pytest.fixture
def wire(running: Wire) -> Wire:
    running.http.post("/_control/reset", json={})
    return running


@pytest.mark.parametrize(
    ("kind", "applied"), [("lost", 1), ("timeout_before", 0), ("timeout_after", 1), ("late", 0)]
)
def test_a_dropped_connection_ends_before_the_status_line(wire: Wire, kind: str, applied: int) -> None:
    wire.faults(scripts=[{"kind": kind, "seconds": 0.3}], seconds=0.3)
    assert wire.raw() == (b"", b"", "closed")
    if kind != "late":
        assert wire.count() == applied
        assert wire.raw()[0].startswith(b"HTTP/1.1 200 OK")


def test_a_late_request_shows_after_its_seconds(wire: Wire) -> None:
    wire.faults(scripts=[{"kind": "late", "seconds": 1}])
    assert wire.raw() == (b"", b"", "closed")
    seen = [wire.count()]
    time.sleep(1.1)
    assert [*seen, wire.count()] == [0, 1]


def test_a_hanging_request_holds_up_nobody_else(wire: Wire) -> None:
    wire.faults(scripts=[{"kind": "timeout_before", "seconds": 1.5, "times": 20, "holds": "hang"}])
    with ThreadPoolExecutor(20) as pool:
        hanging = [pool.submit(wire.raw, f"hang {place}") for place in range(20)]
        time.sleep(0.3)
        started = time.monotonic()
        assert wire.raw("quick")[0].startswith(b"HTTP/1.1 200 OK")
        assert time.monotonic() - started < 1.0
        assert {found.result()[2] for found in hanging} == {"closed"}
    assert wire.count() == 1


@pytest.mark.parametrize(("kind", "is_whole"), [("reset", False), ("cut_short", True)])
def test_a_connection_ends_before_the_announced_length(wire: Wire, kind: str, is_whole: bool) -> None:
    wire.faults(scripts=[{"kind": kind}])
    head, body, end = wire.raw()
    assert (end, 0 < len(body) < length_of(head)) == ("closed", True)
    assert body.startswith(b'{"success":true')
    assert body.endswith(b"}") == is_whole
    assert wire.count() == 1


def test_a_truncated_body_has_the_length_it_says(wire: Wire) -> None:
    wire.faults(scripts=[{"kind": "truncated"}])
    head, body, end = wire.raw(patience=0.5)
    assert (end, len(body)) == ("open", length_of(head))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(body)


def test_a_slow_body_drips(wire: Wire) -> None:
    wire.faults(scripts=[{"kind": "slow_body"}], bytes_per_second=200)
    started = time.monotonic()
    head, body, _ = wire.raw()
    assert length_of(head) == len(body)
    assert time.monotonic() - started > len(body) / 200 * 0.9


def test_a_giant_body_streams_and_a_bomb_is_small_on_the_wire(wire: Wire) -> None:
    wire.faults(scripts=[{"kind": "giant_body"}, {"kind": "gzip_bomb"}], megabytes=20)
    head, body, _ = wire.raw()
    assert (length_of(head), len(body) > 20 << 20) == (len(body), True)
    with wire.http.stream("POST", PERSONS, json={"name": "B"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert (len(packed) < 100_000, len(gzip.decompress(packed)) > 20 << 20) == (True, True)


def test_a_skewed_clock_replaces_the_date_of_the_server(wire: Wire) -> None:
    wire.faults(scripts=[{"kind": "clock_skew"}], skew_seconds=-(10**9))
    heads = [wire.raw()[0].lower() for _ in range(2)]
    assert [head.count(b"\r\ndate: ") for head in heads] == [1, 1]
    assert (b" 1995 " in heads[0] or b" 1994 " in heads[0], b" 199" in heads[1]) == (True, False)
