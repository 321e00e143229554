"""The rows that one page of the list shows: groups in their order, a hundred rows at a time, read by key.

Decided rows are folded away while open ones are left; counts are always of all rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mapping_review.choices import Group
from mapping_review.filters import Filters
from mapping_review.outlines import Outline

SIZE = 100
_FOLDED = {Group.APPROVED: "approved", Group.SKIPPED: "skipped"}


@dataclass(frozen=True, slots=True)
class Part:
    """A group on this page. `total` counts all of its rows, `shown` those up to the end of this page."""

    group: Group
    rows: tuple[Outline, ...]
    total: int
    shown: int
    # Its head stood on an earlier page.
    is_continued: bool
    # The filter that shows its rows, where they are folded.
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    parts: tuple[Part, ...]
    # Rows in the list after this page, and the cursor that shows them.
    left: int
    after: str
    starts_later: bool

    @property
    def rows(self) -> list[Outline]:
        return [row for part in self.parts for row in part.rows]


def listed(matching: Sequence[Outline], filters: Filters, *, size: int = SIZE) -> Listing:
    """One page of the rows that match, which come in the order of the page."""
    folds = _folds(matching, filters)
    unfolded = [row for row in matching if row.group not in folds]
    begin = _begin(unfolded, filters.page)
    here = unfolded[begin : begin + size]
    left = len(unfolded) - begin - len(here)
    return Listing(
        parts=(*_parts(unfolded, here, begin), *([] if left else _folded(matching, folds))),
        left=left,
        after=cursor_of(here[-1]) if left else "",
        starts_later=begin > 0,
    )


def cursor_of(row: Outline) -> str:
    place, confidence, key = row.place
    return f"{place}~{confidence!r}~{key}"


def _begin(rows: Sequence[Outline], cursor: str) -> int:
    """How many rows stand up to the cursor, whether its own row is still there or not."""
    parts = cursor.split("~", 2)
    try:
        after = (int(parts[0]), float(parts[1]), parts[2])
    except (ValueError, IndexError):
        return 0
    return sum(row.place <= after for row in rows)


def _folds(matching: Sequence[Outline], filters: Filters) -> frozenset[Group]:
    """A search and a chosen state show what they find; a map with nothing open shows what was decided."""
    is_open = any(row.group not in _FOLDED for row in matching)
    return frozenset(_FOLDED) if is_open and not filters.state and not filters.q else frozenset()


def _parts(unfolded: Sequence[Outline], here: Sequence[Outline], begin: int) -> list[Part]:
    found = []
    for group, members in groupby(here, key=lambda row: row.group):
        rows = tuple(members)
        before = sum(row.group == group for row in unfolded[:begin])
        total = sum(row.group == group for row in unfolded)
        found.append(Part(group, rows, total, before + len(rows), before > 0))
    return found


def _folded(matching: Sequence[Outline], folds: frozenset[Group]) -> list[Part]:
    counts = {group: sum(row.group == group for row in matching) for group in Group if group in folds}
    return [Part(g, (), count, 0, False, folded=_FOLDED[g]) for g, count in counts.items() if count]
