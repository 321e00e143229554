"""The end of every made-up history, and moments as text, without a locale and without a time zone's rules."""

from datetime import UTC, date, datetime
from functools import lru_cache

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
NOW = int(AS_OF.timestamp())
DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_MINUTES = tuple(f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(24 * 60))
_SECONDS = tuple(f"{second:02d}Z" for second in range(60))


def stamp(seconds: int) -> str:
    """Unix seconds as "2026-03-01T10:00:00Z"; made for the hot loops of exports."""
    rest = seconds % DAY
    return f"{_day(seconds // DAY)}{_MINUTES[rest // 60]}{_SECONDS[rest % 60]}"


@lru_cache(maxsize=8192)
def year_and_month(day: int) -> tuple[int, int]:
    """The year and the month of a day counted from 1970-01-01."""
    found = date.fromordinal(_EPOCH + day)
    return found.year, found.month


@lru_cache(maxsize=8192)
def _day(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()
