"""Pacing on a virtual clock: no window ever holds more requests than the limit, whatever is asked for."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine import pacing
from migrator.engine.pacing import Pace, Slots

# (seconds that pass, requests asked for); a negative count is a 429, a zero a clean minute.
ASKED = st.lists(st.tuples(st.floats(0, 4), st.integers(-1, 40)), max_size=25)


def departures_of(pace: Pace, asked: list[tuple[float, int]]) -> list[float]:
    """When each request leaves, as seconds of a clock that only this test moves."""
    now, departures = 0.0, []
    for passed, count in asked:
        now += passed
        if count < 0:
            pace = pacing.after_throttle(pace, now=now)
        elif count == 0:
            pace = pacing.after_clean_minute(pace)
        else:
            pace, slots = pacing.take(pace, now=now, count=count)
            departures += [now + slots.wait_s + n * slots.interval_s for n in range(slots.count)]
    return departures


@given(st.integers(1, 100), st.sampled_from([1.0, 2.0, 60.0]), st.floats(0.1, 0.95), ASKED)
def test_no_window_ever_holds_more_than_the_limit(
    limit: int, window_s: float, utilisation: float, asked: list[tuple[float, int]]
) -> None:
    departures = departures_of(Pace(limit, window_s, utilisation), asked)
    for number, start in enumerate(departures):
        assert sum(1 for other in departures[number:] if other < start + window_s) <= limit


@given(ASKED)
def test_requests_leave_in_the_order_in_which_they_were_asked_for(asked: list[tuple[float, int]]) -> None:
    departures = departures_of(Pace(20, 2.0), asked)
    assert departures == sorted(departures)


@given(ASKED)
def test_without_a_limit_nobody_waits(asked: list[tuple[float, int]]) -> None:
    pace, slots = pacing.take(Pace(0, 2.0), now=5.0, count=1_000)
    assert (slots, pace.tat) == (Slots(wait_s=0.0, interval_s=0.0, count=1_000), 5.0)


def test_an_idle_time_is_not_saved_up() -> None:
    pace, _ = pacing.take(Pace(10, 1.0, 0.5), now=0.0, count=1)
    _, slots = pacing.take(pace, now=100.0, count=10)
    assert (slots.wait_s, slots.interval_s) == (0.0, 0.2)


def test_the_next_asker_waits_for_those_before() -> None:
    pace, _ = pacing.take(Pace(10, 1.0, 0.5), now=0.0, count=10)
    _, slots = pacing.take(pace, now=0.5, count=1)
    assert slots.wait_s == pytest.approx(1.5)


def test_after_a_429_one_window_stays_empty_and_the_pace_is_slower() -> None:
    pace = pacing.after_throttle(Pace(10, 2.0, 0.9), now=100.0)
    _, slots = pacing.take(pace, now=100.0, count=1)
    assert (slots.wait_s, pace.utilisation) == (2.0, pytest.approx(0.63))


def test_a_429_never_shortens_a_wait_that_is_longer() -> None:
    assert pacing.after_throttle(Pace(10, 2.0, tat=500.0), now=100.0).tat == 500.0


def test_however_many_429s_come_something_may_still_leave() -> None:
    pace = Pace(10, 2.0)
    for _ in range(50):
        pace = pacing.after_throttle(pace, now=0.0)
    assert pace.utilisation == pacing.UTILISATION_FLOOR


def test_clean_minutes_speed_up_to_the_top_and_not_beyond() -> None:
    pace = Pace(10, 2.0, 0.9)
    assert pacing.after_clean_minute(pace).utilisation == pytest.approx(0.905)
    for _ in range(50):
        pace = pacing.after_clean_minute(pace)
    assert pace.utilisation == pacing.UTILISATION_TOP < 1


TIGHTENED = {
    "a lower figure is adopted": (20, 10, 10),
    "a higher figure is ignored": (20, 40, 20),
    "the same figure changes nothing": (20, 20, 20),
    "no figure changes nothing": (20, None, 20),
    "zero is no figure": (20, 0, 20),
    "a figure where nobody limited is adopted": (0, 10, 10),
}


@pytest.mark.parametrize(("ours", "servers", "expected"), TIGHTENED.values(), ids=TIGHTENED)
def test_the_servers_figure_may_only_make_us_slower(ours: int, servers: int | None, expected: int) -> None:
    assert pacing.tightened(Pace(ours, 2.0), server_limit=servers).limit == expected


@given(st.integers(0, 10**9), st.floats(0, 1, exclude_max=True))
def test_backing_off_stays_between_nothing_and_the_top(attempt: int, jitter: float) -> None:
    assert 0 < pacing.backoff_s(attempt, jitter=jitter, top_s=60.0) <= 60.0


def test_backing_off_doubles() -> None:
    waits = [pacing.backoff_s(attempt, jitter=0.0, base_s=1.0) for attempt in range(4)]
    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_jitter_keeps_callers_apart() -> None:
    assert pacing.backoff_s(3, jitter=0.9) > pacing.backoff_s(3, jitter=0.1)


TOKENS = {
    "what is left": (100, 40, 60),
    "never less than nothing": (100, 140, 0),
    "no limit": (0, 10**12, math.inf),
}


@pytest.mark.parametrize(("limit", "spent", "left"), TOKENS.values(), ids=TOKENS)
def test_tokens_are_left(limit: int, spent: int, left: float) -> None:
    found = pacing.tokens_left(limit=limit, spent=spent)
    assert found == left if limit else found > 10**18


@pytest.mark.parametrize("jitter_s", [0.0, 0.02, 0.1])
def test_of_many_workers_requests_next_to_none_is_refused_and_the_limit_is_used(jitter_s: float) -> None:
    """A server that counts arrivals in a rolling window, and a network that delays each one differently."""
    limit, window_s, clean_s = 80, 2.0, 60.0
    rng, pace, now, sped = Random(5), Pace(limit, window_s), 0.0, 0.0
    arrivals: list[float] = []
    while len(arrivals) < 40_000:
        pace, slots = pacing.take(pace, now=now, count=rng.randrange(1, 49))
        begin = now + slots.wait_s
        arrivals += [begin + n * slots.interval_s + rng.uniform(0, jitter_s) for n in range(slots.count)]
        now = begin + rng.uniform(0, slots.count * slots.interval_s)
        if now - sped >= clean_s:
            pace, sped = pacing.after_clean_minute(pace), now
    arrivals.sort()
    refused = sum(late - early < window_s for early, late in zip(arrivals, arrivals[limit:], strict=False))
    assert refused / len(arrivals) <= 1e-4
    assert len(arrivals) / ((arrivals[-1] - arrivals[0]) / window_s) >= 0.90 * limit
