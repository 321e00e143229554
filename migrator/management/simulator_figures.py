"""What the simulators of the target and of the source can do on this machine, measured over real sockets.

Every figure is taken on a process of its own with limits off; the client and the server share the cores.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote

from migrator.embedded import ports
from migrator.embedded.connection import REPOSITORY
from migrator.management import source_speed
from migrator.management.hammering import Connection, Unanswered, hammer, request_bytes, walk
from migrator.simulators.pipedrive.app import PipedriveApp, build_app
from migrator.simulators.pipedrive.bulk import add_activities, add_persons
from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.settings import DEFAULT_TOKEN, PipedriveSettings

ACCOUNT, SEED = "measured", 1
PERSON_FIELDS = 30
PAGE = 500
_WALKED = 60_000
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `goal` is the least it has to be, or the most where `is_ceiling` says so."""

    name: str
    measured: float
    unit: str
    goal: float | None = None
    is_ceiling: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached; true for a figure without one."""
        if self.goal is None:
            return True
        return self.measured <= self.goal if self.is_ceiling else self.measured >= self.goal


@dataclass(frozen=True, slots=True)
class Scale:
    """How much to measure with; `seconds` is how long each load lasts, `folder` is where the files go."""

    persons: int
    activities: int
    profiles: int
    seconds: float
    folder: Path


def writes(scale: Scale) -> Iterator[Figure]:
    """New persons as fast as they are taken."""
    file = scale.folder / "writes.sqlite3"
    bodies = _bodies(_built(file, 3, 0))
    with _served(file) as server:
        rate = hammer(server.port, lambda: next(bodies), seconds=scale.seconds)
    yield Figure("POST /api/v2/persons", rate.per_second, "requests/s", 2_000)


def pages(scale: Scale) -> Iterator[Figure]:
    """Pages of 500 persons from the first to the last, in a small and in the large account."""
    for size in sorted({min(3_000, scale.persons), scale.persons}):
        file = scale.folder / f"pages-{size}.sqlite3"
        _built(file, size, 0)
        with _served(file) as server:
            rate = hammer(server.port, _first_page, seconds=scale.seconds, connections=3)
            deep: list[float] = []
            for _ in range(max(1, _WALKED // size)):  # a small account has too few pages for one measurement
                taken = list(_walked(server.port, 20 * scale.seconds))
                deep += taken[len(taken) * 3 // 4 :]
        yield Figure(f"first pages of {size:,} persons", rate.per_second, "pages/s", 60)
        yield Figure(f"pages deep in {size:,} persons", len(deep) / sum(deep), "pages/s", 60)
        file.unlink()


def size(scale: Scale) -> Iterator[Figure]:
    """The large account: how quickly it is written and opened, what it weighs, and how it answers."""
    file = scale.folder / "size.sqlite3"
    begun = time.perf_counter()
    _built(file, scale.persons, 0)
    before, took = _bytes(file), time.perf_counter() - begun
    yield Figure(f"bulk loading of {scale.persons:,} persons", scale.persons / took, "rows/s")
    count = scale.persons * scale.activities
    begun = time.perf_counter()
    _built(file, 0, scale.activities)
    yield Figure("bulk loading of activities", count / (time.perf_counter() - begun), "rows/s", 50_000)
    yield Figure(f"file of {count:,} activities", (_bytes(file) - before) / max(1, count), "bytes/activity")
    begun = time.perf_counter()
    with _served(file) as server:
        yield Figure("start on that file", time.perf_counter() - begun, "s", 5, True)
        yield from _answers(server, scale)
        yield Figure("peak memory of the simulator", server.peak_bytes() / MIB, "MiB", 1_024, True)


def seeding(scale: Scale) -> Iterator[Figure]:
    """A made-up account of many profiles: both simulators from nothing to their first answer."""
    named = f"{scale.profiles:,} profiles"
    words = ("--account", "nordlys", "--seed", "8", "--profiles", str(scale.profiles))
    begun = time.perf_counter()
    with _served(scale.folder / "seeded.sqlite3", *words):
        target = time.perf_counter() - begun
    begun = time.perf_counter()
    with _served(None, *words):
        source = time.perf_counter() - begun
    goal = 60 * max(1.0, scale.profiles / 100_000)
    yield Figure(f"seeding of {named}, target", target, "s")
    yield Figure(f"seeding of {named}, both sides", target + source, "s", goal, True)


def source(scale: Scale) -> Iterator[Figure]:
    """What the simulated APSIS One makes of an account of many profiles with as many events each."""
    for taken in source_speed.measure(scale.profiles, float(scale.activities)):
        name = f"{taken.name}, {scale.profiles:,} profiles"
        yield Figure(name, taken.profiles / taken.seconds, "profiles/s")
        if taken.events:
            yield Figure(f"{name}: events", taken.events / taken.seconds, "events/s")
        if taken.size:
            yield Figure(f"{name}: file", taken.size / MIB, "MiB")
        yield Figure(f"{name}: memory", taken.peak / MIB, "MiB", 1_024.0, is_ceiling=True)


MEASUREMENTS: dict[str, Callable[[Scale], Iterator[Figure]]] = {
    "writes": writes,
    "pages": pages,
    "size": size,
    "seeding": seeding,
    "source": source,
}


def _answers(server: "Server", scale: Scale) -> Iterator[Figure]:
    """The requests that would be slow if they read everything, each at its slowest tenth."""
    middle = _first_person(server) + scale.persons // 2
    recent = quote(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400)))
    for name, path in (
        ("activities of one person", f"activities?person_id={middle}&limit={PAGE}"),
        ("activities changed since, by id, none", f"activities?updated_since={recent}&limit={PAGE}"),
        ("activities by update_time", f"activities?sort_by=update_time&sort_direction=desc&limit={PAGE}"),
        ("activities not done", f"activities?done=false&limit={PAGE}"),
        ("person search, whole address", f"persons/search?term=person{middle}@example.com&exact_match=true"),
        ("person search, part of a name", f"persons/search?term=nordstr%C3%B6m%20{middle}"),
        ("field search, exact address", _field_search(f"person{middle}@example.com", "exact")),
        ("field search, beginning of a name", _field_search("Jörg Müller 1", "beginning", field="name")),
    ):
        taken = _timed(server.port, f"/api/v2/{path}", 20)
        yield Figure(name, 1_000 * quantiles(taken, n=10)[-1], "ms", 500, True)


def _field_search(term: str, match: str, field: str = "email") -> str:
    return f"itemSearch/field?entity_type=person&field={field}&match={match}&term={quote(term)}"


def _first_person(server: "Server") -> int:
    request = request_bytes("GET", "/api/v2/persons?limit=1", DEFAULT_TOKEN)
    with closing(Connection(server.port)) as connection:
        return int(json.loads(connection.ask(request).body)["data"][0]["id"])


def _timed(port: int, path: str, times: int) -> list[float]:
    """Seconds of each of some equal requests, without the first, which warms caches."""
    request = request_bytes("GET", path, DEFAULT_TOKEN)
    with closing(Connection(port)) as connection:
        _good(connection, request)
        return [_good(connection, request) for _ in range(times)]


def _good(connection: Connection, request: bytes) -> float:
    begun = time.perf_counter()
    answer = connection.ask(request)
    if answer.status != 200:
        raise Unanswered(f"{request[:200]!r} was answered {answer.status}: {answer.body[:200]!r}")
    return time.perf_counter() - begun


def _first_page() -> bytes:
    return request_bytes("GET", f"/api/v2/persons?limit={PAGE}", DEFAULT_TOKEN)


def _walked(port: int, seconds: float) -> Iterator[float]:
    def request(cursor: str | None) -> bytes:
        more = f"&cursor={cursor}" if cursor else ""
        return request_bytes("GET", f"/api/v2/persons?limit={PAGE}{more}", DEFAULT_TOKEN)

    for taken, _ in walk(port, request, _next_cursor, seconds=seconds):
        yield taken


def _next_cursor(body: bytes) -> str | None:
    # The cursor stands at the end; reading a megabyte of JSON for it would measure the client.
    tail = body[body.rindex(b'"next_cursor":') + 14 :]
    return None if tail.startswith(b"null") else tail.split(b'"')[1].decode()


def _bodies(codes: "Codes") -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        yield request_bytes("POST", "/api/v2/persons", DEFAULT_TOKEN, _body(codes, number))


def _body(codes: "Codes", number: int) -> bytes:
    """About 600 bytes, as a migration sends them."""
    sent: dict[str, Any] = {
        "name": f"Anna-Karin Åström {number}",
        "emails": [{"value": f"anna{number}@example.com", "primary": True, "label": "work"}],
        "phones": [{"value": f"+46 70 {number:07d}", "primary": True, "label": "mobile"}],
        "label_ids": [codes.label],
        "custom_fields": {code: f"Imported value {number}" for code in codes.fields[:5]},
    }
    return json.dumps(sent, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Codes:
    """What a body needs to know of the account: codes of person fields, and one label."""

    fields: tuple[str, ...]
    label: int


def _built(file: Path, persons: int, activities: int) -> Codes:
    """Put records into an account's file, which is made when it is not there."""
    app = build_app(_settings(), str(file), preload=_preload)
    if persons:
        add_persons(app.state, persons)
    if activities:
        add_activities(app.state, _person_ids(app), activities)
    catalogue = app.state.catalogue
    labels = catalogue.field("person", "label_ids")
    codes = Codes(catalogue.custom_codes("person"), labels.options[0].id if labels else 0)
    app.close()
    return codes


def _person_ids(app: PipedriveApp) -> list[int]:
    return [row[0] for row in app.state.store.rows("SELECT id FROM persons ORDER BY id")]


def _settings() -> PipedriveSettings:
    return PipedriveSettings(account=ACCOUNT, seed=SEED, token=DEFAULT_TOKEN, limits_off=True)


def _preload() -> Preload:
    kinds = ("varchar", "double", "date")
    fields = [
        {"field_name": f"Field {n}", "field_type": kinds[0 if n < 20 else n % 3]}
        for n in range(PERSON_FIELDS)
    ]
    return Preload(person_fields=fields)


def _bytes(file: Path) -> int:
    return sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*"))


@dataclass(frozen=True, slots=True)
class Server:
    """A running simulator."""

    port: int
    pid: int

    def peak_bytes(self) -> int:
        """Peak resident memory of the process and its children; 0 where the system does not tell."""
        return sum(_peak(pid) for pid in (self.pid, *_children(self.pid)))


@contextmanager
def _served(file: Path | None, *words: str) -> Iterator[Server]:
    """A simulator of the target over a file, or one of the source without; stopped at the end."""
    port = ports.any_free()
    side = ("source",) if file is None else ("target", "--db", str(file), "--token", DEFAULT_TOKEN)
    command = [sys.executable, "-m", "migrator.simulators.server", *side, "--port", str(port)]
    command += ["--limits-off", "--die-with-parent", *(words or ("--empty",))]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        try:
            yield Server(port, json.loads(ready)["pid"])
        finally:
            process.terminate()
            process.wait(30)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in found.read_text().split()] if found.exists() else []


def _peak(pid: int) -> int:
    file = Path(f"/proc/{pid}/status")
    lines = file.read_text().splitlines() if file.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
