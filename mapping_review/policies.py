"""What the state of a map forbids; the role table is in `migrator.policies`. Each check has a sentence."""

from typing import Any

from mapping_review import queries
from mapping_review.models import MapVersion
from mapping_review.proposers.by_rules import fits
from mapping_review.settling import is_open_conflict
from migrator import policies as roles
from migrator import staging
from migrator.engine.errors import RefusedError


def check_can_edit_version(user: Any, version: MapVersion) -> None:
    roles.check_can_edit_fields(user, version.project)
    if not version.is_draft:
        raise RefusedError(
            f"v{version.number} is signed and never changes. Open a new draft to change it.",
            version=version.pk,
        )


def check_can_approve(row: queries.Row) -> None:
    """A row whose Sections disagree waits for the type."""
    if is_open_conflict(row.field):
        raise RefusedError(
            f"The Sections disagree about the type of {row.decision.name}. "
            "Settle its type in the queue first.",
            row=row.decision.pk,
        )


def check_can_sign(user: Any, version: MapVersion, open_conflicts: int) -> None:
    """Everything that has to be true before a map is signed."""
    roles.check_can_sign_map(user, version.project)
    if not version.is_draft:
        raise RefusedError(f"v{version.number} is signed already. Nothing was changed.", version=version.pk)
    if sentence := why_not_signable(version, open_conflicts):
        raise RefusedError(sentence, version=version.pk)


def why_not_signable(version: MapVersion, open_conflicts: int) -> str:
    """The sentence beside the disabled button; "" where nothing stands in the way."""
    undecided = queries.undecided_count(version)
    if open_conflicts:
        words = f"{_fields(open_conflicts)} {_have(open_conflicts)}"
        return f"{words} an open type conflict. Settle them in the queue first."
    if undecided:
        return (
            f"{_fields(undecided)} {_have(undecided)} no decision yet. Approve them or leave them out first."
        )
    if not version.decisions.exists():
        return "The map has no rows yet. Run a discovery first."
    return _why_not_fitting(version)


def _why_not_fitting(version: MapVersion) -> str:
    target = room_in(version)
    new = len(queries.field_map(version).to_create())
    existing, cap = target
    if fits(new, existing, cap):
        return ""
    over = existing + new - (cap or 0)
    return (
        f"The map creates {new} custom fields, {existing} exist, and the plan of the Pipedrive account "
        f"allows {cap}. "
        f"Leave out {over} or choose existing fields for them."
    )


def room_in(version: MapVersion) -> tuple[int, int | None]:
    """Custom fields that the target has, and how many its plan allows (None: no limit is known)."""
    discovery = staging.current_discovery(version.project)
    target = (discovery.inventory if discovery else {}).get("target", {})
    return int(target.get("custom_fields") or 0), target.get("field_cap")


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
