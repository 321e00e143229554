"""Seeded fault schedules in memory: every promise holds, and is missed when its guard is taken away."""

from pathlib import Path

import pytest

from migrator.simulation.faults import MOST, Faults
from migrator.simulation.guards import Guards
from migrator.simulation.schedules import Size, play, play_all

SAVED = [int(line) for line in (Path(__file__).parents[2] / "data/simulation_seeds.txt").read_text().split()]
# In four parts, so that they run side by side.
PARTS = [range(first, first + 2_500) for first in range(1_000_000, 1_010_000, 2_500)]


def test_hundreds_of_schedules_break_no_promise_and_meet_every_fault() -> None:
    tally = play_all(range(300))
    assert (tally.failing, dict(tally.by_invariant)) == ([], {})
    assert set(tally.by_fault) == {*MOST, "killed", "frozen"}
    assert min(tally.by_fault.values()) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("seeds", PARTS, ids=str)
def test_ten_thousand_schedules_break_no_promise(seeds: range) -> None:
    assert play_all(seeds).failing == []


@pytest.mark.parametrize("seed", SAVED)
def test_what_failed_once_is_played_for_ever(seed: int) -> None:
    assert play(seed).broken == ()


@pytest.mark.parametrize("guard", Guards.names())
def test_a_guard_that_is_taken_away_is_missed_within_fifty_schedules(guard: str) -> None:
    assert any(play(seed, Guards.without(guard)).broken for seed in range(50))


def test_a_schedule_is_the_same_each_time() -> None:
    assert play(7) == play(7)
    assert play(7).met != play(8).met


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.1, 0.3])
def test_tokens_stay_near_the_least_that_the_plan_can_cost(
    monkeypatch: pytest.MonkeyPatch, rate: float
) -> None:
    # A poisoned record costs its refused write and is no fault of the request.
    monkeypatch.setattr("migrator.simulation.faults.POISONED", 0.0)
    played = play(3, size=Size(records=1_000, batch=48, patience_s=86_400), faults=Faults.even(3, rate))
    assert played.broken == ()
    assert played.tokens / played.least <= 1.02 + 1.2 * rate
