"""Everything that the demo runs, started in order under one supervisor, with its data in one directory."""

import fcntl
import hashlib
import http.client
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.embedded import connection, places, ports, postgres, valkey
from migrator.embedded.connection import REPOSITORY
from migrator.embedded.identity import service_identity
from migrator.embedded.problems import EmbeddedProblem, disk_full, is_disk_full
from migrator.embedded.supervisor import Child, Supervisor
from migrator.management import simulated
from migrator.management.simulated import Simulated
from migrator.simulators.seeds.account import DEMO, DEMO_PROFILES, DEMO_SEED

ACCOUNT, SEED, PROFILES = DEMO, DEMO_SEED, DEMO_PROFILES
FIRST_WEB_PORT, FIRST_SIMULATOR_PORT = 8000, 8100
WEB_WORKERS, WEB_THREADS, CELERY_PROCESSES = 2, 4, 2
# Somebody's settings for these programs would change what the demo runs.
FOREIGN = (
    "PG",
    "GRANIAN_",
    "CELERY_",
    "DJANGO_",
    "DATABASE_",
    "SECRET_KEY",
    "CROSSWALK_",
    "DEBUG",
    "ALLOWED_",
)
KEPT = ("CROSSWALK_VENV", "CROSSWALK_LOG_LEVEL")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line asked for."""

    data: Path
    port: int | None = None
    fresh: bool = False
    worker: bool = True


@dataclass(frozen=True, slots=True)
class Started:
    """A demo that runs; `project` is what load_demo printed."""

    address: str
    project: dict[str, Any]
    supervisor: Supervisor


@contextmanager
def running(wishes: Wishes, say: Say) -> Iterator[Started]:
    """Start everything; stop it again when the block ends, however it ends."""
    try:
        with _sole_owner(wishes.data), Supervisor(wishes.data, say=say) as supervisor:
            if wishes.fresh:
                _start_over(wishes.data)
            yield _Start(wishes, supervisor, say).all()
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(wishes.data) from error
        raise


@contextmanager
def _sole_owner(data: Path) -> Iterator[None]:
    """One demo at a time on a data directory."""
    try:
        places.claim_folder(data)
        lock = (data / connection.LOCK).open("a+")
    except OSError as error:
        raise places.cannot_be_used(data, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise EmbeddedProblem(
                f"A demo already runs on {data} (process {owner}). "
                "Stop it first, or name another folder with --data."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _start_over(data: Path) -> None:
    """Drop all data but the lock, after ending a server that may still use it."""
    where = places.prepare(data, service_identity())
    postgres.clear_left_over(postgres.cluster_of(where))
    places.empty(data, keep=(places.MARK, connection.LOCK, "logs"))


class _Start:
    """The steps of one start."""

    def __init__(self, wishes: Wishes, supervisor: Supervisor, say: Say) -> None:
        self._wishes, self._supervisor, self._say = wishes, supervisor, say
        self._where = places.prepare(wishes.data, service_identity())
        places.require_space(wishes.data, postgres.SPACE_FOR_OLD)
        self._port = self._choose_port()
        self._environment: dict[str, str] = {}

    def all(self) -> Started:
        self._start_servers()
        company = self._start_simulators()
        self._say("Schema migrations")
        self._manage("migrate", "--no-input", within=300)
        self._collect_static()
        self._supervisor.wait_for(simulated.SOURCE, simulated.TARGET)
        self._say("Simulators are ready")
        project = self._load_demo(company)
        self._start_application()
        return Started(f"http://{ports.HOST}:{self._port}/", project, self._supervisor)

    def _choose_port(self) -> int:
        if self._wishes.port is not None:
            return ports.asked_for(self._wishes.port)
        return ports.remembered(self._memory(), "web", FIRST_WEB_PORT)

    def _start_servers(self) -> None:
        self._say("PostgreSQL and Valkey")
        database, broker = postgres.prepare(self._where), valkey.prepare(self._where)
        self._supervisor.start(database.child(), broker.child())
        database.ensure_database("crosswalk")
        own = {
            "DATABASE_URL": database.url("crosswalk"),
            "CELERY_BROKER_URL": broker.url(),
        } | self._settings()
        connection.write_down(self._where.data, own)
        self._environment = inherited() | own

    def _settings(self) -> dict[str, str]:
        return {
            "CROSSWALK_ALLOW_SIMULATORS": "true",
            "CROSSWALK_HTTPS": "false",
            "CROSSWALK_STATIC_ROOT": str(self._where.data / "static"),
        } | _keys(self._where.data / "keys.json")

    def _start_simulators(self) -> Simulated:
        taken = frozenset({self._port})
        source = ports.remembered(self._memory(), "source", FIRST_SIMULATOR_PORT, taken=taken)
        target = ports.remembered(self._memory(), "target", FIRST_SIMULATOR_PORT, taken=taken | {source})
        company = Simulated(
            account=ACCOUNT,
            seed=SEED,
            profiles=PROFILES,
            source_port=source,
            target_port=target,
            folder=self._where.data / "simulators",
            control=False,
        )
        company.folder.mkdir(exist_ok=True)
        self._supervisor.launch(*company.children(inherited()))
        return company

    def _collect_static(self) -> None:
        """Only when a file changed: it compresses every one of them."""
        noted, now = self._where.data / "static.sha256", _static_checksum()
        if noted.exists() and noted.read_text() == now:
            return
        self._say("Static files")
        self._manage("collectstatic", "--no-input", "--clear", within=120)
        noted.write_text(now)

    def _load_demo(self, company: Simulated) -> dict[str, Any]:
        self._say("Demo project")
        found = self._where.data / "simulators" / "connection.json"
        found.write_text(json.dumps(company.connection()))
        printed = self._manage("load_demo", "--connect", str(found), "--json", within=300)
        project: dict[str, Any] = json.loads(printed.strip().rpartition("\n")[2])
        return project

    def _start_application(self) -> None:
        self._say("Web server" + (", worker and sweeper" if self._wishes.worker else ""))
        background = [self._worker(), self._sweeper()] if self._wishes.worker else []
        self._supervisor.start(*background, self._web())

    def _worker(self) -> Child:
        options = (
            "worker",
            "-c",
            str(CELERY_PROCESSES),
            "--without-gossip",
            "--without-mingle",
            "-n",
            "demo@%h",
        )
        return self._child("worker", ("-m", "celery", "-A", "migrator.celery", *options), says=" ready.")

    def _sweeper(self) -> Child:
        return self._child("sweeper", (str(REPOSITORY / "manage.py"), "sweep"))

    def _web(self) -> Child:
        options = {"--interface": "wsgi", "--host": ports.HOST, "--port": str(self._port)}
        options |= {"--workers": str(WEB_WORKERS), "--blocking-threads": str(WEB_THREADS)}
        words = [word for pair in options.items() for word in pair]
        return Child(
            name="web",
            command=(sys.executable, "-m", "granian", *words, "--no-ws", "migrator.wsgi:application"),
            folder=str(REPOSITORY),
            environment=self._environment | {"CROSSWALK_DATABASE_POOL": str(WEB_THREADS + 1)},
            is_ready=lambda: answers_pages(self._port),
        )

    def _child(self, name: str, arguments: tuple[str, ...], says: str = "") -> Child:
        log = self._supervisor.log_of(name)
        begun = log.stat().st_size if log.exists() else 0
        return Child(
            name=name,
            command=(sys.executable, *arguments),
            folder=str(REPOSITORY),
            environment=self._environment,
            is_ready=lambda: not says or says in _text_from(log, begun),
        )

    def _manage(self, command: str, *arguments: str, within: float) -> str:
        words = (sys.executable, str(REPOSITORY / "manage.py"), command, *arguments)
        return self._supervisor.run(command, words, self._environment, within=within)

    def _memory(self) -> Path:
        return self._where.data / "ports.json"


def inherited() -> dict[str, str]:
    """Our own environment without what would steer the programs that the demo starts."""
    return {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(FOREIGN)}


def answers_pages(port: int) -> bool:
    """Whether a page comes back that is no server error."""
    try:
        asked = http.client.HTTPConnection(ports.HOST, port, timeout=10)
        asked.request("GET", "/sign-in/")
        return asked.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False


def _keys(path: Path) -> dict[str, str]:
    """Made at the first start; without them stored credentials could not be read again."""
    if path.exists():
        return {str(name): str(value) for name, value in json.loads(path.read_text()).items()}
    keys = {"SECRET_KEY": secrets.token_urlsafe(50), "CROSSWALK_SECRET_KEYS": secrets.token_urlsafe(32)}
    connection.write_privately(path, json.dumps(keys))
    return keys


def _static_checksum() -> str:
    """Of names, sizes and times of our files, and of the lock file, which fixes the files of the packages."""
    seen = hashlib.sha256((REPOSITORY / "requirements.lock").read_bytes())
    for path in sorted((REPOSITORY / "static").rglob("*")):
        found = path.stat()
        seen.update(f"{path.relative_to(REPOSITORY)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def _text_from(log: Path, begun: int) -> str:
    with log.open("rb") as file:
        file.seek(begun)
        return file.read().decode(errors="replace")
