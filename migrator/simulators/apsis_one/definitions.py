"""What the account defines: Sections, keyspaces, channels, attributes, tags, events, topics, Segments.

Lists come whole as `{"items": [...]}` (reference 2.5). How the rows look is decided in `shapes`.
"""

from migrator.simulators.apsis_one import aql, shapes
from migrator.simulators.apsis_one.permissions import rights
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.shapes import Row
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.seeds.shape import EMAIL_CHANNEL, SMS_CHANNEL, Section, Segment


class Definitions:
    """Handlers of the definition endpoints."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state
        self._shape = state.world.shape

    def routes(self, router: Router) -> None:
        section = "/audience/sections/{section}"
        router.add("GET", "/audience/sections", self.sections)
        router.add("GET", "/audience/keyspaces", self.keyspaces)
        router.add("GET", "/audience/channels", self.channels)
        router.add("GET", "/audience/segments", self.segments)
        router.add("GET", "/audience/segments/{segment}", self.segment)
        router.add("GET", "/audience/segments/{segment}/versions/{version}", self.segment_version)
        router.add("GET", f"{section}/attributes", self.attributes)
        router.add("GET", f"{section}/tags", self.tags)
        router.add("GET", f"{section}/events", self.events)
        router.add("GET", f"/v2{section}/topics", self.topics)
        # assumed: that there are topic folders is documented, their address is not (reference 7.3)
        router.add("GET", f"/v2{section}/topic-folders", self.folders)

    def sections(self, request: Request) -> Response:
        return _items([shapes.section_row(s) for s in visible_sections(self._state)])

    def keyspaces(self, request: Request) -> Response:
        return _items([shapes.keyspace_row(k) for k in self._shape.keyspaces])

    def channels(self, request: Request) -> Response:
        return _items(
            [{"discriminator": EMAIL_CHANNEL, "name": "Email"}, {"discriminator": SMS_CHANNEL, "name": "SMS"}]
        )

    def attributes(self, request: Request, section: str) -> Response:
        rows = [shapes.attribute_row(a) for a in find_section(self._state, section).attributes]
        return _items(self._with_permissions(rows, request))

    def tags(self, request: Request, section: str) -> Response:
        rows = [shapes.tag_row(tag) for tag in find_section(self._state, section).tags]
        return _items(self._with_permissions(rows, request))

    def events(self, request: Request, section: str) -> Response:
        rows = [shapes.event_type_row(e) for e in find_section(self._state, section).events]
        if not self._state.settings.permissions_on_events:
            return _items(rows)
        return _items(self._with_permissions(rows, request))

    def topics(self, request: Request, section: str) -> Response:
        check_model(self._state, "2.0")
        return _items([shapes.topic_row(t) for t in find_section(self._state, section).topics])

    def folders(self, request: Request, section: str) -> Response:
        check_model(self._state, "2.0")
        return _items([shapes.folder_row(f) for f in folders_of(find_section(self._state, section))])

    def segments(self, request: Request) -> Response:
        return _items([shapes.segment_row(s) for s in self._shape.segments])

    def segment(self, request: Request, segment: str) -> Response:
        return json_response(200, shapes.segment_row(find_segment(self._state, segment)))

    def segment_version(self, request: Request, segment: str, version: str) -> Response:
        found = find_segment(self._state, segment)
        row = next((v for v in found.versions if v.id == version), None)
        if row is None:
            raise ApiProblem(404, "There is no such version of this segment.")
        settings = self._state.settings
        query = aql.segment_query(found) if settings.segment_aql else None
        body = shapes.segment_version_row(found, row, rule=settings.segment_rules, aql=query)
        return json_response(200, body)

    def _with_permissions(self, rows: list[Row], request: Request) -> list[Row]:
        if request.first("include_keyspace_permissions") != "true":
            return rows
        state = self._state
        return [
            {**row, "keyspace_permissions": shapes.permission_block(rights(state, row["discriminator"]))}
            for row in rows
        ]


def visible_sections(state: ApsisState) -> list[Section]:
    """The Sections that the API key may see."""
    scope = state.caller.sections
    return [s for s in state.world.shape.sections if scope is None or s.discriminator in scope]


def find_section(state: ApsisState, discriminator: str) -> Section:
    """The Section, or 404, or 403 outside the key's scope (assumed)."""
    section = state.world.shape.section(discriminator)
    if section is None:
        raise ApiProblem(404, f"There is no section {discriminator}.")
    if section not in visible_sections(state):
        raise ApiProblem(403, "This API key has no access to the section.")
    return section


def find_segment(state: ApsisState, discriminator: str) -> Segment:
    """The Segment, or 404."""
    found = next((s for s in state.world.shape.segments if s.discriminator == discriminator), None)
    if found is None:
        raise ApiProblem(404, f"There is no segment {discriminator}.")
    return found


def folders_of(section: Section) -> list[str]:
    """The folders (consent lists) of a Section's topics, each once."""
    return list(dict.fromkeys(topic.folder for topic in section.topics))


def check_model(state: ApsisState, model: str) -> None:
    """Refuse an endpoint of the other consent model: those are blocked (documented; the status is assumed)."""
    if state.settings.consent_model != model:
        held = state.settings.consent_model
        raise ApiProblem(
            state.settings.blocked_consent_status, f"The account uses consents {held}: this is blocked."
        )


def _items(rows: list[Row]) -> Response:
    return json_response(200, shapes.items(rows))
