"""What notes and files have in common: they hang on a person, an organization or a deal, and are seen with it."""

from typing import Any

from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.state import Doc

PARENTS = {"person_id": "persons", "org_id": "organizations", "deal_id": "deals"}
NAMES = {"person_id": "name", "org_id": "name", "deal_id": "title"}


def sight(call: Call) -> tuple[list[str], list[Any]]:
    """SQL conditions on notes or files that keep what the user may see: what has a visible parent, or none."""
    if call.user["is_admin"]:
        return [], []
    parts, values = [f"({' AND '.join(f'{name} IS NULL' for name in PARENTS)})"], []
    for name, kind in PARENTS.items():
        where, own = call.sight(kind)
        parts.append(f"{name} IN (SELECT id FROM {kind} WHERE {' AND '.join(where)})")  # noqa: S608 (fixed names)
        values += own
    return [f"({' OR '.join(parts)})"], values


def sees(call: Call, doc: Doc) -> bool:
    """Whether the user may see one note or file."""
    if call.user["is_admin"]:
        return True
    found = [
        (kind, call.store.get(kind, doc[name])) for name, kind in PARENTS.items() if doc[name] is not None
    ]
    return not found or any(parent is not None and call.sees(kind, parent) for kind, parent in found)


def parent_name(call: Call, doc: Doc, link: str) -> str | None:
    """What the record behind a link is called."""
    found = call.store.get(PARENTS[link], doc[link]) if doc[link] is not None else None
    return found[NAMES[link]] if found else None
