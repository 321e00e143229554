"""One page of a long list, by the index that has least to read, so that no ordinary page reads a whole table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migrator.simulators.pipedrive.state import Doc, Store
from migrator.simulators.pipedrive.tables import indexed

# So many rows are read and sorted in a few milliseconds, whatever the order.
FEW = 10_000
# So many rows are looked through in the order of ids before another way is tried.
WALKED = 100_000
_COMPARED = re.compile(r"(\w+) ?(=|>=|<) ?(\?|\d+)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page: conditions on the kind's table with their values, order, what came before it, and its size.

    `after` is the order column's value and the id of the last record of the page before, None for the first page.
    """

    kind: str
    where: Sequence[str]
    values: Sequence[Any]
    column: str = "id"
    direction: str = "asc"
    after: tuple[Any, int] | None = None
    limit: int = 100

    @property
    def sign(self) -> str:
        """The comparison that holds for what comes after a position."""
        return ">" if self.direction == "asc" else "<"


@dataclass(frozen=True, slots=True)
class _Driver:
    """Conditions on one indexed column."""

    column: str
    is_equal: bool
    where: list[str]
    values: list[Any]


def read_page(store: Store, wanted: Wanted) -> list[Doc]:
    """The records of a page, in order."""
    if any(condition.startswith("id IN") for condition in wanted.where):
        return _select(store, wanted, "")
    drivers = _drivers(wanted)
    for driver in drivers:
        table = f"{wanted.kind} INDEXED BY {wanted.kind}_{driver.column}"
        if store.count_up_to(FEW + 1, table, driver.where, driver.values) <= FEW:
            return _select(store, wanted, f"INDEXED BY {wanted.kind}_{driver.column}")
    if wanted.column != "id":
        return _select(store, wanted, f"INDEXED BY {wanted.kind}_{wanted.column}")
    equal = next((driver.column for driver in drivers if driver.is_equal), None)
    if equal is not None:  # an index of equal values is in the order of ids by itself
        return _select(store, wanted, f"INDEXED BY {wanted.kind}_{equal}")
    return _walked(store, wanted) if drivers else _select(store, wanted, "NOT INDEXED")


def _select(store: Store, wanted: Wanted, index: str, *more: str) -> list[Doc]:
    where = [*wanted.where, *more]
    if wanted.after is None:
        return _ordered(store, wanted, index, where, [], wanted.limit)
    at, number = wanted.after
    if wanted.column == "id":
        return _ordered(store, wanted, index, [*where, f"id {wanted.sign} ?"], [number], wanted.limit)
    # Two steps, because an index is entered at one value and one id, but not in the middle of (value, id).
    at = "" if at is None else at
    same = [*where, f"{wanted.column} = ?", f"id {wanted.sign} ?"]
    found = _ordered(store, wanted, index, same, [at, number], wanted.limit)
    rest = wanted.limit - len(found)
    if rest:
        found += _ordered(store, wanted, index, [*where, f"{wanted.column} {wanted.sign} ?"], [at], rest)
    return found


def _ordered(
    store: Store, wanted: Wanted, index: str, where: list[str], more: list[Any], limit: int
) -> list[Doc]:
    order = f"{wanted.column} {wanted.direction}"
    if wanted.column != "id":
        order += f", id {wanted.direction}"
    return store.select(wanted.kind, where, [*wanted.values, *more], order=order, limit=limit, index=index)


def _walked(store: Store, wanted: Wanted) -> list[Doc]:
    """Many records have changed in the window: most likely a page of them is not far in the order of ids."""
    # Two questions, because SQLite answers both at once only by reading everything.
    first, last = (
        store.rows(f"SELECT {end}(id) FROM {wanted.kind}")[0][0]  # noqa: S608 (our own table)
        for end in ("min", "max")
    )
    if first is None:
        return []
    if wanted.direction == "asc":
        end = (wanted.after[1] if wanted.after else first) + WALKED
        bound, is_all = f"id <= {end:d}", end >= last
    else:
        end = (wanted.after[1] if wanted.after else last) - WALKED
        bound, is_all = f"id >= {end:d}", end <= first
    found = _select(store, wanted, "NOT INDEXED", bound)
    if is_all or len(found) == wanted.limit:
        return found
    return _select(store, wanted, f"INDEXED BY {wanted.kind}_update_time")


def _drivers(wanted: Wanted) -> list[_Driver]:
    """The conditions that an index can answer, by column."""
    found: dict[str, _Driver] = {}
    values = iter(wanted.values)
    for condition in wanted.where:
        own = [next(values) for _ in range(condition.count("?"))]
        compared = _COMPARED.fullmatch(condition)
        if compared is None or compared[1] not in indexed(wanted.kind):
            continue
        driver = found.setdefault(compared[1], _Driver(compared[1], compared[2] == "=", [], []))
        driver.where.append(condition)
        driver.values.extend(own)
    return list(found.values())
