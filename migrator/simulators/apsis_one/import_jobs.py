"""Import jobs: started, waiting for a file, queued, in progress, over; and when their data becomes visible.

It keeps time and files; what a file does to profiles is in `import_rows`.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.apsis_one.store import Store

PENDING_AT_MOST = 3
_RECORDS = "import"
_QUEUED_SHARE = 0.25


class ImportState(StrEnum):
    """The words of the status reply (seen in a client, reference 10)."""

    WAITING = "waiting_for_file"
    QUEUED = "queued"
    RUNNING = "in_progress"
    COMPLETED = "completed"
    ERROR = "error"


@dataclass(slots=True)
class ImportJob:
    """One import. Moments are Unix seconds; `plan` is the checked request; `received_at` is 0 without a file."""

    id: str
    section: str
    plan: dict[str, Any]
    signature: str
    started_at: float
    received_at: float = 0.0
    fails: bool = False
    applied: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


class ImportJobs:
    """The imports of one account; `scaled` turns a wait of the settings into the wait in force."""

    def __init__(
        self, settings: ApsisSettings, folder: Path, store: Store | None, scaled: Callable[[float], float]
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._store = store
        self._scaled = scaled
        self._lock = Lock()
        rows = [] if store is None else [row for _, row in store.load_records(_RECORDS)]
        self._jobs = {row["id"]: ImportJob(**row) for row in rows}
        self.failing = settings.failing_imports

    def use(self, settings: ApsisSettings) -> None:
        """Go by other delays and lives from now on."""
        self._settings = settings

    def start(self, section: str, plan: dict[str, Any], signature: str, now: float) -> ImportJob | None:
        """A new import waiting for its file; None while three others are not over."""
        with self._lock:
            if sum(self.is_pending(job, now) for job in self._jobs.values()) >= PENDING_AT_MOST:
                return None
            fails, self.failing = self.failing > 0, max(0, self.failing - 1)
            job_id = f"{len(self._jobs) + 1:08d}-1111-4000-8000-000000000000"
            job = self._jobs[job_id] = ImportJob(job_id, section, plan, signature, now, fails=fails)
        self.keep(job)
        return job

    def receive(self, job: ImportJob, content: bytes, now: float) -> None:
        """Keep the file; the import is queued from now on."""
        self.path_of(job).write_bytes(content)
        job.received_at = now
        self.keep(job)

    def find(self, job_id: str) -> ImportJob | None:
        return self._jobs.get(job_id)

    def path_of(self, job: ImportJob) -> Path:
        return self._folder / f"import-{job.id}"

    def state_of(self, job: ImportJob, now: float) -> ImportState:
        """How far an import is; one whose upload address has expired has failed (assumed)."""
        if not job.received_at:
            return ImportState.WAITING if now < self.upload_ends(job) else ImportState.ERROR
        delay = self._scaled(self._settings.import_delay)
        if now < job.received_at + delay * _QUEUED_SHARE:
            return ImportState.QUEUED
        if now < job.received_at + delay:
            return ImportState.RUNNING
        return ImportState.ERROR if job.fails else ImportState.COMPLETED

    def is_pending(self, job: ImportJob, now: float) -> bool:
        return self.state_of(job, now) not in (ImportState.COMPLETED, ImportState.ERROR)

    def upload_ends(self, job: ImportJob) -> float:
        """When the upload address is over."""
        return job.started_at + self._settings.upload_life

    def due(self, now: float) -> list[ImportJob]:
        """Imports whose data is to become visible now, oldest file first."""
        wait = self._scaled(self._settings.import_delay + self._settings.import_visible_delay)
        ready = [
            job
            for job in tuple(self._jobs.values())
            if job.received_at and not job.applied and not job.fails and now >= job.received_at + wait
        ]
        return sorted(ready, key=lambda job: job.received_at)

    def keep(self, job: ImportJob) -> None:
        """Put a changed job into the store."""
        if self._store is not None:
            self._store.put_record(_RECORDS, job.id, asdict(job))

    def clear(self) -> None:
        """Forget all imports and their files."""
        for job in self._jobs.values():
            self.path_of(job).unlink(missing_ok=True)
        self._jobs.clear()
