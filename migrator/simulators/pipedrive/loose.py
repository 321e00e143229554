"""What v1 takes and v2 does not: bodies as forms, and numbers and flags written as text.

Reference section 17 says only that v2 is strict; clients of v1 that send forms are published (onepipepy,
python-pipedrive), so a switch decides: `v1_takes_text`.
"""

from collections.abc import Callable
from typing import Any

import orjson

from migrator.simulators.http_wsgi import Request
from migrator.simulators.pipedrive.errors import ApiError

_FORM = "application/x-www-form-urlencoded"
_WORDS = {"true": True, "false": False}


def is_v1(request: Request) -> bool:
    """Whether a request, with its prefix made one, is one of v1's."""
    return request.path.startswith("/v1/")


def is_form(request: Request) -> bool:
    """Whether the body is a form."""
    return request.headers.get("content-type", "").lower().startswith(_FORM)


def form(request: Request) -> dict[str, Any]:
    """The fields of a form; lists and objects travel in one as JSON, an empty field is null."""
    return {name: _unpacked(values[0]) for name, values in request.form().items()}


def loosely(check: Callable[[Any, str], Any], value: Any, name: str) -> Any:
    """What the check makes of a value, or of the number or flag that a text says. Raises ApiError 400."""
    try:
        return check(value, name)
    except ApiError:
        meant = _meant(value)
        if meant is None:
            raise
        return check(meant, name)


def _meant(value: Any) -> int | bool | None:
    if not isinstance(value, str):
        return None
    digits = value.isascii() and value.isdigit() and len(value) <= 15
    return int(value) if digits else _WORDS.get(value)


def _unpacked(text: str) -> Any:
    if text[:1] in ("[", "{"):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text or None
