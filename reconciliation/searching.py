"""Reads a list however many cases there are: how many match, the ids of a page, and where a case stands.

Three ways, chosen by how much each has to read: the counts tell exactly what the shared filters let through, and an
index gives it in order; what else was asked is looked up from the side that holds few (`Search.few`); and where both
sides hold many, the list is walked in its order, because the next page is near.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from migrator.engine.cases import CaseKind
from migrator.models import Project
from reconciliation.counts import MOST_COUNTED, OF_CELLS, Cell, Counted, Counts, added
from reconciliation.facets import read_traits
from reconciliation.filters import Filters
from reconciliation.matching import (
    FIRST,
    LAST,
    LEVEL,
    Place,
    moment_of,
    place_at,
    place_of,
    read_cursor,
    sort_of,
)
from reconciliation.models import ReviewItem
from reconciliation.search_sql import CELLS, COLUMNS, IN_ORDER, ORDERS, Asked, fetched, named

# So many are looked up by words before the list is walked instead; then they are counted among so many of its first.
PROBED, WALKED = 5_000, 2_000
# Where those first ones do not fill a page, so many that have the words are put in order.
SORTED = 50_000
# Words that more than half of so many first ones have are counted in the list: an index would bring them all.
SAMPLED = 500


@dataclass(frozen=True, slots=True)
class _Row:
    place: Place
    pk: int
    action: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The cases with one suggestion, what they hold up, and the ids of some of them."""

    action: str
    cases: int
    profiles: int
    events: int
    ids: list[int]


@dataclass(frozen=True)
class Search:
    """One reading of a list: how many match, the ids of a page, and where a case stands."""

    project: Project
    kind: CaseKind
    filters: Filters
    counts: Counts
    # The ids of the first page that will be wanted: then they are read together with how many match.
    size: int = 0

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        return self.counts.of(self.kind, self.filters)

    @cached_property
    def most(self) -> int:
        """How many pass the filters that the counts know: all that match, or more."""
        return sum(cell.cases for cell in self.cells)

    @property
    def beyond(self) -> bool:
        """Whether something is asked that the counts do not know."""
        return any(name not in OF_CELLS for name in self.filters.narrowing)

    @cached_property
    def asked(self) -> Asked:
        return Asked(self.project, self.kind, self.filters)

    @cached_property
    def few(self) -> list[_Row] | None:
        """Everything that matches, in order, where few do; None where they are many."""
        if not self.most or self.filters.is_too_short:
            return []
        if not self.beyond:
            return None
        found = self._looked_up()
        return None if found is None else sorted(found, key=lambda row: row.place)

    def totals(self) -> tuple[Counted, dict[str, Counted]]:
        """How many match, all together and by suggestion."""
        if self.few is not None:
            counted = Counter(row.action for row in self.few)
            return Counted(len(self.few)), {action: Counted(n) for action, n in counted.items()}
        if not self.beyond:
            by_action = added(self.cells, lambda cell: cell.action)
            return Counted(self.most), {action: Counted(n) for action, n in by_action.items()}
        return self._totals_of_many()

    def ids(self, after: str = "", size: int = 50) -> list[int]:
        """The next ids behind a cursor, in the order of the list."""
        place = read_cursor(after, self.filters)
        if self.few is not None:
            rest = self.few if place is None else [row for row in self.few if row.place > place]
            return [row.pk for row in rest[:size]]
        return self._ids_of_many(place, size)

    def before(self, item: ReviewItem) -> Counted:
        """How many stand before a case; the case need not be in the list."""
        place = place_of(item, self.filters)
        if self.few is not None:
            return Counted(sum(row.place < place for row in self.few))
        return self._before_in_many(place)

    def figures(self, some: int) -> list[Figures]:
        """What an act on all that match would be about, by suggestion, counted up to `MOST_COUNTED` and one more."""
        sql = f"""
            select suggested_action, count(*), sum(impact_profiles), sum(impact_events), (array_agg(id))[1:%(some)s]
            from (select i.* from {self._source()} limit %(limit)s) found group by 1
        """  # noqa: S608
        ids = [] if self.few is None else [row.pk for row in self.few]
        found = fetched(sql, self.asked.values(some=some, ids=ids, limit=MOST_COUNTED + 1))
        return [Figures(*row) for row in found]

    def _source(self) -> str:
        """Where all that match are read from, in no order."""
        if self.few is not None:
            return "reconciliation_reviewitem i where i.id = any(%(ids)s)"
        if self.asked.by_words and not self._is_frequent:
            return f"""(select f.item_id from reconciliation_casefacet f where {self.asked.words()} offset 0) f
                join reconciliation_reviewitem i on i.id = f.item_id where {self.asked.item()}"""  # noqa: S608
        return f"reconciliation_reviewitem i where {self.asked.item()} and {self.asked.words_of_item()}"

    # What is few

    def _looked_up(self) -> list[_Row] | None:
        if self.most <= MOST_COUNTED or not (self.asked.by_words or self.filters.assignee == "none"):
            return self._few_by_place()
        return self._few_by_words() if self.asked.by_words and not self._is_frequent else None

    @property
    def _is_frequent(self) -> bool:
        """Whether the first cases of the list alone show that more than the probed have the words."""
        return self._sample[1] > PROBED

    @cached_property
    def _sample(self) -> tuple[int, int]:
        """How many of the first cases have the words; where most have, how many are counted in the list itself."""
        if self._in_cells:
            return 0, 0
        first = f"""select {self.asked.words_of_item()} as found from reconciliation_reviewitem i
            where {self.asked.item()} {IN_ORDER}"""  # noqa: S608 - the texts that are put in are our own
        sql = f"""
            select sampled, case when sampled * 2 > %(sampled)s then (select count(*) from (
                select 1 from ({first} limit %(walked)s) w where found limit %(limit)s
            ) most) else 0 end
            from (select count(*) as sampled from ({first} limit %(sampled)s) s where found) s
        """  # noqa: S608
        values = self.asked.values(sampled=SAMPLED, walked=2 * PROBED + 2, limit=PROBED + 1)
        sampled, counted = fetched(sql, values)[0]
        return sampled, counted

    def _few_by_words(self) -> list[_Row] | None:
        return None if self._hits[0] > PROBED else self._hits[1]

    @cached_property
    def _hits(self) -> tuple[int, list[_Row], list[int]]:
        """How many have the words, counted up to a limit; all that match where they are few, else the first page."""
        paged = self._reads_first_page
        most = SORTED if paged else PROBED
        page = f"array({self._placed(None)} limit %(size)s)" if paged else "array[]::bigint[]"
        sql = f"""
            with hits as materialized (select f.item_id, f.group_order, f.rank from reconciliation_casefacet f
                where {self.asked.words()} limit %(limit)s)
            select hit.n, case when hit.n between %(few)s + 1 and %(limit)s - 1 then {page} end, i.*
            from (select count(*) n from hits) hit left join lateral (
                select i.* from hits cross join lateral (
                    select {COLUMNS} from reconciliation_reviewitem i
                    where i.id = hits.item_id and {self.asked.item()} offset 0
                ) i where hit.n <= %(few)s offset 0
            ) i on true
        """  # noqa: S608
        found = fetched(sql, self.asked.values(limit=most + 1, few=PROBED, size=self.size))
        rows = [self._row(row[2:]) for row in found if row[2] is not None]
        return found[0][0], rows, found[0][1] or []

    @property
    def _reads_first_page(self) -> bool:
        """Not where the first cases of the list promise a page by themselves."""
        promised = self._sample[0] * WALKED >= self.size * SAMPLED
        return bool(self.size and sort_of(self.filters) == "impact" and not promised)

    def _few_by_place(self) -> list[_Row] | None:
        sql = f"""
            select {COLUMNS} from reconciliation_reviewitem i
            where {self.asked.item()} and {self.asked.words_of_item()} limit %(limit)s
        """  # noqa: S608
        found = fetched(sql, self.asked.values(limit=MOST_COUNTED + 1))
        return None if len(found) > MOST_COUNTED else [self._row(row) for row in found]

    def _row(self, row: tuple[Any, ...]) -> _Row:
        pk, group, rank, action, confidence, opened = row
        return _Row(place_at(group, rank, pk, confidence, opened, self.filters), pk, action)

    # What is many

    def _totals_of_many(self) -> tuple[Counted, dict[str, Counted]]:
        found = Counter(action for _, action in self._first)
        by_action = {action: Counted(n, more=True) for action, n in found.items()}
        return Counted(max(len(self._first), self._at_least), more=True), by_action

    @cached_property
    def _first(self) -> list[tuple[int, str]]:
        """Of the first cases in the order of the list the ones that match, with what is suggested for each."""
        return self._walk(WALKED if self.asked.by_words else MOST_COUNTED, None)

    def _walk(self, window: int, place: Place | None) -> list[tuple[int, str]]:
        past = "and (i.group_order, i.rank, i.id) > (%(g)s, %(r)s, %(i)s)" if place else ""
        sql = f"""
            select id, action from (
                select i.id, i.suggested_action as action, {self.asked.words_of_item()} as found
                from reconciliation_reviewitem i where {self.asked.item()} {past} {IN_ORDER} limit %(limit)s
            ) seen where found
        """  # noqa: S608
        g, r, i = place or (0, 0, 0)
        return [(pk, action) for pk, action in fetched(sql, self.asked.values(limit=window, g=g, r=r, i=i))]

    @property
    def _at_least(self) -> int:
        """Of more than the probed many that have the words, at most those that fail the other filters fall away."""
        if not self.asked.by_words:
            return 0
        everything = sum(cell.cases for cell in self.counts.cells if cell.kind == self.kind.value)
        known = self.filters.narrowing.keys() - OF_CELLS - {"q", "tag"}
        return 0 if known else max(0, PROBED - (everything - self.most))

    def _ids_of_many(self, place: Place | None, size: int) -> list[int]:
        if not self.asked.by_words:
            return self._walked(place, size)
        near = self._near(place)[:size]
        if len(near) == size:
            return near
        if place is None and self._reads_first_page and size <= self.size and self._hits[2]:
            return self._hits[2][:size]
        found = self._sorted(place, size)
        return self._walked(place, size) if found is None else found

    def _near(self, place: Place | None) -> list[int]:
        """Of the next cases of the list the ones that match; none where no index has its order."""
        if self._in_cells or sort_of(self.filters) == "newest":
            return []
        return [pk for pk, _ in (self._walk(WALKED, place) if place else self._first)]

    def _sorted(self, place: Place | None, size: int) -> list[int] | None:
        """A page out of everything that has the words; None where that is too much to put in order."""
        read = self._placed if sort_of(self.filters) == "impact" else self._ordered
        sql = f"""
            with hits as materialized (select f.item_id, f.group_order, f.rank from reconciliation_casefacet f
                where {self.asked.words()} limit %(limit)s)
            select case when (select count(*) from hits) < %(limit)s then array({read(place)} limit %(size)s) end
        """  # noqa: S608
        values = self.asked.values(limit=SORTED + 1, size=size, **named(place, self.filters))
        found: list[int] | None = fetched(sql, values)[0][0]
        return found

    def _placed(self, place: Place | None) -> str:
        """Put in order by what stands beside the words, so that only the cases of the page are read."""
        past = "where (group_order, rank, item_id) > (%(g)s, %(r)s, %(i)s)" if place else ""
        return f"""
            select i.id from (select * from hits {past} order by group_order, rank, item_id offset 0) hits
            cross join lateral (select i.id from reconciliation_reviewitem i
                where i.id = hits.item_id and {self.asked.item()} offset 0) i
            order by hits.group_order, hits.rank, hits.item_id
        """  # noqa: S608

    def _ordered(self, place: Place | None) -> str:
        order, past = ORDERS[sort_of(self.filters)]
        return f"""select i.id from hits join reconciliation_reviewitem i on i.id = hits.item_id
            where {self.asked.item()} {past if place else ""} order by {order}"""  # noqa: S608

    def _walked(self, place: Place | None, size: int) -> list[int]:
        if sort_of(self.filters) == "newest":
            return self._newest(place, size)
        if self._in_cells:
            return self._ids_by_cell(place, size)
        past = "and (i.group_order, i.rank, i.id) > (%(g)s, %(r)s, %(i)s)" if place else ""
        sql = f"""
            select i.id from reconciliation_reviewitem i
            where {self.asked.item()} and {self.asked.words_of_item()} {past}
            order by i.group_order, i.rank, i.id limit %(limit)s
        """  # noqa: S608
        g, r, i = place or (0, 0, 0)
        return [row[0] for row in fetched(sql, self.asked.values(limit=size, g=g, r=r, i=i))]

    def _newest(self, place: Place | None, size: int) -> list[int]:
        past = "and (i.opened_at, i.id) < (%(opened)s, %(i)s)" if place else ""
        sql = f"""
            select i.id from reconciliation_reviewitem i
            where {self.asked.item()} and {self.asked.words_of_item()} {past}
            order by i.opened_at desc, i.id desc limit %(limit)s
        """  # noqa: S608
        micros, pk = place or (0, 0)
        values = self.asked.values(limit=size, opened=moment_of(-micros), i=-pk)
        return [row[0] for row in fetched(sql, values)]

    @property
    def _in_cells(self) -> bool:
        """Whether the order of the page is that of an index only within one Section and one set of traits."""
        asked = self.filters.narrowing.keys() & (OF_CELLS - {"suggestion"})
        return bool(asked) or sort_of(self.filters) == "sure"

    def _ids_by_cell(self, place: Place | None, size: int) -> list[int]:
        sql = f"""
            select c.id from {CELLS} cross join lateral (
                select i.id, i.group_order, i.rank from reconciliation_reviewitem i
                where {self.asked.item(in_cell=True)} and {self.asked.words_of_item()}
                and (i.group_order, i.rank, i.id) > (cell.g, cell.r, cell.i)
                order by i.group_order, i.rank, i.id limit %(limit)s
            ) c order by c.group_order, cell.level, c.rank, c.id limit %(limit)s
        """  # noqa: S608
        return [row[0] for row in fetched(sql, self.asked.values(limit=size, **self._cell_values(place)))]

    def _before_in_many(self, place: Place) -> Counted:
        if sort_of(self.filters) == "newest":
            return self._newer(place)
        if self._in_cells:
            return self._before_in_cells(place)
        sql = f"""
            select count(*), count(*) filter (where found) from (
                select {self.asked.words_of_item()} as found from reconciliation_reviewitem i
                where {self.asked.item()} and (i.group_order, i.rank, i.id) < (%(g)s, %(r)s, %(i)s)
                order by i.group_order desc, i.rank desc, i.id desc limit %(limit)s
            ) seen
        """  # noqa: S608
        g, r, i = place
        return self._counted(sql, g=g, r=r, i=i)

    def _before_in_cells(self, place: Place) -> Counted:
        sql = f"""
            select count(*), count(*) filter (where found) from (
                select c.found from {CELLS} cross join lateral (
                    select {self.asked.words_of_item()} as found from reconciliation_reviewitem i
                    where {self.asked.item(in_cell=True)}
                    and (i.group_order, i.rank, i.id) < (cell.g, cell.r, cell.i) limit %(limit)s
                ) c limit %(limit)s
            ) seen
        """  # noqa: S608
        return self._counted(sql, **self._cell_values(place))

    def _newer(self, place: Place) -> Counted:
        sql = f"""
            select count(*), count(*) filter (where found) from (
                select {self.asked.words_of_item()} as found from reconciliation_reviewitem i
                where {self.asked.item()} and (i.opened_at, i.id) > (%(opened)s, %(i)s) limit %(limit)s
            ) seen
        """  # noqa: S608
        return self._counted(sql, opened=moment_of(-place[0]), i=-place[1])

    def _counted(self, sql: str, **values: Any) -> Counted:
        window = WALKED if self.asked.by_words else MOST_COUNTED + 1
        seen, found = fetched(sql, self.asked.values(limit=window, **values))[0]
        return Counted(min(found, MOST_COUNTED), more=seen >= window or found > MOST_COUNTED)

    def _cell_values(self, place: Place | None) -> dict[str, Any]:
        """Each cell once, with the place in it that stands for the place in the list."""
        cells = sorted({(cell.section, cell.traits) for cell in self.cells})
        levels = [LEVEL[read_traits(traits).sure] for _, traits in cells]
        places = [_in_level(place, level, self.filters) for level in levels]
        return {
            "sections": [section for section, _ in cells],
            "cell_traits": [traits for _, traits in cells],
            "levels": levels if sort_of(self.filters) == "sure" else [0] * len(cells),
            "gs": [p[0] for p in places],
            "rs": [p[1] for p in places],
            "ids": [p[2] for p in places],
        }


def _in_level(place: Place | None, level: int, filters: Filters) -> Place:
    """Where a place of the list lies among the cases of one level, as (group, rank, id)."""
    if place is None:
        return (-1, 0, 0)
    if sort_of(filters) != "sure":
        return place
    group, at, rank, pk = place
    if level == at:
        return (group, rank, pk)
    # The whole group of a later level is still to come; of an earlier one it has been.
    return (group, FIRST, FIRST) if level > at else (group, LAST, LAST)
