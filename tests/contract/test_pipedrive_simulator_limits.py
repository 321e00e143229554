"""The simulated Pipedrive meters tokens and limits requests by plan, as the service does."""

from typing import Any

import pytest

from tests.contract.pipedrive_simulator import Simulated, simulated

PERSONS = "/api/v2/persons"
ME = "/v1/users/me"


def limited(**settings: Any) -> Simulated:
    return simulated(limits_off=False, **settings)


@pytest.mark.parametrize(
    ("plan", "seats", "budget"),
    [("lite", 1, 30_000), ("growth", 5, 300_000), ("professional", 2, 180_000), ("ultimate", 5, 1_050_000)],
)
def test_the_daily_budget_is_plan_times_seats(plan: str, seats: int, budget: int) -> None:
    assert limited(plan=plan, seats=seats).inspect()["limits"]["daily_budget"] == budget


@pytest.mark.parametrize(
    ("plan", "burst"), [("lite", 20), ("growth", 40), ("premium", 100), ("ultimate", 120)]
)
def test_the_burst_limit_counts_requests_in_two_rolling_seconds(plan: str, burst: int) -> None:
    account = limited(plan=plan)
    assert [account.get(ME).status_code for _ in range(burst)] == [200] * burst
    answer = account.get(ME)
    assert answer.status_code == 429
    assert answer.json()["errorCode"] == 429
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert "retry-after" not in answer.headers
    account.clock.now += 2
    assert account.get(ME).status_code == 200


def test_the_window_rolls_and_does_not_start_afresh() -> None:
    account = limited(plan="lite")
    for _ in range(10):
        account.get(ME)
    account.clock.now += 1.5
    for _ in range(10):
        account.get(ME)
    account.clock.now += 0.6
    assert [account.get(ME).status_code for _ in range(11)] == [200] * 10 + [429]


def test_oauth_has_a_wider_burst() -> None:
    account = limited(plan="lite")
    token = account.app.state.settings.token
    del account.client.headers["x-api-token"]
    headers = {"authorization": f"Bearer {token}"}
    assert [account.get(ME, headers=headers).status_code for _ in range(81)] == [200] * 80 + [429]


def test_search_has_a_burst_of_its_own() -> None:
    account = limited()
    query = {"term": "anna"}
    statuses = [account.get(f"{PERSONS}/search", params=query).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert account.get(ME).status_code == 200


def test_an_empty_daily_budget_says_when_it_starts_afresh() -> None:
    account = limited(daily_budget=12, reset_hour_utc=22)
    assert [account.post(PERSONS, json={"name": "A"}).status_code for _ in range(3)] == [200, 200, 429]
    answer = account.post(PERSONS, json={"name": "A"})
    assert answer.json()["error"] == "daily request budget exceeded"
    assert answer.headers["retry-after"] == str(10 * 3_600)
    assert account.get(ME).status_code == 200
    account.clock.now += 10 * 3_600
    assert account.post(PERSONS, json={"name": "A"}).status_code == 200


def test_a_minute_profile_limits_tokens_per_minute() -> None:
    account = limited(tokens_per_minute=10)
    account.clock.now += 15
    assert [account.post(PERSONS, json={"name": "A"}).status_code for _ in range(3)] == [200, 200, 429]
    answer = account.post(PERSONS, json={"name": "A"})
    assert answer.headers["retry-after"] == "45"
    account.clock.now += 45
    assert account.post(PERSONS, json={"name": "A"}).status_code == 200


def test_going_on_through_429s_brings_a_page_in_place_of_json() -> None:
    account = limited(plan="lite", block_after_429s=3, block_seconds=100)
    statuses = [account.get(ME).status_code for _ in range(26)]
    assert statuses == [200] * 20 + [429] * 4 + [403] * 2
    answer = account.get(ME)
    assert answer.headers["content-type"].startswith("text/html")
    assert b"<html" in answer.content
    account.clock.now += 100
    assert account.get(ME).status_code == 200


def test_headers_tell_what_is_left() -> None:
    account = limited(daily_headers="always", daily_budget=1_000)
    answer = account.post(PERSONS, json={"name": "A"})
    assert answer.headers["x-ratelimit-limit"] == "120"
    assert answer.headers["x-ratelimit-remaining"] == "119"
    assert answer.headers["x-ratelimit-reset"] == "2"
    assert account.get(ME).headers["x-daily-ratelimit-token-remaining"] == "995"
    assert answer.headers["x-correlation-id"]


def test_daily_headers_are_missing_after_a_quiet_time() -> None:
    account = limited()
    shown = ["x-daily-ratelimit-token-limit" in account.get(ME).headers for _ in range(4)]
    account.clock.now += 61
    shown.append("x-daily-ratelimit-token-limit" in account.get(ME).headers)
    assert shown == [False, False, True, True, False]


def test_limits_off_lets_all_through_and_still_meters() -> None:
    account = simulated(plan="lite", daily_budget=10)
    assert {account.post(PERSONS, json={"name": "A"}).status_code for _ in range(50)} == {200}
    figures = account.inspect()
    assert figures["tokens"] == {"today": 250, "total": 250}
    assert (figures["requests"], figures["limited"]) == (50, 0)
    assert figures["operations"]["POST /api/v2/persons"]["requests"] == 50


def test_control_requests_are_neither_charged_nor_limited() -> None:
    account = limited(plan="lite")
    for _ in range(30):
        assert account.get("/_control/inspect").status_code == 200
    assert account.inspect()["requests"] == 0


@pytest.mark.parametrize(("pays", "tokens"), [(True, 6), (False, 0)])
def test_refused_requests_cost_as_the_switch_says(pays: bool, tokens: int) -> None:
    account = simulated(refused_requests_cost=pays)
    account.post(PERSONS, json={})
    account.get(f"{PERSONS}/999999")
    assert account.inspect()["tokens"]["today"] == tokens
    assert account.inspect()["refused"] == 2


@pytest.mark.parametrize(("pays", "tokens"), [(True, 42), (False, 40)])
def test_limited_requests_cost_as_the_switch_says(pays: bool, tokens: int) -> None:
    account = limited(plan="lite", limited_requests_cost=pays)
    for _ in range(21):
        account.get(ME)
    assert account.inspect()["tokens"]["today"] == tokens
    assert account.inspect()["limited"] == 1


def test_unauthorized_requests_cost_nothing() -> None:
    account = simulated()
    account.as_user("x" * 40).get(PERSONS)
    assert account.inspect()["tokens"]["today"] == 0


def test_limits_change_while_it_runs() -> None:
    account = simulated()
    answer = account.post("/_control/limits", json={"off": False, "token_burst": 1})
    assert answer.json()["token_burst"] == 1
    assert [account.get(ME).status_code for _ in range(2)] == [200, 429]
    assert account.post("/_control/limits", json={"speed": 1}).status_code == 400


def test_the_meter_starts_afresh_each_day_and_keeps_the_total() -> None:
    account = simulated()
    account.get(ME)
    account.post("/_control/clock", json={"advance": 86_400})
    account.get(ME)
    assert account.inspect()["tokens"] == {"today": 2, "total": 4}
