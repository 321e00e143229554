"""Merges, in v1 alone: the addressed record is swallowed, the one in the body survives and wins conflicts."""

from functools import partial
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import rules, v1_shapes
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.activities import ACTIVITY
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.deals import DEAL
from migrator.simulators.pipedrive.errors import invalid, not_found
from migrator.simulators.pipedrive.organizations import ORGANIZATION
from migrator.simulators.pipedrive.persons import PERSON
from migrator.simulators.pipedrive.records import RecordKind, save
from migrator.simulators.pipedrive.state import COLUMNS, Doc

_LINK = {"persons": "person_id", "organizations": "org_id", "deals": "deal_id"}
_KINDS = {kind.kind: kind for kind in (PERSON, ORGANIZATION, DEAL, ACTIVITY)}


def merge(kind: RecordKind, call: Call, ref: str) -> Response:
    """PUT /v1/<kind>/{ref}/merge."""
    body = rules.body(call, {"merge_with_id": rules.integer}, required=("merge_with_id",))
    swallowed = _live(kind, call, int(ref) if ref.isascii() and ref.isdigit() else -1)
    survivor = _live(kind, call, body["merge_with_id"])
    if swallowed["id"] == survivor["id"]:
        raise invalid("merge_with_id: must be another record")
    for name, value in swallowed.items():
        survivor[name] = _joined(name, survivor.get(name), value)
    _relink(call, kind.kind, swallowed["id"], survivor["id"])
    _follow(call, kind.kind, swallowed["id"], survivor["id"])
    swallowed |= {"is_deleted": True, "deleted_at": call.now}
    save(kind, call, swallowed, merged=("merged_to_id", survivor["id"]))
    save(kind, call, survivor, merged=("merged_from_id", swallowed["id"]))
    return ok(_shown(kind, call, survivor, swallowed["id"]))


handlers = {
    ("PUT", f"/v1/{kind.kind}/{{ref}}/merge"): partial(merge, kind) for kind in (PERSON, ORGANIZATION, DEAL)
}


def _live(kind: RecordKind, call: Call, number: int) -> Doc:
    doc = call.store.get(kind.kind, number)
    if doc is None or doc["is_deleted"] or not call.sees(kind.kind, doc):
        raise not_found(kind.title)
    return doc


def _joined(name: str, mine: Any, theirs: Any) -> Any:
    if name in ("emails", "phones") and theirs:
        held = {entry["value"] for entry in mine}
        extra = [entry | {"primary": not mine} for entry in theirs if entry["value"] not in held]
        return mine + extra
    if name == "label_ids":
        return list(dict.fromkeys([*mine, *theirs]))
    if name == "custom_fields":
        return {**theirs, **mine}
    return theirs if mine is None else mine


def _relink(call: Call, kind: str, old: int, new: int) -> None:
    link = _LINK[kind]
    for other, columns in COLUMNS.items():
        if link not in columns:
            continue
        for doc in call.store.select(other, [f"{link}=?"], [old]):
            doc[link] = new
            for entry in doc.get("participants", ()) if link == "person_id" else ():
                entry["person_id"] = new if entry["person_id"] == old else entry["person_id"]
            text = _KINDS[other].search_text(doc) if other in _KINDS else doc.get("content", "").lower()
            call.store.replace(other, doc, written=call.now, search=text)


def _follow(call: Call, kind: str, old: int, new: int) -> None:
    call.store.write("UPDATE OR IGNORE followers SET record=? WHERE kind=? AND record=?", (new, kind, old))
    call.store.write("DELETE FROM followers WHERE kind=? AND record=?", (kind, old))


def _shown(kind: RecordKind, call: Call, doc: Doc, swallowed: int) -> Doc:
    # Of organizations the specification shows the id alone.
    shown: Doc = {"id": doc["id"]}
    if kind.kind != "organizations":
        shown |= v1_shapes.RECORDS[kind.entity](call, doc) | {"merge_what_id": swallowed}
    return shown
