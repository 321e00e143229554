"""Reads a list however many cases there are: how many match, the ids of a page, and where a case stands.

Three ways, chosen by how much each has to read: the counts tell exactly what the shared filters let through, and an
index gives it in order; what else was asked is looked up from the side that holds few (`Search.few`); and where both
sides hold many, the list is walked in its order, because the next page is near.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from reconciliation.choices import GROUP_ORDER
from reconciliation.counts import MOST_COUNTED, OF_CELLS, Cell, Counted, Counts, added
from reconciliation.facets import HIGH, MEDIUM, read_traits
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
    wanted_traits,
    words_for,
)
from reconciliation.models import ReviewItem

# So many are looked up by words before the list is walked instead; then they are counted among so many of its first.
PROBED, WALKED = 5_000, 2_000
# Where those first ones do not fill a page, so many that have the words are put in order.
SORTED = 50_000


@dataclass(frozen=True, slots=True)
class _Row:
    place: Place
    pk: int
    action: str


@dataclass(frozen=True)
class Search:
    """One reading of a list: how many match, the ids of a page, and where a case stands."""

    project: Project
    kind: CaseKind
    filters: Filters
    counts: Counts

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

    @property
    def by_words(self) -> bool:
        return bool(self.filters.q or self.filters.tag)

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

    # What is few

    def _looked_up(self) -> list[_Row] | None:
        if self.most <= MOST_COUNTED or not (self.by_words or self.filters.assignee == "none"):
            return self._few_by_place()
        return self._few_by_words() if self.by_words else None

    def _few_by_words(self) -> list[_Row] | None:
        sql = f"""
            with hits as materialized (select f.item_id from reconciliation_casefacet f
                where {self._word_sql()} limit %(limit)s)
            select hit.n, i.* from (select count(*) n from hits) hit
            left join (select {_COLUMNS} from hits join reconciliation_reviewitem i on i.id = hits.item_id
                where {self._item_sql()}) i on hit.n < %(limit)s
        """  # noqa: S608 - the texts that are put in are our own
        found = _fetched(sql, self._values(limit=PROBED + 1))
        if found[0][0] > PROBED:
            return None
        return [self._row(row[1:]) for row in found if row[1] is not None]

    def _few_by_place(self) -> list[_Row] | None:
        sql = f"""
            select {_COLUMNS} from reconciliation_reviewitem i
            where {self._item_sql()} and {self._words_of_item_sql()} limit %(limit)s
        """  # noqa: S608
        found = _fetched(sql, self._values(limit=MOST_COUNTED + 1))
        return None if len(found) > MOST_COUNTED else [self._row(row) for row in found]

    def _row(self, row: tuple[Any, ...]) -> _Row:
        pk, group, rank, action, confidence, opened = row
        return _Row(place_at(group, rank, pk, confidence, opened, self.filters), pk, action)

    # What is many

    def _totals_of_many(self) -> tuple[Counted, dict[str, Counted]]:
        window = WALKED if self.by_words else MOST_COUNTED
        sql = f"""
            select action, count(*) from (
                select i.suggested_action as action, {self._words_of_item_sql()} as found
                from reconciliation_reviewitem i where {self._item_sql()}
                order by i.group_order, i.rank, i.id limit %(limit)s
            ) seen where found group by 1
        """  # noqa: S608
        found = dict(_fetched(sql, self._values(limit=window)))
        by_action = {action: Counted(n, more=True) for action, n in found.items()}
        return Counted(max(sum(found.values()), self._at_least), more=True), by_action

    @property
    def _at_least(self) -> int:
        """Of more than the probed many that have the words, at most those that fail the other filters fall away."""
        if not self.by_words:
            return 0
        everything = sum(cell.cases for cell in self.counts.cells if cell.kind == self.kind.value)
        known = self.filters.narrowing.keys() - OF_CELLS - {"q", "tag"}
        return 0 if known else max(0, PROBED - (everything - self.most))

    def _ids_of_many(self, place: Place | None, size: int) -> list[int]:
        if not self.by_words:
            return self._walked(place, size)
        near = self._near(place)[:size]
        if len(near) == size:
            return near
        found = self._sorted(place, size)
        return self._walked(place, size) if found is None else found

    def _near(self, place: Place | None) -> list[int]:
        """Of the next cases of the list the ones that match; none where no index has its order."""
        if self._in_cells or sort_of(self.filters) == "newest":
            return []
        past = "and (i.group_order, i.rank, i.id) > (%(g)s, %(r)s, %(i)s)" if place else ""
        sql = f"""
            select id from (
                select i.id, {self._words_of_item_sql()} as found from reconciliation_reviewitem i
                where {self._item_sql()} {past} order by i.group_order, i.rank, i.id limit %(limit)s
            ) seen where found
        """  # noqa: S608
        g, r, i = place or (0, 0, 0)
        return [row[0] for row in _fetched(sql, self._values(limit=WALKED, g=g, r=r, i=i))]

    def _sorted(self, place: Place | None, size: int) -> list[int] | None:
        """A page out of everything that has the words; None where that is too much to put in order."""
        order, past = _ORDERS[sort_of(self.filters)]
        sql = f"""
            with hits as materialized (select f.item_id from reconciliation_casefacet f
                where {self._word_sql()} limit %(limit)s)
            select case when (select count(*) from hits) < %(limit)s then array(
                select i.id from hits join reconciliation_reviewitem i on i.id = hits.item_id
                where {self._item_sql()} {past if place else ""} order by {order} limit %(size)s
            ) end
        """  # noqa: S608
        values = self._values(limit=SORTED + 1, size=size, **_named(place, self.filters))
        found: list[int] | None = _fetched(sql, values)[0][0]
        return found

    def _walked(self, place: Place | None, size: int) -> list[int]:
        if sort_of(self.filters) == "newest":
            return self._newest(place, size)
        if self._in_cells:
            return self._ids_by_cell(place, size)
        past = "and (i.group_order, i.rank, i.id) > (%(g)s, %(r)s, %(i)s)" if place else ""
        sql = f"""
            select i.id from reconciliation_reviewitem i
            where {self._item_sql()} and {self._words_of_item_sql()} {past}
            order by i.group_order, i.rank, i.id limit %(limit)s
        """  # noqa: S608
        g, r, i = place or (0, 0, 0)
        return [row[0] for row in _fetched(sql, self._values(limit=size, g=g, r=r, i=i))]

    def _newest(self, place: Place | None, size: int) -> list[int]:
        past = "and (i.opened_at, i.id) < (%(opened)s, %(i)s)" if place else ""
        sql = f"""
            select i.id from reconciliation_reviewitem i
            where {self._item_sql()} and {self._words_of_item_sql()} {past}
            order by i.opened_at desc, i.id desc limit %(limit)s
        """  # noqa: S608
        micros, pk = place or (0, 0)
        values = self._values(limit=size, opened=moment_of(-micros), i=-pk)
        return [row[0] for row in _fetched(sql, values)]

    @property
    def _in_cells(self) -> bool:
        """Whether the order of the page is that of an index only within one Section and one set of traits."""
        asked = self.filters.narrowing.keys() & (OF_CELLS - {"suggestion"})
        return bool(asked) or sort_of(self.filters) == "sure"

    def _ids_by_cell(self, place: Place | None, size: int) -> list[int]:
        sql = f"""
            select c.id from {_CELLS} cross join lateral (
                select i.id, i.group_order, i.rank from reconciliation_reviewitem i
                where {self._item_sql(in_cell=True)} and {self._words_of_item_sql()}
                and (i.group_order, i.rank, i.id) > (cell.g, cell.r, cell.i)
                order by i.group_order, i.rank, i.id limit %(limit)s
            ) c order by c.group_order, cell.level, c.rank, c.id limit %(limit)s
        """  # noqa: S608
        return [row[0] for row in _fetched(sql, self._values(limit=size, **self._cell_values(place)))]

    def _before_in_many(self, place: Place) -> Counted:
        if sort_of(self.filters) == "newest":
            return self._newer(place)
        if self._in_cells:
            return self._before_in_cells(place)
        sql = f"""
            select count(*), count(*) filter (where found) from (
                select {self._words_of_item_sql()} as found from reconciliation_reviewitem i
                where {self._item_sql()} and (i.group_order, i.rank, i.id) < (%(g)s, %(r)s, %(i)s)
                order by i.group_order desc, i.rank desc, i.id desc limit %(limit)s
            ) seen
        """  # noqa: S608
        g, r, i = place
        return self._counted(sql, g=g, r=r, i=i)

    def _before_in_cells(self, place: Place) -> Counted:
        sql = f"""
            select count(*), count(*) filter (where found) from (
                select c.found from {_CELLS} cross join lateral (
                    select {self._words_of_item_sql()} as found from reconciliation_reviewitem i
                    where {self._item_sql(in_cell=True)}
                    and (i.group_order, i.rank, i.id) < (cell.g, cell.r, cell.i) limit %(limit)s
                ) c limit %(limit)s
            ) seen
        """  # noqa: S608
        return self._counted(sql, **self._cell_values(place))

    def _newer(self, place: Place) -> Counted:
        sql = f"""
            select count(*), count(*) filter (where found) from (
                select {self._words_of_item_sql()} as found from reconciliation_reviewitem i
                where {self._item_sql()} and (i.opened_at, i.id) > (%(opened)s, %(i)s) limit %(limit)s
            ) seen
        """  # noqa: S608
        return self._counted(sql, opened=moment_of(-place[0]), i=-place[1])

    def _counted(self, sql: str, **values: Any) -> Counted:
        window = WALKED if self.by_words else MOST_COUNTED + 1
        seen, found = _fetched(sql, self._values(limit=window, **values))[0]
        return Counted(min(found, MOST_COUNTED), more=seen >= window or found > MOST_COUNTED)

    # Pieces of SQL

    def _item_sql(self, *, in_cell: bool = False) -> str:
        parts = ["i.project_id = %(project)s and i.kind = %(kind)s and i.state = %(state)s"]
        if in_cell:
            parts.append("i.section = cell.section and i.traits = cell.traits")
        else:
            asked = self.filters.narrowing
            parts += ["i.section = %(section)s"] if "section" in asked else []
            parts += ["i.traits = any(%(traits)s)"] if wanted_traits(self.filters) else []
        parts += ["i.group_order = %(group)s"] if self.filters.suggestion else []
        parts += ["i.changed > ''"] if self.filters.changed else []
        if self.filters.assignee:
            none = self.filters.assignee == "none"
            parts.append("i.assigned_to_id is null" if none else "i.assigned_to_id = %(assignee)s")
        return " and ".join(parts)

    def _word_sql(self) -> str:
        likes = [f"f.search like %(word{number})s" for number, _ in enumerate(self.filters.searched)]
        return " and ".join(["f.facets @> %(words)s::varchar[]", *likes])

    def _words_of_item_sql(self) -> str:
        """The same, asked of one case after the other: a scalar, so that no other plan is thought of."""
        if not self.by_words:
            return "true"
        asked = self._word_sql()
        return f"(select {asked} from reconciliation_casefacet f where f.item_id = i.id)"  # noqa: S608

    def _values(self, **more: Any) -> dict[str, Any]:
        filters = self.filters
        searched = {f"word{n}": f"%{_escaped(word)}%" for n, word in enumerate(filters.searched)}
        return {
            "project": self.project.pk,
            "kind": self.kind.value,
            "state": filters.state,
            "section": filters.section,
            "traits": wanted_traits(filters),
            "group": GROUP_ORDER[Decide(filters.suggestion)] if filters.suggestion else 0,
            "assignee": int(filters.assignee) if filters.assignee.isdecimal() else None,
            "words": words_for(self.project.pk, self.kind, filters),
            **searched,
            **more,
        }

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


_LEVELS = f"case when i.confidence >= {HIGH} then 0 when i.confidence >= {MEDIUM} then 1 else 2 end"
# How each order reads, and what lies behind a place in it.
_ORDERS = {
    "impact": ("i.group_order, i.rank, i.id", "and (i.group_order, i.rank, i.id) > (%(g)s, %(r)s, %(i)s)"),
    "sure": (
        f"i.group_order, {_LEVELS}, i.rank, i.id",
        f"and (i.group_order, {_LEVELS}, i.rank, i.id) > (%(g)s, %(l)s, %(r)s, %(i)s)",
    ),
    "newest": ("i.opened_at desc, i.id desc", "and (i.opened_at, i.id) < (%(opened)s, %(i)s)"),
}
_COLUMNS = "i.id, i.group_order, i.rank, i.suggested_action, i.confidence, i.opened_at"
_CELLS = """unnest(%(sections)s::text[], %(cell_traits)s::smallint[], %(levels)s::int[], %(gs)s::int[],
    %(rs)s::bigint[], %(ids)s::bigint[]) as cell (section, traits, level, g, r, i)"""


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


def _named(place: Place | None, filters: Filters) -> dict[str, Any]:
    """The parts of a place as `_ORDERS` names them."""
    if place is None:
        return {}
    if sort_of(filters) == "newest":
        return {"opened": moment_of(-place[0]), "i": -place[1]}
    names = ("g", "l", "r", "i") if sort_of(filters) == "sure" else ("g", "r", "i")
    return dict(zip(names, place, strict=True))


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# The planner takes a frequent word for a reason to read the whole table, which is never quicker here.
_BY_INDEX = "set local enable_seqscan to off; {}; set local enable_seqscan to default"


def _fetched(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_BY_INDEX.format(sql), values)
        cursor.nextset()
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
