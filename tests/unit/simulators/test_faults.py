"""Faults are drawn from seed, request and attempt."""

import pytest

from migrator.simulators.faults import FaultKind, FaultPlan, Faults, plan_from, request_key
from migrator.simulators.http_wsgi import Request


def post(body: bytes = b"{}", path: str = "/persons") -> Request:
    return Request("POST", path, {}, {}, body)


def test_the_same_draw_comes_out_the_same() -> None:
    plan = FaultPlan(seed=3, rates={FaultKind.LOST: 0.5})
    bodies = [str(place).encode() for place in range(40)]
    first = [plan.draw(post(body), 1) for body in bodies]
    assert first == [plan.draw(post(body), 1) for body in bodies]
    assert {FaultKind.LOST, None} == set(first)


def test_rates_come_out_about_right() -> None:
    plan = FaultPlan(seed=1, rates={FaultKind.LOST: 0.2, FaultKind.LATE: 0.1})
    drawn = [plan.draw(post(str(place).encode()), 1) for place in range(2_000)]
    assert 300 < drawn.count(FaultKind.LOST) < 500
    assert 130 < drawn.count(FaultKind.LATE) < 270


def test_later_attempts_are_left_alone() -> None:
    plan = FaultPlan(rates={FaultKind.LOST: 1.0}, attempts=2)
    assert [plan.draw(post(), attempt) for attempt in (1, 2, 3)] == [FaultKind.LOST, FaultKind.LOST, None]


def test_a_plan_selects_by_method_and_path() -> None:
    plan = FaultPlan(rates={FaultKind.LOST: 1.0}, methods=("POST",), paths=("/persons",))
    assert plan.draw(post(), 1) is FaultKind.LOST
    assert plan.draw(post(path="/deals"), 1) is None
    assert plan.draw(Request("GET", "/persons", {}, {}), 1) is None


def test_requests_that_differ_in_anything_have_keys_of_their_own() -> None:
    keys = {
        request_key(post()),
        request_key(post(b"[]")),
        request_key(post(path="/deals")),
        request_key(Request("GET", "/persons", {}, {}, b"{}")),
        request_key(Request("POST", "/persons", {"limit": ["1"]}, {}, b"{}")),
    }
    assert len(keys) == 5


def test_the_order_of_query_parameters_does_not_matter() -> None:
    one = Request("GET", "/persons", {"a": ["1"], "b": ["2"]}, {})
    two = Request("GET", "/persons", {"b": ["2"], "a": ["1"]}, {})
    assert request_key(one) == request_key(two)


def test_a_new_plan_forgets_earlier_attempts() -> None:
    faults = Faults()
    plan = plan_from({"rates": {"lost": 1}, "seconds": 2})
    for _ in range(2):
        faults.use(plan)
        assert faults.choose(post()) == (FaultKind.LOST, 2)
        assert faults.choose(post()) is None


def test_scripts_run_one_after_the_other() -> None:
    faults = Faults()
    faults.use(plan_from({"scripts": [{"kind": "lost", "seconds": 1}, {"kind": "slow", "times": 2}]}))
    chosen = [faults.choose(post()) for _ in range(4)]
    assert [found[0] if found else None for found in chosen] == ["lost", "slow", "slow", None]


@pytest.mark.parametrize(
    "sent", [{"rates": {"lost": 2}}, {"rates": {"fire": 1}}, {"speed": 1}, {"scripts": [{}]}]
)
def test_a_wrong_plan_is_refused(sent: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        plan_from(sent)
