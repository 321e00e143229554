"""Deals of the simulated Pipedrive: who they belong to, what a status allows, archive, deletion and merge."""

from typing import Any

import pytest

from tests.contract.pipedrive_simulator import Simulated, simulated

DEALS, PERSONS, PIPELINES, STAGES = "/api/v2/deals", "/api/v2/persons", "/api/v2/pipelines", "/api/v2/stages"
NOON = "2026-11-23T12:00:00Z"


@pytest.fixture
def account() -> Simulated:
    return simulated()


def deal(account: Simulated, **more: Any) -> Any:
    return account.made(DEALS, {"title": "D", "person_id": account.data(PERSONS)[0]["id"], **more})


def test_a_deal_needs_a_person_or_an_organization() -> None:
    account = simulated()
    account.refused(DEALS, {"title": "D"})
    made = deal(account)
    account.refused(f"{DEALS}/{made['id']}", {"person_id": None}, method="PATCH")
    assert simulated(deal_needs_contact=False).post(DEALS, json={"title": "D"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"lost_reason": "Price"},
        {"status": "won", "lost_reason": "Price"},
        {"won_time": NOON},
        {"close_time": NOON},
        {"status": "won", "lost_time": NOON},
        {"status": "lost", "won_time": NOON},
        {"probability": 101},
        {"expected_close_date": None},
        {"status": "archived"},
    ],
)
def test_what_a_status_does_not_allow_is_refused_and_changes_nothing(
    account: Simulated, body: dict[str, Any]
) -> None:
    number, before = deal(account)["id"], None
    before = account.snapshot()
    account.refused(f"{DEALS}/{number}", body, method="PATCH")
    assert account.snapshot() == before


def test_closing_times_follow_the_status(account: Simulated) -> None:
    number = deal(account)["id"]
    won = account.patch(
        f"{DEALS}/{number}", json={"status": "won", "won_time": "2024-01-31T08:00:00Z"}
    ).json()
    assert (won["data"]["won_time"], won["data"]["close_time"]) == ("2024-01-31T08:00:00Z",) * 2
    lost = account.patch(f"{DEALS}/{number}", json={"status": "lost", "lost_reason": "Price"}).json()["data"]
    assert (lost["won_time"], lost["lost_time"], lost["lost_reason"]) == (None, NOON, "Price")
    opened = account.patch(f"{DEALS}/{number}", json={"status": "open"}).json()["data"]
    assert [opened[name] for name in ("won_time", "lost_time", "close_time", "lost_reason")] == [None] * 4


def test_an_empty_closing_day_leaves_noughts(account: Simulated) -> None:
    number = deal(account, expected_close_date="2027-01-31")["id"]
    cleared = account.patch(f"{DEALS}/{number}", json={"expected_close_date": ""}).json()["data"]
    assert cleared["expected_close_date"] == "0000-00-00"


def test_archived_deals_have_a_list_of_their_own(account: Simulated) -> None:
    number = deal(account, is_archived=True)["id"]
    assert number not in [entry["id"] for entry in account.data(DEALS)]
    archived = account.data(f"{DEALS}/archived")
    assert [(entry["id"], entry["archive_time"]) for entry in archived] == [(number, NOON)]


def test_deleted_deals_are_listed_for_thirty_days_and_can_be_taken_back(account: Simulated) -> None:
    number = deal(account)["id"]
    account.delete(f"{DEALS}/{number}")
    assert [entry["id"] for entry in account.data(DEALS, status="deleted")] == [number]
    assert account.patch(f"{DEALS}/{number}", json={"is_deleted": False}).status_code == 200
    account.delete(f"{DEALS}/{number}")
    account.clock.now += 31 * 86_400
    assert account.data(DEALS, status="deleted") == []
    assert account.get(f"{DEALS}/{number}").status_code == 404


def test_a_deal_starts_in_the_first_stage_that_is_there(account: Simulated) -> None:
    pipeline = account.made(PIPELINES, {"name": "P"})["id"]
    first, second = (account.made(STAGES, {"name": name, "pipeline_id": pipeline})["id"] for name in "AB")
    assert deal(account, pipeline_id=pipeline)["stage_id"] == first
    account.delete(f"{STAGES}/{first}")
    assert deal(account, pipeline_id=pipeline)["stage_id"] == second
    body = {"title": "D", "person_id": account.data(PERSONS)[0]["id"], "stage_id": first}
    account.refused(DEALS, body)
    account.refused(DEALS, body | {"stage_id": second, "pipeline_id": account.data(PIPELINES)[0]["id"]})


def test_of_two_merged_deals_the_one_in_the_body_survives_and_wins(account: Simulated) -> None:
    old = deal(account, title="Old", value=5, expected_close_date="2027-01-31")["id"]
    new = deal(account, title="New", value=7)["id"]
    account.made("/v1/notes", {"content": "n", "deal_id": old})
    merged = account.put(f"/v1/deals/{old}/merge", json={"merge_with_id": new}).json()["data"]
    assert (merged["id"], merged["merge_what_id"]) == (new, old)
    kept = account.data(f"{DEALS}/{new}")
    assert (kept["title"], kept["value"], kept["expected_close_date"]) == ("New", 7, "2027-01-31")
    assert account.data("/v1/notes", deal_id=new)[0]["content"] == "n"
    assert account.data(f"{DEALS}/{old}")["is_deleted"] is True


def test_the_deals_of_a_plan_are_capped_by_code() -> None:
    account = simulated(plan="essential", seats=1)
    person = account.data(PERSONS)[0]["id"]
    doc = account.app.state.store.select("deals")[0]
    rows = ((doc | {"id": doc["id"] + place}, 0.0, "") for place in range(1, 2_000))
    with account.app.state.store.transaction():
        account.app.state.store.insert_many("deals", rows)
    answer = account.post(DEALS, json={"title": "D", "person_id": person})
    assert (answer.status_code, answer.json()["code"]) == (403, "feature_capping_deals_limit")
