"""What one raw value reads as. Profiling counts these over all values; the name of the attribute plays no
part."""

import re

from migrator.engine.canonical import JsonValue
from migrator.engine.inventory import ValueType
from migrator.engine.transforms.choices import read_yes_no
from migrator.engine.transforms.contacts import is_web_address
from migrator.engine.transforms.converted import text_of
from migrator.engine.transforms.dates import day_in, is_blank_date
from migrator.engine.transforms.numbers import AmbiguousNumberError, number_in

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^\W\d_]{2,}")
_PHONE = re.compile(
    r"(?:\+|00)\s?\d[\d\s()./-]{6,18}\d"  # with a country code
    r"|\(?0\d[\d\s()/-]{5,13}\d"  # national, with the trunk zero
    r"|\d{2}(?: \d{2}){3,4}"  # Danish, Norwegian, French groups
    r"|\d{3} \d{2} \d{3}"  # Norwegian mobile
)
_DATE_MARKS = re.compile(r"[-/.:\s]|[^\W\d_]{3}")
_SEPARATORS = re.compile(r"\s*[,;|\n\r]+\s*")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}")
_MIDNIGHT = re.compile(r"[T ]0{1,2}:00(?::00(?:[.,]0+)?)?\s*(?:Z|[+-]00:?00)?$")
_LONG = 255
_LONGEST_OPTION = 40
_MOST_WORDS_OF_AN_OPTION = 4
_MILLISECONDS_FROM = 10**11


def shape_of(value: JsonValue, declared: str = "") -> ValueType:
    """The value type that a filled value reads as. "0" and "1" read as numbers, "0412" as text."""
    if isinstance(value, bool):
        return ValueType.YES_NO
    if isinstance(value, list):
        return ValueType.OPTIONS
    if isinstance(value, int | float):
        return _shape_of_number(value, declared)
    text = text_of(value)
    return ValueType.LONG_TEXT if len(text) > _LONG else _shape_of_text(text)


def has_leading_zero(text: str) -> bool:
    """Digits that a number field would change: "0412", but neither "0" nor "0.5"."""
    return len(text) > 1 and text.isascii() and text.isdigit() and text[0] == "0"


def options_in(text: str) -> list[str]:
    """The labels of a list packed into one text; a single label where it is none."""
    parts = [part for part in _SEPARATORS.split(text.strip()) if part]
    fits = all(
        len(part) <= _LONGEST_OPTION and len(part.split()) <= _MOST_WORDS_OF_AN_OPTION for part in parts
    )
    return parts if len(parts) > 1 and fits else [text.strip()]


def _shape_of_number(value: int | float, declared: str) -> ValueType:
    if declared != "timestamp":
        return ValueType.NUMBER
    seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
    return ValueType.DATE if seconds % 86_400 == 0 else ValueType.DATETIME


def _shape_of_text(text: str) -> ValueType:
    if has_leading_zero(text):
        return ValueType.PHONE if 8 <= len(text) <= 14 else ValueType.TEXT
    if _EMAIL.fullmatch(text):
        return ValueType.EMAIL
    if shape := _shape_of_date(text):
        return shape
    if _PHONE.fullmatch(text):
        return ValueType.PHONE
    if _reads_as_number(text):
        return ValueType.NUMBER
    if read_yes_no(text) is not None:
        return ValueType.YES_NO
    if is_web_address(text):
        return ValueType.URL
    return ValueType.OPTIONS if len(options_in(text)) > 1 else ValueType.TEXT


def _shape_of_date(text: str) -> ValueType | None:
    if len(text) > 40 or not _DATE_MARKS.search(text):
        return None
    if day_in(text) is None and day_in(text, "mdy") is None:
        return None
    timed = _TIME.search(text) and not _MIDNIGHT.search(text) and not is_blank_date(text)
    return ValueType.DATETIME if timed else ValueType.DATE


def _reads_as_number(text: str) -> bool:
    try:
        return number_in(text) is not None
    except AmbiguousNumberError:
        return True
