"""What became of an act on a case, as values, and the sentence for whoever was slower."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from migrator.engine.cases import Decide
from reconciliation.arguments import InvalidDecisionError
from reconciliation.choices import ItemState
from reconciliation.models import Decision, ReviewItem
from reconciliation.suggestions import usual_args

OURSELVES = "Crosswalk"


@dataclass(frozen=True, slots=True)
class Decided:
    """`repeated` is true where the same request had been answered before and nothing was written now."""

    item: ReviewItem
    decision: Decision
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else, or another window, was faster. The item is as they left it.

    `held` is true where somebody has it open and `decide(take_over=True)` would settle it all the same; `ticks`
    where `undo(also=...)` with this item would take the later decisions back as well.
    """

    item: ReviewItem
    sentence: str
    held: bool = False
    ticks: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    item: ReviewItem
    sentence: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of each item of one request; `repeated` are the items that it had decided before."""

    key: UUID
    decided: tuple[Decision, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    refused: tuple[Refused, ...] = ()
    repeated: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, and what was not because something later depends on it."""

    key: UUID
    undone: tuple[Decision, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done with an item; no action accepts its suggestion, no arguments take the usual ones."""

    action: Decide | None = None
    args: Mapping[str, Any] = field(default_factory=dict)

    def for_item(self, item: ReviewItem) -> tuple[Decide, Mapping[str, Any]]:
        if self.action is not None:
            return self.action, self.args or usual_args(item.suggestion, self.action)
        if not item.suggested_action:
            raise InvalidDecisionError("action", "There is no suggestion to accept. Choose an act.")
        return Decide(item.suggested_action), item.suggestion["args"]


def conflict_sentence(item: ReviewItem) -> str:
    """Who was faster and with what; ends with what the person can do."""
    if item.state == ItemState.GONE:
        return "The last discovery no longer found this case."
    if item.decided_by is None or item.decided_at is None:
        return "This case was opened again while you looked at it. Look at it once more."
    who = name_of(item.decided_by)
    chose = f"{who} chose {item.get_action_display()} {_ago(timezone.now() - item.decided_at)}."
    return f"{chose} Keep {who}'s choice or use yours."


def name_of(user: Any) -> str:
    """How a person is called in a sentence; nobody is Crosswalk itself."""
    return str(user.first_name or user.get_username()) if user else OURSELVES


def _ago(passed: timedelta) -> str:
    seconds = max(1, int(passed.total_seconds()))
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{seconds // size} {word}{'s' if seconds // size > 1 else ''} ago"
    return f"{seconds} second{'s' if seconds > 1 else ''} ago"
