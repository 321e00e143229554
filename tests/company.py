"""Fixtures: one made-up company on real sockets, and what its target holds as its public API shows it."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrator.embedded import ports
from migrator.embedded.supervisor import Supervisor
from migrator.management.demonstration import inherited
from migrator.management.provisioning import Wish, provision
from migrator.management.route import Walk
from migrator.management.simulated import Simulated

PROFILES = 80
# Fields that a service changes by itself, so that no undoing can bring them back.
VOLATILE = ("update_time",)


@dataclass(frozen=True)
class Company:
    """Both simulators by the object that serve_simulators prints."""

    connect: dict[str, Any]

    def control(self, side: str, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.connect['control'][f'{side}_url']}/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def target_api(self, path: str) -> Any:
        """One GET of the target's public API, as anybody with the token may ask."""
        token = self.connect["target"]["api_token"]
        url = f"{self.connect['target']['base_url']}{path}"
        request = urllib.request.Request(url, headers={"x-api-token": token})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def listed(self, what: str) -> list[dict[str, Any]]:
        """Every live record of a v2 list, page by page."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.target_api(f"/api/v2/{what}?limit=500{cursor}")
            rows += page["data"] or []
            following = (page.get("additional_data") or {}).get("next_cursor")
            if not following:
                return rows
            cursor = f"&cursor={following}"

    def notes(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            page = self.target_api(f"/api/v1/notes?limit=500&start={len(rows)}")
            rows += page["data"] or []
            if not page["additional_data"]["pagination"]["more_items_in_collection"]:
                return rows

    def contents(self) -> Any:
        """Everything in the target without what it changes by itself."""
        url = f"{self.connect['control']['target_url']}/snapshot?stable=1"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return [_without_volatile(json.loads(line)) for line in answer]


def _without_volatile(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_volatile(item) for key, item in value.items() if key not in VOLATILE}
    return [_without_volatile(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def running_company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder: Path = tmp_path_factory.mktemp("company")
    source = ports.any_free(besides=None)
    simulated = Simulated(
        account="nordlys",
        seed=7,
        profiles=PROFILES,
        source_port=source,
        target_port=ports.any_free(besides=source),
        folder=folder,
        limits=False,
    )
    with Supervisor(folder) as supervisor:
        supervisor.start(*simulated.children(inherited()))
        yield Company(simulated.connection())


@pytest.fixture
def company(running_company: Company) -> Company:
    """The company as it was in the beginning."""
    for side in ("source", "target"):
        running_company.control(side, "reset", {})
    return running_company


@pytest.fixture
def walk(company: Company, transactional_db: None) -> Walk:
    """A project on the company, with its people, that walks the route through the services."""
    settings = {"event_window_days": 800, "quiet_period_s": 1, "lease_s": 5}
    return Walk(
        provision(Wish("nordlys", "Nordlys Outdoor", company.connect, limits_off=True, settings=settings))
    )
