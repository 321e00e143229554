"""How fast the simulated APSIS One makes what it is asked for: reads, exports, windows of events, by size.

Each figure is taken in a process of its own, through the application but without a socket, limits off.
"""

import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 1 << 20
ACCOUNT, SEED = "nordlys", 7
READS = 3_000
_WEEK = {"start_at": "2026-10-05T00:00:00Z", "end_at": "2026-10-12T00:00:00Z"}
_EVER = {"start_at": "2000-01-01T00:00:00Z", "end_at": "2030-01-01T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement: how long, how many profiles and events came out, the size of the file in bytes, and the
    most memory that its process held, in bytes."""

    name: str
    seconds: float
    profiles: int
    events: int
    size: int
    peak: int


def measure(profiles: int, events: float | None = None) -> Iterator[Taken]:
    """Every figure for an account of so many profiles with so many events each; some eight where None."""
    for kind in ("reads", "snapshot", "everything", "week", "segment"):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
            yield pool.submit(_take, kind, profiles, events).result()


def _take(kind: str, profiles: int, events: float | None) -> Taken:
    caller = _Caller(profiles, events)
    if kind == "reads":
        begun = time.perf_counter()
        count = caller.read(min(READS, profiles))
        return Taken("reads of one profile", time.perf_counter() - begun, count, 0, 0, _peak())
    path, body, name = caller.request_of(kind)
    begun = time.perf_counter()
    file = caller.export(path, body)
    seconds = time.perf_counter() - begun
    lines, found = _counted(file)
    header = 1 if kind == "segment" else 0
    return Taken(name, seconds, lines - header, found, file.stat().st_size, _peak())


def _counted(file: Path) -> tuple[int, int]:
    """Lines and events of an export, a piece at a time; every profile stands on a line of its own."""
    lines = events = 0
    with file.open("rb") as opened:
        for line in opened:
            lines += 1
            events += line.count(b'"event_time"')
    return lines, events


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class _Caller:
    """A signed-in caller of a simulator in the same process."""

    def __init__(self, profiles: int, events: float | None) -> None:
        from migrator.simulators.apsis_one.app import build_app
        from migrator.simulators.apsis_one.settings import (
            DEFAULT_CLIENT_ID,
            DEFAULT_CLIENT_SECRET,
            ApsisSettings,
        )
        from migrator.simulators.seeds import build_account

        account = build_account(ACCOUNT, SEED, profiles, events_per_profile=events)
        self._app = build_app(account, ApsisSettings(limits_off=True, export_delay=0.0))
        self._headers = {"content-type": "application/json"}
        secrets = {"client_id": DEFAULT_CLIENT_ID, "client_secret": DEFAULT_CLIENT_SECRET}
        token = self._ask("POST", "/oauth/token", {"grant_type": "client_credentials", **secrets})
        self._headers["authorization"] = f"Bearer {json.loads(token.body)['access_token']}"
        self._source = account.source

    def read(self, count: int) -> int:
        """The attributes of profiles spread over the whole account."""
        step = max(1, self._source.profiles // count)
        for index in range(0, count * step, step):
            key = self._source.export_key(index)
            section = next(iter(self._source.profile(index).sections))
            profile = f"/audience/keyspaces/com.apsis1.keyspaces.export/profiles/{key}"
            answer = self._ask("GET", f"{profile}/sections/{section}/attributes")
            if answer.status != 200:
                raise RuntimeError(f"a read was answered with {answer.status}")
        return count

    def request_of(self, kind: str) -> tuple[str, dict[str, Any], str]:
        """Address, body and name of an export."""
        exports, reports = "/audience/profiles/exports", "/audience/profiles/reports/segments"
        content = {what: self._names(what) for what in ("attributes", "tags", "topics")}
        events, email = self._names("events"), ["com.apsis1.attributes.email"]
        if kind == "snapshot":
            return exports, {**content, **_EVER}, "export D without events"
        if kind == "everything":
            return exports, {**content, "events": events, **_EVER}, "export D with all events"
        if kind == "week":
            return exports, {"attributes": email, "events": events, **_WEEK}, "export D, a week of events"
        segment = self._source.shape.segments[0].discriminator
        body = {"segment_discriminator": segment, "attributes": content["attributes"]}
        return reports, body, "export A of a Segment"

    def export(self, path: str, body: dict[str, Any]) -> Path:
        """Ask for an export and wait until its file is there."""
        started = json.loads(self._ask("POST", path, body).body)
        place = started["file_download_url_v2"].removeprefix("http://localhost")
        while (answer := self._ask("GET", place)).status == 202:
            time.sleep(0.05)
        file = getattr(answer, "path", None)
        if answer.status != 200 or file is None:
            raise RuntimeError(f"the export was answered with {answer.status}")
        return Path(file)

    def _names(self, what: str) -> list[str]:
        sections = self._source.shape.sections
        return list(dict.fromkeys(row.discriminator for s in sections for row in getattr(s, what)))

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        from migrator.simulators.http_wsgi import Request

        sent = b"" if body is None else json.dumps(body).encode()
        return self._app.handle(Request(method, path, {}, self._headers, sent))


if __name__ == "__main__":
    for taken in measure(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else None):
        print(taken)
