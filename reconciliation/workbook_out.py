"""The cases of a queue as an XLSX file, a sheet for each kind, written row by row from the database."""

from collections.abc import Iterator
from typing import IO

from django.db.models import QuerySet

from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.sheet_stream import Column, Sheet, write_xlsx
from reconciliation.choices import KINDS, UNDECIDED_STATES
from reconciliation.filters import Filters
from reconciliation.models import ReviewItem
from reconciliation.queries import open_items_of
from reconciliation.workbook_words import FORMAT, README, STAMP, columns_of, readme_of, row_of

MOST_CASES = 100_000
_CHUNK = 2_000
_FIELDS = (
    "kind", "title", "evidence", "suggestion", "suggested_action", "confidence", "state", "action", "args",
    "impact_profiles", "impact_events", "impact_tokens", "lock_version", "decided_by__first_name",
    "decided_by__username",
)  # fmt: skip


def file_name(project: Project, kind: CaseKind | None) -> str:
    return f"crosswalk-{project.slug}-{kind.value if kind else 'queue'}.xlsx"


def write_queue(target: IO[bytes], project: Project, kind: CaseKind | None, filters: Filters) -> int:
    """Write what the filters show of a kind, or all that is undecided; returns how many cases that are.

    Raises RefusedError where they are more than a file holds; nothing is written then.
    """
    wanted = {kind: open_items_of(project, kind, filters)} if kind else _undecided(project)
    counts = {each: rows.order_by()[: MOST_CASES + 1].count() for each, rows in wanted.items()}
    total = sum(counts.values())
    if total > MOST_CASES:
        raise RefusedError(
            f"These are more than {MOST_CASES:,} cases, and a spreadsheet holds no more. Narrow the list first."
        )
    write_xlsx(
        target, _sheets(project, {each: wanted[each] for each, count in counts.items() if count}, total)
    )
    return total


def _undecided(project: Project) -> dict[CaseKind, QuerySet[ReviewItem]]:
    rows = project.review_items.filter(state__in=UNDECIDED_STATES).order_by("group_order", "rank", "id")
    return {kind: rows.filter(kind=kind.value) for kind in CaseKind}


def _sheets(project: Project, wanted: dict[CaseKind, QuerySet[ReviewItem]], total: int) -> Iterator[Sheet]:
    lines = readme_of(project.name, total, wanted)
    yield Sheet(README, [Column("", 110)], [[line] for line in lines])
    for kind, rows in wanted.items():
        yield Sheet(KINDS[kind].label, columns_of(kind), _rows(rows))
    stamp = [("format", FORMAT), ("project", str(project.pk)), ("slug", project.slug)]
    yield Sheet(STAMP, [Column("", 20), Column("", 40)], stamp, hidden=True)


def _rows(rows: QuerySet[ReviewItem]) -> Iterator[tuple[str | int, ...]]:
    found = rows.select_related("decided_by").only(*_FIELDS)
    for item in found.iterator(chunk_size=_CHUNK):
        yield row_of(item)
