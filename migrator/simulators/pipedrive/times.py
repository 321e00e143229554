"""Moments on the wire: RFC3339 in v2, spaced UTC in v1. Knows no clock."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
_SPACED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
_DURATION = re.compile(r"\d{1,3}:[0-5]\d(:[0-5]\d)?")


def rfc3339(moment: float) -> str:
    """A Unix time as v2 writes it."""
    return _second(int(moment))


def milliseconds(moment: float) -> str:
    """A Unix time as the newer v1 pages write it: RFC3339 with three digits of a second."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def spaced(moment: float) -> str:
    """A Unix time as v1 writes it."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%d %H:%M:%S")


def spaced_from_rfc3339(text: str | None) -> str | None:
    """v2's form turned into v1's."""
    return text.replace("T", " ").rstrip("Z") if text else None


def canonical(text: str) -> str | None:
    """RFC3339 with whole seconds, brought to UTC; None when it is not that (fractions are not)."""
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None


def is_spaced(text: str) -> bool:
    """Whether this is `YYYY-MM-DD HH:MM:SS` and a real moment."""
    if not _SPACED.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date(text: str) -> bool:
    """Whether this is `YYYY-MM-DD` and a real day."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def clock_time(text: str) -> str | None:
    """`HH:MM` or `HH:MM:SS` in its long form, None when it is neither."""
    if not _CLOCK.fullmatch(text):
        return None
    return text if text.count(":") == 2 else f"{text}:00"


def duration(text: str) -> str | None:
    """`HH:MM` or `HH:MM:SS`, hours may pass 23; long form, None when it is neither."""
    if not _DURATION.fullmatch(text):
        return None
    return text if text.count(":") == 2 else f"{text}:00"


@lru_cache(maxsize=4_096)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
