"""Addresses and bodies of the APSIS One simulator's writes, for tests."""

from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from migrator.simulators.seeds.shape import (
    CRM_KEYSPACE,
    EMAIL_KEYSPACE,
    EXPORT_KEYSPACE,
    MOBILE_KEYSPACE,
    Attribute,
    Section,
)
from migrator.simulators.seeds.traps import Trap
from tests.contract.apsis_simulator import Caller

FIRST_NAME = "com.apsis1.attributes.firstname"
EMAIL = "com.apsis1.attributes.email"
MOBILE = "com.apsis1.attributes.mobile"
CRM_ID = "com.apsis1.attributes.crmid"
KEYSPACES = {
    "email": EMAIL_KEYSPACE,
    "mobile": MOBILE_KEYSPACE,
    "crm": CRM_KEYSPACE,
    "export": EXPORT_KEYSPACE,
}


def place(keyspace: str, key: str) -> str:
    """The address of a profile."""
    name = KEYSPACES.get(keyspace, keyspace)
    return f"/audience/keyspaces/{name}/profiles/{quote(key, safe='')}"


def one(keyspace: str, key: str) -> dict[str, str]:
    """A profile as bodies name it."""
    return {"keyspace_discriminator": KEYSPACES.get(keyspace, keyspace), "profile_key": key}


class Writer(Caller):
    """A signed-in caller that writes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sign_in()

    @property
    def section(self) -> Section:
        """The first Section."""
        return self.source.shape.sections[0]

    def attribute(self, discriminator: str) -> Attribute:
        return next(a for a in self.section.attributes if a.discriminator == discriminator)

    def version(self, discriminator: str) -> str:
        """The live version id of an attribute of the first Section."""
        return self.attribute(discriminator).live.id

    def plain(self, keyspace: str = "email", skip: int = 0) -> int:
        """A seeded profile at home in the first Section, without oddities, with a key in that keyspace."""
        name, people = KEYSPACES[keyspace], self.source.people
        found = (
            i
            for i in range(self.source.profiles)
            if people.get(i).trap is Trap.NONE
            and self.home(i) is self.section
            and people.get(i).second is None
            and name in self.source.profile(i).keys
        )
        return [index for index, _ in zip(found, range(skip + 1), strict=False)][skip]

    def key(self, index: int, keyspace: str = "email") -> str:
        return self.source.profile(index).keys[KEYSPACES[keyspace]]

    def create(self, keyspace: str, key: str, section: Section | None = None) -> httpx.Response:
        where = (section or self.section).discriminator
        path = f"/audience/keyspaces/{KEYSPACES.get(keyspace, keyspace)}/sections/{where}/profiles"
        return self.http.post(path, json={"profile_key": key})

    def patch(self, keyspace: str, key: str, values: dict[str, Any], **options: Any) -> httpx.Response:
        """PATCH attributes: `version` 1 takes discriminators here too and sends their version ids."""
        version = options.get("version", 1)
        where = options.get("section", self.section).discriminator
        body = values if version == 2 else {self.version(name): value for name, value in values.items()}
        prefix = "/v2" if version == 2 else ""
        return self.http.patch(f"{prefix}{place(keyspace, key)}/sections/{where}/attributes", json=body)

    def values(self, keyspace: str, key: str, section: Section | None = None) -> dict[str, Any]:
        """A profile's attributes by discriminator."""
        where = section or self.section
        found = self.get(f"{place(keyspace, key)}/sections/{where.discriminator}/attributes").json()
        names = {v.id: a.discriminator for a in where.attributes for v in a.versions}
        return {names[version]: value for version, value in found.items()}

    def status_of(self, keyspace: str, key: str) -> int:
        """What a read of the profile answers."""
        return self.get(f"{place(keyspace, key)}/sections/{self.section.discriminator}/tags").status_code

    def merge(self, *profiles: dict[str, str]) -> httpx.Response:
        return self.http.put("/audience/profiles/merges", json={"profiles": list(profiles)})

    def mutate(self, op: str, **act: Any) -> dict[str, Any]:
        """One act at the control address."""
        done: list[dict[str, Any]] = self.control("mutate", {"op": op, **act}).json()["done"]
        return done[0]

    def start_import(self, body: dict[str, Any], version: int = 2) -> httpx.Response:
        prefix = "/v2" if version == 2 else ""
        return self.http.post(f"{prefix}/audience/sections/{self.section.discriminator}/imports", json=body)

    def upload(self, started: dict[str, Any], content: bytes) -> httpx.Response:
        """Send the file as the reply to the start says, without a token."""
        path = urlsplit(started["file_upload_url"]).path
        with httpx.Client(transport=httpx.WSGITransport(self.app), base_url="http://source.test") as storage:
            file = ("people.csv", content, "text/csv")
            return storage.post(path, data=started["file_upload_body"], files={"file": file})

    def import_status(self, import_id: str) -> dict[str, Any]:
        path = f"/audience/sections/{self.section.discriminator}/imports/{import_id}"
        result: dict[str, Any] = self.get(path).json()["result"]
        return result
