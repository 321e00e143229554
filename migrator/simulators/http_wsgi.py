"""Small WSGI plumbing shared by both simulators: requests in, responses out, address patterns to handlers.

It knows no vendor and decides nothing about limits, faults or errors beyond 404 and 405.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson

JSON_TYPE = "application/json; charset=utf-8"
_FLUSH_SECONDS = 0.1
_REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class BadJson(Exception):
    """The body of a request is not JSON."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case, query values are lists."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """The parsed body, None when there is none. Raises BadJson."""
        if not self.body.strip():
            return None
        try:
            return orjson.loads(self.body)
        except ValueError as error:
            raise BadJson(str(error)) from error

    def form(self) -> dict[str, list[str]]:
        """The body read as a URL-encoded form."""
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def first(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer.

    `pieces` stream a body in place of `body`. `announced` is a content-length that is told whatever the body
    holds. `cut_after` drops the connection after that many bytes of the body; 0 before the status line.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    pieces: Iterable[bytes] | None = None
    announced: int | None = None

    def json(self) -> Any:
        """The parsed body; for tests and for changing an answer."""
        return json.loads(self.body)


Handler = Callable[[Request], Response]
RouteHandler = Callable[..., Response]


DropError = Callable[[str], Exception]


class BrokenBody:
    """A body that ends early with an error, which a server shows as a dropped connection."""

    def __init__(
        self, part: bytes, drop_error: DropError = ConnectionResetError, *, pause: float = 0.0
    ) -> None:
        self._parts = iter([part] if part else [])
        self._drop_error, self._pause = drop_error, pause

    def __iter__(self) -> "BrokenBody":
        return self

    def close(self) -> None:
        """Servers call this when they are done."""

    def __next__(self) -> bytes:
        for part in self._parts:
            return part
        time.sleep(self._pause)
        raise self._drop_error("the simulator dropped this connection on purpose")


@dataclass(frozen=True, slots=True)
class Route:
    """One address pattern and its handlers by method."""

    pattern: str
    expression: re.Pattern[str]
    methods: dict[str, RouteHandler]


class Router:
    """Address patterns such as `/api/v2/persons/{id}`; `{id}` matches one segment, fixed segments win."""

    def __init__(self) -> None:
        self._exact: dict[str, Route] = {}
        # By number of segments: a pattern has no other, and a hundred expressions are slow to try.
        self._patterns: dict[int, list[Route]] = defaultdict(list)

    def add(self, method: str, pattern: str, handler: RouteHandler) -> None:
        """Register one handler; it is called with the request and the segments by name."""
        self._route_for(pattern).methods[method] = handler

    def match(self, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route for a path and its segments, or None."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        for route in self._patterns.get(path.count("/"), ()):
            found = route.expression.fullmatch(path)
            if found:
                return route, found.groupdict()
        return None

    def dispatch(self, request: Request) -> Response:
        """Call the handler for a request; 404 and 405 in plain JSON."""
        matched = self.match(request.path)
        if matched is None:
            return json_response(404, {"error": "not found"})
        route, segments = matched
        handler = route.methods.get(request.method)
        if handler is None:
            return json_response(405, {"error": "method not allowed"}, {"allow": ", ".join(route.methods)})
        return handler(request, **segments)

    def _route_for(self, pattern: str) -> Route:
        alike = self._patterns[pattern.count("/")]
        known = self._exact.get(pattern) or next((r for r in alike if r.pattern == pattern), None)
        if known is not None:
            return known
        expression = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(pattern)))
        route = Route(pattern, expression, {})
        if "{" in pattern:
            alike.append(route)
        else:
            self._exact[pattern] = route
        return route


def json_response(status: int, obj: object, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    return Response(status, _json_bytes(obj), {"content-type": JSON_TYPE, **(headers or {})})


def _json_bytes(obj: object) -> bytes:
    try:
        return orjson.dumps(obj)
    except TypeError:  # keys that are no text, or a whole number of more than 64 bits
        return json.dumps(obj, ensure_ascii=False, separators=(",", ":")).encode()


def read_request(environ: WSGIEnvironment) -> Request:
    """Build a Request from a WSGI environment."""
    headers = {_header(key): str(value) for key, value in environ.items() if key.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    query = environ.get("QUERY_STRING", "")
    return Request(
        method=environ["REQUEST_METHOD"].upper(),
        path=_read_path(environ.get("PATH_INFO", "/")),
        query=parse_qs(query, keep_blank_values=True) if query else {},
        headers=headers,
        body=_read_body(environ),
    )


def wsgi_app(handler: Handler, *, drop_error: DropError = ConnectionResetError) -> WSGIApplication:
    """Turn a handler of requests into a WSGI application.

    `drop_error` is what a dropped connection raises while the body is read. A server turns any exception into
    a closed socket; an in-process client sees it as it is, so tests hand in their client's own error class.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return send(handler(read_request(environ)), environ, start_response, drop_error)

    return application


def send(
    response: Response,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    drop_error: DropError = ConnectionResetError,
) -> Iterable[bytes]:
    """Put an answer on the wire; raises `drop_error` in the process where a socket would be closed."""
    status = _REASONS.get(response.status, f"{response.status} Unknown")
    headers = [(name, str(value)) for name, value in response.headers.items()]
    if response.pieces is None and response.cut_after is None and response.announced is None:
        headers.append(("content-length", str(len(response.body))))
        start_response(status, headers)
        return [response.body]
    if response.cut_after == 0:
        return _dropped(environ, start_response, drop_error)
    if response.announced is not None:
        headers.append(("content-length", str(response.announced)))
    start_response(status, headers)
    if response.pieces is not None:
        return response.pieces
    # A server that hears of the end at once drops what it has not sent yet.
    pause = _FLUSH_SECONDS if _is_granian(environ) else 0.0
    part = response.body[: response.cut_after]
    return cast(Iterable[bytes], BrokenBody(part, drop_error, pause=pause))


def _dropped(
    environ: WSGIEnvironment, start_response: StartResponse, drop_error: DropError
) -> Iterable[bytes]:
    # Granian gives no access to the socket, but closes it without a byte where an answer claims both framings.
    if not _is_granian(environ):
        raise drop_error("the simulator dropped this connection on purpose")
    start_response("200 OK", [("transfer-encoding", "chunked"), ("content-length", "0")])
    return [b""]


@lru_cache(maxsize=1_024)
def _header(key: str) -> str:
    return key[5:].replace("_", "-").lower()


def _is_granian(environ: WSGIEnvironment) -> bool:
    return environ.get("SERVER_SOFTWARE") == "Granian"


def _read_path(raw: str) -> str:
    # Servers hand the unquoted path over as latin-1, in-process clients as text. UTF-8 comes out of both.
    try:
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return raw


def _read_body(environ: WSGIEnvironment) -> bytes:
    length = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    if length.isdigit():
        return cast(bytes, stream.read(int(length))) if int(length) else b""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return cast(bytes, stream.read())
    return b""
