"""Factory functions for tests of the simulated Pipedrive: an account in memory, a clock, a client."""

import json
from typing import Any

import httpx

from migrator.simulators.pipedrive.app import PipedriveApp, build_app
from migrator.simulators.pipedrive.preload import Preload
from migrator.simulators.pipedrive.settings import DEFAULT_TOKEN, PipedriveSettings

MONDAY_NOON = 1_795_435_200.0
CLERK_TOKEN = "c" * 40

PRELOAD = Preload(
    users=[
        {"name": "Owner", "email": "owner@example.com"},
        {"name": "Clerk", "email": "clerk@example.com", "is_admin": False, "token": CLERK_TOKEN},
        {"name": "Gone", "email": "gone@example.com", "active_flag": False, "token": "d" * 40},
    ],
    person_fields=[
        {"field_name": "Tier", "field_type": "enum", "options": ["Gold", "Silver"]},
        {"field_name": "Lists", "field_type": "set", "options": ["News", "Offers"]},
        {"field_name": "Source key", "field_type": "varchar"},
        {"field_name": "Score", "field_type": "double"},
        {"field_name": "Call at", "field_type": "time"},
        {"field_name": "Budget", "field_type": "monetary"},
    ],
    organizations=[{"name": "Acme"}],
    persons=[
        {
            "key": "anna",
            "name": "Anna Berg Lund",
            "emails": [{"value": "anna@example.com"}],
            "organization": "Acme",
            "labels": ["Customer"],
            "custom_fields": {"Tier": "Gold", "Lists": ["News", "Offers"], "Source key": "K-1"},
        }
    ],
    deals=[{"title": "First deal", "person": "anna", "stage": "Negotiations started"}],
    activities=[
        {"subject": "Visit", "type": "Meeting", "person": "anna", "due_date": "2024-01-31", "done": True}
    ],
    notes=[{"content": "<p>Hello</p>", "person": "anna", "add_time": "2020-01-01 10:00:00"}],
    filters=[
        {
            "name": "Offers",
            "type": "people",
            "all": [{"field": "Lists", "operator": "contains", "value": "Offers"}],
        }
    ],
)


class TestClock:
    """A clock that moves only when told."""

    __test__ = False

    def __init__(self, now: float = MONDAY_NOON) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Simulated:
    """One simulated account with a client of its owner."""

    def __init__(self, app: PipedriveApp, clock: TestClock) -> None:
        self.app, self.clock = app, clock
        self.client = client_of(app)
        self.get, self.post, self.put = self.client.get, self.client.post, self.client.put
        self.patch, self.delete = self.client.patch, self.client.delete

    def as_user(self, token: str) -> httpx.Client:
        return client_of(self.app, token)

    def data(self, path: str, **query: Any) -> Any:
        """The data of a successful GET."""
        answer = self.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def made(self, path: str, body: Any) -> Any:
        """The data of a successful POST."""
        answer = self.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def refused(self, path: str, body: Any, *, method: str = "POST") -> str:
        """The error of a POST that must be refused with 400."""
        answer = self.client.request(method, path, json=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["success"] is False
        return str(answer.json()["error"])

    def control(self, path: str, body: Any) -> Any:
        """What the control address answers to a POST that it takes."""
        answer = self.post(f"/_control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def differences(self, before: str, **query: Any) -> list[Any]:
        """What changed since a remembered snapshot."""
        text = self.get("/_control/diff", params={"from": before, **query}).text
        return [json.loads(line) for line in text.splitlines()]

    def snapshot(self, **query: Any) -> list[Any]:
        """The whole state as the control address shows it, one record an entry."""
        return [json.loads(line) for line in self.get("/_control/snapshot", params=query).text.splitlines()]

    def inspect(self) -> Any:
        return self.get("/_control/inspect").json()

    def code(self, name: str, entity: str = "person") -> str:
        """The code of a field by its name."""
        field = self.app.state.catalogue.named(entity, name)
        assert field is not None
        return field.code

    def option(self, name: str, label: str) -> int:
        """The id of an option by field name and label."""
        field = self.app.state.catalogue.named("person", name)
        assert field is not None
        return next(option.id for option in field.options if option.label == label)


def client_of(app: PipedriveApp, token: str = DEFAULT_TOKEN) -> httpx.Client:
    transport = httpx.WSGITransport(app=app)
    return httpx.Client(transport=transport, base_url="http://pipedrive.test", headers={"x-api-token": token})


def simulated(
    *, preload: Preload = PRELOAD, db: str = ":memory:", clock: TestClock | None = None, **settings: Any
) -> Simulated:
    """An account; limits are off unless a limit is set."""
    clock = clock or TestClock()
    settings = {"limits_off": True, "search_lag_seconds": 0.0, **settings}
    app = build_app(
        PipedriveSettings(**settings),
        db,
        clock,
        preload=preload,
        sleep=clock.sleep,
        drop_error=httpx.RemoteProtocolError,
        control=True,
    )
    return Simulated(app, clock)
