"""The shared budget: one pace and one token count for all, a refusal takes nothing, a pause is honoured."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from migrator import budget
from migrator.budget import SharedPacer
from migrator.engine import pacing
from migrator.engine.errors import TransientError
from migrator.models import Budget

pytestmark = pytest.mark.django_db
SCOPE = "pipedrive:nordlys.example"


def row() -> Budget:
    return Budget.objects.get(scope=SCOPE)


def stored() -> tuple[Any, ...]:
    return Budget.objects.filter(scope=SCOPE).values_list(
        "tat", "spent", "spent_ever", "requests_ever", "paused_until"
    )[0]


def limited(requests: float = 10, window_s: float = 2.0, tokens: int = 0) -> Budget:
    return budget.ensure(SCOPE, limit=requests, window_s=window_s, token_limit=tokens)


def take(requests: int = 1, tokens: int = 0, **more: Any) -> pacing.Slots:
    return budget.take(SCOPE, requests=requests, tokens=tokens, **more)


def test_bringing_limits_up_to_date_keeps_what_was_spent() -> None:
    limited(tokens=100)
    take(tokens=30)
    limited(requests=20, tokens=200)
    assert (row().spent, row().token_limit, row().requests_per_window) == (30, 200, 20)
    assert Budget.objects.count() == 1


def test_departures_are_evenly_spaced() -> None:
    limited(10, 2.0)
    slots = take(5)
    assert (slots.count, slots.interval_s) == (5, pytest.approx(2.0 / 9))
    assert slots.wait_s == 0


def test_the_next_taker_waits_for_those_before() -> None:
    limited(10, 2.0)
    take(9)
    assert 1.5 < take(1).wait_s <= 2.0


def test_without_limits_nobody_waits_and_everything_is_counted() -> None:
    limited(0, tokens=0)
    assert take(1000, 5000).wait_s == 0
    assert take(1).wait_s == 0
    assert (row().spent_ever, row().requests_ever) == (5000, 1001)


def test_a_wait_that_is_too_long_is_refused_and_takes_nothing() -> None:
    limited(10, 2.0, tokens=1000)
    take(9 * 15)
    before = stored()
    with pytest.raises(TransientError, match="pace is used up") as caught:
        take(1, 5)
    assert 20 < caught.value.retry_after <= 30  # type: ignore[operator]
    assert stored() == before


def test_whoever_can_wait_longer_says_so() -> None:
    limited(10, 2.0)
    take(9 * 15)
    assert take(1, longest_wait_s=60).wait_s > 20


def test_a_used_up_token_budget_is_refused_and_takes_nothing() -> None:
    limited(0, tokens=100)
    take(tokens=98)
    before = stored()
    with pytest.raises(TransientError, match=r"used up \(98 of 100\)") as caught:
        take(tokens=3)
    assert 86_400 <= caught.value.retry_after <= 87_000  # type: ignore[operator]
    assert stored() == before
    take(tokens=2)
    assert row().spent == 100


def test_what_is_kept_for_the_way_back_is_left_to_it() -> None:
    limited(0, tokens=100)
    take(tokens=80, reserve=20)
    with pytest.raises(TransientError, match="20 more are kept for the way back"):
        take(tokens=1, reserve=20)
    take(tokens=20)
    assert row().spent == 100


def refused(*, answered: bool = False) -> None:
    """One batch in which a 429 came, and nothing else unless `answered`."""
    pacer = SharedPacer(SCOPE)
    pacer.observe(limit=None, remaining=None, throttled=True)
    if answered:
        pacer.observe(limit=None, remaining=None, throttled=False)
    pacer.flush()


def test_429s_and_nothing_else_mean_that_the_day_is_spent() -> None:
    limited(80)
    refused()
    refused()
    take(longest_wait_s=60)
    refused()
    with pytest.raises(TransientError, match="daily token budget seems to be spent") as caught:
        take()
    assert 890 < caught.value.retry_after <= 900  # type: ignore[operator]


def test_429s_among_other_answers_are_the_bursts() -> None:
    limited(80)
    for _ in range(5):
        refused(answered=True)
    take(longest_wait_s=60)
    assert row().throttled_in_a_row == 0


def test_after_a_day_and_ten_minutes_tokens_come_back() -> None:
    limited(0, tokens=100)
    take(tokens=100)
    ((number, tokens),) = row().parts
    Budget.objects.update(parts=[[number - 145, tokens]])
    take(tokens=60)
    assert (row().spent, row().spent_ever) == (60, 160)


def test_a_pause_is_honoured_and_says_why() -> None:
    limited(0, tokens=0)
    budget.note_throttled(SCOPE, retry_after=60, reason="Daily budget used up.")
    with pytest.raises(TransientError, match=r"Daily budget used up\.") as caught:
        take()
    assert 50 < caught.value.retry_after <= 60  # type: ignore[operator]


def test_a_pause_without_a_reason_has_a_sentence() -> None:
    limited(0)
    budget.note_throttled(SCOPE, retry_after=60)
    with pytest.raises(TransientError, match="asked for a pause"):
        take()


def test_a_pause_ends_by_itself() -> None:
    limited(0)
    budget.note_throttled(SCOPE, retry_after=60)
    Budget.objects.update(paused_until=Now() - timedelta(seconds=1))
    take()
    assert row().paused_until is None


def test_a_429_slows_down_and_leaves_one_window_empty() -> None:
    limited(10, 2.0)
    budget.note_throttled(SCOPE)
    assert (row().throttled_ever, row().paused_until) == (1, None)
    assert row().utilisation == pytest.approx(0.63)
    assert 1.5 < take().wait_s <= 2.0


NOTED = {"lower": (5, 5), "higher": (20, 10), "the same": (10, 10), "none": (None, 10)}


@pytest.mark.parametrize(("servers", "expected"), NOTED.values(), ids=NOTED)
def test_the_servers_limit_may_only_tighten_ours(servers: int | None, expected: int) -> None:
    limited(10)
    budget.note_limit(SCOPE, servers)
    assert (row().server_limit or row().requests_per_window) == expected


@pytest.mark.django_db(transaction=True)
def test_of_two_limits_noted_at_once_the_lower_one_stays(start: Any) -> None:
    limited(100)
    with transaction.atomic():
        budget.note_limit(SCOPE, 20)
        other = start(budget.note_limit, SCOPE, 40)
        time.sleep(0.3)
    other.result(timeout=10)
    assert row().server_limit == 20


# Threads


@pytest.mark.django_db(transaction=True)
def test_workers_together_never_exceed_the_pace(start: Any) -> None:
    limited(20, 1.0)
    take(1)
    began, interval_s = row().tat, 1.0 / 18
    together = threading.Barrier(4)

    def take_some() -> None:
        together.wait(timeout=10)
        for count in (1, 4, 2, 8, 3):
            take(count)

    for worker in [start(take_some) for _ in range(4)]:
        worker.result(timeout=30)
    # Whoever overlooked another's reservation would have left this behind.
    assert row().requests_ever == 1 + 4 * 18
    assert row().tat >= began + 4 * 18 * interval_s - 0.001


@pytest.mark.django_db(transaction=True)
def test_workers_together_never_spend_more_than_the_budget(start: Any) -> None:
    limited(0, tokens=100)
    together = threading.Barrier(4)

    def spend() -> int:
        together.wait(timeout=10)
        spent = 0
        try:
            while True:
                take(tokens=3)
                spent += 3
        except TransientError:
            return spent

    spent = sum(worker.result(timeout=30) for worker in [start(spend) for _ in range(4)])
    assert (spent, row().spent) == (99, 99)


# The pacer of the sending threads


def test_granted_slots_are_used_before_new_ones_are_taken() -> None:
    limited(0)
    pacer = SharedPacer(SCOPE)
    pacer.grant(requests=2, tokens=10)
    for _ in range(3):
        pacer.acquire(requests=1, tokens=5)
    assert (row().requests_ever, row().spent_ever) == (3, 15)


def test_requests_leave_at_the_granted_pace() -> None:
    limited(100, 1.0)
    pacer = SharedPacer(SCOPE)
    pacer.grant(requests=5, tokens=0)
    began = time.monotonic()
    for _ in range(5):
        pacer.acquire(requests=1, tokens=0)
    assert time.monotonic() - began >= 4 / 90 - 0.01


def test_a_new_grant_forgets_what_was_left_of_the_last() -> None:
    limited(0)
    pacer = SharedPacer(SCOPE)
    pacer.grant(requests=3, tokens=0)
    pacer.grant(requests=1, tokens=0)
    pacer.acquire(requests=1, tokens=0)
    pacer.acquire(requests=1, tokens=0)
    assert row().requests_ever == 5


def test_a_refusal_reaches_the_sender() -> None:
    limited(0, tokens=1)
    with pytest.raises(TransientError):
        SharedPacer(SCOPE).acquire(requests=1, tokens=2)


def test_what_the_senders_saw_reaches_the_shared_row_once() -> None:
    limited(100)
    pacer = SharedPacer(SCOPE)
    pacer.observe(limit=40, remaining=3, throttled=True)
    pacer.observe(limit=None, remaining=None, throttled=False)
    assert row().throttled_ever == 0
    pacer.flush()
    pacer.flush()
    assert (row().throttled_ever, row().server_limit) == (1, 40)


@pytest.mark.django_db(transaction=True)
def test_a_sender_without_a_slot_closes_the_connection_that_it_opened(start: Any) -> None:
    limited(0)
    pacer = SharedPacer(SCOPE)

    def send() -> bool:
        pacer.acquire(requests=1, tokens=0)
        return connection.connection is None

    assert start(send).result(timeout=10)
    pacer.acquire(requests=1, tokens=0)
    assert connection.connection is not None


def test_a_limit_that_the_server_stated_outlives_the_next_pacer() -> None:
    budget.ensure(SCOPE, limit=80, window_s=2)
    budget.note_limit(SCOPE, 20)
    budget.ensure(SCOPE, limit=80, window_s=2)
    slots = budget.take(SCOPE, requests=2, tokens=0)
    assert slots.interval_s == pytest.approx(2 / (20 * 0.9))


def test_every_clean_minute_makes_the_pace_a_step_faster() -> None:
    budget.ensure(SCOPE, limit=80, window_s=2)
    budget.note_throttled(SCOPE)
    slow = row().utilisation
    Budget.objects.filter(scope=SCOPE).update(paced_at=F("paced_at") - timedelta(seconds=61))
    budget.take(SCOPE, requests=1, tokens=0)
    faster = row().utilisation
    budget.take(SCOPE, requests=1, tokens=0)
    assert slow < faster == row().utilisation
