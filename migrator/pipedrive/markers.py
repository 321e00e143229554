"""Our marker inside Pipedrive's records: a custom field where there are any, else a visible last line."""

import html
import re

from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.pipedrive.fields import OBJECT_OF, Resolver, marker_ref

TEXT_KEYS = {Kind.ACTIVITY: "note", Kind.NOTE: "content"}
_LINE = re.compile(r"Crosswalk ref ([0-9A-Za-z][0-9A-Za-z._:-]{3,79})")
_TAG = re.compile(r"<[^>]*>")


def reference_line(marker: str) -> str:
    """The visible last line of a note or of an activity's note: its HTML is cleaned by Pipedrive, so comments
    and attributes would not survive."""
    return f"<p>Crosswalk ref {html.escape(marker)}</p>"


def with_reference(text: str, marker: str) -> str:
    """The text with our line as its last one; unchanged where it ends with that line already."""
    line = reference_line(marker)
    return text if text.endswith(line) else f"{text}{line}"


def marker_in_text(text: str) -> str:
    """The marker of the last reference line, "" without one."""
    found = _LINE.findall(html.unescape(_TAG.sub(" ", text)))
    return str(found[-1]) if found else ""


def marker_of(kind: Kind, record: Json, resolver: Resolver) -> str:
    """Our marker inside a listed record, "" where there is none or the account has no field for it."""
    if kind in TEXT_KEYS:
        text = record.get(TEXT_KEYS[kind])
        return marker_in_text(text) if isinstance(text, str) else ""
    if kind not in OBJECT_OF:
        return ""
    custom = record.get("custom_fields")
    field = resolver.find(marker_ref(OBJECT_OF[kind]))
    value = custom.get(field.code) if field and isinstance(custom, dict) else None
    return value if isinstance(value, str) else ""
