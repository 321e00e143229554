"""The way in: who asks, which operation it is, and which headers tell the caller about limits."""

import os
from collections import Counter
from dataclasses import dataclass

from migrator.simulators.http_wsgi import Request, RouteHandler, Router
from migrator.simulators.pipedrive.account import Account
from migrator.simulators.pipedrive.costs import SEARCH_OPERATIONS, cost_of
from migrator.simulators.pipedrive.errors import INFO, ApiError
from migrator.simulators.pipedrive.limits import Decision
from migrator.simulators.pipedrive.oauth import grant_of
from migrator.simulators.pipedrive.routes import is_withdrawn
from migrator.simulators.pipedrive.scopes import scopes_of
from migrator.simulators.pipedrive.state import Doc

_QUIET_SECONDS = 60.0
_QUIET_REQUESTS = 2


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the token's user, the token, whether it came as Bearer, and an app's scopes."""

    user: Doc
    token: str
    oauth: bool
    scopes: frozenset[str] | None = None

    @property
    def window(self) -> str:
        """Whose burst window requests count in: the API token's, or the user's of an OAuth app."""
        return f"oauth:{self.user['id']}" if self.oauth else self.token


@dataclass(frozen=True, slots=True)
class Operation:
    """One matched request: its handler and segments, its name for the meter, its price in tokens."""

    method: str
    pattern: str
    handler: RouteHandler
    segments: dict[str, str]
    name: str
    cost: int
    is_search: bool


class Operations:
    """Finds the operation of a request. Names and prices are worked out once for each."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._known: dict[tuple[str, str], tuple[str, int, bool]] = {}

    def find(self, request: Request, account: Account) -> Operation:
        """Raises ApiError 404, 405 or, for a withdrawn address, what the settings say."""
        matched = self._router.match(request.path)
        withdrawn = int(account.settings.withdrawn_v1)
        if matched is None:
            gone = withdrawn == 410 and is_withdrawn(request.method, request.path)
            raise ApiError(410, "Resource gone") if gone else ApiError(404, "Unknown method .")
        route, segments = matched
        method = request.method
        handler = route.methods.get(method)
        if handler is None:
            if is_withdrawn(method, request.path):
                raise ApiError(withdrawn, "Resource gone" if withdrawn == 410 else "Unknown method .")
            raise ApiError(405, "Method not allowed")
        return Operation(method, route.pattern, handler, segments, *self._facts(method, route.pattern))

    def _facts(self, method: str, pattern: str) -> tuple[str, int, bool]:
        known = self._known.get((method, pattern))
        if known is None:
            known = f"{method} {pattern}", cost_of(method, pattern), (method, pattern) in SEARCH_OPERATIONS
            self._known[method, pattern] = known
        return known


def caller_of(request: Request, account: Account) -> Caller | None:
    """Who sent it, or None for a missing, unknown or revoked token and for a user who is not active."""
    sent, oauth = request.headers.get("x-api-token"), False
    if sent is None:
        bearer = request.headers.get("authorization", "")
        if bearer[:7].lower() == "bearer ":
            sent, oauth = bearer[7:].strip(), True
        elif account.settings.token_in_query:
            sent = request.first("api_token")
    token = sent or ""
    number, scopes = (grant_of(account, token) if oauth else None) or (-1, None)
    if scopes is None and (not oauth or account.settings.bearer_takes_api_token):
        number = account.tokens.get(token, -1)
    user = account.users.get(number)
    return Caller(user, token, oauth, scopes) if user is not None and user["active_flag"] else None


def check_scopes(caller: Caller, operation: Operation) -> None:
    """Raise 403 where an app was not given any of the scopes that open an operation; it costs nothing."""
    if caller.scopes is None or caller.scopes & scopes_of(operation.method, operation.pattern):
        return
    words = "Scope and URL mismatch"
    raise ApiError(403, words, body={"success": False, "error": words, "errorCode": 403, "error_info": INFO})


class RateHeaders:
    """The headers about limits, with the gaps that the service has in them."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._last_seen, self._since_quiet = float("-inf"), 0
        self._day, self._writes = -1, Counter[int]()

    def of(self, decision: Decision) -> dict[str, str]:
        """Headers of one answer."""
        account = self._account
        headers = {"x-correlation-id": _correlation_id()}
        limits = account.limiter.limits
        if limits.off:
            return headers
        headers |= {
            "x-ratelimit-limit": str(decision.burst_limit),
            "x-ratelimit-remaining": str(decision.burst_left),
            "x-ratelimit-reset": str(max(1, round(decision.burst_reset))),
        }
        if self._shows_daily() and limits.daily_budget is not None:
            headers["x-daily-ratelimit-token-limit"] = str(limits.daily_budget)
            left = max(0, limits.daily_budget - account.spent_today())
            headers["x-daily-ratelimit-token-remaining"] = str(left)
        return headers

    def requests_left(self, method: str, caller: Caller) -> dict[str, str]:
        """What is left of 10,000 POST and PUT calls of a user per day; told to API tokens, refused to nobody."""
        limits = self._account.limiter.limits
        if caller.oauth or limits.off:
            return {}
        day = limits.day_of(self._account.now())
        if day != self._day:
            self._day, self._writes = day, Counter()
        self._writes[caller.user["id"]] += method in ("POST", "PUT")
        left = self._account.settings.daily_requests_shown - self._writes[caller.user["id"]]
        return {"x-daily-requests-left": str(max(0, left))}

    def _shows_daily(self) -> bool:
        # "sometimes": staff say the first requests after a quiet period come without these headers.
        now = self._account.now()
        self._since_quiet = 0 if now - self._last_seen > _QUIET_SECONDS else self._since_quiet + 1
        self._last_seen = now
        mode = self._account.settings.daily_headers
        return mode == "always" or (mode == "sometimes" and self._since_quiet >= _QUIET_REQUESTS)


def _correlation_id() -> str:
    # Written like a UUID; the class takes longer than a whole look-up in the store.
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
