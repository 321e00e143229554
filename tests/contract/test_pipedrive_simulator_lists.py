"""Lists and searches of the simulated Pipedrive at their edges: cursors, queries, numbers, and lists while written."""

import base64
import json
from typing import Any

import pytest

from migrator.simulators.pipedrive import finding
from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.routes import all_handlers
from tests.contract.pipedrive_simulator import PRELOAD, Simulated, simulated

pytestmark = pytest.mark.slow

PERSONS = "/api/v2/persons"
V2 = sorted(operation for operation in all_handlers() if operation[1].startswith("/api/v2/"))


@pytest.fixture
def account() -> Simulated:
    return simulated()


def addressed(pattern: str) -> str:
    return pattern.replace("{ref}", "1").replace("{code}", "name").replace("{user}", "1")


@pytest.mark.parametrize(("method", "pattern"), V2)
def test_no_v2_operation_takes_an_unknown_query_parameter(
    method: str, pattern: str, account: Simulated
) -> None:
    before = account.app.state.store.rows("SELECT * FROM counters")
    body = {} if method != "GET" else None
    answer = account.client.request(method, addressed(pattern), params={"surprise": "1"}, json=body)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert "surprise" in answer.json()["error"]
    assert account.app.state.store.rows("SELECT * FROM counters") == before


def test_unknown_query_parameters_pass_where_the_switch_says_so() -> None:
    account = simulated(refuse_unknown_query=False)
    assert account.post(f"{PERSONS}?surprise=1", json={"name": "A"}).status_code == 200
    assert account.get(PERSONS, params={"surprise": 1}).status_code == 200


def cursor_of(account: Simulated, **query: Any) -> str:
    account.made(PERSONS, {"name": "Second"})
    return str(account.get(PERSONS, params={"limit": 1, **query}).json()["additional_data"]["next_cursor"])


def taken(account: Simulated, cursor: str, path: str = PERSONS) -> int:
    return account.get(path, params={"cursor": cursor}).status_code


def test_a_cursor_is_taken_as_it_is_and_in_no_other_form(account: Simulated) -> None:
    cursor = cursor_of(account)
    assert taken(account, cursor) == 200
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    changed = [
        raw.replace(b'"id"', b'"add_time"', 1),
        raw.replace(b'"asc"', b'"asc, (SELECT 1)"', 1),
        raw[:-1],
        raw.partition(b".")[2],
        b"",
    ]
    for text in changed:
        sent = base64.urlsafe_b64encode(text).rstrip(b"=").decode() or "x"
        assert taken(account, sent) == 400, text
    for sent in ("%%%", "å", "e30", base64.b64encode(b'{"id": 1}').decode()):
        assert taken(account, sent) == 400, sent


def test_a_cursor_of_another_list_or_account_is_refused(account: Simulated) -> None:
    cursor = cursor_of(account)
    assert taken(account, cursor, "/api/v2/organizations") == 400
    assert taken(simulated(seed=2), cursor) == 400


@pytest.mark.parametrize("column", ["id", "update_time", "add_time"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_hold_every_person_once_in_order(column: str, direction: str, account: Simulated) -> None:
    for number in range(7):
        account.clock.now += number % 2
        account.made(PERSONS, {"name": f"Person {number}"})
    query: dict[str, Any] = {"limit": 3, "sort_by": column, "sort_direction": direction}
    found: list[Any] = []
    cursor = None
    while True:
        page = account.get(PERSONS, params=query | ({"cursor": cursor} if cursor else {})).json()
        found += page["data"]
        cursor = page["additional_data"]["next_cursor"]
        if cursor is None:
            break
    keys = [(person[column], person["id"]) for person in found]
    assert len(set(keys)) == len(keys) == 8
    assert keys == sorted(keys, reverse=direction == "desc")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "501"),
        ("limit", "0"),
        ("limit", "99999999999999999999"),
        ("org_id", "9" * 30),
        ("ids", ",".join(map(str, range(101)))),
        ("ids", "1,9999999999999999999999"),
        ("custom_fields", ",".join(f"{n:040x}" for n in range(16))),
        ("updated_since", "2026-01-01T00:00:00.000Z"),
        ("updated_until", "2026-01-01T00:00:00.5Z"),
        ("updated_since", "2026-01-01"),
        ("sort_by", "name"),
        ("include_fields", "everything"),
    ],
)
def test_a_query_that_is_out_of_bounds_is_refused(name: str, value: str, account: Simulated) -> None:
    answer = account.get(PERSONS, params={name: value})
    assert (answer.status_code, answer.json()["success"]) == (400, False)


@pytest.mark.parametrize(
    "body",
    [b'{"name": "\\ud800"}', b'{"name": "A", "owner_id": NaN}', b'{"name": "\xff"}', b"[" * 5_000, b"{"],
)
def test_a_body_that_is_no_json_is_refused(body: bytes, account: Simulated) -> None:
    answer = account.post(PERSONS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert account.inspect()["counts"]["persons"] == 1


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1, 2**70])
def test_a_number_too_large_for_any_id_is_refused(number: int, account: Simulated) -> None:
    for name in ("owner_id", "org_id"):
        answer = account.post(PERSONS, content=json.dumps({"name": "A", name: number}))
        assert answer.status_code == 400, answer.text
    assert account.get(f"{PERSONS}/{number}").status_code in (400, 404)


def test_values_of_fields_that_are_gone_are_not_shown(account: Simulated) -> None:
    code = account.code("Source key")
    account.delete(f"/api/v2/personFields/{code}")
    [anna] = account.data(PERSONS)
    assert code not in anna["custom_fields"]
    assert len(anna["custom_fields"]) == len(PRELOAD.person_fields) - 1


# Search


def many(count: int) -> Simulated:
    people = [{"name": f"Person {n}", "emails": [{"value": f"p{n}@example.com"}]} for n in range(count)]
    return simulated(preload=Preload(persons=people))


def searched(account: Simulated, path: str, **query: Any) -> list[int]:
    """The ids of all pages of a search."""
    found: list[int] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = account.get(path, params={**query, **more})
        assert answer.status_code == 200, answer.text
        data, cursor = answer.json()["data"], answer.json()["additional_data"]["next_cursor"]
        items = data if isinstance(data, list) else data["items"]
        page = [item.get("item", item)["id"] for item in items]
        assert len(page) <= query.get("limit", 100)
        found += page
        if cursor is None:
            return found


@pytest.mark.parametrize("most", [40, 5_000])
def test_a_search_goes_on_from_page_to_page(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_MOST_CANDIDATES", most)
    account = many(250)
    ids = [person["id"] for person in account.data(PERSONS, limit=500)]
    assert searched(account, f"{PERSONS}/search", term="person", limit=30) == ids
    assert searched(account, f"{PERSONS}/search", term="person", fields="email", limit=30) == []
    assert searched(account, "/api/v2/itemSearch", term="example.com", limit=30) == ids


def test_item_search_goes_on_with_the_next_kind(account: Simulated) -> None:
    account.made("/api/v2/organizations", {"name": "Anna's shop"})
    account.made("/api/v2/deals", {"title": "Anna buys", "person_id": account.data(PERSONS)[0]["id"]})
    at_once = searched(account, "/api/v2/itemSearch", term="anna")
    assert len(at_once) == 3
    assert searched(account, "/api/v2/itemSearch", term="anna", limit=1) == at_once


def test_related_items_are_the_deals_of_a_person_and_the_persons_of_an_organization(
    account: Simulated,
) -> None:
    query = {"search_for_related_items": "true"}
    related = account.data("/api/v2/itemSearch", term="anna berg", **query)["related_items"]
    assert [(item["item"]["type"], item["item"]["title"]) for item in related] == [("deal", "First deal")]
    related = account.data("/api/v2/itemSearch", term="acme", item_types="organization", **query)[
        "related_items"
    ]
    assert [item["item"]["type"] for item in related] == ["person"]


@pytest.mark.parametrize(
    ("field", "match", "term", "count"),
    [
        ("email", "exact", "anna@example.com", 1),
        ("email", "exact", "Anna@example.com", 0),
        ("email", "beginning", "anna@", 1),
        ("email", "middle", "@example", 1),
        ("name", "beginning", "Anna B", 1),
        ("name", "beginning", "Berg", 0),
        ("name", "middle", "Berg", 1),
        ("name", "exact", "Anna Berg", 0),
        ("first_name", "exact", "Anna", 1),
        ("Source key", "exact", "K-1", 1),
        ("Source key", "exact", "k-1", 0),
        ("Score", "exact", "12.5", 1),
        ("Budget", "exact", "70", 1),
    ],
)
def test_one_field_is_searched_with_regard_to_case(
    field: str, match: str, term: str, count: int, account: Simulated
) -> None:
    anna = account.data(PERSONS)[0]["id"]
    custom = {account.code("Score"): 12.5, account.code("Budget"): {"value": 70, "currency": "EUR"}}
    assert account.patch(f"{PERSONS}/{anna}", json={"custom_fields": custom}).status_code == 200
    named = account.app.state.catalogue.named("person", field)
    code = named.code if named else field
    query = {"entity_type": "person", "field": code, "match": match, "term": term}
    assert searched(account, "/api/v2/itemSearch/field", **query) == [anna] * count


def test_what_a_person_may_not_see_is_not_found() -> None:
    account = simulated()
    account.made(PERSONS, {"name": "Hidden Person", "visible_to": 1})
    assert len(account.data(f"{PERSONS}/search", term="hidden")["items"]) == 1
    with account.as_user("c" * 40) as clerk:
        assert clerk.get(f"{PERSONS}/search", params={"term": "hidden"}).json()["data"]["items"] == []


def test_a_changed_value_is_found_by_its_new_text_alone(account: Simulated) -> None:
    anna = account.data(PERSONS)[0]["id"]
    assert searched(account, f"{PERSONS}/search", term="anna berg") == [anna]
    account.patch(f"{PERSONS}/{anna}", json={"name": "Beata Lind"})
    assert searched(account, f"{PERSONS}/search", term="anna berg") == []
    assert searched(account, f"{PERSONS}/search", term="beata lind", exact_match="true") == [anna]
