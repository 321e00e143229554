"""The simulated Pipedrive keeps pipelines, stages, users and v1's older addresses as the service does."""

from dataclasses import replace
from typing import Any

import pytest

from migrator.simulators.pipedrive.preload import Preload
from tests.contract.pipedrive_simulator import PRELOAD, Simulated, simulated

PERSONS, DEALS, NOTES, FILTERS = "/api/v2/persons", "/api/v2/deals", "/v1/notes", "/v1/filters"
V1_FIELDS, STAGES, PIPELINES = "/v1/personFields", "/api/v2/stages", "/api/v2/pipelines"


@pytest.fixture
def account() -> Simulated:
    return simulated()


def anna(account: Simulated) -> int:
    return int(account.data(PERSONS)[0]["id"])


def test_stages_belong_to_a_pipeline_and_an_unknown_one_lists_none(account: Simulated) -> None:
    pipeline = account.made(PIPELINES, {"name": "Second"})["id"]
    stage = account.made(STAGES, {"name": "Only", "pipeline_id": pipeline, "deal_probability": 40})
    assert account.data(STAGES, pipeline_id=pipeline) == [stage]
    assert account.data(STAGES, pipeline_id=999) == []
    assert account.post(STAGES, json={"name": "Lost", "pipeline_id": 999}).status_code == 404


def test_a_stage_is_renamed_and_deleted(account: Simulated) -> None:
    number = account.data(STAGES)[0]["id"]
    account.clock.now += 1
    renamed = account.patch(f"{STAGES}/{number}", json={"name": "Renamed"}).json()["data"]
    assert (renamed["name"], renamed["update_time"]) == ("Renamed", "2026-11-23T12:00:01Z")
    assert account.delete(f"{STAGES}/{number}").json()["data"] == {"id": number}
    assert account.get(f"{STAGES}/{number}").status_code == 404
    assert number not in [stage["id"] for stage in account.data(STAGES)]


def test_stages_are_paged_and_sorted(account: Simulated) -> None:
    query = {"limit": 3, "sort_by": "order_nr", "sort_direction": "desc"}
    first = account.get(STAGES, params=query).json()
    cursor = first["additional_data"]["next_cursor"]
    rest = account.get(STAGES, params={**query, "cursor": cursor}).json()
    assert [stage["order_nr"] for stage in first["data"] + rest["data"]] == [4, 3, 2, 1, 0]
    assert rest["additional_data"]["next_cursor"] is None


def test_users_are_found_by_name_and_by_address(account: Simulated) -> None:
    assert [user["name"] for user in account.data("/v1/users/find", term="cler")] == ["Clerk"]
    found = account.data("/v1/users/find", term="owner@", search_by_email="true")
    assert account.data(f"/v1/users/{found[0]['id']}")["is_you"] is True
    assert account.get("/v1/users/find").status_code == 400
    assert account.get("/v1/users/1").status_code == 404


def test_an_inactive_user_cannot_own_a_record(account: Simulated) -> None:
    gone = next(user["id"] for user in account.data("/v1/users") if not user["active_flag"])
    account.refused(PERSONS, {"name": "A", "owner_id": gone})


def test_currencies_are_found_by_term(account: Simulated) -> None:
    assert [item["code"] for item in account.data("/v1/currencies", term="krona")] == ["SEK"]


def test_user_settings_name_the_duplicate_rule(account: Simulated) -> None:
    assert account.data("/v1/userSettings")["person_duplicate_condition"]


def test_a_deleted_activity_type_is_no_longer_taken(account: Simulated) -> None:
    number = next(item["id"] for item in account.data("/v1/activityTypes") if item["key_string"] == "lunch")
    account.delete(f"/v1/activityTypes/{number}")
    account.refused("/api/v2/activities", {"type": "lunch"})
    assert "lunch" not in [item["key_string"] for item in account.data("/v1/activityTypes")]


def test_two_activity_types_of_one_name_have_keys_of_their_own(account: Simulated) -> None:
    body = {"name": "Visit", "icon_key": "car", "color": "00FF00"}
    keys = [account.made("/v1/activityTypes", body)["key_string"] for _ in range(2)]
    assert keys[0] == "visit" != keys[1]
    account.refused("/v1/activityTypes", {**body, "color": "green"})


def test_v1_makes_renames_and_deletes_fields(account: Simulated) -> None:
    body = {"name": "Colour", "field_type": "enum", "options": [{"label": "Red"}], "add_visible_flag": True}
    made = account.made(V1_FIELDS, body)
    assert account.data(f"/api/v2/personFields/{made['key']}")["field_name"] == "Colour"
    assert account.put(f"{V1_FIELDS}/{made['id']}", json={"name": "Hue"}).json()["data"]["name"] == "Hue"
    assert account.data(f"{V1_FIELDS}/{made['id']}")["options"][0]["label"] == "Red"
    assert account.delete(f"{V1_FIELDS}/{made['id']}").json()["data"] == {"id": made["id"]}
    assert account.get(f"{V1_FIELDS}/{made['id']}").status_code == 404


def test_v1_deletes_several_fields_and_leaves_system_fields(account: Simulated) -> None:
    fields = account.data(V1_FIELDS, limit=500)
    custom = [field["id"] for field in fields if field["edit_flag"]][:2]
    system = next(field["id"] for field in fields if field["key"] == "name")
    answer = account.delete(V1_FIELDS, params={"ids": f"{custom[0]},{custom[1]},{system}"})
    assert answer.json()["data"] == {"id": custom}
    assert account.delete(f"{V1_FIELDS}/{system}").status_code == 400
    assert account.put(f"{V1_FIELDS}/{system}", json={"name": "N"}).status_code == 400


def test_v1_labels_keep_and_get_colours(account: Simulated) -> None:
    field = next(item for item in account.data(V1_FIELDS, limit=500) if item["key"] == "label_ids")
    kept = field["options"] + [{"label": "From source", "color": "purple"}]
    options = account.put(f"{V1_FIELDS}/{field['id']}", json={"options": kept}).json()["data"]["options"]
    assert [option["color"] for option in options] == ["green", "red", "yellow", "blue", "purple"]
    account.refused(f"{V1_FIELDS}/{field['id']}", {"options": [{"id": 1, "label": "Stranger"}]}, method="PUT")


def test_a_filter_is_changed_and_deleted(account: Simulated) -> None:
    number = account.data(FILTERS, type="people")[0]["id"]
    empty = {
        "glue": "and",
        "conditions": [{"glue": "and", "conditions": []}, {"glue": "or", "conditions": []}],
    }
    changed = account.put(f"{FILTERS}/{number}", json={"name": "All", "conditions": empty}).json()["data"]
    assert (changed["name"], changed["type"]) == ("All", "people")
    account.made(PERSONS, {"name": "Other"})
    assert len(account.data(PERSONS, filter_id=number)) == 2
    assert account.delete(f"{FILTERS}/{number}").json()["data"] == {"id": number}
    assert account.get(PERSONS, params={"filter_id": number}).status_code == 400


def test_a_filter_of_another_kind_is_refused(account: Simulated) -> None:
    number = account.data(FILTERS)[0]["id"]
    assert account.get(DEALS, params={"filter_id": number}).status_code == 400


def test_filters_are_capped() -> None:
    account = simulated(filter_cap=1)
    empty = {
        "glue": "and",
        "conditions": [{"glue": "and", "conditions": []}, {"glue": "or", "conditions": []}],
    }
    answer = account.post(FILTERS, json={"name": "F", "type": "people", "conditions": empty})
    assert answer.status_code == 403


def test_a_person_filter_may_look_at_the_organization(account: Simulated) -> None:
    account.made(PERSONS, {"name": "Other"})
    field = account.app.state.catalogue.field("organization", "name")
    assert field is not None
    item = {"object": "organization", "field_id": str(field.number), "operator": "=", "value": "Acme"}
    groups = [{"glue": "and", "conditions": [item]}, {"glue": "or", "conditions": []}]
    body = {"name": "F", "type": "people", "conditions": {"glue": "and", "conditions": groups}}
    number = account.made(FILTERS, body)["id"]
    assert [person["name"] for person in account.data(PERSONS, filter_id=number)] == ["Anna Berg Lund"]


def test_a_note_is_changed_and_says_who_did_it(account: Simulated) -> None:
    note = account.data(NOTES)[0]
    account.clock.now += 5
    changed = account.put(f"{NOTES}/{note['id']}", json={"content": "B", "pinned_to_person_flag": 1}).json()[
        "data"
    ]
    assert (changed["content"], changed["pinned_to_person_flag"]) == ("B", True)
    assert (changed["last_update_user_id"], changed["update_time"]) == (
        note["user_id"],
        "2026-11-23 12:00:05",
    )
    account.delete(f"{NOTES}/{note['id']}")
    assert account.put(f"{NOTES}/{note['id']}", json={"content": "C"}).status_code == 404
    assert account.delete(f"{NOTES}/{note['id']}").status_code == 404


NOTE_QUERIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "from a day": ({"start_date": "2021-01-01"}, ["2021", "2022"]),
    "until a day": ({"end_date": "2021-12-31"}, ["<p>Hello</p>", "2021"]),
    "newest first": ({"sort": "add_time DESC"}, ["2022", "2021", "<p>Hello</p>"]),
    "pinned": ({"pinned_to_person_flag": 1}, ["2022"]),
    "changed since": ({"updated_since": "2026-11-24T00:00:00Z"}, []),
    "of a lead": ({"lead_id": "adf21080-0e10-11eb-879b-05d71fb426ec"}, []),
}


@pytest.mark.parametrize("case", NOTE_QUERIES, ids=str)
def test_notes_are_selected_and_sorted(account: Simulated, case: str) -> None:
    person = anna(account)
    for year in ("2021", "2022"):
        pin = int(year == "2022")
        body = {"content": year, "person_id": person, "add_time": f"{year}-06-01 00:00:00"}
        account.made(NOTES, {**body, "pinned_to_person_flag": pin})
    query, expected = NOTE_QUERIES[case]
    assert [note["content"] for note in account.data(NOTES, **query) or []] == expected


@pytest.mark.parametrize("sort", ["user.name", "id SIDEWAYS"])
def test_a_bad_sort_of_notes_is_refused(account: Simulated, sort: str) -> None:
    assert account.get(NOTES, params={"sort": sort}).status_code == 400


BAD_DEALS: dict[str, dict[str, Any]] = {
    "an unknown person": {"person_id": 999_999},
    "an unknown organization": {"org_id": 999_999},
    "an unknown stage": {"stage_id": 999},
    "an unknown pipeline": {"pipeline_id": 999},
    "a reason without a loss": {"lost_reason": "Price"},
    "a closing time while open": {"close_time": "2020-01-01T00:00:00Z"},
    "a probability of 101": {"probability": 101},
    "an unknown status": {"status": "maybe"},
    "a text for a value": {"value": "10"},
    "null for the expected day": {"expected_close_date": None},
}


@pytest.mark.parametrize("case", BAD_DEALS, ids=str)
def test_a_bad_deal_is_refused(account: Simulated, case: str) -> None:
    account.refused(DEALS, {"title": "D", "person_id": anna(account), **BAD_DEALS[case]})


def test_a_stage_of_another_pipeline_is_refused(account: Simulated) -> None:
    pipeline = account.made(PIPELINES, {"name": "Second"})["id"]
    body = {"title": "D", "person_id": anna(account), "pipeline_id": pipeline}
    account.refused(DEALS, {**body, "stage_id": account.data(STAGES)[0]["id"]})
    assert account.made(DEALS, body)["stage_id"] is None


def test_open_deals_are_capped_per_seat() -> None:
    account = simulated(plan="essential", seats=0, preload=Preload(persons=[{"name": "Anna"}]))
    answer = account.post(DEALS, json={"title": "D", "person_id": anna(account)})
    assert (answer.status_code, answer.json()["code"]) == (403, "feature_capping_deals_limit")


SHAPES: dict[str, tuple[str, Any, Any]] = {
    "a date": ("date", "2020-02-29", "2020-02-30"),
    "a range of days": ("daterange", {"value": "2020-01-01", "until": "2020-01-31"}, {"value": "2020-01-01"}),
    "a range of times": ("timerange", {"value": "08:00:00", "until": "09:00:00"}, "08:00:00"),
    "an address": ("address", {"value": "Street 1", "locality": "Town"}, {"street": "Street 1"}),
    "a long text": ("text", "x" * 60_000, "x" * 70_000),
    "a phone": ("phone", "+46 70 000", 46),
    "a whole number": ("double", 3, True),
}


@pytest.mark.parametrize("case", SHAPES, ids=str)
def test_a_value_has_the_shape_of_its_type(account: Simulated, case: str) -> None:
    kind, good, bad = SHAPES[case]
    code = account.made("/api/v2/personFields", {"field_name": "F", "field_type": kind})["field_code"]
    assert account.made(PERSONS, {"name": "A", "custom_fields": {code: good}})["custom_fields"][code] == good
    assert code in account.refused(PERSONS, {"name": "A", "custom_fields": {code: bad}})


@pytest.mark.parametrize(
    ("kind", "path"), [("people", PERSONS), ("org", "/api/v2/organizations"), ("user", "/v1/users")]
)
def test_a_reference_must_exist(account: Simulated, kind: str, path: str) -> None:
    code = account.made("/api/v2/personFields", {"field_name": "F", "field_type": kind})["field_code"]
    number = account.data(path)[0]["id"]
    assert (
        account.made(PERSONS, {"name": "A", "custom_fields": {code: number}})["custom_fields"][code] == number
    )
    account.refused(PERSONS, {"name": "A", "custom_fields": {code: 999_999}})


def test_merging_needs_two_living_records(account: Simulated) -> None:
    address = f"/v1/persons/{anna(account)}/merge"
    assert account.put(address, json={"merge_with_id": anna(account)}).status_code == 400
    assert account.put(address, json={"merge_with_id": 999_999}).status_code == 404


def test_a_preload_fills_everything_by_name() -> None:
    preload = replace(
        PRELOAD,
        organization_fields=[{"field_name": "Size", "field_type": "enum", "options": ["Small", "Large"]}],
        person_labels=["Alpha", ("Beta", "red")],
        pipelines=[{"name": "Sales", "stages": ["New", "Done"]}, {"name": "Partners", "stages": ["In"]}],
        activity_types=[{"name": "Store visit", "icon_key": "car"}],
        organizations=[{"name": "Acme", "owner": "Clerk", "custom_fields": {"Size": "Large"}}],
        persons=[{"key": "anna", "name": "Anna", "labels": ["Beta"], "update_time": "2021-01-01T00:00:00Z"}],
        deals=[{"title": "D", "organization": 0, "pipeline": "Partners", "stage": "In"}],
        activities=[{"subject": "V", "type": "Store visit", "person": "anna", "deal": "D"}],
        notes=[{"content": "N", "deal": "D", "author": "clerk@example.com"}],
        filters=[
            {"name": "B", "type": "people", "any": [{"field": "Labels", "operator": "=", "value": "Beta"}]}
        ],
    )
    account = simulated(preload=preload)
    clerk = account.data("/v1/users")[1]["id"]
    assert account.data("/api/v2/organizations")[0]["owner_id"] == clerk
    assert account.data(PERSONS)[0]["update_time"] == "2021-01-01T00:00:00Z"
    assert account.data(DEALS)[0]["stage_id"] == account.data(STAGES)[-1]["id"]
    assert account.data("/api/v2/activities")[0]["type"] == "store_visit"
    assert account.data(NOTES)[0]["user_id"] == clerk
    assert len(account.data(PERSONS, filter_id=account.data(FILTERS)[0]["id"])) == 1
