"""Activities: known types, participants instead of person_id, times of import that nobody can set."""

from typing import Any

from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.errors import invalid
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.records import RecordKind
from migrator.simulators.pipedrive.state import Doc

_LINKS = {"deal_id": "deals", "org_id": "organizations", "person_id": "persons"}


def activity_text(doc: Doc) -> str:
    """Activities are not searchable."""
    return ""


def _settle(call: Call, doc: Doc, body: Doc, creating: bool) -> None:
    _settle_type(call, doc, body, creating)
    if "person_id" in body and call.settings.activity_person_id == "refuse":
        raise invalid("person_id: is read-only, send participants")
    for name, kind in _LINKS.items():
        if body.get(name) is not None:
            call.require_record(kind, body[name], name)
    for name in ("lead_id", "project_id"):
        if body.get(name) is not None and body.get("deal_id") is None:
            raise invalid(f"{name}: {body[name]} does not exist")
        doc[name] = None
    _settle_participants(call, doc, body)
    if creating:
        doc["creator_user_id"] = call.user["id"]
    if "done" in body:
        doc["marked_as_done_time"] = (doc["marked_as_done_time"] or call.stamp) if doc["done"] else None


def _settle_type(call: Call, doc: Doc, body: Doc, creating: bool) -> None:
    types = {entry["key_string"]: entry for entry in call.account.small["activity_types"].values()}
    if creating:
        doc["type"] = doc["type"] or "call"
    if creating or "type" in body:
        chosen = types.get(doc["type"])
        if chosen is None or not chosen["active_flag"]:
            raise invalid(f"type: '{doc['type']}' is not an activity type of this account")
        doc["subject"] = doc["subject"] or chosen["name"]


def _settle_participants(call: Call, doc: Doc, body: Doc) -> None:
    if body.get("person_id") is not None and call.settings.activity_person_id == "accept":
        doc["participants"] = doc["participants"] or [{"person_id": body["person_id"], "primary": True}]
    entries = doc["participants"] = doc["participants"] or []
    marked = [entry for entry in entries if entry.get("primary")]
    if len(marked) > 1:
        raise invalid("participants: only one item can be primary")
    for entry in entries if "participants" in body else ():
        call.require_record("persons", entry["person_id"], "participants.person_id")
    primary = marked[0] if marked else (entries[0] if entries else None)
    doc["participants"] = [
        {"person_id": entry["person_id"], "primary": entry is primary} for entry in entries
    ]
    doc["person_id"] = primary["person_id"] if primary else None


def _where(parameters: Parameters, where: list[str], values: list[Any]) -> None:
    done = parameters.flag("done")
    if done is not None:
        where.append(f"done={int(done)}")
    if parameters.text("lead_id") is not None:
        where.append("0")


ACTIVITY = RecordKind(
    kind="activities",
    entity="activity",
    title="Activity",
    schema={
        "subject": rules.text(255),
        "type": rules.text(255, empty=False),
        "owner_id": rules.integer,
        "deal_id": rules.or_null(rules.integer),
        "lead_id": rules.or_null(rules.text(36)),
        "person_id": rules.or_null(rules.integer),
        "org_id": rules.or_null(rules.integer),
        "project_id": rules.or_null(rules.integer),
        "due_date": rules.or_null(rules.day),
        "due_time": rules.or_null(rules.clock_time),
        "duration": rules.or_null(rules.duration),
        "busy": rules.or_null(rules.boolean),
        "done": rules.boolean,
        "location": rules.or_null(rules.ADDRESS),
        "participants": rules.or_null(
            rules.array(
                rules.record(
                    {"person_id": rules.integer, "primary": rules.boolean},
                    required=("person_id",),
                )
            )
        ),
        "attendees": rules.or_null(
            rules.array(
                rules.record(
                    {
                        "email": rules.text(),
                        "name": rules.or_null(rules.text()),
                        "status": rules.or_null(rules.text()),
                        "is_organizer": rules.or_null(rules.boolean),
                        "person_id": rules.or_null(rules.integer),
                        "user_id": rules.or_null(rules.integer),
                    },
                    required=("email",),
                )
            )
        ),
        "public_description": rules.or_null(rules.html),
        "priority": rules.or_null(rules.integer),
        "note": rules.or_null(rules.html),
    },
    create_only={},
    required=(),
    defaults={
        "subject": None,
        "type": None,
        "owner_id": None,
        "creator_user_id": None,
        "add_time": None,
        "update_time": None,
        "deal_id": None,
        "lead_id": None,
        "person_id": None,
        "org_id": None,
        "project_id": None,
        "due_date": None,
        "due_time": None,
        "duration": None,
        "busy": False,
        "done": False,
        "marked_as_done_time": None,
        "location": None,
        "participants": [],
        "attendees": [],
        "conference_meeting_client": None,
        "conference_meeting_url": None,
        "conference_meeting_id": None,
        "public_description": None,
        "priority": None,
        "note": None,
    },
    settle=_settle,
    search_text=activity_text,
    selectors={name: f"{name}=?" for name in ("owner_id", "deal_id", "person_id", "org_id")},
    sorts=("id", "update_time", "add_time", "due_date"),
    optional=("attendees",),
    hidden=("deleted_at", "attendees"),
    custom=False,
    more_parameters=("done", "lead_id"),
    where=_where,
    dropped=("add_time", "update_time", "marked_as_done_time"),
)
