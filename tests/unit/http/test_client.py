"""The client over small WSGI applications: repeats, limits of a body, what goes on the wire."""

import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest

from migrator.engine.errors import ConfigurationError, PermanentError, TransientError
from migrator.http.auth import ApiToken, NoAuth
from migrator.http.client import ClientSettings, HttpClient, RateHeaders
from migrator.http.messages import NotSent, Request, Unknown
from tests.wire_clients import NoPacer

Headers = dict[str, str]
Reply = tuple[int, Headers, bytes]
OK: Reply = (200, {"content-type": "application/json"}, b'{"data": 1}')


@dataclass
class Service:
    """Gives the replies one after another, the last one for ever; an exception is raised instead."""

    replies: list[Reply | Exception]
    seen: list[WSGIEnvironment] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.seen.append(environ)
        reply = self.replies[min(len(self.seen), len(self.replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        status, headers, body = reply
        start_response(f"{status} Said", list(headers.items()))
        return [body]


def client_of(
    service: Service, *, auth: Any = None, pacer: NoPacer | None = None, **settings: Any
) -> HttpClient:
    chosen = ClientSettings(**{"private_network": True, "sleep": lambda seconds: None, **settings})
    transport = httpx.WSGITransport(app=service)
    return HttpClient(
        "http://service", auth or NoAuth(), pacer or NoPacer(), settings=chosen, transport=transport
    )


def test_it_reads_json_and_lowers_header_names() -> None:
    answer = client_of(Service([(200, {"X-Thing": "A"}, b'{"data": [1]}')])).send(Request("GET", "/things"))
    assert (answer.status, answer.json, answer.headers["x-thing"]) == (200, {"data": [1]}, "A")


@pytest.mark.parametrize(
    "reply",
    [
        (500, {}, b"{}"),
        (429, {}, b"{}"),
        (200, {}, b"<html>busy</html>"),
        (200, {"content-length": "100"}, b'{"data":'),
        httpx.ReadTimeout("slow"),
        ConnectionResetError("gone"),
    ],
    ids=["500", "429", "page under 200", "cut short", "timeout", "reset"],
)
def test_it_repeats_a_read_that_brought_nothing(reply: Reply | Exception) -> None:
    service = Service([reply, OK])
    assert client_of(service).send(Request("GET", "/things")).json == {"data": 1}
    assert len(service.seen) == 2


@pytest.mark.parametrize("reply", [(500, {}, b"{}"), (429, {}, b"{}")], ids=["500", "429"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_it_never_repeats_a_write(method: str, reply: Reply) -> None:
    service = Service([reply, OK])
    assert client_of(service).send(Request(method, "/things", body={})).status == reply[0]
    assert len(service.seen) == 1


def test_it_does_not_repeat_a_write_whose_answer_is_lost() -> None:
    service = Service([httpx.ReadTimeout("slow"), OK])
    with pytest.raises(Unknown):
        client_of(service).send(Request("POST", "/things", body={}))
    assert len(service.seen) == 1


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")]
)
def test_it_says_that_nothing_was_sent_where_no_connection_stood(error: Exception) -> None:
    with pytest.raises(NotSent) as caught:
        client_of(Service([error])).send(Request("POST", "/things", body={}))
    assert isinstance(caught.value, TransientError)
    assert "nothing was sent" in caught.value.sentence


def test_it_gives_up_a_read_after_its_attempts_with_the_last_answer() -> None:
    service = Service([(503, {}, b"{}")])
    assert client_of(service, attempts=3).send(Request("GET", "/things")).status == 503
    assert len(service.seen) == 3


def test_it_raises_the_last_failure_of_a_read() -> None:
    with pytest.raises(Unknown):
        client_of(Service([httpx.ReadError("reset")]), attempts=2).send(Request("GET", "/things"))


def test_it_waits_as_long_as_the_service_asks() -> None:
    waits: list[float] = []
    service = Service([(429, {"retry-after": "7"}, b"{}"), OK])
    client_of(service, sleep=waits.append).send(Request("GET", "/things"))
    assert 7 <= waits[0] <= 8


def test_it_waits_for_the_reset_where_no_retry_after_is_told() -> None:
    waits: list[float] = []
    service = Service([(429, {"x-reset": "3"}, b"{}"), OK])
    client_of(service, sleep=waits.append, rate_headers=RateHeaders(reset="x-reset")).send(
        Request("GET", "/t")
    )
    assert 3 <= waits[0] <= 4


def test_it_hands_a_long_pause_to_its_caller() -> None:
    service = Service([(429, {"retry-after": "3939"}, b"{}"), OK])
    answer = client_of(service).send(Request("GET", "/things"))
    assert (answer.status, answer.retry_after, len(service.seen)) == (429, 3939.0, 1)


def test_it_does_not_repeat_a_poll() -> None:
    service = Service([(503, {}, b"{}"), OK])
    assert client_of(service).send(Request("GET", "/job", repeat=False)).status == 503


def test_it_asks_the_pacer_before_each_attempt_and_tells_it_the_limits() -> None:
    pacer = NoPacer()
    service = Service([(429, {"x-limit": "80"}, b"{}"), OK])
    client_of(service, pacer=pacer, rate_headers=RateHeaders(limit="x-limit")).send(
        Request("GET", "/t", cost=10)
    )
    assert (pacer.tokens, pacer.throttled, pacer.limits) == ([10, 10], 1, [80, None])


def test_it_sends_the_token_in_a_header_and_never_in_the_address() -> None:
    service = Service([OK])
    client_of(service, auth=ApiToken("secret")).send(Request("GET", "/things", query={"limit": 500}))
    environ = service.seen[0]
    assert environ["HTTP_X_API_TOKEN"] == "secret"
    assert environ["QUERY_STRING"] == "limit=500"


def test_it_writes_utf_8_json_and_repeated_query_values() -> None:
    service = Service([OK])
    client_of(service).send(Request("POST", "/t", query={"a": ["x", "y z"]}, body={"name": "Åsa"}))
    environ = service.seen[0]
    assert environ["QUERY_STRING"] == "a=x&a=y+z"
    assert environ["wsgi.input"].getvalue() == '{"name": "Åsa"}'.encode()


def test_it_does_not_follow_a_redirect() -> None:
    service = Service([(302, {"location": "http://elsewhere/"}, b"")])
    assert client_of(service).send(Request("POST", "/things", body={})).status == 302
    assert len(service.seen) == 1


def test_it_unpacks_a_body() -> None:
    packed = gzip.compress(b'{"data": 2}')
    answer = client_of(Service([(200, {"content-encoding": "gzip"}, packed)])).send(Request("GET", "/t"))
    assert (answer.json, answer.complete) == ({"data": 2}, True)


def test_it_unpacks_a_body_of_several_packed_parts() -> None:
    packed = gzip.compress(b'{"data":') + gzip.compress(b" 3}")
    answer = client_of(Service([(200, {"content-encoding": "gzip"}, packed)])).send(Request("GET", "/t"))
    assert answer.json == {"data": 3}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-encoding": "gzip"}, gzip.compress(b'{"data": 2}')[:-9]),
        ({"content-encoding": "gzip"}, b"not packed at all"),
        ({"content-length": "50"}, b'{"data": 2}'),
    ],
    ids=["packed and cut", "damaged", "shorter than announced"],
)
def test_it_says_that_a_body_is_not_whole(headers: Headers, body: bytes) -> None:
    answer = client_of(Service([(200, headers, body)])).send(Request("POST", "/t", body={}))
    assert (answer.status, answer.complete, answer.json) == (200, False, None)


def test_it_stops_reading_a_packed_bomb() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    service = Service([(200, {"content-encoding": "gzip"}, bomb)])
    answer = client_of(service, max_body=5_000_000).send(Request("POST", "/t", body={}))
    assert not answer.complete
    assert len(answer.body) <= 5_000_000


def test_it_streams_a_download_unpacked() -> None:
    sink = io.BytesIO()
    service = Service([(200, {"content-encoding": "gzip"}, gzip.compress(b"x" * 3_000_000))])
    answer = client_of(service).download(Request("GET", "/file"), sink)
    assert (answer.complete, answer.body, sink.getvalue()) == (True, b"", b"x" * 3_000_000)


def test_it_writes_nothing_where_the_file_is_not_ready() -> None:
    sink = io.BytesIO()
    answer = client_of(Service([(202, {}, b'{"status": "running"}')])).download(Request("GET", "/file"), sink)
    assert (answer.status, answer.json, sink.getvalue()) == (202, {"status": "running"}, b"")


def test_it_looks_at_a_head_without_reading_the_file() -> None:
    answer = client_of(Service([(200, {}, b"x" * 1_000_000)])).peek(Request("GET", "/file", repeat=False))
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.example",
        "ftp://acme.example",
        "https://user:word@acme.example",
        "https://acme.example?x=1",
        "https://acme.example#part",
        "acme.example",
        "https://",
        "",
    ],
)
def test_it_refuses_an_address_that_is_not_plain_https(address: str) -> None:
    with pytest.raises(ConfigurationError):
        HttpClient(address, NoAuth(), NoPacer())


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("http://service/v2/files/1?a=b", "/v2/files/1?a=b"),
        ("http://SERVICE/v2/files/1", "/v2/files/1"),
        ("/v2/files/1", "/v2/files/1"),
    ],
)
def test_it_takes_an_address_of_its_own_host(given: str, path: str) -> None:
    assert client_of(Service([OK])).local_path(given) == path


@pytest.mark.parametrize(
    "given", ["http://other/v2", "//other/v2", "https://service/v2", "http://service:81/v2"]
)
def test_it_refuses_an_address_of_another_host(given: str) -> None:
    with pytest.raises(ConfigurationError, match="another host"):
        client_of(Service([OK])).local_path(given)


def test_it_lets_a_refusal_of_the_pacer_through() -> None:
    class Full(NoPacer):
        def acquire(self, *, requests: int, tokens: int) -> None:
            raise TransientError("The pace is used up.", retry_after=30)

    service = Service([OK])
    with pytest.raises(TransientError, match="used up"):
        client_of(service, pacer=Full()).send(Request("GET", "/t"))
    assert service.seen == []


def test_it_reads_a_retry_after_that_is_a_date() -> None:
    headers = {"retry-after": "Mon, 23 Nov 2026 10:01:40 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"}
    assert (
        client_of(Service([(429, headers, b"{}")])).send(Request("POST", "/t", body={})).retry_after == 100.0
    )


class FullDisk:
    def write(self, data: bytes, /) -> object:
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_said_to_be_one() -> None:
    with pytest.raises(ConfigurationError, match="disk space"):
        client_of(Service([OK])).download(Request("GET", "/file"), FullDisk())


@pytest.mark.parametrize(
    "value", ["\ud800", float("nan"), float("inf")], ids=["half a letter", "nan", "infinity"]
)
def test_a_value_that_no_wire_carries_refuses_the_record_alone(value: Any) -> None:
    service = Service([OK])
    with pytest.raises(PermanentError, match="Correct it at its source"):
        client_of(service).send(Request("POST", "/t", body={"name": value}))
    assert service.seen == []


def test_it_ignores_a_retry_after_that_says_nothing() -> None:
    assert (
        client_of(Service([(429, {"retry-after": "soon"}, b"{}")])).send(Request("POST", "/t")).retry_after
        is None
    )
