"""How the simulated Pipedrive counts: rolling windows to the request, both budget profiles, the 2019 header."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.simulators.pipedrive.limits import PLANS, Limiter, Limits, Verdict
from tests.contract.pipedrive_simulator import CLERK_TOKEN, Simulated, simulated

PERSONS, ME = "/api/v2/persons", "/v1/users/me"
BURST = 5


def limited(**settings: Any) -> Simulated:
    return simulated(limits_off=False, **settings)


@given(st.lists(st.sampled_from([0.0, 0.001, 0.1, 0.25, 0.5, 1.0, 2.0]), max_size=80))
def test_any_two_seconds_hold_exactly_the_allowed_requests_and_no_free_one_is_refused(
    waits: list[float],
) -> None:
    limiter = Limiter(Limits(daily_budget=None, token_burst=BURST, oauth_burst=1, block_after_429s=1_000))
    now, passed = 1_000.0, list[float]()
    for wait in waits:
        now += wait
        decision = limiter.judge("t", oauth=False, search=False, cost=1, spent_today=0, now=now)
        in_window = sum(moment > now - 2.0 for moment in passed)
        assert (decision.verdict is Verdict.FREE) == (in_window < BURST)
        if decision.verdict is Verdict.FREE:
            passed.append(now)
        assert decision.burst_left == BURST - sum(moment > now - 2.0 for moment in passed)
    for start in passed:
        assert sum(start <= moment < start + 2.0 for moment in passed) <= BURST


@pytest.mark.parametrize(
    ("plan", "burst"),
    [("lite", 20), ("growth", 40), ("professional", 80), ("premium", 100), ("ultimate", 120)],
)
def test_a_plan_lets_exactly_its_burst_through(plan: str, burst: int) -> None:
    account = limited(plan=plan)
    assert [account.get(ME).status_code for _ in range(burst + 1)] == [200] * burst + [429]


def test_each_api_token_has_a_window_of_its_own() -> None:
    account = limited(plan="lite")
    clerk = account.as_user(CLERK_TOKEN)
    assert [account.get(ME).status_code for _ in range(21)][-1] == 429
    assert clerk.get(ME).status_code == 200


def test_searches_have_ten_on_every_plan_beside_the_rest() -> None:
    for plan in PLANS:
        account = limited(plan=plan)
        asked = [account.get(f"{PERSONS}/search", params={"term": "anna"}) for _ in range(11)]
        assert [answer.status_code for answer in asked] == [200] * 10 + [429]
        assert (asked[0].headers["x-ratelimit-limit"], asked[-1].headers["x-ratelimit-remaining"]) == (
            "10",
            "0",
        )


@pytest.mark.parametrize(
    ("plan", "tokens"), [("essential", 5_000), ("advanced", 10_000), ("professional", 25_000)]
)
def test_the_second_profile_charges_per_minute_and_knows_no_day(plan: str, tokens: int) -> None:
    account = limited(plan=plan, budget="per-minute", daily_headers="always")
    limits = account.inspect()["limits"]
    assert (limits["tokens_per_minute"], limits["daily_budget"]) == (tokens, None)
    assert "x-daily-ratelimit-token-limit" not in account.get(ME).headers


def test_the_second_profile_refuses_until_the_minute_is_over() -> None:
    account = limited(budget="per-minute", tokens_per_minute=10)
    account.clock.now += 20.5
    assert [account.post(PERSONS, json={"name": "A"}).status_code for _ in range(3)] == [200, 200, 429]
    refused = account.get(ME)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    account.clock.now += 40
    assert account.get(ME).status_code == 200


def test_retry_after_is_long_enough_to_the_second() -> None:
    account = limited(daily_budget=0)
    account.clock.now += 0.5
    seconds = int(account.get(ME).headers["retry-after"])
    account.clock.now += seconds
    assert account.app.state.limiter.limits.day_of(
        account.clock.now
    ) > account.app.state.limiter.limits.day_of(account.clock.now - seconds)


def test_posts_and_puts_left_today_are_told_to_api_tokens_alone() -> None:
    account = limited()
    token = account.app.state.settings.token
    assert account.get(ME).headers["x-daily-requests-left"] == "10000"
    assert account.post(PERSONS, json={"name": "A"}).headers["x-daily-requests-left"] == "9999"
    assert account.patch(f"{PERSONS}/1", json={}).headers["x-daily-requests-left"] == "9999"
    assert account.as_user(CLERK_TOKEN).get(ME).headers["x-daily-requests-left"] == "10000"
    del account.client.headers["x-api-token"]
    bearer = account.get(ME, headers={"authorization": f"Bearer {token}"})
    assert "x-daily-requests-left" not in bearer.headers
    account.client.headers["x-api-token"] = token
    account.clock.now += 86_400
    assert account.get(ME).headers["x-daily-requests-left"] == "10000"


def test_only_api_token_traffic_is_blocked_by_a_page() -> None:
    account = limited(plan="lite", block_after_429s=2)
    token = account.app.state.settings.token
    del account.client.headers["x-api-token"]
    headers = {"authorization": f"Bearer {token}"}
    statuses = [account.get(ME, headers=headers).status_code for _ in range(90)]
    assert statuses == [200] * 80 + [429] * 10
    account.client.headers["x-api-token"] = token
    statuses = [account.get(ME).status_code for _ in range(24)]
    assert statuses == [200] * 20 + [429] * 3 + [403]


GONE = [
    *[
        f"/{kind}{tail}"
        for kind in ("persons", "organizations", "deals", "activities")
        for tail in ("", "/1", "/collection")
    ],
    *[f"/{kind}/search" for kind in ("persons", "organizations", "deals", "products")],
    *[
        f"/{kind}/1/{tail}"
        for kind in ("persons", "organizations", "deals")
        for tail in ("activities", "deals")
    ],
    *("/organizations/1/persons", "/deals/1/products", "/deals/1/products/2", "/pipelines", "/pipelines/1"),
    *("/stages", "/stages/1", "/products", "/products/1", "/itemSearch", "/itemSearch/field"),
]


@pytest.mark.parametrize(("switch", "status"), [("404", 404), ("410", 410)])
def test_every_withdrawn_operation_answers_as_withdrawn(switch: str, status: int) -> None:
    account = simulated(withdrawn_v1=switch)
    before = account.snapshot()
    for path in GONE:
        for prefix in ("/v1", "/api/v1"):
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                answer = account.client.request(method, f"{prefix}{path}", params={"ids": "1"})
                assert (answer.status_code, answer.json()["success"]) == (status, False), (method, path)
                assert account.as_user("x").request(method, f"{prefix}{path}").status_code == 401
    assert account.delete("/v1/activityTypes", params={"ids": "1"}).status_code == status
    assert account.patch("/v1/activityTypes").status_code == 405
    assert account.get("/v1/activityTypes").status_code == 200
    assert account.snapshot() == before
    assert account.inspect()["tokens"]["total"] == 20
