"""The servers themselves: up, killed, found dead and cleared."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kombu import Connection

from migrator.embedded import ephemeral, postgres
from migrator.embedded.ephemeral import Services, own_services
from migrator.embedded.processes import is_alive, wait_until


@pytest.fixture
def services() -> Iterator[Services]:
    with own_services() as running:
        yield running


def database(services: Services) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(services.environment["DATABASE_URL"], autocommit=True)


def comes_back(services: Services, name: str, killed: int) -> bool:
    def is_back() -> bool:
        services.supervisor.check()
        return services.supervisor.pid_of(name) != killed

    return wait_until(is_back, 10)


def can_connect(services: Services) -> bool:
    try:
        database(services).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_database_answers_on_a_socket_only(services: Services) -> None:
    with database(services) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SHOW unix_socket_permissions").fetchone() == ("0700",)


def test_what_was_committed_survives_a_killed_database() -> None:
    with own_services(fast=False) as services:
        with database(services) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        killed = services.supervisor.pid_of("postgresql")
        os.kill(killed, signal.SIGKILL)
        assert comes_back(services, "postgresql", killed)
        assert wait_until(lambda: can_connect(services), 20)
        with database(services) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_messages_survive_a_killed_broker(services: Services) -> None:
    address = services.environment["CELERY_BROKER_URL"]
    with Connection(address) as broker, broker.SimpleQueue("kept") as queue:
        queue.put({"run": 7})
    killed = services.supervisor.pid_of("valkey")
    os.kill(killed, signal.SIGKILL)
    assert comes_back(services, "valkey", killed)
    with Connection(address) as broker:
        broker.ensure_connection(max_retries=20, interval_start=0.1)
        with broker.SimpleQueue("kept") as queue:
            assert queue.get(timeout=60).payload == {"run": 7}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops privileges")
def test_started_by_root_the_servers_run_as_nobody(services: Services) -> None:
    for name in ("postgresql", "valkey"):
        owner = Path(f"/proc/{services.supervisor.pid_of(name)}").stat().st_uid
        assert owner != 0


def test_a_server_that_a_killed_owner_left_is_stopped_before_a_new_one_starts(services: Services) -> None:
    """As where no kernel ends the children of a killed process."""
    pid = services.supervisor.pid_of("postgresql")
    cluster = Path(f"/proc/{pid}/cwd").readlink()
    postgres.clear_left_over(cluster)
    assert not is_alive(pid)
    assert not (cluster / "postmaster.pid").exists()


def test_a_claim_with_a_strangers_number_is_removed(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    postgres.clear_left_over(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_a_claim_of_a_dead_process_is_left_to_postgresql(tmp_path: Path) -> None:
    with subprocess.Popen((sys.executable, "-S", "-c", "")) as ended:
        ended.wait()
    (tmp_path / "postmaster.pid").write_text(f"{ended.pid}\n")
    postgres.clear_left_over(tmp_path)
    assert (tmp_path / "postmaster.pid").exists()


def test_folders_of_killed_owners_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ephemeral.tempfile, "tempdir", str(tmp_path))
    abandoned = tmp_path / f"{ephemeral.PREFIX}abandoned"
    abandoned.mkdir()
    (abandoned / "lock").touch()
    ephemeral.clear_abandoned()
    assert not abandoned.exists()
