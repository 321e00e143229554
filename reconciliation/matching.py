"""Which cases match a list's filters, as a query set, and where each stands in the order of the list."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from migrator.engine.cases import CaseKind
from migrator.models import Project
from reconciliation.choices import UNDECIDED_STATES
from reconciliation.facets import HIGH, MEDIUM, SURE, queue_word, read_traits, sure_of, tag_word
from reconciliation.filters import Filters
from reconciliation.models import CaseFacet, ReviewItem

# Surest first within a group; the numbers are the reverse of facets.SURE.
LEVEL = {word: len(SURE) - 1 - number for number, word in enumerate(SURE)}
_LEVEL_SQL = Case(
    When(confidence__gte=HIGH, then=Value(0)),
    When(confidence__gte=MEDIUM, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Before every case, and behind every case of a group.
FIRST, LAST = -(2**63), 2**63 - 1
# Every number that facets.traits_of can give.
MOST_TRAITS = 12 * 101
Place = tuple[int, ...]


# As a query set: for whoever needs all of it


def matching(project: Project, kind: CaseKind, filters: Filters) -> QuerySet[ReviewItem]:
    """The cases that match, in no order."""
    rows = project.review_items.filter(kind=kind.value, state=filters.state)
    if filters.is_too_short:
        return rows.none()
    for condition in _conditions(filters):
        rows = rows.filter(condition)
    if words := words_for(project.pk, kind, filters):
        found = CaseFacet.objects.filter(facets__contains=words)
        for word in filters.searched:
            found = found.filter(search__contains=word)
        rows = rows.filter(pk__in=found.values("item"))
    return rows


def _conditions(filters: Filters) -> Iterable[Q]:
    if filters.section:
        yield Q(section=filters.section)
    if filters.suggestion:
        yield Q(suggested_action=filters.suggestion)
    if wanted := wanted_traits(filters):
        yield Q(traits__in=wanted)
    if filters.assignee:
        yield Q(assigned_to=None) if filters.assignee == "none" else Q(assigned_to=int(filters.assignee))
    if filters.changed:
        yield Q(changed__gt="")


def wanted_traits(filters: Filters) -> list[int]:
    """All the numbers that pass; none where no trait is asked for."""
    asked = {n: v for n in ("sure", "phone", "company", "seen") if (v := getattr(filters, n))}
    return [number for number in range(MOST_TRAITS) if _passes(number, asked)] if asked else []


def _passes(number: int, asked: Mapping[str, str]) -> bool:
    traits = read_traits(number)
    return all(traits.shown(name) == value for name, value in asked.items())


def words_for(project_id: int, kind: CaseKind, filters: Filters) -> list[str]:
    """The words to look for in the index; none where nothing is asked of it."""
    if not (filters.q or filters.tag):
        return []
    return [queue_word(project_id, kind.value), *([tag_word(filters.tag)] if filters.tag else [])]


def ordered(rows: QuerySet[ReviewItem], filters: Filters) -> QuerySet[ReviewItem]:
    """In the order of the list."""
    if sort_of(filters) == "newest":
        return rows.order_by("-opened_at", "-id")
    if sort_of(filters) == "sure":
        return rows.order_by("group_order", _LEVEL_SQL, "rank", "id")
    return rows.order_by("group_order", "rank", "id")


def sort_of(filters: Filters) -> str:
    """What is decided was opened long ago: only what is undecided has a newest."""
    return "impact" if filters.sort == "newest" and filters.state not in UNDECIDED_STATES else filters.sort


# Places in the list


def place_of(item: ReviewItem, filters: Filters) -> Place:
    return place_at(item.group_order, item.rank, item.pk, item.confidence, item.opened_at, filters)


def place_at(group: int, rank: int, pk: int, confidence: int, opened: datetime, filters: Filters) -> Place:
    """Ascending in the order of the list."""
    match sort_of(filters):
        case "newest":
            return (-_micros(opened), -pk)
        case "sure":
            return (group, LEVEL[sure_of(confidence)], rank, pk)
    return (group, rank, pk)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def cursor_of(item: ReviewItem, filters: Filters | None = None) -> str:
    return ".".join(map(str, place_of(item, Filters() if filters is None else filters)))


def read_cursor(after: str, filters: Filters) -> Place | None:
    """None for a cursor that is none, or one of another order: the list starts anew."""
    try:
        place = tuple(int(part) for part in after.split("."))
    except ValueError:
        return None
    length = {"newest": 2, "sure": 4}.get(sort_of(filters), 3)
    return place if len(place) == length and all(FIRST < n < LAST for n in place) else None


def moment_of(micros: int) -> datetime:
    """The moment that a place of the newest first names."""
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return _EPOCH
