"""Imports: start, upload to a signed address like a storage service's, status (reference 10).

At most three at once, files of 50 MB at most, ten requests a minute; the data shows only after a while.
"""

import csv
import hashlib
from collections.abc import Iterator
from itertools import islice
from threading import Thread

from migrator.simulators.apsis_one import shapes
from migrator.simulators.apsis_one.bodies import object_of, stamp
from migrator.simulators.apsis_one.definitions import find_section
from migrator.simulators.apsis_one.import_jobs import ImportJob, ImportJobs, ImportState
from migrator.simulators.apsis_one.import_plans import read_plan
from migrator.simulators.apsis_one.import_rows import FileImport, missing_columns
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.multipart import BadMultipart, parts_of

IMPORTS_V1 = "/audience/sections/{section}/imports"
IMPORTS_V2 = "/v2/audience/sections/{section}/imports"
UPLOAD = "/uploads/imports"
LARGEST_UPLOAD = 50_000_000
_SLICE = 200
_PATIENCE = 2.0


class Imports:
    """Handlers of imports; `settle` lets finished ones become visible."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state
        self.jobs = ImportJobs(state.settings, state.files, state.store, state.scaled)
        self._worker: Thread | None = None
        state.on_reset.append(self.jobs.clear)

    def routes(self, router: Router) -> None:
        router.add("POST", IMPORTS_V1, self.start_v1)
        router.add("POST", IMPORTS_V2, self.start_v2)
        router.add("GET", f"{IMPORTS_V1}/{{job}}", self.status)
        router.add("GET", f"{IMPORTS_V2}/{{job}}", self.status)
        router.add("POST", UPLOAD, self.upload)

    def start_v1(self, request: Request, section: str) -> Response:
        return self._start(request, section, 1)

    def start_v2(self, request: Request, section: str) -> Response:
        return self._start(request, section, 2)

    def status(self, request: Request, section: str, job: str) -> Response:
        """The word of the state machine, with counts once the data is visible."""
        find_section(self._state, section)
        found = self.jobs.find(job)
        if found is None or found.section != section:
            raise ApiProblem(404, "There is no such import.")
        state = self.jobs.state_of(found, self._state.now())
        return json_response(200, shapes.import_status(found.id, state, found.counts, found.errors))

    def upload(self, request: Request) -> Response:
        """204, or 403 and 400 in the XML of a storage service (assumed: the forms of S3)."""
        fields, content = _form_of(request)
        job = self.jobs.find(fields.get("key", "").removeprefix("imports/"))
        if job is None or content is None or fields.get("x-amz-signature") != job.signature:
            return _storage_error(403, "AccessDenied", "The form does not belong to an import.")
        now = self._state.now()
        if now >= self.jobs.upload_ends(job):
            return _storage_error(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
        if len(content) > LARGEST_UPLOAD:
            return _storage_error(
                400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"
            )
        with self._state.lock:
            if self.jobs.state_of(job, now) is not ImportState.WAITING:
                return _storage_error(403, "AccessDenied", "The file was uploaded already.")
            self._receive(job, content, now)
        return Response(204)

    def settle(self) -> None:
        """Lay every import that is due over the people. Cheap while none is.

        The caller waits a moment, which is enough for small files; large ones go on in the background, slice by
        slice, so that other requests are answered meanwhile.
        """
        if not self.jobs.due(self._state.now()):
            return
        with self._state.lock:
            if self._worker is not None and self._worker.is_alive():
                return
            worker = self._worker = Thread(target=self._work, daemon=True)
            worker.start()
        worker.join(_PATIENCE)

    def _work(self) -> None:
        """One import after the other, in the order in which their files came."""
        while due := self.jobs.due(self._state.now()):
            self._apply(due[0])

    def _apply(self, job: ImportJob) -> None:
        """All rows of one file. Cut off by the end of the process it is done again: rows can be repeated."""
        work = FileImport(self._state, job.section, job.plan)
        rows = work.rows(self.jobs.path_of(job))
        try:
            while self._apply_slice(job, work, islice(rows, _SLICE)):
                pass
        except (csv.Error, OSError) as error:
            job.fails = True
            work.errors.append(f"The file cannot be read: {error}")
        job.counts, job.errors, job.applied = dict(work.counts), work.errors, True
        if self.jobs.find(job.id) is job:
            self.jobs.keep(job)

    def _apply_slice(
        self, job: ImportJob, work: FileImport, rows: Iterator[tuple[int, dict[str, str]]]
    ) -> bool:
        with self._state.lock:
            there = self.jobs.find(job.id) is job  # a reset forgets imports that are under way
            done = work.apply(rows) if there else 0
            self._state.save()
        return done > 0

    def _receive(self, job: ImportJob, content: bytes, now: float) -> None:
        missing = missing_columns(job.plan, content)
        if missing:
            job.fails, job.errors = True, [f"The file lacks the column {name}." for name in missing]
        self.jobs.receive(job, content, now)

    def _start(self, request: Request, section: str, version: int) -> Response:
        state = self._state
        plan = read_plan(state, find_section(state, section), object_of(request), version)
        now = state.now()
        signature = hashlib.sha256(f"{state.settings.client_secret}{section}{now}{plan}".encode()).hexdigest()
        job = self.jobs.start(section, plan, signature, now)
        if job is None:
            raise ApiProblem(429, "Three imports are under way already.")
        url = f"http://{request.headers.get('host', 'localhost')}{UPLOAD}"
        ends = stamp(self.jobs.upload_ends(job))
        fields = {"key": f"imports/{job.id}", "policy": _policy(ends), "x-amz-signature": signature}
        return json_response(shapes.IMPORT_STARTED, shapes.import_started(job.id, url, ends, fields))


def _form_of(request: Request) -> tuple[dict[str, str], bytes | None]:
    """The fields of a multipart form and the content of its field `file`, None where there is none."""
    try:
        parts = parts_of(request.body, request.headers.get("content-type", ""))
    except BadMultipart:
        return {}, None
    fields = {part.name: part.text for part in parts if part.name != "file"}
    return fields, next((bytes(part.content) for part in parts if part.name == "file"), None)


def _policy(ends: str) -> str:
    """Opaque to callers, as the real thing is; it must come back with the file."""
    return hashlib.sha256(ends.encode()).hexdigest()[:32]


def _storage_error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body.encode(), {"content-type": "application/xml"})
