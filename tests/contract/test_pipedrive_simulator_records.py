"""The simulated Pipedrive keeps records as the service does: strict bodies, keyset pages, soft deletes."""

from typing import Any

import pytest

from tests.contract.pipedrive_simulator import CLERK_TOKEN, Simulated, simulated

pytestmark = pytest.mark.slow

PERSONS, ORGANIZATIONS = "/api/v2/persons", "/api/v2/organizations"
DEALS, ACTIVITIES = "/api/v2/deals", "/api/v2/activities"


@pytest.fixture
def account() -> Simulated:
    return simulated()


def test_a_new_person_is_answered_with_200_and_a_rising_id(account: Simulated) -> None:
    first = account.post(PERSONS, json={"name": "One"})
    second = account.post(PERSONS, json={"name": "Two"})
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["data"]["id"] == first.json()["data"]["id"] + 1


def test_the_name_is_split_at_the_first_space_and_again_when_it_changes(account: Simulated) -> None:
    made = account.made(PERSONS, {"name": "Anna Berg Lund"})
    assert (made["first_name"], made["last_name"]) == ("Anna", "Berg Lund")
    changed = account.patch(f"{PERSONS}/{made['id']}", json={"name": "Bo"}).json()["data"]
    assert (changed["first_name"], changed["last_name"]) == ("Bo", None)


def test_the_same_person_twice_makes_two_persons(account: Simulated) -> None:
    body = {"name": "Twin", "emails": [{"value": "twin@example.com"}]}
    assert account.made(PERSONS, body)["id"] != account.made(PERSONS, body)["id"]


def test_the_first_address_is_primary_when_none_is_marked(account: Simulated) -> None:
    made = account.made(
        PERSONS, {"name": "A", "emails": [{"value": "a@x.se"}, {"value": "b@x.se", "label": "home"}]}
    )
    assert made["emails"] == [
        {"value": "a@x.se", "primary": True, "label": "work"},
        {"value": "b@x.se", "primary": False, "label": "home"},
    ]


def test_patch_replaces_whole_arrays_and_an_empty_one_clears(account: Simulated) -> None:
    made = account.made(PERSONS, {"name": "A", "emails": [{"value": "a@x.se"}, {"value": "b@x.se"}]})
    address = f"{PERSONS}/{made['id']}"
    assert len(account.patch(address, json={"emails": [{"value": "c@x.se"}]}).json()["data"]["emails"]) == 1
    assert account.patch(address, json={"emails": []}).json()["data"]["emails"] == []


@pytest.mark.parametrize("path", [PERSONS, ORGANIZATIONS])
def test_add_time_is_kept_on_create_and_update_time_is_the_servers(account: Simulated, path: str) -> None:
    made = account.made(path, {"name": "Old", "add_time": "2015-03-01T09:00:00+01:00"})
    assert made["add_time"] == "2015-03-01T08:00:00Z"
    assert made["update_time"] == "2026-11-23T12:00:00Z"
    assert "add_time" in account.refused(
        f"{path}/{made['id']}", {"add_time": "2015-03-01T09:00:00Z"}, method="PATCH"
    )


def test_every_custom_field_is_listed_with_null_when_unset(account: Simulated) -> None:
    made = account.made(PERSONS, {"name": "Empty"})
    assert set(made["custom_fields"].values()) == {None}
    assert len(made["custom_fields"]) == 6


def test_custom_values_come_back_in_the_shape_they_were_sent(account: Simulated) -> None:
    sent = {
        account.code("Tier"): account.option("Tier", "Silver"),
        account.code("Lists"): [account.option("Lists", "News")],
        account.code("Source key"): "K-9",
        account.code("Score"): 1.5,
        account.code("Call at"): {"value": "10:30:00", "timezone_name": "Europe/Stockholm"},
        account.code("Budget"): {"value": 10, "currency": "EUR"},
    }
    assert account.made(PERSONS, {"name": "Full", "custom_fields": sent})["custom_fields"] == sent


def test_null_clears_a_custom_value_and_leaves_the_others(account: Simulated) -> None:
    tier, key = account.code("Tier"), account.code("Source key")
    number = account.data(PERSONS)[0]["id"]
    changed = account.patch(f"{PERSONS}/{number}", json={"custom_fields": {tier: None}}).json()["data"]
    assert (changed["custom_fields"][tier], changed["custom_fields"][key]) == (None, "K-1")


BAD_PERSONS: dict[str, tuple[Any, str]] = {
    "no name": ({}, "name"),
    "an unknown key": ({"name": "A", "nickname": "B"}, "nickname"),
    "update_time": ({"name": "A", "update_time": "2020-01-01T00:00:00Z"}, "update_time"),
    "an empty name": ({"name": " "}, "name"),
    "a name that is a number": ({"name": 5}, "'string'"),
    "an owner as text": ({"name": "A", "owner_id": "1"}, "owner_id"),
    "true for a number": ({"name": "A", "org_id": True}, "Expected 'integer'"),
    "an unknown organization": ({"name": "A", "org_id": 1}, "org_id"),
    "an unknown owner": ({"name": "A", "owner_id": 1}, "owner_id"),
    "one address in place of a list": ({"name": "A", "emails": "a@x.se"}, "emails"),
    "an address as text": ({"name": "A", "emails": ["a@x.se"]}, "emails"),
    "1 for primary": ({"name": "A", "emails": [{"value": "a@x.se", "primary": 1}]}, "primary"),
    "two primaries": (
        {"name": "A", "emails": [{"value": "a", "primary": True}, {"value": "b", "primary": True}]},
        "primary",
    ),
    "an unknown label": ({"name": "A", "label_ids": [1]}, "label_ids"),
    "101 labels": ({"name": "A", "label_ids": [1] * 101}, "label_ids"),
    "fractional seconds": ({"name": "A", "add_time": "2020-01-01T00:00:00.5Z"}, "add_time"),
    "a spaced date": ({"name": "A", "add_time": "2020-01-01 00:00:00"}, "add_time"),
    "an unknown field code": ({"name": "A", "custom_fields": {"f" * 40: 1}}, f"Unknown key '{'f' * 40}'"),
    "a list": ([], "object"),
}


@pytest.mark.parametrize("case", BAD_PERSONS, ids=str)
def test_a_bad_person_is_refused_as_a_whole(account: Simulated, case: str) -> None:
    body, word = BAD_PERSONS[case]
    before = account.inspect()["counts"]["persons"]
    assert word in account.refused(PERSONS, body)
    assert account.inspect()["counts"]["persons"] == before


BAD_VALUES: dict[str, tuple[str, Any]] = {
    "an empty list for a set": ("Lists", []),
    "a label for a set": ("Lists", ["News"]),
    "another field's option": ("Tier", 1),
    "a list for an enum": ("Tier", [1]),
    "text for a number": ("Score", "1.5"),
    "text for a time": ("Call at", "10:30:00"),
    "money without currency": ("Budget", {"value": 1}),
    "a number for text": ("Source key", 7),
    "256 characters": ("Source key", "x" * 256),
}


@pytest.mark.parametrize("case", BAD_VALUES, ids=str)
def test_a_bad_custom_value_is_refused_with_the_fields_code(account: Simulated, case: str) -> None:
    name, value = BAD_VALUES[case]
    code = account.code(name)
    assert code in account.refused(PERSONS, {"name": "A", "custom_fields": {code: value}})


def test_a_body_that_is_not_json_is_refused(account: Simulated) -> None:
    answer = account.post(PERSONS, content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_unknown_body_keys_are_dropped_where_the_switch_says_so() -> None:
    account = simulated(refuse_unknown_body_keys=False)
    assert "nickname" not in account.made(PERSONS, {"name": "A", "nickname": "B"})


def test_contact_sync_fields_are_forbidden_until_the_account_has_them() -> None:
    body = {"name": "A", "job_title": "Chief"}
    assert simulated().post(PERSONS, json=body).status_code == 403
    assert simulated(contact_sync=True).made(PERSONS, body)["job_title"] == "Chief"


@pytest.mark.parametrize(("plan", "allowed", "forbidden"), [("lite", 3, 7), ("premium", 7, 2)])
def test_visible_to_follows_the_plan(plan: str, allowed: int, forbidden: int) -> None:
    account = simulated(plan=plan)
    assert account.made(PERSONS, {"name": "A"})["visible_to"] == allowed
    assert account.post(PERSONS, json={"name": "A", "visible_to": forbidden}).status_code == 403


def test_pages_follow_the_cursor_without_gaps_while_records_are_added(account: Simulated) -> None:
    for place in range(25):
        account.made(PERSONS, {"name": f"P{place}"})
    seen, cursor = [], ""
    while cursor is not None:
        answer = account.get(PERSONS, params={"limit": 10, **({"cursor": cursor} if cursor else {})}).json()
        seen += [person["id"] for person in answer["data"]]
        cursor = answer["additional_data"]["next_cursor"]
        if len(seen) == 10:
            account.made(PERSONS, {"name": "Late arrival"})
    assert len(seen) == len(set(seen)) == 27
    assert seen == sorted(seen)


def test_descending_pages_over_equal_times_do_not_repeat(account: Simulated) -> None:
    for place in range(5):
        account.made(PERSONS, {"name": f"P{place}"})
    query = {"limit": 2, "sort_by": "update_time", "sort_direction": "desc"}
    seen, cursor = [], ""
    while cursor is not None:
        answer = account.get(PERSONS, params={**query, **({"cursor": cursor} if cursor else {})}).json()
        seen += [person["id"] for person in answer["data"]]
        cursor = answer["additional_data"]["next_cursor"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 6


def test_a_cursor_of_another_list_or_account_is_refused(account: Simulated) -> None:
    account.made(PERSONS, {"name": "B"})
    cursor = account.get(PERSONS, params={"limit": 1}).json()["additional_data"]["next_cursor"]
    assert account.get(ORGANIZATIONS, params={"cursor": cursor}).status_code == 400
    assert simulated(seed=2).get(PERSONS, params={"cursor": cursor}).status_code == 400
    assert account.get(PERSONS, params={"cursor": "nonsense"}).status_code == 400


BAD_QUERIES = {
    "an unknown parameter": {"page": 1},
    "a limit of 501": {"limit": 501},
    "a limit of 0": {"limit": 0},
    "101 ids": {"ids": ",".join(map(str, range(101)))},
    "16 custom fields": {"custom_fields": ",".join(["a"] * 16)},
    "fractional seconds": {"updated_since": "2020-01-01T00:00:00.000Z"},
    "an unknown sort": {"sort_by": "name"},
    "an unknown filter": {"filter_id": 1},
    "an unknown optional field": {"include_fields": "everything"},
}


@pytest.mark.parametrize("case", BAD_QUERIES, ids=str)
def test_a_bad_query_is_refused(account: Simulated, case: str) -> None:
    assert account.get(PERSONS, params=BAD_QUERIES[case]).status_code == 400


def test_activities_refuse_a_type_in_the_query(account: Simulated) -> None:
    assert account.get(ACTIVITIES, params={"type": "call"}).status_code == 400


def test_updated_since_includes_its_moment_and_updated_until_does_not(account: Simulated) -> None:
    account.clock.now += 60
    late = account.made(PERSONS, {"name": "Late"})
    assert [p["id"] for p in account.data(PERSONS, updated_since=late["update_time"])] == [late["id"]]
    assert late["id"] not in [p["id"] for p in account.data(PERSONS, updated_until=late["update_time"])]


def test_ids_select_and_unknown_ids_are_left_out(account: Simulated) -> None:
    number = account.data(PERSONS)[0]["id"]
    assert [p["id"] for p in account.data(PERSONS, ids=f"{number},999999")] == [number]


def test_persons_are_found_by_organization_and_by_deal(account: Simulated) -> None:
    anna = account.data(PERSONS)[0]
    account.made(PERSONS, {"name": "Other"})
    assert account.data(PERSONS, org_id=anna["org_id"]) == [anna]
    assert account.data(PERSONS, deal_id=account.data(DEALS)[0]["id"]) == [anna]


def test_custom_fields_and_labels_are_shown_as_asked(account: Simulated) -> None:
    tier = account.code("Tier")
    query = {"custom_fields": tier, "include_option_labels": "true", "include_labels": "true"}
    anna = account.data(PERSONS, **query)[0]
    assert anna["custom_fields"] == {tier: {"id": account.option("Tier", "Gold"), "label": "Gold"}}
    assert [label["label"] for label in anna["labels"]] == ["Customer"]


def test_a_deleted_person_leaves_the_list_at_once_and_for_good_after_30_days(account: Simulated) -> None:
    number = account.data(PERSONS)[0]["id"]
    address = f"{PERSONS}/{number}"
    assert account.delete(address).json()["data"] == {"id": number}
    assert account.data(PERSONS) == []
    assert account.data(address)["is_deleted"] is True
    assert account.delete(address).status_code == 404
    assert account.patch(address, json={"name": "Back"}).status_code == 404
    account.clock.now += 30 * 86_400
    assert account.get(address).status_code == 404


def test_a_deal_needs_a_person_or_an_organization(account: Simulated) -> None:
    account.refused(DEALS, {"title": "Alone"})
    person = account.data(PERSONS)[0]["id"]
    deal = account.made(DEALS, {"title": "Good", "person_id": person})
    assert account.refused(f"{DEALS}/{deal['id']}", {"person_id": None}, method="PATCH")
    assert simulated(deal_needs_contact=False).post(DEALS, json={"title": "Alone"}).status_code == 200


def test_a_deal_starts_in_the_first_stage_and_follows_its_stage_to_another_pipeline(
    account: Simulated,
) -> None:
    stages = account.data("/api/v2/stages")
    person = account.data(PERSONS)[0]["id"]
    deal = account.made(DEALS, {"title": "D", "person_id": person})
    assert (deal["stage_id"], deal["pipeline_id"]) == (stages[0]["id"], stages[0]["pipeline_id"])
    pipeline = account.made("/api/v2/pipelines", {"name": "Second"})
    stage = account.made("/api/v2/stages", {"name": "New", "pipeline_id": pipeline["id"]})
    moved = account.patch(f"{DEALS}/{deal['id']}", json={"stage_id": stage["id"]}).json()["data"]
    assert moved["pipeline_id"] == pipeline["id"]


def test_deals_have_no_settable_add_time(account: Simulated) -> None:
    body = {"title": "D", "person_id": account.data(PERSONS)[0]["id"], "add_time": "2015-01-01T00:00:00Z"}
    assert "add_time" in account.refused(DEALS, body)
    ignoring = simulated(unsettable_add_time="ignore")
    body["person_id"] = ignoring.data(PERSONS)[0]["id"]
    assert ignoring.made(DEALS, body)["add_time"] == "2026-11-23T12:00:00Z"


def test_won_lost_and_archived_deals_are_listed_by_status(account: Simulated) -> None:
    person = account.data(PERSONS)[0]["id"]
    won = account.made(DEALS, {"title": "W", "person_id": person, "status": "won"})
    assert won["won_time"] == won["close_time"] == "2026-11-23T12:00:00Z"
    archived = account.made(DEALS, {"title": "A", "person_id": person, "is_archived": True})
    assert [deal["id"] for deal in account.data(DEALS, status="won")] == [won["id"]]
    assert [deal["id"] for deal in account.data("/api/v2/deals/archived")] == [archived["id"]]
    account.delete(f"{DEALS}/{won['id']}")
    assert [deal["id"] for deal in account.data(DEALS, status="deleted")] == [won["id"]]


def test_a_deleted_deal_is_taken_back_by_a_request_and_a_person_is_not(account: Simulated) -> None:
    deal, person = account.data(DEALS)[0]["id"], account.data(PERSONS)[0]["id"]
    account.patch(f"{DEALS}/{deal}", json={"is_deleted": True})
    assert account.data(DEALS) == []
    assert account.patch(f"{DEALS}/{deal}", json={"title": "Still gone"}).status_code == 404
    assert account.patch(f"{DEALS}/{deal}", json={"is_deleted": False}).status_code == 200
    assert [item["id"] for item in account.data(DEALS)] == [deal]
    account.refused(f"{PERSONS}/{person}", {"is_deleted": False}, method="PATCH")


def test_an_activity_belongs_to_its_primary_participant(account: Simulated) -> None:
    anna = account.data(PERSONS)[0]["id"]
    other = account.made(PERSONS, {"name": "Other"})["id"]
    body = {
        "subject": "Talk",
        "type": "call",
        "due_date": "2020-02-29",
        "due_time": "09:30",
        "done": True,
        "participants": [{"person_id": anna}, {"person_id": other, "primary": True}],
    }
    made = account.made(ACTIVITIES, body)
    assert (made["person_id"], made["due_time"]) == (other, "09:30:00")
    assert made["marked_as_done_time"] == made["add_time"] == "2026-11-23T12:00:00Z"
    assert [a["id"] for a in account.data(ACTIVITIES, person_id=other)] == [made["id"]]


BAD_ACTIVITIES: dict[str, dict[str, Any]] = {
    "an unknown type": {"type": "teleport"},
    "add_time": {"add_time": "2015-01-01T00:00:00Z"},
    "marked_as_done_time": {"marked_as_done_time": "2015-01-01T00:00:00Z"},
    "1 for done": {"done": 1},
    "a day that is none": {"due_date": "2023-02-29"},
    "a time that is none": {"due_time": "25:00"},
    "a note over 100 kB": {"note": "x" * 100_001},
    "an unknown participant": {"participants": [{"person_id": 999_999}]},
    "an unknown deal": {"deal_id": 999_999},
    "a lead": {"lead_id": "adf21080-0e10-11eb-879b-05d71fb426ec"},
    "a custom field": {"custom_fields": {}},
}


@pytest.mark.parametrize("case", BAD_ACTIVITIES, ids=str)
def test_a_bad_activity_is_refused(account: Simulated, case: str) -> None:
    account.refused(ACTIVITIES, {"subject": "S", "type": "call", **BAD_ACTIVITIES[case]})


@pytest.mark.parametrize(
    ("mode", "status", "linked"), [("refuse", 400, None), ("ignore", 200, False), ("accept", 200, True)]
)
def test_person_id_without_participants_follows_the_switch(
    mode: str, status: int, linked: bool | None
) -> None:
    account = simulated(activity_person_id=mode)
    anna = account.data(PERSONS)[0]["id"]
    answer = account.post(ACTIVITIES, json={"subject": "S", "type": "call", "person_id": anna})
    assert answer.status_code == status
    if linked is not None:
        assert answer.json()["data"]["person_id"] == (anna if linked else None)


def test_attendees_are_shown_only_when_asked_for(account: Simulated) -> None:
    made = account.made(ACTIVITIES, {"type": "call", "attendees": [{"email": "a@x.se"}]})
    assert "attendees" not in made
    assert account.data(f"{ACTIVITIES}/{made['id']}", include_fields="attendees")["attendees"]


def test_consent_is_silently_kept_when_it_may_not_change() -> None:
    account = simulated(campaigns=True)
    made = account.made(
        PERSONS, {"name": "A", "emails": [{"value": "a@x.se"}], "marketing_status": "unsubscribed"}
    )
    address = f"{PERSONS}/{made['id']}"
    account.patch(address, json={"marketing_status": "subscribed"})
    account.patch(address, json={"marketing_status": "archived"})
    assert account.data(address, include_fields="marketing_status")["marketing_status"] == "subscribed"
    nobody = account.made(PERSONS, {"name": "No address", "marketing_status": "subscribed"})
    shown = account.data(f"{PERSONS}/{nobody['id']}", include_fields="marketing_status")
    assert shown["marketing_status"] == "no_consent"


def test_merging_keeps_the_named_record_and_moves_what_hangs_on_the_other(account: Simulated) -> None:
    anna = account.data(PERSONS)[0]
    survivor = account.made(PERSONS, {"name": "Anna B", "emails": [{"value": "b@x.se"}]})
    answer = account.put(f"/v1/persons/{anna['id']}/merge", json={"merge_with_id": survivor["id"]})
    assert answer.status_code == 200
    kept = account.data(PERSONS)
    assert [person["id"] for person in kept] == [survivor["id"]]
    assert [entry["value"] for entry in kept[0]["emails"]] == ["b@x.se", "anna@example.com"]
    assert (kept[0]["name"], kept[0]["org_id"]) == ("Anna B", anna["org_id"])
    assert account.data("/v1/notes", person_id=survivor["id"])
    assert (
        account.data(ACTIVITIES, person_id=survivor["id"])[0]["participants"][0]["person_id"]
        == survivor["id"]
    )


@pytest.mark.parametrize(("mode", "status"), [("404", 404), ("410", 410)])
@pytest.mark.parametrize("path", ["/v1/persons", "/api/v1/deals/1", "/v1/itemSearch", "/v1/pipelines"])
def test_withdrawn_v1_addresses_are_gone(mode: str, status: int, path: str) -> None:
    assert simulated(withdrawn_v1=mode).get(path).status_code == status


def test_v1_answers_under_both_prefixes_and_v2_under_one(account: Simulated) -> None:
    assert account.get("/v1/users/me").status_code == account.get("/api/v1/users/me").status_code == 200
    assert account.get("/v2/persons").status_code == 404
    assert account.put(PERSONS).status_code == 405


def test_a_missing_or_unknown_token_or_an_inactive_user_is_unauthorized(account: Simulated) -> None:
    for token in ("", "x" * 40, "d" * 40):
        answer = account.as_user(token).get("/no/such/page")
        assert answer.status_code == 401
        assert answer.json() == {"success": False, "error": "unauthorized access", "errorCode": 401}


def test_bearer_and_query_tokens_are_taken() -> None:
    account = simulated()
    bare = account.as_user("")
    token = account.app.state.settings.token
    assert (
        bare.get("/v1/users/me", headers={"x-api-token": "", "authorization": f"Bearer {token}"}).status_code
        == 401
    )
    del bare.headers["x-api-token"]
    assert bare.get("/v1/users/me", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert bare.get("/v1/users/me", params={"api_token": token}).status_code == 200


def test_only_admins_change_definitions(account: Simulated) -> None:
    clerk = account.as_user(CLERK_TOKEN)
    access = clerk.get("/v1/users/me").json()["data"]["access"]
    assert not any(entry["admin"] for entry in access)
    assert (
        clerk.post("/api/v2/personFields", json={"field_name": "F", "field_type": "text"}).status_code == 403
    )
    assert clerk.post("/v1/activityTypes", json={"name": "T", "icon_key": "task"}).status_code == 403
    assert clerk.post(PERSONS, json={"name": "A"}).status_code == 200
