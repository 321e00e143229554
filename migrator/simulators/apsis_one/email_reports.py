"""E-mail events as reports: request, status with addresses that end, download (export F, reference 9.7).

A download address carries its own permission; with `header_auth` that is a secret which is told in a header of
the status and sent back in the same header.
"""

import hashlib
import hmac
from urllib.parse import urlencode

from migrator.simulators.apsis_one import shapes
from migrator.simulators.apsis_one.bodies import object_of, stamp
from migrator.simulators.apsis_one.email_report_rows import email_report_writer
from migrator.simulators.apsis_one.export_jobs import ExportJob, JobState
from migrator.simulators.apsis_one.exports import event_window
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.segment_filters import read_segment
from migrator.simulators.apsis_one.selection import read_selection
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.streaming import FileResponse
from migrator.simulators.http_wsgi import Request, Response, Router, json_response

EMAIL_REPORTS = "/emails/reports"
EMAIL_REPORT = "/emails/reports/{report}"
EMAIL_REPORT_FILE = "/emails/reports/{report}/file"
GZIP_TYPE = "application/gzip"
SECRET_HEADER = "x-apsis-auth"  # noqa: S105 (the name of a header)
_KIND = "emails"
# assumed: every word but the last (9.7)
_STATUS = {
    JobState.RUNNING: "in_progress",
    JobState.FAILED: "error",
    JobState.GONE: "expired",
    JobState.READY: "completed",
}


class EmailReports:
    """Handlers of export F."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        router.add("POST", EMAIL_REPORTS, self.start)
        router.add("GET", EMAIL_REPORT, self.status)
        router.add("GET", EMAIL_REPORT_FILE, self.file)

    def start(self, request: Request) -> Response:
        """202 with the id of the report; the window is that of export D."""
        body, state = object_of(request), self._state
        selection = read_selection(state, {k: v for k, v in body.items() if k in ("attributes", "tags")})
        start, end = event_window(body, state.settings.longest_event_window_days)
        entry = body.get("segment_filter")
        segment = None if entry is None else read_segment(state, entry, "segment_filter")
        writer = email_report_writer(state, selection, segment, start, end)
        job = state.jobs.start(_KIND, GZIP_TYPE, writer, state.now())
        return json_response(shapes.EMAIL_REPORT_STARTED, shapes.email_report_started(job.id))

    def status(self, request: Request, report: str) -> Response:
        """The status, and once completed an address to download from."""
        job, now = self._job(report), self._state.now()
        state = self._state.jobs.state_of(job, now)
        if state is not JobState.READY:
            return json_response(200, shapes.email_report_status(_STATUS[state], None))
        by_header = request.first("header_auth") == "true"
        ends = min(now + self._state.settings.signed_address_life, job.expires_at)
        secret = self._secret(job, int(ends), by_header=by_header)
        signed = {"expires": int(ends)} if by_header else {"expires": int(ends), "signature": secret}
        base = f"http://{request.headers.get('host', 'localhost')}"
        file = {
            "file_download_url": f"{base}{EMAIL_REPORT_FILE.format(report=job.id)}?{urlencode(signed)}",
            "file_download_url_expires_at": stamp(ends),
            "file_expires_at": stamp(job.expires_at),
        }
        headers = {SECRET_HEADER: secret} if by_header else {}
        return json_response(200, shapes.email_report_status(_STATUS[state], file), headers)

    def file(self, request: Request, report: str) -> Response:
        """The compressed file; 403 without the permission, 410 when address or file are over (assumed)."""
        job, now = self._job(report), self._state.now()
        ends = request.first("expires", "") or ""
        sent = request.headers.get(SECRET_HEADER)
        by_header = "signature" not in request.query
        expected = self._secret(job, int(ends) if ends.isdigit() else 0, by_header=by_header)
        given = (sent if by_header else request.first("signature")) or ""
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise ApiProblem(403, "The address does not permit the download.")
        if now >= int(ends) or self._state.jobs.state_of(job, now) is not JobState.READY:
            raise ApiProblem(410, "The file is no longer there.")
        job.downloads += 1
        return FileResponse(200, headers={"content-type": GZIP_TYPE}, path=job.path)

    def _job(self, report: str) -> ExportJob:
        job = self._state.jobs.find(report, _KIND)
        if job is None:
            raise ApiProblem(404, "There is no such report.")
        return job

    def _secret(self, job: ExportJob, ends: int, *, by_header: bool) -> str:
        words = f"{job.id}|{ends}|{by_header}"
        return hmac.new(
            self._state.settings.client_secret.encode(), words.encode(), hashlib.sha256
        ).hexdigest()
