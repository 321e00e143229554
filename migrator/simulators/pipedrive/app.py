"""The simulated Pipedrive as one WSGI application: authentication, limits, faults, routing and metering."""

import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from migrator.simulators import control
from migrator.simulators.faults import Faults, perform, server_error
from migrator.simulators.http_wsgi import DropError, Request, Response, RouteHandler, wsgi_app
from migrator.simulators.pipedrive import late, snapshots
from migrator.simulators.pipedrive.account import Account, Call, Clock
from migrator.simulators.pipedrive.costs import SEARCH_OPERATIONS, cost_of
from migrator.simulators.pipedrive.errors import ApiError, blocked, error_response, too_many, unauthorized
from migrator.simulators.pipedrive.limits import Decision, Verdict
from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.routes import WITHDRAWN, build_router
from migrator.simulators.pipedrive.seeding import fill
from migrator.simulators.pipedrive.settings import PipedriveSettings
from migrator.simulators.pipedrive.state import Doc, Store

_QUIET_SECONDS = 60.0
_QUIET_REQUESTS = 2


@dataclass(frozen=True, slots=True)
class Operation:
    """One matched request: its name for the meter, its price, its handler."""

    method: str
    pattern: str
    handler: RouteHandler
    segments: dict[str, str]

    @property
    def name(self) -> str:
        """For the meter and the log."""
        return f"{self.method} {self.pattern}"

    @property
    def cost(self) -> int:
        """Tokens."""
        return cost_of(self.method, self.pattern)

    @property
    def is_search(self) -> bool:
        """Whether the search burst applies."""
        return (self.method, self.pattern) in SEARCH_OPERATIONS


class PipedriveApp:
    """A WSGI application; `state` is the account, for in-process tests."""

    def __init__(
        self,
        settings: PipedriveSettings,
        store: Store,
        *,
        clock: Clock,
        preload: Callable[[], Preload],
        sleep: Callable[[float], None],
        drop_error: DropError,
    ) -> None:
        self.faults = Faults()
        self.log = control.RequestLog()
        self._preload, self._sleep = preload, sleep
        self.router = build_router()
        self.state = Account(settings, store, clock)
        if store.fact("salt") is None:
            self._fill(0)
        self._control = control.control_handler(self)
        self._wsgi = wsgi_app(self.handle, drop_error=drop_error)
        self._last_seen, self._since_quiet = float("-inf"), 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._wsgi(environ, start_response)

    def close(self) -> None:
        """Close the account's file."""
        self.state.store.close()

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        with self.state.lock:
            late.apply_due(self.state, self._replay)
            if request.path.startswith(control.PREFIX):
                return self._control(request)
        request = _with_one_prefix(request)
        found = self._authenticated(request)
        if found is None:
            return self._logged(request, unauthorized(), "unauthorized")
        user, token, oauth = found
        try:
            operation = self._operation(request)
        except ApiError as problem:
            return self._logged(request, error_response(problem), "no such operation")
        return self._limited(request, operation, user, token, oauth)

    # The way of one request

    def _limited(
        self, request: Request, operation: Operation, user: Doc, token: str, oauth: bool
    ) -> Response:
        account = self.state
        with account.lock:
            decision = account.limiter.judge(
                token,
                oauth=oauth,
                search=operation.is_search,
                cost=operation.cost,
                spent_today=account.spent_today(),
                now=account.now(),
            )
            headers = self._headers(decision)
            if decision.verdict is not Verdict.FREE:
                return self._logged(request, self._refused(operation, decision, headers), operation.name)
            fault = self.faults.choose(request)
        response = perform(
            fault,
            respond=lambda: self._run(request, operation, user, charged=True),
            defer=lambda seconds: self._defer(request, operation, user, seconds),
            refuse=lambda: self._refused(operation, replace(decision, verdict=Verdict.BURST), headers),
            sleep=self._sleep,
        )
        word = fault[0].value if fault else None
        if word == "before_500":
            self._charge(operation, refused=True)
        response = replace(response, headers={**response.headers, **headers})
        return self._logged(request, response, operation.name, fault=word)

    def _run(self, request: Request, operation: Operation, user: Doc, *, charged: bool) -> Response:
        account = self.state
        with account.lock:
            call = Call(account, request, user, account.now())
            try:
                with account.store.transaction():
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
                self._charge(operation, refused=True)
            return response

    def _charge(self, operation: Operation, *, refused: bool = False, limited: bool = False) -> None:
        settings = self.state.settings
        pays = settings.limited_requests_cost if limited else settings.refused_requests_cost
        with self.state.lock, self.state.store.transaction():
            tokens = operation.cost if pays else 0
            self.state.meter(operation.name, tokens, refused=refused, limited=limited)

    def _refused(self, operation: Operation, decision: Decision, headers: dict[str, str]) -> Response:
        self._charge(operation, limited=True)
        if decision.verdict is Verdict.BLOCKED:
            return blocked()
        words = "daily request budget exceeded" if decision.verdict is Verdict.DAILY else "request over limit"
        if decision.retry_after is not None:
            headers = headers | {"retry-after": str(decision.retry_after)}
        return too_many(words, headers)

    def _logged(self, request: Request, response: Response, operation: str, **more: Any) -> Response:
        at = round(self.state.now(), 3)
        self.log.add(request, response.status, operation=operation, at=at, **more)
        return response

    # Who, what, and with which headers

    def _authenticated(self, request: Request) -> tuple[Doc, str, bool] | None:
        sent, oauth = request.headers.get("x-api-token"), False
        bearer = request.headers.get("authorization", "")
        if sent is None and bearer[:7].lower() == "bearer ":
            sent, oauth = bearer[7:].strip(), True
        if sent is None and self.state.settings.token_in_query:
            sent = request.first("api_token")
        user = self.state.users.get(self.state.tokens.get(sent or "", -1))
        return (user, sent or "", oauth) if user is not None and user["active_flag"] else None

    def _operation(self, request: Request) -> Operation:
        matched = self.router.match(request.path)
        if matched is None:
            gone = self.state.settings.withdrawn_v1 == "410" and WITHDRAWN.fullmatch(request.path)
            raise ApiError(410, "Resource gone") if gone else ApiError(404, "Unknown method .")
        route, segments = matched
        handler = route.methods.get(request.method)
        if handler is None:
            if WITHDRAWN.fullmatch(request.path):
                raise ApiError(int(self.state.settings.withdrawn_v1), "Unknown method .")
            raise ApiError(405, "Method not allowed")
        return Operation(request.method, route.pattern, handler, segments)

    def _headers(self, decision: Decision) -> dict[str, str]:
        headers = {"x-correlation-id": str(uuid.uuid4())}
        if self.state.limiter.limits.off:
            return headers
        headers |= {
            "x-ratelimit-limit": str(decision.burst_limit),
            "x-ratelimit-remaining": str(decision.burst_left),
            "x-ratelimit-reset": str(max(1, round(decision.burst_reset))),
        }
        if self._shows_daily():
            budget = self.state.limiter.limits.daily_budget
            headers["x-daily-ratelimit-token-limit"] = str(budget)
            headers["x-daily-ratelimit-token-remaining"] = str(max(0, budget - self.state.spent_today()))
        return headers

    def _shows_daily(self) -> bool:
        # "sometimes": staff say the first requests after a quiet period come without these headers.
        now = self.state.now()
        self._since_quiet = 0 if now - self._last_seen > _QUIET_SECONDS else self._since_quiet + 1
        self._last_seen = now
        mode = self.state.settings.daily_headers
        return mode == "always" or (mode == "sometimes" and self._since_quiet >= _QUIET_REQUESTS)

    # Late requests

    def _defer(self, request: Request, operation: Operation, user: Doc, seconds: float) -> None:
        with self.state.lock:
            late.keep(self.state, request, user, seconds)
        self._charge(operation)

    def _replay(self, request: Request, user: Doc) -> None:
        self._run(request, self._operation(request), user, charged=False)

    # What the control address asks for (control.Controlled)

    def inspect(self) -> dict[str, Any]:
        """Counts, meter and settings in force."""
        return snapshots.figures(self.state) | {"faults": dict(self.faults.made)}

    def snapshot(self, *, stable: bool) -> dict[str, Any]:
        """Everything live."""
        return snapshots.everything(self.state, stable=stable)

    def reset(self) -> None:
        """Back to the first contents, with new field codes."""
        self._fill(self.state.store.fact("generation", 0) + 1)

    def advance_clock(self, seconds: float) -> float:
        """Move the clock; what was to be applied late by then is applied."""
        with self.state.store.transaction():
            self.state.advance(seconds)
        late.apply_due(self.state, self._replay)
        return self.state.now()

    def revoke_token(self, token: str | None) -> list[str]:
        """Revoke one token or all."""
        left = {name: user for name, user in self.state.tokens.items() if token not in (None, name)}
        with self.state.store.transaction():
            self.state.set_tokens(left)
        return sorted(left)

    def restore_tokens(self) -> list[str]:
        """The tokens of the first start."""
        with self.state.store.transaction():
            self.state.set_tokens(self.state.store.fact("first_tokens"))
        return sorted(self.state.tokens)

    def set_limits(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Change limits while running; they last as long as the process."""
        self.state.set_limits(changes)
        self.state.limiter.clear()
        return snapshots.limits_in_force(self.state)

    def act(self, request: Request) -> Response:
        """Do something as the account's owner in the web screens."""
        request = _with_one_prefix(request)
        owner = next(iter(self.state.users.values()))
        try:
            return self._run(request, self._operation(request), owner, charged=False)
        except ApiError as problem:
            return error_response(problem)

    def _fill(self, generation: int) -> None:
        preload = self._preload()
        with self.state.store.transaction():
            self.state.store.erase()
            self.state.reload()
            self.state.limiter.clear()
            fill(self.state, preload, generation)


def build_app(
    settings: PipedriveSettings | None = None,
    db_path: str = ":memory:",
    clock: Clock = time.time,
    *,
    preload: Preload | Callable[[], Preload] = Preload,
    sleep: Callable[[float], None] = time.sleep,
    drop_error: DropError = ConnectionResetError,
) -> PipedriveApp:
    """The application over a file, which is continued when it holds an account, or over memory.

    `preload`, or what it returns when called, is the account's contents on the first start and after a reset.
    """
    return PipedriveApp(
        settings or PipedriveSettings(),
        Store(db_path),
        clock=clock,
        preload=(lambda: preload) if isinstance(preload, Preload) else preload,
        sleep=sleep,
        drop_error=drop_error,
    )


def _with_one_prefix(request: Request) -> Request:
    # v1 answers under /v1 and /api/v1 alike.
    return replace(request, path=request.path[4:]) if request.path.startswith("/api/v1/") else request
