"""The forecast: tokens per line of the plan, whole pages for reading back, whole days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.forecast import Costs, Forecast, forecast, least_tokens, sweep_tokens
from migrator.engine.operations import Act
from migrator.engine.records import Kind

COSTS = Costs(
    create=dict.fromkeys(Kind, 5),
    update=dict.fromkeys(Kind, 4),
    delete=dict.fromkeys(Kind, 3),
    list=dict.fromkeys(Kind, 10),
)
ONE = {
    # act: write, verify, way back, requests
    Act.CREATE: (5, 10, 3, 1),
    Act.UPDATE: (4, 10, 4, 1),
    Act.RESTORE: (4, 10, 0, 1),
    Act.DELETE: (3, 10, 0, 1),
    Act.UNCHANGED: (0, 0, 0, 0),
    Act.MERGE: (0, 0, 0, 0),
    Act.HOLD: (0, 0, 0, 0),
    Act.EXCLUDE: (0, 0, 0, 0),
}


@pytest.mark.parametrize("act", Act)
def test_one_operation_costs(act: Act) -> None:
    found = forecast({(Kind.PERSON, act): 1}, COSTS, daily_tokens=1000, share=1)
    assert (found.write, found.verify, found.way_back, found.requests) == ONE[act]


def test_nothing_to_do_costs_nothing() -> None:
    assert forecast({}, COSTS, daily_tokens=1000, share=1) == Forecast(0, 0, 0, 0, 0)


def test_kinds_are_read_back_apart() -> None:
    counts = {(Kind.PERSON, Act.CREATE): 1, (Kind.PERSON, Act.UPDATE): 1, (Kind.NOTE, Act.CREATE): 1}
    assert forecast(counts, COSTS, daily_tokens=1000, share=1).verify == 20


DAYS = {
    "what fits takes one day": (18, 100, 1.0, 1),
    "one token more takes another": (19, 100, 1.0, 2),
    "a share makes it longer": (18, 100, 0.5, 2),
    "a budget of nothing still ends": (1, 0, 1.0, 15),
}


@pytest.mark.parametrize(("creates", "daily", "share", "days"), DAYS.values(), ids=DAYS)
def test_it_counts_whole_days(creates: int, daily: int, share: float, days: int) -> None:
    found = forecast({(Kind.PERSON, Act.CREATE): creates}, COSTS, daily_tokens=daily, share=share)
    assert (found.days, found.tokens) == (days, creates * 5 + 10)


PAGES = {
    "none": (0, 0),
    "one": (1, 10),
    "a full page": (500, 10),
    "one more": (501, 20),
    "many": (5_000, 100),
}


@pytest.mark.parametrize(("records", "tokens"), PAGES.values(), ids=PAGES)
def test_reading_back_costs_whole_pages(records: int, tokens: int) -> None:
    assert sweep_tokens(Kind.PERSON, records, COSTS) == tokens


def test_the_least_is_one_walk_one_write_each_and_one_sweep() -> None:
    counts = {(Kind.PERSON, Act.CREATE): 2}
    assert least_tokens(counts, {Kind.PERSON: 0, Kind.ORGANIZATION: 501}, COSTS) == 10 + 20 + 10 + 10


@given(st.dictionaries(st.tuples(st.sampled_from(Kind), st.sampled_from(Act)), st.integers(0, 10**6)))
def test_the_days_suffice_for_the_tokens(counts: dict[tuple[Kind, Act], int]) -> None:
    found = forecast(counts, COSTS, daily_tokens=30_000, share=0.8)
    assert (found.days - 1) * 24_000 < found.tokens <= found.days * 24_000
