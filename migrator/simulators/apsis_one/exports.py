"""Bulk exports A to D: requests, the two poll addresses with their different answers, files as streams.

What stands in the files is made in `export_files`; this module checks requests and keeps the protocol.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from migrator.simulators.apsis_one import export_files
from migrator.simulators.apsis_one.definitions import find_section, find_segment
from migrator.simulators.apsis_one.export_jobs import ExportJob, JobState, Writer
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.selection import Selection, read_selection, text_field
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.streaming import FileResponse
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.seeds.shape import Segment

OLD_POLL = "/audience/profiles/exports/files/{job}"
NEW_POLL = "/v2/audience/profiles/exports/files/{job}"
PROFILE_REPORTS = "/audience/profiles/reports/{kind}"
EXPORTS = "/audience/profiles/exports"
_CSV = "text/csv;charset=UTF-8;header=present"
_JSON = "application/json"
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
        body = _object(request)
        selection = read_selection(self._state, body)
        if not selection.attributes and not selection.tags:
            raise ApiProblem(400, "At least one attribute or tag must be listed.")
        start, end = self._window(body)
        segment = self._segment(body.get("segment_filter"))
        writer = export_files.profiles_writer(self._state, selection, segment, start, end)
        return self._start(request, "profiles", _JSON, writer)

    def start_report(self, request: Request, kind: str) -> Response:
        """A, B and C: CSV reports."""
        body = _object(request)
        makers = {"segments": self._report_a, "consents": self._report_b, "duplicates": self._report_c}
        if kind not in makers:
            raise ApiProblem(404, "No such report.")
        return self._start(request, kind, _CSV, makers[kind](body))

    def poll_new(self, request: Request, job: str) -> Response:
        """202 until ready; 410 when gone; 404 for an unknown id; 503 when the export failed."""
        found = self._state.jobs.find(job)
        if found is None:
            raise ApiProblem(404, "There is no such export.")
        state = self._state.jobs.state_of(found, self._state.now())
        if state is JobState.RUNNING:
            return json_response(202, {"status": "running"})
        return self._finished(found, state, 410)

    def poll_old(self, request: Request, job: str) -> Response:
        """404 until ready, which is also the answer to an unknown id."""
        found = self._state.jobs.find(job)
        state = JobState.RUNNING if found is None else self._state.jobs.state_of(found, self._state.now())
        if found is None or state is JobState.RUNNING:
            raise ApiProblem(404, "The file was not found.")
        return self._finished(found, state, self._state.settings.gone_file_on_old_url)

    def _finished(self, job: ExportJob, state: JobState, gone: int) -> Response:
        if state is JobState.GONE:
            raise ApiProblem(gone, "The file is no longer there.")
        if state is JobState.FAILED:
            raise ApiProblem(503, "The export failed. Request a new one.")
        job.downloads += 1
        return FileResponse(200, headers={"content-type": job.media_type}, path=job.path)

    def _start(self, request: Request, kind: str, media_type: str, write: Writer) -> Response:
        state = self._state
        job = state.jobs.start(kind, media_type, write, state.now())
        base = f"http://{request.headers.get('host', 'localhost')}"
        body = {  # assumed: status 202
            "file_download_url": base + OLD_POLL.format(job=job.id),
            "file_download_url_v2": base + NEW_POLL.format(job=job.id),
        }
        return json_response(202, body)

    def _window(self, body: dict[str, Any]) -> tuple[int, int]:
        """The window of events: `start_at` is required, `end_at` defaults to a week later."""
        start = _moment(body, "start_at")
        if start is None:
            raise ApiProblem(400, "start_at is required.")
        end = _moment(body, "end_at") or start + _WEEK
        if end <= start:
            raise ApiProblem(400, "end_at must be later than start_at.")
        longest = self._state.settings.longest_event_window_days
        if longest is not None and end - start > timedelta(days=longest):
            raise ApiProblem(400, f"The window may be {longest} days at most.")  # assumed
        return int(start.timestamp()), int(end.timestamp())

    def _segment(self, entry: Any) -> Segment | None:
        if entry is None:
            return None
        if not isinstance(entry, dict):
            raise ApiProblem(400, "segment_filter must be an object.")
        if "segment_definition" in entry:
            raise ApiProblem(501, "The simulator knows no AQL.")
        return find_segment(self._state, text_field(entry, "segment_discriminator"))

    def _report_a(self, body: dict[str, Any]) -> Writer:
        selection = read_selection(self._state, body)
        return export_files.segment_writer(
            self._state, selection, self._segment(body), body.get("profile_type")
        )

    def _report_b(self, body: dict[str, Any]) -> Writer:
        section = find_section(self._state, text_field(body, "section_discriminator"))
        topics = body.get("topic_discriminators")
        known = [topic.discriminator for topic in section.topics]
        if not isinstance(topics, list) or not topics or any(topic not in known for topic in topics):
            raise ApiProblem(400, "topic_discriminators must list topics of the section.")
        return export_files.consents_writer(self._state, section, topics, _channels(body))

    def _report_c(self, body: dict[str, Any]) -> Writer:
        entry = body.get("attribute")  # assumed
        selection: Selection = read_selection(self._state, {"attributes": [entry]})
        return export_files.duplicates_writer(self._state, selection)


def _channels(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(column, channel) pairs: one named by the channel, or several with names of their own."""
    if "channel_discriminator" in body:
        channel = text_field(body, "channel_discriminator")
        return [("Email" if channel.endswith("email") else "Mobile", channel)]
    rows = body.get("channels")
    if not isinstance(rows, list) or not rows:
        raise ApiProblem(400, "channel_discriminator or channels is required.")
    return [(text_field(row, "field_name"), text_field(row, "channel_discriminator")) for row in rows]


def _object(request: Request) -> dict[str, Any]:
    body = request.json()
    if not isinstance(body, dict):
        raise ApiProblem(400, "The body must be an object.")
    return body


def _moment(body: dict[str, Any], name: str) -> datetime | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ApiProblem(400, f"{name} must be a date and time in ISO 8601.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
