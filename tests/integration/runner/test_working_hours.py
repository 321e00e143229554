"""Outside the working hours a run waits and says until when."""

from datetime import UTC, datetime

import pytest

from migrator.engine.errors import ConfigurationError, TransientError
from migrator.models import Project
from migrator.runner.loading import check_hours

NOON = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)


def project(hours: str) -> Project:
    return Project(slug="nordlys", settings={"working_hours": hours, "time_zone": "Europe/Stockholm"})


def test_by_day_a_run_of_the_night_waits() -> None:
    with pytest.raises(TransientError, match=r"writes from 20:00-06:00 \(Europe/Stockholm\) only") as caught:
        check_hours(project("20:00-06:00"), NOON)
    assert caught.value.retry_after == 8 * 3600


@pytest.mark.parametrize("hours", ["", "09:00-17:00"])
def test_within_the_hours_it_goes_on(hours: str) -> None:
    check_hours(project(hours), NOON)


def test_hours_that_cannot_be_read_stop_the_run_with_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        check_hours(project("at night"), NOON)
