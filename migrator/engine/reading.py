"""What one raw value reads as. Profiling counts these over all values; the name of the attribute plays no
part."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from migrator.engine.canonical import JsonValue
from migrator.engine.inventory import ValueType
from migrator.engine.transforms.choices import read_yes_no
from migrator.engine.transforms.contacts import is_web_address
from migrator.engine.transforms.converted import text_of
from migrator.engine.transforms.dates import day_in, is_blank_date
from migrator.engine.transforms.numbers import (
    AmbiguousNumberError,
    has_decimal_comma,
    is_amount,
    number_in,
)

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^\W\d_]{2,}")
_PHONE = re.compile(
    r"(?:\+|00)\s?[1-9][\d\s()./-]{6,18}\d"  # with a country code
    r"|0[1-9]\d{7,10}"  # national without marks; zeros beyond the one fill up an id
    r"|(?!0*\d+$)\(?0[1-9][\d\s()/-]{5,13}\d"  # national, with the trunk zero
    r"|\d{2}(?: \d{2}){3,4}"  # Danish, Norwegian, French groups
    r"|\d{3} \d{2} \d{3}"  # Norwegian mobile
)
_DATE_MARKS = re.compile(r"[-/.:\s]|[^\W\d_]{3}")
_SEPARATORS = re.compile(r"\s*[,;|\n\r]+\s*")
_TIME = re.compile(r"[T ]\d{1,2}[:.]\d{2}(?!\d)")
_MIDNIGHT = re.compile(r"[T ]0{1,2}[:.]00(?:[:.]00(?:[.,]0+)?)?\s*(?:Z|[+-]00:?00)?$")
Tells = Callable[[str, ValueType], bool]
AMOUNTS = frozenset({ValueType.NUMBER, ValueType.MONEY})
_LONG = 255
_LONGEST_OPTION = 40
_MOST_WORDS_OF_AN_OPTION = 4
_MILLISECONDS_FROM = 10**11
# April 2003 to September 2039: what is earlier looks like ids (a Danish P number lies just above 10**9).
_FIRST_EPOCH, _LAST_EPOCH = 1_050_000_000, 2_200_000_000
# Longer numbers are ids: no number field holds them whole.
_MOST_DIGITS = 15
# What spreadsheets leave of a long id, and what they write for a value that they could not find (in seven languages).
_EXPONENT = re.compile(r"[-+]?(?:\d(?:[.,]\d+)?E\+\d{1,3}|\d[.,]\d+E\d{1,3})", re.IGNORECASE)
_ERRORS = frozenset(
    "#ref! #n/a #value! #name? #div/0! #null! #num! #spill! #calc! #saknas! #referens! #värdefel! #namn? "
    "#division/0! #ogiltigt! #skärning! #i/t #verdi! #navn? #værdi! #reference! #dividér/0! #puuttuu #viittaus! "
    "#arvo! #nimi? #jako/0! #luku! #tyhjä! #nv #bezug! #wert! #zahl! #n/b #verw! #waarde! #naam? #deel/0! "
    "#getal! #leeg!".split()
)
_TOO_NARROW = re.compile(r"#{3,}")
# Digits that somebody may dial: eight (Denmark, Norway), nine (a lost trunk zero) or with a country code.
_DIALABLE = re.compile(r"[1-9]\d{7,8}|4[57]\d{8}|[1-9]\d{10,12}")
# A mobile number with its country's code and nothing else, as APSIS One stores it (se, no, dk, fi, de, nl, gb).
_MOBILE = re.compile(r"467\d{8}|47[49]\d{7}|45[2-9]\d{7}|358[45]\d{7,9}|491[5-7]\d{8,9}|316\d{8}|447\d{9}")
_COMPACT_DATE = re.compile(r"(?:19|20)\d{6}")


class Trait(StrEnum):
    """What a value besides its shape tells of the attribute that it stands in."""

    FLAG = "flag"
    LEADING_ZERO = "leading_zero"
    PADDED = "padded"
    DIALABLE = "dialable"
    MOBILE = "mobile"
    COMPACT_DATE = "compact_date"
    EPOCH = "epoch"
    WHOLE_DAY = "whole_day"
    DECIMAL_COMMA = "decimal_comma"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Reading:
    shape: ValueType
    traits: frozenset[Trait] = frozenset()


def read(value: JsonValue, declared: str = "") -> Reading:
    """The shape of a filled value with what else it tells."""
    text, shape = text_of(value), shape_of(value, declared)
    if isinstance(value, list | dict | bool):
        return Reading(shape)
    traits = _OF_DIGITS if text.lstrip("-").isdigit() else _OF_THE_REST
    return Reading(shape, frozenset([trait for trait, holds in traits.items() if holds(text, shape)]))


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


def is_broken(text: str) -> bool:
    """What a spreadsheet made of an id or wrote in place of a value: "1,23E+11", "#REF!", "#N/A", "#####"."""
    return bool(_EXPONENT.fullmatch(text)) or is_error(text)


def is_error(text: str) -> bool:
    """What a spreadsheet writes where it has no value."""
    return text[:1] == "#" and (text.casefold() in _ERRORS or bool(_TOO_NARROW.fullmatch(text)))


def is_dialable(text: str) -> bool:
    """Digits without any mark that are as long as a phone number."""
    return _DIALABLE.fullmatch(text) is not None


def is_compact_date(text: str) -> bool:
    """A day in eight digits: 20241231."""
    return _COMPACT_DATE.fullmatch(text) is not None and day_in(text) is not None


def epoch_of(text: str) -> int | None:
    """The seconds since 1970 that ten digits, or thirteen of milliseconds, would stand for."""
    if not (text.isascii() and text.isdigit() and len(text) in (10, 13)):
        return None
    seconds = int(text) // (1000 if len(text) == 13 else 1)
    return seconds if _FIRST_EPOCH <= seconds < _LAST_EPOCH else None


def is_padded(text: str) -> bool:
    """Digits with three zeros or more in front: an id of fixed length, never a phone number."""
    return text.startswith("000") and text.isascii() and text.isdigit()


def options_in(text: str) -> list[str]:
    """The labels of a list packed into one text; a single label where it is none."""
    parts = [part for part in _SEPARATORS.split(text.strip()) if part]
    fits = all(
        len(part) <= _LONGEST_OPTION and len(part.split()) <= _MOST_WORDS_OF_AN_OPTION for part in parts
    )
    return parts if len(parts) > 1 and fits else [text.strip()]


def _shape_of_number(value: int | float, declared: str) -> ValueType:
    if declared != "timestamp":
        return ValueType.NUMBER if abs(value) < 10**_MOST_DIGITS else ValueType.TEXT
    seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
    return ValueType.DATE if seconds % 86_400 == 0 else ValueType.DATETIME


def _shape_of_text(text: str) -> ValueType:
    if has_leading_zero(text):
        return ValueType.PHONE if _PHONE.fullmatch(text) else ValueType.TEXT
    if is_broken(text):
        return ValueType.TEXT
    if _EMAIL.fullmatch(text):
        return ValueType.EMAIL
    if shape := _shape_of_date(text):
        return shape
    if _PHONE.fullmatch(text):
        return ValueType.PHONE
    if _reads_as_number(text):
        return ValueType.MONEY if is_amount(text) else ValueType.NUMBER
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
        number = number_in(text)
    except AmbiguousNumberError:
        return True
    return number is not None and abs(number) < 10**_MOST_DIGITS


def _is_moment(text: str, shape: ValueType) -> bool:
    declared = shape in (ValueType.DATE, ValueType.DATETIME) and text.lstrip("-").isdigit()
    return declared or epoch_of(text) is not None


# Only digits tell the first; only what is more than digits tells the second.
_OF_DIGITS: Mapping[Trait, Tells] = {
    Trait.FLAG: lambda text, shape: text in ("0", "1"),
    Trait.LEADING_ZERO: lambda text, shape: has_leading_zero(text),
    Trait.PADDED: lambda text, shape: is_padded(text),
    Trait.DIALABLE: lambda text, shape: is_dialable(text),
    Trait.MOBILE: lambda text, shape: bool(_MOBILE.fullmatch(text)),
    Trait.COMPACT_DATE: lambda text, shape: is_compact_date(text),
    Trait.EPOCH: _is_moment,
    Trait.WHOLE_DAY: lambda text, shape: (epoch_of(text) or 1) % 86_400 == 0,
}
_OF_THE_REST: Mapping[Trait, Tells] = {
    Trait.DECIMAL_COMMA: lambda text, shape: shape in AMOUNTS and has_decimal_comma(text),
    Trait.BROKEN: lambda text, shape: is_broken(text),
}
