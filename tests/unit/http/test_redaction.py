"""Nothing that a log line holds may be a secret or a person's key."""

import logging
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest

from migrator.http.auth import ApiToken
from migrator.http.client import ClientSettings, HttpClient
from migrator.http.messages import Answer, Request
from migrator.http.redaction import log_answer, redact_headers
from tests.wire_clients import NoPacer


def test_it_shows_only_headers_that_are_known_to_be_harmless() -> None:
    shown = redact_headers(
        {"X-Api-Token": "abc", "Authorization": "Bearer x", "Retry-After": "3", "X-New": "?"}
    )
    assert shown == {
        "x-api-token": "[3 characters]",
        "authorization": "[8 characters]",
        "retry-after": "3",
        "x-new": "[1 characters]",
    }


def test_it_names_the_route_and_not_the_path(caplog: pytest.LogCaptureFixture) -> None:
    request = Request(
        "GET", "/profiles/ann%40example.org", query={"term": "ann@example.org"}, name="/profiles/{profile}"
    )
    with caplog.at_level(logging.DEBUG, "migrator.http"):
        log_answer(request, Answer(200, {}, b'{"name": "Ann"}'), 0.1)
    assert "/profiles/{profile}" in caplog.text
    assert "example.org" not in caplog.text
    assert "Ann" not in caplog.text


def answer_with_a_person(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("content-type", "application/json")])
    return [b'{"email": "ann@example.org"}']


def test_it_logs_nothing_personal_for_a_whole_request(caplog: pytest.LogCaptureFixture) -> None:
    client = HttpClient(
        "http://service",
        ApiToken("top-secret"),
        NoPacer(),
        settings=ClientSettings(private_network=True),
        transport=httpx.WSGITransport(app=answer_with_a_person),
    )
    with caplog.at_level(logging.DEBUG):
        client.send(Request("POST", "/p/ann@example.org", body={"name": "Ann Example"}, name="/p/{profile}"))
    assert "POST /p/{profile} answered 200" in caplog.text
    for word in ("top-secret", "example.org", "Ann Example"):
        assert word not in caplog.text


def test_it_names_a_request_without_a_route() -> None:
    assert Request("GET", "/profiles/ann@example.org").label == "GET (unnamed)"
