"""Requests with faults and other people, in APSIS One's words; late requests; where attempts are kept.

Attempts and the plan outlive the process where the account has a file; what is late ends with it.
"""

import gzip
import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from migrator.simulators.apsis_one.limits import Scope
from migrator.simulators.apsis_one.others import ACTORS, act_of
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.settings import ApiKey
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.streaming import FileResponse
from migrator.simulators.faults import ActorDraw, FaultKind, Faults, perform
from migrator.simulators.http_wsgi import Handler, Request, Response

# The service sends no headers about limits, so there are none to lose.
KINDS = tuple(kind for kind in FaultKind if kind is not FaultKind.HEADER_LOSS)
_ATTEMPTS, _PLAN = "fault attempts", "fault plan"

Mutate = Callable[[dict[str, Any]], Any]


@dataclass(order=True, slots=True)
class _Waiting:
    due: float
    place: int
    request: Request | None = field(compare=False)
    caller: ApiKey | None = field(compare=False, default=None)
    act: dict[str, Any] | None = field(compare=False, default=None)


class Faulting:
    """The faults of one running account."""

    def __init__(
        self,
        state: ApsisState,
        dispatch: Handler,
        refuse: Callable[[ApiProblem], Response],
        mutate: Mutate,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.faults = Faults(kinds=KINDS, actors=ACTORS, memory=StoredMemory(state))
        self.sleep, self.refuse, self.dispatch = sleep, refuse, dispatch
        self.state, self._mutate = state, mutate
        self._waiting: list[_Waiting] = []
        self._places = 0

    def answer(self, request: Request) -> tuple[Response, dict[str, Any]]:
        """The answer with whatever goes wrong, and what the access log says about that."""
        with self.state.lock:
            turn = self.faults.turn(request)
        if turn is None:
            return self.dispatch(request), {}
        response = perform(turn, _OneRequest(self, request))
        acted = [done for actor in turn.actors if (done := self._act(actor, request))]
        word = turn.fault.kind.value if turn.fault else None
        return response, {"fault": word} | ({"actors": acted} if acted else {})

    def check(self, request: Request) -> None:
        """Raise ApiProblem when a fault has taken the request's token out of use."""
        bars = self.faults.bars
        kind = bars.held and bars.find(_token(request), self.state.now())
        if kind:
            raise self.barred(kind)

    def barred(self, kind: FaultKind) -> ApiProblem:
        """The refusal of a token."""
        if kind is FaultKind.SCOPE_LOST:
            return ApiProblem(403, "The API key may not do this any more.")
        expired = kind is FaultKind.TOKEN_EXPIRED
        status = self.state.settings.expired_token_status if expired else 401
        return ApiProblem(
            status, "The access token has expired." if expired else "The access token was revoked."
        )

    def defer(self, request: Request, seconds: float) -> None:
        """Apply a request in some seconds."""
        with self.state.lock:
            self._wait(_Waiting(self.state.now() + seconds, self._place(), request, self.state.caller))

    def apply_due(self) -> None:
        """Apply what is due. Costs a comparison while nothing waits."""
        while self._waiting and self._waiting[0].due <= self.state.now():
            with self.state.lock:
                self._apply(heapq.heappop(self._waiting))

    def forget(self) -> None:
        """Drop what waits, as after a reset."""
        self._waiting.clear()

    def late(self) -> int:
        """How many requests and acts wait."""
        return len(self._waiting)

    def _act(self, drawn: ActorDraw, request: Request) -> str | None:
        with self.state.lock:
            act = act_of(self.state.world, drawn, request)
            if act is None:
                return None
            self._wait(_Waiting(self.state.now() + drawn.seconds, self._place(), None, None, act))
            self.apply_due()
            return f"{drawn.name}: {act}"

    def _apply(self, waiting: _Waiting) -> None:
        if waiting.request is None:
            self._mutate(waiting.act or {})
            return
        before = self.state.caller
        if waiting.caller is not None:
            self.state.caller = waiting.caller
        self.dispatch(waiting.request)
        self.state.caller = before

    def _wait(self, waiting: _Waiting) -> None:
        heapq.heappush(self._waiting, waiting)

    def _place(self) -> int:
        self._places += 1
        return self._places


class _OneRequest:
    """One request that drew something (faults.Answering)."""

    def __init__(self, faulting: Faulting, request: Request) -> None:
        self._faulting, self._request = faulting, request

    def respond(self) -> Response:
        """The handler's answer; a file becomes bytes, so that it can be spoiled."""
        return _tangible(self._faulting.dispatch(self._request), self._request)

    def defer(self, seconds: float) -> None:
        """Reads have nothing to apply later."""
        if self._request.method != "GET":
            self._faulting.defer(self._request, seconds)

    def refuse(self, *, bare: bool) -> Response:
        """The 429 of the whole account's limit."""
        waits = self._faulting.state.settings.retry_after and not bare
        words = f"Too many requests ({Scope.ACCOUNT.value})."
        return self._faulting.refuse(ApiProblem(429, words, {"retry-after": "1"} if waits else {}))

    def fail(self, status: int) -> Response:
        """A problem of the server."""
        return self._faulting.refuse(ApiProblem(status, "Something went wrong."))

    def bar(self, kind: FaultKind, seconds: float) -> Response:
        """Refuse the caller's token from now on."""
        faulting = self._faulting
        with faulting.state.lock:
            faulting.faults.bars.put(_token(self._request), kind, faulting.state.now(), seconds)
        return faulting.refuse(faulting.barred(kind))

    def now(self) -> float:
        """The account's time."""
        return self._faulting.state.now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._faulting.sleep(seconds)


class StoredMemory:
    """Attempts and the plan, in memory and in the account's file where there is one."""

    def __init__(self, state: ApsisState) -> None:
        self._store = state.store
        self._attempts: Counter[str] = Counter()
        self._plan: dict[str, Any] | None = None
        if self._store is not None:
            self._attempts.update(dict(self._store.load_records(_ATTEMPTS)))
            self._plan = dict(self._store.load_records(_PLAN)).get("plan")

    def count(self, key: bytes) -> int:
        """One more attempt."""
        self._attempts[key.hex()] += 1
        if self._store is not None:
            self._store.put_record(_ATTEMPTS, key.hex(), self._attempts[key.hex()])
        return self._attempts[key.hex()]

    def forget(self) -> None:
        """No attempts yet."""
        if self._store is not None:
            for name in self._attempts:
                self._store.put_record(_ATTEMPTS, name, 0)
        self._attempts.clear()

    def keep(self, plan: dict[str, Any]) -> None:
        """Keep the plan."""
        self._plan = plan
        if self._store is not None:
            self._store.put_record(_PLAN, "plan", plan)

    def kept(self) -> dict[str, Any] | None:
        """The plan that was kept."""
        return self._plan


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def _tangible(response: Response, request: Request) -> Response:
    if not isinstance(response, FileResponse) or response.path is None:
        return replace(response, body=b"".join(response.pieces), pieces=None) if response.pieces else response
    body, headers = response.path.read_bytes(), dict(response.headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["content-encoding"] = gzip.compress(body, 1), "gzip"
    return Response(response.status, body, headers)
