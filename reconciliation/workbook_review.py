"""Looks at each line of an uploaded spreadsheet as a click would be looked at, and writes nothing.

Lines of one file may stand in each other's way, such as one address for two profiles; the later one is rejected.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from migrator.engine.cases import CaseKind, Decide, case_key
from migrator.engine.errors import RefusedError
from migrator.engine.matching import email_key
from migrator.models import Project
from reconciliation import policies
from reconciliation.arguments import InvalidDecisionError, validated
from reconciliation.choices import ItemState
from reconciliation.ends import share
from reconciliation.models import ReviewItem
from reconciliation.outcomes import Choice, name_of
from reconciliation.workbook_in import Entered, Line, Rejected
from reconciliation.workbook_words import COMMENT, DECISION, ID, VALUE, meant, standing_of

_SLICE = 500
LONGEST_NOTE = 2_000
# What writes nothing for a record, so that nothing can be merged into it.
_ENDS = (Decide.DROP, Decide.SKIP)
_ELSEWHERE = "There is no such case in this project."


@dataclass(slots=True)
class Review:
    """The three parts of the preview. `lines` are as QueueImport keeps them, `unchanged` is a number."""

    lines: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    unchanged: int


def reviewed(entered: Entered, project: Project) -> Review:
    """What applying the file would do to the cases as they are now."""
    found = Review([], [row.as_json() for row in entered.rejected], entered.empty)
    together = _Together()
    for slice_ in _slices(entered.lines):
        items = _items(project, [line.id for line in slice_])
        for line in slice_:
            _review(found, line, items.get(line.id), together)
    return found


def _slices(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for start in range(0, len(lines), _SLICE):
        yield lines[start : start + _SLICE]


def _items(project: Project, ids: Sequence[int]) -> Mapping[int, ReviewItem]:
    items = project.review_items.select_related("decided_by").in_bulk(ids)
    for item in items.values():
        item.project = project
    share(list(items.values()))
    return items


def _review(found: Review, line: Line, item: ReviewItem | None, together: "_Together") -> None:
    if item is None:
        found.rejected.append(Rejected(line.ref(ID), line.id, _ELSEWHERE).as_json())
    elif rejected := _rejected(line, item):
        found.rejected.append(rejected.as_json())
    else:
        _review_decision(found, line, item, together)


def _rejected(line: Line, item: ReviewItem) -> Rejected | None:
    """Why nothing of the line counts, whatever it decides."""
    if len(line.comment) > LONGEST_NOTE:
        amount = f"{len(line.comment):,} characters"
        return Rejected(
            line.ref(COMMENT), item.pk, f"The comment has {amount}. Use {LONGEST_NOTE:,} or fewer."
        )
    if item.state == ItemState.GONE:
        return Rejected(line.ref(), item.pk, "The last discovery no longer found this case.")
    if line.decision.strip() and not _same(line, item) and line.version != item.lock_version:
        return Rejected(line.ref(), item.pk, moved_on(item))
    return None


def _same(line: Line, item: ReviewItem) -> bool:
    """Whether the line says what was decided already, here or by somebody else since."""
    return (line.decision.strip(), line.value.strip()) == tuple(text.strip() for text in standing_of(item))


def moved_on(item: ReviewItem) -> str:
    """Who settled the case since the file was written, or what else became of it."""
    if item.decided_by is not None:
        chose = f"{name_of(item.decided_by)} chose {item.get_action_display()} after the download."
        return f"{chose} It was left as it is."
    if item.changed:
        return f"The case is not what it was at the download. {item.changed}"
    return "The case was opened again after the download. Look at it on its page."


def _review_decision(found: Review, line: Line, item: ReviewItem, together: "_Together") -> None:
    kept: dict[str, Any] = {"cell": line.ref(), "id": item.pk, "version": line.version, "note": line.comment}
    if line.decision.strip() and not _same(line, item):
        try:
            kept |= _decision(line, item, together)
        except (RefusedError, InvalidDecisionError) as problem:
            at_value = isinstance(problem, InvalidDecisionError) and problem.field != "action"
            where = line.ref(VALUE if at_value else DECISION)
            found.rejected.append(Rejected(where, item.pk, problem.sentence).as_json())
            return
    if "action" in kept or kept["note"]:
        found.lines.append(kept)
    else:
        found.unchanged += 1


def _decision(line: Line, item: ReviewItem, together: "_Together") -> dict[str, Any]:
    """The act and its clean arguments; raises what a click would raise."""
    action, args = Choice(*meant(item, line.decision, line.value)).for_item(item)
    policies.check_can_decide(item, action)
    clean = validated(item, action, args)
    together.take(item, action, clean, line.ref(VALUE))
    return {"action": action.value, "args": clean}


@dataclass(slots=True)
class _Together:
    """What the lines before this one decide, where the next ones have to mind it. Values are cells."""

    addresses: dict[str, str] = field(default_factory=dict)
    merged: dict[tuple[str, str], str] = field(default_factory=dict)
    into: dict[tuple[str, str], str] = field(default_factory=dict)
    ended: dict[tuple[str, str], str] = field(default_factory=dict)

    def take(self, item: ReviewItem, action: Decide, args: Mapping[str, Any], cell: str) -> None:
        """Raises InvalidDecisionError where this line and an earlier one do not go together."""
        own = (_family(item), item.key)
        if action == Decide.SUPPLY_EMAIL:
            address = email_key(str(args["email"]))
            if address in self.addresses:
                raise InvalidDecisionError("email", f"{self.addresses[address]} gives the same address.")
            self.addresses[address] = cell
        elif action in (Decide.MERGE, Decide.MERGE_TAG) and args.get("into"):
            self._follow(own, str(args["into"]))
            self.merged[own] = str(args["into"])
            self.into.setdefault((own[0], case_key(str(args["into"]))), cell)
        elif action in _ENDS:
            if own in self.into:
                raise InvalidDecisionError("action", f"{self.into[own]} merges another one into this one.")
            self.ended[own] = cell

    def _follow(self, own: tuple[str, str], into: str) -> None:
        seen: set[str] = set()
        while into and into not in seen:
            seen.add(into)
            place = (own[0], case_key(into))
            if place == own:
                raise InvalidDecisionError(
                    "into", "Another line merges the other way round. Keep one of the two."
                )
            if place in self.ended:
                raise InvalidDecisionError(
                    "into", f"{self.ended[place]} leaves out the one that this goes into."
                )
            into = self.merged.get(place, "")


def _family(item: ReviewItem) -> str:
    """Profiles are merged with each other whatever they lack."""
    return "profile" if item.kind in (CaseKind.NO_EMAIL, CaseKind.NO_NAME) else item.kind
