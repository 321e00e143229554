"""A client of the APSIS One simulator in the same process, with a clock that the test moves."""

from typing import Any

import httpx

from migrator.simulators.apsis_one.app import ApsisApp, build_app
from migrator.simulators.apsis_one.settings import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, ApsisSettings
from migrator.simulators.seeds import build_account
from migrator.simulators.seeds.shape import EXPORT_KEYSPACE, Section
from migrator.simulators.seeds.traps import Trap

EMAIL = "com.apsis1.attributes.email"
START = "2024-11-01T00:00:00Z"
END = "2026-12-01T00:00:00Z"


class Caller:
    """A signed-in caller. `now` is the simulator's time in Unix seconds."""

    def __init__(
        self,
        *,
        profiles: int = 120,
        name: str = "nordlys",
        seed: int = 7,
        db_path: str | None = None,
        **settings: Any,
    ) -> None:
        self.now = 1_795_000_000.0
        options = {"limits_off": True, "export_delay": 10.0, **settings}
        account = build_account(name, seed, profiles)
        self.app: ApsisApp = build_app(
            account,
            ApsisSettings(**options),
            clock=lambda: self.now,
            db_path=db_path,
            control=True,
            sleep=self.sleep,
            drop_error=httpx.RemoteProtocolError,
        )
        self.source = account.source
        self.http = httpx.Client(transport=httpx.WSGITransport(self.app), base_url="http://source.test")

    def sleep(self, seconds: float) -> None:
        """Waits of faults pass at once."""
        self.now += seconds

    def sign_in(self) -> "Caller":
        token = self.token(DEFAULT_CLIENT_SECRET).json()["access_token"]
        self.http.headers["authorization"] = f"Bearer {token}"
        return self

    def token(self, secret: str) -> httpx.Response:
        body = {
            "grant_type": "client_credentials",
            "client_id": DEFAULT_CLIENT_ID,
            "client_secret": secret,
        }
        return self.http.post("/oauth/token", json=body)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params)

    def items(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(path).json()["items"]
        return rows

    def read(self, index: int, what: str, *, section: Section | None = None, **params: Any) -> httpx.Response:
        """One of a profile's reads through the export keyspace, in its home Section."""
        place = section or self.home(index)
        version = "/v2" if what == "consents" else ""
        key = self.source.export_key(index)
        path = f"/audience/keyspaces/{EXPORT_KEYSPACE}/profiles/{key}/sections/{place.discriminator}/{what}"
        return self.get(version + path, **params)

    def home(self, index: int) -> Section:
        return self.source.shape.sections[self.source.people.get(index).home]

    def first_with(self, trap: Trap) -> int:
        """The first profile of an awkward kind."""
        people = self.source.people
        return next(i for i in range(self.source.profiles) if people.get(i).trap is trap)

    def request_export(self, path: str = "/audience/profiles/exports", **body: Any) -> httpx.Response:
        filled = {"attributes": [EMAIL], "start_at": START, "end_at": END, **body}
        return self.http.post(path, json=filled)

    def export(self, path: str = "/audience/profiles/exports", **body: Any) -> httpx.Response:
        """Ask for an export, wait it out and download it."""
        url = self.request_export(path, **body).json()["file_download_url_v2"]
        self.now += 11
        return self.http.get(url)

    def exported_profiles(self, **body: Any) -> dict[str, Any]:
        profiles: dict[str, Any] = self.export(**body).json()["profiles"]
        return profiles

    def control(self, path: str, body: Any = None) -> httpx.Response:
        return self.http.post(f"/_control/{path}", json=body or {})
