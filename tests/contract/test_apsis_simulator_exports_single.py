"""The export of one profile with its two callbacks, in the APSIS One simulator (reference 9.6)."""

import json
import queue
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract.apsis_writing import FIRST_NAME, Writer, one


class Listener:
    """A receiver of callbacks on this machine; `answer` is the status it gives."""

    def __init__(self) -> None:
        self.answer = 200
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        listener = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                listener.heard.put(json.loads(raw))
                self.send_response(listener.answer)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name of the base class)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks?job=5"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self) -> dict[str, Any]:
        return self.heard.get(timeout=10)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def _ask(writer: Writer, key: str, url: str, **flags: Any) -> int:
    body = {"callback_url": url, **flags}
    answer = writer.http.post(f"/audience/profiles/export-single/{key}", json=body)
    if answer.status_code == 202:
        assert answer.content == b""
    return answer.status_code


def _fetch(writer: Writer, url: str) -> Any:
    parts = urlsplit(url)
    return writer.get(parts.path, **dict(pair.split("=") for pair in parts.query.split("&") if pair))


def _export(writer: Writer, listener: Listener, key: str, **flags: Any) -> dict[str, Any]:
    assert _ask(writer, key, listener.url, **flags) == 202
    assert listener.next() == {"code": 100, "message": "Callback verified"}
    writer.now += 11
    ready = listener.next()
    assert ready["code"] == 200
    found: dict[str, Any] = _fetch(writer, ready["message"]).json()
    return found


def test_the_file_holds_attributes_and_events_of_every_section(listener: Listener) -> None:
    writer = Writer(profiles=60)
    index = next(i for i in range(60) if writer.source.people.get(i).second is not None)
    key = writer.source.export_key(index)
    found = _export(writer, listener, key)
    assert set(found) == {"profiles"}
    sections = found["profiles"][key]["sections"]
    assert sections.keys() >= writer.source.profile(index).sections.keys()
    events = [e for s in sections.values() for e in s["events"]]
    assert len(events) == len(writer.source.happenings(index))
    home = writer.home(index).discriminator
    assert sections[home]["attributes"] == writer.source.profile(index).sections[home].attributes


def test_before_the_export_is_ready_only_the_first_callback_comes(listener: Listener) -> None:
    writer = Writer(profiles=60)
    _ask(writer, writer.source.export_key(0), listener.url)
    assert listener.next()["code"] == 100
    with pytest.raises(queue.Empty):
        listener.heard.get(timeout=0.2)
    job = writer.app.state.jobs.report()[0]["id"]
    path = f"/audience/profiles/export-single/accounts/nordlys-7/definitions/{job}"
    assert writer.get(path).status_code == 404
    writer.now += 11
    assert listener.next()["code"] == 200
    assert writer.get(path).status_code == 200
    writer.now += 86_400
    assert writer.sign_in().get(path).status_code == 410


def test_history_sits_inside_the_attributes(listener: Listener) -> None:
    writer = Writer(profiles=60)
    index = writer.plain()
    key = writer.source.export_key(index)
    before = writer.values("export", key)[FIRST_NAME]
    writer.patch("email", writer.key(index), {FIRST_NAME: "Renamed"})
    found = _export(writer, listener, key, include_attribute_history=True)
    value = found["profiles"][key]["sections"][writer.section.discriminator]["attributes"][FIRST_NAME]
    assert value["value"] == "Renamed"
    assert [entry["value"] for entry in value["history"]] == [before, "Renamed"]


def test_definitions_come_as_metadata_where_asked_for(listener: Listener) -> None:
    writer = Writer(profiles=60)
    key = writer.source.export_key(0)
    _ask(writer, key, listener.url, include_type_definitions=True)
    listener.next()
    writer.now += 11
    url = listener.next()["message"]
    assert url.endswith("?metadata=true")
    metadata = _fetch(writer, url).json()["metadata"]["sections"][writer.section.discriminator]
    assert FIRST_NAME in metadata["attributes"]
    assert metadata["events"].keys() == {e.discriminator for e in writer.section.events}


@pytest.mark.parametrize("wanted", [True, False])
def test_merged_profiles_are_entries_of_their_own_where_asked_for(listener: Listener, wanted: bool) -> None:
    writer = Writer(profiles=60)
    index = writer.plain()
    key = writer.source.export_key(index)
    writer.create("crm", "5")
    writer.merge(one("export", key), one("crm", "5"))
    found = _export(writer, listener, key, include_merged_profiles=wanted)
    assert len(found["profiles"]) == (2 if wanted else 1)


def test_a_failed_export_says_so_and_an_address_that_refuses_hears_no_more(listener: Listener) -> None:
    writer = Writer(profiles=60, failing_exports=1, export_delay=0.0)
    _ask(writer, writer.source.export_key(0), listener.url)
    assert [listener.next()["code"] for _ in range(2)] == [100, 500]
    listener.answer = 500
    _ask(writer, writer.source.export_key(0), listener.url)
    assert listener.next()["code"] == 100
    with pytest.raises(queue.Empty):
        listener.heard.get(timeout=0.2)


@pytest.mark.parametrize(
    ("key", "url", "status"),
    [
        ("000000000000", "http://127.0.0.1:9/", 404),
        ("", "ftp://127.0.0.1/", 400),
        ("", "http://", 400),
        ("", "http://127.0.0.1:99999/", 400),
        ("", "http://hooks.example/", 400),
        ("", "http://127.0.0.1.hooks.example/", 400),
    ],
)
def test_an_address_that_may_not_be_called_is_refused(key: str, url: str, status: int) -> None:
    writer = Writer(profiles=60)
    assert _ask(writer, key or writer.source.export_key(0), url) == status


def test_a_flag_that_is_no_flag_is_refused(listener: Listener) -> None:
    writer = Writer(profiles=60)
    assert _ask(writer, writer.source.export_key(0), listener.url, include_merged_profiles="yes") == 400
