"""Export jobs: asked for, written to a file in the background, polled, downloaded, gone after a day.

It knows when a job is ready and where its file lies, not what stands in the file.
"""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock, Thread

from migrator.simulators.apsis_one.settings import ApsisSettings

Writer = Callable[[Path], None]


class JobState(StrEnum):
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    GONE = "gone"


@dataclass(slots=True)
class ExportJob:
    """One requested export."""

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


class ExportJobs:
    """The jobs of one account. Files live in a temporary directory that goes away with the process."""

    def __init__(self, settings: ApsisSettings) -> None:
        self._settings = settings
        self._directory = Path(tempfile.mkdtemp(prefix="apsis-exports-"))
        weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)
        self._jobs: dict[str, ExportJob] = {}
        self._lock = Lock()
        self.failing = settings.failing_exports
        self.stuck = settings.stuck_exports
        self._count = 0

    def start(self, kind: str, media_type: str, write: Writer, now: float) -> ExportJob:
        """Begin writing an export; it is ready when it is written and its delay is over."""
        with self._lock:
            self._count += 1
            job = self._make(kind, media_type, now)
            self._jobs[job.id] = job
        if not job.stuck and not job.fails:
            job.thread = Thread(target=_write, args=(job, write), daemon=True)
            job.thread.start()
        return job

    def find(self, job_id: str) -> ExportJob | None:
        return self._jobs.get(job_id)

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

    def _make(self, kind: str, media_type: str, now: float) -> ExportJob:
        job_id = f"{self._count:08d}-0000-4000-8000-000000000000"
        fails, self.failing = self.failing > 0, max(0, self.failing - 1)
        stuck, self.stuck = self.stuck > 0, max(0, self.stuck - 1)
        return ExportJob(
            id=job_id,
            kind=kind,
            media_type=media_type,
            path=self._directory / job_id,
            ready_at=now + self._settings.export_delay * self._settings.time_scale,
            expires_at=now + self._settings.export_life,
            fails=fails,
            stuck=stuck,
        )


def _write(job: ExportJob, write: Writer) -> None:
    try:
        write(job.path)
    except Exception as error:  # the job's reader learns of it as a failed export
        job.error = f"{type(error).__name__}: {error}"
