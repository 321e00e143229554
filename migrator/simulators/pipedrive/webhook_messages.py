"""The messages that writes become for webhooks, in the forms of the developers' guides.

Version 2.0 has meta, data and previous; 1.0 has the record as v1 showed it, in current and previous.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import v1_shapes
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.activities import ACTIVITY
from migrator.simulators.pipedrive.changes import Change
from migrator.simulators.pipedrive.deals import DEAL
from migrator.simulators.pipedrive.deliveries import Message
from migrator.simulators.pipedrive.followers import seers
from migrator.simulators.pipedrive.notes import show_note
from migrator.simulators.pipedrive.organizations import ORGANIZATION
from migrator.simulators.pipedrive.persons import PERSON
from migrator.simulators.pipedrive.records import show
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import milliseconds
from migrator.simulators.pipedrive.users import show_user

_OLD_WORDS = {"create": "added", "change": "updated", "delete": "deleted"}
_KINDS = {kind.entity: kind for kind in (PERSON, ORGANIZATION, DEAL, ACTIVITY)}


def telling(handler: Callable[..., Response]) -> Callable[..., Response]:
    """The same handler, which puts what it wrote on its way to the webhooks once it went well."""

    def handle(call: Call, **segments: str) -> Response:
        call.account.outbox.clear()
        response = handler(call, **segments)
        if call.account.outbox:
            publish(call)
        return response

    return handle


def publish(call: Call) -> None:
    """Queue every kept change for every webhook that wants it and whose user may see it."""
    for change in call.account.outbox:
        for hook in call.account.small["webhooks"].values():
            if _wants(hook, change) and _permitted(call, hook, change):
                call.account.deliveries.put(_message(call, hook, change))
    call.account.outbox.clear()


def _wants(hook: Doc, change: Change) -> bool:
    return hook["event_action"] in (change.action, "*") and hook["event_object"] in (change.entity, "*")


def _permitted(call: Call, hook: Doc, change: Change) -> bool:
    user = call.account.users.get(hook["user_id"])
    kind = _KINDS.get(change.entity)
    doc = change.after or change.before or {}
    if user is None or not user["active_flag"]:
        return False
    return kind is None or replace(call, user=user).sees(kind.kind, doc)


def _message(call: Call, hook: Doc, change: Change) -> Message:
    # Shown now, under the lock: later the record may be another.
    make = _version_2 if hook["version"] == "2.0" else _version_1
    login = (hook["http_auth_user"], hook["http_auth_password"] or "") if hook["http_auth_user"] else None
    return Message(hook["id"], hook["subscription_url"], login, make(call, hook, change))


def _version_2(call: Call, hook: Doc, change: Change) -> Callable[[int], Doc]:
    data, previous = (_shown_2(call, change.entity, doc) for doc in (change.after, change.before))
    if data is not None and previous is not None:
        previous = {name: value for name, value in previous.items() if data.get(name) != value}
    company = call.account.company
    meta: Doc = {
        "action": change.action,
        "entity": change.entity,
        "company_id": str(company["id"]),
        "correlation_id": str(uuid.uuid4()),
        "entity_id": str(change.number),
        "id": str(uuid.uuid4()),
        "is_bulk_edit": False,
        "timestamp": milliseconds(call.now),
        "type": "general",
        "user_id": str(call.user["id"]),
        "version": "2.0",
        "webhook_id": str(hook["id"]),
        "webhook_owner_id": str(hook["owner_id"]),
        "change_source": "api",
        "host": f"{company['domain']}.pipedrive.com",
    }
    if change.entity != "user":
        meta["permitted_user_ids"] = [str(number) for number in _seers(call, change)]
    if change.merged is not None:
        meta[change.merged[0]] = str(change.merged[1])
    return lambda attempt: {"data": data, "previous": previous, "meta": meta | {"attempt": attempt}}


def _version_1(call: Call, hook: Doc, change: Change) -> Callable[[int], Doc]:
    current, previous = (_shown_1(call, change.entity, doc) for doc in (change.after, change.before))
    word = _OLD_WORDS[change.action]
    meta = {
        "v": 1,
        "action": word,
        "object": change.entity,
        "id": change.number,
        "company_id": call.account.company["id"],
        "user_id": call.user["id"],
        "host": f"{call.account.company['domain']}.pipedrive.com",
        "timestamp": int(call.now),
        "timestamp_micro": int(call.now * 1_000_000),
        "permitted_user_ids": _seers(call, change),
        "trans_pending": False,
        "is_bulk_update": False,
        "pipedrive_service_name": False,
        "change_source": "api",
        "matches_filters": {"current": []},
        "webhook_id": str(hook["id"]),
    }
    body: Doc = {"v": 1, "matches_filters": {"current": []}, "meta": meta, "current": current}
    return lambda attempt: (
        body | {"previous": previous, "event": f"{word}.{change.entity}", "retry": attempt - 1}
    )


def _seers(call: Call, change: Change) -> list[int]:
    kind = _KINDS.get(change.entity)
    doc = change.after or change.before or {}
    return seers(call, kind.kind, doc) if kind else [number for number in call.account.users]


def _shown_2(call: Call, entity: str, doc: Doc | None) -> Doc | None:
    if doc is None or entity in ("pipeline", "stage"):
        return doc
    if entity not in _KINDS:
        return _shown_1(call, entity, doc)
    shown = show(_KINDS[entity], call, doc)
    if "custom_fields" in shown:
        fields = call.account.catalogue
        typed = ((code, fields.field(entity, code), value) for code, value in shown["custom_fields"].items())
        shown["custom_fields"] = {
            code: None if value is None or field is None else _typed(field.type, value)
            for code, field, value in typed
        }
    return shown


def _typed(kind: str, value: Any) -> Doc:
    if kind == "set":
        return {"type": kind, "values": [{"id": choice} for choice in value]}
    if kind in ("enum", "user", "org", "people"):
        return {"type": kind, "id": value}
    return {"type": kind, **value} if isinstance(value, dict) else {"type": kind, "value": value}


def _shown_1(call: Call, entity: str, doc: Doc | None) -> Doc | None:
    if doc is None:
        return None
    if entity == "note":
        return show_note(call, doc)
    return show_user(call, doc) if entity == "user" else v1_shapes.RECORDS[entity](call, doc)
