"""Bulk exports A to D: requests, the two poll addresses with their different answers, files as streams.

What stands in the files is made in `export_files` and `report_tables`; this module checks requests and keeps the
protocol.
"""

from datetime import timedelta
from typing import Any

from migrator.simulators.apsis_one import export_files, shapes
from migrator.simulators.apsis_one.bodies import moment_of, object_of, text_of
from migrator.simulators.apsis_one.definitions import find_section
from migrator.simulators.apsis_one.export_jobs import ExportJob, JobState, Writer
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.report_tables import consents_table, duplicates_table, segment_table
from migrator.simulators.apsis_one.segment_filters import read_filter, read_segment
from migrator.simulators.apsis_one.selection import read_selection
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.streaming import FileResponse
from migrator.simulators.apsis_one.tables import (
    CSV_TYPE,
    XLSX_TYPE,
    Table,
    as_workbook,
    csv_file,
    wants_workbook,
)
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.seeds.shape import EMAIL_CHANNEL, SMS_CHANNEL, Segment

OLD_POLL = "/audience/profiles/exports/files/{job}"
NEW_POLL = "/v2/audience/profiles/exports/files/{job}"
PROFILE_REPORTS = "/audience/profiles/reports/{kind}"
EXPORTS = "/audience/profiles/exports"
_JSON = "application/json"
_POLLED = ("profiles", "segments", "consents", "duplicates")
_WEEK = timedelta(weeks=1)


class Exports:
    """Handlers of the export endpoints."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        router.add("POST", EXPORTS, self.start_profiles)
        router.add("POST", PROFILE_REPORTS, self.start_report)
        router.add("GET", OLD_POLL, self.poll_old)
        router.add("GET", NEW_POLL, self.poll_new)

    def start_profiles(self, request: Request) -> Response:
        """D: profiles with attributes, tags, topic states and the events of a window."""
        body = object_of(request)
        selection = read_selection(self._state, body)
        if not selection.attributes and not selection.tags:
            raise ApiProblem(400, "At least one attribute or tag must be listed.")
        start, end = event_window(body, self._state.settings.longest_event_window_days)
        segment = self._segment(body.get("segment_filter"))
        writer = export_files.profiles_writer(self._state, selection, segment, start, end)
        return self._start(request, "profiles", _JSON, writer)

    def start_report(self, request: Request, kind: str) -> Response:
        """A, B and C: tables, as CSV or as a workbook when they are fetched."""
        body = object_of(request)
        makers = {"segments": self._report_a, "consents": self._report_b, "duplicates": self._report_c}
        if kind not in makers:
            raise ApiProblem(404, "No such report.")
        writer = csv_file(makers[kind](body), self._state.settings)
        return self._start(request, kind, CSV_TYPE, writer)

    def poll_new(self, request: Request, job: str) -> Response:
        """202 until ready; 410 when gone; 404 for an unknown id; 503 when the export failed."""
        found = self._state.jobs.find(job, *_POLLED)
        if found is None:
            raise ApiProblem(404, "There is no such export.")
        state = self._state.jobs.state_of(found, self._state.now())
        if state is JobState.RUNNING:
            return json_response(202, shapes.EXPORT_RUNNING)
        return self._finished(request, found, state, 410)

    def poll_old(self, request: Request, job: str) -> Response:
        """404 until ready, which is also the answer to an unknown id."""
        found = self._state.jobs.find(job, *_POLLED)
        state = JobState.RUNNING if found is None else self._state.jobs.state_of(found, self._state.now())
        if found is None or state is JobState.RUNNING:
            raise ApiProblem(404, "The file was not found.")
        return self._finished(request, found, state, self._state.settings.gone_file_on_old_url)

    def _finished(self, request: Request, job: ExportJob, state: JobState, gone: int) -> Response:
        if state is JobState.GONE:
            raise ApiProblem(gone, "The file is no longer there.")
        if state is JobState.FAILED:
            raise ApiProblem(503, "The export failed. Request a new one.")
        job.downloads += 1
        if job.media_type == CSV_TYPE and wants_workbook(request.headers.get("accept", "")):
            book = as_workbook(job.path, self._state.settings)
            return FileResponse(200, headers={"content-type": XLSX_TYPE}, path=book)
        return FileResponse(200, headers={"content-type": job.media_type}, path=job.path)

    def _start(self, request: Request, kind: str, media_type: str, write: Writer) -> Response:
        state = self._state
        job = state.jobs.start(kind, media_type, write, state.now())
        base = f"http://{request.headers.get('host', 'localhost')}"
        shown = state.settings.poll_addresses
        body = shapes.export_started(
            base + OLD_POLL.format(job=job.id) if shown != "new" else None,
            base + NEW_POLL.format(job=job.id) if shown != "old" else None,
        )
        return json_response(shapes.EXPORT_STARTED, body)

    def _segment(self, entry: Any) -> Segment | None:
        return None if entry is None else read_segment(self._state, entry, "segment_filter")

    def _report_a(self, body: dict[str, Any]) -> Table:
        selection = read_selection(self._state, body)
        wanted = body.get("profile_type")  # assumed: the name of the filter (9.2)
        if wanted not in (None, "known", "unknown"):
            raise ApiProblem(400, "profile_type must be known or unknown.")
        return segment_table(self._state, selection, read_segment(self._state, body, "The body"), wanted)

    def _report_b(self, body: dict[str, Any]) -> Table:
        section = find_section(self._state, text_of(body, "section_discriminator"))
        topics = body.get("topic_discriminators")
        known = [t.discriminator for t in section.topics if _in_list(t.folder, body)]
        if not isinstance(topics, list) or not topics or any(topic not in known for topic in topics):
            raise ApiProblem(400, "topic_discriminators must list topics of the section.")
        return consents_table(self._state, section, topics, _channels(body), read_filter(self._state, body))

    def _report_c(self, body: dict[str, Any]) -> Table:
        entry = body.get("attribute")  # assumed: its name (9.4)
        selection = read_selection(self._state, {"attributes": [entry]})
        return duplicates_table(self._state, selection, read_filter(self._state, body))


def event_window(body: dict[str, Any], longest: int | None) -> tuple[int, int]:
    """The window of events in Unix seconds: `start_at` is required, `end_at` is a week later when left out."""
    start = moment_of(body, "start_at")
    if start is None:
        raise ApiProblem(400, "start_at is required.")
    end = moment_of(body, "end_at") or start + _WEEK
    if end <= start:
        raise ApiProblem(400, "end_at must be later than start_at.")
    if longest is not None and end - start > timedelta(days=longest):
        raise ApiProblem(400, f"The window may be {longest} days at most.")  # assumed
    return int(start.timestamp()), int(end.timestamp())


def _in_list(folder: str, body: dict[str, Any]) -> bool:
    """Older requests name a consent list beside the topics (9.3)."""
    return body.get("consent_list_discriminator") in (None, folder)


def _channels(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(column, channel) pairs: one named by the channel, or several with names of their own."""
    if "channel_discriminator" in body:
        pairs = [("", text_of(body, "channel_discriminator"))]
    else:
        rows = body.get("channels")
        if not isinstance(rows, list) or not rows:
            raise ApiProblem(400, "channel_discriminator or channels is required.")
        pairs = [(text_of(row, "field_name"), text_of(row, "channel_discriminator")) for row in rows]
    if any(channel not in _COLUMNS for _, channel in pairs) or len(dict(pairs)) < len(pairs):
        raise ApiProblem(400, "Channels must be the account's, each with a field_name of its own.")
    return [(name or _COLUMNS[channel], channel) for name, channel in pairs]


_COLUMNS = {EMAIL_CHANNEL: "Email", SMS_CHANNEL: "Mobile"}
