"""What the control address shows: figures, and everything that is kept, in a form that can be compared by byte."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from migrator.simulators.http_wsgi import Request
from migrator.simulators.pipedrive.account import Account, Call
from migrator.simulators.pipedrive.notes import show_note
from migrator.simulators.pipedrive.records import RecordKind, View
from migrator.simulators.pipedrive.routes import KINDS
from migrator.simulators.pipedrive.state import COLUMNS, Doc
from migrator.simulators.snapshots import Record

# Left out of a stable snapshot: a change that was taken back leaves these behind.
VOLATILE = frozenset(("update_time", "last_update_user_id", "stage_change_time"))


def limits_in_force(account: Account) -> dict[str, Any]:
    """The limits as they are now."""
    return asdict(account.limiter.limits)


def meter(account: Account) -> dict[str, Any]:
    """Requests and tokens: all, by operation, and by budget day (UTC days when the budget resets at midnight)."""
    rows = account.store.rows("SELECT name, requests, tokens, refused, limited FROM operations ORDER BY name")
    operations = {
        name: {"requests": requests, "tokens": tokens, "refused": refused, "limited": limited}
        for name, requests, tokens, refused, limited in rows
    }
    days = account.store.rows("SELECT day, tokens, requests FROM days ORDER BY day")
    return {
        "tokens": {"today": account.spent_today(), "total": _sum(operations, "tokens")},
        "requests": _sum(operations, "requests"),
        "refused": _sum(operations, "refused"),
        "limited": _sum(operations, "limited"),
        "operations": operations,
        "by_day": [{"day": day, "tokens": tokens, "requests": number} for day, tokens, number in days],
    }


def figures(account: Account) -> dict[str, Any]:
    """Counts per kind, the token meter, requests and refusals."""
    store, metered = account.store, meter(account)
    return {
        "account": account.settings.account,
        "seed": account.settings.seed,
        "profiles": store.fact("profiles"),
        "company": account.company,
        "plan": account.plan.name,
        "now": account.now(),
        "counts": {kind: store.count(kind, ["is_deleted=0"]) for kind in COLUMNS},
        "deleted": {kind: store.count(kind, ["is_deleted=1"]) for kind in COLUMNS},
        "custom_fields": account.catalogue.custom_count(),
        "late": len(store.rows("SELECT id FROM late")),
        "limits": limits_in_force(account),
    } | {name: value for name, value in metered.items() if name != "by_day"}


def records(account: Account, *, stable: bool, deleted: bool) -> Iterator[Record]:
    """Everything kept, by kind and id: records as the API shows them, then fields and small definitions."""
    readers = _readers(account, deleted=deleted)
    for kind in sorted(readers):
        for number, doc in readers[kind]():
            yield Record(kind, number, _without_volatile(doc) if stable else doc)


def _readers(account: Account, *, deleted: bool) -> dict[str, Callable[[], Iterable[tuple[Any, Doc]]]]:
    call = Call(account, Request("GET", "/", {}, {}), next(iter(account.users.values())), account.now())
    where = [] if deleted else ["is_deleted=0"]
    found: dict[str, Callable[[], Iterable[tuple[Any, Doc]]]] = {
        kind: partial(_numbered, account, kind, where) for kind in COLUMNS
    }
    for kind in KINDS:
        found[kind.kind] = partial(_shown, account, kind, call, where)
    found["notes"] = partial(_notes, account, call, where)
    found["followers"] = partial(_followers, account)
    for entity in ("person", "organization", "deal", "product"):
        found[f"{entity}_fields"] = partial(_fields, account, entity)
    for name, docs in account.small.items():
        found[name] = partial(_small, docs, deleted)
    found["users"] = partial(_small, account.users, True)
    return found


def _numbered(account: Account, kind: str, where: list[str]) -> Iterator[tuple[int, Doc]]:
    return ((doc["id"], doc) for doc in account.store.iterate(kind, where))


def _shown(account: Account, kind: RecordKind, call: Call, where: list[str]) -> Iterator[tuple[int, Doc]]:
    view = View(kind, call, None)
    return ((doc["id"], view.show(doc)) for doc in account.store.iterate(kind.kind, where))


def _notes(account: Account, call: Call, where: list[str]) -> Iterator[tuple[int, Doc]]:
    return ((doc["id"], show_note(call, doc)) for doc in account.store.iterate("notes", where))


def _fields(account: Account, entity: str) -> Iterator[tuple[str, Doc]]:
    for field in sorted(account.catalogue.fields(entity), key=lambda field: field.code):
        options = [asdict(option) for option in field.options]
        shown = {"field_code": field.code, "field_name": field.name, "field_type": field.type}
        yield field.code, shown | {"options": options}


def _followers(account: Account) -> Iterator[tuple[str, Doc]]:
    for kind, record, user, at in account.store.rows("SELECT * FROM followers ORDER BY kind, record, user"):
        yield f"{kind}/{record:020}/{user}", {"kind": kind, "record": record, "user_id": user, "add_time": at}


def _small(docs: dict[int, Doc], gone_too: bool) -> Iterator[tuple[Any, Doc]]:
    for number, doc in sorted(docs.items(), key=lambda item: (isinstance(item[0], str), item[0])):
        if gone_too or (not doc.get("is_deleted") and doc.get("active_flag", True)):
            yield number, doc


def _without_volatile(doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if name not in VOLATILE}


def _sum(operations: dict[str, dict[str, int]], name: str) -> int:
    return sum(figures[name] for figures in operations.values())
