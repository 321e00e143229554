"""Pictures of persons: one each, uploaded as a form; kept by its facts, the image itself is thrown away."""

import hashlib

from migrator.simulators.http_wsgi import Response
from migrator.simulators.multipart import BadMultipart, parts_of
from migrator.simulators.pipedrive.account import Call, Handlers
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.errors import ApiError, invalid, not_found
from migrator.simulators.pipedrive.followers import live_record
from migrator.simulators.pipedrive.persons import PERSON
from migrator.simulators.pipedrive.records import save
from migrator.simulators.pipedrive.times import spaced

_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif"}
_CROP = ("crop_x", "crop_y", "crop_width", "crop_height")


def add_picture(call: Call, ref: str) -> Response:
    """POST /v1/persons/{ref}/picture: GIF, JPG or PNG; replaces the one there was."""
    person = live_record(PERSON, call, ref)
    ending = _ending(call)
    number = call.store.next_id("pictures")
    mark = hashlib.sha256(f"{call.store.fact('salt')}:picture:{number}".encode()).hexdigest()[:40]
    base = f"http://{call.request.headers.get('host', 'pictures.invalid')}/pictures/{mark}"
    doc = {
        "id": number,
        "item_type": "person",
        "item_id": person["id"],
        "active_flag": True,
        "add_time": spaced(call.now),
        "update_time": None,
        "added_by_user_id": call.user["id"],
        "pictures": {size: f"{base}_{size}.{ending}" for size in ("128", "512")},
    }
    _forget(call, person["picture_id"])
    call.account.save_small("pictures", doc)
    person["picture_id"] = number
    save(PERSON, call, person)
    return ok(doc)


def delete_picture(call: Call, ref: str) -> Response:
    """DELETE /v1/persons/{ref}/picture."""
    person = live_record(PERSON, call, ref)
    number = person["picture_id"]
    if number is None:
        raise not_found("Picture")
    _forget(call, number)
    person["picture_id"] = None
    save(PERSON, call, person)
    return ok({"id": number})


def _ending(call: Call) -> str:
    """The ending for the kind of picture that was sent. Raises 400 for any other form."""
    try:
        sent = parts_of(call.request.body, call.request.headers.get("content-type", ""))
    except BadMultipart as problem:
        raise ApiError(400, f"The form cannot be read: {problem}") from problem
    parts = {part.name: part for part in sent}
    for name in parts:
        if name not in ("file", *_CROP):
            raise invalid(f"Parameter '{name}' is not allowed")
    if "file" not in parts:
        raise ApiError(400, "No picture was uploaded: the form has no part 'file'")
    head = bytes(parts["file"].content[:8])
    for start, ending in _KINDS.items():
        if head.startswith(start):
            return ending
    raise ApiError(400, "file: must be a GIF, JPG or PNG picture")


def _forget(call: Call, number: int | None) -> None:
    if number is not None and call.account.small["pictures"].pop(number, None) is not None:
        call.store.drop("pictures", number)


HANDLERS: Handlers = {
    ("POST", "/v1/persons/{ref}/picture"): add_picture,
    ("DELETE", "/v1/persons/{ref}/picture"): delete_picture,
}
