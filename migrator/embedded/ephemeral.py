"""PostgreSQL and Valkey for the length of one block, in a temporary folder: for tests and measurements."""

import fcntl
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migrator.embedded import places, postgres, valkey
from migrator.embedded.identity import service_identity
from migrator.embedded.supervisor import Supervisor

PREFIX = "crosswalk-own-"


@dataclass(frozen=True, slots=True)
class Services:
    """Addresses of running servers, as the environment variables that settings.py reads."""

    supervisor: Supervisor
    environment: dict[str, str]


@contextmanager
def own_services(*, fast: bool = True) -> Iterator[Services]:
    """Run both servers, then stop them and delete their data. With fast, a power cut may destroy the data."""
    clear_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                with _running(folder / "data", fast) as services:
                    yield services
            finally:
                # While the lock is held: afterwards somebody else may clear the folder at the same time.
                places.drop(folder / "data")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(data: Path, fast: bool) -> Iterator[Services]:
    data.parent.chmod(0o711)
    where = places.prepare(data, service_identity())
    database, broker = postgres.prepare(where, fast=fast), valkey.prepare(where)
    with Supervisor(where.data) as supervisor:
        supervisor.start(database.child())
        supervisor.start(broker.child())
        database.ensure_database("crosswalk")
        yield Services(supervisor, environment_for(database.url("crosswalk"), broker.url()))


def environment_for(database_url: str, broker_url: str) -> dict[str, str]:
    """Settings for a throw-away installation: keys are made up on the spot."""
    return {
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": broker_url,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CROSSWALK_SECRET_KEYS": secrets.token_urlsafe(32),
        "CROSSWALK_ALLOW_SIMULATORS": "true",
        "CROSSWALK_STATIC_MANIFEST": "false",
        "CROSSWALK_HTTPS": "false",
    }


def clear_abandoned() -> None:
    """Delete folders of owners that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                places.drop(folder / "data")
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
