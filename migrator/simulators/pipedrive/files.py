"""Files, in v1 alone: uploaded as a form, hung on records, softly deleted, downloaded; links to remote ones."""

import hashlib
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from migrator.simulators.http_wsgi import Response
from migrator.simulators.multipart import BadMultipart, Part, parts_of
from migrator.simulators.pipedrive import attached, rules, times
from migrator.simulators.pipedrive.account import Call, Handlers
from migrator.simulators.pipedrive.answers import ok, v1_page
from migrator.simulators.pipedrive.errors import ApiError, invalid, not_found
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.records import DELETED_FOR_GOOD
from migrator.simulators.pipedrive.state import Doc

MOST_PER_PAGE = 100
_LINKS = attached.PARENTS | {"activity_id": "activities"}
_FOREIGN = ("product_id", "lead_id", "project_id")
_ITEMS = {"deal": "deal_id", "organization": "org_id", "person": "person_id"}
_IMAGES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp"))
_COLUMNS = frozenset(("id", "user_id", "deal_id", "person_id", "org_id", "add_time", "update_time"))
_IN_DOCUMENT = frozenset(("file_name", "file_type", "file_size"))
_WHOLE_BODY = 1 << 20
_REMOTE_ADDRESSES = {
    "gdoc": "https://docs.google.com/document/d/",
    "gslides": "https://docs.google.com/presentation/d/",
    "gsheet": "https://docs.google.com/spreadsheets/d/",
    "gform": "https://docs.google.com/forms/d/",
    "gdraw": "https://docs.google.com/drawings/d/",
}


def list_files(call: Call) -> Response:
    """GET /v1/files. More than 100 a page is silently 100 (seen live)."""
    parameters = Parameters(call, {"start", "limit", "sort"})
    start, asked = parameters.start(), parameters.integer("limit")
    limit = MOST_PER_PAGE if asked is None else max(1, min(asked, MOST_PER_PAGE))
    order = _order(parameters.text("sort"))
    where, values = attached.sight(call)
    docs = call.store.select(
        "files", ["is_deleted=0", *where], values, order=order, limit=limit + 1, offset=start
    )
    shown = [show_file(call, doc) for doc in docs[:limit]]
    null = call.settings.v1_empty_list_is_null
    return v1_page(shown, start=start, limit=limit, more=len(docs) > limit, empty_is_null=null)


def read_file(call: Call, ref: str) -> Response:
    """GET /v1/files/{ref}; a deleted one is shown with active_flag false, for 30 days."""
    return ok(show_file(call, _file(call, ref)))


def upload(call: Call) -> Response:
    """POST /v1/files, multipart/form-data: one `file` and what it belongs to."""
    fields = _fields(call)
    part = fields.pop("file", None)
    if part is None or part.filename is None:
        raise ApiError(400, "No file was uploaded: the form has no part 'file'")
    if len(part.content) > call.settings.file_size_cap:
        raise ApiError(400, f"file: must not be larger than {call.settings.file_size_cap} bytes")
    links = {name: field.text for name, field in fields.items()}
    name = PurePosixPath(part.filename.replace("\\", "/")).name or "file"
    doc = _new(call, name) | _checked_links(call, links)
    doc["file_size"] = len(part.content)
    call.account.attachments.write(doc["id"], part.content)
    return _inserted(call, doc)


def add_remote(call: Call) -> Response:
    """POST /v1/files/remote: a new empty document of the remote service, linked to one record."""
    body = rules.checked(call, _form(call), _REMOTE, required=tuple(_REMOTE))
    made = hashlib.sha256(f"{call.store.fact('salt')}:{body['title']}:{call.now}".encode()).hexdigest()[:33]
    doc = _remote(call, body, made, body["title"])
    doc["file_type"] = body["file_type"]
    doc["remote_url"] = f"{_REMOTE_ADDRESSES[body['file_type']]}{made}"
    return _inserted(call, doc)


def link_remote(call: Call) -> Response:
    """POST /v1/files/remoteLink: an existing document of the remote service, linked to one record."""
    body = rules.checked(call, _form(call), _REMOTE_LINK, required=tuple(_REMOTE_LINK))
    return _inserted(call, _remote(call, body, body["remote_id"], body["remote_id"]))


def change_file(call: Call, ref: str) -> Response:
    """PUT /v1/files/{ref}: the name people see and what it is about."""
    doc = _live(call, ref)
    body = rules.checked(
        call, _form(call), {"name": rules.text(255, empty=False), "description": rules.text(10_000)}
    )
    doc |= body | {"update_time": call.stamp}
    call.store.replace("files", doc, written=call.now, search="")
    return ok(show_file(call, doc))


def delete_file(call: Call, ref: str) -> Response:
    """DELETE /v1/files/{ref}: soft."""
    doc = _live(call, ref) | {"is_deleted": True, "deleted_at": call.now, "update_time": call.stamp}
    call.store.replace("files", doc, written=call.now, search="")
    return ok({"id": doc["id"]})


def download(call: Call, ref: str) -> Response:
    """GET /v1/files/{ref}/download: the bytes as they were sent; a remote file is somewhere else."""
    doc = _live(call, ref)
    held = call.account.attachments
    size = held.size(doc["id"])
    if size is None:
        raise not_found("File content")
    plain = doc["name"].encode("ascii", "replace").decode().replace('"', "'")
    headers = {
        "content-type": "application/octet-stream",
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(doc['name'])}",
    }
    if size > _WHOLE_BODY:
        return Response(200, b"", headers, pieces=held.read(doc["id"]), announced=size)
    return Response(200, b"".join(held.read(doc["id"])), headers)


def show_file(call: Call, doc: Doc) -> Doc:
    """A file as v1 answers it."""
    host = call.request.headers.get("host", f"{call.account.company['domain']}.pipedrive.com")
    return {
        "id": doc["id"],
        "user_id": doc["user_id"],
        **{name: doc[name] for name in ("deal_id", "person_id", "org_id")},
        "product_id": None,
        "activity_id": doc["activity_id"],
        **dict.fromkeys(("lead_id", "project_id", "log_id")),
        "add_time": times.spaced_from_rfc3339(doc["add_time"]),
        "update_time": times.spaced_from_rfc3339(doc["update_time"]),
        **{name: doc[name] for name in ("file_name", "file_type", "file_size")},
        "active_flag": not doc["is_deleted"],
        "inline_flag": False,
        **{name: doc[name] for name in ("remote_location", "remote_id")},
        **dict.fromkeys(("cid", "s3_bucket", "mail_message_id", "mail_template_id")),
        "deal_name": attached.parent_name(call, doc, "deal_id"),
        "person_name": attached.parent_name(call, doc, "person_id"),
        "org_name": attached.parent_name(call, doc, "org_id"),
        **dict.fromkeys(("product_name", "lead_name", "project_name")),
        "url": doc["remote_url"] or f"http://{host}/api/v1/files/{doc['id']}/download",
        "name": doc["name"],
        "description": doc.get("description", ""),
    }


def _new(call: Call, name: str) -> Doc:
    number = call.store.next_id("files")
    path = PurePosixPath(name)
    mark = hashlib.sha256(f"{call.store.fact('salt')}:file:{number}".encode()).hexdigest()[:40]
    ending = path.suffix.lower()
    return {
        "id": number,
        "user_id": call.user["id"],
        **dict.fromkeys(_LINKS),
        "add_time": call.stamp,
        "update_time": call.stamp,
        "is_deleted": False,
        "name": name[:255],
        "file_name": f"{path.stem[:100]}_{mark}{ending}",
        "file_type": "img" if ending in _IMAGES else ending.removeprefix("."),
        "file_size": 0,
        "remote_location": None,
        "remote_id": None,
        "remote_url": None,
    }


def _remote(call: Call, body: Doc, remote_id: str, name: str) -> Doc:
    link = _ITEMS[body["item_type"]]
    doc = _new(call, name) | _checked_links(call, {link: body["item_id"]})
    return doc | {"remote_location": body["remote_location"], "remote_id": remote_id}


def _inserted(call: Call, doc: Doc) -> Response:
    call.store.insert("files", doc, written=call.now, search="")
    return ok(show_file(call, doc))


def _fields(call: Call) -> dict[str, Part]:
    try:
        parts = parts_of(call.request.body, call.request.headers.get("content-type", ""))
    except BadMultipart as problem:
        raise ApiError(400, f"The form cannot be read: {problem}") from problem
    allowed = {"file", *_LINKS, *_FOREIGN}
    for part in parts if call.settings.refuse_unknown_body_keys else ():
        if part.name not in allowed:
            raise invalid(f"Parameter '{part.name}' is not allowed")
    return {part.name: part for part in parts if part.name in allowed}


def _checked_links(call: Call, links: dict[str, str]) -> Doc:
    found: Doc = {}
    for name, text in links.items():
        if not text.strip():
            continue
        if name in _FOREIGN:
            raise invalid(f"{name}: does not exist")
        found[name] = _number(text, name)
        call.require_record(_LINKS[name], found[name], name)
    return found


def _form(call: Call) -> Any:
    # The specification names forms; official clients of several years send JSON, which is taken as well.
    if "json" in call.request.headers.get("content-type", ""):
        sent = call.json()
        return {key: str(value) for key, value in sent.items()} if isinstance(sent, dict) else sent
    return {key: values[0] for key, values in call.request.form().items()}


def _number(text: Any, name: str) -> int:
    if not isinstance(text, str) or not text.isascii() or not text.strip().isdigit() or len(text) > 18:
        raise invalid(f"{name}: Expected 'integer' as value")
    return int(text)


def _file(call: Call, ref: str) -> Doc:
    number = int(ref) if ref.isascii() and ref.isdigit() else -1
    doc = call.store.get("files", number)
    if doc is None or not attached.sees(call, doc):
        raise not_found("File")
    if doc["is_deleted"] and call.now - doc["deleted_at"] >= DELETED_FOR_GOOD:
        raise not_found("File")
    return doc


def _live(call: Call, ref: str) -> Doc:
    doc = _file(call, ref)
    if doc["is_deleted"]:
        raise not_found("File")
    return doc


def _order(raw: str | None) -> str:
    parts = []
    for item in raw.split(",") if raw else ():
        name, _, direction = item.strip().partition(" ")
        if name not in _COLUMNS | _IN_DOCUMENT or direction.upper() not in ("", "ASC", "DESC"):
            raise invalid(f"sort: '{item.strip()}' is not allowed")
        column = name if name in _COLUMNS else f"json_extract(doc,'$.{name}')"
        parts.append(f"{column} {direction}".strip())
    return ", ".join([*parts, "id"])


_LINKED: dict[str, rules.Check] = {
    "item_type": rules.one_of(*_ITEMS),
    "item_id": lambda value, name: str(_number(value, name)),
    "remote_location": rules.one_of("googledrive"),
}
_REMOTE: rules.Schema = _LINKED | {
    "file_type": rules.one_of(*_REMOTE_ADDRESSES),
    "title": rules.text(255, empty=False),
}
_REMOTE_LINK: rules.Schema = _LINKED | {"remote_id": rules.text(255, empty=False)}

HANDLERS: Handlers = {
    ("GET", "/v1/files"): list_files,
    ("POST", "/v1/files"): upload,
    ("POST", "/v1/files/remote"): add_remote,
    ("POST", "/v1/files/remoteLink"): link_remote,
    ("GET", "/v1/files/{ref}"): read_file,
    ("PUT", "/v1/files/{ref}"): change_file,
    ("DELETE", "/v1/files/{ref}"): delete_file,
    ("GET", "/v1/files/{ref}/download"): download,
}
