"""Report files: rows to CSV with the oddities of the settings, and the same file as a workbook when asked for.

The delimiter and the like are not documented (reference 9.2); each oddity has a switch.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from migrator.simulators.apsis_one.settings import ApsisSettings

CSV_TYPE = "text/csv;charset=UTF-8;header=present"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_CELL = 32_767


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows that are made while they are written."""

    header: list[str]
    rows: Callable[[], Iterable[list[Any]]]


def csv_file(table: Table, settings: ApsisSettings) -> Callable[[Path], None]:
    """Writes a table to a path, row by row."""

    def write(path: Path) -> None:
        encoding = "utf-8-sig" if settings.csv_bom else "utf-8"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(
                file,
                delimiter=settings.csv_delimiter,
                quoting=csv.QUOTE_ALL if settings.csv_quote_all else csv.QUOTE_MINIMAL,
            )
            writer.writerow(table.header)
            if settings.csv_newlines_in_values:
                writer.writerows(table.rows())
            else:
                writer.writerows([_on_one_line(cell) for cell in row] for row in table.rows())

    return write


def as_workbook(path: Path, settings: ApsisSettings) -> Path:
    """The workbook of a CSV file, made once and kept beside it."""
    made = path.with_name(f"{path.name}.xlsx")
    if not made.exists():
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Profiles")
        for row in _rows_of(path, settings):
            cells = [
                WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", cell)[:_LONGEST_CELL]) for cell in row
            ]
            for cell in cells:
                cell.data_type = "s"  # a value that begins with "=" is a text and no formula
            sheet.append(cells)
        part = made.with_suffix(".part")
        book.save(part)
        part.replace(made)
    return made


def wants_workbook(accept: str) -> bool:
    """Whether the caller asks for the workbook rather than the text (documented: D-xseg)."""
    return XLSX_TYPE in accept


def _rows_of(path: Path, settings: ApsisSettings) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.reader(file, delimiter=settings.csv_delimiter)


def _on_one_line(cell: Any) -> Any:
    return " ".join(cell.splitlines()) if isinstance(cell, str) else cell
