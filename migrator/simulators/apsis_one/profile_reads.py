"""What one profile has, asked for through a keyspace: attributes, tags, events, consents, Segment membership.

An unknown key is 404, a locked person 410, a keyspace that may not read 403 (assumed).
"""

from typing import Any

from migrator.simulators.apsis_one import shapes
from migrator.simulators.apsis_one.definitions import check_model, find_section, find_segment
from migrator.simulators.apsis_one.permissions import find_profile
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.shapes import event_row
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.seeds.source import SectionData

__all__ = ["PROFILE", "ProfileReads", "event_row"]

PROFILE = "/audience/keyspaces/{keyspace}/profiles/{profile}"
_NOTHING = SectionData({}, ())


class ProfileReads:
    """Handlers of the per-profile reads."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        section = f"{PROFILE}/sections/{{section}}"
        router.add("GET", f"{section}/attributes", self.attributes)
        router.add("GET", f"{section}/tags", self.tags)
        router.add("GET", f"{section}/events", self.events)
        router.add("GET", f"/v2{section}/consents", self.consents)
        router.add("POST", f"{PROFILE}/evaluations", self.evaluations)

    def attributes(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """{version id: value}: seen in clients (reference 4.4)."""
        index = self._index(keyspace, profile)
        values = self._data(index, section).attributes
        world, found = self._state.world, dict[str, Any]()
        for attribute in find_section(self._state, section).attributes:
            name = attribute.discriminator
            if name in values:
                old = world.source.uses_old_version(index, attribute) and not world.wrote(
                    index, section, name
                )
                found[(attribute.versions[0] if old else attribute.live).id] = values[name]
        return json_response(200, found)

    def tags(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        data = self._data(self._index(keyspace, profile), section)
        return json_response(200, shapes.tags_body(data.tags))

    def events(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """All events of the profile in the Section, oldest first (assumed: whole and in this order)."""
        index = self._index(keyspace, profile)
        find_section(self._state, section)
        found = self._state.world.events(index)
        with_ids = self._state.settings.event_ids
        rows = [event_row(e, profile, with_ids) for e in found if e.section == section]
        return json_response(200, shapes.items(rows))

    def consents(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """Consents and suppressions; in an account on the first model without dates (documented, D-c2get)."""
        settings = self._state.settings
        if not settings.consents_readable_in_model_1:
            check_model(self._state, "2.0")
        index = self._index(keyspace, profile)
        find_section(self._state, section)
        wanted = request.query.get("consent_types")
        rows = [
            shapes.consent_row(c, dated=settings.consent_model == "2.0")
            for c in self._state.world.consents(index)
            if c.section == section and (wanted is None or c.type in wanted)
        ]
        body = shapes.consents_body(rows, self._suppressions(index, profile, request))
        return json_response(200, body)

    def evaluations(self, request: Request, keyspace: str, profile: str) -> Response:
        index = self._index(keyspace, profile)
        body = request.json()
        rows = body.get("segments") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise ApiProblem(400, "The list segments is missing.")
        names = [row["discriminator"] for row in rows if isinstance(row, dict) and "discriminator" in row]
        world = self._state.world
        matches = {name: world.in_segment(index, find_segment(self._state, name)) for name in names}
        return json_response(200, shapes.evaluation_body(matches))

    def _suppressions(self, index: int, key: str, request: Request) -> list[dict[str, Any]]:
        """Always for the address that is the key; others when asked for, or all of them (assumed)."""
        asked = {key, *request.query.get(shapes.SUPPRESSION_PARAMETER, ())}
        everything = self._state.settings.suppression_for_all_addresses
        blocked = self._state.world.suppressed(index)
        return [
            shapes.suppression_row(channel, address, channel in blocked)
            for channel, address in self._state.world.addresses(index)
            if everything or address in asked
        ]

    def _data(self, index: int, section: str) -> SectionData:
        find_section(self._state, section)
        return self._state.world.profile(index).sections.get(section, _NOTHING)

    def _index(self, keyspace: str, key: str) -> int:
        return find_profile(self._state, keyspace, key)
