"""A workbook as a person changes it in a spreadsheet, and as somebody with worse intentions packs it."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

Cells = Mapping[tuple[str, str], Any]


def changed(content: bytes, cells: Cells = {}, *, sheet: str = "Fields") -> bytes:  # noqa: B006 -- only read
    """The file with cells changed, named by id and column title, and saved as a spreadsheet saves it."""

    def write(workbook: Workbook) -> None:
        page = page_of(workbook, sheet)
        for (identity, title), value in cells.items():
            page.cell(row_of(page, identity), column_of(page, title)).value = value

    return rewritten(content, write)


def rewritten(content: bytes, change: Callable[[Workbook], Any]) -> bytes:
    workbook = load_workbook(BytesIO(content))
    change(workbook)
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def page_of(workbook: Workbook, sheet: str) -> Worksheet:
    found = workbook[sheet]
    assert isinstance(found, Worksheet)
    return found


def row_of(page: Worksheet, identity: str) -> int:
    return next(n for n in range(2, page.max_row + 1) if page.cell(n, 1).value == identity)


def column_of(page: Worksheet, title: str) -> int:
    return next(n for n in range(1, page.max_column + 1) if page.cell(1, n).value == title)


def with_options(content: bytes, *lines: tuple[str, str, str]) -> bytes:
    """The file with lines of (id, value, option) written into the empty ones at the end of the sheet."""

    def write(workbook: Workbook) -> None:
        page = page_of(workbook, "Options")
        free = next(n for n in range(2, page.max_row + 1) if not page.cell(n, 1).value)
        for number, (identity, value, option) in enumerate(lines, free):
            for at, text in ((1, identity), (3, value), (4, option)):
                page.cell(number, at).value = text or None

    return rewritten(content, write)


def repacked(content: bytes, **parts: bytes) -> bytes:
    """The package with parts replaced or added; "__" in a keyword stands for a slash, "_dot_" for a dot."""
    new = {name.replace("__", "/").replace("_dot_", "."): part for name, part in parts.items()}
    out = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in new:
                target.writestr(name, source.read(name))
        for name, part in new.items():
            target.writestr(name, part)
    return out.getvalue()


def sheets_of(content: bytes) -> dict[str, str]:
    """The XML of every part of a package."""
    with ZipFile(BytesIO(content)) as package:
        return {name: package.read(name).decode() for name in package.namelist()}
