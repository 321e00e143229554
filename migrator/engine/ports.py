"""What the engine asks of the world. Each port has two implementations: the real one and the simulated one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from migrator.engine.canonical import JsonValue
from migrator.engine.operations import ClaimedOperation
from migrator.engine.outcomes import Outcome
from migrator.engine.records import Kind

Json = dict[str, JsonValue]


class Clock(Protocol):
    """The only time that the engine knows: `now` is aware UTC, `monotonic` is seconds."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class Pacer(Protocol):
    """Hands out slots of a shared rate and token budget. `acquire` blocks until the request may leave, or
    raises TransientError (with retry_after) where waiting here would be too long."""

    def acquire(self, *, requests: int, tokens: int) -> None: ...
    def observe(self, *, limit: int | None, remaining: int | None, throttled: bool) -> None: ...


class WriteTarget(Protocol):
    """The destination as the load phase sees it."""

    def send_all(
        self, operations: Sequence[ClaimedOperation], *, send_by: float
    ) -> Iterator[tuple[ClaimedOperation, Outcome]]:
        """Send each write once and yield what its answer proves; never repeats a write. What has not left at
        `send_by`, in seconds of the monotonic clock, is not sent: the claim may be somebody else's by then."""
        ...

    def find_written(self, operations: Sequence[ClaimedOperation], since: datetime) -> dict[int, str]:
        """Read-back by list: operation id -> target id for those whose marker is found in the target."""
        ...


class Target(WriteTarget, Protocol):
    """The destination as the sweep sees it too."""

    def iter_pages(self, kind: Kind, *, since: datetime | None = None) -> Iterator[list[Json]]:
        """Every live record of a kind, page by page, as the target lists it."""
        ...

    def marker_of(self, kind: Kind, record: Json) -> str:
        """Our marker inside a listed record, or "" where there is none."""
        ...

    def differences(self, operation: ClaimedOperation, record: Json) -> tuple[str, ...]:
        """Names of the fields in which a listed record differs from what the operation wrote."""
        ...

    def content_sha(self, kind: Kind, record: Json) -> str:
        """Checksum of a listed record without what the target changes by itself (update times and counts)."""
        ...


class Store(Protocol):
    """The ledger as the load phase sees it: every method is one committed transaction."""

    def claim(self, kind: Kind, limit: int) -> list[ClaimedOperation]: ...
    def finish(self, results: Iterable[tuple[ClaimedOperation, Outcome]]) -> int: ...
    def expire_leases(self) -> int: ...
    def take_quiet(self, kind: Kind, limit: int) -> list[ClaimedOperation]: ...
    def settle(self, operation: ClaimedOperation, target_id: str | None) -> None: ...
    def oldest_sent(self, operations: Sequence[ClaimedOperation]) -> datetime: ...
    def unfinished(self, kind: Kind) -> int: ...
