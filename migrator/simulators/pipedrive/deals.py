"""Deals: a person or an organization is needed, stage and pipeline agree, closing times follow the status."""

from functools import partial
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.errors import ApiError, invalid
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.persons import searchable
from migrator.simulators.pipedrive.records import DELETED_FOR_GOOD, RecordKind, list_
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import rfc3339

_STATES = ("open", "won", "lost")
_OPTIONAL = tuple(
    [
        "next_activity_id",
        "last_activity_id",
        "first_won_time",
        "products_count",
        "files_count",
        "notes_count",
        "followers_count",
        "email_messages_count",
        "activities_count",
        "done_activities_count",
        "undone_activities_count",
        "participants_count",
        "last_incoming_mail_time",
        "last_outgoing_mail_time",
        "smart_bcc_email",
        "source_lead_id",
    ]
)


def deal_text(doc: Doc) -> str:
    """All searchable text of a deal, lower case."""
    parts = [doc["title"]]
    for value in doc["custom_fields"].values():
        parts += searchable(value)
    return "\n".join(parts).lower()


def _settle(call: Call, doc: Doc, body: Doc, creating: bool) -> None:
    if body.get("person_id") is not None:
        call.require_record("persons", body["person_id"], "person_id")
    if body.get("org_id") is not None:
        call.require_record("organizations", body["org_id"], "org_id")
    if call.settings.deal_needs_contact and doc["person_id"] is None and doc["org_id"] is None:
        raise invalid("A deal needs person_id or org_id")
    if creating:
        _check_cap(call)
        doc["creator_user_id"] = call.user["id"]
        doc["currency"] = doc["currency"] or call.account.company["default_currency"]
    _settle_stage(call, doc, body, creating)
    _settle_status(call, doc, body)
    if doc["is_deleted"]:
        doc["deleted_at"] = call.now


def _open_deals(call: Call, most: int) -> int:
    where = ["is_deleted=0", "status='open'"]
    return call.store.count_up_to(most, "deals INDEXED BY deals_open", where, [])


def _check_cap(call: Call) -> None:
    per_seat = call.account.plan.deals_per_seat
    if per_seat is None:
        return
    if _open_deals(call, per_seat * call.settings.seats) >= per_seat * call.settings.seats:
        raise ApiError(403, "Deals limit of the company is reached", code="feature_capping_deals_limit")


def _settle_stage(call: Call, doc: Doc, body: Doc, creating: bool) -> None:
    stages, pipelines = call.account.small["stages"], call.account.small["pipelines"]
    if body.get("stage_id") is not None:
        stage = stages.get(body["stage_id"])
        if stage is None or stage["is_deleted"]:
            raise invalid(f"stage_id: {body['stage_id']} does not exist")
        if body.get("pipeline_id") not in (None, stage["pipeline_id"]):
            raise invalid("stage_id: belongs to another pipeline")
        doc["pipeline_id"] = stage["pipeline_id"]
    elif creating or body.get("pipeline_id") is not None:
        number = body.get("pipeline_id") or next(
            (pipeline["id"] for pipeline in pipelines.values() if not pipeline["is_deleted"]), 0
        )
        if number not in pipelines or pipelines[number]["is_deleted"]:
            raise invalid(f"pipeline_id: {number} does not exist")
        live = (stage for stage in stages.values() if not stage["is_deleted"])
        own = (stage["id"] for stage in live if stage["pipeline_id"] == number)
        doc |= {"pipeline_id": number, "stage_id": next(own, None)}
    if creating or "stage_id" in body:
        doc["stage_change_time"] = call.stamp


def _settle_status(call: Call, doc: Doc, body: Doc) -> None:
    state = doc["status"]
    if body.get("lost_reason") is not None and state != "lost":
        raise invalid("lost_reason: can only be set on a lost deal")
    for name, states in _TIMES_OF_STATES.items():
        if body.get(name) is not None and state not in states:
            raise invalid(f"{name}: can only be set on a deal that is {' or '.join(states)}")
    if state == "open":
        doc |= {"won_time": None, "lost_time": None, "close_time": None, "lost_reason": None}
    else:
        closed = body.get("close_time") or body.get(f"{state}_time") or doc[f"{state}_time"] or call.stamp
        doc |= {"won_time": None, "lost_time": None, f"{state}_time": closed, "close_time": closed}
    for name in ("won", "lost", "close"):
        moment = doc[f"{name}_time"]
        doc[f"local_{name}_date"] = moment[:10] if moment else None
    if doc["is_archived"]:
        doc["archive_time"] = doc["archive_time"] or call.stamp
    else:
        doc["archive_time"] = None


def _close_day(value: Any, name: str) -> Any:
    # Seen live: null does not clear it, an empty text leaves a day of noughts.
    return "0000-00-00" if value == "" else rules.day(value, name)


def _where(archived: bool, parameters: Parameters, where: list[str], values: list[Any]) -> None:
    where.append(f"is_archived={int(archived)}")
    states = parameters.words("status", (*_STATES, "deleted"))
    if not states:
        return
    where[0] = "1"
    shown = [f"(is_deleted=0 AND status='{state}')" for state in states if state != "deleted"]
    if "deleted" in states:
        # Deleting is the last change of a deal, and it is gone for good after 30 days.
        shown.append("(is_deleted=1 AND update_time>?)")
        values.append(rfc3339(parameters.now - DELETED_FOR_GOOD))
    where.append(f"({' OR '.join(shown)})")


def _kind(*, archived: bool) -> RecordKind:
    return RecordKind(
        kind="deals",
        entity="deal",
        title="Deal",
        schema=_SCHEMA,
        create_only={},
        required=("title",),
        defaults=_DEFAULTS,
        settle=_settle,
        search_text=deal_text,
        selectors={
            name: f"{name}=?" for name in ("owner_id", "person_id", "org_id", "pipeline_id", "stage_id")
        },
        optional=_OPTIONAL,
        more_parameters=("status",),
        where=partial(_where, archived),
        dropped=("add_time", "update_time"),
    )


_SCHEMA: rules.Schema = {
    "title": rules.text(255, empty=False),
    "owner_id": rules.integer,
    "person_id": rules.or_null(rules.integer),
    "org_id": rules.or_null(rules.integer),
    "pipeline_id": rules.integer,
    "stage_id": rules.integer,
    "value": rules.or_null(rules.number),
    "currency": rules.text(3, empty=False),
    "is_deleted": rules.boolean,
    "is_archived": rules.boolean,
    "archive_time": rules.or_null(rules.moment),
    "status": rules.one_of(*_STATES),
    "probability": rules.or_null(rules.between(0, 100)),
    "lost_reason": rules.or_null(rules.text(150)),
    "visible_to": rules.integer,
    "close_time": rules.or_null(rules.moment),
    "won_time": rules.or_null(rules.moment),
    "lost_time": rules.or_null(rules.moment),
    "expected_close_date": _close_day,
    "label_ids": rules.or_null(rules.array(rules.integer, most=100)),
    "custom_fields": lambda value, name: value,
}
_TIMES_OF_STATES = {"won_time": ("won",), "lost_time": ("lost",), "close_time": ("won", "lost")}
_DEFAULTS: dict[str, Any] = {
    "title": None,
    "creator_user_id": None,
    "owner_id": None,
    "value": 0,
    "person_id": None,
    "org_id": None,
    "stage_id": None,
    "pipeline_id": None,
    "currency": None,
    "archive_time": None,
    "add_time": None,
    "update_time": None,
    "stage_change_time": None,
    "status": "open",
    "is_archived": False,
    "probability": None,
    "lost_reason": None,
    "visible_to": None,
    "close_time": None,
    "won_time": None,
    "lost_time": None,
    "local_won_date": None,
    "local_lost_date": None,
    "local_close_date": None,
    "expected_close_date": None,
    "label_ids": [],
    "origin": "API",
    "origin_id": None,
    "channel": None,
    "channel_id": None,
    "acv": None,
    "arr": None,
    "mrr": None,
    "custom_fields": {},
}

DEAL = _kind(archived=False)
_ARCHIVED = _kind(archived=True)


def list_archived(call: Call) -> Response:
    """GET /api/v2/deals/archived."""
    return list_(_ARCHIVED, call)
