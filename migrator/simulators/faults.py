"""Faults on a seed: which requests fail, and how; chosen from seed, request and attempt, not from arrival.

A dropped connection is a body that stops with an exception (http_wsgi.BrokenBody): a server closes the
socket, an in-process client sees the `drop_error` its application was built with. It knows no vendor.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from migrator.simulators.http_wsgi import Request, Response, json_response

HTML_PAGE = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>502</h1></body></html>"


class FaultKind(StrEnum):
    """What goes wrong. All but the first and the last apply the request."""

    BEFORE_500 = "before_500"
    AFTER_500 = "after_500"
    LOST = "lost"
    RESET = "reset"
    LATE = "late"
    SLOW = "slow"
    TRUNCATED = "truncated"
    HTML = "html_for_json"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Script:
    """A fault for chosen requests: the first `times` that match, after `skip` of them went well."""

    kind: FaultKind
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Rates by kind for the requests that `methods` and `paths` (prefixes) select; empty selects all."""

    seed: int = 0
    rates: dict[FaultKind, float] = field(default_factory=dict)
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    attempts: int = 1
    seconds: float = 5.0
    scripts: tuple[Script, ...] = ()

    def draw(self, request: Request, attempt: int) -> FaultKind | None:
        """The fault for one attempt at one request. Later attempts than `attempts` are left alone."""
        if attempt > self.attempts or not self._selects(request):
            return None
        roll = _fraction(f"{self.seed}|{request_key(request)}|{attempt}")
        for kind in FaultKind:
            roll -= self.rates.get(kind, 0.0)
            if roll < 0:
                return kind
        return None

    def _selects(self, request: Request) -> bool:
        if self.methods and request.method not in self.methods:
            return False
        return not self.paths or request.path.startswith(self.paths)


def plan_from(sent: dict[str, Any]) -> FaultPlan:
    """A plan from JSON. Raises ValueError or TypeError for anything unknown in it."""
    scripts = tuple(Script(**{**item, "kind": FaultKind(item["kind"])}) for item in sent.get("scripts", ()))
    rates = {FaultKind(kind): float(rate) for kind, rate in sent.get("rates", {}).items()}
    if sum(rates.values()) > 1:
        raise ValueError("the rates add up to more than 1")
    plain = {key: value for key, value in sent.items() if key not in ("scripts", "rates", "methods", "paths")}
    return FaultPlan(
        **plain,
        rates=rates,
        scripts=scripts,
        methods=tuple(sent.get("methods", ())),
        paths=tuple(sent.get("paths", ())),
    )


def request_key(request: Request) -> str:
    """What makes two requests the same: method, path, query and body."""
    query = "&".join(f"{name}={','.join(values)}" for name, values in sorted(request.query.items()))
    return f"{request.method} {request.path}?{query} {hashlib.sha256(request.body).hexdigest()}"


class Faults:
    """The plan in force, the attempts seen in this process, and the faults made."""

    def __init__(self) -> None:
        self.plan = FaultPlan()
        self.made: Counter[str] = Counter()
        self._attempts: Counter[str] = Counter()

    def use(self, plan: FaultPlan) -> None:
        """Replace the plan and forget earlier attempts."""
        self.plan = plan
        self.made.clear()
        self._attempts.clear()

    def choose(self, request: Request) -> tuple[FaultKind, float] | None:
        """The fault for this request and its seconds, or None. Call under the simulator's lock."""
        plan = self.plan
        if not plan.rates and not plan.scripts:
            return None
        found = self._scripted(request) or self._drawn(request)
        if found is not None:
            self.made[found[0]] += 1
        return found

    def _drawn(self, request: Request) -> tuple[FaultKind, float] | None:
        key = request_key(request)
        self._attempts[key] += 1
        kind = self.plan.draw(request, self._attempts[key])
        return (kind, self.plan.seconds) if kind else None

    def _scripted(self, request: Request) -> tuple[FaultKind, float] | None:
        for place, script in enumerate(self.plan.scripts):
            if script.times < 1 or script.method not in ("", request.method):
                continue
            if not request.path.startswith(script.path):
                continue
            waiting = script.skip > 0
            scripts = [*self.plan.scripts]
            used = replace(script, times=script.times - 1)
            scripts[place] = replace(script, skip=script.skip - 1) if waiting else used
            self.plan = replace(self.plan, scripts=tuple(scripts))
            if not waiting:
                return script.kind, self.plan.seconds if script.seconds is None else script.seconds
        return None


def perform(
    fault: tuple[FaultKind, float] | None,
    *,
    respond: Callable[[], Response],
    defer: Callable[[float], None],
    refuse: Callable[[], Response],
    sleep: Callable[[float], None] = time.sleep,
) -> Response:
    """Answer a request with its fault.

    `respond` applies the request, `defer` applies it later, `refuse` is the vendor's 429. Must run outside
    the simulator's lock: a slow answer sleeps here.
    """
    if fault is None:
        return respond()
    kind, seconds = fault
    if kind is FaultKind.TOO_MANY:
        return refuse()
    if kind is FaultKind.BEFORE_500:
        return server_error()
    if kind is FaultKind.LATE:
        defer(seconds)
        return Response(200, b"{}", {"content-type": "application/json"}, cut_after=0)
    response = respond()
    if kind is FaultKind.SLOW:
        sleep(seconds)
        return response
    return _spoiled(kind, response)


def server_error() -> Response:
    """500 that says nothing about what happened."""
    return json_response(500, {"success": False, "error": "Internal server error", "data": None})


def _spoiled(kind: FaultKind, response: Response) -> Response:
    half = len(response.body) // 2
    if kind is FaultKind.LOST:
        return replace(response, cut_after=0)
    if kind is FaultKind.RESET:
        return replace(response, cut_after=half)
    if kind is FaultKind.TRUNCATED:
        return replace(response, body=response.body[:half])
    if kind is FaultKind.HTML:
        return Response(200, HTML_PAGE, {"content-type": "text/html; charset=utf-8"})
    return server_error()


def _fraction(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7]) / float(1 << 56)
