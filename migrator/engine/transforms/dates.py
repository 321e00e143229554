"""Calendar dates out of ISO, European and American spellings, month names and Unix times. The order of day
and month is an argument, never a guess."""

import re
from datetime import UTC, date, datetime, timedelta

from migrator.engine.canonical import JsonValue
from migrator.engine.transforms.converted import EMPTY, Args, Converted, emptied, one_line
from migrator.engine.transforms.tools import Tools

_ISO = re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?P<rest>[T ].+)?")
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})")
_EUROPEAN = re.compile(r"(?P<a>\d{1,2})[-/. ](?P<b>\d{1,2})[-/. ](?P<y>\d{4})(?P<rest>[T ]\d.*)?")
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}")
# "3. maj 2024", "den 3:e maj 2024", "lördag 4 maj 2024", "am 3. Mai 2024"
_NAMED = re.compile(
    r"(?:(?:[^\W\d_]+(?:dag|tag|day|tai)|mittwoch|keskiviikko),?\s+)?(?:(?:den|am|op|på)\s+)?"
    r"(?P<d>\d{1,2})(?:[.]|:[ae]|st|nd|rd|th)?\s+(?P<month>[^\W\d_]{3,12})[.]?,?\s+(?P<y>\d{4})"
)
_NAMED_US = re.compile(r"(?P<month>[^\W\d_]{3,12})[.]?\s+(?P<d>\d{1,2}),?\s+(?P<y>\d{4})")
_TIME = re.compile(r"[T ](\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?")
_CLOCK = re.compile(r"[T ](\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?!\d)")
_WHOLE = re.compile(r"-?\d{5,13}")
# First three letters of the months in en, sv, no, da, de, nl; Finnish names end in "kuu" and are told by
# their start.
_MONTHS = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "mär": 3,
    "maa": 3,
    "mrt": 3,
    "apr": 4,
    "maj": 5,
    "may": 5,
    "mai": 5,
    "mei": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "okt": 10,
    "nov": 11,
    "dec": 12,
    "des": 12,
    "dez": 12,
}
_FINNISH = {
    "tammi": 1,
    "helmi": 2,
    "maalis": 3,
    "huhti": 4,
    "touko": 5,
    "kesä": 6,
    "heinä": 7,
    "elo": 8,
    "syys": 9,
    "loka": 10,
    "marras": 11,
    "joulu": 12,
}
# What exports write for "no date" (Efficy Enterprise 12.0 writes 1899-12-31; spreadsheets the day before it).
_BLANKS = frozenset({date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1), date(1, 1, 1)})
_ZERO = re.compile(r"(?:0{4}[-/.]0{1,2}[-/.]0{1,2}|00?[-/.]00?[-/.]0{4})(?:[T ].*)?|0")
_MAY_BE_BLANK = re.compile(r"1899|1900|0001|0000|^0$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR, _LAST_YEAR = 1800, 2200
_MILLISECONDS_FROM = 10**11


def to_date(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """Argument `order`: "dmy" (default) or "mdy" for dates such as 03/04/2024."""
    if isinstance(value, bool):
        return emptied("a yes or no, not a date")
    if isinstance(value, int | float):
        return _from_number(value)
    text = one_line(value)
    if not text or _ZERO.fullmatch(text):
        return EMPTY
    if _SHORT_YEAR.fullmatch(text):
        return emptied("a year of two digits")
    found = day_in(text, args.get("order", "dmy"))
    return _dated(found, _time_lost(text)) if found else emptied("not a date")


def day_in(text: str, order: str = "dmy") -> date | None:
    """The calendar day that a text spells, or None."""
    if found := _ISO.fullmatch(text):
        return None if found["rest"] and not _TIME.fullmatch(found["rest"]) else _day(found)
    if found := _COMPACT.fullmatch(text):
        return _day(found)
    if found := _EUROPEAN.fullmatch(text):
        return None if found["rest"] and not _TIME.fullmatch(found["rest"]) else _ordered(found, order)
    if found := _NAMED.fullmatch(text) or _NAMED_US.fullmatch(text):
        month = month_named(found["month"])
        return _made(int(found["y"]), month, int(found["d"])) if month else None
    return _from_seconds(int(text)) if _WHOLE.fullmatch(text) else None


def month_named(word: str) -> int:
    """1 to 12, or 0 where the word is no month in any of the seven languages."""
    low = word.lower()
    if low in ("march", "march."):
        return 3
    finnish = next((n for stem, n in _FINNISH.items() if low.startswith(stem)), 0)
    return finnish or _MONTHS.get(low[:3], 0)


def is_blank_date(text: str) -> bool:
    """Whether the text is a date that stands for none."""
    # Most values are no such date; the search spares them the reading of one.
    if not _MAY_BE_BLANK.search(text):
        return False
    return bool(_ZERO.fullmatch(text)) or day_in(text) in _BLANKS or day_in(text, "mdy") in _BLANKS


def _from_number(value: int | float) -> Converted:
    if value == 0:
        return EMPTY
    if not abs(value) <= 10**14:
        return emptied("not a date")
    whole = int(value)
    compact = _COMPACT.fullmatch(str(whole))
    found = _day(compact) if compact else None
    if found:
        return _dated(found, False)
    seconds = whole // 1000 if abs(whole) >= _MILLISECONDS_FROM else whole
    day = _from_seconds(whole)
    return _dated(day, seconds % 86_400 != 0) if day else emptied("not a date")


def _from_seconds(whole: int) -> date | None:
    seconds = whole // 1000 if abs(whole) >= _MILLISECONDS_FROM else whole
    try:
        day = (_EPOCH + timedelta(seconds=seconds)).date()
    except OverflowError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def _dated(day: date, time_lost: bool) -> Converted:
    if day in _BLANKS:
        return EMPTY
    return Converted(day.isoformat(), "the time of day is dropped" if time_lost else "")


def _time_lost(text: str) -> bool:
    found = _CLOCK.search(text)
    return found is not None and any(int(part or 0) for part in found.groups())


def _day(found: re.Match[str]) -> date | None:
    return _made(int(found["y"]), int(found["m"]), int(found["d"]))


def _ordered(found: re.Match[str], order: str) -> date | None:
    first, second = int(found["a"]), int(found["b"])
    day, month = (second, first) if order == "mdy" else (first, second)
    return _made(int(found["y"]), month, day)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        made = date(year, month, day)
    except ValueError:
        return None
    return made if made in _BLANKS or _FIRST_YEAR <= year <= _LAST_YEAR else None
