"""A listed record against what was sent, and its checksum. What Pipedrive changes by itself is left out."""

import html
import re
from collections.abc import Mapping

from migrator.engine.canonical import JsonValue, checksum
from migrator.engine.inventory import TargetObject
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.pipedrive.fields import OBJECT_OF, Resolver

# Beside every key that ends in _count; add_time stays, because it is part of what was moved.
VOLATILE = frozenset(
    {
        "update_time",
        "last_activity_id",
        "last_activity_date",
        "next_activity_id",
        "next_activity_date",
        "last_incoming_mail_time",
        "last_outgoing_mail_time",
        "stage_change_time",
        "local_won_date",
        "local_lost_date",
        "local_close_date",
        "last_update_user_id",
        "picture_id",
        "smart_bcc_email",
        "doi_status",
        "user",
        "person",
        "organization",
        "deal",
        "labels",
        "acv",
        "arr",
        "mrr",
        "weighted_value",
        "weighted_value_currency",
    }
)
_SPACE = re.compile(r"\s+")
_BREAK = re.compile(r"<br\s*/?>", re.I)
_BETWEEN_TAGS = re.compile(r"\s*(</?(?:p|br|ul|li|b|i)>)\s*", re.I)
HTML_KEYS = frozenset({"note", "content"})


def differing(kind: Kind, wire: Json, record: Json, resolver: Resolver) -> tuple[str, ...]:
    """Names of the fields in which a listed record differs from the wire body that wrote it."""
    names = [
        key for key, sent in wire.items() if key != "custom_fields" and not _equal(key, sent, record.get(key))
    ]
    sent_custom, held_custom = _object(wire.get("custom_fields")), _object(record.get("custom_fields"))
    for code, sent in sent_custom.items():
        if not _equal("custom", sent, held_custom.get(code)):
            names.append(_name_of(kind, code, resolver))
    return tuple(names)


def content_sha(record: Json) -> str:
    """Checksum of a listed record without update times, counts and unset custom fields, which a field that
    somebody adds later would otherwise change on every record."""
    kept = {key: normal(key, value) for key, value in record.items() if _lasting(key)}
    if "custom_fields" in kept:
        held = _object(kept["custom_fields"])
        kept["custom_fields"] = {code: value for code, value in held.items() if value not in (None, [], "")}
    return checksum({key: value for key, value in kept.items() if value not in (None, [], {}, "")})


def normal(key: str, value: JsonValue) -> JsonValue:
    """A value in the one spelling in which equal things are equal."""
    if key in ("emails", "phones"):
        return _contacts(value)
    if key == "label_ids":
        return _numbers(value)
    if key in HTML_KEYS:
        return normal_html(value if isinstance(value, str) else "")
    if key == "participants":
        return _participants(value)
    if key in ("due_time", "duration") and isinstance(value, str):
        return f"{value}:00" if value.count(":") == 1 else value
    if key == "owner_id" and isinstance(value, dict):
        return value.get("id")
    return _custom(value)


def normal_html(text: str) -> str:
    """HTML without the differences that cleaning makes: entities, spaces, the spelling of a line break."""
    text = _SPACE.sub(" ", html.unescape(_BREAK.sub("<br>", text)))
    return _BETWEEN_TAGS.sub(r"\1", text).strip()


def _equal(key: str, sent: JsonValue, held: JsonValue) -> bool:
    mine, theirs = normal(key, sent), normal(key, held)
    if isinstance(mine, dict) and isinstance(theirs, dict):
        # An address or a sum of money comes back with parts that nobody sent.
        return all(_same(value, theirs.get(part)) for part, value in mine.items())
    return _same(mine, theirs)


def _same(mine: JsonValue, theirs: JsonValue) -> bool:
    if mine in (None, "", [], {}) and theirs in (None, "", [], {}):
        return True
    if _is_number(mine) and _is_number(theirs):
        return abs(float(str(mine)) - float(str(theirs))) < 1e-9
    return mine == theirs


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _custom(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(item, int) for item in value):
        return _numbers(value)
    if isinstance(value, dict):
        return {part: _custom(inner) for part, inner in value.items() if inner is not None}
    return value


def _contacts(value: JsonValue) -> JsonValue:
    entries = [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    rows = [
        (
            str(entry.get("value") or "").strip().lower(),
            str(entry.get("label") or "work"),
            bool(entry.get("primary")),
        )
        for entry in entries
    ]
    if rows and not any(primary for _, _, primary in rows):
        rows[0] = (rows[0][0], rows[0][1], True)
    return [list(row) for row in sorted(rows)]


def _numbers(value: JsonValue) -> JsonValue:
    numbers = [item for item in value if isinstance(item, int)] if isinstance(value, list) else []
    return list[JsonValue](sorted(numbers))


def _participants(value: JsonValue) -> JsonValue:
    entries = [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    return _numbers([entry.get("person_id") for entry in entries])


def _lasting(key: str) -> bool:
    return key not in VOLATILE and not key.endswith("_count")


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _name_of(kind: Kind, code: str, resolver: Resolver) -> str:
    found = resolver.fields(OBJECT_OF.get(kind, TargetObject.PERSON)).get(code)
    return found.name if found else code
