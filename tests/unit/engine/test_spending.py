"""Tokens of a window that slides, on a virtual clock: never above the limit, and used to the full."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.spending import Spending

DAY = 86_400.0
HOUR = DAY / 24


def spend_all(limit: int, days: float, *, cost: int = 5, seed: int = 1) -> list[tuple[float, int]]:
    """Somebody with a backlog, as fast as the burst lets them: (when, tokens) of each batch."""
    rng, now, held, taken = Random(seed), 1_000_000.0, Spending(DAY), []
    end = now + days * DAY
    while now < end:
        tokens = cost * rng.randrange(1, 49)
        if wait := held.wait_for(tokens, limit=limit, now=now):
            now += wait
            continue
        held = held.plus(tokens, now)
        taken.append((now, tokens))
        now += rng.uniform(0.5, 3.0)
    return taken


@pytest.mark.parametrize("midnight", [0.0, 7 * HOUR, 23.5 * HOUR])
def test_no_day_of_the_target_holds_more_than_the_limit_and_each_at_least_98_percent(midnight: float) -> None:
    limit, days = 60_000, 9
    by_day: dict[int, int] = {}
    for now, tokens in spend_all(limit, days):
        by_day[int((now - midnight) // DAY)] = by_day.get(int((now - midnight) // DAY), 0) + tokens
    whole = [by_day.get(day, 0) for day in sorted(by_day)[1:-1]]
    assert max(whole) <= limit
    assert sum(whole) / (limit * len(whole)) >= 0.98


TAKEN = st.lists(st.tuples(st.floats(0, DAY / 3), st.integers(1, 60)), max_size=40)


@given(TAKEN)
def test_no_span_of_the_window_ever_holds_more_than_the_limit(asked: list[tuple[float, int]]) -> None:
    now, held, taken = 5_000.0, Spending(DAY), []
    for passed, tokens in asked:
        now += passed
        if not held.wait_for(tokens, limit=100, now=now):
            held = held.plus(tokens, now)
            taken.append((now, tokens))
    for begin, _ in taken:
        assert sum(tokens for at, tokens in taken if begin <= at < begin + DAY) <= 100


@given(TAKEN, st.integers(1, 100))
def test_after_the_wait_it_may_be_spent(asked: list[tuple[float, int]], tokens: int) -> None:
    now, held = 5_000.0, Spending(DAY)
    for passed, spent in asked:
        now += passed
        held = held.plus(spent, now)
    while wait := held.wait_for(tokens, limit=100, now=now):
        assert wait > 0
        now += wait
        held = held.at(now)
    assert held.total + tokens <= 100


def test_what_is_stored_is_short_and_is_read_back() -> None:
    held = Spending(DAY)
    for second in range(0, int(3 * DAY), 60):
        held = held.plus(1, float(second))
    assert len(held.parts) <= 146
    assert Spending.read(DAY, [list(part) for part in held.parts]) == held


def test_nobody_limits_where_the_limit_is_nothing() -> None:
    assert Spending(DAY).plus(10**9, 5.0).wait_for(10**9, limit=0, now=6.0) == 0.0


def test_more_than_the_whole_limit_waits() -> None:
    assert Spending(DAY).wait_for(101, limit=100, now=5.0) == DAY
    assert Spending(DAY).first_back is None
