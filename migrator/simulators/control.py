"""The address the real services do not have: look into a simulator, reset it, move its clock, make it fail.

Mounted at /_control on the simulator's own port; never charged, never limited, never faulted.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from migrator.simulators.faults import Faults, plan_from
from migrator.simulators.http_wsgi import BadJson, Handler, Request, Response, Router, json_response

PREFIX = "/_control"


class RequestLog:
    """The last requests, newest first when read; lost with the process."""

    def __init__(self, size: int = 5_000) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=size)

    def add(self, request: Request, status: int, **more: Any) -> None:
        """Remember one request and its answer."""
        self._entries.append(
            {"method": request.method, "path": request.path, "query": request.query, "status": status, **more}
            | {"body": request.body[:4_096].decode("utf-8", "replace")}
        )

    def recent(self, word: str, limit: int) -> list[dict[str, Any]]:
        """The newest entries whose path holds the word."""
        found = (entry for entry in reversed(self._entries) if word in entry["path"])
        return [entry for entry, _ in zip(found, range(limit), strict=False)]

    def clear(self) -> None:
        """Forget them."""
        self._entries.clear()


class Controlled(Protocol):
    """What a simulator offers to its control address; each method is called under the simulator's lock."""

    faults: Faults
    log: RequestLog

    def inspect(self) -> dict[str, Any]:
        """Counts, meter and settings in force."""

    def snapshot(self, *, stable: bool) -> dict[str, Any]:
        """Everything live; without the fields that change by themselves when `stable`."""

    def reset(self) -> None:
        """Back to the first contents."""

    def advance_clock(self, seconds: float) -> float:
        """Move the clock and return the new time."""

    def revoke_token(self, token: str | None) -> list[str]:
        """Revoke one token or all; returns those that remain."""

    def restore_tokens(self) -> list[str]:
        """Undo revocations."""

    def set_limits(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Change limits while running; raises KeyError or TypeError for what is unknown."""

    def act(self, request: Request) -> Response:
        """Do something as a person in the service's own screens: free and unlimited."""


def control_handler(controlled: Controlled) -> Handler:
    """The handler for everything below /_control."""
    router = Router()
    for (method, path), handler in _HANDLERS.items():
        router.add(method, f"{PREFIX}/{path}", _bound(handler, controlled))

    def handle(request: Request) -> Response:
        try:
            return router.dispatch(request)
        except (KeyError, TypeError, ValueError, BadJson) as error:
            return json_response(400, {"error": f"{type(error).__name__}: {error}"})

    return handle


def _bound(handler: Callable[[Controlled, Request], Any], controlled: Controlled) -> Callable[..., Response]:
    def handle(request: Request) -> Response:
        answer = handler(controlled, request)
        return answer if isinstance(answer, Response) else json_response(200, answer)

    return handle


def _sent(request: Request) -> dict[str, Any]:
    sent = request.json() or {}
    if not isinstance(sent, dict):
        raise TypeError("the body must be an object")
    return sent


def _inspect(controlled: Controlled, request: Request) -> Any:
    return controlled.inspect()


def _snapshot(controlled: Controlled, request: Request) -> Any:
    return controlled.snapshot(stable=request.first("stable") in ("1", "true"))


def _requests(controlled: Controlled, request: Request) -> Any:
    limit = int(request.first("limit", "100") or 100)
    return {"requests": controlled.log.recent(request.first("kind", "") or "", limit)}


def _reset(controlled: Controlled, request: Request) -> Any:
    controlled.reset()
    controlled.log.clear()
    controlled.faults.use(plan_from({}))
    return {"reset": True}


def _faults(controlled: Controlled, request: Request) -> Any:
    controlled.faults.use(plan_from(_sent(request)))
    return {"plan": asdict(controlled.faults.plan)}


def _clock(controlled: Controlled, request: Request) -> Any:
    return {"now": controlled.advance_clock(float(_sent(request)["advance"]))}


def _revoke(controlled: Controlled, request: Request) -> Any:
    sent = _sent(request)
    if sent.get("restore"):
        return {"tokens": controlled.restore_tokens()}
    return {"tokens": controlled.revoke_token(sent.get("token"))}


def _limits(controlled: Controlled, request: Request) -> Any:
    return controlled.set_limits(_sent(request))


def _act(controlled: Controlled, request: Request) -> Any:
    sent = _sent(request)
    body = json_response(200, sent["body"]).body if "body" in sent else b""
    return controlled.act(Request(sent["method"], sent["path"], {}, {}, body))


_HANDLERS: dict[tuple[str, str], Callable[[Controlled, Request], Any]] = {
    ("GET", "inspect"): _inspect,
    ("GET", "snapshot"): _snapshot,
    ("GET", "requests"): _requests,
    ("POST", "reset"): _reset,
    ("POST", "faults"): _faults,
    ("POST", "clock"): _clock,
    ("POST", "revoke-token"): _revoke,
    ("POST", "limits"): _limits,
    ("POST", "act"): _act,
}
