"""Valid requests for fields, pipelines, notes, filters and the company's pages; see pipedrive_operations."""

from functools import partial
from typing import Any

from tests.contract.pipedrive_operations import (
    CASES,
    PLACEMENT,
    Sent,
    case,
    custom_field,
    deal,
    filter_body,
    new_filter,
    new_record,
    next_cursor,
    organization,
    owner,
    person,
)
from tests.contract.pipedrive_simulator import Simulated

ENTITIES = ("person", "organization", "deal")
NAMESPACES = "ui_visibility,important_fields,required_fields"
TYPES = (
    *("varchar", "varchar_auto", "text", "double", "monetary", "user", "org", "people"),
    *("phone", "date", "daterange", "time", "timerange", "address"),
)


def option_field(account: Simulated, entity: str) -> tuple[str, int]:
    """The code of a new field with two options, and the id of the first."""
    options = [{"label": "A"}, {"label": "B"}]
    made = custom_field(account, entity, "set", options=options)
    return made["field_code"], made["options"][0]["id"]


def numbered_field(account: Simulated, entity: str) -> Any:
    """A new custom field as v1 answers it, with two options."""
    body = {"name": "V", "field_type": "enum", "options": [{"label": "A"}, {"label": "B"}]}
    answer = account.post(f"/v1/{entity}Fields", json=body)
    return answer.json()["data"]


# v2 fields


def _fields(entity: str, account: Simulated) -> list[Sent]:
    address = f"/api/v2/{entity}Fields"
    shown = NAMESPACES if entity != "activity" else "ui_visibility"
    cursor = next_cursor(account, address, {"limit": 1})
    queries: list[dict[str, Any]] = [
        {"include_fields": shown},
        {"limit": 1, "cursor": cursor},
        {"limit": 500},
    ]
    return [Sent(address, query=query) for query in queries]


def _one_field(entity: str, account: Simulated) -> list[Sent]:
    code = account.data(f"/api/v2/{entity}Fields")[0]["field_code"]
    shown = NAMESPACES if entity != "activity" else "ui_visibility"
    address = f"/api/v2/{entity}Fields/{code}"
    return [Sent(address), Sent(address, query={"include_fields": shown})]


def _new_fields(entity: str, account: Simulated) -> list[Sent]:
    more = {"description": "Where it came from"} if entity == "deal" else {}
    bodies: list[dict[str, Any]] = [{"field_name": f"A {kind}", "field_type": kind} for kind in TYPES]
    options = {"options": [{"label": "A"}, {"label": "Ö"}]}
    bodies += [{"field_name": kind, "field_type": kind, **options} for kind in ("enum", "set")]
    bodies.append({"field_name": "All", "field_type": "varchar", **_placement(entity), **more})
    return [Sent(f"/api/v2/{entity}Fields", body) for body in bodies]


def _placement(entity: str) -> dict[str, Any]:
    names = ("ui_visibility",) if entity == "product" else tuple(PLACEMENT)
    return {name: PLACEMENT[name] for name in names}


def _changed_field(entity: str, account: Simulated) -> list[Sent]:
    code, _ = option_field(account, entity)
    more = {"description": "Changed"} if entity == "deal" else {}
    return [Sent(f"/api/v2/{entity}Fields/{code}", {"field_name": "Renamed", **_placement(entity), **more})]


def _dropped_field(entity: str, account: Simulated) -> list[Sent]:
    return [Sent(f"/api/v2/{entity}Fields/{option_field(account, entity)[0]}")]


def _options(entity: str, account: Simulated, bodies: str) -> list[Sent]:
    code, option = option_field(account, entity)
    sent: dict[str, list[dict[str, Any]]] = {
        "new": [{"label": "C"}, {"label": "D"}],
        "renamed": [{"id": option, "label": "Z"}],
        "gone": [{"id": option}],
    }
    return [Sent(f"/api/v2/{entity}Fields/{code}/options", sent[bodies])]


for _entity in (*ENTITIES, "activity", "product"):
    _one = f"/api/v2/{_entity}Fields/{{code}}"
    CASES["GET", f"/api/v2/{_entity}Fields"] = partial(_fields, _entity)
    CASES["GET", _one] = partial(_one_field, _entity)
    if _entity != "activity":
        CASES["POST", f"/api/v2/{_entity}Fields"] = partial(_new_fields, _entity)
        CASES["PATCH", _one] = partial(_changed_field, _entity)
        CASES["DELETE", _one] = partial(_dropped_field, _entity)
        CASES["POST", f"{_one}/options"] = partial(_options, _entity, bodies="new")
        CASES["PATCH", f"{_one}/options"] = partial(_options, _entity, bodies="renamed")
        CASES["DELETE", f"{_one}/options"] = partial(_options, _entity, bodies="gone")


# v1 fields


def _v1_fields(entity: str, account: Simulated) -> list[Sent]:
    address = f"/v1/{entity}Fields"
    # The specification declares no parameters for activity and note fields.
    pages: list[dict[str, Any]] = [{}] if entity in ("activity", "note") else [{}, {"start": 1, "limit": 2}]
    return [Sent(address, query=query) for query in pages]


def _v1_one(entity: str, account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/{entity}Fields/{numbered_field(account, entity)['id']}")]


def _v1_new(entity: str, account: Simulated) -> list[Sent]:
    more = {} if entity == "product" else {"add_visible_flag": True}
    options = [{"label": "A"}, {"label": "B"}]
    bodies = [
        {"name": "E", "field_type": "enum", "options": options, **more},
        {"name": "V", "field_type": "varchar"},
    ]
    status = 201 if entity == "product" else 200
    return [Sent(f"/v1/{entity}Fields", body, status=status) for body in bodies]


def _v1_changed(entity: str, account: Simulated) -> list[Sent]:
    made = numbered_field(account, entity)
    more = {} if entity == "product" else {"add_visible_flag": False}
    body = {"name": "N", "options": [*made["options"][:1], {"label": "New"}], **more}
    return [Sent(f"/v1/{entity}Fields/{made['id']}", body)]


def _v1_dropped(entity: str, account: Simulated) -> list[Sent]:
    numbers = [numbered_field(account, entity)["id"] for _ in range(2)]
    return [Sent(f"/v1/{entity}Fields", query={"ids": ",".join(map(str, numbers))})]


for _entity in (*ENTITIES, "product", "activity", "note"):
    CASES["GET", f"/v1/{_entity}Fields"] = partial(_v1_fields, _entity)
    if _entity not in ("activity", "note"):
        CASES["GET", f"/v1/{_entity}Fields/{{ref}}"] = partial(_v1_one, _entity)
        CASES["POST", f"/v1/{_entity}Fields"] = partial(_v1_new, _entity)
        CASES["PUT", f"/v1/{_entity}Fields/{{ref}}"] = partial(_v1_changed, _entity)
        CASES["DELETE", f"/v1/{_entity}Fields/{{ref}}"] = partial(_v1_one, _entity)
        CASES["DELETE", f"/v1/{_entity}Fields"] = partial(_v1_dropped, _entity)


# Pipelines and stages


def _stage_body(account: Simulated) -> dict[str, Any]:
    pipeline = account.made("/api/v2/pipelines", {"name": "P"})["id"]
    rot = {"is_deal_rot_enabled": True, "days_to_rotten": 7}
    return {"name": "S", "pipeline_id": pipeline, "deal_probability": 60, **rot}


def _small_body(account: Simulated, kind: str) -> dict[str, Any]:
    if kind == "stages":
        return _stage_body(account)
    return {"name": "P", "is_deal_probability_enabled": True}


def new_small(account: Simulated, kind: str) -> int:
    """The id of a new pipeline or stage."""
    return int(account.made(f"/api/v2/{kind}", _small_body(account, kind))["id"])


def _small_list(kind: str, account: Simulated) -> list[Sent]:
    new_small(account, kind)
    new_small(account, kind)
    cursor = next_cursor(account, f"/api/v2/{kind}", {"limit": 1})
    queries: list[dict[str, Any]] = [
        {"sort_by": "update_time", "sort_direction": "desc"},
        {"limit": 1, "cursor": cursor},
    ]
    if kind == "stages":
        queries += [{"pipeline_id": new_small(account, "pipelines")}, {"pipeline_id": 987_654}]
    return [Sent(f"/api/v2/{kind}", query=query) for query in queries]


def _small_new(kind: str, account: Simulated) -> list[Sent]:
    return [Sent(f"/api/v2/{kind}", _small_body(account, kind))]


def _small_one(kind: str, account: Simulated) -> list[Sent]:
    return [Sent(f"/api/v2/{kind}/{new_small(account, kind)}")]


def _small_changed(kind: str, account: Simulated) -> list[Sent]:
    return [Sent(f"/api/v2/{kind}/{new_small(account, kind)}", _small_body(account, kind))]


for _kind in ("pipelines", "stages"):
    CASES["GET", f"/api/v2/{_kind}"] = partial(_small_list, _kind)
    CASES["POST", f"/api/v2/{_kind}"] = partial(_small_new, _kind)
    CASES["GET", f"/api/v2/{_kind}/{{ref}}"] = partial(_small_one, _kind)
    CASES["DELETE", f"/api/v2/{_kind}/{{ref}}"] = partial(_small_one, _kind)
    CASES["PATCH", f"/api/v2/{_kind}/{{ref}}"] = partial(_small_changed, _kind)


# Notes

_FLAGS = {f"pinned_to_{name}_flag": 0 for name in ("lead", "project", "task")}
_PINS = {f"pinned_to_{name}_flag": 1 for name in ("person", "organization", "deal")}
_ABSENT = dict.fromkeys(("lead_id", "project_id", "task_id"))


def _note_body(account: Simulated) -> dict[str, Any]:
    parents = {"person_id": person(account), "org_id": organization(account), "deal_id": deal(account)}
    written = {"user_id": owner(account), "add_time": "2012-02-03 04:05:06"}
    return {"content": "<p>Met at the fair</p>", **parents, **_ABSENT, **written, **_FLAGS, **_PINS}


def new_note(account: Simulated) -> int:
    """The id of a new note."""
    return int(account.made("/v1/notes", {"content": "N", "person_id": person(account)})["id"])


@case("POST", "/v1/notes")
def _notes_new(account: Simulated) -> list[Sent]:
    plain = {"content": "N", "org_id": organization(account)}
    return [Sent("/v1/notes", _note_body(account)), Sent("/v1/notes", plain)]


@case("PUT", "/v1/notes/{ref}")
def _notes_changed(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/notes/{new_note(account)}", _note_body(account))]


@case("GET", "/v1/notes")
def _notes(account: Simulated) -> list[Sent]:
    new_note(account)
    lead = "6f1e1ad0-0000-4000-8000-000000000000"
    queries: list[dict[str, Any]] = [
        {"start": 1, "limit": 1, "sort": "add_time DESC,id"},
        {"start_date": "2020-01-01", "end_date": "2030-01-01", "updated_since": "2020-01-01T00:00:00Z"},
        *({name: 1} for name in (*_PINS, *_FLAGS)),
        *({name: person(account)} for name in ("person_id", "deal_id", "org_id", "project_id", "task_id")),
        *({"lead_id": lead}, {"user_id": owner(account)}),
    ]
    return [Sent("/v1/notes", query=query) for query in queries]


@case("GET", "/v1/notes/{ref}")
@case("DELETE", "/v1/notes/{ref}")
def _note(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/notes/{new_note(account)}")]


# Filters

_CODED = {"include_field_code": "true"}


@case("GET", "/v1/filters")
def _filters(account: Simulated) -> list[Sent]:
    new_filter(account, "people")
    return [Sent("/v1/filters"), Sent("/v1/filters", query={"type": "people"})]


@case("POST", "/v1/filters")
def _filters_new(account: Simulated) -> list[Sent]:
    return [
        Sent("/v1/filters", filter_body(account, kind), query=query)
        for kind, query in (("people", _CODED), ("org", {}), ("deals", {}), ("activity", {}))
    ]


@case("DELETE", "/v1/filters")
def _filters_gone(account: Simulated) -> list[Sent]:
    numbers = [new_filter(account, "people") for _ in range(2)]
    return [Sent("/v1/filters", query={"ids": ",".join(map(str, numbers))})]


@case("GET", "/v1/filters/helpers")
def _helpers(account: Simulated) -> list[Sent]:
    return [Sent("/v1/filters/helpers")]


@case("GET", "/v1/filters/{ref}")
def _filter(account: Simulated) -> list[Sent]:
    address = f"/v1/filters/{new_filter(account, 'people')}"
    return [Sent(address), Sent(address, query=_CODED)]


@case("PUT", "/v1/filters/{ref}")
def _filter_changed(account: Simulated) -> list[Sent]:
    body = {key: value for key, value in filter_body(account).items() if key != "type"}
    return [Sent(f"/v1/filters/{new_filter(account, 'people')}", body | {"name": "G"}, query=_CODED)]


@case("DELETE", "/v1/filters/{ref}")
def _filter_gone(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/filters/{new_filter(account, 'people')}")]


# The company's pages


def _page(address: str, account: Simulated) -> list[Sent]:
    return [Sent(address)]


for _address in (
    *("/v1/users", "/v1/users/me", "/v1/activityTypes", "/v1/userSettings"),
    *("/v1/billing/subscriptions/addons", "/v1/leadLabels", "/v1/webhooks"),
):
    CASES["GET", _address] = partial(_page, _address)


@case("GET", "/v1/users/find")
def _users_found(account: Simulated) -> list[Sent]:
    queries: list[dict[str, Any]] = [{"term": "own"}, {"term": "clerk@", "search_by_email": 1}]
    return [Sent("/v1/users/find", query=query) for query in queries]


@case("GET", "/v1/users/{ref}")
def _user(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/users/{owner(account)}")]


@case("GET", "/v1/currencies")
def _currencies(account: Simulated) -> list[Sent]:
    return [Sent("/v1/currencies"), Sent("/v1/currencies", query={"term": "krona"})]


@case("POST", "/v1/activityTypes")
def _types_new(account: Simulated) -> list[Sent]:
    body = {"name": "Video call", "icon_key": "camera", "color": "A1B2C3"}
    return [Sent("/v1/activityTypes", body), Sent("/v1/activityTypes", {"name": "Fair", "icon_key": "bell"})]


def new_type(account: Simulated) -> int:
    """The id of a new activity type."""
    return int(account.made("/v1/activityTypes", {"name": "Walk", "icon_key": "bell"})["id"])


@case("PUT", "/v1/activityTypes/{ref}")
def _type_changed(account: Simulated) -> list[Sent]:
    body = {"name": "Trip", "icon_key": "car", "color": "000000", "order_nr": 2}
    return [Sent(f"/v1/activityTypes/{new_type(account)}", body)]


@case("DELETE", "/v1/activityTypes/{ref}")
def _type_gone(account: Simulated) -> list[Sent]:
    return [Sent(f"/v1/activityTypes/{new_type(account)}")]


def _merged(kind: str, account: Simulated) -> list[Sent]:
    body = {"merge_with_id": new_record(account, kind)}
    return [Sent(f"/v1/{kind}/{new_record(account, kind)}/merge", body)]


for _kind in ("persons", "organizations", "deals"):
    CASES["PUT", f"/v1/{_kind}/{{ref}}/merge"] = partial(_merged, _kind)
