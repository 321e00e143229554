"""What clients do that the specification does not name: methods, addresses, forms, encodings, odd spellings.

Each was met in a published client or is common in HTTP; each that the reference does not settle has a switch.
"""

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrator.simulators.pipedrive.settings import DEFAULT_TOKEN
from tests.contract.pipedrive_simulator import Simulated, simulated
from tests.contract.test_pipedrive_simulator_server import ROOT, command, free_port

pytestmark = pytest.mark.slow

HEADERS = f"Host: 127.0.0.1\r\nx-api-token: {DEFAULT_TOKEN}\r\n"
PERSON = b'{"name": "Chunk"}'


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    file, number = tmp_path_factory.mktemp("account") / "account.sqlite3", free_port()
    process = subprocess.Popen(command(number, Path(file)), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["ready"]
    yield number
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def account() -> Iterator[Simulated]:
    account = simulated()
    yield account
    account.app.close()


def exchanged(port: int, *parts: bytes) -> bytes:
    """What a bare socket receives for these bytes; the last request must close the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while data := connection.recv(65_536):
            received += data
    return received


def request(method: str, path: str, *more: str, body: bytes = b"", keep: bool = False) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", HEADERS.strip(), *more, *([] if keep else ["Connection: close"])]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_one_connection_carries_many_requests(port: int) -> None:
    first, last = request("GET", "/v1/users/me", keep=True), request("GET", "/v1/users/me")
    assert exchanged(port, first, first, last).count(b"HTTP/1.1 200 OK") == 3


def test_head_has_the_headers_of_get_and_no_body(port: int) -> None:
    head, _, body = exchanged(port, request("HEAD", "/v1/currencies")).partition(b"\r\n\r\n")
    full, _, shown = exchanged(port, request("GET", "/v1/currencies")).partition(b"\r\n\r\n")
    length = f"content-length: {len(shown)}".encode()
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert length in head
    assert length in full
    assert body == b""


def test_a_body_may_come_in_chunks(port: int) -> None:
    body = b"5\r\n" + PERSON[:5] + b"\r\nc\r\n" + PERSON[5:] + b"\r\n0\r\n\r\n"
    headers = ("Transfer-Encoding: chunked", "Content-Type: application/json")
    received = exchanged(port, request("POST", "/api/v2/persons", *headers, body=body))
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b'"name":"Chunk"' in received


def test_a_client_may_wait_to_be_told_to_send_its_body(port: int) -> None:
    headers = ("Expect: 100-continue", f"Content-Length: {len(PERSON)}", "Content-Type: application/json")
    received = exchanged(port, request("POST", "/api/v2/persons", *headers, body=PERSON))
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize("path", ["/api/v2/%70ersons", "/api/v2/persons/", "/v1/notes/", "/api/v1/notes/"])
def test_an_address_may_be_spelled_with_escapes_or_a_slash_at_its_end(port: int, path: str) -> None:
    assert exchanged(port, request("GET", path)).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("path", ["/API/V2/persons", "/api/v2/Persons", "//api/v2/persons"])
def test_other_spellings_are_other_addresses(port: int, path: str) -> None:
    assert exchanged(port, request("GET", path)).startswith(b"HTTP/1.1 404")


def test_a_switch_makes_the_slash_at_the_end_another_address() -> None:
    account = simulated(trailing_slash=False)
    assert account.get("/api/v2/persons/").status_code == 404
    assert account.get("/api/v2/persons").status_code == 200


# Compression


def test_answers_are_compressed_for_those_who_take_it_when_switched_on() -> None:
    account, plain = simulated(gzip_answers=True), simulated()
    answer = account.get("/v1/personFields")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content)
    assert answer.json() == plain.get("/v1/personFields").json()
    assert "content-encoding" not in plain.get("/v1/personFields").headers


def test_a_compressed_answer_is_plain_for_those_who_do_not_take_it() -> None:
    account = simulated(gzip_answers=True)
    answer = account.get("/v1/personFields", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.json()["success"] is True


# What v1 takes and v2 does not


def note(account: Simulated, **sent: Any) -> httpx.Response:
    """A note sent as a form."""
    number = account.data("/api/v2/persons")[0]["id"]
    return account.post("/v1/notes", data={"content": "<p>A</p>", "person_id": str(number), **sent})


def test_v1_takes_a_form(account: Simulated) -> None:
    made = note(account, pinned_to_person_flag="1").json()["data"]
    assert made["person_id"] == account.data("/api/v2/persons")[0]["id"]
    assert made["pinned_to_person_flag"] is True


def test_v1_takes_lists_in_a_form_as_json(account: Simulated) -> None:
    form = {"name": "Size", "field_type": "enum", "options": '[{"label": "S"}, {"label": "M"}]'}
    made = account.post("/v1/personFields", data=form).json()["data"]
    assert [option["label"] for option in made["options"]] == ["S", "M"]


def test_v1_takes_numbers_written_as_text(account: Simulated) -> None:
    number = account.data("/api/v2/persons")[0]["id"]
    answer = account.post("/v1/notes", json={"content": "A", "person_id": str(number)})
    assert answer.json()["data"]["person_id"] == number


def test_v1_refuses_words_for_numbers(account: Simulated) -> None:
    assert note(account, person_id="Anna").status_code == 400


def test_v2_takes_neither_forms_nor_numbers_as_text(account: Simulated) -> None:
    assert account.post("/api/v2/persons", data={"name": "A"}).status_code == 400
    assert account.post("/api/v2/persons", json={"name": "A", "owner_id": "1"}).status_code == 400


def test_a_switch_makes_v1_as_strict_as_v2() -> None:
    account = simulated(v1_takes_text=False)
    number = account.data("/api/v2/persons")[0]["id"]
    assert note(account).status_code == 400
    refused = account.post("/v1/notes", json={"content": "A", "person_id": str(number)})
    assert refused.status_code == 400


V1_LISTS = ["users", "filters", "activityTypes", "currencies", "notes", "personFields", "permissionSets"]


@pytest.mark.parametrize("name", V1_LISTS)
def test_v1_overlooks_parameters_it_does_not_know(account: Simulated, name: str) -> None:
    query = {"start": 0, "limit": 100, "items": "person", "no_such": 1}
    assert account.get(f"/v1/{name}", params=query).status_code == 200


def test_a_switch_makes_v1_refuse_parameters_it_does_not_know() -> None:
    account = simulated(refuse_unknown_query_v1=True)
    assert account.get("/v1/filters", params={"no_such": 1}).status_code == 400
    assert account.get("/v1/filters", params={"type": "people"}).status_code == 200


@pytest.mark.parametrize(("word", "found"), [("True", 1), ("TRUE", 1), ("1", 1), ("False", 2), ("false", 2)])
def test_flags_of_a_query_may_be_written_in_any_case(account: Simulated, word: str, found: int) -> None:
    account.made("/api/v2/persons", {"name": "Anna"})
    query = {"term": "anna", "exact_match": word, "fields": "name"}
    assert len(account.data("/api/v2/persons/search", **query)["items"]) == found


# Recents


@pytest.mark.parametrize(("shape", "kind"), [("list", list), ("object", dict)])
def test_a_user_among_the_recents_has_the_shape_of_the_switch(shape: str, kind: type) -> None:
    account = simulated(recents_user=shape)
    clerk = next(user["id"] for user in account.data("/v1/users") if user["name"] == "Clerk")
    account.put(f"/v1/users/{clerk}", json={"active_flag": True})
    found = account.data("/v1/recents", since_timestamp="2026-11-20 00:00:00", items="user")
    assert {type(entry["data"]) for entry in found} == {kind}


# First and last names


@pytest.mark.parametrize(
    ("body", "name", "first", "last"),
    [
        ({"first_name": "Eva", "last_name": "von Berg"}, "Eva von Berg", "Eva", "von Berg"),
        ({"first_name": "Eva"}, "Eva", "Eva", None),
        ({"first_name": "", "last_name": "Berg"}, "Berg", "", "Berg"),
        ({"name": "Kim Larsen", "first_name": "Eva"}, "Kim Larsen", "Kim", "Larsen"),
    ],
)
def test_a_person_may_be_named_in_two_halves(
    account: Simulated, body: dict[str, str], name: str, first: str, last: str | None
) -> None:
    made = account.made("/api/v2/persons", body)
    assert (made["name"], made["first_name"], made["last_name"]) == (name, first, last)


def test_a_changed_first_name_changes_the_name(account: Simulated) -> None:
    number = account.made("/api/v2/persons", {"name": "Eva Berg"})["id"]
    changed = account.patch(f"/api/v2/persons/{number}", json={"first_name": "Ida"}).json()["data"]
    assert (changed["name"], changed["last_name"]) == ("Ida Berg", "Berg")


@pytest.mark.parametrize("body", [{}, {"first_name": ""}, {"first_name": None, "last_name": "  "}])
def test_a_person_without_any_name_is_refused(account: Simulated, body: dict[str, Any]) -> None:
    assert "name" in account.refused("/api/v2/persons", body)


def test_a_switch_refuses_first_and_last_names() -> None:
    account = simulated(person_first_last_name="refuse")
    assert "first_name" in account.refused("/api/v2/persons", {"name": "A", "first_name": "A"})
