"""Webhooks, in v1 alone: who wants to hear of which writes. Their errors have an envelope of their own."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from migrator.simulators.http_wsgi import Response, json_response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call, Handlers
from migrator.simulators.pipedrive.errors import ApiError
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import milliseconds

ACTIONS = ("create", "change", "delete", "*")
OBJECTS = (
    *("activity", "deal", "lead", "note", "organization", "person", "pipeline", "product", "stage"),
    *("user", "*"),
)


def list_webhooks(call: Call) -> Response:
    """GET /v1/webhooks."""
    Parameters(call, ())
    _require_admin(call)
    return _ok(200, data=[_shown(call, doc) for doc in call.account.small["webhooks"].values()])


def create_webhook(call: Call) -> Response:
    """POST /v1/webhooks: 201; more than 40 of one user are refused with 422."""
    _require_admin(call)
    body = _checked(call)
    user = body.get("user_id", call.user["id"])
    own = [doc for doc in call.account.small["webhooks"].values() if doc["user_id"] == user]
    if len(own) >= call.settings.webhook_cap:
        raise _refused(422, "webhooks", f"limit of {call.settings.webhook_cap} webhooks per user is reached")
    doc = {
        "id": call.store.next_id("webhooks"),
        "company_id": call.account.company["id"],
        "owner_id": call.user["id"],
        "user_id": user,
        **{name: body[name] for name in ("event_action", "event_object", "subscription_url")},
        "version": body.get("version", "2.0"),
        "is_active": 1,
        "add_time": milliseconds(call.now),
        "remove_time": None,
        "type": "general",
        "http_auth_user": body.get("http_auth_user"),
        "http_auth_password": body.get("http_auth_password"),
        "remove_reason": None,
        "admin_id": call.user["id"],
        "name": body["name"],
    }
    call.account.save_small("webhooks", doc)
    return _ok(201, data=_shown(call, doc))


def delete_webhook(call: Call, ref: str) -> Response:
    """DELETE /v1/webhooks/{ref}."""
    _require_admin(call)
    number = int(ref) if ref.isascii() and ref.isdigit() else -1
    if call.account.small["webhooks"].pop(number, None) is None:
        raise _refused(404, "id", "not found")
    call.store.drop("webhooks", number)
    return _ok(200)


def _shown(call: Call, doc: Doc) -> Doc:
    at, status = call.account.deliveries.standing(doc["id"])
    moment = milliseconds(at) if at is not None else None
    return doc | {"last_delivery_time": moment, "last_http_status": status}


def _checked(call: Call) -> Doc:
    # Every fault is named under its field, all at once: this page has an envelope of its own.
    sent = call.json()
    if not isinstance(sent, dict):
        raise _refused(400, "body", "must be an object")
    errors = dict(_faults(call, sent))
    if errors:
        raise _webhook_error(400, {name: [words] for name, words in errors.items()})
    return sent


def _faults(call: Call, sent: Doc) -> Iterator[tuple[str, str]]:
    for name in sent if call.settings.refuse_unknown_body_keys else ():
        if name not in _SCHEMA:
            yield name, "is not allowed"
    for name, check in _SCHEMA.items():
        if sent.get(name) is None:
            if name in _REQUIRED:
                yield name, "is required"
            continue
        try:
            check(sent[name], name)
        except ApiError as problem:
            yield name, problem.error.rpartition(": ")[2]
    user = sent.get("user_id")
    if isinstance(user, int) and user not in call.account.users:
        yield "user_id", "not found"
    url = sent.get("subscription_url")
    if isinstance(url, str) and not _is_target(url, call.request.headers.get("host", "")):
        yield "subscription_url", "invalid or non-reachable URL"


def _is_target(url: str, own_host: str) -> bool:
    # The service's own addresses are refused, as the guide says.
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.netloc != own_host
    except ValueError:
        return False


def _require_admin(call: Call) -> None:
    if not call.user["is_admin"]:
        raise ApiError(403, "Forbidden", body={"success": False, "message": "Forbidden"})


def _refused(status: int, name: str, words: str) -> ApiError:
    return _webhook_error(status, {name: [words]})


def _webhook_error(status: int, errors: dict[str, list[str]]) -> ApiError:
    words = "; ".join(f"{name}: {', '.join(found)}" for name, found in errors.items())
    return ApiError(status, words, body={"status": "error", "success": False, "errors": errors})


def _ok(status: int, **more: Any) -> Response:
    return json_response(status, {"status": "ok", "success": True, **more})


_SCHEMA: rules.Schema = {
    "subscription_url": rules.text(2_000, empty=False),
    "event_action": rules.one_of(*ACTIONS),
    "event_object": rules.one_of(*OBJECTS),
    "name": rules.text(255, empty=False),
    "user_id": rules.integer,
    "http_auth_user": rules.text(),
    "http_auth_password": rules.text(),
    "version": rules.one_of("1.0", "2.0"),
}
_REQUIRED = ("subscription_url", "event_action", "event_object", "name")

HANDLERS: Handlers = {
    ("GET", "/v1/webhooks"): list_webhooks,
    ("POST", "/v1/webhooks"): create_webhook,
    ("DELETE", "/v1/webhooks/{ref}"): delete_webhook,
}
