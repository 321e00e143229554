"""The address the real services do not have: look into a simulator, reset it, move its clock, make it fail.

Mounted at /_control on the simulator's own port when it was started with it; never charged, limited or faulted.
A request from a web page (Origin, another site) or under a foreign host name is refused.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from threading import RLock
from typing import Any, Protocol

import orjson

from migrator.simulators.access_log import AccessLog, Wanted
from migrator.simulators.faults import Faults, plan_as_json
from migrator.simulators.http_wsgi import BadJson, Handler, Request, Response, Router, json_response
from migrator.simulators.snapshots import Record, Scope, Shelf, differences, in_pieces, spooled

PREFIX = "/_control"
_LINES = "application/x-ndjson"
_HOSTS = ("127.0.0.1", "localhost", "[::1]", "")
# Names that no name server may give away (RFC 6761), so no foreign page can come under one.
_RESERVED = (".test", ".localhost")
_LONGEST_MOVE = 100 * 366 * 86_400.0


class Controlled(Protocol):
    """What a simulator offers to its control address. Each method is called under `lock`."""

    log: AccessLog
    shelf: Shelf
    volatile: frozenset[str]  # members of a record that change by themselves

    @property
    def lock(self) -> RLock:
        """What keeps requests apart."""

    @property
    def faults(self) -> Faults:
        """What goes wrong."""

    def inspect(self) -> dict[str, Any]:
        """Counts, meter and settings in force."""

    def meter(self) -> dict[str, Any]:
        """Requests and tokens by operation and by day."""

    def records(self, *, stable: bool, deleted: bool) -> Iterator[Record]:
        """The whole state in order of kind and id; without what changes by itself when `stable`."""

    def reset(self) -> None:
        """Back to the first contents."""

    def seed(self, account: str, seed: int, profiles: int) -> None:
        """Become another account. Raises ValueError when that cannot be."""

    def now(self) -> float:
        """The simulator's time in Unix seconds."""

    def is_frozen(self) -> bool:
        """Whether time stands still."""

    def move_clock(self, seconds: float) -> None:
        """Move the clock; what is due by then happens."""

    def freeze_clock(self, frozen: bool) -> None:
        """Let time stand still, or run on from where it stood."""

    def limits(self) -> dict[str, Any]:
        """The limits in force."""

    def set_limits(self, changes: dict[str, Any]) -> None:
        """Change limits while running. Raises ValueError for what is unknown."""

    def settings(self) -> dict[str, Any]:
        """Every switch."""

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Move switches. Raises ValueError for what is unknown or fixed."""

    def tokens(self) -> list[str]:
        """What may be used to sign in now."""

    def revoke_token(self, token: str | None) -> None:
        """Revoke one token, or all."""

    def expire_token(self, token: str | None) -> None:
        """Let one access token end, or all."""

    def restore_tokens(self) -> None:
        """Undo both."""

    def act(self, request: Request, user: Any) -> Response:
        """Do something as a person in the service's own screens: free and unlimited."""


def control_handler(controlled: Controlled, more: dict[tuple[str, str], Handler] | None = None) -> Handler:
    """The handler for everything below /_control; `more` are a vendor's own addresses."""
    router = Router()
    for (method, path), handler in _HANDLERS.items():
        router.add(method, f"{PREFIX}/{path}", _bound(handler, controlled))
    for (method, path), own in (more or {}).items():
        router.add(method, f"{PREFIX}/{path}", own)

    def handle(request: Request) -> Response:
        if refusal := _foreign(request):
            return json_response(403, {"error": refusal})
        try:
            with controlled.lock:
                return router.dispatch(request)
        except BadJson as error:
            return _bad(f"The body is not JSON: {error}.")
        except (ValueError, TypeError, KeyError) as error:
            return _bad(str(error.args[0]) if error.args else type(error).__name__)

    return handle


def given(request: Request, *known: str) -> dict[str, Any]:
    """The JSON object that was sent, empty when there is none. Raises ValueError for other members than these."""
    sent = request.json()
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        raise ValueError("The body must be a JSON object.")
    unknown = sorted(sent.keys() - set(known)) if known else []
    if unknown:
        raise ValueError(f"There is nothing called {unknown[0]!r} here; known are: {', '.join(known)}.")
    return sent


def _bad(sentence: str) -> Response:
    return json_response(400, {"error": sentence})


def _foreign(request: Request) -> str | None:
    host = request.headers.get("host", "").lower()
    name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    if name not in _HOSTS and not name.endswith(_RESERVED):
        return f"The control address answers on this machine only, not as {name}."
    if "origin" in request.headers or request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return "The control address does not answer to web pages."
    return None


def _bound(handler: Callable[[Controlled, Request], Any], controlled: Controlled) -> Callable[..., Response]:
    def handle(request: Request) -> Response:
        answer = handler(controlled, request)
        return answer if isinstance(answer, Response) else json_response(200, answer)

    return handle


def _streamed(lines: Iterable[bytes]) -> Response:
    return Response(200, b"", {"content-type": _LINES}, pieces=in_pieces(lines))


def _flag(request: Request, name: str) -> bool:
    value = request.first(name, "0")
    if value not in ("0", "1", "true", "false"):
        raise ValueError(f"{name} must be 0 or 1, not {value!r}.")
    return value in ("1", "true")


def _number(what: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError(f"{what} must be a number, not {value!r}.")
    return number


def _whole(what: str, value: Any, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{what} must be a whole number from {least}.")
    return value


# Looking


def _inspect(controlled: Controlled, request: Request) -> Any:
    return controlled.inspect() | {"pid": os.getpid()}


def _meter(controlled: Controlled, request: Request) -> Any:
    statuses = controlled.log.statuses
    return controlled.meter() | {
        "responses": {str(status): number for status, number in sorted(statuses.items())},
        "responses_429": statuses[429],
        "responses_403": statuses[403],
    }


def _log(controlled: Controlled, request: Request) -> Any:
    texts = {name: request.first(name, "") or "" for name in ("path", "operation", "method")}
    status, since = request.first("status"), request.first("since")
    wanted = Wanted(
        **texts | {"method": texts["method"].upper()},
        status=int(_number("status", status)) if status else None,
        since=_number("since", since) if since else -math.inf,
    )
    limit = int(_number("limit", request.first("limit", "100")))
    if limit < 1:
        raise ValueError("limit must be at least 1.")
    return _streamed(orjson.dumps(entry) + b"\n" for entry in controlled.log.newest(wanted, limit))


def _snapshot(controlled: Controlled, request: Request) -> Any:
    if name := request.first("name"):
        return _streamed(controlled.shelf.read(name))
    # Written down under the lock, so that all of it is of one moment; the caller reads it in its own time.
    scope = Scope(_flag(request, "stable"), _flag(request, "deleted"))
    return _streamed(spooled(controlled.records(**scope._asdict())))


def _keep_snapshot(controlled: Controlled, request: Request) -> Any:
    sent = given(request, "name", "stable", "deleted")
    name = sent.get("name")
    if not isinstance(name, str):
        raise ValueError('A snapshot needs a name, as in {"name": "before"}.')
    scope = Scope(bool(sent.get("stable")), bool(sent.get("deleted")))
    records = controlled.records(**scope._asdict())
    return {"name": name, "records": controlled.shelf.keep(name, records, scope)}


def _diff(controlled: Controlled, request: Request) -> Any:
    first = request.first("from")
    if not first:
        known = ", ".join(controlled.shelf.names()) or "none"
        raise ValueError(f"Say from which snapshot, as in diff?from=NAME; remembered are: {known}.")
    before, last = controlled.shelf.read(first), request.first("to")
    # What is left out on one side is left out on both, or every record would differ.
    kept = [controlled.shelf.scope(name) for name in (first, last) if name]
    stable = _flag(request, "stable") or any(scope.stable for scope in kept)
    deleted = _flag(request, "deleted") or kept[0].deleted
    now = () if last else controlled.records(stable=stable, deleted=deleted)
    after = controlled.shelf.read(last) if last else spooled(now)
    return _streamed(differences(before, after, controlled.volatile if stable else frozenset()))


# Contents


def _reset(controlled: Controlled, request: Request) -> Any:
    given(request, "nothing")
    controlled.reset()
    _forget(controlled)
    return {"reset": True}


def _seed(controlled: Controlled, request: Request) -> Any:
    sent = given(request, "account", "seed", "profiles")
    now = controlled.inspect()
    account, seed = sent.get("account", now.get("account")), sent.get("seed", now.get("seed"))
    profiles = sent.get("profiles", now.get("profiles"))
    if not isinstance(account, str):
        raise ValueError("account must be a text.")
    seed, profiles = _whole("seed", seed, 0), _whole("profiles", profiles, 1)
    controlled.seed(account, seed, profiles)
    _forget(controlled)
    return {"account": account, "seed": seed, "profiles": profiles}


def _forget(controlled: Controlled) -> None:
    controlled.log.clear()
    controlled.faults.use(controlled.faults.parse({}))


def _act(controlled: Controlled, request: Request) -> Any:
    sent = given(request, "method", "path", "body", "user")
    method, path = sent.get("method"), sent.get("path")
    if not (isinstance(method, str) and isinstance(path, str) and path.startswith("/")):
        raise ValueError("An act needs a method and a path that begins with /.")
    body = orjson.dumps(sent["body"]) if "body" in sent else b""
    headers = {"content-type": "application/json"}
    return controlled.act(Request(method.upper(), path, {}, headers, body), sent.get("user"))


# Behaviour


def _show_clock(controlled: Controlled, request: Request) -> Any:
    return {"now": controlled.now(), "frozen": controlled.is_frozen()}


def _clock(controlled: Controlled, request: Request) -> Any:
    sent = given(request, "advance", "set", "freeze")
    if not sent:
        raise ValueError("Say advance (seconds), set (Unix seconds or a date) or freeze (true or false).")
    if "freeze" in sent:
        if not isinstance(sent["freeze"], bool):
            raise ValueError("freeze must be true or false.")
        controlled.freeze_clock(sent["freeze"])
    seconds = _moment(sent["set"]) - controlled.now() if "set" in sent else 0.0
    seconds += _number("advance", sent.get("advance", 0))
    if abs(seconds) > _LONGEST_MOVE:
        raise ValueError("The clock moves by a hundred years at most.")
    controlled.move_clock(seconds)
    return _show_clock(controlled, request)


def _moment(value: Any) -> float:
    if not isinstance(value, str):
        return _number("set", value)
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        raise ValueError(
            f"set must be Unix seconds or a date such as 2026-11-23T12:00:00Z, not {value!r}."
        ) from None


def _show_faults(controlled: Controlled, request: Request) -> Any:
    faults = controlled.faults
    shown = {"plan": plan_as_json(faults.plan), "made": dict(faults.made)}
    return shown | {"known_faults": list(faults.kinds), "known_actors": list(faults.actors)}


def _faults(controlled: Controlled, request: Request) -> Any:
    controlled.faults.use(controlled.faults.parse(given(request)))
    return {"plan": plan_as_json(controlled.faults.plan)}


def _limits(controlled: Controlled, request: Request) -> Any:
    if request.method == "POST":
        controlled.set_limits(given(request))
    return controlled.limits()


def _settings(controlled: Controlled, request: Request) -> Any:
    if request.method == "POST":
        controlled.change_settings(given(request))
    return controlled.settings()


def _tokens(controlled: Controlled, request: Request) -> Any:
    if request.method == "POST":
        _change_tokens(controlled, given(request, "revoke", "expire", "restore"))
    return {"tokens": controlled.tokens()}


def _change_tokens(controlled: Controlled, sent: dict[str, Any]) -> None:
    if len(sent) != 1:
        raise ValueError("Say one of revoke and expire (a token, or null for all), or restore (true).")
    for name, act in (("revoke", controlled.revoke_token), ("expire", controlled.expire_token)):
        if name in sent:
            if not isinstance(sent[name], str | None):
                raise ValueError(f"{name} must be a token, or null for all.")
            act(sent[name])
    if "restore" in sent:
        controlled.faults.bars.clear()
        controlled.restore_tokens()


_HANDLERS: dict[tuple[str, str], Callable[[Controlled, Request], Any]] = {
    ("GET", "inspect"): _inspect,
    ("GET", "meter"): _meter,
    ("GET", "log"): _log,
    ("GET", "snapshot"): _snapshot,
    ("POST", "snapshot"): _keep_snapshot,
    ("GET", "diff"): _diff,
    ("POST", "reset"): _reset,
    ("POST", "seed"): _seed,
    ("POST", "act"): _act,
    ("GET", "clock"): _show_clock,
    ("POST", "clock"): _clock,
    ("GET", "faults"): _show_faults,
    ("POST", "faults"): _faults,
    ("GET", "limits"): _limits,
    ("POST", "limits"): _limits,
    ("GET", "settings"): _settings,
    ("POST", "settings"): _settings,
    ("GET", "tokens"): _tokens,
    ("POST", "tokens"): _tokens,
}
