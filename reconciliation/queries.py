"""Readers of the queue: a page in its order, counts, progress, history, and resolutions for the planner."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.models import Project
from reconciliation.choices import ACTIONS, KINDS, ItemState, heading_of
from reconciliation.models import Decision, ReviewItem

PAGE = 50
PACE_SAMPLE = 20
# A longer gap was a break and says nothing about the pace.
LONGEST_INTERVAL_S = 300
ORDER = ("group_order", "rank", "id")


# Counts and progress


def open_count(project: Project) -> int:
    return project.review_items.filter(state=ItemState.OPEN).count()


def open_counts_by_kind(project: Project) -> dict[CaseKind, int]:
    """Every kind, also the ones with nothing open."""
    rows = project.review_items.filter(state=ItemState.OPEN).values_list("kind").annotate(Count("pk"))
    found = dict(rows.order_by())
    return {kind: found.get(kind.value, 0) for kind in CaseKind}


@dataclass(frozen=True, slots=True)
class KindCount:
    """One tab: open cases of a kind, and whether the kind ever had any."""

    kind: CaseKind
    open: int
    total: int

    @property
    def label(self) -> str:
        return KINDS[self.kind].label

    @property
    def icon(self) -> str:
        return KINDS[self.kind].icon

    @property
    def noun(self) -> str:
        words = KINDS[self.kind]
        return words.noun if self.open == 1 else words.nouns


@dataclass(frozen=True, slots=True)
class Progress:
    """`minutes` is what is left at the person's own pace; 0 while there is no pace to go by."""

    decided: int
    total: int
    minutes: int
    kinds: tuple[KindCount, ...]

    @property
    def left(self) -> int:
        return self.total - self.decided

    @property
    def percent(self) -> int:
        return 100 * self.decided // self.total if self.total else 100

    @property
    def tabs(self) -> tuple[KindCount, ...]:
        """Organizations appear once there is something to settle."""
        return tuple(k for k in self.kinds if k.total or k.kind != CaseKind.ORGANIZATION)

    def of(self, kind: CaseKind) -> KindCount:
        return next(k for k in self.kinds if k.kind == kind)

    def next_after(self, kind: CaseKind) -> KindCount | None:
        """The kind to go on with once this one has nothing open."""
        return next((k for k in self.kinds if k.open and k.kind != kind), None)


def progress(project: Project, user: Any) -> Progress:
    kinds = _kind_counts(project)
    total, left = sum(k.total for k in kinds), sum(k.open for k in kinds)
    seconds = pace(project, user)
    minutes = max(1, round(left * seconds / 60)) if seconds and left else 0
    return Progress(total - left, total, minutes, kinds)


def _kind_counts(project: Project) -> tuple[KindCount, ...]:
    rows = project.review_items.exclude(state=ItemState.GONE).values("kind").order_by()
    counted = rows.annotate(total=Count("pk"), still=Count("pk", filter=Q(state=ItemState.OPEN)))
    found = {row["kind"]: (row["still"], row["total"]) for row in counted}
    return tuple(KindCount(kind, *found.get(kind.value, (0, 0))) for kind in CaseKind)


def pace(project: Project, user: Any) -> float:
    """Seconds per case: the median of the person's last twenty intervals; 0 where there are too few."""
    rows = Decision.objects.filter(project=project, actor=user.pk, undoes__isnull=True).order_by("-id")
    times = rows.values_list("batch", "at")[: PACE_SAMPLE * 3]
    batches = [list(group) for _, group in groupby(times, key=lambda row: row[0])]
    intervals: list[float] = []
    for later, earlier in pairwise(batches):
        gap = (later[0][1] - earlier[0][1]).total_seconds()
        if gap <= LONGEST_INTERVAL_S:
            intervals += [gap / len(later)] * len(later)
    return median(intervals[:PACE_SAMPLE]) if len(intervals) > 1 else 0


# One page of the queue


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; every link of the page carries it on."""

    section: str = ""
    q: str = ""

    def __bool__(self) -> bool:
        return bool(self.section or self.q)


@dataclass(frozen=True, slots=True)
class Group:
    """Cases with the same suggestion. `total` counts all of them, `items` are the ones on this page."""

    action: str
    heading: str
    icon: str
    total: int
    items: tuple[ReviewItem, ...]

    @property
    def rest(self) -> int:
        return self.total - len(self.items)


@dataclass(frozen=True, slots=True)
class QueuePage:
    groups: tuple[Group, ...]
    total: int
    after: str
    sections: tuple[tuple[str, int], ...]
    starts_after: str = ""

    @property
    def rest(self) -> int:
        return self.total - len(self.items)

    @property
    def items(self) -> tuple[ReviewItem, ...]:
        return tuple(item for group in self.groups for item in group.items)


def open_items_of(project: Project, kind: CaseKind, filters: Filters) -> QuerySet[ReviewItem]:
    """The open cases that match, in the order of the page."""
    rows = project.review_items.filter(kind=kind.value, state=ItemState.OPEN)
    if filters.section:
        rows = rows.filter(section=filters.section)
    if filters.q:
        rows = rows.filter(Q(title__icontains=filters.q) | Q(key__icontains=filters.q))
    return rows.order_by(*ORDER)


def queue_page(
    project: Project, kind: CaseKind, filters: Filters, *, after: str = "", size: int = PAGE
) -> QueuePage:
    """A page read by key, grouped by suggestion, in four queries however long the queue is."""
    matching = open_items_of(project, kind, filters)
    counts = _group_counts(matching)
    rows = list(_past(matching, after).defer("args").select_related("assigned_to")[: size + 1])
    shown, more = rows[:size], len(rows) > size
    groups = tuple(
        _group(kind, action, tuple(items), counts.get(action, 0))
        for action, items in groupby(shown, key=lambda item: item.suggested_action)
    )
    return QueuePage(
        groups, sum(counts.values()), cursor_of(shown[-1]) if more else "", _sections(project, kind)
    )


def _group_counts(matching: QuerySet[ReviewItem]) -> dict[str, int]:
    rows = matching.order_by().values_list("suggested_action").annotate(Count("pk"))
    return dict(rows)


def _group(kind: CaseKind, action: str, items: tuple[ReviewItem, ...], total: int) -> Group:
    icon = ACTIONS[Decide(action)].icon if action else "help-circle"
    return Group(action, heading_of(kind, action), icon, total, items)


def cursor_of(item: ReviewItem) -> str:
    return f"{item.group_order}.{item.rank}.{item.pk}"


def _past(rows: QuerySet[ReviewItem], after: str) -> QuerySet[ReviewItem]:
    """The rows behind a cursor; a cursor that is none starts at the first page."""
    try:
        group, rank, pk = (int(part) for part in after.split("."))
    except ValueError:
        return rows
    later_rank = Q(rank__gt=rank) | Q(rank=rank, pk__gt=pk)
    return rows.filter(group_order__gte=group).filter(Q(group_order__gt=group) | later_rank)


def _sections(project: Project, kind: CaseKind) -> tuple[tuple[str, int], ...]:
    rows = project.review_items.filter(kind=kind.value, state=ItemState.OPEN).exclude(section="")
    return tuple(rows.order_by("section").values_list("section").annotate(Count("pk")))


def position_of(item: ReviewItem, filters: Filters) -> int:
    """How many open cases stand before this one, plus one."""
    rows = open_items_of(item.project, CaseKind(item.kind), filters)
    before = Q(group_order__lt=item.group_order) | Q(group_order=item.group_order, rank__lt=item.rank)
    same_rank = Q(group_order=item.group_order, rank=item.rank, pk__lt=item.pk)
    return rows.filter(before | same_rank).count() + 1


def count_matching(item: ReviewItem, filters: Filters) -> int:
    return open_items_of(item.project, CaseKind(item.kind), filters).count()


def next_items(item: ReviewItem, filters: Filters, count: int = 2) -> list[ReviewItem]:
    """The open cases after this one; from the top where it was the last."""
    rows = open_items_of(item.project, CaseKind(item.kind), filters).exclude(pk=item.pk)
    found = list(_past(rows, cursor_of(item))[:count])
    return found or list(rows[:count])


# From these numbers on a person confirms once more, in place; it stays undoable.
MANY, MANY_MERGES = 25, 5


def chosen_items(
    project: Project, kind: CaseKind, filters: Filters, *, group: str, ids: Collection[int]
) -> QuerySet[ReviewItem]:
    """The selected items of this kind, else the open ones of a group of the filtered list."""
    if ids:
        return project.review_items.filter(kind=kind.value, pk__in=ids)
    return open_items_of(project, kind, filters).filter(suggested_action=group)


def count_to_confirm(chosen: QuerySet[ReviewItem], action: str) -> int:
    """How many cases an act would settle, if that is so many that a person confirms it; else 0."""
    suggested = Q(suggested_action=Decide.MERGE)
    counted = chosen.order_by().aggregate(all=Count("pk"), merges=Count("pk", filter=suggested))
    everything = int(counted["all"])
    merges = {"": int(counted["merges"]), Decide.MERGE.value: everything}.get(action, 0)
    return everything if everything > MANY or merges > MANY_MERGES else 0


# What was decided


def last_decision(project: Project, user: Any) -> Decision | None:
    """The person's newest decision that still stands: what the next undo takes back."""
    rows = Decision.objects.filter(
        project=project, actor=user.pk, undoes__isnull=True, undone_by__isnull=True
    )
    return rows.select_related("item").order_by("-id").first()


def batch_size(decision: Decision | None) -> int:
    if decision is None:
        return 0
    return Decision.objects.filter(project=decision.project_id, batch=decision.batch).count()


@dataclass(frozen=True, slots=True)
class HistoryBatch:
    """One request of one person: `standing` counts the decisions in it that an undo would take back."""

    batch: UUID
    first: int
    at: datetime
    who: str
    what: str
    gone: str
    standing: int

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.who.split()[:2]).upper()


def history(project: Project, *, before: int | None = None, size: int = PAGE) -> list[HistoryBatch]:
    """Batches of decisions, newest first, in one query."""
    standing = Q(undoes__isnull=True, undone_by__isnull=True)
    rows = (
        Decision.objects.filter(project=project)
        .order_by()
        .values("batch", "actor__first_name", "actor__username")
    )
    batches = rows.annotate(
        first=Min("id"),
        newest=Min("at"),
        cases=Count("pk"),
        undos=Count("undoes"),
        standing=Count("pk", filter=standing),
        acts=Count("action", distinct=True),
        act=Min("action"),
        title=Min("item__title"),
    )
    batches = batches.filter(first__lt=before) if before else batches
    return [_batch(row) for row in batches.order_by("-first")[:size]]


def _batch(row: Mapping[str, Any]) -> HistoryBatch:
    undone = row["cases"] - row["standing"]
    gone = (
        "" if row["undos"] or not undone else f"{undone:,} of them undone." if row["standing"] else "Undone."
    )
    who = row["actor__first_name"] or row["actor__username"]
    return HistoryBatch(row["batch"], row["first"], row["newest"], who, _what(row), gone, row["standing"])


def _what(row: Mapping[str, Any]) -> str:
    """The batch in words: what was settled and how, or what was undone."""
    what = row["title"] if row["cases"] == 1 else f"{row['cases']:,} cases"
    if row["undos"]:
        return f"undid the decision on {what}."
    how = ACTIONS[Decide(row["act"])].past if row["acts"] == 1 else "each by its suggestion"
    return f"settled {what}: {how}."


def history_of(item: ReviewItem) -> QuerySet[Decision]:
    return item.decisions.select_related("actor", "undone_by").order_by("-id")


def resolutions_for(project: Project) -> Resolutions:
    """Every settled case as a value, and the keys of the open ones, for the planner."""
    settled = project.review_items.filter(state=ItemState.DECIDED).values_list(
        "kind", "key", "action", "args"
    )
    still_open = project.review_items.filter(state=ItemState.OPEN).values_list("kind", "key")
    return Resolutions(
        (Resolution(CaseKind(k), key, Decide(act), args) for k, key, act, args in settled.iterator()),
        ((CaseKind(k), key) for k, key in still_open.iterator()),
    )
