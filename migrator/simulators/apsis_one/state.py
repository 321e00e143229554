"""One account while the server runs: settings, world, limiter, jobs, clock, token generation, and its file.

With a `db_path` all of that but limit windows and counts is there again after a restart.
"""

import shutil
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Any

from migrator.simulators.apsis_one.changes import page_from_json, page_to_json
from migrator.simulators.apsis_one.export_jobs import ExportJobs
from migrator.simulators.apsis_one.limits import Limiter
from migrator.simulators.apsis_one.settings import ApiKey, ApsisSettings
from migrator.simulators.apsis_one.store import Store, files_beside
from migrator.simulators.apsis_one.world import World
from migrator.simulators.seeds import Account

# Consents of the first model hang on addresses: (channel, address, section, list, topic).
AddressPlace = tuple[str, str, str, str, str]
_BY_ADDRESS = "address consent"


class ApsisState:
    """Everything that changes. Handlers read it under no lock and write it under `lock`."""

    def __init__(
        self,
        account: Account,
        settings: ApsisSettings,
        clock: Callable[[], float],
        db_path: str | None = None,
    ) -> None:
        self.account = account
        self.settings = settings
        self.world = World(account.source, self.now)
        self.limiter = Limiter(off=settings.limits_off, time_scale=settings.time_scale)
        self.lock = RLock()
        self.token_generation = 0
        self.clock_offset = 0.0
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.address_consents: dict[AddressPlace, str] = {}
        self._clock = clock
        self._caller = threading.local()
        self.store = None if db_path is None else Store(db_path, _identity(account))
        self.files = self._temporary_files() if db_path is None else files_beside(db_path)
        self.jobs = ExportJobs(settings, self.files, self.store, self.scaled)
        self.on_reset: list[Callable[[], None]] = []
        self._kept: dict[str, Any] = {}
        self._load()

    @property
    def caller(self) -> ApiKey:
        """The API key of the request that this thread answers; the first key outside a request."""
        key: ApiKey | None = getattr(self._caller, "key", None)
        return key or self.settings.api_keys()[0]

    @caller.setter
    def caller(self, key: ApiKey) -> None:
        self._caller.key = key

    def now(self) -> float:
        """Unix seconds, as moved by the control address."""
        return self._clock() + self.clock_offset

    def scaled(self, seconds: float) -> float:
        """A wait as the time scale in force makes it."""
        return seconds * self.limiter.time_scale

    def expire_tokens(self) -> None:
        """Every token handed out so far is over."""
        self.token_generation += 1

    def reset(self) -> None:
        """Back to the first request: people, limits, exports, counts and clock; the file is emptied too."""
        self.world.reset()
        self.address_consents.clear()
        self.limiter.clear()
        self.jobs.clear()
        for forget in self.on_reset:
            forget()
        self.requests.clear()
        self.statuses.clear()
        self.clock_offset = 0.0
        self._kept = {}
        if self.store is not None:
            self.store.clear()

    def say_by_address(self, place: AddressPlace, type_: str) -> None:
        """Write a consent of the first model. Call under the lock."""
        self.address_consents[place] = type_
        if self.store is not None:
            self.store.put_record(_BY_ADDRESS, "|".join(place), [*place, type_])

    def save(self) -> None:
        """Put what changed since the last time into the file. Call under the lock, before answering."""
        world, store = self.world, self.store
        facts = self._facts()
        if store is not None and (world.dirty or world.dirty_keys or facts != self._kept):
            store.put_world(
                [(index, page_to_json(world.journal[index])) for index in world.dirty],
                [(*place, world.moved[place]) for place in world.dirty_keys],
                facts,
            )
        self._kept = facts
        world.dirty.clear()
        world.dirty_keys.clear()

    def forget_file(self) -> None:
        """Close and remove the file, so that another account can take its place."""
        if self.store is not None:
            self.store.close()
            self.store.remove()
            shutil.rmtree(self.files, ignore_errors=True)

    def close(self) -> None:
        """Let go of the file; for tests that open it again in the same process."""
        if self.store is not None:
            self.store.close()

    def _facts(self) -> dict[str, Any]:
        return {
            "added": self.world.added,
            "token_generation": self.token_generation,
            "clock_offset": self.clock_offset,
        }

    def _load(self) -> None:
        if self.store is None:
            self._kept = self._facts()
            return
        pages = ((number, page_from_json(raw)) for number, raw in self.store.load_pages())
        self.world.load(pages, self.store.load_keys())
        for _ in range(self.store.fact("added", 0)):
            self.world.add_profile()
        self.token_generation = self.store.fact("token_generation", 0)
        self.clock_offset = self.store.fact("clock_offset", 0.0)
        rows = self.store.load_records(_BY_ADDRESS)
        self.address_consents = {(c, a, s, cl, t): type_ for _, (c, a, s, cl, t, type_) in rows}
        self._kept = self._facts()

    def _temporary_files(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="apsis-exports-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder


def _identity(account: Account) -> dict[str, Any]:
    # The number of profiles is in it: it decides which numbers are seeded and which were added.
    return {"account": account.name, "seed": account.seed, "profiles": account.source.profiles}
