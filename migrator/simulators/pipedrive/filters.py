"""Saved filters: the two-group shape, the 16-condition cap, operators by type. filter_sql says what they select."""

import math
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import filter_helpers, rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.catalogue import Field
from migrator.simulators.pipedrive.errors import ApiError, invalid, not_found
from migrator.simulators.pipedrive.filter_sql import NUMERIC
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import is_date, is_spaced, spaced

MOST_CONDITIONS = 16
TYPES = ("deals", "leads", "org", "people", "products", "activity", "projects")
OBJECTS = frozenset(("person", "organization", "deal", "activity", "product"))


def list_filters(call: Call) -> Response:
    """GET /v1/filters: without conditions."""
    wanted = Parameters(call, {"type"}).word("type", TYPES, "")
    kept = [
        doc
        for doc in call.account.small["filters"].values()
        if wanted in ("", doc["type"]) and _is_shown(call, doc)
    ]
    return ok([{key: value for key, value in doc.items() if key != "conditions"} for doc in kept])


def read_filter(call: Call, ref: str) -> Response:
    """GET /v1/filters/{ref}."""
    parameters = Parameters(call, {"include_field_code"})
    return ok(_shown(call, _filter(call, ref), parameters))


def create_filter(call: Call) -> Response:
    """POST /v1/filters."""
    parameters = Parameters(call, {"include_field_code"})
    body = rules.body(
        call, {**_SCHEMA, "type": rules.one_of(*TYPES)}, required=("name", "conditions", "type")
    )
    if len(call.account.small["filters"]) >= call.settings.filter_cap:
        raise ApiError(403, "Filters limit of the company is reached", code="feature_capping_filters_limit")
    doc: Doc = {
        "id": call.store.next_id("filters"),
        "name": body["name"],
        "filter_code": None,
        "is_editable": True,
        "active_flag": True,
        "type": body["type"],
        "temporary_flag": None,
        "user_id": call.user["id"],
        "add_time": spaced(call.now),
        "update_time": spaced(call.now),
        "visible_to": "1",
        "last_used_time": None,
        "custom_view_id": None,
        "conditions": checked_conditions(call, body["conditions"]),
    }
    call.account.save_small("filters", doc)
    return ok(_shown(call, doc, parameters))


def change_filter(call: Call, ref: str) -> Response:
    """PUT /v1/filters/{ref}."""
    parameters = Parameters(call, {"include_field_code"})
    doc = dict(_filter(call, ref))
    body = rules.body(call, _SCHEMA, required=("conditions",))
    doc |= {"conditions": checked_conditions(call, body["conditions"]), "update_time": spaced(call.now)}
    doc["name"] = body.get("name", doc["name"])
    call.account.save_small("filters", doc)
    return ok(_shown(call, doc, parameters))


def delete_filter(call: Call, ref: str) -> Response:
    """DELETE /v1/filters/{ref}."""
    number = _filter(call, ref)["id"]
    _forget(call, [number])
    return ok({"id": number})


def delete_filters(call: Call) -> Response:
    """DELETE /v1/filters?ids=."""
    asked = Parameters(call, {"ids"}).ids() or []
    filters = call.account.small["filters"]
    known = [number for number in asked if number in filters and _is_shown(call, filters[number])]
    _forget(call, known)
    return ok({"id": known})


def checked_conditions(call: Call, sent: Any) -> Doc:
    """The conditions in the shape they are stored in. Raises 400 for any other shape."""
    outer = sent if isinstance(sent, dict) else {}
    groups = outer.get("conditions")
    if outer.get("glue") != "and" or not isinstance(groups, list) or len(groups) != 2:
        raise invalid("conditions: must be one 'and' group that holds exactly two groups")
    checked = [_checked_group(call, group, glue) for group, glue in zip(groups, ("and", "or"), strict=True)]
    if sum(len(group["conditions"]) for group in checked) > MOST_CONDITIONS:
        raise ApiError(400, f"Filter can have at most {MOST_CONDITIONS} conditions")
    return {"glue": "and", "conditions": checked}


def _checked_group(call: Call, group: Any, glue: str) -> Doc:
    if (
        not isinstance(group, dict)
        or group.get("glue") != glue
        or not isinstance(group.get("conditions"), list)
    ):
        raise invalid(
            f"conditions: the first group must be glued with 'and', the second with 'or' (not {glue})"
        )
    return {"glue": glue, "conditions": [_checked_condition(call, item) for item in group["conditions"]]}


def _checked_condition(call: Call, sent: Any) -> Doc:
    item = _CONDITION(sent, "conditions")
    entity, number = item["object"], item["field_id"]
    if entity not in OBJECTS:
        raise invalid(f"conditions.object: '{entity}' is not allowed")
    field = call.account.catalogue.numbered(entity, int(number)) if entity != "product" else None
    if field is None:
        raise invalid(f"conditions.field_id: {number} is not a field of {entity}")
    if item["operator"] not in filter_helpers.operators_of(field.type):
        raise invalid(f"conditions.operator: '{item['operator']}' is not allowed for {field.type}")
    _check_value(field, item["operator"], item.get("value"))
    return {
        "object": entity,
        "field_id": number,
        "operator": item["operator"],
        "value": item.get("value"),
        "extra_value": item.get("extra_value"),
        "json_value_flag": False,
    }


def _check_value(field: Field, operator: str, value: Any) -> None:
    if operator in ("IS NULL", "IS NOT NULL"):
        return
    if value is None or value == "":
        raise invalid(f"conditions.value: operator '{operator}' needs a value")
    if field.type in NUMERIC | {"set"} and not _is_number(value):
        raise invalid(f"conditions.value: '{value}' is not a number")
    if field.type in ("date", "daterange") and not _is_day(value):
        raise invalid(f"conditions.value: '{value}' is no date (YYYY-MM-DD) and no relative date")


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _is_day(value: str) -> bool:
    known = value in filter_helpers.INTERVALS or value in filter_helpers.RELATIVE_DAYS
    return known or value == "rotten_time" or is_date(value) or is_spaced(value)


def _shown(call: Call, doc: Doc, parameters: Parameters) -> Doc:
    if not parameters.flag("include_field_code"):
        return doc
    groups = [
        group | {"conditions": [_with_code(call, item) for item in group["conditions"]]}
        for group in doc["conditions"]["conditions"]
    ]
    return doc | {"conditions": doc["conditions"] | {"conditions": groups}}


def _with_code(call: Call, item: Doc) -> Doc:
    field = call.account.catalogue.numbered(item["object"], int(item["field_id"]))
    return item | {"field_code": field.code if field else None}


def _filter(call: Call, ref: str) -> Doc:
    doc = call.account.small["filters"].get(int(ref) if ref.isascii() and ref.isdigit() else -1)
    if doc is None or not _is_shown(call, doc):
        raise not_found("Filter")
    return doc


def _is_shown(call: Call, doc: Doc) -> bool:
    # Filters made through the API are private: their maker and admins see them.
    return bool(call.user["is_admin"] or doc["user_id"] == call.user["id"])


def _forget(call: Call, numbers: list[int]) -> None:
    for number in numbers:
        del call.account.small["filters"][number]
        call.store.drop("filters", number)


def _digits(value: Any, name: str) -> Any:
    if not isinstance(value, str) or not value.isdigit():
        raise invalid(f"{name}: must be the field's id as a string")
    return value


def _filter_value(value: Any, name: str) -> Any:
    if value is not None and not isinstance(value, str | int | float):
        raise invalid(f"{name}: must be a string")
    return None if value is None else str(value)


_SCHEMA: rules.Schema = {
    "name": rules.text(255, empty=False),
    "conditions": lambda value, name: value,
}
_CONDITION = rules.record(
    {
        "object": rules.text(),
        "field_id": _digits,
        "operator": rules.text(),
        "value": _filter_value,
        "extra_value": _filter_value,
    },
    required=("object", "field_id", "operator"),
)
