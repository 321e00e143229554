"""The record key: what makes two requests attempts at the same thing, whatever else is in them.

Field codes differ from account to account and never enter the key, so one seed means the same records after a
reset and on another machine.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from migrator.simulators.http_wsgi import Request

_PREFIX = re.compile(r"/(?:api/)?v\d+(?=/)")
_CODE = re.compile(r"[0-9a-f]{40}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_MARKER = re.compile(r"(?!\d{4}-\d\d-\d\d)(?=.*\d)[\w:.-]{16,100}")
_SECRETS = ("api_token",)
_LINKS = ("person_id", "org_id", "deal_id", "lead_id")


def record_key(request: Request) -> str:
    """Method, path without `/api/v2`, `/v2` or `/v1`, sorted query, and the identity of the body.

    The identity of a JSON object is the first of these that it has: marker-like values (16 characters or more
    with a digit, no spaces, no date) among its custom fields, or UUIDs in `note` or `content`; name with
    addresses; subject with due date and links; else the whole object in canonical form without field codes.
    Any other body counts as it is.
    """
    query = "&".join(
        f"{name}={','.join(values)}" for name, values in sorted(request.query.items()) if name not in _SECRETS
    )
    return f"{request.method} {_PREFIX.sub('', request.path, count=1)}?{query} {_identity(request.body)}"


def fraction(text: str) -> float:
    """A number from 0 to below 1 that the text alone decides."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7]) / float(1 << 56)


def _identity(body: bytes) -> str:
    if not body:
        return ""
    try:
        sent = json.loads(body)
    except ValueError:
        return hashlib.sha256(body).hexdigest()
    if not isinstance(sent, dict):
        return _digest(sent)
    markers = sorted(set(_markers(sent)))
    if markers:
        return "marker:" + ",".join(markers)
    for name, more in _NATURAL.items():
        if isinstance(sent.get(name), str):
            return f"{name}:{_digest([sent[name], *(sent.get(other) for other in more)])}"
    return _digest({name: value for name, value in sent.items() if name != "custom_fields"}, sent)


def _markers(sent: dict[str, Any]) -> Iterator[str]:
    custom = sent.get("custom_fields")
    values = list(custom.values()) if isinstance(custom, dict) else []
    values += [value for name, value in sent.items() if _CODE.fullmatch(name)]
    for value in values:
        if isinstance(value, str) and _MARKER.fullmatch(value):
            yield value
    for name in ("note", "content"):
        if isinstance(sent.get(name), str):
            yield from _UUID.findall(sent[name])


_NATURAL = {
    "name": ("emails", "email", "phones", "phone", "field_type"),
    "subject": ("type", "due_date", "due_time", *_LINKS, "participants"),
    "title": ("value", *_LINKS),
}


def _digest(value: Any, whole: dict[str, Any] | None = None) -> str:
    custom = (whole or {}).get("custom_fields")
    kept = (
        sorted(json.dumps(item, sort_keys=True) for item in custom.values())
        if isinstance(custom, dict)
        else []
    )
    text = json.dumps([value, kept], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
