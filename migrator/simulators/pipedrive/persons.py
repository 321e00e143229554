"""Persons: name split, contacts, contact-sync fields and the campaign status."""

from typing import Any

from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.errors import ApiError, invalid
from migrator.simulators.pipedrive.records import RecordKind
from migrator.simulators.pipedrive.state import Doc

_SYNC_ONLY = ("postal_address", "notes", "im", "birthday", "job_title")
_COUNTS = tuple(
    [
        "open_deals_count",
        "related_open_deals_count",
        "closed_deals_count",
        "related_closed_deals_count",
        "participant_open_deals_count",
        "participant_closed_deals_count",
        "email_messages_count",
        "activities_count",
        "done_activities_count",
        "undone_activities_count",
        "files_count",
        "notes_count",
        "followers_count",
        "won_deals_count",
        "related_won_deals_count",
        "lost_deals_count",
        "related_lost_deals_count",
    ]
)


def split_name(name: str) -> tuple[str, str | None]:
    """First word and the rest."""
    first, _, last = name.strip().partition(" ")
    return first, last.strip() or None


def searchable(value: Any) -> list[str]:
    """The texts inside a custom value that search can find."""
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return []
    return [str(value)]


def person_text(doc: Doc) -> str:
    """All searchable text of a person, lower case."""
    parts = [doc["name"], *(entry["value"] for entry in (*doc["emails"], *doc["phones"]))]
    for value in doc["custom_fields"].values():
        parts += searchable(value)
    return "\n".join(parts).lower()


def _settle_name(call: Call, doc: Doc, body: Doc) -> None:
    # The guide asks for a name, or a first and a last name of which one may be empty (reference 3.1).
    halves = [key for key in ("first_name", "last_name") if key in body]
    if halves and call.settings.person_first_last_name == "refuse":
        raise invalid(f"Parameter '{halves[0]}' is not allowed")
    if "name" in body:
        doc["first_name"], doc["last_name"] = split_name(doc["name"])
    elif halves:
        known = [(doc[key] or "").strip() for key in ("first_name", "last_name")]
        doc["first_name"], doc["last_name"] = known[0], known[1] or None
        doc["name"] = " ".join(filter(None, known))
    if not doc["name"]:
        raise invalid("name: Required")


def _settle(call: Call, doc: Doc, body: Doc, creating: bool) -> None:
    _settle_name(call, doc, body)
    if body.get("org_id") is not None:
        call.require_record("organizations", body["org_id"], "org_id")
    doc["emails"] = doc["emails"] or []
    doc["phones"] = doc["phones"] or []
    if call.settings.contact_sync:
        doc |= {key: doc.get(key) for key in _SYNC_ONLY}
    elif any(key in body for key in _SYNC_ONLY):
        raise ApiError(403, "Contact sync fields are not available in this account")
    _settle_consent(call, doc, body, creating)


def _settle_consent(call: Call, doc: Doc, body: Doc, creating: bool) -> None:
    # A forbidden value never fails: the answer simply shows the old one.
    asked = body.get("marketing_status")
    if not call.settings.campaigns:
        doc.pop("marketing_status", None)
        return
    held, changes = doc.get("consent", ("no_consent", 0))
    valid = any("@" in entry["value"] for entry in doc["emails"])
    if asked is not None and valid and asked != held and (creating or changes == 0):
        held, changes = asked, changes + (0 if creating else 1)
    doc["consent"] = (held, changes)
    doc["marketing_status"] = held


PERSON = RecordKind(
    kind="persons",
    entity="person",
    title="Person",
    schema={
        "name": rules.text(255, empty=False),
        "first_name": rules.or_null(rules.text(255)),
        "last_name": rules.or_null(rules.text(255)),
        "owner_id": rules.integer,
        "org_id": rules.or_null(rules.integer),
        "emails": rules.or_null(rules.contacts),
        "phones": rules.or_null(rules.contacts),
        "visible_to": rules.integer,
        "label_ids": rules.or_null(rules.array(rules.integer, most=100)),
        "custom_fields": lambda value, name: value,
        "marketing_status": rules.one_of("no_consent", "unsubscribed", "subscribed", "archived"),
        "postal_address": rules.or_null(rules.ADDRESS),
        "notes": rules.or_null(rules.text(10_000)),
        "im": rules.or_null(rules.contacts),
        "birthday": rules.or_null(rules.day),
        "job_title": rules.or_null(rules.text(255)),
    },
    create_only={"add_time": rules.moment},
    required=(),
    defaults={
        "name": None,
        "first_name": None,
        "last_name": None,
        "owner_id": None,
        "org_id": None,
        "add_time": None,
        "update_time": None,
        "emails": [],
        "phones": [],
        "visible_to": None,
        "label_ids": [],
        "picture_id": None,
        "custom_fields": {},
    },
    settle=_settle,
    search_text=person_text,
    selectors={
        "owner_id": "owner_id=?",
        "org_id": "org_id=?",
        "deal_id": "id IN (SELECT person_id FROM deals WHERE id=?)",
    },
    optional=(
        *_COUNTS,
        *("next_activity_id", "last_activity_id", "last_incoming_mail_time", "last_outgoing_mail_time"),
        *("marketing_status", "doi_status", "smart_bcc_email"),
    ),
    hidden=("deleted_at", "consent", "marketing_status"),
)
