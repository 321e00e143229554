"""What the account defines: Sections, keyspaces, channels, attributes, tags, events, topics, Segments.

Lists come whole as `{"items": [...]}` (reference 2.5). Names that no source confirms are marked assumed.
"""

from typing import Any

from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.seeds.shape import (
    EMAIL_CHANNEL,
    EXPORT_KEYSPACE,
    SMS_CHANNEL,
    Activity,
    Section,
    Segment,
    Version,
)

Items = list[dict[str, Any]]


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
        # assumed: both addresses; only the existence of the second is documented (reference 12)
        router.add("GET", "/emails/activities", self.email_activities)
        router.add("GET", "/marketing-automation/activities", self.flows)

    def sections(self, request: Request) -> Response:
        rows = [
            {"discriminator": s.discriminator, "name": s.name, "description": s.description}
            for s in visible_sections(self._state)
        ]
        return _items(rows)

    def keyspaces(self, request: Request) -> Response:
        rows = [
            {
                "discriminator": k.discriminator,
                "name": k.name,  # assumed
                "manage_subscriptions": k.manage_subscriptions,
            }
            for k in self._shape.keyspaces
        ]
        return _items(rows)

    def channels(self, request: Request) -> Response:
        return _items(
            [{"discriminator": EMAIL_CHANNEL, "name": "Email"}, {"discriminator": SMS_CHANNEL, "name": "SMS"}]
        )

    def attributes(self, request: Request, section: str) -> Response:
        rows: Items = [
            {
                "discriminator": a.discriminator,
                "name": a.name,
                "description": a.description,
                "versions": [_typed(v) for v in a.versions],
            }
            for a in find_section(self._state, section).attributes
        ]
        return _items(self._with_permissions(rows, request))

    def tags(self, request: Request, section: str) -> Response:
        rows: Items = [  # assumed
            {"discriminator": tag.discriminator, "name": tag.name}
            for tag in find_section(self._state, section).tags
        ]
        return _items(self._with_permissions(rows, request))

    def events(self, request: Request, section: str) -> Response:
        rows = [
            {
                "name": e.name,
                "discriminator": e.discriminator,
                "description": e.description,
                "versions": [{**_dated(v), "schema": dict(e.schema)} for v in e.versions],  # assumed: schema
            }
            for e in find_section(self._state, section).events
        ]
        return _items(rows)

    def topics(self, request: Request, section: str) -> Response:
        rows = [
            {
                "discriminator": t.discriminator,
                "name": t.name,
                "folder_discriminator": t.folder,
                # assumed: null where a topic serves both channels
                "channel_discriminator": t.channels[0] if len(t.channels) == 1 else None,
            }
            for t in find_section(self._state, section).topics
        ]
        return _items(rows)

    def segments(self, request: Request) -> Response:
        return _items([_segment(s) for s in self._shape.segments])

    def segment(self, request: Request, segment: str) -> Response:
        return json_response(200, _segment(find_segment(self._state, segment)))

    def segment_version(self, request: Request, segment: str, version: str) -> Response:
        found = find_segment(self._state, segment)
        row = next((v for v in found.versions if v.id == version), None)
        if row is None:
            raise ApiProblem(404, "There is no such version of this segment.")
        body: dict[str, Any] = {**_dated(row), "discriminator": segment, "name": found.name}
        if self._state.settings.segment_rules:
            body["definition"] = found.rule  # assumed: whether rules are handed out is unknown
        return json_response(200, body)

    def email_activities(self, request: Request) -> Response:
        self._check_activity_lists()
        sections = visible_sections(self._state)
        return _items([_activity(c) for s in sections for c in s.campaigns])

    def flows(self, request: Request) -> Response:
        self._check_activity_lists()
        return _items([_activity(flow) for flow in self._shape.flows])

    def _check_activity_lists(self) -> None:
        if not self._state.settings.activity_lists:
            raise ApiProblem(404, "No such address.")

    def _with_permissions(self, rows: Items, request: Request) -> Items:
        if request.first("include_keyspace_permissions") != "true":
            return rows
        block = [  # assumed
            {
                "keyspace_discriminator": k.discriminator,
                "read": k.discriminator not in self._state.settings.unreadable_keyspaces,
                "write": k.discriminator != EXPORT_KEYSPACE,
            }
            for k in self._shape.keyspaces
        ]
        return [{**row, "keyspace_permissions": block} for row in rows]


def visible_sections(state: ApsisState) -> list[Section]:
    """The Sections that the API key may see."""
    scope = state.settings.section_scope
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


def _items(rows: Items) -> Response:
    return json_response(200, {"items": rows})


def _dated(version: Version) -> dict[str, Any]:
    return {
        "id": version.id,
        "deprecated_at": version.deprecated_at,
        "created_at": version.created_at,  # assumed
    }


def _typed(version: Version) -> dict[str, Any]:
    return {**_dated(version), "type": version.type}  # assumed: the field's name and its words


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "discriminator": segment.discriminator,
        "name": segment.name,
        "description": segment.description,  # assumed
        "versions": [_dated(v) for v in segment.versions],  # assumed
    }


def _activity(activity: Activity) -> dict[str, Any]:
    return {  # assumed
        "id": activity.id,
        "name": activity.name,
        "section_discriminator": activity.section,
        "state": activity.state,
        "updated_at": activity.updated_at,
    }
