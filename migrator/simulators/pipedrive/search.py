"""Search: late by a settable time, case-insensitive over whole records, case-sensitive over one field."""

# ruff: noqa: S608  (table, column and path names come from this package's own tables, values are bound)

from dataclasses import dataclass
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.errors import invalid
from migrator.simulators.pipedrive.parameters import Parameters, make_cursor
from migrator.simulators.pipedrive.persons import searchable
from migrator.simulators.pipedrive.state import Doc

SEARCHABLE_TYPES = frozenset(["address", "varchar", "text", "varchar_auto", "double", "monetary", "phone"])
_KINDS = {"person": "persons", "organization": "organizations", "deal": "deals"}
_FIELDS = {
    "person": ("name", "email", "phone", "custom_fields", "notes"),
    "organization": ("name", "address", "custom_fields", "notes"),
    "deal": ("title", "custom_fields", "notes"),
}
_PARENT = {"person": "person_id", "organization": "org_id", "deal": "deal_id"}
_PATHS = {"phone": "phones", "email": "emails"}
_MOST_CANDIDATES = 5_000


@dataclass(frozen=True, slots=True)
class _Query:
    entity: str
    needle: str
    fields: list[str]
    exact: bool
    after: int = 0


def search_persons(call: Call) -> Response:
    """GET /api/v2/persons/search."""
    return _search_one(call, "person", {"organization_id"})


def search_organizations(call: Call) -> Response:
    """GET /api/v2/organizations/search."""
    return _search_one(call, "organization", set())


def search_deals(call: Call) -> Response:
    """GET /api/v2/deals/search."""
    return _search_one(call, "deal", {"person_id", "organization_id", "status"})


def search_items(call: Call) -> Response:
    """GET /api/v2/itemSearch: several kinds at once."""
    allowed = {"item_types", "search_for_related_items", *_COMMON}
    parameters = Parameters(call, allowed)
    kinds = parameters.words(
        "item_types", (*_FIELDS, "product", "lead", "file", "mail_attachment", "project")
    )
    known = {name for names in _FIELDS.values() for name in names} | {"code", "description"}
    fields = parameters.words("fields", known)
    term, limit = _term(parameters), parameters.limit(most=call.settings.search_page_cap)
    items: list[Doc] = []
    for entity in kinds or _FIELDS:
        if entity in _FIELDS:
            wanted = [name for name in _FIELDS[entity] if not fields or name in fields]
            items += _found(call, _Query(entity, term, wanted, parameters.flag("exact_match") or False))
    data = {"items": [_without_key(item) for item in items[:limit]], "related_items": []}
    return ok(data, additional_data={"next_cursor": None})


def search_field(call: Call) -> Response:
    """GET /api/v2/itemSearch/field: values of one field, case-sensitive."""
    parameters = Parameters(call, {"term", "entity_type", "match", "field", "limit", "cursor"})
    entity = parameters.word("entity_type", _KINDS, "")
    match = parameters.word("match", ("exact", "beginning", "middle"), "exact")
    code = parameters.text("field")
    field = call.account.catalogue.field(entity, code) if entity and code else None
    if field is None or field.type not in SEARCHABLE_TYPES:
        raise invalid("entity_type and field: must name a searchable field")
    term = parameters.text("term") or ""
    if len(term) < (1 if match == "exact" else 2):
        raise invalid("term: is too short")
    limit, position = parameters.limit(most=call.settings.search_page_cap), parameters.cursor("field")
    path = f'$.custom_fields."{field.code}"' if field.custom else f"$.{_PATHS.get(field.code, field.code)}"
    value = f"json_extract(doc,'{path}')"
    where = {"exact": f"{value}=?", "beginning": f"instr({value},?)=1", "middle": f"instr({value},?)>0"}[
        match
    ]
    after = position["id"] if position else 0
    # A number is compared as the text that was typed in.
    where = where.replace(value, f"CAST({value} AS TEXT)")
    docs = call.store.select(_KINDS[entity], [*_visible(call), "id>?", where], [after, term], limit=limit + 1)
    data = [{"id": doc["id"], "name": doc.get("name") or doc.get("title")} for doc in docs[:limit]]
    cursor = make_cursor(call, "field", {"id": data[-1]["id"]}) if len(docs) > limit else None
    return ok(data, additional_data={"next_cursor": cursor})


def _search_one(call: Call, entity: str, more: set[str]) -> Response:
    parameters = Parameters(call, {*_COMMON, *more})
    fields = parameters.words("fields", _FIELDS[entity]) or list(_FIELDS[entity])
    term, limit = _term(parameters), parameters.limit(most=call.settings.search_page_cap)
    position = parameters.cursor(f"{entity}_search")
    exact = parameters.flag("exact_match") or False
    query = _Query(entity, term, fields, exact, position["id"] if position else 0)
    found = _found(call, query)
    for name, key in (("organization_id", "org_id"), ("person_id", "person_id")):
        wanted = parameters.integer(name) if name in more else None
        found = [item for item in found if wanted in (None, item["doc"].get(key))]
    if "status" in more and parameters.text("status"):
        found = [item for item in found if item["doc"]["status"] == parameters.text("status")]
    shown = [_without_key(item) for item in found[:limit]]
    cursor = None
    if len(found) > limit:
        cursor = make_cursor(call, f"{entity}_search", {"id": shown[-1]["item"]["id"]})
    return ok({"items": shown}, additional_data={"next_cursor": cursor})


def _term(parameters: Parameters) -> str:
    term = (parameters.text("term") or "").strip()
    if len(term) < (1 if parameters.flag("exact_match") else 2):
        raise invalid("term: must have at least 2 characters, 1 with exact_match")
    return term.lower()


def _visible(call: Call) -> list[str]:
    # The index lags behind writes by a fixed time.
    return ["is_deleted=0", f"written<={call.now - call.settings.search_lag_seconds}"]


def _found(call: Call, query: _Query) -> list[Doc]:
    parent = _PARENT[query.entity]
    condition = "instr(search,?)>0"
    values: list[Any] = [query.after, query.needle]
    if "notes" in query.fields:
        noted = f"SELECT {parent} FROM notes WHERE is_deleted=0 AND instr(search,?)>0"
        condition = f"({condition} OR id IN ({noted}))"
        values.append(query.needle)
    where = [*_visible(call), "id>?", condition]
    docs = call.store.select(_KINDS[query.entity], where, values, limit=_MOST_CANDIDATES)
    score = 1.0 if query.exact else 0.5
    hits = [(doc, _hits(call, query, doc)) for doc in docs]
    return [
        {"result_score": score, "item": _item(call, query.entity, doc, found), "doc": doc}
        for doc, found in hits
        if any(found.values())
    ]


def _hits(call: Call, query: _Query, doc: Doc) -> dict[str, list[str]]:
    def is_hit(text: str) -> bool:
        return text.lower() == query.needle if query.exact else query.needle in text.lower()

    texts = {name: _texts(call, query.entity, doc, name) for name in query.fields}
    return {name: [text for text in values if is_hit(text)] for name, values in texts.items()}


def _texts(call: Call, entity: str, doc: Doc, name: str) -> list[str]:
    if name == "custom_fields":
        return [
            text
            for code, value in doc["custom_fields"].items()
            for text in _custom(call, entity, code, value)
        ]
    if name == "notes":
        parent = _PARENT[entity]
        notes = call.store.select("notes", ["is_deleted=0", f"{parent}=?"], [doc["id"]])
        return [note["content"] for note in notes]
    if name in _PATHS:
        return [entry["value"] for entry in doc[_PATHS[name]]]
    return searchable(doc.get(name))


def _custom(call: Call, entity: str, code: str, value: Any) -> list[str]:
    field = call.account.catalogue.field(entity, code)
    return searchable(value) if field is not None and field.type in SEARCHABLE_TYPES else []


def _item(call: Call, entity: str, doc: Doc, hits: dict[str, list[str]]) -> Doc:
    item: Doc = {"id": doc["id"], "type": entity}
    if entity == "deal":
        item |= {key: doc[key] for key in ("title", "value", "currency", "status", "is_archived")}
        item["person"] = _short(call, "persons", doc["person_id"])
    else:
        item["name"] = doc["name"]
    if entity == "person":
        item |= {"phones": [x["value"] for x in doc["phones"]], "emails": [x["value"] for x in doc["emails"]]}
    if entity == "organization":
        item["address"] = (doc["address"] or {}).get("value")
    else:
        item["organization"] = _short(call, "organizations", doc["org_id"])
    item |= {"visible_to": doc["visible_to"], "owner": {"id": doc["owner_id"]}}
    return item | {"custom_fields": hits.get("custom_fields", []), "notes": hits.get("notes", [])}


def _short(call: Call, kind: str, number: int | None) -> Doc | None:
    doc = call.store.get(kind, number) if number is not None else None
    if doc is None:
        return None
    short: Doc = {"id": doc["id"], "name": doc["name"]}
    return short | ({"address": (doc["address"] or {}).get("value")} if kind == "organizations" else {})


def _without_key(item: Doc) -> Doc:
    return {key: value for key, value in item.items() if key != "doc"}


_COMMON = frozenset(("term", "fields", "exact_match", "include_fields", "limit", "cursor"))
