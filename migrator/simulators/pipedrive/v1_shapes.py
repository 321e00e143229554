"""Records as v1 wrote them: what recents, merges and webhooks of version 1.0 still show.

Names and nestings are those of the specification's schemas for /recents and the merges; custom fields lie at the root.
"""

from collections.abc import Callable, Mapping
from typing import Any

from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.counts import counted
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import spaced_from_rfc3339

_ACTIVITY_COUNTS = (
    *("email_messages_count", "activities_count", "done_activities_count", "undone_activities_count"),
    *("files_count", "notes_count", "followers_count", "next_activity_id", "last_activity_id"),
)
_DEAL_COUNTS = tuple(
    f"{prefix}{state}_deals_count"
    for state in ("open", "closed", "won", "lost")
    for prefix in ("", "related_")
)


def person(call: Call, doc: Doc) -> Doc:
    """A person."""
    names = (
        *_ACTIVITY_COUNTS,
        *_DEAL_COUNTS,
        "participant_open_deals_count",
        "participant_closed_deals_count",
    )
    return (
        _record(call, doc)
        | {name: doc[name] for name in ("name", "first_name", "last_name", "org_id", "owner_id")}
        | {
            "phone": doc["phones"],
            "email": doc["emails"],
            "picture_id": None,
            "first_char": doc["name"][:1].lower(),
            "org_name": _called(call, "organizations", doc["org_id"]),
            "owner_name": _user(call, doc["owner_id"]).get("name"),
            "cc_email": _mail_address(call),
        }
        | _with_neighbours(call, counted(call, "persons", [doc], names)[doc["id"]])
    )


def organization(call: Call, doc: Doc) -> Doc:
    """An organization; its owner is an object, its address is flat."""
    owner = _user(call, doc["owner_id"])
    address = doc["address"] or {}
    return (
        _record(call, doc)
        | {
            "name": doc["name"],
            "owner_id": {
                **{name: owner.get(name) for name in ("id", "name", "email", "active_flag")},
                **{"has_pic": 0, "pic_hash": None, "value": owner.get("id")},
            },
            "picture_id": None,
            "first_char": doc["name"][:1].lower(),
            "country_code": None,
            "owner_name": owner.get("name"),
            "cc_email": _mail_address(call),
            "address": address.get("value"),
            **{f"address_{part}": address.get(part) for part in _ADDRESS},
            "address_formatted_address": address.get("value"),
        }
        | counted(call, "organizations", [doc], (*_ACTIVITY_COUNTS, *_DEAL_COUNTS, "people_count"))[doc["id"]]
    )


def deal(call: Call, doc: Doc) -> Doc:
    """A deal; its label is a text."""
    stage = call.account.small["stages"].get(doc["stage_id"], {})
    kept = (
        *("creator_user_id", "person_id", "org_id", "stage_id", "title", "value", "currency", "is_archived"),
        *(
            "status",
            "probability",
            "lost_reason",
            "pipeline_id",
            "expected_close_date",
            "origin",
            "origin_id",
        ),
        *("channel", "channel_id", "arr", "mrr", "acv"),
    )
    moments = ("stage_change_time", "close_time", "won_time", "lost_time")
    shown = _record(call, doc) | {
        **{name: doc[name] for name in kept},
        **{name: spaced_from_rfc3339(doc[name]) for name in moments},
        "user_id": doc["owner_id"],
        "active": not doc["is_deleted"] and doc["status"] == "open",
        "deleted": doc["is_deleted"],
        "label": ",".join(map(str, doc["label_ids"])) or None,
        "stage_order_nr": stage.get("order_nr"),
        "person_name": _called(call, "persons", doc["person_id"]),
        "org_name": _called(call, "organizations", doc["org_id"]),
        "owner_name": _user(call, doc["owner_id"]).get("name"),
        "cc_email": _mail_address(call, f"+deal{doc['id']}"),
        "weighted_value": doc["value"],
        "weighted_value_currency": doc["currency"],
        "org_hidden": False,
        "person_hidden": False,
    }
    names = (*_ACTIVITY_COUNTS, "participants_count", "products_count")
    return (
        _without(shown, "active_flag", "company_id", "label_ids")
        | _money(doc)
        | _with_neighbours(call, counted(call, "deals", [doc], names)[doc["id"]], more=_NEXT)
    )


def activity(call: Call, doc: Doc) -> Doc:
    """An activity; flags and the owner have other names than in v2."""
    place = doc["location"] or {}
    kept = (
        *("id", "done", "type", "due_date", "due_time", "duration", "subject", "public_description", "note"),
        *("org_id", "person_id", "deal_id", "lead_id", "project_id", "conference_meeting_client"),
        *("conference_meeting_url", "conference_meeting_id"),
    )
    return {
        **{name: doc[name] for name in kept},
        "company_id": call.account.company["id"],
        "user_id": doc["owner_id"],
        "assigned_to_user_id": doc["owner_id"],
        "created_by_user_id": doc["creator_user_id"],
        "busy_flag": bool(doc["busy"]),
        "active_flag": not doc["is_deleted"],
        **{
            name: spaced_from_rfc3339(doc[name])
            for name in ("add_time", "update_time", "marked_as_done_time")
        },
        "location": place.get("value"),
        "participants": [
            {"person_id": entry["person_id"], "primary_flag": entry["primary"]}
            for entry in doc["participants"]
        ],
        "attendees": doc["attendees"],
        "org_name": _called(call, "organizations", doc["org_id"]),
        "person_name": _called(call, "persons", doc["person_id"]),
        "deal_title": _called(call, "deals", doc["deal_id"]),
        "owner_name": _user(call, doc["owner_id"]).get("name"),
    }


def pipeline(call: Call, doc: Doc) -> Doc:
    """A pipeline."""
    return {
        **{name: doc[name] for name in ("id", "name", "order_nr")},
        "url_title": doc["name"],
        "active": not doc["is_deleted"],
        "deal_probability": doc["is_deal_probability_enabled"],
        **_moments(doc),
    }


def stage(call: Call, doc: Doc) -> Doc:
    """A stage."""
    return {
        **{name: doc[name] for name in ("id", "name", "order_nr", "deal_probability", "pipeline_id")},
        "active_flag": not doc["is_deleted"],
        "rotten_flag": doc["is_deal_rot_enabled"],
        "rotten_days": doc["days_to_rotten"],
        **_moments(doc),
    }


RECORDS: Mapping[str, Callable[[Call, Doc], Doc]] = {
    "person": person,
    "organization": organization,
    "deal": deal,
    "activity": activity,
    "pipeline": pipeline,
    "stage": stage,
}


def _record(call: Call, doc: Doc) -> Doc:
    return {
        "id": doc["id"],
        "company_id": call.account.company["id"],
        "active_flag": not doc["is_deleted"],
        **_moments(doc),
        "visible_to": str(doc["visible_to"]),
        "label": doc["label_ids"][0] if doc["label_ids"] else None,
        "label_ids": doc["label_ids"],
        **doc["custom_fields"],
    }


def _moments(doc: Doc) -> Doc:
    return {name: spaced_from_rfc3339(doc[name]) for name in ("add_time", "update_time")}


def _called(call: Call, kind: str, number: int | None) -> str | None:
    found = call.store.get(kind, number) if number is not None else None
    return (found.get("name") or found.get("title")) if found else None


def _user(call: Call, number: int) -> Doc:
    return call.account.users.get(number, {})


def _mail_address(call: Call, more: str = "") -> str:
    return f"{call.account.company['domain']}{more}@pipedrivemail.com"


def _money(doc: Doc) -> Doc:
    currencies = {
        f"{name}_currency": doc["currency"] if doc[name] else None for name in ("acv", "arr", "mrr")
    }
    written = f"{doc['currency']} {doc['value'] or 0:,}"
    formatted = dict.fromkeys(("formatted_value", "formatted_weighted_value"), written)
    return (
        currencies | formatted | {"first_won_time": spaced_from_rfc3339(doc["won_time"]), "rotten_time": None}
    )


def _with_neighbours(call: Call, counts: Doc, more: tuple[str, ...] = ()) -> Doc:
    # Nothing is ever mailed here; the next and the last activity are told with their day.
    found = {
        place: call.store.get("activities", counts[f"{place}_activity_id"] or 0) or {}
        for place in ("next", "last")
    }
    days = {f"{place}_activity_date": activity.get("due_date") for place, activity in found.items()}
    following = {"next_activity_time": found["next"].get("due_time")}
    following |= {f"next_activity_{name}": found["next"].get(name) for name in more}
    mails = dict.fromkeys(("last_incoming_mail_time", "last_outgoing_mail_time"))
    return counts | days | following | mails


def _without(doc: Doc, *names: str) -> dict[str, Any]:
    return {name: value for name, value in doc.items() if name not in names}


_NEXT = ("subject", "type", "duration", "note")
_ADDRESS = (
    *("subpremise", "street_number", "route", "sublocality", "locality", "admin_area_level_1"),
    *("admin_area_level_2", "country", "postal_code"),
)
