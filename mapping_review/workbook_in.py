"""Reads an uploaded workbook: what it says, cell by cell, and a refusal where it is not one that we wrote.

Trusts nothing: sizes are looked at before anything is parsed, and formulas, macros and entities are refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from mapping_review.queries import Row
from mapping_review.workbook_lines import FORMAT, FORMAT_VERSION, Stamp
from mapping_review.workbook_out import STAMP
from mapping_review.workbook_review import Claim, Uploaded
from mapping_review.workbook_rules import Account, CellProblem, rule_of
from mapping_review.workbook_words import COLUMNS, EDITABLE, OPTION_COLUMNS, OPTIONS, SHEETS, Column, mark_of
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule
from migrator.sheets import Cell, Limits, cell_of, check_package, grid

MOST_ROWS, MOST_COLUMNS = 60_000, 60
NOT_OURS = (
    "This is no Excel workbook (.xlsx) of the field map. Download it anew, change that file and upload it."
)
# A workbook of 400 fields unpacks to about 1 MB; more than this is no map but an attack.
LIMITS = Limits(
    24 * 1024 * 1024, NOT_OURS, "The file is far larger unpacked than any field map. Download it anew."
)


@dataclass(slots=True)
class Entry:
    """One line of a file: its cells by column, and its lines of the options sheet."""

    id: str
    ref: str
    cells: Mapping[str, Cell]
    options: list[tuple[Cell, Cell]] = field(default_factory=list)

    @property
    def texts(self) -> dict[str, str]:
        return {key: self.cells[key].text for key in EDITABLE}

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple((value.text, option.text) for value, option in self.options)

    @property
    def mark(self) -> str:
        """A cell that cannot be read is a change too: its row is looked at, and rejected there."""
        problem = self._problem()
        return f"unread {problem.ref}" if problem else mark_of(self.texts, self.pairs)

    def place(self, column: str) -> str:
        if column == "options" and self.options:
            return self.options[0][1].ref
        return self.cells[column].ref if column in self.cells else self.ref

    def rule(self, base: FieldRule, row: Row, account: Account) -> FieldRule:
        """The rule that the line asks for; raises CellProblem."""
        if problem := self._problem():
            raise CellProblem("", problem.problem, problem.ref)
        return rule_of(self.texts, self.pairs, base, row.field, account)

    def _problem(self) -> Cell | None:
        every = chain(self.cells.values(), *self.options)
        return next((cell for cell in every if cell.problem), None)


def uploaded_xlsx(content: bytes) -> Uploaded:
    """What a workbook says. Raises RefusedError with one sentence where it cannot be used as a whole."""
    stamp, entries = stamp_and_entries(content)
    claims = {key: Claim(key, entry.mark, entry.place, entry.rule) for key, entry in entries.items()}
    return Uploaded(stamp, claims, lambda line, base: line.mark)


def stamp_and_entries(content: bytes) -> tuple[Stamp, dict[str, Entry]]:
    """What a workbook says. Raises RefusedError with one sentence where the file as a whole cannot be used."""
    check_package(content, LIMITS)
    try:
        workbook = load_workbook(BytesIO(content), read_only=True, keep_links=False)
    except Exception as problem:  # openpyxl raises whatever a broken part makes it stumble over
        raise RefusedError(NOT_OURS) from problem
    try:
        return _read(workbook)
    except RefusedError:
        raise
    except Exception as problem:
        raise RefusedError(NOT_OURS) from problem
    finally:
        workbook.close()


def _read(workbook: Any) -> tuple[Stamp, dict[str, Entry]]:
    names = set(workbook.sheetnames)
    if STAMP not in names:
        raise RefusedError(NOT_OURS)
    stamp = _stamp(workbook[STAMP])
    for name in (*SHEETS, OPTIONS):
        if name not in names:
            raise RefusedError(f"The sheet “{name}” is missing. Download the workbook anew.")
    entries: dict[str, Entry] = {}
    for name in SHEETS:
        for cells in _rows(workbook[name], name, COLUMNS):
            _enter(entries, cells)
    for cells in _rows(workbook[OPTIONS], OPTIONS, OPTION_COLUMNS):
        _enter_option(entries, cells)
    return stamp, entries


def _stamp(sheet: Any) -> Stamp:
    lines = grid(sheet, STAMP, rows=MOST_ROWS, columns=2)
    pairs = [tuple(cell_of(cell, "").text for cell in row) for row in lines]
    facts = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    if facts.get("format") != f"{FORMAT} {FORMAT_VERSION}" or not facts.get("version", "").isdecimal():
        raise RefusedError(NOT_OURS)
    marks = {key: mark for key, mark in facts.items() if ":" in key}
    return Stamp(
        facts.get("project", ""),
        facts.get("slug", ""),
        int(facts["version"]),
        facts.get("checksum", ""),
        marks,
    )


def _rows(sheet: Any, name: str, columns: Sequence[Column]) -> Iterator[dict[str, Cell]]:
    """Each line by column, wherever the column stands. Lines without any text are left out."""
    lines = grid(sheet, name, rows=MOST_ROWS, columns=MOST_COLUMNS)
    places = _places([cell_of(cell, "").text.strip() for cell in next(lines, ())], name, columns)
    for number, row in enumerate(lines, 2):
        cells = {
            key: cell_of(row[at] if at < len(row) else None, f"{name}!{get_column_letter(at + 1)}{number}")
            for key, at in places.items()
        }
        if any(cell.text or cell.problem for cell in cells.values()):
            yield cells


def _places(titles: Sequence[str], name: str, columns: Sequence[Column]) -> dict[str, int]:
    wanted = [column for column in columns if column.editable or column.key == "id"]
    for column in wanted:
        if titles.count(column.title) != 1:
            amount = "twice" if column.title in titles else "not at all"
            raise RefusedError(
                f"The sheet “{name}” has the column “{column.title}” {amount}. Download the workbook anew."
            )
    return {column.key: titles.index(column.title) for column in wanted}


def _enter(entries: dict[str, Entry], cells: Mapping[str, Cell]) -> None:
    where = cells["id"]
    if where.problem or not where.text:
        raise RefusedError(f"{where.ref} has no ID that can be read. Download the workbook anew.")
    if where.text in entries:
        first = entries[where.text].ref
        raise RefusedError(
            f"{where.ref} and {first} have the same ID, “{where.text[:80]}”. Remove one of them."
        )
    entries[where.text] = Entry(where.text, where.ref, cells)


def _enter_option(entries: Mapping[str, Entry], cells: Mapping[str, Cell]) -> None:
    where, value, option = cells["id"], cells["value"], cells["option"]
    if not (value.text or option.text or value.problem or option.problem):
        return
    if where.text not in entries:
        raise RefusedError(f"{where.ref} names no field of this workbook. Take its ID from the list.")
    entries[where.text].options.append((value, option))
