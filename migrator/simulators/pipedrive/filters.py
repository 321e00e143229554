"""Saved filters: the two-group shape, the 16-condition cap, and what a filter selects, as SQL."""

# ruff: noqa: S608  (table, column and path names come from this package's own tables, values are bound)

from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.catalogue import Field
from migrator.simulators.pipedrive.errors import ApiError, invalid, not_found
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import spaced

MOST_CONDITIONS = 16
TYPES = ("deals", "leads", "org", "people", "products", "activity", "projects")
ENTITY_OF_TYPE = {"people": "person", "org": "organization", "deals": "deal", "activity": "activity"}
OBJECTS = frozenset(("person", "organization", "deal", "activity", "product"))
COMPARISONS = {"=": "=", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
PATTERNS = {
    "LIKE '$%'": ("LIKE", "{}%"),
    "LIKE '%$%'": ("LIKE", "%{}%"),
    "LIKE '%$'": ("LIKE", "%{}"),
    "NOT LIKE '$%'": ("NOT LIKE", "{}%"),
    "NOT LIKE '%$%'": ("NOT LIKE", "%{}%"),
    "NOT LIKE '%$'": ("NOT LIKE", "%{}"),
}
MEMBERSHIP = {"contains": "", "not_contains": "NOT ", "=": "", "!=": "NOT "}
EMPTINESS = {"IS NULL": "NOT ", "IS NOT NULL": ""}
OPERATORS = frozenset((*COMPARISONS, *PATTERNS, *MEMBERSHIP, *EMPTINESS))
_LISTS = {"phone": "phones", "email": "emails"}
_NUMERIC = frozenset(
    ["int", "double", "monetary", "enum", "user", "org", "people", "deal", "stage", "visible_to", "boolean"]
)
_FROM_OTHER = {
    ("person", "organization"): "org_id IN (SELECT id FROM organizations WHERE {})",
    ("deal", "person"): "person_id IN (SELECT id FROM persons WHERE {})",
    ("deal", "organization"): "org_id IN (SELECT id FROM organizations WHERE {})",
    ("activity", "person"): "person_id IN (SELECT id FROM persons WHERE {})",
    ("activity", "organization"): "org_id IN (SELECT id FROM organizations WHERE {})",
    ("organization", "person"): "id IN (SELECT org_id FROM persons WHERE {})",
}


def list_filters(call: Call) -> Response:
    """GET /v1/filters: without conditions."""
    wanted = Parameters(call, {"type"}).text("type")
    kept = [doc for doc in call.account.small["filters"].values() if wanted in (None, doc["type"])]
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
    known = [number for number in asked if number in call.account.small["filters"]]
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


def filter_condition(call: Call, entity: str, number: int) -> tuple[str, list[Any]]:
    """What a filter selects from the entity's table, as one SQL condition and its values."""
    doc = call.account.small["filters"].get(number)
    if doc is None or ENTITY_OF_TYPE.get(doc["type"]) != entity:
        raise invalid(f"filter_id: filter {number} does not exist for this kind of record")
    parts, values = [], []
    for group in doc["conditions"]["conditions"]:
        compiled = [_compiled(call, entity, condition) for condition in group["conditions"]]
        if compiled:
            glue = f" {group['glue'].upper()} "
            parts.append(f"({glue.join(sql for sql, _ in compiled)})")
            values += [value for _, own in compiled for value in own]
    return " AND ".join(parts) or "1", values


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
    if item["operator"] not in OPERATORS:
        raise invalid(f"conditions.operator: '{item['operator']}' is not allowed")
    return {
        "object": entity,
        "field_id": number,
        "operator": item["operator"],
        "value": item.get("value"),
        "extra_value": item.get("extra_value"),
        "json_value_flag": False,
    }


def _compiled(call: Call, entity: str, condition: Doc) -> tuple[str, list[Any]]:
    field = call.account.catalogue.numbered(condition["object"], int(condition["field_id"]))
    if field is None:
        return "0", []
    sql, values = _compared(field, condition["operator"], condition["value"])
    if condition["object"] == entity:
        return sql, values
    return _FROM_OTHER.get((entity, condition["object"]), "0").format(sql), values


def _compared(field: Field, operator: str, value: Any) -> tuple[str, list[Any]]:
    path = f'$.custom_fields."{field.code}"' if field.custom else f"$.{_LISTS.get(field.code, field.code)}"
    if field.code in _LISTS and not field.custom:
        inner, values = _plain("json_extract(value,'$.value')", field.type, operator, value)
        return f"EXISTS (SELECT 1 FROM json_each(doc,'{path}') WHERE {inner})", values
    if field.type == "set":
        return _member(path, operator, value)
    subpath = ".value" if field.custom and field.type in _WITH_PARTS else ""
    return _plain(f"json_extract(doc,'{path}{subpath}')", field.type, operator, value)


def _member(path: str, operator: str, value: Any) -> tuple[str, list[Any]]:
    if operator in EMPTINESS:
        return f"{EMPTINESS[operator]}EXISTS (SELECT 1 FROM json_each(doc,'{path}'))", []
    if operator not in MEMBERSHIP or not str(value).isdigit():
        return "0", []
    return f"{MEMBERSHIP[operator]}EXISTS (SELECT 1 FROM json_each(doc,'{path}') WHERE value=?)", [int(value)]


def _plain(expression: str, kind: str, operator: str, value: Any) -> tuple[str, list[Any]]:
    if operator in EMPTINESS:
        return f"{expression} {operator}", []
    if operator in PATTERNS:
        word, pattern = PATTERNS[operator]
        return f"{expression} {word} ?", [pattern.format(value)]
    if operator not in COMPARISONS:
        return "0", []
    sign = COMPARISONS[operator]
    if kind in _NUMERIC:
        return f"CAST({expression} AS REAL) {sign} CAST(? AS REAL)", [value]
    if kind == "date":
        return f"substr({expression},1,10) {sign} ?", [value]
    return f"lower({expression}) {sign} lower(?)", [value]


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
    if doc is None:
        raise not_found("Filter")
    return doc


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


_WITH_PARTS = ("monetary", "address", "time", "timerange", "daterange")
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
