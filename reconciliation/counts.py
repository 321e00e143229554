"""How many cases stand where, read from the counts that the database keeps itself; nothing here counts cases."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db import connection
from django.db.models import Sum

from migrator.engine.cases import CaseKind
from migrator.models import Project
from reconciliation.choices import UNDECIDED_STATES, ItemState
from reconciliation.facets import read_traits
from reconciliation.filters import Filters
from reconciliation.models import QueueCount

# A count that no counter keeps is exact up to here.
MOST_COUNTED = 10_000
# These filters the cells of the counts answer by themselves.
OF_CELLS = frozenset({"section", "suggestion", "sure", "phone", "company", "seen"})
# Fewer rows than this are as quick to add up as they are.
WORTH_FOLDING = 200


class Counted(int):
    """A number of cases; with `more`, at least that many."""

    more: bool

    def __new__(cls, number: int, more: bool = False) -> "Counted":
        made = super().__new__(cls, number)
        made.more = more
        return made

    def __str__(self) -> str:
        return f"more than {int(self):,}" if self.more else f"{int(self):,}"

    @property
    def n(self) -> int:
        return int(self)


@dataclass(frozen=True, slots=True)
class Cell:
    """The cases of one kind that share state, suggestion, Section and traits, added up."""

    kind: str
    state: str
    action: str
    section: str
    traits: int
    cases: int
    profiles: int
    events: int
    tokens: int

    def shows(self, name: str) -> str:
        """What its cases have where a filter of this name looks."""
        if name == "section":
            return self.section
        return self.action if name == "suggestion" else read_traits(self.traits).shown(name)


@dataclass(frozen=True)
class Counts:
    """Every cell of a project's queue that is not empty."""

    cells: tuple[Cell, ...]

    @cached_property
    def _by_kind_and_state(self) -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for cell in self.cells:
            found[cell.kind, cell.state] += cell.cases
        return found

    def cases(self, kind: CaseKind, *states: str) -> int:
        """How many cases of a kind are in any of these states."""
        return sum(self._by_kind_and_state[kind.value, str(state)] for state in states)

    def undecided(self, kind: CaseKind) -> int:
        return self.cases(kind, *UNDECIDED_STATES)

    def total(self, kind: CaseKind) -> int:
        return self.cases(kind, *(state for state in ItemState if state != ItemState.GONE))

    def held_back(self) -> tuple[int, int]:
        """The undecided cases of all kinds, and the profiles that they hold up (one held up twice counts twice)."""
        waiting = [cell for cell in self.cells if cell.state in UNDECIDED_STATES]
        return sum(c.cases for c in waiting), sum(c.profiles for c in waiting)

    def of(self, kind: CaseKind, filters: Filters) -> tuple[Cell, ...]:
        """The cells of a kind in the state that the filters name, that pass what cells can tell."""
        mine = (c for c in self.cells if c.kind == kind.value and c.state == filters.state)
        asked = [(n, v) for n, v in filters.narrowing.items() if n in OF_CELLS]
        return tuple(cell for cell in mine if all(cell.shows(n) == v for n, v in asked))

    def sections(self, kind: CaseKind, state: str = ItemState.OPEN) -> tuple[tuple[str, int], ...]:
        """The Sections to filter by, each with its cases, in the order of their names."""
        mine = (c for c in self.cells if c.kind == kind.value and c.state == state and c.section)
        return tuple(sorted(added(mine, lambda cell: cell.section).items()))

    def years(self, kind: CaseKind, state: str = ItemState.OPEN) -> tuple[tuple[str, int], ...]:
        """The years of a last event to filter by, newest first, "never" last."""
        mine = (c for c in self.cells if c.kind == kind.value and c.state == state)
        found = added(mine, lambda cell: read_traits(cell.traits).seen)
        return tuple(sorted(((y, n) for y, n in found.items() if y), key=_newest_year_first))


def _newest_year_first(row: tuple[str, int]) -> int:
    return -int(row[0]) if row[0].isdecimal() else 0


def added(cells: Iterable[Cell], name: Callable[[Cell], str]) -> dict[str, int]:
    """Cases by whatever `name` tells of a cell."""
    found: defaultdict[str, int] = defaultdict(int)
    for cell in cells:
        found[name(cell)] += cell.cases
    return dict(found)


_PLACE = ("kind", "state", "suggested_action", "section", "traits")
_SUMS = ("cases", "profiles", "events", "tokens")


def counts_of(project: Project, kind: CaseKind | None = None) -> Counts:
    """One query, as long as the queue has places and not as long as it has cases."""
    rows = QueueCount.objects.filter(project=project)
    rows = rows.filter(kind=kind.value) if kind else rows
    sums = {f"sum_{name}": Sum(name) for name in _SUMS}
    found = rows.order_by().values_list(*_PLACE).annotate(**sums)
    return Counts(tuple(Cell(*row) for row in found if row[len(_PLACE)]))


_FOLD = """
with crowded as (
    select project_id from reconciliation_queuecount where %(project)s::bigint is null or project_id = %(project)s
    group by project_id having count(*) > %(worth)s
), taken as (
    delete from reconciliation_queuecount where id in (
        select id from reconciliation_queuecount join crowded using (project_id) for update of
        reconciliation_queuecount skip locked
    ) returning *
), folded as (
    insert into reconciliation_queuecount
        (project_id, kind, state, suggested_action, section, traits, cases, profiles, events, tokens)
    select project_id, kind, state, suggested_action, section, traits, sum(cases), sum(profiles), sum(events),
        sum(tokens)
    from taken join migrator_project p on p.id = project_id
    group by 1, 2, 3, 4, 5, 6
    having sum(cases) <> 0 or sum(profiles) <> 0 or sum(events) <> 0 or sum(tokens) <> 0
    returning 1
)
select (select count(*) from taken) - (select count(*) from folded)
"""
_ORPHANS = """
delete from reconciliation_queuecount c
where not exists (select 1 from migrator_project p where p.id = c.project_id)
"""


def compact(project_id: int | None = None) -> int:
    """Fold the differences of a project, or of all, into one row for each place; returns how many rows went.

    Safe beside writers and beside itself: a reader sees the rows before or after, whose sums are the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ORPHANS)
        gone = cursor.rowcount
        cursor.execute(_FOLD, {"project": project_id, "worth": WORTH_FOLDING})
        row = cursor.fetchone()
    return gone + int(row[0] if row else 0)
