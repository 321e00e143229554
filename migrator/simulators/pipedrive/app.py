"""The simulated Pipedrive as one WSGI application: authentication, limits, faults, dispatch and metering.

`gate` says who asks for what, `faulting` how a fault is answered, `controlled` what /_control does.
"""

import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from migrator.simulators.access_log import AccessLog
from migrator.simulators.clock import MovableClock, http_date
from migrator.simulators.control import PREFIX, control_handler
from migrator.simulators.faults import FaultKind, Faults, Turn, perform, server_error
from migrator.simulators.http_wsgi import DropError, Handler, Request, Response, json_response, wsgi_app
from migrator.simulators.packing import packed
from migrator.simulators.pipedrive import oauth
from migrator.simulators.pipedrive.account import Account, Call, Clock
from migrator.simulators.pipedrive.actors import ACTORS, Actors, is_act
from migrator.simulators.pipedrive.controlled import PipedriveControl
from migrator.simulators.pipedrive.errors import ApiError, blocked, error_response, too_many, unauthorized
from migrator.simulators.pipedrive.faulting import OneRequest, StoredMemory, barred, charges_as_refused
from migrator.simulators.pipedrive.gate import (
    Caller,
    Operation,
    Operations,
    RateHeaders,
    caller_of,
    check_scopes,
)
from migrator.simulators.pipedrive.late import Late
from migrator.simulators.pipedrive.limits import Decision, Verdict
from migrator.simulators.pipedrive.parameters import check_write
from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.records import template
from migrator.simulators.pipedrive.routes import KINDS, build_router
from migrator.simulators.pipedrive.seeding import fill
from migrator.simulators.pipedrive.settings import PipedriveSettings
from migrator.simulators.pipedrive.state import Doc, Store

Reseed = Callable[[str, int, int], Preload]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What an application gets from its surroundings; `build_app` says what each is."""

    clock: Clock
    preload: Callable[[], Preload]
    sleep: Callable[[float], None]
    drop_error: DropError
    control: bool
    reseed: Reseed | None
    snapshots: Path | None


class PipedriveApp:
    """A WSGI application; `state` is the account, for in-process tests."""

    def __init__(self, settings: PipedriveSettings, store: Store, outside: Outside) -> None:
        self.preload, self.reseed, self.sleep = outside.preload, outside.reseed, outside.sleep
        self.clock = MovableClock(outside.clock)
        self.log = AccessLog()
        self.router = build_router()
        self._operations = Operations(self.router)
        self.state = Account(settings, store, self.clock)
        self.faults = Faults(actors=ACTORS, memory=StoredMemory(store))
        self.late = Late(self.state, self.replay)
        self._actors = Actors(self.state, self.late)
        if store.fact("salt") is None:
            self.fill(0)
        self.control = PipedriveControl(self, outside.snapshots)
        self._control = control_handler(self.control, self._own_pages()) if outside.control else None
        self._wsgi = wsgi_app(self._packed, drop_error=outside.drop_error)
        self._rate_headers = RateHeaders(self.state)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._wsgi(environ, start_response)

    def close(self) -> None:
        """Close the account's file."""
        self.state.store.close()

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        with self.state.lock:
            self.late.apply_due()
            if self._control is not None and request.path.startswith(PREFIX):
                return self._control(request)
        request = with_one_prefix(request, slash=self.state.settings.trailing_slash)
        if request.path.startswith(oauth.PREFIX):
            return self._logged(request, oauth.handle(self.state, request), "oauth")
        caller = caller_of(request, self.state)
        if caller is None:
            return self._logged(request, unauthorized(), "unauthorized")
        held = self.faults.bars.held and self.faults.bars.find(caller.token, self.state.now())
        if held:
            return self._logged(request, barred(held), "unauthorized", fault=held.value)
        try:
            operation = self._operations.find(request, self.state)
            check_scopes(caller, operation)
        except ApiError as problem:
            return self._logged(request, error_response(problem), "no such operation")
        return self._limited(request, operation, caller)

    def _packed(self, request: Request) -> Response:
        response = self.handle(request)
        return packed(request, response) if self.state.settings.gzip_answers else response

    def _own_pages(self) -> dict[tuple[str, str], Handler]:
        return {
            ("GET", "webhooks"): lambda _: json_response(200, {"deliveries": self.state.deliveries.listed()})
        }

    # The way of one request

    def _limited(self, request: Request, operation: Operation, caller: Caller) -> Response:
        account = self.state
        with account.lock:
            decision = account.limiter.judge(
                caller.window,
                oauth=caller.oauth,
                search=operation.is_search,
                cost=operation.cost,
                spent_today=account.spent_today(),
                now=account.now(),
            )
            headers = self._headers(decision) | self._rate_headers.requests_left(request.method, caller)
            if decision.verdict is not Verdict.FREE:
                return self._logged(request, self.refused(operation, decision, headers), operation.name)
            turn = self.faults.turn(request)
        if turn is not None:
            return self._faulty(request, operation, caller, decision, headers, turn)
        response = self.run(request, operation, caller.user, charged=True)
        response.headers.update(headers)
        return self._logged(request, response, operation.name)

    def _faulty(
        self,
        request: Request,
        operation: Operation,
        caller: Caller,
        decision: Decision,
        headers: dict[str, str],
        turn: Turn,
    ) -> Response:
        one = OneRequest(self, request, operation, caller, decision, headers)
        response = perform(turn, one)
        kind = turn.fault.kind if turn.fault else None
        if kind and charges_as_refused(kind):
            self.charge(operation, refused=True)
        if kind not in (FaultKind.HEADER_LOSS, FaultKind.STORM_BARE):
            response = replace(response, headers={**headers, **response.headers})
        done = [self._actors.act(actor, turn.plan, request, one.truth) for actor in turn.actors]
        word = kind.value if kind else None
        return self._logged(request, response, operation.name, fault=word, actors=[d for d in done if d])

    def run(self, request: Request, operation: Operation, user: Doc, *, charged: bool) -> Response:
        """Call the handler in one transaction; a refusal changes nothing."""
        account = self.state
        with account.lock:
            call = Call(account, request, user, account.now())
            try:
                with account.store.transaction():
                    check_write(call, operation.pattern)
                    response = operation.handler(call, **operation.segments)
                    if charged:
                        account.meter(operation.name, operation.cost)
                return response
            except ApiError as problem:
                response = error_response(problem)
            except Exception:  # a defect of the simulator must look like one, and must not stop the server
                traceback.print_exc(file=sys.stderr)
                account.reload()
                response = server_error()
            if charged:
                self.charge(operation, refused=True)
            return response

    def charge(self, operation: Operation, *, refused: bool = False, limited: bool = False) -> None:
        """Meter a request that was refused or never reached its handler."""
        settings = self.state.settings
        pays = settings.limited_requests_cost if limited else settings.refused_requests_cost
        tokens = operation.cost if pays or not (refused or limited) else 0
        with self.state.lock, self.state.store.transaction():
            self.state.meter(operation.name, tokens, refused=refused, limited=limited)

    def refused(self, operation: Operation, decision: Decision, headers: dict[str, str]) -> Response:
        """429, or the page of a block."""
        self.charge(operation, limited=True)
        if decision.verdict is Verdict.BLOCKED:
            return blocked()
        words = "daily request budget exceeded" if decision.verdict is Verdict.DAILY else "request over limit"
        if decision.retry_after is not None:
            headers = headers | {"retry-after": str(decision.retry_after)}
        return too_many(words, headers)

    def _headers(self, decision: Decision) -> dict[str, str]:
        headers = self._rate_headers.of(decision)
        if self.state.offset or self.clock.is_frozen:
            # Servers put the machine's time there, which is not the account's any more.
            headers["date"] = http_date(self.state.now())
        return headers

    def _logged(self, request: Request, response: Response, operation: str, **more: Any) -> Response:
        self.log.add(request, response.status, round(self.state.now(), 3), operation, more)
        return response

    # What happens beside requests

    def replay(self, request: Request, user: Doc) -> Response:
        """Apply a request without limits, faults or price: one that was late, or somebody else's."""
        if is_act(request):
            return self._actors.apply(request)
        try:
            return self.run(request, self._operations.find(request, self.state), user, charged=False)
        except ApiError as problem:
            return error_response(problem)

    def replay_checked(self, request: Request, user: Doc) -> Response:
        """The same for a request that somebody wrote by hand; it may have either prefix of v1."""
        return self.replay(with_one_prefix(request), user)

    def become(self, account: str, seed: int, profiles: int) -> None:
        """Take the first contents of another account. Raises ValueError when there are none."""
        if self.reseed is None:
            raise ValueError(
                "This simulator was started without made-up accounts, so it can not change to one."
            )
        preload = self.reseed(account, seed, profiles)
        self.preload = lambda: preload
        self.state.settings = replace(self.state.settings, account=account, seed=seed)
        self.fill(0)

    def fill(self, generation: int) -> None:
        """Erase everything and put the first contents in; field codes depend on the generation."""
        preload = self.preload()
        with self.state.store.transaction():
            self.state.store.erase()
            self.state.reload()
            self.state.limiter.clear()
            self.state.deliveries.forget()
            fill(self.state, preload, generation)
        self.late.forget()


def build_app(  # noqa: PLR0913 (each has a default, most are for tests)
    settings: PipedriveSettings | None = None,
    db_path: str = ":memory:",
    clock: Clock = time.time,
    *,
    preload: Preload | Callable[[], Preload] = Preload,
    sleep: Callable[[float], None] = time.sleep,
    drop_error: DropError = ConnectionResetError,
    control: bool = False,
    reseed: Reseed | None = None,
) -> PipedriveApp:
    """The application over a file, which is continued when it holds an account, or over memory.

    `preload`, or what it returns when called, is the account's contents on the first start and after a reset.
    `control` opens the control address. `reseed` makes the contents of another account (name, seed, profiles)
    for it.
    """
    outside = Outside(
        clock=clock,
        preload=(lambda: preload) if isinstance(preload, Preload) else preload,
        sleep=sleep,
        drop_error=drop_error,
        control=control,
        reseed=reseed,
        snapshots=None if db_path == ":memory:" else Path(f"{db_path}.snapshots"),
    )
    store = Store(db_path, {kind.kind: template(kind) for kind in KINDS})
    return PipedriveApp(settings or PipedriveSettings(), store, outside)


def with_one_prefix(request: Request, *, slash: bool = True) -> Request:
    """v1 answers under /v1 and /api/v1 alike, HEAD as GET does, and with `slash` also with one at the end."""
    path, method = request.path, request.method
    if path.startswith("/api/v1/"):
        path = path[4:]
    if slash and path.endswith("/"):
        path = path[:-1]
    if method == "HEAD":  # the server leaves the body out
        method = "GET"
    is_same = path == request.path and method == request.method
    return request if is_same else replace(request, path=path, method=method)
