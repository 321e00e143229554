"""What include_fields adds to records: counts of what hangs on them and their next and last activity.

Counted for a whole page at once, each by an index on the link. What "related" counts is concluded, not documented:
for an organization the deals of its persons that are not linked to it, for a person the deals of the organization
that are not the person's own. Deals have no further participants and accounts no mail here: those counts are 0.
"""

# ruff: noqa: S608  (table and column names come from this module, ids are numbers)

from collections.abc import Callable, Sequence
from typing import Any

from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.state import Doc

LINK = {"persons": "person_id", "organizations": "org_id", "deals": "deal_id"}
_ENTITY = {"persons": "", "organizations": "", "deals": "deal"}
_ACTIVITY_NAMES = frozenset(("activities_count", "done_activities_count", "undone_activities_count"))
_NEIGHBOURS = frozenset(("next_activity_id", "last_activity_id"))
_STATES = {
    "open_deals_count": "open",
    "won_deals_count": "won",
    "lost_deals_count": "lost",
    "closed_deals_count": "closed",
}


def counted(call: Call, kind: str, docs: Sequence[Doc], names: Sequence[str]) -> dict[int, Doc]:
    """By record id, the values of the named optional fields."""
    found: dict[int, Doc] = {doc["id"]: _unknown(call, kind, doc, names) for doc in docs}
    if kind in LINK and found:
        for wanted, count in _COUNTERS:
            if any(name in names for name in wanted):
                for number, values in count(call, kind, ",".join(map(str, found))).items():
                    found[number] |= {name: value for name, value in values.items() if name in names}
    return found


def _unknown(call: Call, kind: str, doc: Doc, names: Sequence[str]) -> Doc:
    values: Doc = {name: 0 if name.endswith("_count") else None for name in names}
    if "smart_bcc_email" in names:
        place = f"+{_ENTITY[kind]}{doc['id']}" if _ENTITY.get(kind) else ""
        values["smart_bcc_email"] = f"{call.account.company['domain']}{place}@pipedrivemail.com"
    if "participants_count" in names:
        values["participants_count"] = int(doc.get("person_id") is not None)
    if "first_won_time" in names:
        values["first_won_time"] = doc.get("won_time")
    return values


def _activities(call: Call, kind: str, ids: str) -> dict[int, Doc]:
    link = LINK[kind]
    rows = call.store.rows(
        f"SELECT {link}, count(*), sum(done=1) FROM activities"
        f" WHERE {link} IN ({ids}) AND is_deleted=0 GROUP BY {link}"
    )
    return {
        number: {
            "activities_count": total,
            "done_activities_count": done,
            "undone_activities_count": total - done,
        }
        for number, total, done in rows
    }


def _neighbours(call: Call, kind: str, ids: str) -> dict[int, Doc]:
    # The next one is the earliest that is not done, the last one the latest that is. Undated ones come last.
    link, found = LINK[kind], dict[int, Doc]()
    moment = "due_date || ' ' || coalesce(json_extract(doc,'$.due_time'),'')"
    for name, done, order in (
        ("next_activity_id", 0, f"due_date='', {moment}, id"),
        ("last_activity_id", 1, f"{moment} DESC, id DESC"),
    ):
        rows = call.store.rows(
            f"SELECT {link}, id FROM (SELECT {link}, id, row_number() OVER (PARTITION BY {link}"
            f" ORDER BY {order}) AS place FROM activities"
            f" WHERE {link} IN ({ids}) AND is_deleted=0 AND done={done}) WHERE place=1"
        )
        for number, activity in rows:
            found.setdefault(number, {})[name] = activity
    return found


def _deals(call: Call, kind: str, ids: str) -> dict[int, Doc]:
    if kind == "deals":
        return {}
    link = LINK[kind]
    sql = f"SELECT {link}, status, count(*) FROM deals WHERE {link} IN ({ids}) AND is_deleted=0 GROUP BY 1,2"
    return _by_state(call.store.rows(sql), "")


def _related(call: Call, kind: str, ids: str) -> dict[int, Doc]:
    if kind == "deals":
        return {}
    if kind == "persons":
        joined = f"persons AS mine JOIN deals ON deals.org_id=mine.org_id WHERE mine.id IN ({ids})"
        group, other = "mine.id", "deals.person_id"
    else:
        joined = f"persons AS mine JOIN deals ON deals.person_id=mine.id WHERE mine.org_id IN ({ids})"
        group, other = "mine.org_id", "deals.org_id"
    rows = call.store.rows(
        f"SELECT {group}, deals.status, count(*) FROM {joined}"
        f" AND deals.is_deleted=0 AND mine.is_deleted=0 AND {other} IS NOT {group} GROUP BY 1,2"
    )
    return _by_state(rows, "related_")


def _by_state(rows: list[tuple[Any, ...]], prefix: str) -> dict[int, Doc]:
    found: dict[int, Doc] = {}
    for number, state, count in rows:
        values = found.setdefault(number, {f"{prefix}{name}": 0 for name in _STATES})
        values[f"{prefix}{state}_deals_count"] += count
        if state != "open":
            values[f"{prefix}closed_deals_count"] += count
    return found


def _linked(table: str, name: str, call: Call, kind: str, ids: str) -> dict[int, Doc]:
    link = "org_id" if table == "persons" else LINK[kind]
    if table == "persons" and kind != "organizations":
        return {}
    sql = f"SELECT {link}, count(*) FROM {table} WHERE {link} IN ({ids}) AND is_deleted=0 GROUP BY {link}"
    return {number: {name: count} for number, count in call.store.rows(sql)}


def _notes(call: Call, kind: str, ids: str) -> dict[int, Doc]:
    return _linked("notes", "notes_count", call, kind, ids)


def _files(call: Call, kind: str, ids: str) -> dict[int, Doc]:
    return _linked("files", "files_count", call, kind, ids)


def _people(call: Call, kind: str, ids: str) -> dict[int, Doc]:
    return _linked("persons", "people_count", call, kind, ids)


def _followers(call: Call, kind: str, ids: str) -> dict[int, Doc]:
    sql = f"SELECT record, count(*) FROM followers WHERE kind=? AND record IN ({ids}) GROUP BY record"
    return {number: {"followers_count": count} for number, count in call.store.rows(sql, (kind,))}


Counter = Callable[[Call, str, str], dict[int, Doc]]
_COUNTERS: tuple[tuple[frozenset[str], Counter], ...] = (
    (_ACTIVITY_NAMES, _activities),
    (_NEIGHBOURS, _neighbours),
    (frozenset(_STATES), _deals),
    (frozenset(f"related_{name}" for name in _STATES), _related),
    (frozenset(("notes_count",)), _notes),
    (frozenset(("files_count",)), _files),
    (frozenset(("people_count",)), _people),
    (frozenset(("followers_count",)), _followers),
)
