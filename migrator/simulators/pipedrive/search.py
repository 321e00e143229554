"""Search: late by a settable time, case-insensitive over whole records, case-sensitive over one field."""

# ruff: noqa: S608  (table, column and path names come from this package's own tables, values are bound)

from collections.abc import Sequence
from typing import Any

from migrator.simulators.http_wsgi import Response
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.answers import ok
from migrator.simulators.pipedrive.catalogue import Field
from migrator.simulators.pipedrive.errors import invalid
from migrator.simulators.pipedrive.finding import (
    FIELDS,
    LISTS,
    SEARCHABLE_TYPES,
    TABLES,
    Hit,
    Query,
    find,
    indexed_until,
    live,
)
from migrator.simulators.pipedrive.parameters import Parameters, make_cursor
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.texts import Wanted

_OTHER_TYPES = ("product", "lead", "file", "mail_attachment", "project")
_RELATED = 100
_BATCH = 500
# Whose values are in the searchable text, so that it says which records to look at.
_IN_TEXT = frozenset(("name", "title", "address", *LISTS))
_WITH_VALUE = frozenset(("address", "monetary"))


def search_persons(call: Call) -> Response:
    """GET /api/v2/persons/search."""
    return _search_one(call, "person", ("organization_id",), ("person.picture",))


def search_organizations(call: Call) -> Response:
    """GET /api/v2/organizations/search."""
    return _search_one(call, "organization", (), ())


def search_deals(call: Call) -> Response:
    """GET /api/v2/deals/search."""
    return _search_one(call, "deal", ("person_id", "organization_id", "status"), ("deal.cc_email",))


def search_items(call: Call) -> Response:
    """GET /api/v2/itemSearch: several kinds, one after the other."""
    parameters = Parameters(call, {"item_types", "search_for_related_items", *_COMMON})
    kinds = parameters.words("item_types", (*FIELDS, *_OTHER_TYPES))
    known = {name for names in FIELDS.values() for name in names} | {"code", "description"}
    fields = parameters.words("fields", known)
    parameters.words("include_fields", ("deal.cc_email", "person.picture", "product.price"))
    term, limit = _term(parameters), parameters.limit(most=call.settings.search_page_cap)
    is_exact, is_related = (
        parameters.flag("exact_match") or False,
        parameters.flag("search_for_related_items"),
    )
    position = parameters.cursor("items") or {"type": None, "id": 0}
    items: list[Doc] = []
    related: list[Doc] = []
    cursor = None
    for entity in _from(position["type"], [name for name in FIELDS if not kinds or name in kinds]):
        wanted = [name for name in FIELDS[entity] if not fields or name in fields]
        after = position["id"] if entity == position["type"] else 0
        hits, more = find(call, Query(entity, term, wanted, is_exact, after), limit - len(items))
        items += [_found(call, entity, hit, is_exact) for hit in hits]
        related += [item for hit in hits for item in _related(call, entity, hit.doc)] if is_related else []
        if more is not None:
            cursor = make_cursor(call, "items", {"type": entity, "id": more})
            break
    return ok({"items": items, "related_items": related}, additional_data={"next_cursor": cursor})


def search_field(call: Call) -> Response:
    """GET /api/v2/itemSearch/field: values of one field, case-sensitive."""
    parameters = Parameters(call, {"term", "entity_type", "match", "field", "limit", "cursor"})
    entity = parameters.word("entity_type", TABLES, "")
    match = parameters.word("match", ("exact", "beginning", "middle"), "exact")
    code = parameters.text("field")
    field = call.account.catalogue.field(entity, code) if entity and code else None
    if field is None or field.type not in SEARCHABLE_TYPES:
        raise invalid("entity_type and field: must name a searchable field")
    term = parameters.text("term") or ""
    if len(term) < (1 if match == "exact" else 2):
        raise invalid("term: is too short")
    limit, position = parameters.limit(most=call.settings.search_page_cap), parameters.cursor("field")
    docs = _with_value(call, field, match, term, position["id"] if position else 0, limit + 1)
    data = [{"id": doc["id"], "name": doc.get("name") or doc.get("title")} for doc in docs[:limit]]
    cursor = make_cursor(call, "field", {"id": data[-1]["id"]}) if len(docs) > limit else None
    return ok(data, additional_data={"next_cursor": cursor})


def _search_one(call: Call, entity: str, more: Sequence[str], optional: Sequence[str]) -> Response:
    parameters = Parameters(call, {*_COMMON, *more})
    fields = parameters.words("fields", FIELDS[entity]) or FIELDS[entity]
    parameters.words("include_fields", optional)
    term, limit = _term(parameters), parameters.limit(most=call.settings.search_page_cap)
    position = parameters.cursor(f"{entity}_search")
    is_exact = parameters.flag("exact_match") or False
    where, values = _selected(parameters, more)
    query = Query(entity, term, fields, is_exact, position["id"] if position else 0, where, values)
    hits, last = find(call, query, limit)
    cursor = None if last is None else make_cursor(call, f"{entity}_search", {"id": last})
    items = [_found(call, entity, hit, is_exact) for hit in hits]
    return ok({"items": items}, additional_data={"next_cursor": cursor})


def _selected(parameters: Parameters, names: Sequence[str]) -> tuple[list[str], list[Any]]:
    found: dict[str, Any] = {}
    for name, column in (("organization_id", "org_id"), ("person_id", "person_id")):
        if name in names:
            found[column] = parameters.integer(name)
    if "status" in names and parameters.text("status") is not None:
        found["status"] = parameters.word("status", ("open", "won", "lost"), "")
    found = {column: value for column, value in found.items() if value is not None}
    return [f"{column}=?" for column in found], list(found.values())


def _term(parameters: Parameters) -> str:
    term = (parameters.text("term") or "").strip()
    if len(term) < (1 if parameters.flag("exact_match") else 2):
        raise invalid("term: must have at least 2 characters, 1 with exact_match")
    return term.lower()


def _from(first: str | None, entities: list[str]) -> list[str]:
    return entities[entities.index(first) :] if first in entities else entities


def _with_value(call: Call, field: Field, match: str, term: str, after: int, limit: int) -> list[Doc]:
    """Records whose field has such a value, by id."""
    kind = TABLES[field.entity]
    condition = _matching(field, match)
    where, values = live(call, kind)
    if not field.custom and field.code not in _IN_TEXT:
        late = f"id IN (SELECT id FROM {kind}_texts WHERE id>? AND written<=?)"
        more = [after, indexed_until(call), *values, term]
        return call.store.select(kind, [late, *where, condition], more, limit=limit)
    found: list[Doc] = []
    while True:
        wanted = Wanted(term.lower(), match == "exact", after, indexed_until(call), where, values)
        numbers = call.store.texts.find(kind, wanted, _BATCH)
        if numbers:
            chosen = [f"id IN ({','.join(map(str, numbers))})", condition]
            found += call.store.select(kind, chosen, [term], limit=limit - len(found))
        if len(numbers) < _BATCH or len(found) >= limit:
            return found
        after = numbers[-1]


def _matching(field: Field, match: str) -> str:
    """A condition on the record's row with one value, the term. A number is compared as the text it was typed as."""
    compared = {"exact": "CAST({0} AS TEXT)=?", "beginning": "instr({0},?)=1", "middle": "instr({0},?)>0"}[
        match
    ]
    if not field.custom and field.code in LISTS:
        inner = compared.format("json_extract(value,'$.value')")
        return f"EXISTS (SELECT 1 FROM json_each(doc,'$.{LISTS[field.code]}') WHERE {inner})"
    path = f'$.custom_fields."{field.code}"' if field.custom else f"$.{field.code}"
    part = ".value" if field.type in _WITH_VALUE else ""
    return compared.format(f"json_extract(doc,'{path}{part}')")


def _found(call: Call, entity: str, hit: Hit, is_exact: bool) -> Doc:
    item = _item(call, entity, hit.doc)
    item |= {"custom_fields": hit.texts.get("custom_fields", []), "notes": hit.texts.get("notes", [])}
    return {"result_score": 1.0 if is_exact else 0.5, "item": item}


def _related(call: Call, entity: str, doc: Doc) -> list[Doc]:
    """The newest deals of a person or an organization, and the newest persons of an organization."""
    links = {"person": (("deal", "person_id"),), "organization": (("deal", "org_id"), ("person", "org_id"))}
    found: list[Doc] = []
    for other, link in links.get(entity, ()):
        where, values = live(call, TABLES[other])
        docs = call.store.select(
            TABLES[other], [*where, f"{link}=?"], [*values, doc["id"]], order="id DESC", limit=_RELATED
        )
        found += [{"result_score": 0.0, "item": _item(call, other, each)} for each in docs]
    return found


def _item(call: Call, entity: str, doc: Doc) -> Doc:
    item: Doc = {"id": doc["id"], "type": entity}
    if entity == "deal":
        item |= {key: doc[key] for key in ("title", "value", "currency", "status", "is_archived")}
        item["stage"] = _stage(call, doc["stage_id"])
        item["person"] = _short(call, "persons", doc["person_id"])
    else:
        item["name"] = doc["name"]
    if entity == "person":
        item |= {"phones": [x["value"] for x in doc["phones"]], "emails": [x["value"] for x in doc["emails"]]}
    if entity == "organization":
        item["address"] = (doc["address"] or {}).get("value")
    else:
        item["organization"] = _short(call, "organizations", doc["org_id"])
    return item | {"visible_to": doc["visible_to"], "owner": {"id": doc["owner_id"]}}


def _stage(call: Call, number: int | None) -> Doc | None:
    stage = call.account.small["stages"].get(number) if number is not None else None
    return {"id": stage["id"], "name": stage["name"]} if stage else None


def _short(call: Call, kind: str, number: int | None) -> Doc | None:
    doc = call.store.get(kind, number) if number is not None else None
    if doc is None:
        return None
    short: Doc = {"id": doc["id"], "name": doc["name"]}
    return short | ({"address": (doc["address"] or {}).get("value")} if kind == "organizations" else {})


_COMMON = frozenset(("term", "fields", "exact_match", "include_fields", "limit", "cursor"))
