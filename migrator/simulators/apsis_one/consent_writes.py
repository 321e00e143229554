"""Consents of the second model: writing one state for a topic and a channel of a profile (reference 7.3)."""

from migrator.simulators.apsis_one.bodies import object_of, stamp, text_of
from migrator.simulators.apsis_one.definitions import check_model, find_section
from migrator.simulators.apsis_one.keys import write_consent
from migrator.simulators.apsis_one.permissions import check_manages_subscriptions, check_writable, present
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.profile_reads import PROFILE
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router
from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.shape import Section

_WRITABLE = ("opt-in", "opt-out")
_UNSUPPORTED = ("pending-opt-in", "confirmed-opt-in")
DEFAULT_SOURCE = "One API"


class ConsentWrites:
    """The one handler that writes consents 2.0."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        router.add("POST", f"/v2{PROFILE}/sections/{{section}}/consents", self.write)

    def write(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """201 new, 204 changed, 409 where the transition is not allowed, mostly the same value (D-c2post)."""
        state = self._state
        check_model(state, "2.0")
        check_writable(state, keyspace)
        check_manages_subscriptions(state, keyspace)
        consent = self._consent(object_of(request), find_section(state, section))
        with state.lock:
            index = present(state, keyspace, profile)
            held = {(c.section, c.topic, c.channel): c.type for c in state.world.consents(index)}
            before = held.get((consent.section, consent.topic, consent.channel))
            if not _allowed(before, consent.type):
                return self._unchanged()
            write_consent(state.world, index, consent)
        return Response(201 if before is None else 204)

    def _consent(self, body: dict[str, object], section: Section) -> Consent:
        topic = next((t for t in section.topics if t.discriminator == body.get("topic_discriminator")), None)
        channel, type_ = text_of(body, "channel_discriminator"), text_of(body, "type")
        if topic is None or channel not in topic.channels:
            raise ApiProblem(
                400, "topic_discriminator and channel_discriminator must be a topic's of the section."
            )
        if type_ in _UNSUPPORTED:
            raise ApiProblem(400, f"Writing {type_} is not supported by the API yet.")
        if type_ not in _WRITABLE:
            raise ApiProblem(400, f"type must be one of {', '.join(_WRITABLE)}.")
        source = text_of(body, "source") if "source" in body else DEFAULT_SOURCE
        reason, now = text_of(body, "reason"), stamp(self._state.now())
        return Consent(section.discriminator, topic.discriminator, channel, type_, reason, source, now)

    def _unchanged(self) -> Response:
        status = self._state.settings.unchanged_consent_status
        if status == 409:
            raise ApiProblem(409, "The consent has this value already, or may not change to it.")
        return Response(status)


def _allowed(before: str | None, after: str) -> bool:
    """The same value again is no transition; a confirmed opt-in is not made weaker (assumed)."""
    return before != after and (before, after) != ("confirmed-opt-in", "opt-in")
