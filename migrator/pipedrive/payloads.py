"""Records into wire JSON: names become codes, keys become ids, and our marker goes in. Nothing is sent here.

Create bodies hold what the record holds, update bodies the changed keys only; a restore body is wire JSON
already (restoring.py).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import PermanentError
from migrator.engine.inventory import TargetObject
from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.pipedrive.fields import OBJECT_OF, Ref, Resolver
from migrator.pipedrive.markers import TEXT_KEYS, with_reference

Body = Mapping[str, JsonValue]
PERSON_KINDS = (Kind.DEAL, Kind.ACTIVITY, Kind.NOTE)
ORGANIZATION_KINDS = (Kind.PERSON, Kind.DEAL)


@dataclass(frozen=True, slots=True)
class References:
    """Target ids of the records that a batch of operations points to, by kind and key."""

    ids: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def id_for(self, kind: Kind, key: JsonValue) -> int:
        """Raises PermanentError where that record was not written."""
        found = self.ids.get((kind, str(key)), "")
        if not found.isdigit():
            raise PermanentError(
                f"The {kind} that this record belongs to was not written. Settle that one first."
            )
        return int(found)


def referenced(operations: Iterable[ClaimedOperation]) -> dict[Kind, list[str]]:
    """The keys of other records that these operations point to, each once."""
    wanted: dict[Kind, dict[str, None]] = {Kind.ORGANIZATION: {}, Kind.PERSON: {}}
    for operation in operations:
        if operation.act not in (Act.CREATE, Act.UPDATE):
            continue
        for name, target, kinds in (
            ("organization", Kind.ORGANIZATION, ORGANIZATION_KINDS),
            ("person", Kind.PERSON, PERSON_KINDS),
        ):
            key = operation.body.get(name)
            if operation.kind in kinds and isinstance(key, str) and key:
                wanted[target][key] = None
    return {kind: list(keys) for kind, keys in wanted.items() if keys}


def wire_body(operation: ClaimedOperation, resolver: Resolver, references: References) -> Json:
    """The JSON of one write. Raises DriftError or PermanentError before anything is sent."""
    if operation.act == Act.RESTORE:
        return dict(operation.body or operation.before)
    body = _BUILDERS[operation.kind](operation.body, resolver, references)
    if operation.kind == Kind.ACTIVITY and operation.act == Act.CREATE:
        # History that is not done would fill everybody's list of overdue work.
        body["done"] = True
    if operation.kind in TEXT_KEYS:
        return _with_text_marker(operation, body)
    custom = _custom(operation.body, resolver)
    if operation.act == Act.CREATE or operation.body.get("marker"):
        custom[resolver.marker_code(OBJECT_OF[operation.kind])] = operation.marker
    return body | ({"custom_fields": custom} if custom else {})


def keys_of(body: Body) -> tuple[str, ...]:
    """The keys of a neutral body as restoring.before_image takes them: custom fields by their refs."""
    custom = body.get("custom")
    refs = tuple(custom) if isinstance(custom, dict) else ()
    return (*(key for key in body if key != "custom"), *refs)


WIRE_KEYS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    Kind.ORGANIZATION: {
        "name": ("name",),
        "address": ("address",),
        "owner": ("owner_id",),
        "labels": ("label_ids",),
    },
    Kind.PERSON: {
        "name": ("name",),
        "emails": ("emails",),
        "phones": ("phones",),
        "organization": ("org_id",),
        "owner": ("owner_id",),
        "labels": ("label_ids",),
    },
    Kind.DEAL: {
        "title": ("title",),
        "person": ("person_id",),
        "organization": ("org_id",),
        "value": ("value",),
        "currency": ("currency",),
        "status": ("status",),
        "pipeline": ("pipeline_id",),
        "stage": ("pipeline_id", "stage_id"),
        "expected_close_date": ("expected_close_date",),
        "owner": ("owner_id",),
    },
    Kind.ACTIVITY: {
        "subject": ("subject",),
        "type": ("type",),
        "due_date": ("due_date",),
        "due_time": ("due_time",),
        "person": ("participants",),
        "owner": ("owner_id",),
        "note": ("note",),
    },
    Kind.NOTE: {"content": ("content",), "add_time": ("add_time",), "person": ("person_id",)},
}


def _organization(body: Body, resolver: Resolver, references: References) -> Json:
    wire = _plain(body, "name")
    if "address" in body:
        wire["address"] = _address(body["address"])
    return wire | _owner(body, resolver) | _labels(body, resolver, TargetObject.ORGANIZATION)


def _person(body: Body, resolver: Resolver, references: References) -> Json:
    wire = _name(body)
    for key in ("emails", "phones"):
        if key in body:
            wire[key] = _contacts(body[key])
    wire |= _link(body, "organization", "org_id", Kind.ORGANIZATION, references)
    return wire | _owner(body, resolver) | _labels(body, resolver, TargetObject.PERSON)


def _deal(body: Body, resolver: Resolver, references: References) -> Json:
    wire = _plain(body, "title", "value", "currency", "status", "expected_close_date")
    wire |= _link(body, "person", "person_id", Kind.PERSON, references)
    wire |= _link(body, "organization", "org_id", Kind.ORGANIZATION, references)
    return wire | _owner(body, resolver) | _stage(body, resolver)


def _activity(body: Body, resolver: Resolver, references: References) -> Json:
    wire = _plain(body, "subject", "due_date", "due_time", "note")
    if body.get("type"):
        wire["type"] = resolver.activity_type(str(body["type"]))
    if body.get("person"):
        # person_id is derived from the primary participant and may be refused when sent.
        person = references.id_for(Kind.PERSON, body["person"])
        wire["participants"] = [{"person_id": person, "primary": True}]
    return wire | _owner(body, resolver)


def _note(body: Body, resolver: Resolver, references: References) -> Json:
    return _plain(body, "content", "add_time") | _link(body, "person", "person_id", Kind.PERSON, references)


_BUILDERS: Mapping[Kind, Callable[[Body, Resolver, References], Json]] = {
    Kind.ORGANIZATION: _organization,
    Kind.PERSON: _person,
    Kind.DEAL: _deal,
    Kind.ACTIVITY: _activity,
    Kind.NOTE: _note,
}


def _with_text_marker(operation: ClaimedOperation, body: Json) -> Json:
    key = TEXT_KEYS[operation.kind]
    if operation.act == Act.UPDATE and key not in body:
        return body
    text = body.get(key)
    return body | {key: with_reference(text if isinstance(text, str) else "", operation.marker)}


def _plain(body: Body, *names: str) -> Json:
    return {name: body[name] for name in names if body.get(name) is not None}


def _name(body: Body) -> Json:
    # first_name and last_name are derived from name on the other side; sending them recomputes it.
    if isinstance(body.get("name"), str) and body["name"]:
        return {"name": body["name"]}
    parts = [str(body[key]).strip() for key in ("first_name", "last_name") if body.get(key)]
    return {"name": " ".join(parts)} if parts else {}


def _contacts(raw: JsonValue) -> JsonValue:
    entries = [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []
    return [
        {
            "value": entry.get("value"),
            "label": entry.get("label") or "work",
            "primary": bool(entry.get("primary")),
        }
        for entry in entries
    ]


def _address(raw: JsonValue) -> JsonValue:
    return {"value": raw} if isinstance(raw, str) else raw


def _owner(body: Body, resolver: Resolver) -> Json:
    owner = body.get("owner")
    user = resolver.user_id(owner) if isinstance(owner, str) and owner else None
    return {"owner_id": user} if user is not None else {}


def _labels(body: Body, resolver: Resolver, target: TargetObject) -> Json:
    raw = body.get("labels")
    if not isinstance(raw, list):
        return {}
    return {"label_ids": list(resolver.label_ids([str(label) for label in raw], target)) if raw else []}


def _link(body: Body, name: str, wire: str, kind: Kind, references: References) -> Json:
    key = body.get(name)
    return {wire: references.id_for(kind, key)} if key else {}


def _stage(body: Body, resolver: Resolver) -> Json:
    wire: Json = {}
    pipeline = resolver.pipeline_id(str(body["pipeline"])) if body.get("pipeline") else None
    if pipeline is not None:
        wire["pipeline_id"] = pipeline
    if body.get("stage"):
        wire["stage_id"] = resolver.stage_id(str(body["stage"]), pipeline)
    return wire


def _custom(body: Body, resolver: Resolver) -> Json:
    raw = body.get("custom")
    if not isinstance(raw, dict):
        return {}
    return {resolver.field(ref).code: _value(ref, value, resolver) for ref, value in raw.items()}


def _value(ref: str, value: JsonValue, resolver: Resolver) -> JsonValue:
    kind = Ref.parse(ref).type
    if value is None or value == "":
        return None
    if kind == "enum":
        return resolver.option_id(ref, str(value))
    if kind == "set":
        labels: Sequence[JsonValue] = value if isinstance(value, list) else [value]
        # An empty list is refused; null is how a set is cleared.
        return [resolver.option_id(ref, str(label)) for label in labels] or None
    if kind == "address":
        return _address(value)
    if kind == "user":
        return resolver.user_id(str(value))
    if kind in ("varchar", "varchar_auto", "text", "phone") and not isinstance(value, str):
        return str(value)
    return value


def sendable(wire: str, value: JsonValue) -> JsonValue:
    if wire in ("emails", "phones"):
        return _contacts(value)
    if wire == "address" and isinstance(value, dict):
        return {part: text for part, text in value.items() if text is not None} or None
    if wire == "owner_id" and isinstance(value, dict):
        return value.get("id")
    return value
