"""One profile with everything that is known of it, announced by callbacks (export E, reference 9.6).

The callbacks are posted by a thread of their own; they are lost when the process ends before them, as the real
service is known to start an export and never say so.
"""

import json
import time
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import SplitResult

from migrator.simulators.apsis_one import shapes
from migrator.simulators.apsis_one.bodies import flag_of, object_of, stamp, text_of
from migrator.simulators.apsis_one.callbacks import check_address, post
from migrator.simulators.apsis_one.definitions import visible_sections
from migrator.simulators.apsis_one.export_jobs import ExportJob, JobState, Writer
from migrator.simulators.apsis_one.permissions import present
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.streaming import FileResponse
from migrator.simulators.http_wsgi import Request, Response, Router
from migrator.simulators.seeds.shape import EXPORT_KEYSPACE, Section

SINGLE = "/audience/profiles/export-single/{export_key}"
SINGLE_FILE = "/audience/profiles/export-single/accounts/{account}/definitions/{job}"
VERIFIED, READY, FAILED = 100, 200, 500
_KIND = "single"
_TICK = 0.02
_FLAGS = ("include_attribute_history", "include_type_definitions", "include_merged_profiles")
_SEEDED_AT = "2025-02-03T10:00:00Z"


class SingleExports:
    """Handlers of export E."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        router.add("POST", SINGLE, self.start)
        router.add("GET", SINGLE_FILE, self.file)

    def start(self, request: Request, export_key: str) -> Response:
        """202 without a body, then a callback that verifies the address and one with the file's address."""
        state, body = self._state, object_of(request)
        parts = check_address(text_of(body, "callback_url"), foreign=state.settings.foreign_callbacks)
        flags = {name: flag_of(body, name) for name in _FLAGS}
        index = present(state, EXPORT_KEYSPACE, export_key)
        content = _Content(state, visible_sections(state), flags)
        job = state.jobs.start(_KIND, "application/json", content.writer(index), state.now())
        address = SINGLE_FILE.format(account=f"{state.account.name}-{state.account.seed}", job=job.id)
        url = f"http://{request.headers.get('host', 'localhost')}{address}"
        url += "?metadata=true" if flags["include_type_definitions"] else ""
        Thread(target=self._call_back, args=(parts, job, url), daemon=True).start()
        return Response(202)

    def file(self, request: Request, account: str, job: str) -> Response:
        """The file, to be fetched with the usual token; 404 before it is ready, 410 after a day (assumed)."""
        found = self._state.jobs.find(job, _KIND)
        state = JobState.RUNNING if found is None else self._state.jobs.state_of(found, self._state.now())
        if found is None or state is JobState.RUNNING:
            raise ApiProblem(404, "There is no such export.")
        if state is not JobState.READY:
            raise ApiProblem(410 if state is JobState.GONE else 503, "The export is not there.")
        found.downloads += 1
        return FileResponse(200, headers={"content-type": found.media_type}, path=found.path)

    def _call_back(self, parts: SplitResult, job: ExportJob, url: str) -> None:
        """An address that does not answer the first message gets no second one (assumed)."""
        if not post(parts, shapes.callback(VERIFIED, "Callback verified")):
            return
        state = self._wait(job)
        if state is JobState.READY:
            post(parts, shapes.callback(READY, url))
        elif state is JobState.FAILED:
            post(parts, shapes.callback(FAILED, "Export failed"))

    def _wait(self, job: ExportJob) -> JobState:
        """Looks again and again, since a test may move the simulator's clock at any moment."""
        while self._state.jobs.find(job.id) is job:
            found = self._state.jobs.state_of(job, self._state.now())
            if found is not JobState.RUNNING:
                return found
            time.sleep(_TICK)
        return JobState.GONE


class _Content:
    """The file of one profile: attributes and events by Section, and definitions where asked for."""

    def __init__(self, state: ApsisState, sections: list[Section], flags: dict[str, bool]) -> None:
        self._state = state
        self._sections = sections
        self._visible = {section.discriminator for section in sections}
        self._flags = flags

    def writer(self, index: int) -> Writer:
        def write(path: Path) -> None:
            path.write_text(json.dumps(self.body(index), ensure_ascii=False), encoding="utf-8")

        return write

    def body(self, index: int) -> dict[str, Any]:
        """`{profiles, metadata?}`; profiles that were merged into this one are entries of their own."""
        indexes = [index]
        if self._flags["include_merged_profiles"] and index in self._state.world.journal:
            indexes += self._state.world.journal[index].absorbed
        world = self._state.world
        body: dict[str, Any] = {
            "profiles": {world.profile(i).export_key: {"sections": self._of(i)} for i in indexes}
        }
        if self._flags["include_type_definitions"]:
            body["metadata"] = shapes.single_metadata(
                {
                    s.discriminator: (
                        [shapes.attribute_row(a) for a in s.attributes],
                        [shapes.event_type_row(e) for e in s.events],
                    )
                    for s in self._sections
                }
            )
        return body

    def _of(self, index: int) -> dict[str, Any]:
        profile = self._state.world.profile(index)
        found: dict[str, Any] = {
            name: {
                "attributes": {a: self._value(index, name, a, value) for a, value in data.attributes.items()},
                "events": [],
            }
            for name, data in profile.sections.items()
            if name in self._visible
        }
        for event in self._state.world.events(index):
            if event.section in self._visible:
                place = found.setdefault(event.section, {"attributes": {}, "events": []})
                with_ids = self._state.settings.event_ids
                place["events"].append(shapes.event_row(event, profile.export_key, with_ids))
        return found

    def _value(self, index: int, section: str, attribute: str, value: Any) -> Any:
        if not self._flags["include_attribute_history"]:
            return shapes.single_attribute(value, None)
        page = self._state.world.journal.get(index)
        written = [] if page is None else [h for h in page.history if h[:2] == (section, attribute)]
        seeded = self._seeded(index, section, attribute)
        history = [(_SEEDED_AT, seeded)] if seeded is not None else []
        return shapes.single_attribute(value, history + [(stamp(at), old) for _, _, at, old in written])

    def _seeded(self, index: int, section: str, attribute: str) -> Any:
        world = self._state.world
        if index >= world.total:
            return None
        data = world.source.profile(index).sections.get(section)
        return data.attributes.get(attribute) if data else None
