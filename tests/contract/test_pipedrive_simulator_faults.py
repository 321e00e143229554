"""The simulated Pipedrive misbehaves on demand: on a seed or by script, before or after it applies."""

from typing import Any

import httpx
import pytest

from tests.contract.pipedrive_simulator import Simulated, simulated

PERSONS = "/api/v2/persons"


@pytest.fixture
def account() -> Simulated:
    return simulated()


def script(account: Simulated, kind: str, **more: Any) -> None:
    item = {"kind": kind, "method": "POST", "path": PERSONS, **more}
    assert account.post("/_control/faults", json={"scripts": [item]}).status_code == 200


def persons(account: Simulated) -> int:
    return int(account.inspect()["counts"]["persons"]) - 1


@pytest.mark.parametrize(("kind", "applied"), [("before_500", 0), ("after_500", 1)])
def test_a_500_may_come_before_or_after_the_record_was_made(
    account: Simulated, kind: str, applied: int
) -> None:
    script(account, kind)
    assert account.post(PERSONS, json={"name": "A"}).status_code == 500
    assert persons(account) == applied


@pytest.mark.parametrize("kind", ["lost", "reset"])
def test_a_lost_answer_still_applied_the_request(account: Simulated, kind: str) -> None:
    script(account, kind)
    with pytest.raises(httpx.RemoteProtocolError):
        account.post(PERSONS, json={"name": "A"})
    assert persons(account) == 1


def test_a_late_request_is_applied_after_its_seconds(account: Simulated) -> None:
    script(account, "late", seconds=30)
    with pytest.raises(httpx.RemoteProtocolError):
        account.post(PERSONS, json={"name": "Late"})
    assert (persons(account), account.inspect()["late"]) == (0, 1)
    account.clock.now += 31
    assert [person["name"] for person in account.data(PERSONS)][-1] == "Late"
    assert account.data(PERSONS)[-1]["add_time"] == "2026-11-23T12:00:30Z"
    assert account.inspect()["late"] == 0


def test_a_late_request_is_charged_once_when_it_is_sent(account: Simulated) -> None:
    script(account, "late", seconds=1)
    with pytest.raises(httpx.RemoteProtocolError):
        account.post(PERSONS, json={"name": "Late"})
    account.clock.now += 2
    assert account.inspect()["tokens"]["total"] == 5


def test_a_slow_answer_waits_after_it_was_applied(account: Simulated) -> None:
    script(account, "slow", seconds=20)
    assert account.post(PERSONS, json={"name": "A"}).status_code == 200
    assert account.clock.slept == [20]


def test_a_truncated_answer_is_not_json(account: Simulated) -> None:
    script(account, "truncated")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        account.post(PERSONS, json={"name": "A"}).json()
    assert persons(account) == 1


def test_html_comes_where_json_is_due(account: Simulated) -> None:
    script(account, "html_for_json")
    answer = account.post(PERSONS, json={"name": "A"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_storm_of_429s_applies_nothing_and_ends(account: Simulated) -> None:
    script(account, "too_many", times=3)
    assert [account.post(PERSONS, json={"name": "A"}).status_code for _ in range(4)] == [429] * 3 + [200]
    assert persons(account) == 1
    assert len(account.get("/_control/requests", params={"kind": "persons"}).json()["requests"]) == 4


def test_a_script_waits_for_its_turn_and_leaves_other_addresses_alone(account: Simulated) -> None:
    script(account, "before_500", skip=1)
    assert account.get(PERSONS).status_code == 200
    assert [account.post(PERSONS, json={"name": "A"}).status_code for _ in range(3)] == [200, 500, 200]


def statuses(seed: int, names: list[str]) -> dict[str, int]:
    account = simulated()
    plan = {"seed": seed, "rates": {"before_500": 0.3, "after_500": 0.2}, "methods": ["POST"]}
    assert account.post("/_control/faults", json=plan).status_code == 200
    return {name: account.post(PERSONS, json={"name": name}).status_code for name in names}


def test_seeded_faults_do_not_depend_on_the_order_of_arrival() -> None:
    names = [f"P{place}" for place in range(60)]
    first = statuses(1, names)
    assert statuses(1, names[::-1]) == first
    assert statuses(2, names) != first
    assert 15 <= sum(status == 500 for status in first.values()) <= 45


def test_a_repeated_request_goes_through_after_its_attempts(account: Simulated) -> None:
    account.post("/_control/faults", json={"rates": {"before_500": 1.0}, "attempts": 2, "paths": [PERSONS]})
    assert [account.post(PERSONS, json={"name": "A"}).status_code for _ in range(3)] == [500, 500, 200]
    assert account.inspect()["faults"] == {"before_500": 2}


def test_a_plan_with_an_unknown_fault_is_refused(account: Simulated) -> None:
    assert account.post("/_control/faults", json={"rates": {"earthquake": 1}}).status_code == 400
    assert account.post("/_control/faults", json={"rates": {"lost": 0.9, "late": 0.2}}).status_code == 400


def test_a_revoked_token_is_unauthorized_until_restored(account: Simulated) -> None:
    account.post("/_control/revoke-token", json={"token": account.app.state.settings.token})
    assert account.get(PERSONS).status_code == 401
    account.post("/_control/revoke-token", json={"restore": True})
    assert account.get(PERSONS).status_code == 200


def test_a_person_at_the_screen_acts_for_free(account: Simulated) -> None:
    body = {
        "method": "PATCH",
        "path": f"{PERSONS}/{account.data(PERSONS)[0]['id']}",
        "body": {"name": "Edited"},
    }
    before = account.inspect()["tokens"]
    assert account.post("/_control/act", json=body).json()["data"]["name"] == "Edited"
    assert account.inspect()["tokens"] == before


def test_recent_requests_are_shown_newest_first(account: Simulated) -> None:
    account.post(PERSONS, json={"name": "A"})
    account.get("/v1/users/me")
    shown = account.get("/_control/requests", params={"kind": "persons"}).json()["requests"]
    assert [(entry["method"], entry["status"]) for entry in shown] == [("POST", 200)]
    assert shown[0]["body"] == '{"name":"A"}'
