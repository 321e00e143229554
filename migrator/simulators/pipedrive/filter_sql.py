"""What a saved filter selects, as SQL over the account's tables.

Upper and lower case are alike, as they are for the service's searches. Conditions on another object look at the
record that is linked; teams, histories of stages and rotting deals do not exist here and select nothing.
"""

# ruff: noqa: S608  (table, column and path names come from this package's own tables, values are bound)

from datetime import date
from typing import Any

from migrator.simulators.pipedrive import filter_dates
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.catalogue import Field
from migrator.simulators.pipedrive.errors import invalid
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.tables import value_sql

Sql = tuple[str, list[Any]]

ENTITY_OF_TYPE = {"people": "person", "org": "organization", "deals": "deal", "activity": "activity"}
COMPARISONS = {"=": "=", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
NUMERIC = frozenset(
    ["int", "double", "monetary", "enum", "user", "org", "people", "deal", "stage", "visible_to", "boolean"]
)
NOTHING: Sql = ("0", [])
_PATTERNS = {
    "LIKE '$%'": ("LIKE", "{}%"),
    "LIKE '%$%'": ("LIKE", "%{}%"),
    "LIKE '%$'": ("LIKE", "%{}"),
    "NOT LIKE '$%'": ("NOT LIKE", "{}%"),
    "NOT LIKE '%$%'": ("NOT LIKE", "%{}%"),
    "NOT LIKE '%$'": ("NOT LIKE", "%{}"),
}
_MEMBERSHIP = {"contains": "", "not_contains": "NOT ", "=": "", "!=": "NOT "}
_EMPTINESS = {"IS NULL": "NOT ", "IS NOT NULL": ""}
# Operators of ranges that look at the end; all others look at the start.
_AT_THE_END = {
    "ends_at": "=",
    "does_not_end_at": "!=",
    "ends_before": "<",
    "ends_e_before": "<=",
    "ends_after": ">",
    "ends_e_after": ">=",
}
_RANGES = ("daterange", "timerange")
_WITH_PARTS = ("monetary", "address", "time", *_RANGES)
_LISTS = {"phone": "phones", "email": "emails"}
_COLUMNS = {"pipeline": "pipeline_id"}
_TABLES = {"person": "persons", "organization": "organizations", "deal": "deals", "activity": "activities"}
_FROM_OTHER = {
    ("person", "organization"): "org_id IN (SELECT id FROM organizations WHERE {})",
    ("person", "deal"): "id IN (SELECT person_id FROM deals WHERE {})",
    ("person", "activity"): "id IN (SELECT person_id FROM activities WHERE {})",
    ("organization", "person"): "id IN (SELECT org_id FROM persons WHERE {})",
    ("organization", "deal"): "id IN (SELECT org_id FROM deals WHERE {})",
    ("organization", "activity"): "id IN (SELECT org_id FROM activities WHERE {})",
    ("deal", "person"): "person_id IN (SELECT id FROM persons WHERE {})",
    ("deal", "organization"): "org_id IN (SELECT id FROM organizations WHERE {})",
    ("deal", "activity"): "id IN (SELECT deal_id FROM activities WHERE {})",
    ("activity", "person"): "person_id IN (SELECT id FROM persons WHERE {})",
    ("activity", "organization"): "org_id IN (SELECT id FROM organizations WHERE {})",
    ("activity", "deal"): "deal_id IN (SELECT id FROM deals WHERE {})",
}


def filter_condition(call: Call, entity: str, number: int) -> Sql:
    """What a filter selects from the entity's table, as one condition and its values. Raises 400 for no filter."""
    doc = call.account.small["filters"].get(number)
    if doc is None or ENTITY_OF_TYPE.get(doc["type"]) != entity:
        raise invalid(f"filter_id: filter {number} does not exist for this kind of record")
    today = date.fromisoformat(call.stamp[:10])
    parts, values = [], []
    for group in doc["conditions"]["conditions"]:
        compiled = [_compiled(call, entity, condition, today) for condition in group["conditions"]]
        if compiled:
            glue = f" {group['glue'].upper()} "
            parts.append(f"({glue.join(f'({sql})' for sql, _ in compiled)})")
            values += [value for _, own in compiled for value in own]
    return " AND ".join(parts) or "1", values


def _compiled(call: Call, entity: str, condition: Doc, today: date) -> Sql:
    field = call.account.catalogue.numbered(condition["object"], int(condition["field_id"]))
    if field is None:
        return NOTHING
    sql, values = _compared(field, condition["operator"], condition["value"], today)
    if condition["object"] == entity:
        return sql, values
    return _FROM_OTHER.get((entity, condition["object"]), "0").format(f"is_deleted=0 AND ({sql})"), values


def _compared(field: Field, operator: str, value: Any, today: date) -> Sql:
    path = f'$.custom_fields."{field.code}"' if field.custom else f"$.{_LISTS.get(field.code, field.code)}"
    if field.code in _LISTS and not field.custom:
        return _in_list(path, operator, value, today)
    if field.type == "set":
        return _member(path, operator, value)
    if field.type in _RANGES and operator not in _EMPTINESS:
        return _range(path, field.type, operator, value, today)
    if not field.custom:
        return _plain(_system(field, path), field.type, operator, value, today)
    subpath = ".value" if field.type in _WITH_PARTS else ""
    return _plain(f"json_extract(doc,'{path}{subpath}')", field.type, operator, value, today)


def _system(field: Field, path: str) -> str:
    if field.type == "address":
        return f"json_extract(doc,'{path}.value')"
    return value_sql(_TABLES[field.entity], _COLUMNS.get(field.code, field.code))


def _in_list(path: str, operator: str, value: Any, today: date) -> Sql:
    # Addresses and numbers are several: a negation holds when none of them fits.
    if operator in _EMPTINESS:
        return f"{_EMPTINESS[operator]}EXISTS (SELECT 1 FROM json_each(doc,'{path}'))", []
    negated = operator.startswith("NOT ") or operator == "!="
    positive = "=" if operator == "!=" else operator.removeprefix("NOT ")
    inner, values = _plain("json_extract(value,'$.value')", "varchar", positive, value, today)
    return f"{'NOT ' * negated}EXISTS (SELECT 1 FROM json_each(doc,'{path}') WHERE {inner})", values


def _member(path: str, operator: str, value: Any) -> Sql:
    if operator in _EMPTINESS:
        return f"{_EMPTINESS[operator]}EXISTS (SELECT 1 FROM json_each(doc,'{path}'))", []
    if operator not in _MEMBERSHIP or not str(value).isdigit():
        return NOTHING
    return f"{_MEMBERSHIP[operator]}EXISTS (SELECT 1 FROM json_each(doc,'{path}') WHERE value=?)", [
        int(value)
    ]


def _range(path: str, kind: str, operator: str, value: Any, today: date) -> Sql:
    start, end = (f"json_extract(doc,'{path}.{part}')" for part in ("value", "until"))
    own = "date" if kind == "daterange" else "time"
    if operator == "includes":
        first, values = _plain(start, own, "<=", value, today)
        last, more = _plain(end, own, ">=", value, today)
        return f"{first} AND {last}", [*values, *more]
    at_end = _AT_THE_END.get(operator)
    return _plain(end if at_end else start, own, at_end or operator, value, today)


def _plain(expression: str, kind: str, operator: str, value: Any, today: date) -> Sql:
    if operator in _EMPTINESS:
        return f"{expression} {operator}", []
    if operator in _PATTERNS:
        word, pattern = _PATTERNS[operator]
        plain = str(value).replace("!", "!!").replace("%", "!%").replace("_", "!_")
        return f"{expression} {word} ? ESCAPE '!'", [pattern.format(plain)]
    if operator not in COMPARISONS:
        return NOTHING
    if kind in NUMERIC:
        return f"CAST({expression} AS REAL) {COMPARISONS[operator]} CAST(? AS REAL)", [value]
    if kind == "date":
        return _day(f"substr({expression},1,10)", operator, str(value), today)
    return f"lower({expression}) {COMPARISONS[operator]} lower(?)", [value]


def _day(expression: str, operator: str, value: str, today: date) -> Sql:
    within = filter_dates.span(value, today)
    if within is None:
        return f"{expression} {COMPARISONS[operator]} ?", [value[:10]]
    return filter_dates.compared(operator, within, expression)
