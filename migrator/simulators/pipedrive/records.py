"""Create, read, change, delete and list for the four v2 record kinds; RecordKind holds what differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok, page
from migrator.simulators.pipedrive.catalogue import Field
from migrator.simulators.pipedrive.counts import counted
from migrator.simulators.pipedrive.errors import invalid, not_found
from migrator.simulators.pipedrive.filter_sql import filter_condition
from migrator.simulators.pipedrive.parameters import Parameters, make_cursor
from migrator.simulators.pipedrive.reading import Wanted, read_page
from migrator.simulators.pipedrive.state import Doc

DELETED_FOR_GOOD = 30 * 86_400

Settle = Callable[[Call, Doc, Doc, bool], None]
Where = Callable[[Parameters, list[str], list[Any]], None]


@dataclass(frozen=True, slots=True)
class RecordKind:
    """What makes persons persons: keys, defaults, derived values and list selectors.

    `settle` receives the call, the document being written, the checked body and whether this is a create; it
    derives and cross-checks, and raises ApiError to refuse the write. `dropped` names keys nobody may set,
    for accounts whose settings say that they are ignored and not refused.
    """

    kind: str
    entity: str
    title: str
    schema: rules.Schema
    create_only: rules.Schema
    required: tuple[str, ...]
    defaults: Mapping[str, Any]
    settle: Settle
    search_text: Callable[[Doc], str]
    selectors: Mapping[str, str]
    sorts: tuple[str, ...] = ("id", "update_time", "add_time")
    optional: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ("deleted_at",)
    dropped: tuple[str, ...] = ()
    custom: bool = True
    more_parameters: tuple[str, ...] = ()
    where: Where = field(default=lambda parameters, where, values: None)


def create(kind: RecordKind, call: Call) -> Response:
    """POST: a new record, answered 200."""
    doc = new_document(kind, call, call.json())
    call.store.insert(kind.kind, doc, written=call.now, search=kind.search_text(doc))
    call.tell(kind.entity, None, doc)
    return ok(show(kind, call, doc))


def new_document(kind: RecordKind, call: Call, sent: Any) -> Doc:
    """A checked new record with its id, not stored yet."""
    schema = {**kind.schema, **kind.create_only}
    body = rules.checked(call, sent, schema, required=kind.required, dropped=kind.dropped)
    doc = template(kind) | {"owner_id": call.user["id"], "add_time": call.stamp, "update_time": call.stamp}
    _apply(kind, call, doc, body, True)
    doc["id"] = call.store.next_id(kind.kind)
    return doc


def template(kind: RecordKind) -> Doc:
    """What a record has when nothing is known of it; a new one with each call."""
    return {"id": 0, **_fresh(kind.defaults), "is_deleted": False}


def change(kind: RecordKind, call: Call, ref: str) -> Response:
    """PATCH: absolute values for the keys that are sent."""
    doc = _found(kind, call, ref)
    body = rules.body(call, kind.schema)
    # Of all kinds only deals have is_deleted in their body: they alone can be taken back by a request.
    if doc["is_deleted"] and body.get("is_deleted") is not False:
        raise not_found(kind.title)
    _apply(kind, call, doc, body, False)
    save(kind, call, doc)
    return ok(show(kind, call, doc))


def read(kind: RecordKind, call: Call, ref: str) -> Response:
    """GET one."""
    allowed = {"include_fields", "custom_fields", "include_option_labels", "include_labels"}
    view = View(kind, call, Parameters(call, allowed if kind.custom else {"include_fields"}))
    doc = _found(kind, call, ref)
    if doc["is_deleted"] and call.settings.deleted_record == "404":
        raise not_found(kind.title)
    return ok(view.shows([doc])[0])


def delete(kind: RecordKind, call: Call, ref: str) -> Response:
    """DELETE: soft; a second one answers 404."""
    doc = _live(kind, call, ref)
    doc |= {"is_deleted": True, "deleted_at": call.now}
    save(kind, call, doc)
    return ok({"id": doc["id"]})


def list_(kind: RecordKind, call: Call) -> Response:
    """GET many, by keyset cursor: stable under inserts, no snapshot."""
    parameters = Parameters(call, _list_parameters(kind))
    view = View(kind, call, parameters)
    docs, cursor = _page(kind, call, parameters)
    return page(view.shows(docs), cursor)


def save(kind: RecordKind, call: Call, doc: Doc, *, merged: tuple[str, int] | None = None) -> None:
    """Store a changed record with a new update_time."""
    doc["update_time"] = call.stamp
    if call.account.small["webhooks"]:
        call.tell(kind.entity, call.store.get(kind.kind, doc["id"]), doc, merged=merged)
    call.store.replace(kind.kind, doc, written=call.now, search=kind.search_text(doc))


def show(kind: RecordKind, call: Call, doc: Doc) -> Doc:
    """A record as answered when nothing special is asked for."""
    return View(kind, call, None).show(doc)


class View:
    """How records are shown in one answer: which custom fields, labels and optional fields."""

    def __init__(self, kind: RecordKind, call: Call, parameters: Parameters | None) -> None:
        self._kind, self._call = kind, call
        self._counted: dict[int, Doc] = {}
        catalogue = call.account.catalogue
        self._codes = catalogue.custom_codes(kind.entity) if kind.custom else ()
        self._optional: list[str] = []
        self._labels: dict[int, str] | None = None
        self._choices: dict[str, dict[int, str]] = {}
        self._nulls: Doc = dict.fromkeys(self._codes)
        if parameters is None:
            return
        self._optional = parameters.words("include_fields", kind.optional)
        wanted = parameters.words("custom_fields", most=15)
        if wanted:
            self._codes = tuple(code for code in self._codes if code in wanted)
            self._nulls = dict.fromkeys(self._codes)
        if parameters.flag("include_labels"):
            self._labels = _option_labels(catalogue.field(kind.entity, "label_ids"))
        if parameters.flag("include_option_labels"):
            self._choices = {
                item.code: _option_labels(item)
                for item in catalogue.fields(kind.entity)
                if item.has_options()
            }

    def shows(self, docs: Sequence[Doc]) -> list[Doc]:
        """Records with what include_fields asks for, which is counted for all of them at once."""
        if self._optional:
            self._counted = counted(self._call, self._kind.kind, docs, self._optional)
        return [self.show(doc) for doc in docs]

    def show(self, doc: Doc) -> Doc:
        """One record."""
        shown = dict(doc)
        for name in self._kind.hidden:
            shown.pop(name, None)
        for name in self._optional:
            shown[name] = doc[name] if name in doc else self._counted.get(doc["id"], {}).get(name)
        if self._labels is not None:
            shown["labels"] = [
                {"id": number, "label": self._labels.get(number, "")} for number in doc["label_ids"]
            ]
        if self._kind.custom:
            shown["custom_fields"] = self._custom(doc["custom_fields"])
        return shown

    def _custom(self, held: Doc) -> Doc:
        if self._choices:
            return {code: self._value(code, held.get(code)) for code in self._codes}
        shown = {**self._nulls, **held}
        if len(shown) == len(self._nulls):
            return shown
        # Values of fields that are no longer there, or that were not asked for.
        return {code: shown[code] for code in self._codes}

    def _value(self, code: str, value: Any) -> Any:
        labels = self._choices.get(code) if value is not None else None
        if labels is None:
            return value
        if isinstance(value, list):
            return [{"id": choice, "label": labels.get(choice, "")} for choice in value]
        return {"id": value, "label": labels.get(value, "")}


def _option_labels(item: Field | None) -> dict[int, str]:
    return {option.id: option.label for option in item.options} if item else {}


def _fresh(defaults: Mapping[str, Any]) -> Doc:
    doc = dict(defaults)
    for key, value in defaults.items():
        if value.__class__ in (list, dict):
            doc[key] = value.copy()
    return doc


def _apply(kind: RecordKind, call: Call, doc: Doc, body: Doc, creating: bool) -> None:
    body = dict(body)
    if kind.custom and "custom_fields" in body:
        sent = rules.custom_fields(call, kind.entity, body.pop("custom_fields"))
        held = {**doc["custom_fields"], **sent}
        doc["custom_fields"] = {code: value for code, value in held.items() if value is not None}
    if "label_ids" in body:
        body["label_ids"] = rules.labels(call, kind.entity, body["label_ids"] or [])
    if "owner_id" in body:
        call.require_user(body["owner_id"], "owner_id")
    if "visible_to" in body:
        rules.visibility(call, body["visible_to"])
    elif creating and "visible_to" in doc:
        doc["visible_to"] = call.account.plan.default_visibility
    doc |= body
    kind.settle(call, doc, body, creating)


def _found(kind: RecordKind, call: Call, ref: str) -> Doc:
    if not ref.isascii() or not ref.isdigit():
        raise invalid("id: Expected 'integer' as value")
    doc = call.store.get(kind.kind, int(ref))
    if doc is None or (doc["is_deleted"] and call.now - doc["deleted_at"] >= DELETED_FOR_GOOD):
        raise not_found(kind.title)
    if not call.sees(kind.kind, doc):
        raise not_found(kind.title)
    return doc


def _live(kind: RecordKind, call: Call, ref: str) -> Doc:
    doc = _found(kind, call, ref)
    if doc["is_deleted"]:
        raise not_found(kind.title)
    return doc


def _list_parameters(kind: RecordKind) -> set[str]:
    names = {
        "filter_id",
        "ids",
        "updated_since",
        "updated_until",
        "sort_by",
        "sort_direction",
        "limit",
        "cursor",
    }
    names |= {"include_fields", *kind.selectors, *kind.more_parameters}
    return names | ({"custom_fields", "include_option_labels", "include_labels"} if kind.custom else set())


def _selection(kind: RecordKind, call: Call, parameters: Parameters) -> tuple[list[str], list[Any]]:
    filter_id = parameters.integer("filter_id")
    if filter_id is not None:
        condition, values = filter_condition(call, kind.entity, filter_id)
        return ["is_deleted=0", condition], values
    where, values = ["is_deleted=0"], []
    ids = parameters.ids()
    if ids is not None:
        where.append(f"id IN ({','.join(map(str, ids))})")
    for name, condition in kind.selectors.items():
        value = parameters.integer(name)
        if value is not None:
            where.append(condition)
            values.append(value)
    for name, sign in (("updated_since", ">="), ("updated_until", "<")):
        moment = parameters.moment(name)
        if moment is not None:
            where.append(f"update_time {sign} ?")
            values.append(moment)
    kind.where(parameters, where, values)
    return where, values


def _page(kind: RecordKind, call: Call, parameters: Parameters) -> tuple[list[Doc], str | None]:
    column = parameters.word("sort_by", kind.sorts, "id")
    direction = parameters.word("sort_direction", ("asc", "desc"), "asc")
    limit = parameters.limit()
    where, values = _selection(kind, call, parameters)
    seen, own = call.sight(kind.kind)
    where, values = [*where, *seen], [*values, *own]
    position = parameters.cursor(kind.kind)
    if position is not None:
        column, direction = position["field"], position["sortDirection"]
    docs = read_page(
        call.store,
        Wanted(
            kind.kind,
            where,
            values,
            column=column,
            direction=direction,
            after=(position["fieldValue"], position["id"]) if position is not None else None,
            limit=limit + 1,
        ),
    )
    cursor = None
    if len(docs) > limit:
        last = docs[limit - 1]
        at = {"field": column, "fieldValue": last.get(column), "sortDirection": direction, "id": last["id"]}
        cursor = make_cursor(call, kind.kind, at)
    return docs[:limit], cursor


def handlers(kind: RecordKind) -> dict[tuple[str, str], Callable[..., Response]]:
    """The five operations of a kind by method and address."""
    base = f"/api/v2/{kind.kind}"
    return {
        ("GET", base): partial(list_, kind),
        ("POST", base): partial(create, kind),
        ("GET", f"{base}/{{ref}}"): partial(read, kind),
        ("PATCH", f"{base}/{{ref}}"): partial(change, kind),
        ("DELETE", f"{base}/{{ref}}"): partial(delete, kind),
    }
