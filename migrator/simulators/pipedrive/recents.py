"""GET /v1/recents: what changed since a moment, over all kinds, oldest first, one month back and no further."""

# ruff: noqa: S608  (table and column names come from this module, values are bound)

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import attached, times, v1_shapes
from migrator.simulators.pipedrive.account import Call, Handlers
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.errors import ApiError, invalid
from migrator.simulators.pipedrive.files import show_file
from migrator.simulators.pipedrive.notes import show_note
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.users import show_user

DAY = 86_400
_TABLES = {
    "activity": "activities",
    "deal": "deals",
    "file": "files",
    "note": "notes",
    "organization": "organizations",
    "person": "persons",
}
_SMALL = {
    "activityType": "activity_types",
    "filter": "filters",
    "pipeline": "pipelines",
    "stage": "stages",
    "user": "users",
}
ITEMS = (*_TABLES, *_SMALL, "product")

Entry = tuple[str, str, int]


def list_recents(call: Call) -> Response:
    """GET /v1/recents. Deleted records are among them, as the inactive ones."""
    parameters = Parameters(call, {"since_timestamp", "items", "start", "limit"})
    since = _since(call, parameters.text("since_timestamp"))
    items = parameters.words("items", ITEMS) or list(ITEMS)
    start, limit = parameters.start(), parameters.limit()
    entries = sorted(_entries(call, items, since, start + limit + 1))
    shown, more = entries[start : start + limit], len(entries) > start + limit
    pagination: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": more}
    if more:
        pagination["next_start"] = start + limit
    return ok(
        [{"item": item, "id": number, "data": _shown(call, item, number)} for _, item, number in shown],
        additional_data={
            "since_timestamp": times.spaced_from_rfc3339(since),
            "last_timestamp_on_page": times.spaced_from_rfc3339(shown[-1][0]) if shown else None,
            "pagination": pagination,
        },
    )


def _since(call: Call, raw: str | None) -> str:
    if raw is None:
        raise invalid("since_timestamp: Required")
    if not times.is_spaced(raw):
        raise invalid("since_timestamp: must be YYYY-MM-DD HH:MM:SS in UTC")
    moment = datetime.fromisoformat(raw).replace(tzinfo=UTC).timestamp()
    earliest = call.now - call.settings.recents_reach_days * DAY
    if moment < earliest and call.settings.recents_too_far == "refuse":
        raise ApiError(400, "since_timestamp: must not be more than one month ago")
    return times.rfc3339(max(moment, earliest))


def _entries(call: Call, items: list[str], since: str, most: int) -> list[Entry]:
    found: list[Entry] = []
    for item in items:
        if item in _TABLES:
            where, values = _sight(call, item)
            conditions = " AND ".join(["update_time>=?", *where])
            rows = call.store.rows(
                f"SELECT update_time, id FROM {_TABLES[item]} WHERE {conditions}"
                " ORDER BY update_time, id LIMIT ?",
                (since, *values, most),
            )
            found += [(at, item, number) for at, number in rows]
        elif item in _SMALL:
            for doc in _small(call, item).values():
                at = _canonical(doc.get("update_time") or doc.get("modified") or doc.get("add_time"))
                if at >= since:
                    found.append((at, item, doc["id"]))
    return found


def _sight(call: Call, item: str) -> tuple[list[str], list[Any]]:
    return attached.sight(call) if item in ("note", "file") else call.sight(_TABLES[item])


def _small(call: Call, item: str) -> dict[int, Doc]:
    return call.account.users if item == "user" else call.account.small[_SMALL[item]]


def _canonical(text: str | None) -> str:
    if text is None:
        return ""
    return text if text.endswith("Z") else f"{text.replace(' ', 'T')}Z"


def _shown(call: Call, item: str, number: int) -> Any:
    small = item in _SMALL
    doc = _small(call, item)[number] if small else (call.store.get(_TABLES[item], number) or {})
    return _SHOWN.get(item, v1_shapes.RECORDS.get(item, _plain))(call, doc)


def _plain(call: Call, doc: Doc) -> Doc:
    return {key: value for key, value in doc.items() if key != "conditions"}


def _user(call: Call, doc: Doc) -> Any:
    # An object in the specification; tap-pipedrive 2.1.0 and Airbyte's source 2.3.7 read a list with one.
    shown = show_user(call, doc)
    return [shown] if call.settings.recents_user == "list" else shown


_SHOWN: dict[str, Callable[[Call, Doc], Any]] = {"file": show_file, "note": show_note, "user": _user}

HANDLERS: Handlers = {("GET", "/v1/recents"): list_recents}
