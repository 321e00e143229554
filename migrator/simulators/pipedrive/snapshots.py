"""What the control address shows: figures, and everything live in a form that can be compared by byte."""

from dataclasses import asdict
from typing import Any

from migrator.simulators.http_wsgi import Request
from migrator.simulators.pipedrive.account import Account, Call
from migrator.simulators.pipedrive.notes import show_note
from migrator.simulators.pipedrive.records import View
from migrator.simulators.pipedrive.routes import KINDS
from migrator.simulators.pipedrive.state import COLUMNS, Doc

# Left out of a stable snapshot: a change that was taken back leaves these behind.
VOLATILE = frozenset(("update_time", "last_update_user_id", "stage_change_time"))


def limits_in_force(account: Account) -> dict[str, Any]:
    """The limits as they are now."""
    return asdict(account.limiter.limits)


def figures(account: Account) -> dict[str, Any]:
    """Counts per kind, the token meter, requests and refusals."""
    store = account.store
    operations = {
        name: {"requests": requests, "tokens": tokens, "refused": refused, "limited": limited}
        for name, requests, tokens, refused, limited in store.rows("SELECT * FROM operations ORDER BY name")
    }
    tokens = {"today": account.spent_today(), "total": _sum(operations, "tokens")}
    return {
        "account": account.settings.account,
        "company": account.company,
        "plan": account.plan.name,
        "now": account.now(),
        "counts": {kind: store.count(kind, ["is_deleted=0"]) for kind in COLUMNS},
        "deleted": {kind: store.count(kind, ["is_deleted=1"]) for kind in COLUMNS},
        "custom_fields": account.catalogue.custom_count(),
        "tokens": tokens,
        "requests": _sum(operations, "requests"),
        "refused": _sum(operations, "refused"),
        "limited": _sum(operations, "limited"),
        "operations": operations,
        "late": len(store.rows("SELECT id FROM late")),
        "limits": limits_in_force(account),
    }


def everything(account: Account, *, stable: bool) -> dict[str, Any]:
    """All live records and definitions by kind, in order of id."""
    call = Call(account, Request("GET", "/", {}, {}), next(iter(account.users.values())), account.now())
    found: dict[str, list[Doc]] = {
        kind.kind: [
            View(kind, call, None).show(doc) for doc in account.store.select(kind.kind, ["is_deleted=0"])
        ]
        for kind in KINDS
    }
    found["notes"] = [show_note(call, doc) for doc in account.store.select("notes", ["is_deleted=0"])]
    for entity in ("person", "organization", "deal"):
        fields = account.catalogue.fields(entity)
        found[f"{entity}_fields"] = [
            {"field_code": field.code, "field_name": field.name, "field_type": field.type}
            | {"options": [asdict(option) for option in field.options]}
            for field in fields
        ]
    for kind_name, docs in account.small.items():
        live = (doc for doc in docs.values() if not doc.get("is_deleted") and doc.get("active_flag", True))
        found[kind_name] = list(live)
    return {kind: [_without_volatile(doc) if stable else doc for doc in docs] for kind, docs in found.items()}


def _without_volatile(doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if name not in VOLATILE}


def _sum(operations: dict[str, dict[str, int]], name: str) -> int:
    return sum(figures[name] for figures in operations.values())
