"""One page of the queue: filtered, in its order, grouped by suggestion. As quick for a million cases as for ten."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import QuerySet

from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from reconciliation.choices import ACTIONS, heading_of
from reconciliation.counts import MOST_COUNTED, Counted, Counts, counts_of
from reconciliation.filters import Filters
from reconciliation.matching import cursor_of, matching, ordered
from reconciliation.models import ReviewItem
from reconciliation.searching import Search

PAGE = 50
# From these numbers on a person confirms once more, in place; it stays undoable.
MANY, MANY_MERGES = 25, 5


@dataclass(frozen=True, slots=True)
class Group:
    """Cases with the same suggestion. `total` counts all of them, `items` are the ones on this page."""

    action: str
    heading: str
    icon: str
    total: Counted
    items: tuple[ReviewItem, ...]

    @property
    def rest(self) -> int:
        return self.total - len(self.items)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """`sections` and `years` are what there is to filter by, `suggestions` (act, words, cases) what the list holds;
    `after` is the cursor of the next page, "" on the last."""

    groups: tuple[Group, ...]
    total: Counted
    after: str
    sections: tuple[tuple[str, int], ...]
    starts_after: str = ""
    years: tuple[tuple[str, int], ...] = ()
    suggestions: tuple[tuple[str, str, int], ...] = ()

    @property
    def rest(self) -> int:
        return self.total - len(self.items)

    @property
    def items(self) -> tuple[ReviewItem, ...]:
        return tuple(item for group in self.groups for item in group.items)


def open_items_of(project: Project, kind: CaseKind, filters: Filters) -> QuerySet[ReviewItem]:
    """All cases that match, in the order of the page; `filters` name the state, open where they name none."""
    return ordered(matching(project, kind, filters), filters)


def search_for(
    project: Project, kind: CaseKind, filters: Filters, counts: Counts | None = None, size: int = 0
) -> Search:
    return Search(project, kind, filters, counts or counts_of(project, kind), size)


def queue_page(
    project: Project,
    kind: CaseKind,
    filters: Filters,
    *,
    after: str = "",
    size: int = PAGE,
    counts: Counts | None = None,
) -> QueuePage:
    """A page read by key, grouped by suggestion, in at most five queries however long the queue is."""
    search = search_for(project, kind, filters, counts, size=0 if after else size + 1)
    total, by_action = search.totals()
    ids = search.ids(after, size + 1)
    shown = _items(ids[:size])
    groups = tuple(
        _group(kind, action, tuple(items), by_action.get(action, Counted(0)))
        for action, items in groupby(shown, key=lambda item: item.suggested_action)
    )
    more = len(ids) > size and bool(shown)
    return QueuePage(
        groups,
        total,
        cursor_of(shown[-1], filters) if more else "",
        search.counts.sections(kind, filters.state),
        after,
        search.counts.years(kind, filters.state),
        _suggestions(search),
    )


def _items(ids: list[int]) -> list[ReviewItem]:
    """These cases in this order; one that was deleted meanwhile is left out."""
    rows = ReviewItem.objects.filter(pk__in=ids).defer("args").select_related("assigned_to")
    found = {item.pk: item for item in rows}
    return [found[pk] for pk in ids if pk in found]


def _group(kind: CaseKind, action: str, items: tuple[ReviewItem, ...], total: Counted) -> Group:
    icon = ACTIONS[Decide(action)].icon if action else "help-circle"
    # A list that grows while it is counted never shows less than it holds.
    return Group(action, heading_of(kind, action), icon, max(total, Counted(len(items))), items)


def _suggestions(search: Search) -> tuple[tuple[str, str, int], ...]:
    """Every suggestion of the kind in this state, whatever else is filtered, so that each can be chosen."""
    found: dict[str, int] = {}
    for cell in search.counts.of(search.kind, Filters(state=search.filters.state)):
        found[cell.action] = found.get(cell.action, 0) + cell.cases
    return tuple(
        (action, heading_of(search.kind, action), n) for action, n in sorted(found.items()) if action
    )


def count_matching(item: ReviewItem, filters: Filters) -> Counted:
    return search_for(item.project, CaseKind(item.kind), filters).totals()[0]


def standing_in_list(item: ReviewItem, filters: Filters) -> tuple[Counted, Counted]:
    """Position and length of the list, in one reading."""
    search = search_for(item.project, CaseKind(item.kind), filters)
    before = search.before(item)
    return Counted(before + 1, before.more), search.totals()[0]


def next_items(item: ReviewItem, filters: Filters, count: int = 2) -> list[ReviewItem]:
    """The cases of the list after this one; from the top where it was the last."""
    search = search_for(item.project, CaseKind(item.kind), filters)
    for after in (cursor_of(item, filters), ""):
        if ids := [pk for pk in search.ids(after, count + 1) if pk != item.pk][:count]:
            return _items(ids)
    return []


def count_to_confirm(chosen: QuerySet[ReviewItem], action: str) -> int:
    """How many cases an act would settle, if that is so many that a person confirms it; else 0.

    More than the counted most are told as one more than that.
    """
    acts = list(chosen.order_by().values_list("suggested_action", flat=True)[: MOST_COUNTED + 1])
    merges = {"": acts.count(Decide.MERGE.value), Decide.MERGE.value: len(acts)}.get(action, 0)
    return len(acts) if len(acts) > MANY or merges > MANY_MERGES else 0
