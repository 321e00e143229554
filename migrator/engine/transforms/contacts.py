"""Phone numbers, e-mail addresses and web addresses."""

import re

from migrator.engine.canonical import JsonValue
from migrator.engine.transforms.converted import EMPTY, Args, Converted, emptied, one_line
from migrator.engine.transforms.tools import Tools

_WEB = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE)
_SHORT = 255
_FEWEST_DIGITS = 5


def to_phone(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """E.164. Argument `region`: the country of numbers written without one. APSIS One stores Mobile as a
    whole number, country code first and no plus sign. What cannot be read is kept as written: a phone field
    takes any text, and a number that a person can still dial is not thrown away."""
    text = one_line(value)
    if not text:
        return EMPTY
    number = _read(text, isinstance(value, int | float), args, tools)
    if number:
        return Converted(number)
    if sum(c.isdigit() for c in text) < _FEWEST_DIGITS or len(text) > _SHORT:
        return emptied("not a phone number")
    return Converted(text, "kept as written, no country code is known")


def to_email(value: JsonValue, args: Args, tools: Tools) -> Converted:
    text = one_line(value)
    if not text:
        return EMPTY
    address = tools.email(text)
    return Converted(address) if address else emptied("not an e-mail address")


def to_url(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """A web address with its scheme; only http and https, so that nobody can be sent to a script."""
    text = one_line(value)
    if not text:
        return EMPTY
    if not is_web_address(text):
        return emptied("not a web address")
    whole = text if "://" in text[:8] else f"https://{text}"
    return Converted(whole) if len(whole) <= _SHORT else emptied("longer than 255 characters")


def is_web_address(text: str) -> bool:
    return len(text) <= 2000 and _WEB.fullmatch(text) is not None


def _read(text: str, msisdn: bool, args: Args, tools: Tools) -> str | None:
    region = args.get("region", "").upper()
    if msisdn:
        return tools.phone(f"+{text}", "") or tools.phone(text, region)
    if text.startswith("00"):
        text = f"+{text[2:]}"
    found = tools.phone(text, region)
    if found or text.startswith(("+", "0")):
        return found
    # A text attribute that was filled from Mobile: digits only, country code first.
    return tools.phone(f"+{text}", "") if text.isascii() and text.isdigit() and len(text) >= 10 else None
