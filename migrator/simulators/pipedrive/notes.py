"""Notes, in v1 alone: HTML content on a person, organization or deal, with a date that may be set."""

from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import attached, rules, times
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok, v1_page
from migrator.simulators.pipedrive.errors import ApiError, invalid, not_found
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.sanitizer import sanitized
from migrator.simulators.pipedrive.state import Doc

_PARENTS = {"person_id": "persons", "org_id": "organizations", "deal_id": "deals"}
_FOREIGN = ("lead_id", "project_id", "task_id")
_PINS = tuple(f"pinned_to_{name}_flag" for name in ("deal", "organization", "person", "project", "task"))
_SORTS = frozenset(["id", "user_id", "deal_id", "person_id", "org_id", "content", "add_time", "update_time"])
_NAMES = {
    "person": ("persons", "person_id", "name"),
    "organization": ("organizations", "org_id", "name"),
    "deal": ("deals", "deal_id", "title"),
}


def list_notes(call: Call) -> Response:
    """GET many, by start and limit."""
    parameters = Parameters(call, _LIST)
    start, limit = parameters.start(), parameters.limit()
    seen, values = attached.sight(call)
    where = ["is_deleted=0", *seen]
    for name in ("user_id", *_PARENTS):
        value = parameters.integer(name)
        if value is not None:
            where.append(f"{name}=?")
            values.append(value)
    where.extend("0" for name in _FOREIGN if parameters.text(name) is not None)
    _add_dates(parameters, where, values)
    _add_pins(parameters, where)
    order = _order(parameters.text("sort"))
    docs = call.store.select("notes", where, values, order=order, limit=limit + 1, offset=start)
    shown = [show_note(call, doc) for doc in docs[:limit]]
    null = call.settings.v1_empty_list_is_null
    return v1_page(shown, start=start, limit=limit, more=len(docs) > limit, empty_is_null=null)


def read_note(call: Call, ref: str) -> Response:
    """GET one; a deleted one is shown with active_flag false."""
    return ok(show_note(call, _note(call, ref)))


def create_note(call: Call) -> Response:
    """POST."""
    body = rules.body(call, _SCHEMA, required=("content",))
    if all(body.get(name) is None for name in (*_PARENTS, *_FOREIGN)):
        raise ApiError(400, "One of person_id, org_id, deal_id, lead_id, project_id or task_id is required")
    doc: Doc = {
        "id": 0,
        "user_id": call.user["id"],
        **dict.fromkeys(_PARENTS),
        "add_time": call.stamp,
        "update_time": call.stamp,
        "is_deleted": False,
        "last_update_user_id": None,
        **dict.fromkeys(_PINS, False),
    }
    _apply(call, doc, body)
    doc["id"] = call.store.next_id("notes")
    call.store.insert("notes", doc, written=call.now, search=doc["content"].lower())
    call.tell("note", None, doc)
    return ok(show_note(call, doc))


def change_note(call: Call, ref: str) -> Response:
    """PUT."""
    doc = _note(call, ref)
    if doc["is_deleted"]:
        raise not_found("Note")
    before = dict(doc)
    _apply(call, doc, rules.body(call, _SCHEMA))
    doc |= {"update_time": call.stamp, "last_update_user_id": call.user["id"]}
    call.store.replace("notes", doc, written=call.now, search=doc["content"].lower())
    call.tell("note", before, doc)
    return ok(show_note(call, doc))


def delete_note(call: Call, ref: str) -> Response:
    """DELETE: soft."""
    doc = _note(call, ref)
    if doc["is_deleted"]:
        raise not_found("Note")
    before = dict(doc)
    doc |= {"is_deleted": True, "update_time": call.stamp}
    call.store.replace("notes", doc, written=call.now, search="")
    call.tell("note", before, doc)
    return ok(True)


def show_note(call: Call, doc: Doc) -> Doc:
    """A note as v1 answers it."""
    author = call.account.users.get(doc["user_id"], {})
    shown = {
        "id": doc["id"],
        "user_id": doc["user_id"],
        **{name: doc[name] for name in _PARENTS},
        "lead_id": None,
        **dict.fromkeys(("project_id", "task_id", "project", "task")),
        "content": doc["content"],
        "add_time": times.spaced_from_rfc3339(doc["add_time"]),
        "update_time": times.spaced_from_rfc3339(doc["update_time"]),
        "active_flag": not doc["is_deleted"],
        **{name: doc[name] for name in _PINS},
        "last_update_user_id": doc["last_update_user_id"],
        "user": {
            "email": author.get("email"),
            "name": author.get("name"),
            "icon_url": None,
            "is_you": doc["user_id"] == call.user["id"],
        },
    }
    return shown | {label: _parent(call, doc, label) for label in _NAMES}


def _parent(call: Call, doc: Doc, label: str) -> Doc | None:
    kind, key, name = _NAMES[label]
    found = call.store.get(kind, doc[key]) if doc[key] is not None else None
    return {name: found[name]} if found else None


def _apply(call: Call, doc: Doc, body: Doc) -> None:
    body = dict(body)
    for name, kind in _PARENTS.items():
        if body.get(name) is not None:
            call.require_record(kind, body[name], name)
    for name in _FOREIGN:
        if body.pop(name, None) is not None:
            raise invalid(f"{name}: does not exist")
    if "user_id" in body and body["user_id"] != call.user["id"]:
        call.require_admin()
        call.require_user(body["user_id"], "user_id")
    if "content" in body:
        body["content"] = _content(call, body["content"])
    doc |= body
    if all(doc[name] is None for name in _PARENTS):
        raise ApiError(400, "A note needs a person, an organization or a deal")


def _content(call: Call, html: str) -> str:
    if len(html.encode("utf-8", "surrogatepass")) > call.settings.note_size_cap:
        raise ApiError(400, f"content: must not be larger than {call.settings.note_size_cap} bytes")
    return sanitized(html)


def _note(call: Call, ref: str) -> Doc:
    doc = call.store.get("notes", int(ref)) if ref.isascii() and ref.isdigit() else None
    if doc is None or not attached.sees(call, doc):
        raise not_found("Note")
    return doc


def _add_dates(parameters: Parameters, where: list[str], values: list[Any]) -> None:
    for name, condition in (
        ("start_date", "substr(add_time,1,10) >= ?"),
        ("end_date", "substr(add_time,1,10) <= ?"),
    ):
        raw = parameters.text(name)
        if raw is not None:
            where.append(condition)
            values.append(rules.day(raw, name))
    since = parameters.moment("updated_since")
    if since is not None:
        where.append("update_time >= ?")
        values.append(since)


def _add_pins(parameters: Parameters, where: list[str]) -> None:
    for name in _PINS:
        flag = parameters.flag(name)
        if flag is not None:
            where.append(f"json_extract(doc,'$.{name}')={int(flag)}")


def _order(raw: str | None) -> str:
    parts = []
    for item in raw.split(",") if raw else ():
        name, _, direction = item.strip().partition(" ")
        if name not in _SORTS or direction.upper() not in ("", "ASC", "DESC"):
            raise invalid(f"sort: '{item.strip()}' is not allowed")
        parts.append(f"{'search' if name == 'content' else name} {direction}".strip())
    return ", ".join([*parts, "id"])


def _add_time(value: Any, name: str) -> Any:
    if not isinstance(value, str) or not times.is_spaced(value):
        raise invalid(f"{name}: must be YYYY-MM-DD HH:MM:SS in UTC")
    return f"{value.replace(' ', 'T')}Z"


def _pin(value: Any, name: str) -> Any:
    if isinstance(value, bool) or value not in (0, 1):
        raise invalid(f"{name}: must be 0 or 1")
    return bool(value)


_SCHEMA: rules.Schema = {
    "content": rules.text(10_000_000, empty=False),
    **{name: rules.or_null(rules.integer) for name in (*_PARENTS, "project_id", "task_id")},
    "lead_id": rules.or_null(rules.text(36)),
    "user_id": rules.integer,
    "add_time": _add_time,
    **dict.fromkeys((*_PINS, "pinned_to_lead_flag"), _pin),
}
_LIST = {
    *("user_id", *_PARENTS, *_FOREIGN, "start", "limit", "sort", "start_date", "end_date", "updated_since"),
    *(*_PINS, "pinned_to_lead_flag"),
}
