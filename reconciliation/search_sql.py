"""What the filters of a list ask, in pieces of SQL: of a case (`i`), and of what a case is found by (`f`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from migrator.engine.cases import CaseKind, Decide
from migrator.models import Project
from reconciliation.choices import GROUP_ORDER
from reconciliation.facets import HIGH, MEDIUM
from reconciliation.filters import Filters
from reconciliation.matching import Place, moment_of, sort_of, wanted_traits, words_for

_LEVELS = f"case when i.confidence >= {HIGH} then 0 when i.confidence >= {MEDIUM} then 1 else 2 end"
# How each order reads, and what lies behind a place in it.
ORDERS = {
    "impact": ("i.group_order, i.rank, i.id", "and (i.group_order, i.rank, i.id) > (%(g)s, %(r)s, %(i)s)"),
    "sure": (
        f"i.group_order, {_LEVELS}, i.rank, i.id",
        f"and (i.group_order, {_LEVELS}, i.rank, i.id) > (%(g)s, %(l)s, %(r)s, %(i)s)",
    ),
    "newest": ("i.opened_at desc, i.id desc", "and (i.opened_at, i.id) < (%(opened)s, %(i)s)"),
}
COLUMNS = "i.id, i.group_order, i.rank, i.suggested_action, i.confidence, i.opened_at"
# Read by its index, so that the first ones are at hand however many there are.
IN_ORDER = "order by i.group_order, i.rank, i.id"
CELLS = """unnest(%(sections)s::text[], %(cell_traits)s::smallint[], %(levels)s::int[], %(gs)s::int[],
    %(rs)s::bigint[], %(ids)s::bigint[]) as cell (section, traits, level, g, r, i)"""


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions of one list; the texts that are put together are our own, what a person typed is a value."""

    project: Project
    kind: CaseKind
    filters: Filters

    @property
    def by_words(self) -> bool:
        return bool(self.filters.q or self.filters.tag)

    def item(self, *, in_cell: bool = False) -> str:
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

    def words(self) -> str:
        likes = [f"f.search like %(word{number})s" for number, _ in enumerate(self.filters.searched)]
        return " and ".join(["f.facets @> %(words)s::varchar[]", *likes])

    def words_of_item(self) -> str:
        """The same, asked of one case after the other: a scalar, so that no other plan is thought of."""
        if not self.by_words:
            return "true"
        asked = self.words()
        return f"(select {asked} from reconciliation_casefacet f where f.item_id = i.id)"  # noqa: S608

    def values(self, **more: Any) -> dict[str, Any]:
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


def named(place: Place | None, filters: Filters) -> dict[str, Any]:
    """The parts of a place as `ORDERS` names them."""
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


def fetched(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_BY_INDEX.format(sql), values)
        cursor.nextset()
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
