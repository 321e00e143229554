"""What a request wrote, kept for the webhooks that want to hear of it."""

from dataclasses import dataclass
from typing import Any, Literal

Doc = dict[str, Any]
Action = Literal["create", "change", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """One write: `before` is None for a create, `after` for a delete; both are stored documents.

    `merged` is ("merged_to_id" or "merged_from_id", number) for the two halves of a merge.
    """

    entity: str
    action: Action
    number: int
    before: Doc | None
    after: Doc | None
    merged: tuple[str, int] | None = None


def change_of(entity: str, before: Doc | None, after: Doc) -> Change:
    """The change from one stored document to the next; a record that is deleted by it has no `after`."""
    number = int(after["id"])
    if before is None:
        return Change(entity, "create", number, None, after)
    if gone(after) and not gone(before):
        return Change(entity, "delete", number, before, None)
    return Change(entity, "change", number, before, after)


def gone(doc: Doc) -> bool:
    """Whether a stored document is deleted."""
    return bool(doc.get("is_deleted")) or doc.get("active_flag") is False
