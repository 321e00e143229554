"""The price list against the reference (2.1, 2.2, 4.5)."""

import pytest

from migrator.engine.operations import Act
from migrator.engine.records import Kind
from migrator.pipedrive.costs import PLANS, cost_of, listing_cost


@pytest.mark.parametrize(
    ("kind", "act", "tokens"),
    [
        (Kind.PERSON, Act.CREATE, 5),
        (Kind.PERSON, Act.UPDATE, 5),
        (Kind.PERSON, Act.RESTORE, 5),
        (Kind.PERSON, Act.DELETE, 3),
        (Kind.NOTE, Act.CREATE, 10),
        (Kind.NOTE, Act.DELETE, 6),
        (Kind.FIELD, Act.CREATE, 5),
        (Kind.PERSON, Act.HOLD, 0),
        (Kind.PERSON, Act.UNCHANGED, 0),
    ],
)
def test_each_act_has_its_price(kind: Kind, act: Act, tokens: int) -> None:
    assert cost_of(kind, act) == tokens


@pytest.mark.parametrize(
    ("kind", "rows", "tokens"),
    [(Kind.PERSON, 0, 10), (Kind.PERSON, 500, 10), (Kind.PERSON, 501, 20), (Kind.NOTE, 1_000, 40)],
)
def test_a_list_costs_by_the_page(kind: Kind, rows: int, tokens: int) -> None:
    assert listing_cost(kind, rows) == tokens


@pytest.mark.parametrize(
    ("plan", "daily", "burst", "fields"),
    [
        ("lite", 30_000, 20, 30),
        ("growth", 60_000, 40, 100),
        ("ultimate", 210_000, 120, 500),
        ("enterprise", 210_000, 120, None),
    ],
)
def test_each_plan_has_its_limits(plan: str, daily: int, burst: int, fields: int | None) -> None:
    found = PLANS[plan]
    assert (found.daily_tokens(1), found.token_burst, found.custom_fields) == (daily, burst, fields)


def test_seats_and_top_ups_raise_the_budget() -> None:
    assert PLANS["growth"].daily_tokens(3, top_up=1_000) == 181_000
