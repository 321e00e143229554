"""Readers of the queue: what was decided, what waits, resolutions for the planner; and, so that there is one place to
ask, the readers of pages, progress and filters that modules of their own hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Min, QuerySet

from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from reconciliation.choices import ACTIONS, UNDECIDED_STATES
from reconciliation.counts import Counted, counts_of
from reconciliation.filters import Filters
from reconciliation.listing import (
    MANY,
    MANY_MERGES,
    PAGE,
    Group,
    QueuePage,
    count_matching,
    count_to_confirm,
    next_items,
    open_items_of,
    queue_page,
    standing_in_list,
)
from reconciliation.matching import cursor_of
from reconciliation.models import Decision, ReviewItem, Waiver
from reconciliation.outcomes import OURSELVES
from reconciliation.progress import KindCount, Progress, kind_counts, pace, progress

__all__ = [
    "MANY",
    "MANY_MERGES",
    "PAGE",
    "Counted",
    "Filters",
    "Group",
    "HistoryBatch",
    "KindCount",
    "Progress",
    "QueuePage",
    "batch_size",
    "count_matching",
    "count_to_confirm",
    "cursor_of",
    "first_kind",
    "held_back",
    "history",
    "history_of",
    "kind_counts",
    "last_decision",
    "next_items",
    "open_before",
    "open_count",
    "open_items_of",
    "pace",
    "progress",
    "queue_page",
    "standing_in_list",
    "standing_waiver",
]
# Decisions of one person that are looked through for one that stands, and how often behind a long batch.
LOOKED_AT, JUMPS = 500, 4
# A longer batch is told as more than that.
MOST_IN_BATCH = 10_000


# What waits


def open_count(project: Project) -> int:
    """Cases of all kinds that are still to decide."""
    return held_back(project)[0]


def first_kind(project: Project) -> CaseKind:
    """Where a person begins: the first kind with something open, else with something parked, else the first."""
    kinds = kind_counts(counts_of(project))
    listed = next((k.kind for k in kinds if k.listed), None)
    return listed or next((k.kind for k in kinds if k.open), CaseKind.NO_EMAIL)


def held_back(project: Project) -> tuple[int, int]:
    """Cases that are undecided, and the profiles that they name; a profile in two cases counts twice."""
    return counts_of(project).held_back()


def open_before(project: Project, moment: datetime) -> bool:
    """Whether nothing that is undecided now became so after a moment."""
    return not project.review_items.filter(
        kind__in=[kind.value for kind in CaseKind],
        state__in=[state.value for state in UNDECIDED_STATES],
        opened_at__gt=moment,
    ).exists()


def standing_waiver(project: Project) -> Waiver | None:
    """The newest waiver that nobody withdrew, while no case opened after it; None where there is none."""
    rows = Waiver.objects.filter(project=project, withdrawn_at=None).select_related("by")
    found = rows.order_by("-id").first()
    return found if found is not None and open_before(project, found.at) else None


# What was decided


def last_decision(project: Project, user: Any) -> Decision | None:
    """The person's newest decision that still stands: what the next undo takes back.

    Behind some hundreds of rows that do not stand it looks on before their batch; None after a few such jumps, and the
    history has the rest.
    """
    behind: int | None = None
    for _ in range(JUMPS):
        newest = _newest_of(project, user, behind)
        if standing := next((pk for pk, _, stands in newest if stands), None):
            return Decision.objects.select_related("item").get(pk=standing)
        if len(newest) < LOOKED_AT:
            return None
        behind = _begin_of(project, newest[-1][1])
    return None


def _newest_of(project: Project, user: Any, behind: int | None) -> list[tuple[int, UUID, bool]]:
    """(id, batch, whether it stands) of a person's rows before an id, newest first."""
    rows = Decision.objects.filter(project=project, actor=user.pk)
    rows = rows.filter(pk__lt=behind) if behind else rows
    found = rows.order_by("-id").values_list("pk", "batch", "undoes", "undone_by__pk")[:LOOKED_AT]
    return [(pk, batch, undoes is None and undone is None) for pk, batch, undoes, undone in found]


def _begin_of(project: Project, batch: UUID) -> int:
    rows = Decision.objects.filter(project=project, batch=batch)
    return int(rows.order_by().aggregate(first=Min("pk"))["first"])


def batch_size(decision: Decision | None) -> Counted:
    """How many rows the batch of a decision has."""
    if decision is None:
        return Counted(0)
    rows = Decision.objects.filter(project=decision.project_id, batch=decision.batch).order_by()
    found = rows[: MOST_IN_BATCH + 1].count()
    return Counted(min(found, MOST_IN_BATCH), found > MOST_IN_BATCH)


@dataclass(frozen=True, slots=True)
class HistoryBatch:
    """One request of one person: `standing` counts the decisions in it that an undo would take back."""

    batch: UUID
    first: int
    at: datetime
    who: str
    what: str
    gone: str
    standing: Counted

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.who.split()[:2]).upper()


# The first row of a batch carries the batch's own key, so an index has the batches in their order.
_HISTORY = """
select head.batch, head.id, head.at, coalesce(nullif(u.first_name, ''), u.username, %(ourselves)s),
    head.undoes_id is not null, rows.cases, rows.standing, rows.acts, rows.act, item.title
from reconciliation_decision head
left join auth_user u on u.id = head.actor_id
join reconciliation_reviewitem item on item.id = head.item_id
cross join lateral (
    select count(*) cases, count(*) filter (where stands) standing, count(distinct action) acts, min(action) act
    from (
        select d.action, d.undoes_id is null and not exists (
            select 1 from reconciliation_decision later where later.undoes_id = d.id) stands
        from reconciliation_decision d where d.project_id = head.project_id and d.batch = head.batch
        limit %(most)s
    ) one
) rows
where head.project_id = %(project)s and head.client_key = head.batch
    and (%(before)s::bigint is null or head.id < %(before)s)
order by head.id desc limit %(size)s
"""


def history(project: Project, *, before: int | None = None, size: int = PAGE) -> list[HistoryBatch]:
    """Batches of decisions, newest first, in one query; of a batch of more than 10,000 so many are looked at."""
    values = {
        "project": project.pk,
        "before": before,
        "size": size,
        "most": MOST_IN_BATCH + 1,
        "ourselves": OURSELVES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, values)
        rows = cursor.fetchall()
    return [_batch(dict(zip(_HISTORY_COLUMNS, row, strict=True))) for row in rows]


_HISTORY_COLUMNS = ("batch", "first", "at", "who", "undos", "cases", "standing", "acts", "act", "title")


def _batch(row: Mapping[str, Any]) -> HistoryBatch:
    undone = row["cases"] - row["standing"]
    gone = (
        "" if row["undos"] or not undone else f"{undone:,} of them undone." if row["standing"] else "Undone."
    )
    standing = _capped(row["standing"])
    return HistoryBatch(row["batch"], row["first"], row["at"], row["who"], _what(row), gone, standing)


def _capped(number: int) -> Counted:
    return Counted(min(number, MOST_IN_BATCH), number > MOST_IN_BATCH)


def _what(row: Mapping[str, Any]) -> str:
    """The batch in words: what was settled and how, or what was undone."""
    what = row["title"] if row["cases"] == 1 else f"{_capped(row['cases'])} cases"
    if row["undos"]:
        return f"undid the decision on {what}."
    how = ACTIONS[Decide(row["act"])].past if row["acts"] == 1 else "each by its suggestion"
    return f"decided {what}: {how}."


def history_of(item: ReviewItem) -> QuerySet[Decision]:
    return item.decisions.select_related("actor", "undone_by").order_by("-id")
