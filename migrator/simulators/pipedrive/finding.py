"""Which records a search finds, and in which of their values; by id, some at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.persons import searchable
from migrator.simulators.pipedrive.state import Doc
from migrator.simulators.pipedrive.texts import Wanted

# Custom types that search looks into (reference section 12).
SEARCHABLE_TYPES = frozenset(["address", "varchar", "text", "varchar_auto", "double", "monetary", "phone"])
TABLES = {"person": "persons", "organization": "organizations", "deal": "deals"}
FIELDS = {
    "person": ("name", "email", "phone", "custom_fields", "notes"),
    "organization": ("name", "address", "custom_fields", "notes"),
    "deal": ("title", "custom_fields", "notes"),
}
LISTS = {"phone": "phones", "email": "emails"}
_PARENT = {"person": "person_id", "organization": "org_id", "deal": "deal_id"}
_BATCH = 200
# What one search looks at closely; a page may end early, and its cursor goes on from there.
_MOST_CANDIDATES = 5_000
_MOST_NOTES = 5_000


@dataclass(frozen=True, slots=True)
class Query:
    """A search among one kind of record; `needle` is in lower case, `where` are conditions on the record's row."""

    entity: str
    needle: str
    fields: Sequence[str]
    exact: bool = False
    after: int = 0
    where: Sequence[str] = ()
    values: Sequence[Any] = field(default=())


@dataclass(frozen=True, slots=True)
class Hit:
    """A found record, and by field the values in which the needle is."""

    doc: Doc
    texts: dict[str, list[str]]


def find(call: Call, query: Query, limit: int) -> tuple[list[Hit], int | None]:
    """Up to `limit` records in order of id, and the id after which to go on, None at the end."""
    found: list[Hit] = []
    for looked, doc in enumerate(_candidates(call, query), start=1):
        texts = _hits(call, query, doc)
        if any(texts.values()):
            if len(found) == limit:
                return found, int(found[-1].doc["id"]) if found else query.after
            found.append(Hit(doc, texts))
        if looked == _MOST_CANDIDATES:
            return found, int(doc["id"])
    return found, None


def live(call: Call, kind: str) -> tuple[list[str], list[Any]]:
    """Conditions for what the user may see and what has not been deleted."""
    seen, values = call.sight(kind)
    return ["is_deleted=0", *seen], values


def indexed_until(call: Call) -> float:
    """The search index lags behind writes: what was written after this moment is not found."""
    return call.now - call.settings.search_lag_seconds


def _candidates(call: Call, query: Query) -> Iterator[Doc]:
    kind, after = TABLES[query.entity], query.after
    noted = _noted(call, query) if "notes" in query.fields else []
    while True:
        numbers, is_last = _numbers(call, replace(query, after=after), noted)
        where, values = _conditions(call, query)
        if numbers:
            chosen = [f"id IN ({','.join(map(str, numbers))})", *where]
            yield from call.store.select(kind, chosen, values)
        if is_last:
            return
        after = numbers[-1]


def _numbers(call: Call, query: Query, noted: list[int]) -> tuple[list[int], bool]:
    """The next candidates by id, and whether they are the last."""
    where, values = _conditions(call, query)
    wanted = Wanted(query.needle, query.exact, query.after, indexed_until(call), where, values)
    found = call.store.texts.find(TABLES[query.entity], wanted, _BATCH)
    rest = [number for number in noted if number > query.after]
    joined = sorted({*found, *rest})
    if len(found) == _BATCH:
        return [number for number in joined if number <= found[-1]], False
    return joined, True


def _conditions(call: Call, query: Query) -> tuple[list[str], list[Any]]:
    where, values = live(call, TABLES[query.entity])
    return [*where, *query.where], [*values, *query.values]


def _noted(call: Call, query: Query) -> list[int]:
    """The records whose notes hold the needle."""
    parent = _PARENT[query.entity]
    where = [f"{parent} IS NOT NULL"]
    notes = call.store.texts.find("notes", Wanted(query.needle, query.exact, where=where), _MOST_NOTES)
    if not notes:
        return []
    sql = f"SELECT DISTINCT {parent} FROM notes WHERE id IN ({','.join(map(str, notes))})"  # noqa: S608
    return sorted(row[0] for row in call.store.rows(sql))


def _hits(call: Call, query: Query, doc: Doc) -> dict[str, list[str]]:
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
    if name in LISTS:
        return [entry["value"] for entry in doc[LISTS[name]]]
    return searchable(doc.get(name))


def _custom(call: Call, entity: str, code: str, value: Any) -> list[str]:
    item = call.account.catalogue.field(entity, code)
    return searchable(value) if item is not None and item.type in SEARCHABLE_TYPES else []
