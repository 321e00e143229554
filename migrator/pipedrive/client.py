"""Pipedrive's addresses: which path, method and price belong to what. Reads give data, writes the raw answer.

Reads raise errors of our families; what a write's answer proves is for outcomes.py to say.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import ConfigurationError
from migrator.engine.inventory import TargetObject
from migrator.engine.ports import Json, Pacer
from migrator.engine.records import Kind
from migrator.http.auth import ApiToken
from migrator.http.client import ClientSettings, HttpClient, RateHeaders
from migrator.http.messages import Answer, QueryValue, Request
from migrator.http.pagination import iter_cursor_pages, iter_offset_pages
from migrator.pipedrive import costs
from migrator.pipedrive.outcomes import data_of

V1, V2 = "/api/v1", "/api/v2"
RECORD_PATHS: Mapping[Kind, str] = {
    Kind.ORGANIZATION: f"{V2}/organizations",
    Kind.PERSON: f"{V2}/persons",
    Kind.DEAL: f"{V2}/deals",
    Kind.ACTIVITY: f"{V2}/activities",
    Kind.NOTE: f"{V1}/notes",
}
FIELD_PATHS: Mapping[TargetObject, str] = {
    TargetObject.PERSON: f"{V2}/personFields",
    TargetObject.ORGANIZATION: f"{V2}/organizationFields",
    TargetObject.DEAL: f"{V2}/dealFields",
}
MOST_IDS = 100
RATE_HEADERS = RateHeaders("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
DAILY_LEFT = "x-daily-ratelimit-token-remaining"
_COMPANY = re.compile(r"[a-z0-9][a-z0-9-]*")
_HOST = re.compile(r"https://[a-z0-9][a-z0-9-]*\.pipedrive\.com/?")

Pages = Iterator[list[Json]]
DEFAULTS = ClientSettings()


def base_url_for(company: str) -> str:
    """The address for what a person may enter: "acme", "acme.pipedrive.com" or a whole address.
    Raises ConfigurationError for any host that is not Pipedrive's."""
    text = company.strip().lower()
    if _COMPANY.fullmatch(text):
        return f"https://{text}.pipedrive.com"
    address = text if "//" in text else f"https://{text}"
    if not _HOST.fullmatch(address):
        raise ConfigurationError(
            "This is not a Pipedrive address. Enter the company's domain, such as acme.pipedrive.com."
        )
    return address.rstrip("/")


class PipedriveClient:
    """One company's account, seen with one user's token. Safe to share between threads.

    `private_network` stands for a stand-in service: its address is taken as it is.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        pacer: Pacer,
        *,
        settings: ClientSettings = DEFAULTS,
        transport: Any = None,
    ) -> None:
        address = base_url if settings.private_network else base_url_for(base_url)
        self._http = HttpClient(
            address,
            ApiToken(token),
            pacer,
            settings=replace(settings, rate_headers=RATE_HEADERS),
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def me(self) -> tuple[Json, int | None]:
        """The token's user, and the tokens left today where Pipedrive tells them."""
        answer = self._http.send(self._get(f"{V1}/users/me", costs.V1_GET_ONE))
        return _object(data_of(answer, "the token's user")), answer.number(DAILY_LEFT)

    def users(self) -> list[Json]:
        return self._whole(f"{V1}/users", costs.V1_LIST, "the users")

    def fields(self, target: TargetObject) -> list[Json]:
        """Every field of an object as v2 lists it, system fields included."""
        return [row for page in self._cursor(FIELD_PATHS[target], costs.LIST, {}) for row in page]

    def numbered_fields(self, target: TargetObject) -> list[Json]:
        """The same fields as v1 lists them, with the numeric ids that filters and label changes need."""
        path = FIELD_PATHS[target].replace(V2, V1)
        return [row for page in self._offsets(path, costs.V1_LIST, {}) for row in page]

    def filters(self) -> list[Json]:
        return self._whole(f"{V1}/filters", costs.V1_LIST, "the filters")

    def activity_types(self) -> list[Json]:
        return self._whole(f"{V1}/activityTypes", costs.V1_LIST, "the activity types")

    def pipelines(self) -> list[Json]:
        return [row for page in self._cursor(f"{V2}/pipelines", costs.SHORT_LIST, {}) for row in page]

    def stages(self) -> list[Json]:
        return [row for page in self._cursor(f"{V2}/stages", costs.SHORT_LIST, {}) for row in page]

    def read_list(self, name: str) -> list[Json]:
        """One of the short lists by the name under which fields.py keeps it."""
        readers: Mapping[str, Callable[[], list[Json]]] = {
            "users": self.users,
            "activity_types": self.activity_types,
            "pipelines": self.pipelines,
            "stages": self.stages,
        }
        if name in readers:
            return readers[name]()
        return self.fields(TargetObject(name.removesuffix("_fields")))

    def pages(
        self,
        kind: Kind,
        *,
        since: datetime | None = None,
        custom_fields: Sequence[str] = (),
        archived: bool = True,
    ) -> Pages:
        """Every live record of a kind, or those changed since a moment, 500 at a time in order of id.
        `custom_fields` shows only those codes; archived deals come last."""
        if kind == Kind.NOTE:
            yield from self._note_pages(since)
            return
        query: dict[str, QueryValue] = {"sort_by": "id", "sort_direction": "asc"}
        if since is not None:
            query["updated_since"] = _whole_seconds(since)
        if custom_fields:
            query["custom_fields"] = ",".join(custom_fields)
        for page in self._cursor(RECORD_PATHS[kind], costs.LIST, query):
            yield [row for row in page if not row.get("is_deleted")]
        if kind == Kind.DEAL and archived:
            yield from self._cursor(f"{V2}/deals/archived", costs.SEARCH, query)

    def by_ids(self, kind: Kind, ids: Sequence[str]) -> dict[str, Json]:
        """Live records by id; those that are gone are missing from the answer."""
        if kind == Kind.NOTE:
            found = {number: self.get(kind, number) for number in ids}
            return {number: row for number, row in found.items() if row is not None}
        rows: dict[str, Json] = {}
        for start in range(0, len(ids), MOST_IDS):
            query = {"ids": ",".join(ids[start : start + MOST_IDS])}
            for page in self._cursor(RECORD_PATHS[kind], costs.LIST, query):
                rows |= {str(row["id"]): row for row in page if not row.get("is_deleted")}
        return rows

    def get(self, kind: Kind, target_id: str) -> Json | None:
        """One live record, None where it is gone."""
        path = f"{RECORD_PATHS[kind]}/{quote(target_id, safe='')}"
        answer = self._http.send(self._get(path, costs.GET_COSTS[kind], name=f"{RECORD_PATHS[kind]}/{{id}}"))
        if answer.status in (404, 410):
            return None
        row = _object(data_of(answer, f"a {kind}"))
        return None if row.get("is_deleted") or row.get("active_flag") is False else row

    def create(self, kind: Kind, body: Json) -> Answer:
        return self._write("POST", RECORD_PATHS[kind], costs.WRITE_COSTS[kind], body)

    def update(self, kind: Kind, target_id: str, body: Json) -> Answer:
        method = "PUT" if kind == Kind.NOTE else "PATCH"
        return self._write(method, RECORD_PATHS[kind], costs.WRITE_COSTS[kind], body, part=target_id)

    def delete(self, kind: Kind, target_id: str) -> Answer:
        return self._write("DELETE", RECORD_PATHS[kind], costs.DELETE_COSTS[kind], part=target_id)

    def create_field(self, target: TargetObject, body: Json) -> Answer:
        return self._write("POST", FIELD_PATHS[target], costs.WRITE, body)

    def delete_field(self, target: TargetObject, code: str) -> Answer:
        return self._write("DELETE", FIELD_PATHS[target], costs.DELETE, part=code)

    def add_options(self, target: TargetObject, code: str, labels: Sequence[str]) -> Answer:
        """Add options to a field in one call that takes all of them or none."""
        body: list[JsonValue] = [{"label": label} for label in labels]
        return self._write("POST", FIELD_PATHS[target], costs.WRITE, body, part=code, tail="/options")

    def delete_options(self, target: TargetObject, code: str, ids: Sequence[int]) -> Answer:
        body: list[JsonValue] = [{"id": number} for number in ids]
        return self._write("DELETE", FIELD_PATHS[target], costs.DELETE, body, part=code, tail="/options")

    def put_options(self, target: TargetObject, number: int, options: Sequence[Json]) -> Answer:
        """v1's way: the complete list replaces the old one, so options that are left out are lost."""
        path = FIELD_PATHS[target].replace(V2, V1)
        return self._write("PUT", path, costs.V1_WRITE, {"options": list(options)}, part=str(number))

    def _note_pages(self, since: datetime | None) -> Pages:
        query: dict[str, QueryValue] = {"sort": "id ASC"}
        if since is not None:
            query["updated_since"] = _whole_seconds(since)
        for page in self._offsets(RECORD_PATHS[Kind.NOTE], costs.V1_LIST, query):
            yield [row for row in page if row.get("active_flag") is not False]

    def _cursor(self, path: str, cost: int, query: Mapping[str, QueryValue]) -> Pages:
        def fetch(cursor: str) -> tuple[list[Json], str]:
            asked = {**query, "limit": costs.PAGE, **({"cursor": cursor} if cursor else {})}
            answer = self._http.send(self._get(path, cost, asked))
            return _rows(data_of(answer, "a list")), _next_cursor(answer)

        return iter_cursor_pages(fetch)

    def _offsets(self, path: str, cost: int, query: Mapping[str, QueryValue]) -> Pages:
        def fetch(start: int) -> tuple[list[Json], int | None]:
            answer = self._http.send(self._get(path, cost, {**query, "start": start, "limit": costs.PAGE}))
            return _rows(data_of(answer, "a list")), _next_start(answer)

        return iter_offset_pages(fetch)

    def _whole(self, path: str, cost: int, what: str) -> list[Json]:
        return _rows(data_of(self._http.send(self._get(path, cost)), what))

    def _get(
        self, path: str, cost: int, query: Mapping[str, QueryValue] | None = None, name: str = ""
    ) -> Request:
        return Request("GET", path, query=query or {}, cost=cost, name=name or path)

    def _write(
        self, method: str, path: str, cost: int, body: JsonValue = None, *, part: str = "", tail: str = ""
    ) -> Answer:
        where = f"{path}/{quote(part, safe='')}{tail}" if part else path
        name = f"{path}/{{id}}{tail}" if part else path
        return self._http.send(Request(method, where, body=body, cost=cost, name=name))


def _whole_seconds(moment: datetime) -> str:
    # v2 refuses fractions of a second; rounding down can only widen the list.
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _object(data: JsonValue) -> Json:
    return data if isinstance(data, dict) else {}


def _rows(data: JsonValue) -> list[Json]:
    # An empty v1 list may be null.
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _additional(answer: Answer) -> Json:
    return _object(_object(answer.json).get("additional_data"))


def _next_cursor(answer: Answer) -> str:
    cursor = _additional(answer).get("next_cursor")
    return cursor if isinstance(cursor, str) else ""


def _next_start(answer: Answer) -> int | None:
    pagination = _object(_additional(answer).get("pagination"))
    following = pagination.get("next_start")
    more = pagination.get("more_items_in_collection")
    return following if more and isinstance(following, int) else None
