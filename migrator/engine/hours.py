"""Working hours: when a run may write, for customers whose salespeople and automations should not see it by day."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from migrator.engine.errors import ConfigurationError

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Hours:
    """From `begin` to `end` of the customer's day; over midnight where `end` is not later than `begin`."""

    begin: time
    end: time
    zone: ZoneInfo

    def wait_s(self, now: datetime) -> float:
        """Seconds until the hours begin, 0 within them; `now` is aware."""
        here = now.astimezone(self.zone)
        clock = here.timetz().replace(tzinfo=None)
        inside = self.begin <= clock < self.end
        if self.end <= self.begin:
            inside = clock >= self.begin or clock < self.end
        return 0.0 if inside else (self._next(here) - here).total_seconds()

    def _next(self, here: datetime) -> datetime:
        day = (
            here.date()
            if here.timetz().replace(tzinfo=None) < self.begin
            else here.date() + timedelta(days=1)
        )
        # In UTC, because a night in which the clocks change has 23 or 25 hours.
        return datetime.combine(day, self.begin, self.zone).astimezone(ZoneInfo("UTC"))


def read_hours(text: str, zone: str) -> Hours | None:
    """Of "20:00-06:00"; None for an empty text, which means any time. Raises ConfigurationError."""
    if not text.strip():
        return None
    found = _SPAN.fullmatch(text.strip())
    try:
        first, second, third, fourth = (int(part) for part in found.groups()) if found else (99, 99, 99, 99)
        return Hours(time(first, second), time(third, fourth), ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        raise ConfigurationError(
            f"The working hours {text!r} in {zone!r} cannot be read. Write them like 20:00-06:00 and "
            "Europe/Stockholm; nothing was written meanwhile."
        ) from None
