"""What a transform answers, and the reading of any JSON value as clean text that all transforms share."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from migrator.engine.canonical import JsonValue

Args = Mapping[str, str]

# Pipedrive stores neither NUL nor half a surrogate pair; both reach us through broken imports.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Converted:
    """`value` is None where the target field would stay empty. `lost` is empty where nothing is lost, else a
    fragment for people, such as "not a number, would be empty"."""

    value: JsonValue
    lost: str = ""

    @property
    def is_empty(self) -> bool:
        return self.value is None

    @property
    def is_emptied(self) -> bool:
        """There was a value and the target would have none."""
        return self.value is None and bool(self.lost)


EMPTY = Converted(None)


def emptied(why: str) -> Converted:
    return Converted(None, f"{why}, would be empty")


def text_of(value: JsonValue) -> str:
    """Any JSON value as clean, trimmed text; "" for nothing. Lists and objects become their parts with
    commas."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value).strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _text_of_int(value)
    if isinstance(value, float):
        return _text_of_float(value)
    return _text_of_parts(value)


def one_line(value: JsonValue) -> str:
    """`text_of` with every run of white space as one blank."""
    return _SPACES.sub(" ", text_of(value)).strip()


def _text_of_int(value: int) -> str:
    # Python refuses to print integers of more than 4,300 digits; no attribute means such a number.
    return str(value) if abs(value) < 10**40 else ""


def _text_of_float(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _text_of_parts(value: list[JsonValue] | dict[str, JsonValue]) -> str:
    parts = value.values() if isinstance(value, dict) else value
    # Two levels are enough for an address object; deeper nesting would let a hostile value exhaust the stack.
    return ", ".join(
        text for part in parts if (text := "" if isinstance(part, list | dict) else text_of(part))
    )
