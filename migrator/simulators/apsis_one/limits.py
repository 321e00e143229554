"""The account's limits as rolling windows (reference 2.1), and a meter of what was asked and refused.

The meter runs even when limits are off. Windows live in memory: a restarted server starts with empty ones.
"""

from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class Scope(StrEnum):
    ACCOUNT = "account"
    PROFILE = "same profile key"
    TOKEN = "token"  # noqa: S105 (the name of a limit)
    IMPORT = "import"
    PROFILE_EXPORT = "profile export"
    EVENT_EXPORT = "event export"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class Rate:
    requests: int
    seconds: float


RATES = {
    Scope.ACCOUNT: Rate(100, 1.0),
    Scope.PROFILE: Rate(10, 1.0),
    Scope.TOKEN: Rate(10, 60.0),
    Scope.IMPORT: Rate(10, 60.0),
    Scope.PROFILE_EXPORT: Rate(1, 1.0),
    Scope.EVENT_EXPORT: Rate(1, 60.0),
    Scope.DOWNLOAD: Rate(60, 60.0),
}
_KEYS_BEFORE_SWEEP = 5_000


class Limiter:
    """Judges requests scope by scope; a refused request does not count against its windows."""

    def __init__(self, *, off: bool, time_scale: float) -> None:
        self.off = off
        self.time_scale = time_scale
        self.requests: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._windows: dict[tuple[Scope, str], deque[float]] = {}
        self._lock = Lock()

    def judge(self, scopes: list[tuple[Scope, str]], now: float) -> tuple[Scope, float] | None:
        """The scope that refuses and the seconds until it would pass, or None."""
        with self._lock:
            self.requests.update(scope.value for scope, _ in scopes)
            if self.off:
                return None
            for scope, key in scopes:
                wait = self._wait(scope, key, now)
                if wait is not None:
                    self.refused[scope.value] += 1
                    return scope, wait
            for scope, key in scopes:
                self._window(scope, key).append(now)
            self._sweep(now)
            return None

    def clear(self) -> None:
        """Forget windows and counts."""
        with self._lock:
            self._windows.clear()
            self.requests.clear()
            self.refused.clear()

    def report(self) -> dict[str, dict[str, float]]:
        """Limits in force and counts by scope."""
        return {
            scope.value: {
                "limit": rate.requests,
                "per_seconds": rate.seconds * self.time_scale,
                "requests": self.requests[scope.value],
                "responses_429": self.refused[scope.value],
            }
            for scope, rate in RATES.items()
        }

    def _wait(self, scope: Scope, key: str, now: float) -> float | None:
        rate, window = RATES[scope], self._window(scope, key)
        length = rate.seconds * self.time_scale
        while window and window[0] <= now - length:
            window.popleft()
        return None if len(window) < rate.requests else window[0] + length - now

    def _window(self, scope: Scope, key: str) -> deque[float]:
        return self._windows.setdefault((scope, key), deque())

    def _sweep(self, now: float) -> None:
        """Profile keys come by the hundred thousand; forget those that are quiet."""
        if len(self._windows) < _KEYS_BEFORE_SWEEP:
            return
        oldest = now - RATES[Scope.PROFILE].seconds * self.time_scale
        quiet = [k for k, w in self._windows.items() if k[0] is Scope.PROFILE and (not w or w[-1] < oldest)]
        for key in quiet:
            del self._windows[key]
