"""Listed records as neutral bodies (TargetRecord), so that the engine compares like with like.

Links to other records stand as Pipedrive's ids: the engine only asks whether there is one.
"""

from collections.abc import Callable, Mapping

from migrator.engine.canonical import JsonValue
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.pipedrive.fields import OBJECT_OF, Field, Resolver


def neutral_of(kind: Kind, record: Json, resolver: Resolver) -> Json:
    """The neutral body of a listed person, organization, deal, activity or note."""
    body = _READERS[kind](record, resolver)
    if kind not in OBJECT_OF:
        return body
    return body | {"custom": _custom(kind, record, resolver)}


def _person(record: Json, resolver: Resolver) -> Json:
    return {
        "name": record.get("name"),
        "first_name": record.get("first_name"),
        "last_name": record.get("last_name"),
        "emails": _contacts(record.get("emails")),
        "phones": _contacts(record.get("phones")),
        "organization": _link(record.get("org_id")),
        "owner": _owner(record, resolver),
        "labels": _labels(record, resolver),
    }


def _organization(record: Json, resolver: Resolver) -> Json:
    return {
        "name": record.get("name"),
        "address": _address(record.get("address")),
        "owner": _owner(record, resolver),
    }


def _deal(record: Json, resolver: Resolver) -> Json:
    plain = ("title", "value", "currency", "status", "expected_close_date")
    return {name: record.get(name) for name in plain} | {
        "person": _link(record.get("person_id")),
        "organization": _link(record.get("org_id")),
        "pipeline": resolver.name_in("pipelines", record.get("pipeline_id")),
        "stage": resolver.name_in("stages", record.get("stage_id")),
        "owner": _owner(record, resolver),
    }


def _activity(record: Json, resolver: Resolver) -> Json:
    plain = ("subject", "type", "due_date", "due_time", "note")
    return {name: record.get(name) for name in plain} | {"person": _link(record.get("person_id"))}


def _note(record: Json, resolver: Resolver) -> Json:
    return {
        "content": record.get("content"),
        "add_time": record.get("add_time"),
        "person": _link(record.get("person_id")),
    }


_READERS: Mapping[Kind, Callable[[Json, Resolver], Json]] = {
    Kind.PERSON: _person,
    Kind.ORGANIZATION: _organization,
    Kind.DEAL: _deal,
    Kind.ACTIVITY: _activity,
    Kind.NOTE: _note,
}


def _custom(kind: Kind, record: Json, resolver: Resolver) -> Json:
    held = record.get("custom_fields")
    fields = resolver.fields(OBJECT_OF[kind])
    known = {code: value for code, value in held.items() if code in fields} if isinstance(held, dict) else {}
    return {
        fields[code].ref: _value(fields[code], value, resolver)
        for code, value in known.items()
        if value not in (None, "", [], {})
    }


def _value(field: Field, value: JsonValue, resolver: Resolver) -> JsonValue:
    if field.type == "enum":
        return field.label_of(value) or value
    if field.type == "set" and isinstance(value, list):
        return [field.label_of(number) or number for number in value]
    if field.type == "address":
        return _address(value)
    if field.type == "user":
        return resolver.user_email(value) or value
    if field.type == "monetary" and isinstance(value, dict):
        return {"value": value.get("value"), "currency": value.get("currency")}
    return value


def _contacts(value: JsonValue) -> JsonValue:
    rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    return [{key: row.get(key) for key in ("value", "label", "primary")} for row in rows if row.get("value")]


def _labels(record: Json, resolver: Resolver) -> JsonValue:
    ids = record.get("label_ids")
    if not isinstance(ids, list) or not ids:
        return []
    field = resolver.label_field()
    return [label for number in ids if (label := field.label_of(number))]


def _owner(record: Json, resolver: Resolver) -> JsonValue:
    owner = record.get("owner_id")
    owner = owner.get("id") if isinstance(owner, dict) else owner
    return resolver.user_email(owner) or None


def _link(value: JsonValue) -> JsonValue:
    value = (value.get("value") or value.get("id")) if isinstance(value, dict) else value
    return str(value) if isinstance(value, int) else None


def _address(value: JsonValue) -> JsonValue:
    return value.get("value") if isinstance(value, dict) else value
