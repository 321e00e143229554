"""Working hours: when a run may write, over midnight and over the nights in which clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from migrator.engine.errors import ConfigurationError
from migrator.engine.hours import read_hours

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def wait_h(hours: str, moment: datetime) -> float:
    found = read_hours(hours, "Europe/Stockholm")
    assert found is not None
    return found.wait_s(moment) / 3600


def at(hour: int, minute: int = 0, month: int = 6, day: int = 15) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=STOCKHOLM).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        ("20:00-06:00", at(21), 0),
        ("20:00-06:00", at(5, 59), 0),
        ("20:00-06:00", at(6), 14),
        ("20:00 - 6:00", at(19, 30), 0.5),
        ("09:00-17:00", at(9), 0),
        ("09:00-17:00", at(17), 16),
        ("09:00-17:00", at(8), 1),
        ("00:00-00:00", at(3), 0),
    ],
)
def test_it_waits_until_the_hours_begin(hours: str, moment: datetime, expected: float) -> None:
    assert wait_h(hours, moment) == expected


def test_a_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    spring, autumn = at(12, month=3, day=28), at(12, month=10, day=24)
    assert wait_h("11:00-12:00", spring) == 22
    assert wait_h("11:00-12:00", autumn) == 24


def test_after_the_wait_it_is_time() -> None:
    found = read_hours("20:00-06:00", "America/New_York")
    assert found is not None
    for hour in range(0, 24 * 300, 7):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        assert found.wait_s(moment + timedelta(seconds=found.wait_s(moment))) == 0


def test_no_hours_mean_any_time() -> None:
    assert read_hours(" ", "Europe/Stockholm") is None


@pytest.mark.parametrize(
    ("hours", "zone"),
    [("at night", "Europe/Stockholm"), ("25:00-06:00", "Europe/Stockholm"), ("20:00-06:00", "Nowhere/Else")],
)
def test_what_cannot_be_read_is_said_in_a_sentence(hours: str, zone: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_hours(hours, zone)
