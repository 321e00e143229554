"""Short text, long text and postal codes. Nothing is ever cut: what does not fit is reported."""

from migrator.engine.canonical import JsonValue
from migrator.engine.transforms.converted import EMPTY, Args, Converted, emptied, one_line, text_of
from migrator.engine.transforms.tools import Tools

SHORT = 255
LONG = 65_000


def to_text(value: JsonValue, args: Args, tools: Tools) -> Converted:
    return fitted(text_of(value), SHORT)


def to_long_text(value: JsonValue, args: Args, tools: Tools) -> Converted:
    return fitted(text_of(value), LONG)


def to_address_part(value: JsonValue, args: Args, tools: Tools) -> Converted:
    return fitted(one_line(value), SHORT)


def to_postal_code(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """Upper case, single blanks; never a number, because leading zeros matter."""
    return fitted(one_line(value).upper(), SHORT)


def fitted(text: str, limit: int) -> Converted:
    """The text, or a report where the target would refuse the whole record because of its length."""
    if not text:
        return EMPTY
    if len(text) > limit:
        return emptied(f"longer than {limit:,} characters")
    return Converted(text)
