"""Valid requests for every operation the simulated Pipedrive serves; the contract tests walk over them.

`CASES` holds, by method and address pattern, a function that prepares what the operation needs and returns the
requests. Together the requests of an operation send every body key and query parameter its specification has.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from tests.contract.pipedrive_simulator import Simulated

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: address without host, JSON body or form, and the status it is answered with."""

    address: str
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] | None = None
    files: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


Case = Callable[[Simulated], list[Sent]]
CASES: dict[Key, Case] = {}
ADDRESS = {
    "value": "Storgatan 1, 111 22 Stockholm, Sweden",
    "country": "Sweden",
    "admin_area_level_1": "Stockholms län",
    "admin_area_level_2": "Stockholm",
    "locality": "Stockholm",
    "sublocality": "Norrmalm",
    "route": "Storgatan",
    "street_number": "1",
    "subpremise": "1201",
    "postal_code": "111 22",
}
PLACEMENT = {
    "ui_visibility": {"add_visible_flag": True, "details_visible_flag": False},
    "important_fields": {"enabled": True, "stage_ids": []},
    "required_fields": {"enabled": False},
}


def send(account: Simulated, method: str, sent: Sent, *, token: str | None = None) -> httpx.Response:
    """Send one request; `token` sends it as another user."""
    client = account.as_user(token) if token is not None else account.client
    more: dict[str, Any] = {"params": sent.query} if sent.query else {}
    if sent.form is not None or sent.files is not None:
        more |= {"data": sent.form, "files": sent.files}
    elif sent.body is not None:
        more["json"] = sent.body
    return client.request(method, sent.address, headers=sent.headers, **more)


def case(method: str, pattern: str) -> Callable[[Case], Case]:
    """Register the requests of one operation."""

    def register(function: Case) -> Case:
        CASES[method, pattern] = function
        return function

    return register


def person(account: Simulated, **more: Any) -> int:
    """The id of a new person."""
    return int(account.made("/api/v2/persons", {"name": "Berit Nilsen", **more})["id"])


def organization(account: Simulated) -> int:
    """The id of a new organization."""
    return int(account.made("/api/v2/organizations", {"name": "Fjord AS"})["id"])


def deal(account: Simulated) -> int:
    """The id of a new open deal."""
    return int(account.made("/api/v2/deals", {"title": "Skis", "person_id": person(account)})["id"])


def owner(account: Simulated) -> int:
    """The id of the token's user."""
    return int(account.data("/v1/users/me")["id"])


def label(account: Simulated, entity: str) -> int:
    """The id of one label of persons, organizations or deals."""
    field_ = account.data(f"/api/v2/{entity}Fields/label_ids")
    return int(field_["options"][0]["id"]) if field_["options"] else _new_label(account, entity)


def _new_label(account: Simulated, entity: str) -> int:
    return int(account.made(f"/api/v2/{entity}Fields/label_ids/options", [{"label": "Warm"}])[0]["id"])


def custom_field(account: Simulated, entity: str, kind: str, **more: Any) -> Any:
    """A new custom field as v2 answers it."""
    body = {"field_name": f"A {kind}", "field_type": kind, **more}
    return account.made(f"/api/v2/{entity}Fields", body)


# Records


def _contacts(value: str) -> list[dict[str, Any]]:
    return [{"value": value, "primary": True, "label": "home"}, {"value": f"1{value}"}]


def person_body(account: Simulated) -> dict[str, Any]:
    """Every key a person may be sent with."""
    return {
        "name": "Åsa Öberg",
        "owner_id": owner(account),
        "org_id": organization(account),
        "emails": _contacts("asa@example.com"),
        "phones": _contacts("+46 70 123 45 67"),
        "visible_to": 3,
        "label_ids": [label(account, "person")],
        "postal_address": ADDRESS,
        "notes": "Prefers letters",
        "im": _contacts("asa.oberg"),
        "birthday": "1980-02-29",
        "job_title": "CFO",
        "marketing_status": "subscribed",
        "custom_fields": {account.code("Score"): 1.5, account.code("Source key"): None},
    }


def organization_body(account: Simulated) -> dict[str, Any]:
    """Every key an organization may be sent with."""
    return {
        "name": "Öberg & Söner AB",
        "owner_id": owner(account),
        "visible_to": 3,
        "label_ids": [label(account, "organization")],
        "address": ADDRESS,
        "website": "https://example.com",
        "linkedin": "https://example.com/in",
        "industry": 1,
        "annual_revenue": 1_000_000,
        "employee_count": 12,
        "custom_fields": {custom_field(account, "organization", "varchar")["field_code"]: "x"},
    }


def deal_body(account: Simulated) -> dict[str, Any]:
    """Every key a lost deal may be sent with; won_time is in a case of its own."""
    stage = account.data("/api/v2/stages")[0]
    return {
        "title": "Sledges",
        "owner_id": owner(account),
        "person_id": person(account),
        "org_id": organization(account),
        "pipeline_id": stage["pipeline_id"],
        "stage_id": stage["id"],
        "value": 10.5,
        "currency": "SEK",
        "is_deleted": False,
        "is_archived": True,
        "archive_time": "2026-11-01T10:00:00Z",
        "status": "lost",
        "probability": 40,
        "lost_reason": "Price",
        "visible_to": 3,
        "close_time": "2026-10-31T10:00:00Z",
        "lost_time": "2026-10-31T10:00:00Z",
        "expected_close_date": "2026-12-24",
        "label_ids": [label(account, "deal")],
        "custom_fields": {custom_field(account, "deal", "double")["field_code"]: 2},
    }


def activity_body(account: Simulated) -> dict[str, Any]:
    """Every key an activity may be sent with; lead_id and project_id only as null: there are none."""
    met = person(account)
    return {
        "subject": "Opened: Spring news",
        "type": account.data("/v1/activityTypes")[0]["key_string"],
        "owner_id": owner(account),
        "deal_id": deal(account),
        "lead_id": None,
        "person_id": met,
        "org_id": organization(account),
        "project_id": None,
        "due_date": "2024-02-29",
        "due_time": "09:30",
        "duration": "00:45",
        "busy": False,
        "done": True,
        "location": ADDRESS,
        "participants": [{"person_id": met, "primary": True}],
        "attendees": [
            {
                "email": "a@example.com",
                "name": "A",
                "status": "noreply",
                "is_organizer": False,
                "person_id": met,
                "user_id": None,
            }
        ],
        "public_description": "<p>Public</p>",
        "priority": None,
        "note": "<p>Inner</p>",
    }


BODIES = {
    "persons": person_body,
    "organizations": organization_body,
    "deals": deal_body,
    "activities": activity_body,
}
_REQUIRED: dict[str, Callable[[Simulated], dict[str, Any]]] = {
    "persons": lambda account: {"name": "Bo"},
    "organizations": lambda account: {"name": "Bo AB"},
    "deals": lambda account: {"title": "D", "org_id": organization(account)},
    "activities": lambda account: {"subject": "S", "type": "call"},
}
_DATED = frozenset(("persons", "organizations"))


def new_record(account: Simulated, kind: str) -> int:
    """The id of a new record of one of the four kinds."""
    return int(account.made(f"/api/v2/{kind}", _REQUIRED[kind](account))["id"])


def _bodies(kind: str, account: Simulated, *, creating: bool) -> list[dict[str, Any]]:
    full = BODIES[kind](account)
    if kind in _DATED and creating:
        full |= {"add_time": "2011-06-30T08:15:00Z"}
    if kind == "deals":
        won = {"title": "W", "org_id": full["org_id"], "status": "won", "won_time": "2026-10-31T10:00:00Z"}
        return [full, won]
    return [full]


def _create(kind: str, account: Simulated) -> list[Sent]:
    bodies = [*_bodies(kind, account, creating=True), _REQUIRED[kind](account)]
    return [Sent(f"/api/v2/{kind}", body) for body in bodies]


def _change(kind: str, account: Simulated) -> list[Sent]:
    return [
        Sent(f"/api/v2/{kind}/{new_record(account, kind)}", body)
        for body in [*_bodies(kind, account, creating=False), _REQUIRED[kind](account), {}]
    ]


def _delete(kind: str, account: Simulated) -> list[Sent]:
    return [Sent(f"/api/v2/{kind}/{new_record(account, kind)}")]


_ENTITY = {"persons": "person", "organizations": "organization", "deals": "deal", "activities": "activity"}
_EXTRAS = {
    "persons": "next_activity_id,last_activity_id,activities_count,notes_count,doi_status,marketing_status",
    "organizations": "people_count,next_activity_id,notes_count",
    "deals": "activities_count,participants_count,first_won_time",
    "activities": "attendees",
}


def _shown(account: Simulated, kind: str) -> list[dict[str, Any]]:
    if kind == "activities":
        return [{"include_fields": "attendees"}]
    code = custom_field(account, _ENTITY[kind], "enum", options=[{"label": "A"}])["field_code"]
    labels = {"include_option_labels": "true", "include_labels": "true"}
    return [{"include_fields": _EXTRAS[kind], "custom_fields": code}, labels]


def _read(kind: str, account: Simulated) -> list[Sent]:
    number = new_record(account, kind)
    return [Sent(f"/api/v2/{kind}/{number}", query=query) for query in [{}, *_shown(account, kind)]]


def _listed(kind: str, account: Simulated, *, path: str | None = None) -> list[Sent]:
    address = f"/api/v2/{path or kind}"
    new_record(account, kind)
    number = new_record(account, kind)
    queries: list[dict[str, Any]] = [
        {},
        {"ids": f"{number},{number + 1}", "limit": 500},
        {"updated_since": "2026-01-01T00:00:00Z", "updated_until": "2027-01-01T00:00:00+01:00"},
        {"sort_by": "update_time", "sort_direction": "desc", "limit": 1},
        {"filter_id": new_filter(account, _FILTER_TYPE[kind])},
        *({name: value} for name, value in _selectors(account, kind).items()),
        *_shown(account, kind),
    ]
    cursor = account.get(f"/api/v2/{kind}", params={"limit": 1}).json()["additional_data"]["next_cursor"]
    if path is None:
        queries.append({"limit": 1, "cursor": cursor})
    if path is not None:
        queries = [{k: v for k, v in query.items() if not k.startswith("include_o")} for query in queries]
        queries = [{k: v for k, v in query.items() if k != "include_labels"} for query in queries]
    return [Sent(address, query=query) for query in queries]


_FILTER_TYPE = {"persons": "people", "organizations": "org", "deals": "deals", "activities": "activity"}


def _selectors(account: Simulated, kind: str) -> dict[str, Any]:
    stage = account.data("/api/v2/stages")[0]
    common = {"owner_id": owner(account)}
    if kind == "persons":
        return common | {"org_id": organization(account), "deal_id": deal(account)}
    if kind == "deals":
        places = {"pipeline_id": stage["pipeline_id"], "stage_id": stage["id"]}
        linked = {"person_id": person(account), "org_id": organization(account)}
        return common | places | linked | {"status": "open,won,lost,deleted"}
    if kind == "activities":
        linked = {"deal_id": deal(account), "person_id": person(account), "org_id": organization(account)}
        return common | linked | {"done": "true", "lead_id": "6f1e1ad0-0000-4000-8000-000000000000"}
    return common


for _kind in BODIES:
    CASES["GET", f"/api/v2/{_kind}"] = partial(_listed, _kind)
    CASES["POST", f"/api/v2/{_kind}"] = partial(_create, _kind)
    CASES["GET", f"/api/v2/{_kind}/{{ref}}"] = partial(_read, _kind)
    CASES["PATCH", f"/api/v2/{_kind}/{{ref}}"] = partial(_change, _kind)
    CASES["DELETE", f"/api/v2/{_kind}/{{ref}}"] = partial(_delete, _kind)


@case("GET", "/api/v2/deals/archived")
def _archived(account: Simulated) -> list[Sent]:
    body = {"title": "Old", "org_id": organization(account), "is_archived": True}
    for _ in range(2):
        account.made("/api/v2/deals", body)
    first = account.get("/api/v2/deals/archived", params={"limit": 1}).json()
    cursor = first["additional_data"]["next_cursor"]
    paged = Sent("/api/v2/deals/archived", query={"limit": 1, "cursor": cursor})
    return [*_listed("deals", account, path="deals/archived"), paged]


# Searches


def _search(
    kind: str, entity: str, more: Callable[[Simulated], dict[str, Any]], account: Simulated
) -> list[Sent]:
    name = {"deals": "title"}.get(kind, "name")
    for _ in range(2):
        account.made(f"/api/v2/{kind}", _REQUIRED[kind](account) | {name: "Zebra crossing"})
    base = f"/api/v2/{kind}/search"
    cursor = account.get(base, params={"term": "zebra", "limit": 1}).json()["additional_data"]["next_cursor"]
    assert cursor
    queries: list[dict[str, Any]] = [
        {"term": "zebra", "limit": 1, "cursor": cursor},
        {"term": "ZEBRA crossing", "fields": f"{name},custom_fields,notes", "exact_match": "true"},
        *({"term": "zebra", key: value} for key, value in more(account).items()),
    ]
    return [Sent(base, query=query) for query in queries]


CASES["GET", "/api/v2/persons/search"] = partial(
    _search,
    "persons",
    "person",
    lambda account: {"organization_id": organization(account), "include_fields": "person.picture"},
)
CASES["GET", "/api/v2/organizations/search"] = partial(
    _search, "organizations", "organization", lambda account: {}
)
CASES["GET", "/api/v2/deals/search"] = partial(
    _search,
    "deals",
    "deal",
    lambda account: {
        "person_id": person(account),
        "organization_id": organization(account),
        "status": "open",
        "include_fields": "deal.cc_email",
    },
)


@case("GET", "/api/v2/itemSearch")
def _item_search(account: Simulated) -> list[Sent]:
    queries: list[dict[str, Any]] = [
        {"term": "anna", "item_types": "person,deal", "fields": "name,email,title", "limit": 100},
        {"term": "anna", "search_for_related_items": "true", "include_fields": "person.picture"},
        {"term": "a", "exact_match": "true"},
    ]
    for _ in range(2):
        person(account, name="Anna Walrus")
    cursor = next_cursor(account, "/api/v2/itemSearch", {"term": "anna", "limit": 1})
    queries.append({"term": "anna", "limit": 1, "cursor": cursor})
    return [Sent("/api/v2/itemSearch", query=query) for query in queries]


@case("GET", "/api/v2/itemSearch/field")
def _field_search(account: Simulated) -> list[Sent]:
    for _ in range(2):
        person(account, name="Walter Walrus")
    asked = {"term": "Walter Walrus", "entity_type": "person", "field": "name"}
    cursor = next_cursor(account, "/api/v2/itemSearch/field", {**asked, "limit": 1})
    more: list[dict[str, Any]] = [{}, {"match": "beginning"}, {"limit": 1, "cursor": cursor}]
    return [Sent("/api/v2/itemSearch/field", query=asked | query) for query in more]


def next_cursor(account: Simulated, address: str, query: dict[str, Any]) -> Any:
    return account.get(address, params=query).json()["additional_data"]["next_cursor"]


def new_filter(account: Simulated, kind: str) -> int:
    """The id of a new filter."""
    body = filter_body(account, kind)
    return int(account.made("/v1/filters", body)["id"])


def filter_body(account: Simulated, kind: str = "people") -> dict[str, Any]:
    """A valid filter with one condition in each of its two groups."""
    entity = {"people": "person", "org": "organization", "deals": "deal", "activity": "activity"}[kind]
    fields = account.data(f"/v1/{entity}Fields", limit=500)
    number = next(entry["id"] for entry in fields if entry["key"] in ("name", "title", "subject"))
    condition = {
        "object": entity,
        "field_id": str(number),
        "operator": "=",
        "value": "x",
        "extra_value": None,
    }
    groups = [{"glue": glue, "conditions": [condition]} for glue in ("and", "or")]
    return {"name": "F", "type": kind, "conditions": {"glue": "and", "conditions": groups}}
