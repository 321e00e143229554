"""Checks of what callers send: types, lengths, formats, custom-field values. Strict, as v2 is.

Each check takes a value and its name, returns the stored form, and raises ApiError 400 with the name in it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from migrator.simulators.pipedrive import loose, times
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.catalogue import Field
from migrator.simulators.pipedrive.errors import ApiError, invalid
from migrator.simulators.pipedrive.system_fields import SUBFIELDS

Check = Callable[[Any, str], Any]
Schema = Mapping[str, Check]

ADDRESS_PARTS = tuple(code for code, _, _ in SUBFIELDS["address"])
HTML_CAP = 100_000


def text(limit: int = 255, *, empty: bool = True) -> Check:
    """A string of at most `limit` characters."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, str):
            raise invalid(f"{name}: The value is not a valid 'string'")
        if len(value) > limit:
            raise invalid(f"{name}: length must be at most {limit} characters")
        if not empty and not value.strip():
            raise invalid(f"{name}: must not be empty")
        return value

    return check


def integer(value: Any, name: str) -> Any:
    """An int; true and "1" are not."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"{name}: Expected 'integer' as value")
    return value


def between(low: int, high: int) -> Check:
    """An int within bounds."""

    def check(value: Any, name: str) -> Any:
        if not low <= integer(value, name) <= high:
            raise invalid(f"{name}: must be between {low} and {high}")
        return value

    return check


def number(value: Any, name: str) -> Any:
    """An int or a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{name}: Expected 'number' as value")
    return value


def boolean(value: Any, name: str) -> Any:
    """true or false; 1 is not."""
    if not isinstance(value, bool):
        raise invalid(f"{name}: Expected 'boolean' as value")
    return value


def one_of(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, name: str) -> Any:
        if value not in allowed:
            raise invalid(f"{name}: must be one of {', '.join(allowed)}")
        return value

    return check


def moment(value: Any, name: str) -> Any:
    """RFC3339 with whole seconds, stored in UTC."""
    found = times.canonical(value) if isinstance(value, str) else None
    if found is None:
        raise invalid(f"{name}: must be an RFC3339 date-time with whole seconds")
    return found


def day(value: Any, name: str) -> Any:
    """YYYY-MM-DD."""
    if not isinstance(value, str) or not times.is_date(value):
        raise invalid(f"{name}: must be a date, YYYY-MM-DD")
    return value


def clock_time(value: Any, name: str) -> Any:
    """HH:MM or HH:MM:SS, stored long."""
    found = times.clock_time(value) if isinstance(value, str) else None
    if found is None:
        raise invalid(f"{name}: must be a time, HH:MM or HH:MM:SS")
    return found


def duration(value: Any, name: str) -> Any:
    """HH:MM or HH:MM:SS, stored long."""
    found = times.duration(value) if isinstance(value, str) else None
    if found is None:
        raise invalid(f"{name}: must be a duration, HH:MM")
    return found


def or_null(check: Check) -> Check:
    """The same, or null."""
    return lambda value, name: None if value is None else check(value, name)


def html(value: Any, name: str) -> Any:
    """HTML text up to 100 kB of UTF-8."""
    if not isinstance(value, str):
        raise invalid(f"{name}: The value is not a valid 'string'")
    if len(value.encode("utf-8", "surrogatepass")) > HTML_CAP:
        raise invalid(f"{name}: must not be larger than {HTML_CAP} bytes")
    return value


def record(schema: Schema, *, required: tuple[str, ...] = ()) -> Check:
    """An object with known keys."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, dict):
            raise invalid(f"{name}: Expected 'object' as value")
        for key in required:
            if key not in value:
                raise invalid(f"{name}.{key}: Required")
        return {key: _known(schema, key, name)(item, f"{name}.{key}") for key, item in value.items()}

    return check


def array(check_item: Check, *, most: int | None = None) -> Check:
    """A list of valid items."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, list):
            raise invalid(f"{name}: Expected 'array' as value")
        if most is not None and len(value) > most:
            raise invalid(f"{name}: must have at most {most} items")
        return [check_item(item, f"{name}[{place}]") for place, item in enumerate(value)]

    return check


def contacts(value: Any, name: str) -> Any:
    """E-mail addresses or phone numbers: one primary, the first when none is marked."""
    entries = _CONTACTS(value, name)
    marked = [entry for entry in entries if entry.get("primary")]
    if len(marked) > 1:
        raise invalid(f"{name}: only one item can be primary")
    primary = marked[0] if marked else (entries[0] if entries else None)
    return [
        {"value": entry["value"], "primary": entry is primary, "label": entry.get("label") or "work"}
        for entry in entries
    ]


def body(
    call: Call, schema: Schema, *, required: tuple[str, ...] = (), dropped: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The checked body of a request. Raises 400 for the first thing wrong in it."""
    return checked(call, call.json(), schema, required=required, dropped=dropped)


def checked(
    call: Call, sent: Any, schema: Schema, *, required: tuple[str, ...] = (), dropped: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The same for a value that is already parsed."""
    if not isinstance(sent, dict):
        raise invalid("body: Expected 'object' as value")
    for key in required:
        if sent.get(key) is None:
            raise invalid(f"{key}: Required")
    if call.settings.unsettable_add_time == "ignore":
        sent = {key: value for key, value in sent.items() if key not in dropped}
    if not call.settings.refuse_unknown_body_keys:
        sent = {key: value for key, value in sent.items() if key in schema}
    if call.settings.v1_takes_text and loose.is_v1(call.request):
        return {key: loose.loosely(_known(schema, key), value, key) for key, value in sent.items()}
    return {key: _known(schema, key)(value, key) for key, value in sent.items()}


def visibility(call: Call, value: int) -> None:
    """Raise 403 for a visible_to the plan does not have."""
    if value not in call.account.plan.visibility:
        raise ApiError(403, f"visible_to: value {value} is not available on this plan")


def labels(call: Call, entity: str, ids: list[int]) -> list[int]:
    """Label ids without repeats. Raises 400 for an unknown one."""
    field = call.account.catalogue.field(entity, "label_ids")
    known = call.account.catalogue.option_ids(field) if field else frozenset()
    for number_ in ids:
        if number_ not in known:
            raise invalid(f"label_ids: option {number_} does not exist")
    return list(dict.fromkeys(ids))


def custom_fields(call: Call, entity: str, sent: Any) -> dict[str, Any]:
    """Checked custom values by code; null means clear. The whole write fails on the first bad one."""
    if not isinstance(sent, dict):
        raise invalid("custom_fields: Expected 'object' as value")
    catalogue = call.account.catalogue
    checked = {}
    for code, value in sent.items():
        field = catalogue.field(entity, code)
        if field is None or not field.custom:
            raise invalid(f"custom_fields: Unknown key '{code}'")
        checked[code] = None if value is None else _custom_value(call, field, value)
    return checked


def _custom_value(call: Call, field: Field, value: Any) -> Any:
    name = f"custom_fields.{field.code}"
    if field.has_options():
        return _chosen(call.account.catalogue.option_ids(field), field.type, value, name)
    if field.type in _REFERENCES:
        return _referenced(call, field.type, integer(value, name), name)
    return _SHAPES[field.type](value, name)


def _chosen(known: frozenset[int], kind: str, value: Any, name: str) -> Any:
    ids = [integer(value, name)] if kind == "enum" else array(integer)(value, name)
    if not ids:
        raise invalid(f"{name}: must have at least 1 item")
    for choice in ids:
        if choice not in known:
            raise invalid(f"{name}: option {choice} does not exist")
    return ids[0] if kind == "enum" else list(dict.fromkeys(ids))


def _referenced(call: Call, kind: str, value: int, name: str) -> int:
    if kind == "user":
        call.require_user(value, name)
    else:
        call.require_record(_REFERENCES[kind], value, name)
    return value


def _known(schema: Schema, key: str, parent: str = "") -> Check:
    check = schema.get(key)
    if check is None:
        where = f"{parent}: Unknown key '{key}'" if parent else f"Parameter '{key}' is not allowed"
        raise invalid(where)
    return check


_CONTACTS = array(
    record(
        {"value": text(1_000), "primary": boolean, "label": or_null(text())},
        required=("value",),
    )
)
ADDRESS = record({part: or_null(text(1_000)) for part in ADDRESS_PARTS})
_REFERENCES = {"user": "users", "org": "organizations", "people": "persons"}
_SHAPES: dict[str, Check] = {
    "varchar": text(255),
    "varchar_auto": text(255),
    "text": text(65_535),
    "phone": text(255),
    "double": number,
    "date": day,
    "monetary": record({"value": number, "currency": text(3, empty=False)}, required=("value", "currency")),
    "daterange": record({"value": day, "until": day}, required=("value", "until")),
    "time": record({"value": clock_time, "timezone_name": or_null(text())}, required=("value",)),
    "timerange": record(
        {"value": clock_time, "until": clock_time, "timezone_name": or_null(text())},
        required=("value", "until"),
    ),
    "address": ADDRESS,
}
