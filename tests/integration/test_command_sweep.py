"""The sweeper: one at a time, and undismayed by a broker or a database that is away."""

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from kombu.exceptions import OperationalError

from migrator.management.commands import sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr("migrator.tasks.sweep_once", lambda: seen.append("swept"))
    return seen


def test_it_sweeps_once_when_asked_to(swept: list[str]) -> None:
    call_command("sweep", "--once")
    assert swept == ["swept"]


def test_a_second_sweeper_stands_by(swept: list[str]) -> None:
    settings = connection.get_connection_params()
    keys = ("host", "port", "user", "password", "dbname")
    connection.close()
    with psycopg.connect(**{key: settings[key] for key in keys if key in settings}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [sweep.LOCK])
        call_command("sweep", "--once")
    assert swept == []


def test_a_broker_that_is_away_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr("migrator.tasks.sweep_once", fail)
    sweep.sweep_if_alone()


def test_the_lock_is_taken_once_however_often_it_sweeps(swept: list[str]) -> None:
    for _ in range(3):
        sweep.sweep_if_alone()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [sweep.LOCK]
        )
        assert cursor.fetchone() == (1,)
    assert len(swept) == 3
