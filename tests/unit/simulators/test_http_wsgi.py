"""The simulators' plumbing: requests are read, addresses matched, answers sent, connections dropped."""

from collections.abc import Iterator

import httpx
import pytest

from migrator.simulators.http_wsgi import BadJson, Request, Response, Router, json_response, wsgi_app


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    router = Router()
    router.add("GET", "/things", lambda request: json_response(200, {"query": request.query}))
    router.add("GET", "/things/all", lambda request: json_response(200, {"fixed": True}))
    router.add("GET", "/things/{name}", lambda request, name: json_response(200, {"name": name}))
    router.add("POST", "/things", lambda request: json_response(201, request.json(), {"x-made": "1"}))
    router.add("GET", "/dropped", lambda request: Response(200, b"0123456789", {}, cut_after=4))
    app = wsgi_app(router.dispatch, drop_error=httpx.RemoteProtocolError)
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://simulator.test") as client:
        yield client


def test_a_fixed_address_wins_over_a_pattern(client: httpx.Client) -> None:
    assert client.get("/things/all").json() == {"fixed": True}
    assert client.get("/things/one").json() == {"name": "one"}


def test_segments_and_queries_are_unquoted(client: httpx.Client) -> None:
    assert client.get("/things/%C3%A5%20%E2%82%AC").json() == {"name": "å €"}
    assert client.get("/things?a=1&a=%26&b=").json() == {"query": {"a": ["1", "&"], "b": [""]}}


def test_a_body_goes_in_and_out(client: httpx.Client) -> None:
    answer = client.post("/things", json={"å": 1})
    assert (answer.status_code, answer.json(), answer.headers["x-made"]) == (201, {"å": 1}, "1")


def test_an_unknown_address_is_404_and_a_wrong_method_405(client: httpx.Client) -> None:
    assert client.get("/nothing").status_code == 404
    assert client.delete("/things").headers["allow"] == "GET, POST"


def test_a_dropped_connection_is_an_error_and_no_short_answer(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/dropped")


def test_a_segment_never_spans_a_slash(client: httpx.Client) -> None:
    assert client.get("/things/one/two").status_code == 404


@pytest.mark.parametrize(("body", "expected"), [(b"", None), (b" ", None), (b"[1]", [1])])
def test_no_body_is_none(body: bytes, expected: object) -> None:
    assert Request("POST", "/", {}, {}, body).json() == expected


def test_a_broken_body_is_told_apart() -> None:
    with pytest.raises(BadJson):
        Request("POST", "/", {}, {}, b"{").json()
