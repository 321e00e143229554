"""The simulated Pipedrive keeps fields, options, labels, types, notes and filters as the service does."""

import re
from dataclasses import replace
from typing import Any

import pytest

from migrator.simulators.pipedrive.seeding import PreloadError
from tests.contract.pipedrive_simulator import CLERK_TOKEN, PRELOAD, Simulated, simulated

FIELDS, PERSONS, NOTES, FILTERS = "/api/v2/personFields", "/api/v2/persons", "/v1/notes", "/v1/filters"


@pytest.fixture
def account() -> Simulated:
    return simulated()


def new_field(account: Simulated, **body: Any) -> Any:
    return account.made(FIELDS, {"field_name": "New", "field_type": "varchar", **body})


def test_a_new_field_gets_a_code_of_40_hex_digits_and_shows_on_every_person(account: Simulated) -> None:
    code = new_field(account)["field_code"]
    assert re.fullmatch(r"[0-9a-f]{40}", code)
    assert account.data(PERSONS)[0]["custom_fields"][code] is None


def test_codes_differ_between_accounts_and_after_a_reset(account: Simulated) -> None:
    codes = {account.code("Tier"), simulated(seed=2).code("Tier")}
    account.post("/_control/reset")
    assert len(codes | {account.code("Tier")}) == 3


def test_the_same_seed_gives_the_same_account() -> None:
    snapshots = [simulated().snapshot() for _ in range(2)]
    assert snapshots[0] == snapshots[1]


def test_two_fields_may_share_a_name(account: Simulated) -> None:
    assert new_field(account)["field_code"] != new_field(account)["field_code"]


BAD_FIELDS: dict[str, dict[str, Any]] = {
    "a checkbox": {"field_type": "boolean"},
    "a date-time": {"field_type": "datetime"},
    "an enum without options": {"field_type": "enum"},
    "options on text": {"options": [{"label": "A"}]},
    "a name of 256": {"field_name": "x" * 256},
    "a code": {"field_code": "f" * 40},
    "a description": {"description": "only deals have one"},
}


@pytest.mark.parametrize("case", BAD_FIELDS, ids=str)
def test_a_bad_field_is_refused(account: Simulated, case: str) -> None:
    account.refused(FIELDS, {"field_name": "New", "field_type": "varchar", **BAD_FIELDS[case]})


def test_a_deleted_field_takes_its_values_along(account: Simulated) -> None:
    code = account.code("Source key")
    assert account.delete(f"{FIELDS}/{code}").status_code == 200
    assert code not in account.data(PERSONS)[0]["custom_fields"]
    assert f"Unknown key '{code}'" in account.refused(PERSONS, {"name": "A", "custom_fields": {code: "x"}})


def test_system_fields_cannot_be_deleted_and_types_cannot_change(account: Simulated) -> None:
    assert account.delete(f"{FIELDS}/name").status_code == 400
    account.refused(f"{FIELDS}/{account.code('Tier')}", {"field_type": "text"}, method="PATCH")


def test_fields_are_paged_by_cursor(account: Simulated) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        query = {"limit": 7, **({"cursor": cursor} if cursor else {})}
        answer = account.get(FIELDS, params=query).json()
        seen += [field["field_code"] for field in answer["data"]]
        cursor = answer["additional_data"]["next_cursor"]
    assert len(seen) == len(set(seen)) == len(account.app.state.catalogue.fields("person"))


@pytest.mark.parametrize(("plan", "cap"), [("lite", 30), ("growth", 100)])
def test_the_plan_caps_the_custom_fields_of_the_whole_company(plan: str, cap: int) -> None:
    account = simulated(plan=plan)
    paths = [f"/api/v2/{entity}Fields" for entity in ("person", "organization", "deal")]
    for place in range(cap - 6):
        account.made(paths[place % 3], {"field_name": f"F{place}", "field_type": "text"})
    answer = account.post(FIELDS, json={"field_name": "One more", "field_type": "text"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "feature_capping_custom_fields_limit"


def test_options_are_added_all_or_none_with_rising_ids(account: Simulated) -> None:
    address = f"{FIELDS}/{account.code('Lists')}/options"
    made = account.made(address, [{"label": "A"}, {"label": "B"}])
    assert made[1]["id"] == made[0]["id"] + 1 > account.option("Lists", "Offers")
    account.refused(address, [{"label": "C"}, {"label": ""}])
    assert len(account.data(f"{FIELDS}/{account.code('Lists')}")["options"]) == 4


def test_a_removed_option_leaves_every_record(account: Simulated) -> None:
    lists, tier = account.code("Lists"), account.code("Tier")
    news = account.option("Lists", "News")
    answer = account.client.request("DELETE", f"{FIELDS}/{lists}/options", json=[{"id": news}])
    assert [option["label"] for option in answer.json()["data"]] == ["News"]
    gold = account.option("Tier", "Gold")
    account.client.request("DELETE", f"{FIELDS}/{tier}/options", json=[{"id": gold}])
    values = account.data(PERSONS)[0]["custom_fields"]
    assert (values[lists], values[tier]) == ([account.option("Lists", "Offers")], None)


def test_an_option_keeps_its_id_when_it_is_renamed(account: Simulated) -> None:
    gold = account.option("Tier", "Gold")
    answer = account.patch(
        f"{FIELDS}/{account.code('Tier')}/options", json=[{"id": gold, "label": "Platinum"}]
    )
    assert answer.json()["data"] == [{"id": gold, "label": "Platinum"}]


def test_labels_are_options_of_label_ids_unless_the_switch_forbids_it() -> None:
    address = f"{FIELDS}/label_ids/options"
    account = simulated()
    label = account.made(address, [{"label": "From source"}])[0]
    assert account.made(PERSONS, {"name": "A", "label_ids": [label["id"]]})["label_ids"] == [label["id"]]
    assert simulated(label_options_v2=False).post(address, json=[{"label": "A"}]).status_code == 400


def test_a_new_account_has_the_four_labels(account: Simulated) -> None:
    options = account.data(f"{FIELDS}/label_ids")["options"]
    assert [option["label"] for option in options] == ["Customer", "Hot lead", "Warm lead", "Cold lead"]


def test_v1_options_left_out_of_a_put_are_deleted(account: Simulated) -> None:
    field = next(item for item in account.data("/v1/personFields", limit=500) if item["name"] == "Lists")
    offers = {"id": account.option("Lists", "Offers"), "label": "Offers"}
    answer = account.put(f"/v1/personFields/{field['id']}", json={"options": [offers, {"label": "Fresh"}]})
    assert [option["label"] for option in answer.json()["data"]["options"]] == ["Offers", "Fresh"]
    assert account.data(PERSONS)[0]["custom_fields"][field["key"]] == [offers["id"]]


def test_v1_fields_are_paged_by_start_and_have_numbers(account: Simulated) -> None:
    answer = account.get("/v1/personFields", params={"start": 2, "limit": 3}).json()
    assert answer["additional_data"]["pagination"] == {
        "start": 2,
        "limit": 3,
        "more_items_in_collection": True,
        "next_start": 5,
    }
    assert all(isinstance(field["id"], int) for field in answer["data"])


def test_activity_fields_are_read_only(account: Simulated) -> None:
    assert account.data("/api/v2/activityFields")
    assert account.post("/api/v2/activityFields", json={}).status_code == 405


def test_an_activity_type_gets_a_slug_that_stays(account: Simulated) -> None:
    made = account.made("/v1/activityTypes", {"name": "Video call", "icon_key": "camera"})
    assert (made["key_string"], made["is_custom_flag"]) == ("video_call", True)
    renamed = account.put(f"/v1/activityTypes/{made['id']}", json={"name": "Zoom"}).json()["data"]
    assert renamed["key_string"] == "video_call"
    account.refused("/v1/activityTypes", {"name": "Bad", "icon_key": "unicorn"})


def test_activity_types_are_capped() -> None:
    account = simulated(activity_type_cap=6)
    assert account.post("/v1/activityTypes", json={"name": "One more", "icon_key": "task"}).status_code == 403


def test_a_note_keeps_its_date_and_loses_what_is_not_allowed(account: Simulated) -> None:
    anna = account.data(PERSONS)[0]["id"]
    content = '<p onclick="x">A <b>b</b><script>bad()</script><img src=x><a href="javascript:x">l</a></p>'
    note = account.made(NOTES, {"content": content, "person_id": anna, "add_time": "2019-05-06 07:08:09"})
    assert note["add_time"] == "2019-05-06 07:08:09"
    assert note["update_time"] == "2026-11-23 12:00:00"
    assert note["content"] == "<p>A <b>b</b><a>l</a></p>"
    assert note["person"] == {"name": "Anna Berg Lund"}


BAD_NOTES: dict[str, dict[str, Any]] = {
    "no parent": {"person_id": None},
    "an unknown person": {"person_id": 999_999},
    "no content": {"content": ""},
    "over 100 kB": {"content": "å" * 50_001},
    "an RFC3339 date": {"add_time": "2019-05-06T07:08:09Z"},
    "true for a pin": {"pinned_to_person_flag": True},
    "an unknown key": {"title": "T"},
}


@pytest.mark.parametrize("case", BAD_NOTES, ids=str)
def test_a_bad_note_is_refused(account: Simulated, case: str) -> None:
    anna = account.data(PERSONS)[0]["id"]
    account.refused(NOTES, {"content": "A", "person_id": anna, **BAD_NOTES[case]})


def test_notes_are_paged_by_start_and_found_by_person(account: Simulated) -> None:
    anna = account.data(PERSONS)[0]["id"]
    for place in range(4):
        account.made(NOTES, {"content": f"N{place}", "person_id": anna})
    answer = account.get(NOTES, params={"person_id": anna, "start": 0, "limit": 3}).json()
    assert answer["additional_data"]["pagination"]["next_start"] == 3
    rest = account.get(NOTES, params={"person_id": anna, "start": 3, "limit": 3}).json()
    assert len(answer["data"] + rest["data"]) == 5
    assert rest["additional_data"]["pagination"]["more_items_in_collection"] is False


def test_an_empty_v1_list_is_null() -> None:
    assert simulated().get(NOTES, params={"person_id": 999_999}).json()["data"] is None
    assert (
        simulated(v1_empty_list_is_null=False).get(NOTES, params={"person_id": 999_999}).json()["data"] == []
    )


def test_a_deleted_note_shows_as_inactive(account: Simulated) -> None:
    number = account.data(NOTES)[0]["id"]
    assert account.delete(f"{NOTES}/{number}").json()["data"] is True
    assert account.data(f"{NOTES}/{number}")["active_flag"] is False
    assert account.get(NOTES).json()["data"] is None


def test_only_an_admin_writes_a_note_in_another_name(account: Simulated) -> None:
    owner, clerk = (user["id"] for user in account.data("/v1/users")[:2])
    anna = account.data(PERSONS)[0]["id"]
    assert account.made(NOTES, {"content": "A", "person_id": anna, "user_id": clerk})["user_id"] == clerk
    answer = account.as_user(CLERK_TOKEN).post(
        NOTES, json={"content": "A", "person_id": anna, "user_id": owner}
    )
    assert answer.status_code == 403


def conditions(account: Simulated, *items: tuple[str, str, str | None], glue: str = "and") -> Any:
    catalogue = account.app.state.catalogue
    first = []
    for name, operator, value in items:
        field = catalogue.field("person", name) or catalogue.named("person", name)
        assert field is not None
        first.append(
            {"object": "person", "field_id": str(field.number), "operator": operator, "value": value}
        )
    groups = [{"glue": "and", "conditions": []}, {"glue": "or", "conditions": []}]
    groups[0 if glue == "and" else 1]["conditions"] = first
    return {"glue": "and", "conditions": groups}


FILTER_CASES = {
    "a set option": ("Lists", "contains", "$Offers", ["Anna Berg Lund"]),
    "not a set option": ("Lists", "not_contains", "$Offers", ["Other"]),
    "an enum option": ("Tier", "=", "$Gold", ["Anna Berg Lund"]),
    "an empty enum": ("Tier", "IS NULL", None, ["Other"]),
    "text": ("Source key", "=", "k-1", ["Anna Berg Lund"]),
    "text that starts": ("name", "LIKE '$%'", "oth", ["Other"]),
    "an address": ("email", "LIKE '%$%'", "anna@", ["Anna Berg Lund"]),
    "a label": ("label_ids", "IS NOT NULL", None, ["Anna Berg Lund"]),
    "a date": ("add_time", ">=", "2026-11-23", ["Anna Berg Lund", "Other"]),
    "an organization": ("org_id", "IS NULL", None, ["Other"]),
}


@pytest.mark.parametrize("case", FILTER_CASES, ids=str)
def test_a_filter_selects_persons(account: Simulated, case: str) -> None:
    name, operator, value, expected = FILTER_CASES[case]
    account.made(PERSONS, {"name": "Other"})
    if value and value.startswith("$"):
        value = str(account.option(name, value[1:]))
    body = {"name": "F", "type": "people", "conditions": conditions(account, (name, operator, value))}
    made = account.made(FILTERS, body)
    assert made["visible_to"] == "1"
    assert [person["name"] for person in account.data(PERSONS, filter_id=made["id"])] == expected


def test_the_second_group_is_joined_by_or(account: Simulated) -> None:
    account.made(PERSONS, {"name": "Other"})
    account.made(PERSONS, {"name": "Third"})
    either = conditions(account, ("name", "=", "Other"), ("name", "=", "Third"), glue="or")
    made = account.made(FILTERS, {"name": "F", "type": "people", "conditions": either})
    assert len(account.data(PERSONS, filter_id=made["id"])) == 2


def test_filters_show_field_codes_when_asked(account: Simulated) -> None:
    number = account.data(FILTERS)[0]["id"]
    shown = account.data(f"{FILTERS}/{number}", include_field_code="true")
    assert shown["conditions"]["conditions"][0]["conditions"][0]["field_code"] == account.code("Lists")
    assert "conditions" not in account.data(FILTERS)[0]


def test_a_seventeenth_condition_is_refused(account: Simulated) -> None:
    sixteen = [("name", "=", "A")] * 16
    body = {"name": "F", "type": "people", "conditions": conditions(account, *sixteen)}
    account.made(FILTERS, body)
    body["conditions"] = conditions(account, *sixteen, ("name", "=", "B"))
    assert "16" in account.refused(FILTERS, body)


GOOD = {"object": "person", "field_id": "1", "operator": "=", "value": "A"}
AND, OR = {"glue": "and", "conditions": []}, {"glue": "or", "conditions": []}
BAD_CONDITIONS: dict[str, Any] = {
    "nothing": {},
    "one group": {"glue": "and", "conditions": [AND]},
    "groups the wrong way round": {"glue": "and", "conditions": [OR, AND]},
    "an outer or": {"glue": "or", "conditions": [AND, OR]},
    "a deeper group": {"glue": "and", "conditions": [{"glue": "and", "conditions": [AND]}, OR]},
    "an unknown field": {"glue": "and", "conditions": [{"glue": "and", "conditions": [GOOD]}, OR]},
    "a number for a field id": {
        "glue": "and",
        "conditions": [{"glue": "and", "conditions": [{**GOOD, "field_id": 1}]}, OR],
    },
}


@pytest.mark.parametrize("case", BAD_CONDITIONS, ids=str)
def test_a_filter_of_another_shape_is_refused(account: Simulated, case: str) -> None:
    account.refused(FILTERS, {"name": "F", "type": "people", "conditions": BAD_CONDITIONS[case]})


def test_deleted_filters_are_gone(account: Simulated) -> None:
    number = account.data(FILTERS)[0]["id"]
    assert account.delete(FILTERS, params={"ids": number}).json()["data"] == {"id": [number]}
    assert account.get(f"{FILTERS}/{number}").status_code == 404


def test_search_is_late_by_the_set_lag() -> None:
    account = simulated(search_lag_seconds=3.0)
    account.made(PERSONS, {"name": "Newcomer"})
    assert account.data(f"{PERSONS}/search", term="newcomer")["items"] == []
    account.clock.now += 3
    assert len(account.data(f"{PERSONS}/search", term="newcomer")["items"]) == 1


def test_exact_search_ignores_case_and_field_search_does_not(account: Simulated) -> None:
    found = account.data(f"{PERSONS}/search", term="ANNA@EXAMPLE.COM", fields="email", exact_match="true")
    assert found["items"][0]["item"]["emails"] == ["anna@example.com"]
    query = {"entity_type": "person", "field": account.code("Source key"), "match": "exact"}
    assert len(account.data("/api/v2/itemSearch/field", term="K-1", **query)) == 1
    assert account.data("/api/v2/itemSearch/field", term="k-1", **query) == []


def test_search_finds_notes_and_custom_text_but_no_options(account: Simulated) -> None:
    assert account.data(f"{PERSONS}/search", term="hello")["items"][0]["item"]["notes"] == ["<p>Hello</p>"]
    assert account.data(f"{PERSONS}/search", term="k-1")["items"][0]["item"]["custom_fields"] == ["K-1"]
    assert account.data(f"{PERSONS}/search", term="Gold")["items"] == []


@pytest.mark.parametrize(
    "query", [{"term": "a"}, {"term": "anna", "limit": 101}, {"term": "anna", "fields": "age"}]
)
def test_a_bad_search_is_refused(account: Simulated, query: dict[str, Any]) -> None:
    assert account.get(f"{PERSONS}/search", params=query).status_code == 400


def test_item_search_covers_several_kinds(account: Simulated) -> None:
    items = account.data("/api/v2/itemSearch", term="first")["items"]
    assert [item["item"]["type"] for item in items] == ["deal"]
    assert account.data("/api/v2/organizations/search", term="acme")["items"][0]["item"]["name"] == "Acme"


def test_the_connection_test_names_company_and_rights(account: Simulated) -> None:
    me = account.data("/v1/users/me")
    assert (me["company_domain"], me["company_name"]) == ("demo-company", "Demo company")
    assert all(entry["admin"] for entry in me["access"])
    assert not {"is_admin", "token"} & set(me)


def test_the_add_on_list_shows_campaigns_only_when_bought() -> None:
    address = "/v1/billing/subscriptions/addons"
    assert simulated().data(address) == []
    assert simulated(campaigns=True).data(address) == [{"code": "campaigns"}]


def test_a_preload_with_an_unknown_name_says_which() -> None:
    wrong = replace(PRELOAD, persons=[{"name": "A", "organization": "Nowhere"}])
    with pytest.raises(PreloadError, match="Nowhere"):
        simulated(preload=wrong)


def test_a_preload_that_no_request_could_make_says_where() -> None:
    wrong = replace(PRELOAD, persons=[{"name": "A", "emails": "a@x.se"}])
    with pytest.raises(PreloadError, match="entry 0 of the persons"):
        simulated(preload=wrong)
