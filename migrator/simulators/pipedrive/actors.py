"""Others in the same account: a colleague who edits, deletes, merges or relabels, and another app that spends tokens.

An actor acts on the record that a request touched, as a person in the web screens does: free and unlimited.
Which detail it picks comes from the draw and from what the account's owner would see, never from chance.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from migrator.simulators.faults import ActorDraw, FaultPlan
from migrator.simulators.http_wsgi import Request, Response, json_response
from migrator.simulators.pipedrive.account import Account, Call
from migrator.simulators.pipedrive.catalogue import Field, Option
from migrator.simulators.pipedrive.field_pages import keep_options
from migrator.simulators.pipedrive.late import Late
from migrator.simulators.pipedrive.state import COLUMNS, Doc
from migrator.simulators.pipedrive.touched import Touched, touched_by

ACT = "ACT"
Thing = TypeVar("Thing")

_ENTITY = {"persons": "person", "organizations": "organization", "deals": "deal"}
_TITLE = {"persons": "name", "organizations": "name", "deals": "title", "activities": "subject"}
_NEIGHBOURS = 20


def is_act(request: Request) -> bool:
    """Whether this is an act for which the service has no operation."""
    return request.method == ACT


class Actors:
    """What the others in one account can do. Methods run under the account's lock."""

    def __init__(self, account: Account, late: Late) -> None:
        self._account, self._late = account, late

    def act(self, drawn: ActorDraw, plan: FaultPlan, request: Request, truth: Response | None) -> str | None:
        """Do what was drawn, now or later; returns what it was, None where there was nothing to act on."""
        account = self._account
        with account.lock:
            user = self._colleague()
            found = touched_by(request, truth, drawn.roll)
            wanted = _ACTS[drawn.name](self, found, drawn.roll, plan)
            if wanted is None:
                return None
            self._late.keep(wanted, user, drawn.seconds)
            self._late.apply_due()
            return f"{drawn.name}: {wanted.method} {wanted.path} {wanted.body.decode()}".rstrip()

    def apply(self, request: Request) -> Response:
        """Do an act that is no operation of the service."""
        sent: dict[str, Any] = request.json()
        with self._account.lock, self._account.store.transaction():
            _APPLY[request.path](self._account, self._call(request), sent)
        return json_response(200, {"success": True, "data": sent})

    def _colleague(self) -> Doc:
        """The first active admin beside the owner, or the owner."""
        people = [user for user in self._account.users.values() if user["active_flag"]]
        return next((user for user in people[1:] if user["is_admin"]), people[0])

    def _call(self, request: Request) -> Call:
        return Call(self._account, request, self._colleague(), self._account.now())

    # Records

    def _edit(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        doc = self._doc(found)
        if found is None or doc is None:
            return None
        if found.kind == "notes":
            return _put(f"/v1/notes/{found.number}", {"content": f"{doc['content']}<p>Changed by hand</p>"})
        name = _TITLE.get(found.kind)
        return _patch(found, {name: f"{doc[name]} (changed by hand)"}) if name else None

    def _delete(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        return Request("DELETE", found.address, {}, {}) if found and self._doc(found) else None

    def _merge(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        if found is None or found.kind not in _ENTITY or self._doc(found) is None:
            return None
        rows = self._account.store.select(
            found.kind, ["is_deleted=0", "id<>?"], [found.number], limit=_NEIGHBOURS
        )
        other = _pick(rows, roll)
        path = f"/v1/{found.kind}/{found.number}/merge"
        return _put(path, {"merge_with_id": other["id"]}) if other else None

    def _relabel(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        doc = self._doc(found)
        if found is None or doc is None or found.kind not in _ENTITY:
            return None
        held = list(doc.get("label_ids") or [])
        others = [option.id for option in self._labels(_ENTITY[found.kind]).options if option.id not in held]
        label = _pick(others, roll)
        return _patch(found, {"label_ids": [label] if label else []})

    def _reassign(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        doc = self._doc(found)
        if found is None or doc is None or "owner_id" not in doc:
            return None
        users = self._account.users.values()
        others = [user["id"] for user in users if user["active_flag"] and user["id"] != doc["owner_id"]]
        owner = _pick(others, roll)
        return _patch(found, {"owner_id": owner}) if owner else None

    # Definitions

    def _rename_field(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        field = self._custom(found, roll)
        path, body = _field_path(field), {"field_name": f"{field.name} (renamed)" if field else ""}
        return Request("PATCH", path, {}, {}, _dump(body)) if field else None

    def _delete_field(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        field = self._custom(found, roll)
        return Request("DELETE", _field_path(field), {}, {}) if field else None

    def _recreate_field(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        field = self._custom(found, roll)
        return _own("recreate_field", entity=field.entity, code=field.code) if field else None

    def _remove_option(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        return self._option_act("remove_option", self._custom(found, roll, with_options=True), roll)

    def _rename_option(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        return self._option_act("rename_option", self._custom(found, roll, with_options=True), roll)

    def _delete_label(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        return self._option_act("remove_option", self._labels(_entity_of(found)), roll)

    def _rename_label(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        return self._option_act("rename_option", self._labels(_entity_of(found)), roll)

    def _option_act(self, name: str, field: Field | None, roll: float) -> Request | None:
        option = _pick(field.options, roll) if field else None
        if field is None or option is None:
            return None
        return _own(
            name, entity=field.entity, code=field.code, id=option.id, label=f"{option.label} (renamed)"
        )

    # People and budget

    def _deactivate_user(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        account = self._account
        working = set(account.tokens.values())
        others = [u["id"] for u in account.users.values() if u["active_flag"] and u["id"] not in working]
        number = _pick(
            others or [n for n in list(account.users)[1:] if account.users[n]["active_flag"]], roll
        )
        return _own("deactivate_user", id=number) if number else None

    def _spend_budget(self, found: Touched | None, roll: float, plan: FaultPlan) -> Request | None:
        return _own("spend_budget", tokens=plan.budget_tokens)

    def _doc(self, found: Touched | None) -> Doc | None:
        if found is None or found.kind not in COLUMNS:
            return None
        doc = self._account.store.get(found.kind, found.number)
        return None if doc is None or doc["is_deleted"] else doc

    def _labels(self, entity: str) -> Field:
        field = self._account.catalogue.field(entity, "label_ids")
        assert field is not None
        return field

    def _custom(self, found: Touched | None, roll: float, *, with_options: bool = False) -> Field | None:
        fields = [f for f in self._account.catalogue.fields(_entity_of(found)) if f.custom]
        wanted = [field for field in fields if field.options or not with_options]
        return _pick(sorted(wanted, key=lambda field: (field.name, field.number)), roll)


def _remove(account: Account, call: Call, sent: dict[str, Any]) -> None:
    if field := account.catalogue.field(sent["entity"], sent["code"]):
        keep_options(call, field, tuple(option for option in field.options if option.id != sent["id"]))


def _rename(account: Account, call: Call, sent: dict[str, Any]) -> None:
    if field := account.catalogue.field(sent["entity"], sent["code"]):
        options = tuple(
            Option(option.id, sent["label"] if option.id == sent["id"] else option.label, option.color)
            for option in field.options
        )
        account.catalogue.change(field, call.stamp, options=options)


def _recreate(account: Account, call: Call, sent: dict[str, Any]) -> None:
    if field := account.catalogue.field(sent["entity"], sent["code"]):
        account.catalogue.remove(field)
        labels = [asdict(option)["label"] for option in field.options]
        account.catalogue.add(field.entity, field.name, field.type, labels, call.stamp)


def _deactivate(account: Account, call: Call, sent: dict[str, Any]) -> None:
    user = account.users.get(sent["id"])
    if user is not None:
        user["active_flag"] = False
        account.store.put("users", user["id"], user)


def _spend(account: Account, call: Call, sent: dict[str, Any]) -> None:
    account.meter("another application", sent["tokens"])


_APPLY: dict[str, Callable[[Account, Call, dict[str, Any]], None]] = {
    "/remove_option": _remove,
    "/rename_option": _rename,
    "/recreate_field": _recreate,
    "/deactivate_user": _deactivate,
    "/spend_budget": _spend,
}
_ACTS: dict[str, Callable[[Actors, Touched | None, float, FaultPlan], Request | None]] = {
    "edit": Actors._edit,
    "delete": Actors._delete,
    "merge": Actors._merge,
    "relabel": Actors._relabel,
    "reassign": Actors._reassign,
    "rename_field": Actors._rename_field,
    "delete_field": Actors._delete_field,
    "recreate_field": Actors._recreate_field,
    "rename_option": Actors._rename_option,
    "remove_option": Actors._remove_option,
    "rename_label": Actors._rename_label,
    "delete_label": Actors._delete_label,
    "deactivate_user": Actors._deactivate_user,
    "spend_budget": Actors._spend_budget,
}
ACTORS = tuple(_ACTS)


def _pick(things: Sequence[Thing], roll: float) -> Thing | None:
    return things[int(roll * len(things))] if things else None


def _entity_of(found: Touched | None) -> str:
    return _ENTITY.get(found.kind, "person") if found else "person"


def _field_path(field: Field | None) -> str:
    return f"/api/v2/{field.entity}Fields/{field.code}" if field else ""


def _own(act: str, **sent: Any) -> Request:
    return Request(ACT, f"/{act}", {}, {}, _dump(sent))


def _patch(found: Touched, body: dict[str, Any]) -> Request:
    return Request("PATCH", found.address, {}, {}, _dump(body))


def _put(path: str, body: dict[str, Any]) -> Request:
    return Request("PUT", path, {}, {}, _dump(body))


def _dump(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
