"""Export jobs: asked for, written to a file in the background, polled, downloaded, gone after a day.

It knows when a job is ready and where its file lies, not what stands in the file. With a store, jobs and files
outlive the process; a job whose writing was cut off by the end of the process has failed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.apsis_one.store import Store

Writer = Callable[[Path], None]
_RECORDS = "export"


class JobState(StrEnum):
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"


@dataclass(slots=True)
class ExportJob:
    """One requested export. `more` is for whoever asked for it, in JSON values."""

    id: str
    kind: str
    media_type: str
    path: Path
    ready_at: float
    expires_at: float
    thread: Thread | None = None
    fails: bool = False
    stuck: bool = False
    error: str = ""
    downloads: int = 0
    more: dict[str, Any] = field(default_factory=dict)


class ExportJobs:
    """The jobs of one account; `scaled` turns a wait of the settings into the wait in force."""

    def __init__(
        self, settings: ApsisSettings, folder: Path, store: Store | None, scaled: Callable[[float], float]
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._store = store
        self._scaled = scaled
        self._lock = Lock()
        self.failing = settings.failing_exports
        self.stuck = settings.stuck_exports
        self._jobs: dict[str, ExportJob] = {job.id: job for job in self._kept()}
        self._count = len(self._jobs)

    def use(self, settings: ApsisSettings) -> None:
        """Go by other delays and lives from now on."""
        self._settings = settings

    def start(
        self,
        kind: str,
        media_type: str,
        write: Writer,
        now: float,
        *,
        more: dict[str, Any] | None = None,
    ) -> ExportJob:
        """Begin writing an export; it is ready when it is written and its delay is over."""
        with self._lock:
            self._count += 1
            job = self._make(kind, media_type, now, more or {})
            self._jobs[job.id] = job
        self._keep(job)
        if not job.stuck and not job.fails:
            job.thread = Thread(target=_write, args=(job, write), daemon=True)
            job.thread.start()
        return job

    def find(self, job_id: str, *kinds: str) -> ExportJob | None:
        """The job, if it is there and of one of the kinds (of any kind when none is given)."""
        job = self._jobs.get(job_id)
        return job if job is not None and (not kinds or job.kind in kinds) else None

    def state_of(self, job: ExportJob, now: float) -> JobState:
        """How far a job is; waits a moment for a writer that is nearly done."""
        if now >= job.expires_at:
            job.path.unlink(missing_ok=True)
            return JobState.GONE
        if job.stuck or now < job.ready_at:
            return JobState.RUNNING
        if job.fails or job.error:
            return JobState.FAILED
        return self._written(job)

    def clear(self) -> None:
        """Forget all jobs and their files."""
        with self._lock:
            for job in self._jobs.values():
                job.path.unlink(missing_ok=True)
            self._jobs.clear()

    def report(self) -> list[dict[str, object]]:
        """All jobs, oldest first."""
        return [
            {"id": job.id, "kind": job.kind, "downloads": job.downloads, "error": job.error}
            for job in self._jobs.values()
        ]

    def _written(self, job: ExportJob) -> JobState:
        if job.thread is not None:
            job.thread.join(self._settings.export_patience)
            if job.thread.is_alive():
                return JobState.RUNNING
        return JobState.FAILED if job.error else JobState.READY

    def _make(self, kind: str, media_type: str, now: float, more: dict[str, Any]) -> ExportJob:
        job_id = f"{self._count:08d}-0000-4000-8000-000000000000"
        fails, self.failing = self.failing > 0, max(0, self.failing - 1)
        stuck, self.stuck = self.stuck > 0, max(0, self.stuck - 1)
        return ExportJob(
            id=job_id,
            kind=kind,
            media_type=media_type,
            path=self._folder / job_id,
            ready_at=now + self._scaled(self._settings.export_delay),
            expires_at=now + self._settings.export_life,
            fails=fails,
            stuck=stuck,
            more=more,
        )

    def _keep(self, job: ExportJob) -> None:
        if self._store is not None:
            kept = {f.name: getattr(job, f.name) for f in fields(job) if f.name not in ("thread", "path")}
            self._store.put_record(_RECORDS, job.id, kept)

    def _kept(self) -> list[ExportJob]:
        rows = [] if self._store is None else [row for _, row in self._store.load_records(_RECORDS)]
        jobs = [ExportJob(**row, path=self._folder / row["id"]) for row in rows]
        for job in jobs:
            if not job.stuck and not job.fails and not job.path.exists():
                job.error = "the service was restarted while it wrote the file"
        return jobs


def _write(job: ExportJob, write: Writer) -> None:
    """Only a whole file gets its name, so that a job cut off by a kill is known as such."""
    part = job.path.with_name(f"{job.path.name}.part")
    try:
        write(part)
        part.replace(job.path)
    except Exception as error:  # the job's reader learns of it as a failed export
        job.error = f"{type(error).__name__}: {error}"
