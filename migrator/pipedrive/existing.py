"""What is already in the account, reduced to what matching needs: names, addresses, numbers, our marker."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.engine.canonical import JsonValue
from migrator.engine.matching import email_key, phone_key
from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.pipedrive.fields import OBJECT_OF, STANDARD_FIELDS, Resolver
from migrator.pipedrive.markers import marker_of
from migrator.pipedrive.payloads import WIRE_KEYS

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Existing:
    """One live record of the target. E-mail addresses and phone numbers are keys (engine.matching), names
    single-spaced; `filled` names the standard keys and custom codes that hold a value; `record` is as
    Pipedrive listed it."""

    kind: Kind
    target_id: str
    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    organization_id: str
    person_id: str
    marker: str
    filled: frozenset[str]
    record: Json


def existing_of(kind: Kind, record: Json, resolver: Resolver) -> Existing:
    """A listed record as matching sees it. An account without a marker field holds no markers."""
    return Existing(
        kind=kind,
        target_id=str(record.get("id", "")),
        name=_SPACE.sub(" ", str(record.get("name") or record.get("title") or "")).strip(),
        emails=tuple(email_key(value) for value in _values(record.get("emails"))),
        phones=tuple(key for value in _values(record.get("phones")) if (key := phone_key(value))),
        organization_id=_number(record.get("org_id")),
        person_id=_number(record.get("person_id")),
        marker=marker_of(kind, record, resolver),
        filled=frozenset(filled_names(kind, record)),
        record=record,
    )


def filled_names(kind: Kind, record: Json) -> Iterator[str]:
    """Standard keys and custom codes that hold a value in this record."""
    if kind in OBJECT_OF:
        standard = [key for key, _, _ in STANDARD_FIELDS[OBJECT_OF[kind]]]
        yield from (key for key in standard if _holds(record, WIRE_KEYS[kind].get(key, (key,))))
    custom = record.get("custom_fields")
    if isinstance(custom, dict):
        yield from (code for code, value in custom.items() if value not in (None, "", [], {}))


def _holds(record: Json, wires: tuple[str, ...]) -> bool:
    return any(record.get(wire) not in (None, "", [], {}) for wire in wires)


def _values(raw: JsonValue) -> list[str]:
    entries = [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []
    return [str(entry["value"]) for entry in entries if entry.get("value")]


def _number(raw: JsonValue) -> str:
    if isinstance(raw, dict):
        raw = raw.get("value") or raw.get("id")
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else ""
