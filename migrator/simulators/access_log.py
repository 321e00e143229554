"""What was asked of a simulator and how it answered: the last requests, and how often each status was given."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from migrator.simulators.http_wsgi import Request

SIZE = 5_000
_BODY_SHOWN = 4_096
_SECRET_PARAMETERS = ("api_token", "client_secret", "code", "refresh_token")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to show: parts of path and operation, exact method and status, nothing before `since`."""

    path: str = ""
    operation: str = ""
    method: str = ""
    status: int | None = None
    since: float = float("-inf")


@dataclass(frozen=True, slots=True)
class _Entry:
    at: float
    request: Request
    status: int
    operation: str
    more: Mapping[str, Any]

    def answers(self, wanted: Wanted) -> bool:
        return (
            wanted.path in self.request.path
            and wanted.operation in self.operation
            and wanted.method in ("", self.request.method)
            and wanted.status in (None, self.status)
            and self.at >= wanted.since
        )

    def show(self) -> dict[str, Any]:
        request = self.request
        # The token endpoint's body holds a client secret.
        body = b"" if "oauth" in request.path else request.body[:_BODY_SHOWN]
        query = {name: values for name, values in request.query.items() if name not in _SECRET_PARAMETERS}
        shown = {"at": self.at, "method": request.method, "path": request.path, "status": self.status}
        shown |= {"query": urlencode(query, doseq=True), "operation": self.operation}
        return shown | dict(self.more) | {"body": body.decode("utf-8", "replace")}


class AccessLog:
    """The last requests of one process. Adding costs next to nothing: an entry is worded when it is read."""

    def __init__(self, size: int = SIZE) -> None:
        self._entries: deque[_Entry] = deque(maxlen=size)
        self.statuses: Counter[int] = Counter()

    def add(
        self, request: Request, status: int, at: float, operation: str, more: Mapping[str, Any] | None = None
    ) -> None:
        """Remember one request and its answer; `at` is the simulator's time."""
        self.statuses[status] += 1
        self._entries.append(_Entry(at, request, status, operation, more or {}))

    def newest(self, wanted: Wanted, limit: int) -> Iterator[dict[str, Any]]:
        """Entries, newest first."""
        found = (entry for entry in [*self._entries][::-1] if entry.answers(wanted))
        return (entry.show() for entry in islice(found, limit))

    def clear(self) -> None:
        """Forget them."""
        self._entries.clear()
        self.statuses.clear()
