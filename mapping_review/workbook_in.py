"""Reads an uploaded workbook: what it says, cell by cell, and a refusal where it is not one that we wrote.

Trusts nothing: sizes are looked at before anything is parsed, and formulas, macros and entities are refused.
"""

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from mapping_review.queries import Row
from mapping_review.workbook_lines import FORMAT, FORMAT_VERSION, Stamp
from mapping_review.workbook_out import STAMP
from mapping_review.workbook_review import Claim, Uploaded
from mapping_review.workbook_rules import Account, CellProblem, rule_of
from mapping_review.workbook_words import COLUMNS, EDITABLE, OPTION_COLUMNS, OPTIONS, SHEETS, Column, mark_of
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule

LARGEST_FILE = 10 * 1024 * 1024
# A workbook of 400 fields unpacks to about 1 MB; more than this is no map but an attack.
LARGEST_UNPACKED = 24 * 1024 * 1024
MOST_PARTS, MOST_ROWS, MOST_COLUMNS, LONGEST_TEXT = 200, 60_000, 60, 4_000
NOT_OURS = (
    "This is no Excel workbook (.xlsx) of the field map. Download it anew, change that file and upload it."
)
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)""")
_ENTITIES = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("utf-8", "utf-16-le", "utf-16-be")
)
_SPELLED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Cell:
    """`problem` says why its content cannot be taken; the text is then empty."""

    ref: str
    text: str = ""
    problem: str = ""


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
    check_package(content)
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


def check_package(content: bytes) -> None:
    """Raises RefusedError on what is no workbook, or could hurt whoever opens it."""
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise RefusedError("The file is an old .xls, or has a password. Save it as .xlsx without one.")
    try:
        with ZipFile(BytesIO(content)) as package:
            members = package.infolist()
            _check_sizes(members)
            _check_members(package, members)
    except (BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as problem:
        raise RefusedError(NOT_OURS) from problem


def _check_sizes(members: Sequence[ZipInfo]) -> None:
    if len(members) > MOST_PARTS or sum(member.file_size for member in members) > LARGEST_UNPACKED:
        raise RefusedError("The file is far larger unpacked than any field map. Download it anew.")


def _check_members(package: ZipFile, members: Sequence[ZipInfo]) -> None:
    names = {member.filename for member in members}
    known = all(member.compress_type in (ZIP_STORED, ZIP_DEFLATED) for member in members)
    if "[Content_Types].xml" not in names or not known:
        raise RefusedError(NOT_OURS)
    if any("vbaproject" in name.casefold() or "macrosheets" in name.casefold() for name in names):
        raise RefusedError("The file holds macros. Save it as a workbook without them (.xlsx).")
    for member in members:
        _check_part(member.filename.casefold(), package.read(member))


def _check_part(name: str, part: bytes) -> None:
    """Entities can grow without end, and another encoding would hide them. Pictures and settings of a printer
    are left alone: nothing here opens them."""
    is_xml = name.endswith((".xml", ".rels", ".vml")) or part.lstrip()[:5] == b"<?xml"
    encoding = _ENCODING.search(part[:200])
    odd = b"\x00" in part[:8] or (encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii"))
    if (is_xml and odd) or any(word in part for word in _ENTITIES):
        raise RefusedError(NOT_OURS)
    if is_xml and b"macroEnabled" in part and b"ContentType" in part:
        raise RefusedError("The file holds macros. Save it as a workbook without them (.xlsx).")


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
    pairs = [tuple(_text(cell, "").text for cell in row) for row in _grid(sheet, STAMP, 2)]
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


def _grid(sheet: Any, name: str, columns: int = MOST_COLUMNS) -> Iterator[Sequence[Any]]:
    """The rows of a sheet, by what is in it and not by the size that the file claims."""
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_col=columns, max_row=MOST_ROWS + 1), 1):
        if number > MOST_ROWS:
            raise RefusedError(f"The sheet “{name}” has more than {MOST_ROWS:,} rows.")
        yield row


def _rows(sheet: Any, name: str, columns: Sequence[Column]) -> Iterator[dict[str, Cell]]:
    """Each line by column, wherever the column stands. Lines without any text are left out."""
    grid = _grid(sheet, name)
    places = _places([_text(cell, "").text.strip() for cell in next(grid, ())], name, columns)
    for number, row in enumerate(grid, 2):
        cells = {
            key: _text(row[at] if at < len(row) else None, f"{name}!{get_column_letter(at + 1)}{number}")
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


def _text(cell: Any, ref: str) -> Cell:
    """What a person reads in a cell, as text."""
    value = getattr(cell, "value", None)
    kind = getattr(cell, "data_type", "n")
    if kind == "f" or isinstance(value, ArrayFormula | DataTableFormula):
        return Cell(ref, "", "The cell holds a formula. Write the text itself.")
    if kind == "e":
        return Cell(ref, "", "The cell holds an error. Write the text itself.")
    if isinstance(value, bool) or kind == "d":
        return Cell(ref, "", "The spreadsheet made a date or a truth value of this. Format the cell as text.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value)
    if len(text) > LONGEST_TEXT:
        return Cell(ref, "", f"The cell is {len(text):,} characters long. Shorten it.")
    return Cell(ref, unescaped(text))


def unescaped(text: str) -> str:
    """The text behind a spreadsheet's spelling, but for what no database can hold."""
    return _SPELLED.sub(_character, text).replace("\r\n", "\n")


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)
