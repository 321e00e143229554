"""Requests, answers and failures as values. It sends nothing and knows no vendor."""

import email.utils
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import TransientError

QueryValue = str | int | Sequence[str]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `name` stands for the path in logs, because a path may hold a person's key; `cost` is in
    tokens; `repeat` says whether a read may be sent again, which a poll that means something else by 404 or
    503 switches off. A write is never sent again, whatever `repeat` says."""

    method: str
    path: str
    query: Mapping[str, QueryValue] = field(default_factory=dict)
    # Bytes go out as they are, for whoever has to show later what was sent.
    body: JsonValue | bytes = None
    headers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    cost: int = 0
    repeat: bool = True

    @property
    def target(self) -> str:
        """Path and query as they go on the request line."""
        if not self.query:
            return self.path
        joint = "&" if "?" in self.path else "?"
        return f"{self.path}{joint}{urlencode(self.query, doseq=True)}"

    @property
    def label(self) -> str:
        return f"{self.method} {self.name or '(unnamed)'}"

    @property
    def repeatable(self) -> bool:
        return self.repeat and self.method == "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower case. `complete` is false where the body was cut short, grew
    past the cap or ran out of time: its status may be trusted, its content may not."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    json: JsonValue = None
    complete: bool = True

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300 and self.complete

    @property
    def is_json(self) -> bool:
        return self.json is not None

    @property
    def retry_after(self) -> float | None:
        """Seconds from the retry-after header, whether it holds a number or a date; None without one."""
        raw = self.headers.get("retry-after", "").strip()
        if raw.replace(".", "", 1).isdigit():
            return float(raw)
        return self._seconds_until(raw) if raw else None

    def number(self, header: str) -> int | None:
        """A header that should hold a whole number, None where it is missing or holds something else."""
        raw = self.headers.get(header, "").strip()
        return int(raw) if raw.isascii() and raw.isdigit() else None

    def _seconds_until(self, raw: str) -> float | None:
        moment = email.utils.parsedate_tz(raw)
        sent = email.utils.parsedate_tz(self.headers.get("date", ""))
        if moment is None:
            return None
        start = email.utils.mktime_tz(sent) if sent else datetime.now(UTC).timestamp()
        return max(0.0, email.utils.mktime_tz(moment) - start)


Exchange = Callable[[Request, Mapping[str, str]], Answer]


class WireError(TransientError):
    """No usable answer. `cause` names what happened, never with an address or a value in it."""

    def __init__(self, sentence: str, *, cause: str = "") -> None:
        super().__init__(sentence, cause=cause)
        self.cause = cause


class NotSent(WireError):
    """The connection never stood, so the service has seen nothing. A write may safely be sent later."""


class Unknown(WireError):
    """Bytes may have left and no answer came. Whether a write happened, only a read-back can tell."""
