"""The shared rate and token budget: state in one locked row per scope, arithmetic in `migrator.engine.pacing`.

Slots are granted in bulk by the thread that owns the database connection and used up by the sending threads.
"""

import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from migrator.engine import pacing
from migrator.engine.errors import TransientError
from migrator.engine.spending import Spending
from migrator.models import Budget

LONGEST_WAIT_S = 20.0
CLEAN_TIME = timedelta(minutes=1)
# After so many 429s and nothing else the day is taken for spent, and asked about again this often.
EXHAUSTED_AFTER, PROBE_S = 3, 900.0
_EXHAUSTED = "Pipedrive refuses every request: its daily token budget seems to be spent, perhaps by others."


def ensure(
    scope: str, *, limit: float, window_s: float, token_limit: int = 0, token_window_s: int = 86400
) -> Budget:
    """The row of a scope, with its limits brought up to date; what was spent stays."""
    row, _ = Budget.objects.update_or_create(
        scope=scope,
        defaults={
            "requests_per_window": limit,
            "window_s": window_s,
            "token_limit": token_limit,
            "token_window_s": token_window_s,
        },
    )
    return row


def take(
    scope: str, *, requests: int, tokens: int, longest_wait_s: float = LONGEST_WAIT_S, reserve: int = 0
) -> pacing.Slots:
    """Reserve departures and tokens, or raise TransientError with `retry_after` and take nothing. `reserve` tokens
    of the window stay untouched, for the way back.

    The database's clock is the only one used, so workers on machines whose clocks differ share one pace.
    """
    with transaction.atomic():
        row = Budget.objects.select_for_update().get(scope=scope)
        now = _database_time()
        _check_pause(row, now)
        _spend(row, tokens, now, reserve)
        _speed_up(row, now)
        pace, slots = pacing.take(_pace(row), now=now.timestamp(), count=requests)
        if slots.wait_s > longest_wait_s:
            raise TransientError("The shared request pace is used up for now.", retry_after=slots.wait_s)
        row.tat = pace.tat
        row.spent_ever, row.requests_ever = row.spent_ever + tokens, row.requests_ever + requests
        row.save()
    return slots


def note_throttled(scope: str, *, retry_after: float = 0.0, reason: str = "", alone: bool = False) -> None:
    """A 429: slow down; with a long `retry_after` nobody sends before it has passed. `alone` says that nothing else
    was answered meanwhile: after three of those, with empty windows between, it is the day that is spent."""
    with transaction.atomic():
        row = Budget.objects.select_for_update().get(scope=scope)
        now = _database_time()
        pace = pacing.after_throttle(_pace(row), now=now.timestamp())
        row.utilisation, row.tat = pace.utilisation, pace.tat
        row.paced_at = now
        row.throttled_ever += 1
        row.throttled_in_a_row = row.throttled_in_a_row + 1 if alone else row.throttled_in_a_row
        if row.throttled_in_a_row >= EXHAUSTED_AFTER and retry_after <= LONGEST_WAIT_S:
            retry_after, reason = PROBE_S, _EXHAUSTED
        if retry_after > LONGEST_WAIT_S:
            row.paused_until, row.pause_reason = now + timedelta(seconds=retry_after), reason[:200]
        row.save()


def note_limit(scope: str, server_limit: int | None) -> None:
    """Adopt a lower limit that the server states; a higher one is ignored."""
    with transaction.atomic():
        # Locked: of two limits noted at once the lower one must stay.
        row = Budget.objects.select_for_update().get(scope=scope)
        tightened = pacing.tightened(_pace(row), server_limit=server_limit).limit
        if tightened != _pace(row).limit:
            row.server_limit = tightened
            row.save(update_fields=["server_limit"])


class SharedPacer:
    """Implements the engine's Pacer over one scope. `grant` and `flush` belong to the thread with the database;
    `acquire` may run in any thread as long as slots were granted for it."""

    def __init__(self, scope: str, reserve: int = 0) -> None:
        self.scope = scope
        # Tokens of the window that stay for the way back; a rollback sets it to 0.
        self.reserve = reserve
        self._slots: deque[float] = deque()
        self._lock = threading.Lock()
        self._owner = threading.get_ident()
        self._throttled = self._answered = False
        self._limit: int | None = None

    def grant(self, *, requests: int, tokens: int) -> None:
        """Reserve slots ahead of a batch; raises TransientError where the wait would be too long."""
        self.flush()
        slots = take(self.scope, requests=requests, tokens=tokens, reserve=self.reserve)
        start = time.monotonic() + slots.wait_s
        with self._lock:
            self._slots.extend(start + number * slots.interval_s for number in range(slots.count))

    def acquire(self, *, requests: int, tokens: int) -> None:
        with self._lock:
            due = self._slots.popleft() if self._slots else None
        if due is None:
            due = time.monotonic() + self._take_one(requests, tokens)
        time.sleep(max(0.0, due - time.monotonic()))

    def _take_one(self, requests: int, tokens: int) -> float:
        try:
            return take(self.scope, requests=requests, tokens=tokens, reserve=self.reserve).wait_s
        finally:
            # A sending thread that had no slot opened a connection of its own; nobody else would close it.
            if threading.get_ident() != self._owner:
                connection.close()

    def observe(self, *, limit: int | None, remaining: int | None, throttled: bool) -> None:
        with self._lock:
            self._throttled = self._throttled or throttled
            self._answered = self._answered or not throttled
            self._limit = limit if limit is not None else self._limit

    def flush(self) -> None:
        """Bring what the sending threads saw into the shared row, and forget slots that were not used."""
        with self._lock:
            throttled, answered, limit = self._throttled, self._answered, self._limit
            self._throttled, self._answered, self._limit = False, False, None
            self._slots.clear()
        if throttled:
            note_throttled(self.scope, alone=not answered)
        if answered:
            _note_answered(self.scope)
        if limit is not None:
            note_limit(self.scope, limit)


def _pace(row: Budget) -> pacing.Pace:
    limits = [limit for limit in (row.requests_per_window, row.server_limit) if limit > 0]
    return pacing.Pace(min(limits, default=0.0), row.window_s, row.utilisation, row.tat)


def _speed_up(row: Budget, now: datetime) -> None:
    """One step faster for a minute without a 429, however slow the last one left us."""
    if row.paced_at is None:
        row.paced_at = now
    elif now - row.paced_at >= CLEAN_TIME:
        row.utilisation, row.paced_at = pacing.after_clean_minute(_pace(row)).utilisation, now


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def _note_answered(scope: str) -> None:
    Budget.objects.filter(scope=scope, throttled_in_a_row__gt=0).update(throttled_in_a_row=0)


def _check_pause(row: Budget, now: datetime) -> None:
    if row.paused_until is None:
        return
    if row.paused_until > now:
        wait = (row.paused_until - now).total_seconds()
        raise TransientError(row.pause_reason or "The service asked for a pause.", retry_after=wait)
    row.paused_until = None


def _spend(row: Budget, tokens: int, now: datetime, reserve: int) -> None:
    held = Spending.read(row.token_window_s, row.parts)
    limit = max(1, row.token_limit - reserve) if row.token_limit else 0
    if wait := held.wait_for(tokens, limit=limit, now=now.timestamp()):
        spent = held.at(now.timestamp()).total
        kept = f", {reserve:,} more are kept for the way back" if reserve else ""
        raise TransientError(
            f"The token budget of this window is used up ({spent:,} of {limit:,}{kept}).", retry_after=wait
        )
    held = held.plus(tokens, now.timestamp())
    row.parts, row.spent = [list(part) for part in held.parts], held.total
    begun = held.parts[0][0] * held.part_s if held.parts else now.timestamp()
    row.window_started_at = datetime.fromtimestamp(begun, UTC)
