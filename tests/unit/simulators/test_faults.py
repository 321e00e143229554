"""Faults are drawn from seed, record key and attempt, and from nothing else."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.simulators.faults import (
    APPLIED,
    Bars,
    FaultKind,
    FaultPlan,
    Faults,
    Script,
    plan_as_json,
    plan_from,
    record_key,
)
from migrator.simulators.http_wsgi import Request

MARKER = "0c7a2b1e-0000-4000-8000-00000000002a"
ACTORS = ("edit", "delete")


def post(body: bytes = b"{}", path: str = "/persons") -> Request:
    return Request("POST", path, {}, {}, body)


def sent(path: str = "/api/v2/persons", **body: Any) -> Request:
    return post(json.dumps(body).encode(), path)


def drawn(faults: Faults, request: Request) -> FaultKind | None:
    turn = faults.turn(request)
    return turn.fault.kind if turn and turn.fault else None


def with_plan(**plan: Any) -> Faults:
    faults = Faults(actors=ACTORS)
    faults.use(faults.parse(plan))
    return faults


# Draws


def test_the_same_draw_comes_out_the_same() -> None:
    plan = FaultPlan(seed=3, rates={FaultKind.LOST: 0.5})
    bodies = [str(place).encode() for place in range(40)]
    first = [plan.draw(post(body), 1) for body in bodies]
    assert first == [plan.draw(post(body), 1) for body in bodies]
    assert {FaultKind.LOST, None} == set(first)


def test_rates_come_out_about_right() -> None:
    plan = FaultPlan(seed=1, rates={FaultKind.LOST: 0.2, FaultKind.LATE: 0.1})
    draws = [plan.draw(post(str(place).encode()), 1) for place in range(2_000)]
    assert 300 < draws.count(FaultKind.LOST) < 500
    assert 130 < draws.count(FaultKind.LATE) < 270


def test_later_attempts_are_left_alone() -> None:
    plan = FaultPlan(rates={FaultKind.LOST: 1.0}, attempts=2)
    assert [plan.draw(post(), attempt) for attempt in (1, 2, 3)] == [FaultKind.LOST, FaultKind.LOST, None]


def test_a_plan_selects_by_method_and_path() -> None:
    plan = FaultPlan(rates={FaultKind.LOST: 1.0}, methods=("POST",), paths=("/persons",))
    assert plan.draw(post(), 1) is FaultKind.LOST
    assert plan.draw(post(path="/deals"), 1) is None
    assert plan.draw(Request("GET", "/persons", {}, {}), 1) is None


def test_a_storm_refuses_the_same_keys_for_their_first_attempts() -> None:
    faults = with_plan(seed=5, rates={"storm": 0.3}, storm_attempts=2)
    found = {name: [drawn(faults, sent(name=name)) for _ in range(4)] for name in map(str, range(60))}
    kinds = {tuple(row) for row in found.values()}
    assert kinds == {(FaultKind.STORM, FaultKind.STORM, None, None), (None,) * 4}
    assert 5 < sum(row[0] is not None for row in found.values()) < 35


def test_an_actor_is_drawn_beside_the_fault() -> None:
    turn = with_plan(rates={"lost": 1}, actors={"edit": 1, "delete": 0}).turn(sent(name="A"))
    assert turn is not None
    assert turn.fault is not None
    assert [actor.name for actor in turn.actors] == ["edit"]


def test_seconds_come_from_a_span_and_stay_the_same() -> None:
    plan = plan_from({"rates": {"late": 1}, "seconds": {"late": [1, 120]}})
    seconds = {key: plan.fault(key, 1) for key in map(str, range(50))}
    waits = [found.seconds for found in seconds.values() if found]
    assert len(set(waits)) > 40
    assert 1 <= min(waits) < 30
    assert 90 < max(waits) <= 120
    assert [plan.fault(key, 1) for key in seconds] == list(seconds.values())


@given(
    names=st.lists(st.text(min_size=1, max_size=8), unique=True, min_size=2, max_size=25),
    tries=st.integers(1, 3),
    seed=st.integers(0, 1_000),
    data=st.data(),
)
def test_the_order_of_arrival_changes_nothing(names: list[str], tries: int, seed: int, data: Any) -> None:
    plan = {
        "seed": seed,
        "rates": {"lost": 0.3, "after_500": 0.2, "storm": 0.2},
        "attempts": 2,
        "actors": {"edit": 0.4},
    }
    arrivals = [name for name in names for _ in range(tries)]
    shuffled = data.draw(st.permutations(arrivals))

    def faults_of(order: list[str]) -> dict[str, list[Any]]:
        faults, found = with_plan(**plan), {name: [] for name in names}  # type: dict[str, list[Any]]
        for name in order:
            found[name].append(faults.turn(sent(name=name)))
        return found

    assert faults_of(arrivals) == faults_of(shuffled)


def test_another_seed_makes_other_faults() -> None:
    keys = [str(place) for place in range(80)]
    one, two = (FaultPlan(seed=seed, rates={FaultKind.LOST: 0.5}) for seed in (1, 2))
    assert [one.fault(key, 1) is None for key in keys] != [two.fault(key, 1) is None for key in keys]


# Record keys


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (sent(name="A", custom_fields={"a" * 40: MARKER}), sent(name="B", custom_fields={"b" * 40: MARKER})),
        (
            sent(name="A", emails=[{"value": "a@b.no"}], org_id=1),
            sent(name="A", emails=[{"value": "a@b.no"}]),
        ),
        (sent(subject="Call", due_date="2026-01-01", note="x"), sent(subject="Call", due_date="2026-01-01")),
        (sent("/v1/notes", content=f"one {MARKER}"), sent("/v1/notes", content=f"two <b>{MARKER}</b>")),
        (sent(custom_fields={"a" * 40: 5}), sent(custom_fields={"b" * 40: 5})),
        (sent("/api/v2/persons", name="A"), sent("/v1/persons", name="A")),
        (
            Request("GET", "/a", {"x": ["1"], "y": ["2"]}, {}),
            Request("GET", "/a", {"y": ["2"], "x": ["1"]}, {}),
        ),
        (Request("GET", "/a", {"api_token": ["1"]}, {}), Request("GET", "/a", {}, {})),
    ],
)
def test_attempts_at_one_record_share_their_key(one: Request, two: Request) -> None:
    assert record_key(one) == record_key(two)


def test_different_requests_have_keys_of_their_own() -> None:
    requests = [
        post(),
        post(b"[]"),
        post(b"no json"),
        post(path="/deals"),
        Request("GET", "/persons", {}, {}, b"{}"),
        Request("POST", "/persons", {"limit": ["1"]}, {}, b"{}"),
        sent(name="A"),
        sent(name="A", emails=[{"value": "a@b.no"}]),
        sent(name="A", custom_fields={"a" * 40: MARKER}),
        sent(subject="A", due_date="2026-01-01"),
        sent(subject="A", due_date="2026-01-02"),
        sent(custom_fields={"a" * 40: 6}),
    ]
    assert len({record_key(request) for request in requests}) == len(requests)


def test_a_date_is_no_marker() -> None:
    when = "2026-11-23T12:00:00Z"
    one, two = (sent(name=name, custom_fields={"a" * 40: when}) for name in "AB")
    assert record_key(one) != record_key(two)


# Plans in force


def test_a_new_plan_forgets_earlier_attempts_and_bars() -> None:
    faults = with_plan(rates={"lost": 1})
    faults.bars.put("t", FaultKind.TOKEN_REVOKED, 0.0, math.inf)
    for _ in range(2):
        faults.use(faults.parse({"rates": {"lost": 1}}))
        assert faults.bars.find("t", 1.0) is None
        assert [drawn(faults, post()) for _ in range(2)] == [FaultKind.LOST, None]


def test_scripts_run_one_after_the_other() -> None:
    faults = with_plan(scripts=[{"kind": "lost", "seconds": 1}, {"kind": "slow", "times": 2}])
    assert [drawn(faults, post()) for _ in range(4)] == ["lost", "slow", "slow", None]


def test_a_script_waits_for_method_path_and_body() -> None:
    faults = with_plan(
        scripts=[{"kind": "lost", "method": "post", "path": "/persons", "holds": "Anna", "skip": 1}]
    )
    asked = [post(), sent("/persons", name="Anna"), post(path="/deals"), sent("/persons", name="Anna")]
    assert [drawn(faults, request) for request in asked] == [None, None, None, FaultKind.LOST]


def test_a_script_may_name_an_actor() -> None:
    turn = with_plan(scripts=[{"kind": "delete", "seconds": 9}]).turn(post())
    assert turn is not None
    assert (turn.fault, [(actor.name, actor.seconds) for actor in turn.actors]) == (None, [("delete", 9)])


def test_made_faults_are_counted() -> None:
    faults = with_plan(rates={"lost": 1}, actors={"edit": 1}, attempts=2)
    for _ in range(3):
        faults.turn(post())
    assert faults.made == {"lost": 2, "edit": 2}


class Kept:
    """A memory that a test can hand to a second process."""

    def __init__(self) -> None:
        self.attempts: dict[bytes, int] = {}
        self.plan: dict[str, Any] | None = None

    def count(self, key: bytes) -> int:
        self.attempts[key] = self.attempts.get(key, 0) + 1
        return self.attempts[key]

    def forget(self) -> None:
        self.attempts.clear()

    def keep(self, plan: dict[str, Any]) -> None:
        self.plan = plan

    def kept(self) -> dict[str, Any] | None:
        return self.plan


def test_a_restart_with_the_same_plan_goes_on_counting_and_with_another_starts_anew() -> None:
    memory, given_plan = Kept(), {"rates": {"lost": 1}, "scripts": [{"kind": "slow", "path": "/x"}]}
    found = []
    for plan in (given_plan, given_plan, {"rates": {"lost": 1}, "attempts": 1}):
        faults = Faults(memory=memory)
        faults.resume(faults.parse(plan), plan)
        found.append((drawn(faults, post(path="/x")), drawn(faults, post())))
    assert found == [("slow", "lost"), (FaultKind.LOST, None), ("lost", "lost")]


def test_a_plan_reads_back_as_it_is_shown() -> None:
    plan = plan_from(
        {
            "seed": 4,
            "rates": {"lost": 0.1, "storm": 0.2},
            "actors": {"edit": 0.5},
            "seconds": {"late": [1, 120], "token_revoked": None, "rest": 3},
            "scripts": [{"kind": "late", "path": "/x", "seconds": 2}, {"kind": "edit"}],
            "paths": ["/a"],
            "megabytes": 0.5,
        },
        actors=ACTORS,
    )
    assert plan_from(json.loads(json.dumps(plan_as_json(plan))), actors=ACTORS) == plan


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"rates": {"lost": 2}}, "rate of lost must be a number from 0 to 1, not 2"),
        ({"rates": {"lost": True}}, "rate of lost"),
        ({"rates": {"lost": 0.7, "late": 0.7}}, "add up to 1.4"),
        ({"rates": {"fire": 1}}, "no fault 'fire'; known are: before_500, "),
        ({"rates": []}, "must be a JSON object"),
        ({"actors": {"dance": 1}}, "no actor 'dance'; known are: edit, delete"),
        ({"speed": 1}, "no member of a fault plan 'speed'; known are: seed, rates, "),
        ({"scripts": [{}]}, "with a kind"),
        ({"scripts": [{"kind": "lost", "when": 1}]}, "no member of a script 'when'"),
        ({"scripts": {}}, "scripts must be a JSON list"),
        ({"attempts": 1.5}, "attempts must be a whole number from 0"),
        ({"seconds": [5, 1]}, "two numbers in order"),
        ({"seconds": {"lunch": 1}}, "'lunch'"),
        ({"bytes_per_second": 0}, "bytes_per_second must be a number from 0.01"),
        ({"paths": "x"}, "paths must be a JSON list"),
        ([], "must be a JSON object"),
    ],
)
def test_a_wrong_plan_is_refused_in_one_sentence(plan: Any, words: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as problem:
        plan_from(plan, actors=ACTORS)
    assert words in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_bar_ends_after_its_seconds_and_concerns_its_token_alone() -> None:
    bars = Bars()
    bars.put("t", FaultKind.TOKEN_EXPIRED, 100.0, 10.0)
    asked = [("t", 100.0), ("t", 109.0), ("t", 110.0), ("u", 100.0)]
    assert [bars.find(*one) is not None for one in asked] == [True, True, False, False]


def test_every_kind_is_either_applied_or_not() -> None:
    assert FaultKind.LOST in APPLIED
    assert not APPLIED & {FaultKind.LATE, FaultKind.TIMEOUT_BEFORE, FaultKind.STORM, FaultKind.BEFORE_502}


def test_a_script_with_nothing_left_matches_nothing() -> None:
    assert not Script("lost", times=0).matches(post())
