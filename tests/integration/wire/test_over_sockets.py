"""Both clients against both simulators as processes of their own: what in-process tests cannot show."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrator.apsis.client import ApsisClient
from migrator.apsis.exports import ExportState
from migrator.apsis.parsing import iter_profiles
from migrator.engine.outcomes import Proof, Stop
from migrator.engine.records import Kind
from migrator.http.client import ClientSettings
from migrator.pipedrive.client import PipedriveClient
from migrator.pipedrive.fields import Resolver
from migrator.pipedrive.target import PipedriveTarget
from migrator.simulators.apsis_one.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from tests.integration.wire.conftest import field_operation, just_now, person
from tests.wire_clients import TOKEN, Ids, NoPacer

pytestmark = pytest.mark.slow

LOCAL = ClientSettings(private_network=True, deadline=3.0)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "migrator.simulators.server", *arguments, "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--control", "--die-with-parent"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()


def tell(url: str, path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"{url}/_control/{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5):
        pass


@pytest.fixture(scope="module")
def target_url() -> Iterator[str]:
    with serving("target", "--empty", "--limits-off") as url:
        yield url


@pytest.fixture
def target(target_url: str) -> Iterator[PipedriveTarget]:
    tell(target_url, "reset", {})
    client = PipedriveClient(target_url, TOKEN, NoPacer(), settings=LOCAL)
    made = PipedriveTarget(client, Resolver(client.read_list), Ids())
    fields = [
        field_operation("Crosswalk ID", "varchar", [], number=90),
        field_operation("Shoe size", "double", [], number=91),
    ]
    assert {outcome.proof for _, outcome in made.send_all(fields)} == {Proof.DONE}
    yield made
    client.close()


def people(count: int) -> list[Any]:
    return [person(n, labels=[], custom={"person:Shoe size:double": n}) for n in range(1, count + 1)]


def test_eight_threads_write_two_hundred_people_once(target: PipedriveTarget) -> None:
    outcomes = dict((op.id, outcome) for op, outcome in target.send_all(people(200)))
    assert {outcome.proof for outcome in outcomes.values()} == {Proof.DONE}
    listed = [record for page in target.iter_pages(Kind.PERSON) for record in page]
    assert sorted(str(record["id"]) for record in listed) == sorted(o.target_id for o in outcomes.values())


@pytest.mark.parametrize(
    ("fault", "written"), [("lost", 1), ("reset", 1), ("slow", 1), ("before_500", 0), ("late", 0)]
)
def test_a_broken_connection_is_a_doubt_that_a_read_back_settles(
    target: PipedriveTarget, target_url: str, fault: str, written: int
) -> None:
    script = {"kind": fault, "method": "POST", "path": "/api/v2/persons", "seconds": 4.0}
    tell(target_url, "faults", {"scripts": [script]})
    op = people(1)[0]
    target.resolver.read("person_fields")
    started = time.monotonic()
    ((_, outcome),) = list(target.send_all([op]))
    assert time.monotonic() - started < 4.0
    assert outcome.proof == Proof.AMBIGUOUS
    assert len(target.find_written([op], just_now())) == written


def test_a_dead_service_is_no_doubt() -> None:
    client = PipedriveClient(f"http://127.0.0.1:{free_port()}", TOKEN, NoPacer(), settings=LOCAL)
    fields = {
        "person_fields": [{"field_code": "a" * 40, "field_name": "Crosswalk ID", "field_type": "varchar"}]
    }
    dead = PipedriveTarget(client, Resolver(client.read_list, snapshot=fields), Ids())
    ((_, outcome),) = list(dead.send_all([person(1, labels=[], custom={})]))
    assert (outcome.proof, outcome.stop) == (Proof.NOT_DONE, Stop.BURST)


def test_an_export_streams_through_a_real_server(tmp_path: Path) -> None:
    with serving("source", "--profiles", "300", "--limits-off") as url:
        client = ApsisClient(url, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, NoPacer(), settings=LOCAL)
        found = client.definitions()
        job = client.start_profile_export(found.attributes, found.tags, found.topics)
        while (state := client.poll(job)) == ExportState.RUNNING:
            time.sleep(0.1)
        assert state == ExportState.READY
        client.download(job, tmp_path / "profiles.json")
        client.close()
    assert len(list(iter_profiles(tmp_path / "profiles.json"))) == 300
