"""Plans and what they allow: daily tokens, burst windows, field and deal caps, visibility values.

It knows no HTTP: the limiter returns a verdict.
"""

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import StrEnum

BURST_WINDOW = 2.0
SEARCH_BURST = 10
TOKENS_PER_SEAT = 30_000
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Plan:
    """One price plan. `None` for a cap means no limit.

    `tokens_per_minute` belongs to the second budget profile alone, which a third party told of and the service's
    documents do not know (reference 2.1); plans it did not name have the highest of its three figures.
    """

    name: str
    multiplier: int
    token_burst: int
    oauth_burst: int
    custom_fields: int | None
    deals_per_seat: int | None
    wide_visibility: bool
    tokens_per_minute: int

    @property
    def visibility(self) -> frozenset[int]:
        """The values `visible_to` may have."""
        return frozenset((1, 3, 5, 7)) if self.wide_visibility else frozenset((1, 3))

    @property
    def default_visibility(self) -> int:
        """What a record gets when `visible_to` is left out: the whole company."""
        return 7 if self.wide_visibility else 3


PLANS = {
    plan.name: plan
    for plan in (
        Plan("lite", 1, 20, 80, 30, 2_500, False, 5_000),
        Plan("growth", 2, 40, 160, 100, 5_000, False, 10_000),
        Plan("premium", 5, 100, 400, 300, 15_000, True, 25_000),
        Plan("ultimate", 7, 120, 480, 500, 20_000, True, 25_000),
        Plan("essential", 1, 20, 80, 30, 2_000, False, 5_000),
        Plan("advanced", 2, 40, 160, 100, 4_000, False, 10_000),
        Plan("professional", 3, 80, 320, 300, 10_000, True, 25_000),
        Plan("power", 5, 100, 400, 500, 15_000, True, 25_000),
        Plan("enterprise", 7, 120, 480, None, None, True, 25_000),
    )
}


class Verdict(StrEnum):
    """What the limiter says about one request."""

    FREE = "free"
    BURST = "burst"
    MINUTE = "minute"
    DAILY = "daily"
    BLOCKED = "blocked"


@dataclass(slots=True)
class Limits:
    """The limits in force; may change while the simulator runs. None for a limit that does not apply."""

    daily_budget: int | None
    token_burst: int
    oauth_burst: int
    search_burst: int = SEARCH_BURST
    tokens_per_minute: int | None = None
    reset_hour_utc: int = 0
    block_after_429s: int = 30
    block_window_seconds: float = 60.0
    block_seconds: float = 300.0
    off: bool = False

    def day_of(self, now: float) -> int:
        """The number of the budget day that `now` falls into."""
        return int((now - self.reset_hour_utc * 3600) // DAY)

    def seconds_to_reset(self, now: float) -> int:
        """Whole seconds until the daily budget starts afresh, at least one."""
        return max(1, math.ceil((self.day_of(now) + 1) * DAY + self.reset_hour_utc * 3600 - now))


@dataclass(slots=True)
class Window:
    """The moments of recent requests of one token, for a rolling window."""

    moments: deque[float] = field(default_factory=deque)

    def count(self, now: float, seconds: float) -> int:
        """How many moments lie within the last `seconds`; forgets older ones."""
        moments = self.moments
        while moments and moments[0] <= now - seconds:
            moments.popleft()
        return len(moments)

    def resets_in(self, now: float, seconds: float) -> float:
        """Seconds until the oldest moment leaves the window."""
        return max(0.0, self.moments[0] + seconds - now) if self.moments else 0.0


@dataclass(slots=True)
class Decision:
    """The verdict on one request and the figures for its headers."""

    verdict: Verdict
    burst_limit: int
    burst_left: int
    burst_reset: float
    retry_after: int | None = None


class Limiter:
    """Rolling windows per token and the block after ignored 429s; they end with the process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._windows: dict[tuple[str, bool], Window] = defaultdict(Window)
        self._refused: dict[str, Window] = defaultdict(Window)
        self._blocked_until: dict[str, float] = {}
        self._minute: tuple[int, int] = (0, 0)

    def judge(
        self, token: str, *, oauth: bool, search: bool, cost: int, spent_today: int, now: float
    ) -> Decision:
        """Decide on one request and count it in its windows when it passes."""
        limits = self.limits
        ceiling = limits.oauth_burst if oauth else limits.token_burst
        window = self._windows[token, search]
        ceiling = limits.search_burst if search else ceiling
        used = window.count(now, BURST_WINDOW)
        verdict, retry_after = self._verdict(token, used >= ceiling, cost, spent_today, now)
        if verdict is Verdict.FREE:
            window.moments.append(now)
            used += 1
            self._spend_minute(cost, now)
        elif verdict is not Verdict.BLOCKED and not oauth:
            # The documents speak of API-token traffic alone.
            self._refuse(token, now)
        reset = window.resets_in(now, BURST_WINDOW)
        return Decision(verdict, ceiling, max(0, ceiling - used), reset, retry_after)

    def clear(self) -> None:
        """Forget all windows and blocks."""
        self._windows.clear()
        self._refused.clear()
        self._blocked_until.clear()

    def _verdict(
        self, token: str, burst_full: bool, cost: int, spent_today: int, now: float
    ) -> tuple[Verdict, int | None]:
        limits = self.limits
        if limits.off:
            return Verdict.FREE, None
        if now < self._blocked_until.get(token, 0.0):
            return Verdict.BLOCKED, None
        if limits.daily_budget is not None and spent_today + cost > limits.daily_budget:
            return Verdict.DAILY, limits.seconds_to_reset(now)
        if burst_full:
            return Verdict.BURST, None
        if limits.tokens_per_minute is not None and self._minute_spent(now) + cost > limits.tokens_per_minute:
            return Verdict.MINUTE, max(1, math.ceil(60 - now % 60))
        return Verdict.FREE, None

    def _refuse(self, token: str, now: float) -> None:
        refused = self._refused[token]
        refused.moments.append(now)
        if refused.count(now, self.limits.block_window_seconds) > self.limits.block_after_429s:
            self._blocked_until[token] = now + self.limits.block_seconds
            refused.moments.clear()

    def _minute_spent(self, now: float) -> int:
        minute, spent = self._minute
        return spent if minute == int(now // 60) else 0

    def _spend_minute(self, cost: int, now: float) -> None:
        self._minute = (int(now // 60), self._minute_spent(now) + cost)
