"""How a request with a fault is answered: what is applied, what is waited for, what is spoiled on the wire.

It runs outside the simulator's lock, because a slow answer sleeps here.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from typing import Any, Protocol

from migrator.simulators.faults.kinds import FaultKind
from migrator.simulators.faults.memory import Turn
from migrator.simulators.faults.plan import Drawn, FaultPlan
from migrator.simulators.http_wsgi import Response, json_response

_HTML = "text/html; charset=utf-8"
_DROPPED = Response(200, b"", cut_after=0)
_MEGABYTE = 1 << 20
_TICKS = 10.0


class Answering(Protocol):
    """One request in the hands of a simulator; each method is called at most once."""

    def respond(self) -> Response:
        """Apply the request and return its true answer, with a body in memory."""

    def defer(self, seconds: float) -> None:
        """Apply it later, when nobody waits for the answer any more."""

    def refuse(self, *, bare: bool) -> Response:
        """The service's 429, without any header about limits when `bare`."""

    def fail(self, status: int) -> Response:
        """The service's own 500, 502 or 503."""

    def bar(self, kind: FaultKind, seconds: float) -> Response:
        """Take the caller's token out of use and return the 401 or 403 that says so."""

    def now(self) -> float:
        """The service's time in Unix seconds."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def perform(turn: Turn | None, answering: Answering) -> Response:
    """Answer a request with the fault it drew, or truly."""
    if turn is None or turn.fault is None:
        return answering.respond()
    kind = turn.fault.kind
    if kind in _BEFORE:
        return _BEFORE[kind](turn.fault, answering)
    return _AFTER[kind](answering.respond(), turn.fault, turn.plan, answering)


def server_error(status: int = 500) -> Response:
    """An error of the server in JSON, which says nothing about what happened."""
    words = {500: "Internal server error", 502: "Bad gateway", 503: "Service unavailable"}
    return json_response(status, {"success": False, "error": words[status], "data": None})


def html_page(status: int) -> Response:
    """A page from something between the service and its caller."""
    title = {200: "Just a moment", 502: "Bad gateway", 503: "Service unavailable"}[status]
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Response(status, page.encode(), {"content-type": _HTML})


# Faults that do not apply the request


def _failing(status: int) -> Callable[[Drawn, Answering], Response]:
    return lambda drawn, answering: answering.fail(status)


def _refused(drawn: Drawn, answering: Answering) -> Response:
    return answering.refuse(bare=drawn.kind is FaultKind.STORM_BARE)


def _barred(drawn: Drawn, answering: Answering) -> Response:
    return answering.bar(drawn.kind, drawn.seconds)


def _late(drawn: Drawn, answering: Answering) -> Response:
    answering.defer(drawn.seconds)
    return _DROPPED


def _hung(drawn: Drawn, answering: Answering) -> Response:
    answering.sleep(drawn.seconds)
    return _DROPPED


_BEFORE: dict[FaultKind, Callable[[Drawn, Answering], Response]] = {
    FaultKind.BEFORE_500: _failing(500),
    FaultKind.BEFORE_502: _failing(502),
    FaultKind.BEFORE_503: _failing(503),
    FaultKind.HTML_503: lambda drawn, answering: html_page(503),
    FaultKind.TIMEOUT_BEFORE: _hung,
    FaultKind.LATE: _late,
    FaultKind.TOO_MANY: _refused,
    FaultKind.STORM: _refused,
    FaultKind.STORM_BARE: _refused,
    FaultKind.TOKEN_EXPIRED: _barred,
    FaultKind.TOKEN_REVOKED: _barred,
    FaultKind.SCOPE_LOST: _barred,
}

# Faults that apply it: each gets the true answer


def _failed(status: int) -> "_Spoil":
    return lambda response, drawn, plan, answering: answering.fail(status)


def _page(status: int) -> "_Spoil":
    return lambda response, drawn, plan, answering: html_page(status)


def _lost(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    return _DROPPED


def _hung_after(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    answering.sleep(drawn.seconds)
    return _DROPPED


def _reset(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    # With a length, because a server would end a body without one as if it were whole.
    return replace(response, cut_after=max(1, len(response.body) // 2), announced=len(response.body))


def _cut_short(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    return replace(response, cut_after=max(1, len(response.body)), announced=len(response.body) + 64)


def _truncated(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    return replace(response, body=response.body[: len(response.body) // 2])


def _not_json(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    return replace(response, body=b"OK\n")


def _no_id(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    return _with_id(response, lambda record: record.pop("id"))


def _wrong_id(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    return _with_id(response, lambda record: record.update(id=_another(record["id"], drawn.roll)))


def _slow(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    answering.sleep(drawn.seconds)
    return response


def _slow_body(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    pieces = _dripped(response.body, plan.bytes_per_second, answering.sleep)
    return replace(response, pieces=pieces, announced=len(response.body))


def _giant_body(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    size = int(plan.megabytes * _MEGABYTE)
    return replace(response, pieces=_padded(response.body, size), announced=size + len(response.body))


def _gzip_bomb(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    pieces = _packed(_padded(response.body, int(plan.megabytes * _MEGABYTE)))
    return replace(response, pieces=pieces, headers={**response.headers, "content-encoding": "gzip"})


def _header_loss(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    # The simulator adds its headers about limits afterwards, and leaves them out for this kind.
    return response


def _clock_skew(response: Response, drawn: Drawn, plan: FaultPlan, answering: Answering) -> Response:
    date = formatdate(answering.now() + plan.skew_seconds, usegmt=True)
    return replace(response, headers={**response.headers, "date": date})


_Spoil = Callable[[Response, Drawn, FaultPlan, Answering], Response]

_AFTER: dict[FaultKind, _Spoil] = {
    FaultKind.AFTER_500: _failed(500),
    FaultKind.AFTER_502: _failed(502),
    FaultKind.AFTER_503: _failed(503),
    FaultKind.HTML: _page(200),
    FaultKind.HTML_502: _page(502),
    FaultKind.TIMEOUT_AFTER: _hung_after,
    FaultKind.LOST: _lost,
    FaultKind.RESET: _reset,
    FaultKind.CUT_SHORT: _cut_short,
    FaultKind.TRUNCATED: _truncated,
    FaultKind.NOT_JSON: _not_json,
    FaultKind.NO_ID: _no_id,
    FaultKind.WRONG_ID: _wrong_id,
    FaultKind.SLOW: _slow,
    FaultKind.SLOW_BODY: _slow_body,
    FaultKind.GIANT_BODY: _giant_body,
    FaultKind.GZIP_BOMB: _gzip_bomb,
    FaultKind.HEADER_LOSS: _header_loss,
    FaultKind.CLOCK_SKEW: _clock_skew,
}


def _with_id(response: Response, change: Callable[[dict[str, Any]], Any]) -> Response:
    """The same answer with the id of its record changed; as it is where it is no success or has no id."""
    try:
        body = json.loads(response.body)
    except ValueError:
        return response
    record = body.get("data", body) if isinstance(body, dict) else None
    if response.status >= 300 or not isinstance(record, dict) or "id" not in record:
        return response
    change(record)
    return replace(response, body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def _another(number: Any, roll: float) -> Any:
    if isinstance(number, int):
        return number + 1 + int(roll * 1_000)
    return str(number)[::-1] + "0"


def _dripped(body: bytes, rate: float, sleep: Callable[[float], None]) -> Iterator[bytes]:
    size = max(1, int(rate / _TICKS))
    for place in range(0, len(body), size):
        sleep(size / rate)
        yield body[place : place + size]


def _padded(body: bytes, size: int) -> Iterator[bytes]:
    # White space before the document: still JSON, and a reader has to take all of it.
    piece = b" " * min(size, _MEGABYTE)
    for place in range(0, size, _MEGABYTE):
        yield piece[: size - place]
    yield body


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
