"""A generic REST client that knows nothing of us pages through the simulated Pipedrive over a real socket.

The client is dlt's `rest_api` source with its own paginators, told only what Pipedrive's documents say.
"""

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrator.simulators.pipedrive.app import build_app
from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.settings import DEFAULT_TOKEN, PipedriveSettings
from tests.contract.test_pipedrive_simulator_server import ROOT, command, free_port

pytestmark = pytest.mark.slow

HEADERS = {"x-api-token": DEFAULT_TOKEN}
PERSONS = 3_000
NOTES = 1_200


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a simulator that serves 3,000 persons and 1,200 notes."""
    file = tmp_path_factory.mktemp("account") / "account.sqlite3"
    preload = Preload(
        persons=[{"key": f"p{number}", "name": f"Person {number}"} for number in range(PERSONS)],
        notes=[{"content": f"Note {number}", "person": f"p{number}"} for number in range(NOTES)],
    )
    build_app(PipedriveSettings(limits_off=True), str(file), preload=preload).close()
    process = subprocess.Popen(command(free_port(), file), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["url"]
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is sent to dlt's makers, nothing is written outside the test's folder."""
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))


def rows(url: str, name: str, path: str, paginator: dict[str, Any], **params: Any) -> Iterator[Any]:
    """What dlt reads from one address."""
    from dlt.sources.rest_api import rest_api_source

    auth = {"type": "api_key", "name": "x-api-token", "api_key": DEFAULT_TOKEN, "location": "header"}
    endpoint = {"path": path, "params": params, "paginator": paginator, "data_selector": "data"}
    config: Any = {
        "client": {"base_url": url, "auth": auth},
        "resources": [{"name": name, "endpoint": endpoint}],
    }
    return iter(rest_api_source(config).resources[name])


def while_writing(url: str, write: Callable[[httpx.Client, int], Any], read: Callable[[], Any]) -> Any:
    """What `read` returns while another thread writes all the time; at least one write lies inside."""
    stop = threading.Event()
    written: list[int] = []

    def go_on() -> None:
        with httpx.Client(base_url=url, headers=HEADERS, timeout=30) as client:
            while not stop.is_set():
                write(client, len(written)).raise_for_status()
                written.append(1)
                stop.wait(0.002)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        before = len(written)
        found = read()
        assert len(written) > before
    finally:
        stop.set()
        thread.join()
    return found


def new_person(client: httpx.Client, number: int) -> httpx.Response:
    return client.post("/api/v2/persons", json={"name": f"Late {number}"})


def ids(url: str, **query: Any) -> set[int]:
    """Ids of all persons, read one cursor after another by ourselves."""
    found: set[int] = set()
    with httpx.Client(base_url=url, headers=HEADERS, timeout=30) as client:
        cursor: dict[str, str] = {}
        while True:
            answer = client.get("/api/v2/persons", params={"limit": 500, **query, **cursor}).json()
            found |= {person["id"] for person in answer["data"]}
            if answer["additional_data"]["next_cursor"] is None:
                return found
            cursor = {"cursor": answer["additional_data"]["next_cursor"]}


CURSOR = {"type": "cursor", "cursor_path": "additional_data.next_cursor", "cursor_param": "cursor"}


@pytest.mark.parametrize(
    "order", [{}, {"sort_by": "add_time"}, {"sort_by": "update_time", "sort_direction": "asc"}]
)
def test_a_cursor_walk_has_no_gap_and_no_repeat_while_persons_are_inserted(
    url: str, order: dict[str, str]
) -> None:
    first = ids(url)
    assert len(first) >= PERSONS
    read = lambda: list(rows(url, "persons", "api/v2/persons", CURSOR, limit=250, **order))  # noqa: E731
    seen = Counter(person["id"] for person in while_writing(url, new_person, read))
    assert [number for number, times in seen.items() if times > 1] == []
    assert first - set(seen) == set()


def test_v1_notes_are_read_by_offset_until_the_service_says_there_are_no_more(url: str) -> None:
    paginator = {
        "type": "offset",
        "limit": 100,
        "offset_param": "start",
        "limit_param": "limit",
        "total_path": None,
        "has_more_path": "additional_data.pagination.more_items_in_collection",
    }
    found = Counter(note["id"] for note in rows(url, "notes", "v1/notes", paginator))
    assert len(found) == NOTES
    assert set(found.values()) == {1}
