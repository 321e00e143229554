"""Lead labels: UUIDs with a name and a colour, in v1 alone, and nothing to do with the labels of persons."""

import uuid

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Account, Call, Handlers
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.errors import not_found
from migrator.simulators.pipedrive.parameters import Parameters
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.times import milliseconds

KIND = "lead_labels"
COLOURS = ("blue", "brown", "dark-gray", "gray", "green", "orange", "pink", "purple", "red", "yellow")
FIRST = (("Hot", "red"), ("Warm", "yellow"), ("Cold", "blue"))


def install(account: Account) -> None:
    """The three labels of a new account."""
    for name, color in FIRST:
        _save(account, _new(account, name, color, account.now()))


def list_labels(call: Call) -> Response:
    """GET /v1/leadLabels, not paged."""
    Parameters(call, ())
    return ok([_shown(doc) for doc in call.account.small[KIND].values()])


def create_label(call: Call) -> Response:
    """POST /v1/leadLabels."""
    body = rules.body(call, _LABEL, required=("name", "color"))
    doc = _new(call.account, body["name"], body["color"], call.now)
    _save(call.account, doc)
    return ok(_shown(doc))


def change_label(call: Call, ref: str) -> Response:
    """PATCH /v1/leadLabels/{ref}."""
    doc = _label(call, ref) | rules.body(call, _LABEL) | {"update_time": milliseconds(call.now)}
    _save(call.account, doc)
    return ok(_shown(doc))


def delete_label(call: Call, ref: str) -> Response:
    """DELETE /v1/leadLabels/{ref}."""
    doc = _label(call, ref)
    del call.account.small[KIND][doc["id"]]
    call.store.drop(KIND, doc["number"])
    return ok({"id": doc["id"]})


def _new(account: Account, name: str, color: str, now: float) -> Doc:
    number = account.store.next_id(KIND)
    # Drawn from the account's salt, so that equal seeds have equal ids and a reset has others.
    own = uuid.uuid5(uuid.NAMESPACE_URL, f"{account.store.fact('salt')}:{KIND}:{number}")
    stamp = milliseconds(now)
    times = {"add_time": stamp, "update_time": stamp}
    return {"number": number, "id": str(own), "name": name, "color": color} | times


def _save(account: Account, doc: Doc) -> None:
    account.small[KIND][doc["id"]] = doc
    account.store.put(KIND, doc["number"], doc)


def _label(call: Call, ref: str) -> Doc:
    doc = next((doc for doc in call.account.small[KIND].values() if doc["id"] == ref.lower()), None)
    if doc is None:
        raise not_found("Lead label")
    return doc


def _shown(doc: Doc) -> Doc:
    return {key: value for key, value in doc.items() if key != "number"}


_LABEL: rules.Schema = {"name": rules.text(255, empty=False), "color": rules.one_of(*COLOURS)}

HANDLERS: Handlers = {
    ("GET", "/v1/leadLabels"): list_labels,
    ("POST", "/v1/leadLabels"): create_label,
    ("PATCH", "/v1/leadLabels/{ref}"): change_label,
    ("DELETE", "/v1/leadLabels/{ref}"): delete_label,
}
