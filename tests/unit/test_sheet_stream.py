"""A file that is written row by row: every text comes back as text, and nothing in it can be run."""

import re
from collections.abc import Iterator
from io import BytesIO, RawIOBase
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from migrator.sheet_stream import Column, Row, Sheet, write_xlsx
from migrator.sheets import Limits, cell_of, check_package
from tests.workbooks import page_of, sheets_of

COLUMNS = (
    Column("ID", 8),
    Column("Text", 30),
    Column("Decision", 20, open=True, words=("Keep", "Drop & go")),
)
LIMITS = Limits(10_000_000, "Not ours.", "Too large.", may_merge=False)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil.example")', "=cmd|' /C calc'!A0")


def file_of(*rows: Row, **options: Any) -> bytes:
    out = BytesIO()
    write_xlsx(out, [Sheet("Tags", COLUMNS, rows, **options)])
    return out.getvalue()


@given(st.text(max_size=60))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    content = file_of((1, text, text))
    cells = page_of(load_workbook(BytesIO(content)), "Tags")
    found = cell_of(cells.cell(2, 2), "").text
    # No database holds a NUL or half a character, so these stay in their spelling.
    expected = re.sub("[\x00\ud800-\udfff]", lambda c: f"_x{ord(c[0]):04X}_", text)
    assert found == expected.replace("\r\n", "\n")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(text: str) -> None:
    content = file_of((1, text, text))
    sheet = sheets_of(content)["xl/worksheets/sheet1.xml"]
    assert "<f>" not in sheet
    for column in (2, 3):
        cell = page_of(load_workbook(BytesIO(content)), "Tags").cell(2, column)
        assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_only_the_open_cells_may_be_changed_and_they_offer_their_words() -> None:
    page = page_of(load_workbook(BytesIO(file_of((1, "a", "")))), "Tags")
    assert page.protection.sheet
    assert [cell.protection.locked for cell in page[2]] == [True, True, False]
    (rule,) = page.data_validations.dataValidation
    assert (rule.formula1, str(rule.sqref)) == ('"Keep,Drop & go"', "C2:C1048576")
    assert page.freeze_panes == "A2"


def test_every_part_is_whole_xml_and_passes_our_own_checks() -> None:
    content = file_of((1, "<b>&\"'", ""), (2, "", ""))
    check_package(content, LIMITS)
    for part in sheets_of(content).values():
        ElementTree.fromstring(part)


def test_equal_rows_give_equal_bytes() -> None:
    assert file_of((1, "a", "b")) == file_of((1, "a", "b"))


def test_rows_are_read_while_they_are_written_to_a_target_that_cannot_go_back() -> None:
    class OneWay(RawIOBase):
        written = 0

        def writable(self) -> bool:
            return True

        def write(self, part: Any) -> int:
            self.written += len(part)
            return len(part)

    target, waiting = OneWay(), list[int]()

    def rows() -> Iterator[Row]:
        for number in range(60_000):
            yield (number, f"{number * 7919:x}" * 4, "")
            waiting.append(target.written)

    write_xlsx(target, [Sheet("Tags", COLUMNS, rows())])  # type: ignore[arg-type]  # as a response's stream
    assert 0 < waiting[-1] < target.written


def test_a_sheet_without_titles_has_no_locks() -> None:
    out = BytesIO()
    write_xlsx(out, [Sheet("Read me", [Column("", 80)], [["One."], ["Two."]])])
    page = page_of(load_workbook(BytesIO(out.getvalue())), "Read me")
    assert [cell.value for cell in page["A"]] == ["One.", "Two."]
    assert not page.protection.sheet
