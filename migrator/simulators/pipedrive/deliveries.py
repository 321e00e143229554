"""Messages to webhooks on their way: a bounded queue, a thread that ends when nothing waits, retries, a ban.

Retries, time-out and ban are those of the developers' guide for webhooks v2. It knows addresses and bytes, no record.
"""

import base64
import heapq
import http.client
import ipaddress
import json
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import Condition, Thread
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10.0
BAN_AFTER, BAN_SECONDS = 10, 1_800.0
_REMEMBERED = 1_000

Render = Callable[[int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one webhook; `render` makes the body of an attempt (1 is the first)."""

    webhook: int
    url: str
    login: tuple[str, str] | None
    render: Render


@dataclass(slots=True)
class _Standing:
    # How a webhook has been doing.
    last_time: float | None = None
    last_status: int | None = None
    failed_first_tries: int = 0
    banned_until: float = 0.0


@dataclass(order=True, slots=True)
class _Waiting:
    due: float
    place: int
    message: Message = field(compare=False)
    attempt: int = field(compare=False)


class Deliveries:
    """The queue of one account. Only loopback addresses are sent to unless `anywhere`."""

    def __init__(
        self, *, retries: tuple[float, ...], most: int, anywhere: bool, wall: Callable[[], float] = time.time
    ) -> None:
        self.made: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self._retries, self._most, self._anywhere, self._wall = retries, most, anywhere, wall
        self._waiting: list[_Waiting] = []
        self._standings: dict[int, _Standing] = {}
        self._changed = Condition()
        self._places = count()
        self._busy = False
        self._thread: Thread | None = None

    def put(self, message: Message) -> None:
        """Queue a message. What finds no place, or may not leave the machine, is listed as not sent."""
        with self._changed:
            if not self._anywhere and not is_loopback(message.url):
                self._list(message, 1, None, "withheld: not an address of this machine")
            elif len(self._waiting) >= self._most:
                self._list(message, 1, None, "dropped: the queue is full")
            elif self._standing(message).banned_until > self._wall():
                self._list(message, 1, None, "lost: the webhook is banned")
            else:
                self._enqueue(message, 1, 0.0)

    def standing(self, webhook: int) -> tuple[float | None, int | None]:
        """When a webhook was last sent to (Unix time), and the status that came back."""
        known = self._standings.get(webhook, _Standing())
        return known.last_time, known.last_status

    def listed(self) -> list[dict[str, Any]]:
        """The last attempts, newest first."""
        with self._changed:
            return list(reversed(self.made))

    def forget(self) -> None:
        """Drop what waits and what is remembered."""
        with self._changed:
            self._waiting.clear()
            self._standings.clear()
            self.made.clear()
            self._changed.notify_all()

    def settled(self, seconds: float) -> bool:
        """Wait until nothing is queued or on its way, at most so many seconds; whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def _enqueue(self, message: Message, attempt: int, seconds: float) -> None:
        due = time.monotonic() + seconds
        heapq.heappush(self._waiting, _Waiting(due, next(self._places), message, attempt))
        self._changed.notify_all()
        if self._thread is None:
            self._thread = Thread(target=self._work, name="webhooks", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (next_one := self._taken()) is not None:
            status, words = post(next_one.message, next_one.attempt)
            with self._changed:
                self._busy = False
                self._settle(next_one, status, words)
                self._changed.notify_all()

    def _taken(self) -> _Waiting | None:
        # Under one lock with _enqueue, so that a thread never ends while somebody relies on it.
        with self._changed:
            while self._waiting:
                seconds = self._waiting[0].due - time.monotonic()
                if seconds <= 0:
                    self._busy = True
                    return heapq.heappop(self._waiting)
                self._changed.wait(seconds)
            self._thread = None
            return None

    def _settle(self, sent: _Waiting, status: int | None, words: str) -> None:
        standing = self._standing(sent.message)
        standing.last_time, standing.last_status = self._wall(), status
        self._list(sent.message, sent.attempt, status, words)
        if status is not None and 200 <= status < 300:
            return
        if sent.attempt == 1:
            standing.failed_first_tries += 1
            if standing.failed_first_tries >= BAN_AFTER:
                standing.failed_first_tries, standing.banned_until = 0, self._wall() + BAN_SECONDS
        if sent.attempt <= len(self._retries):
            self._enqueue(sent.message, sent.attempt + 1, self._retries[sent.attempt - 1])

    def _standing(self, message: Message) -> _Standing:
        return self._standings.setdefault(message.webhook, _Standing())

    def _list(self, message: Message, attempt: int, status: int | None, words: str) -> None:
        entry = {"webhook_id": message.webhook, "url": message.url, "attempt": attempt, "at": self._wall()}
        self.made.append(entry | {"status": status, "outcome": words, "body": message.render(attempt)})


def is_loopback(url: str) -> bool:
    """Whether an address is one of this machine's own."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post(message: Message, attempt: int) -> tuple[int | None, str]:
    """One attempt: the status and what to say about it; redirects are not followed."""
    parts = urlsplit(message.url)
    body = json.dumps(message.render(attempt), ensure_ascii=False).encode()
    headers = {"content-type": "application/json", "user-agent": "Pipedrive Webhooks"}
    if message.login is not None:
        words = base64.b64encode(":".join(message.login).encode()).decode()
        headers["authorization"] = f"Basic {words}"
    try:
        connection = _connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            connection.request("POST", target, body, headers)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as problem:
        return None, f"failed: {type(problem).__name__}"
    return status, "delivered" if 200 <= status < 300 else "refused"


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
