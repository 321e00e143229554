"""Many callers of the APSIS One simulator at once: one of them wins, limits hold, the file misses nothing."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from migrator.simulators.http_wsgi import Request
from tests.contract.apsis_writing import FIRST_NAME, KEYSPACES, Writer, place

pytestmark = pytest.mark.slow

THREADS = 8


def _call(writer: Writer, method: str, path: str, body: Any = None) -> int:
    """One request straight into the application, as a server's thread makes it."""
    headers = {"authorization": writer.http.headers["authorization"]}
    content = b"" if body is None else orjson.dumps(body)
    return writer.app.handle(Request(method, path, {}, headers, content)).status


def _at_once(call: Callable[[int], int], number: int) -> Counter[int]:
    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(call, range(number)))


def test_of_those_who_create_the_same_profile_exactly_one_succeeds() -> None:
    writer = Writer(profiles=60)
    path = f"/audience/keyspaces/{KEYSPACES['crm']}/sections/{writer.section.discriminator}/profiles"
    statuses = _at_once(lambda n: _call(writer, "POST", path, {"profile_key": f"k{n % 40}"}), 320)
    assert statuses == {201: 40, 409: 280}
    assert len(writer.app.state.world.created) == 40


def test_of_those_who_give_two_people_the_same_key_exactly_one_succeeds() -> None:
    writer = Writer(profiles=60)
    for n in range(30):
        writer.create("email", f"p{n}@nordpost.example")
    section = writer.section.discriminator

    def move(n: int) -> int:
        path = (
            f"/v2/audience/keyspaces/{KEYSPACES['email']}/profiles/p{n}@nordpost.example/sections/{section}"
        )
        return _call(
            writer, "PATCH", f"{path}/attributes", {"com.apsis1.attributes.email": "one@nordpost.example"}
        )

    assert _at_once(move, 30) == {204: 1, 409: 29}


def test_a_window_holds_its_number_whoever_asks() -> None:
    writer = Writer(limits_off=False)
    statuses = _at_once(lambda n: _call(writer, "GET", "/audience/sections"), 400)
    assert statuses == {200: 100, 429: 300}


def test_everything_that_was_answered_with_success_is_in_the_file(tmp_path: Path) -> None:
    path = str(tmp_path / "source.sqlite3")
    writer = Writer(profiles=60, db_path=path)
    base = f"{place('crm', '')}%s/sections/{writer.section.discriminator}/attributes"
    version = writer.version(FIRST_NAME)
    statuses = _at_once(lambda n: _call(writer, "PATCH", base % f"k{n}", {version: f"N{n}"}), 300)
    assert statuses == {204: 300}
    again = Writer(profiles=60, db_path=path)
    assert {n: again.values("crm", f"k{n}")[FIRST_NAME] for n in range(300)} == {
        n: f"N{n}" for n in range(300)
    }


def test_a_large_import_leaves_others_their_answers_and_ends_whole() -> None:
    writer = Writer(profiles=60, import_delay=0.0, import_visible_delay=0.0)
    mapping = {"keyspace_discriminator": KEYSPACES["crm"], "field_selector": "id"}
    started = writer.start_import({"keyspace_mapping": mapping}).json()
    content = "id\n" + "".join(f"{n}\n" for n in range(3_000))
    writer.upload(started, content.encode())
    statuses = _at_once(lambda n: _call(writer, "GET", "/audience/sections"), 80)
    assert statuses == {200: 80}
    patience = time.monotonic() + 60
    while not writer.import_status(started["import_id"]).get("created") and time.monotonic() < patience:
        time.sleep(0.02)
    assert writer.import_status(started["import_id"])["created"] == 3_000
    assert len(writer.app.state.world.created) == 3_000
