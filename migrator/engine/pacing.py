"""Retry, back-off and rate arithmetic as pure functions of time. State lives in one locked row (migrator.budget).

GCRA without bursts: requests leave at an even pace, which is what keeps a rolling window free of 429s
(reliability.md C3: safe while utilisation <= window / (window + jitter)).
"""

from dataclasses import dataclass, replace

UTILISATION_START = 0.90
UTILISATION_TOP = 0.95
UTILISATION_STEP = 0.005
UTILISATION_FLOOR = 0.10
THROTTLED_FACTOR = 0.7


@dataclass(frozen=True, slots=True)
class Pace:
    """A rolling limit of `limit` requests per `window_s` seconds, used up to `utilisation`; 0 means no limit.
    `tat` is the theoretical arrival time of the next request, in seconds of one clock."""

    limit: float
    window_s: float
    utilisation: float = UTILISATION_START
    tat: float = 0.0

    @property
    def interval_s(self) -> float:
        return self.window_s / (self.limit * self.utilisation) if self.limit > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Slots:
    """`count` departures, the first after `wait_s`, one each `interval_s`."""

    wait_s: float
    interval_s: float
    count: int


def take(pace: Pace, *, now: float, count: int) -> tuple[Pace, Slots]:
    """Reserve the next `count` departures."""
    first = max(pace.tat, now)
    after = replace(pace, tat=first + count * pace.interval_s)
    return after, Slots(wait_s=first - now, interval_s=pace.interval_s, count=count)


def after_throttle(pace: Pace, *, now: float) -> Pace:
    """A 429: one empty window, then slower (multiplicative decrease)."""
    slower = max(UTILISATION_FLOOR, pace.utilisation * THROTTLED_FACTOR)
    return replace(pace, utilisation=slower, tat=max(pace.tat, now + pace.window_s))


def after_clean_minute(pace: Pace) -> Pace:
    """A minute without a 429: a little faster (additive increase), never past the top."""
    return replace(pace, utilisation=min(UTILISATION_TOP, pace.utilisation + UTILISATION_STEP))


def tightened(pace: Pace, *, server_limit: int | None) -> Pace:
    """The server's own figure may only make us slower."""
    if not server_limit or (pace.limit and server_limit >= pace.limit):
        return pace
    return replace(pace, limit=float(server_limit))


def backoff_s(attempt: int, *, jitter: float, base_s: float = 0.5, top_s: float = 60.0) -> float:
    """Exponential back-off with full jitter: `attempt` counts from 0, `jitter` is drawn from [0, 1)."""
    return min(top_s, base_s * 2.0 ** min(attempt, 20)) * (0.5 + jitter / 2)


def tokens_left(*, limit: int, spent: int) -> int:
    """What may still be spent in this window; a limit of 0 means that nobody limits."""
    return max(0, limit - spent) if limit else 2**62
