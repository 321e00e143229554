"""The simulated Pipedrive misbehaves on demand: on a seed or by script, before or after it applies."""

import gzip
import json
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrator.simulators.faults import APPLIED, FaultKind
from tests.contract.pipedrive_simulator import CLERK_TOKEN, PRELOAD, Simulated, TestClock, simulated

pytestmark = pytest.mark.slow

PERSONS = "/api/v2/persons"


@pytest.fixture
def account() -> Simulated:
    return simulated()


def script(account: Simulated, kind: str, **more: Any) -> None:
    item = {"kind": kind, "method": "POST", "path": PERSONS, **more}
    assert account.post("/_control/faults", json={"scripts": [item]}).status_code == 200


def logged(account: Simulated, **wanted: Any) -> list[Any]:
    answer = account.get("/_control/log", params=wanted)
    return [json.loads(line) for line in answer.text.splitlines()]


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
    assert len(logged(account, path="persons")) == 4


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
    account.post("/_control/tokens", json={"revoke": account.app.state.settings.token})
    assert account.get(PERSONS).status_code == 401
    account.post("/_control/tokens", json={"restore": True})
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
    shown = logged(account, path="persons")
    assert [(entry["method"], entry["status"]) for entry in shown] == [("POST", 200)]
    assert shown[0]["body"] == '{"name":"A"}'


# Every kind: what it applies, what it answers, and nothing besides


def ask(account: Simulated, name: str = "A") -> httpx.Response | None:
    """The answer to a POST, None where the connection was dropped."""
    try:
        return account.post(PERSONS, json={"name": name})
    except httpx.RemoteProtocolError:
        return None


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_fault_applies_the_request_or_not_and_touches_nothing_else(
    account: Simulated, kind: FaultKind
) -> None:
    account.control("snapshot", {"name": "before"})
    if kind in ("storm", "storm_bare"):
        account.control("faults", {"rates": {kind: 1}, "storm_attempts": 1, "paths": [PERSONS]})
    else:
        account.control("faults", {"scripts": [{"kind": kind, "seconds": 30}], "megabytes": 0.01})
    ask(account)
    changes = account.differences("before")
    assert [(row["change"], row["kind"]) for row in changes] == [("added", "persons")] * (kind in APPLIED)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *[(f"{when}_{status}", status) for when in ("before", "after") for status in (500, 502, 503)],
        *[("html_for_json", 200), ("html_502", 502), ("html_503", 503), ("too_many", 429)],
        *[("token_expired", 401), ("token_revoked", 401), ("scope_lost", 403), ("not_json", 200)],
        *[("slow", 200), ("no_id", 200), ("wrong_id", 200), ("clock_skew", 200), ("truncated", 200)],
        *[("timeout_before", None), ("timeout_after", None), ("late", None), ("lost", None), ("reset", None)],
        ("cut_short", None),
    ],
)
def test_a_fault_has_its_status_once(account: Simulated, kind: str, status: int | None) -> None:
    script(account, kind, seconds=0)
    answer = ask(account)
    assert (answer.status_code if answer else None) == status
    assert ask(account).status_code == 200


@pytest.mark.parametrize("kind", ["before_502", "after_503"])
def test_a_server_error_is_json_and_a_gateways_page_is_not(account: Simulated, kind: str) -> None:
    script(account, kind)
    assert ask(account).json()["success"] is False
    script(account, f"html_{kind[-3:]}")
    assert ask(account).text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("kind", "seconds"), [("timeout_before", 25), ("timeout_after", 25), ("slow", 25)])
def test_a_wait_lasts_its_seconds(account: Simulated, kind: str, seconds: int) -> None:
    script(account, kind, seconds=seconds)
    ask(account)
    assert account.clock.slept == [seconds]


def test_an_answer_may_lack_its_id_or_have_a_wrong_one(account: Simulated) -> None:
    script(account, "no_id")
    assert "id" not in ask(account).json()["data"]
    script(account, "wrong_id")
    told = ask(account).json()["data"]["id"]
    assert told not in [person["id"] for person in account.data(PERSONS)]
    assert persons(account) == 2


def test_a_body_may_be_no_json_though_it_says_so(account: Simulated) -> None:
    script(account, "not_json")
    answer = ask(account)
    assert (answer.text, answer.headers["content-type"]) == ("OK\n", "application/json; charset=utf-8")


def test_a_giant_body_is_still_the_answer(account: Simulated) -> None:
    plan = {"scripts": [{"kind": "giant_body"}, {"kind": "gzip_bomb"}], "megabytes": 3}
    account.control("faults", plan)
    plain = ask(account)
    assert (len(plain.content) > 3 << 20, plain.json()["data"]["name"]) == (True, "A")
    with account.client.stream("POST", PERSONS, json={"name": "B"}) as packed:
        wire = b"".join(packed.iter_raw())
    assert (packed.headers["content-encoding"], len(wire) < 10_000) == ("gzip", True)
    assert json.loads(gzip.decompress(wire))["data"]["name"] == "B"


def test_a_slow_body_comes_a_few_bytes_at_a_time(account: Simulated) -> None:
    account.control("faults", {"scripts": [{"kind": "slow_body"}], "bytes_per_second": 50})
    answer = ask(account)
    assert answer.json()["data"]["name"] == "A"
    size = len(answer.content)
    assert sum(account.clock.slept) == pytest.approx(size / 50, abs=0.2)
    assert max(account.clock.slept) <= 0.2


def test_the_date_header_is_off_by_the_skew(account: Simulated) -> None:
    account.control("faults", {"scripts": [{"kind": "clock_skew"}], "skew_seconds": -600})
    shown = parsedate_to_datetime(ask(account).headers["date"]).timestamp()
    assert shown == account.clock.now - 600
    assert "date" not in ask(account).headers


RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.mark.parametrize(
    ("kind", "status", "shown"),
    [("header_loss", 200, 0), ("storm_bare", 429, 0), ("storm", 429, 3), ("slow", 200, 3)],
)
def test_headers_about_limits_are_lost_only_where_that_is_the_fault(
    kind: str, status: int, shown: int
) -> None:
    limited = simulated(limits_off=False)
    limited.control("faults", {"rates": {kind: 1}})
    answer = ask(limited)
    assert (answer.status_code, sum(name in answer.headers for name in RATE_HEADERS)) == (status, shown)


def test_a_storm_refuses_a_share_of_the_records_for_their_first_attempts(account: Simulated) -> None:
    account.control("faults", {"seed": 3, "rates": {"storm": 0.4}, "storm_attempts": 2, "paths": [PERSONS]})
    found = {name: [ask(account, name).status_code for _ in range(3)] for name in map(str, range(30))}
    assert {tuple(row) for row in found.values()} == {(429, 429, 200), (200, 200, 200)}


@pytest.mark.parametrize(("kind", "status"), [("token_expired", 401), ("scope_lost", 403)])
def test_a_token_stays_refused_for_its_seconds(account: Simulated, kind: str, status: int) -> None:
    script(account, kind, seconds=60)
    asked = [ask(account).status_code, account.get(PERSONS).status_code]
    other = account.as_user(CLERK_TOKEN).get(PERSONS).status_code
    account.clock.now += 61
    assert (asked, other, account.get(PERSONS).status_code) == ([status, status], 200, 200)


def test_a_revoked_token_stays_refused_until_somebody_restores_it(account: Simulated) -> None:
    script(account, "token_revoked")
    ask(account)
    account.clock.now += 1e7
    assert account.get(PERSONS).status_code == 401
    account.control("tokens", {"restore": True})
    assert account.get(PERSONS).status_code == 200


def test_attempts_are_counted_over_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "account.sqlite3")
    first = simulated(db=file)
    first.control("faults", {"rates": {"before_500": 1}, "paths": [PERSONS]})
    assert ask(first).status_code == 500
    first.app.close()
    second = simulated(db=file)
    assert (ask(second).status_code, ask(second, "B").status_code) == (200, 500)


def test_a_late_request_is_applied_after_one_to_120_seconds(account: Simulated) -> None:
    account.control("faults", {"rates": {"late": 1}, "paths": [PERSONS]})
    names = [str(place) for place in range(40)]
    assert [ask(account, name) for name in names] == [None] * 40
    start, seen = account.clock.now, []
    for _ in range(121):
        account.clock.now += 1
        seen.append(persons(account))
    assert (seen[0] <= 1, 0 < seen[60] < 40, seen[-1]) == (True, True, 40)
    assert account.clock.now == start + 121


# Others in the account


def acted(account: Simulated, actor: str, **more: Any) -> list[Any]:
    """What an actor changed after one GET of the first person, beside what that request did."""
    account.control("snapshot", {"name": "before", "deleted": True})
    number = account.data(PERSONS)[0]["id"]
    account.control("faults", {"scripts": [{"kind": actor, **more}]})
    assert account.get(f"{PERSONS}/{number}").status_code == 200
    return account.differences("before", deleted=1)


@pytest.fixture
def crowded() -> Simulated:
    more = [{"name": "Bo Dahl"}, {"name": "Cai Eek"}]
    users = [*PRELOAD.users, {"name": "Colleague", "email": "colleague@example.com"}]
    return simulated(preload=replace(PRELOAD, persons=[*PRELOAD.persons, *more], users=users))


def fields_of(rows: list[Any], kind: str) -> set[str]:
    return {
        name for row in rows if row["kind"] == kind and row["change"] == "changed" for name in row["fields"]
    }


@pytest.mark.parametrize(
    ("actor", "kind", "fields"),
    [
        ("edit", "persons", {"name", "last_name"}),
        ("delete", "persons", {"is_deleted"}),
        ("relabel", "persons", {"label_ids"}),
        ("reassign", "persons", {"owner_id"}),
        ("merge", "persons", {"is_deleted"}),
        ("rename_field", "person_fields", {"field_name"}),
        ("rename_option", "person_fields", {"options"}),
        ("remove_option", "person_fields", {"options"}),
        ("rename_label", "person_fields", {"options"}),
        ("delete_label", "person_fields", {"options"}),
        ("deactivate_user", "users", {"active_flag"}),
    ],
)
def test_an_actor_changes_what_its_name_says(
    crowded: Simulated, actor: str, kind: str, fields: set[str]
) -> None:
    changed = fields_of(acted(crowded, actor), kind)
    assert fields <= changed, changed
    if kind != "persons":
        assert changed <= fields | {"update_time", "modified"}


def test_a_field_may_go_or_come_back_under_another_code(crowded: Simulated) -> None:
    gone = [row["change"] for row in acted(crowded, "delete_field") if row["kind"] == "person_fields"]
    again = [row for row in acted(crowded, "recreate_field") if row["kind"] == "person_fields"]
    assert gone == ["removed"]
    assert sorted(row["change"] for row in again) == ["added", "removed"]
    assert len({row["record"]["field_name"] for row in again}) == 1


def test_a_colleague_is_not_the_tokens_owner(crowded: Simulated) -> None:
    acted(crowded, "edit")
    colleague = next(u["id"] for u in crowded.data("/v1/users") if u["name"] == "Colleague")
    doc = crowded.app.state.store.get("persons", crowded.data(PERSONS)[0]["id"])
    assert doc is not None
    assert doc["name"].endswith("(changed by hand)")
    assert colleague != doc["owner_id"]


def test_another_app_eats_the_budget(account: Simulated) -> None:
    account.control("faults", {"scripts": [{"kind": "spend_budget"}], "budget_tokens": 700})
    account.get(PERSONS)
    meter = account.get("/_control/meter").json()
    assert meter["tokens"]["today"] == 710
    assert meter["operations"]["another application"]["tokens"] == 700


def test_an_actor_may_wait_and_outlives_a_restart(tmp_path: Path) -> None:
    clock = TestClock()
    file = str(tmp_path / "account.sqlite3")
    first = simulated(db=file, clock=clock)
    number = first.data(PERSONS)[0]["id"]
    first.control("faults", {"scripts": [{"kind": "delete", "seconds": 60}]})
    first.get(f"{PERSONS}/{number}")
    first.app.close()
    second = simulated(db=file, clock=clock)
    assert second.data(PERSONS) != []
    clock.now += 61
    assert second.data(PERSONS) == []


def test_drawn_actors_touch_the_same_records_in_any_order() -> None:
    names = [f"P{place}" for place in range(40)]

    def edited(order: list[str]) -> set[str]:
        account = simulated()
        account.control(
            "faults", {"seed": 2, "actors": {"edit": 0.3}, "methods": ["POST"], "paths": [PERSONS]}
        )
        for name in order:
            account.post(PERSONS, json={"name": name})
        return {p["name"] for p in account.data(PERSONS, limit=100) if "changed" in p["name"]}

    first = edited(names)
    assert 4 < len(first) < 25
    assert edited(names[::-1]) == first


def test_the_log_tells_what_was_drawn(account: Simulated) -> None:
    script(account, "after_500")
    ask(account)
    account.control("faults", {"scripts": [{"kind": "relabel"}]})
    ask(account, "B")
    entries = logged(account, method="POST", path=PERSONS)
    assert [(entry["status"], entry.get("fault")) for entry in entries] == [(200, None), (500, "after_500")]
    assert entries[0]["actors"][0].startswith("relabel: PATCH /api/v2/persons/")
