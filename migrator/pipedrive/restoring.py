"""The values that an update replaces, kept so that they can be put back, and the body that puts them back."""

from collections.abc import Iterable, Mapping

from migrator.engine.canonical import JsonValue
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.pipedrive.fields import OBJECT_OF, Resolver, marker_ref
from migrator.pipedrive.payloads import WIRE_KEYS, sendable


def before_image(kind: Kind, record: Json, keys: Iterable[str], resolver: Resolver) -> Json:
    """{"wire": raw values of what is there, "absent": refs of fields that only the run itself will make}.

    `keys` are body keys and refs of custom fields, as payloads.keys_of gives them; the marker is always one.
    """
    keys = list(keys)
    wires = [wire for key in keys for wire in WIRE_KEYS[kind].get(key, ())]
    image: Json = {wire: sendable(wire, record.get(wire)) for wire in dict.fromkeys(wires)}
    refs = [key for key in keys if ":" in key] + [marker_ref(OBJECT_OF[kind])]
    found = {ref: resolver.find(ref) for ref in dict.fromkeys(refs)}
    held = record.get("custom_fields")
    held = held if isinstance(held, dict) else {}
    codes = [field.code for field in found.values() if field]
    absent: list[JsonValue] = [ref for ref, field in found.items() if field is None]
    return {"wire": image | {"custom_fields": {code: held.get(code) for code in codes}}, "absent": absent}


def restore_body(before: Mapping[str, JsonValue], resolver: Resolver) -> Json:
    """Wire JSON that puts the image back; fields that the run made are emptied where they still exist."""
    image, absent = before.get("wire"), before.get("absent")
    wire: Json = dict(image) if isinstance(image, dict) else {}
    custom = wire.get("custom_fields")
    values: Json = dict(custom) if isinstance(custom, dict) else {}
    for ref in absent if isinstance(absent, list) else []:
        field = resolver.find(str(ref))
        if field is not None:
            values[field.code] = None
    return wire | ({"custom_fields": values} if values else {})
