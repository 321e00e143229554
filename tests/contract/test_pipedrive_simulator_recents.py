"""Recents, lead labels, fields of products and the counts of include_fields in the simulated Pipedrive."""

from typing import Any

import pytest

from tests.contract.pipedrive_simulator import CLERK_TOKEN, Simulated, simulated

PERSONS, DEALS, ACTIVITIES = "/api/v2/persons", "/api/v2/deals", "/api/v2/activities"
ORGANIZATIONS, RECENTS, LABELS, PRODUCT_FIELDS = (
    "/api/v2/organizations",
    "/v1/recents",
    "/v1/leadLabels",
    "/v1/productFields",
)
NOON = "2026-11-23 12:00:00"


@pytest.fixture
def account() -> Simulated:
    account = simulated()
    account.clock.now += 60
    return account


def recent(account: Simulated, **query: Any) -> list[tuple[str, int]]:
    data = account.data(RECENTS, since_timestamp="2026-11-23 12:01:00", **query)
    return [(entry["item"], entry["id"]) for entry in data]


def test_recents_list_every_kind_of_write_in_order_of_time(account: Simulated) -> None:
    person = account.made(PERSONS, {"name": "A"})["id"]
    account.clock.now += 1
    note = account.made("/v1/notes", {"content": "n", "person_id": person})["id"]
    account.clock.now += 1
    deal = account.made(DEALS, {"title": "D", "person_id": person})["id"]
    account.clock.now += 1
    kind = account.made("/v1/activityTypes", {"name": "Visit", "icon_key": "car"})["id"]
    account.clock.now += 1
    account.patch(f"{PERSONS}/{person}", json={"name": "B"})
    expected = [("note", note), ("deal", deal), ("activityType", kind), ("person", person)]
    assert recent(account) == expected
    assert recent(account, items="deal,note") == expected[:2]


def test_recents_show_records_in_the_old_form(account: Simulated) -> None:
    person = account.made(PERSONS, {"name": "A B", "emails": [{"value": "a@example.com"}]})["id"]
    account.made(ACTIVITIES, {"subject": "S", "type": "call", "participants": [{"person_id": person}]})
    found = {
        entry["item"]: entry["data"] for entry in account.data(RECENTS, since_timestamp="2026-11-23 12:01:00")
    }
    assert found["person"]["email"] == [{"value": "a@example.com", "primary": True, "label": "work"}]
    assert (found["person"]["visible_to"], found["person"]["activities_count"]) == ("7", 1)
    assert (found["activity"]["busy_flag"], found["activity"]["person_name"]) == (False, "A B")


def test_a_deleted_record_is_among_the_recents_as_an_inactive_one(account: Simulated) -> None:
    person = account.made(PERSONS, {"name": "A"})["id"]
    account.delete(f"{PERSONS}/{person}")
    data = account.data(RECENTS, since_timestamp="2026-11-23 12:01:00", items="person")
    assert [entry["data"]["active_flag"] for entry in data] == [False]


def test_recents_are_paged_without_gap_or_repeat(account: Simulated) -> None:
    numbers = [account.made(PERSONS, {"name": "A"})["id"] for _ in range(5)]
    pages = [recent(account, items="person", start=start, limit=2) for start in (0, 2, 4)]
    assert [number for page in pages for _, number in page] == numbers
    last = account.get(
        RECENTS, params={"since_timestamp": NOON, "items": "person", "start": 4, "limit": 2}
    ).json()
    pagination = last["additional_data"]["pagination"]
    assert pagination == {"start": 4, "limit": 2, "more_items_in_collection": False}
    assert last["additional_data"]["last_timestamp_on_page"] == "2026-11-23 12:01:00"


def test_recents_reach_one_month_back() -> None:
    too_far = {"since_timestamp": "2026-10-01 00:00:00"}
    assert simulated().get(RECENTS, params=too_far).status_code == 400
    shortened = simulated(recents_too_far="shorten").get(RECENTS, params=too_far).json()
    assert shortened["additional_data"]["since_timestamp"] == "2026-10-23 12:00:00"


@pytest.mark.parametrize(
    "query", [{}, {"since_timestamp": "2026-11-23T12:00:00Z"}, {"since_timestamp": NOON, "items": "lead"}]
)
def test_recents_refuse_what_they_do_not_know(account: Simulated, query: dict[str, str]) -> None:
    assert account.get(RECENTS, params=query).status_code == 400


# Lead labels and fields of products


def test_a_lead_label_is_made_changed_and_deleted(account: Simulated) -> None:
    assert [label["name"] for label in account.data(LABELS)] == ["Hot", "Warm", "Cold"]
    made = account.made(LABELS, {"name": "New", "color": "pink"})
    assert (len(made["id"]), made["add_time"]) == (36, "2026-11-23T12:01:00.000Z")
    changed = account.patch(f"{LABELS}/{made['id']}", json={"color": "brown"}).json()["data"]
    assert (changed["name"], changed["color"]) == ("New", "brown")
    assert account.delete(f"{LABELS}/{made['id']}").json()["data"] == {"id": made["id"]}
    assert account.delete(f"{LABELS}/{made['id']}").status_code == 404
    account.refused(LABELS, {"name": "N", "color": "beige"})
    account.refused(LABELS, {"name": "N"})


def test_a_field_of_products_is_answered_201_and_counts_against_the_companys_cap() -> None:
    account = simulated(plan="lite")
    used = account.inspect()["custom_fields"]
    for place in range(30 - used):
        assert (
            account.post(PRODUCT_FIELDS, json={"name": f"F{place}", "field_type": "text"}).status_code == 201
        )
    refused = account.post(PRODUCT_FIELDS, json={"name": "F", "field_type": "text"})
    assert (refused.status_code, refused.json()["code"]) == (403, "feature_capping_custom_fields_limit")


def test_a_field_of_products_loses_the_options_that_are_left_out(account: Simulated) -> None:
    body = {"name": "Size", "field_type": "enum", "options": [{"label": "S"}, {"label": "M"}]}
    made = account.post(PRODUCT_FIELDS, json=body).json()["data"]
    kept = {"options": [made["options"][1], {"label": "L"}]}
    changed = account.put(f"{PRODUCT_FIELDS}/{made['id']}", json=kept).json()["data"]
    assert [option["label"] for option in changed["options"]] == ["M", "L"]
    assert account.delete(PRODUCT_FIELDS, params={"ids": str(made["id"])}).json()["data"] == {
        "id": [made["id"]]
    }
    assert account.get(f"{PRODUCT_FIELDS}/{made['id']}").status_code == 404


def test_a_colleague_who_is_no_admin_makes_no_fields(account: Simulated) -> None:
    clerk = account.as_user(CLERK_TOKEN)
    assert clerk.post(PRODUCT_FIELDS, json={"name": "F", "field_type": "text"}).status_code == 403


# Counts


def counts(account: Simulated, path: str, number: int, *names: str) -> list[Any]:
    shown = account.data(f"{path}/{number}", include_fields=",".join(names))
    listed = next(
        entry
        for entry in account.data(path, include_fields=",".join(names), limit=500)
        if entry["id"] == number
    )
    assert [shown[name] for name in names] == [listed[name] for name in names]
    return [shown[name] for name in names]


def activity(account: Simulated, person: int, day: str | None, **more: Any) -> int:
    body = {"subject": "S", "type": "call", "participants": [{"person_id": person}], **more}
    return int(account.made(ACTIVITIES, body | ({"due_date": day} if day else {}))["id"])


def test_activities_are_counted_and_the_next_and_last_are_named(account: Simulated) -> None:
    person = account.made(PERSONS, {"name": "A"})["id"]
    names = ("activities_count", "done_activities_count", "undone_activities_count")
    assert counts(account, PERSONS, person, *names, "next_activity_id", "last_activity_id") == [
        0,
        0,
        0,
        None,
        None,
    ]
    activity(account, person, None)
    activity(account, person, "2027-03-01")
    sooner = activity(account, person, "2027-02-01", due_time="09:00")
    activity(account, person, "2027-02-01", due_time="10:00")
    activity(account, person, "2024-01-01", done=True)
    latest = activity(account, person, "2025-01-01", done=True)
    gone = activity(account, person, "2027-01-01")
    account.delete(f"{ACTIVITIES}/{gone}")
    assert counts(account, PERSONS, person, *names, "next_activity_id", "last_activity_id") == [
        6,
        2,
        4,
        sooner,
        latest,
    ]


def test_deals_are_counted_by_status_for_persons_and_organizations(account: Simulated) -> None:
    company = account.made(ORGANIZATIONS, {"name": "O"})["id"]
    person = account.made(PERSONS, {"name": "A", "org_id": company})["id"]
    for status in ("open", "open", "won", "lost"):
        account.made(DEALS, {"title": "D", "person_id": person, "status": status})
    account.made(DEALS, {"title": "D", "org_id": company, "status": "won"})
    account.made(DEALS, {"title": "Of both", "org_id": company, "person_id": person, "status": "lost"})
    names = [f"{state}_deals_count" for state in ("open", "won", "lost", "closed")]
    assert counts(account, PERSONS, person, *names) == [2, 1, 2, 3]
    assert counts(account, ORGANIZATIONS, company, *names, "people_count") == [0, 1, 1, 2, 1]
    related = [f"related_{name}" for name in names]
    assert counts(account, ORGANIZATIONS, company, *related) == [2, 1, 1, 2]
    assert counts(account, PERSONS, person, *related) == [0, 1, 0, 1]


def test_notes_files_and_followers_are_counted(account: Simulated) -> None:
    person = account.made(PERSONS, {"name": "A"})["id"]
    owner = account.data("/v1/users/me")["id"]
    account.made("/v1/notes", {"content": "n", "person_id": person})
    for _ in range(2):
        account.post("/v1/files", files={"file": b"x"}, data={"person_id": str(person)})
    account.post(f"{PERSONS}/{person}/followers", json={"user_id": owner})
    names = ("notes_count", "files_count", "followers_count", "email_messages_count")
    assert counts(account, PERSONS, person, *names) == [1, 2, 1, 0]


def test_a_merge_takes_files_notes_and_followers_along(account: Simulated) -> None:
    old, new = (account.made(PERSONS, {"name": name})["id"] for name in ("Old", "New"))
    owner = account.data("/v1/users/me")["id"]
    account.made("/v1/notes", {"content": "n", "person_id": old})
    account.post("/v1/files", files={"file": b"x"}, data={"person_id": str(old)})
    clerk = next(user["id"] for user in account.data("/v1/users") if user["name"] == "Clerk")
    for number, user in ((old, owner), (new, owner), (old, clerk)):
        account.post(f"{PERSONS}/{number}/followers", json={"user_id": user})
    assert account.put(f"/v1/persons/{old}/merge", json={"merge_with_id": new}).status_code == 200
    assert counts(account, PERSONS, new, "notes_count", "files_count", "followers_count") == [1, 1, 2]


def test_a_deal_has_its_own_mail_address(account: Simulated) -> None:
    deal = account.data(DEALS)[0]["id"]
    assert counts(account, DEALS, deal, "smart_bcc_email", "participants_count") == [
        f"demo-company+deal{deal}@pipedrivemail.com",
        1,
    ]
