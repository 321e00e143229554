"""Lists of activities: e-mails, text messages, forms, websites and Marketing Automation flows.

That they exist is documented (reference 12), addresses and fields are assumed; a switch takes them away. An
activity shows an id, a name and a state, never its content.
"""

from collections.abc import Iterator

from migrator.simulators.apsis_one import aql, shapes
from migrator.simulators.apsis_one.definitions import visible_sections
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router, json_response
from migrator.simulators.seeds.shape import SMS_CHANNEL, Activity, Section
from migrator.simulators.seeds.streams import number_for

_FORMS = ("Newsletter sign-up", "Contact us", "Competition")


class Activities:
    """Handlers of the activity lists."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        router.add("GET", "/emails/activities", self.emails)
        router.add("GET", "/emails/activities/{activity}", self.email)
        router.add("GET", "/sms/activities", self.texts)
        router.add("GET", "/forms/activities", self.forms)
        router.add("GET", "/websites/activities", self.websites)
        router.add("GET", "/marketing-automation/activities", self.flows)

    def emails(self, request: Request) -> Response:
        return self._list(c for s in self._sections() for c in s.campaigns)

    def email(self, request: Request, activity: str) -> Response:
        """One e-mail with the queries for its audiences, or 404."""
        for section in self._sections():
            for found in section.campaigns:
                if found.id == activity:
                    queries = aql.activity_queries(section, found)
                    return json_response(200, shapes.activity_detail(found, queries))
        raise ApiProblem(404, "There is no such e-mail activity.")

    def texts(self, request: Request) -> Response:
        return self._list(activity for s in self._sections() for activity in _texts(s))

    def forms(self, request: Request) -> Response:
        return self._list(_made(s, "form", name) for s in self._sections() for name in _FORMS)

    def websites(self, request: Request) -> Response:
        domain = self._state.world.shape.domain
        names = ((s, f"www.{domain}/{s.country.lower()}") for s in self._sections())
        return self._list(_made(s, "website", name) for s, name in names)

    def flows(self, request: Request) -> Response:
        visible = {section.discriminator for section in self._sections()}
        return self._list(flow for flow in self._state.world.shape.flows if flow.section in visible)

    def _sections(self) -> list[Section]:
        if not self._state.settings.activity_lists:
            raise ApiProblem(404, "No such address.")
        return visible_sections(self._state)

    def _list(self, activities: Iterator[Activity]) -> Response:
        return json_response(200, shapes.items(shapes.activity_row(a) for a in activities))


def _texts(section: Section) -> Iterator[Activity]:
    """A text message for each campaign of the last year, where the Section texts at all."""
    if any(SMS_CHANNEL in topic.channels for topic in section.topics):
        last = max((c.updated_at[:4] for c in section.campaigns), default="")
        for campaign in section.campaigns:
            if campaign.updated_at.startswith(last):
                yield _made(section, "text", campaign.name, campaign.updated_at)


def _made(section: Section, kind: str, name: str, updated_at: str = "2026-06-01T08:00:00Z") -> Activity:
    number = 20_000_000 + number_for(section.discriminator, kind, name) % 10_000_000
    return Activity(str(number), name, section.discriminator, "active", updated_at)
