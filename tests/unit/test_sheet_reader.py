"""A file read as a stream says what a spreadsheet shows, whichever program wrote it."""

from datetime import date
from io import BytesIO
from typing import Any
from xml.parsers.expat import ExpatError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from migrator.engine.errors import RefusedError
from migrator.sheet_reader import Book
from migrator.sheets import cell_of
from tests.workbooks import page_of, repacked, sheets_of

FORMULA = "The cell holds a formula. Write the text itself."
PART = "xl__worksheets__sheet1_dot_xml"


def saved(*rows: Any) -> bytes:
    """Saved by another program, with its texts in one shared part."""
    workbook, out = Workbook(), BytesIO()
    for row in rows:
        page_of(workbook, "Sheet").append(row)
    workbook.save(out)
    return out.getvalue()


def read(content: bytes, **options: Any) -> dict[int, dict[int, str]]:
    """Texts by row and column; a problem stands for a text that cannot be taken."""
    rows = Book(content).rows("Sheet", most=options.pop("most", 100), **options)
    return {
        number: {column: cell.text or cell.problem for column, cell in cells.items()}
        for number, cells in rows
    }


def with_rows(xml: str, content: bytes | None = None) -> bytes:
    content = content or saved(["a"])
    before, _, rest = sheets_of(content)["xl/worksheets/sheet1.xml"].partition("<sheetData>")
    sheet = f"{before}<sheetData>{xml}</sheetData>{rest.partition('</sheetData>')[2]}"
    return repacked(content, **{PART: sheet.encode()})


@given(st.lists(st.one_of(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
                          st.integers(-(10**12), 10**12), st.none()), min_size=1, max_size=6))  # fmt: skip
def test_it_reads_what_the_usual_reader_reads(row: list[Any]) -> None:
    content = saved(["head"], [None if isinstance(v, str) and v.startswith("=") else v for v in row])
    page = page_of(load_workbook(BytesIO(content)), "Sheet")
    expected = {cell.column: cell_of(cell, "").text for cell in page[2] if cell_of(cell, "").text}
    assert read(content).get(2, {}) == expected


def test_rows_keep_their_numbers_and_columns_their_places() -> None:
    assert read(saved(["a", None, "c"], [], [None, 7])) == {1: {1: "a", 3: "c"}, 3: {2: "7"}}


@pytest.mark.parametrize(
    ("value", "problem"),
    [("=1+1", "holds a formula"), (True, "a date or a truth value"), (date(2026, 3, 1), "a date or a truth value"),
     ("#REF!", "holds an error"), ("x" * 5000, "5,000 characters long")],
)  # fmt: skip
def test_what_is_no_text_says_so(value: Any, problem: str) -> None:
    assert problem in read(saved([value]))[1][1]


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<row r="1"><c r="A1" t="inlineStr"><is><r><t>A</t></r><r><t>nna</t></r></is></c></row>', "Anna"),
        ('<row><c t="inlineStr"><is><t>Anna</t><rPh sb="0" eb="1"><t>an</t></rPh></is></c></row>', "Anna"),
        ('<row r="1"><c r="A1" t="str"><v>Anna</v></c></row>', "Anna"),
        ('<row r="1"><c r="A1"><v>1E3</v></c></row>', "1000"),
        ('<row r="1"><c r="A1"><v>1.5</v></c></row>', "1.5"),
        ('<row r="1"><c r="A1" t="str"><f>1+1</f><v>2</v></c></row>', FORMULA),
        ('<row r="1"><c r="A1" t="inlineStr"><is><t>a_x000D_b</t></is></c></row>', "a\rb"),
    ],
)  # fmt: skip
def test_every_way_to_write_a_text_is_read(xml: str, text: str) -> None:
    assert read(with_rows(xml)) == {1: {1: text}}


def test_prefixes_of_elements_do_not_matter() -> None:
    content = saved(["a"])
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        '<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>Anna</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>'
    )
    assert read(repacked(content, **{PART: sheet.encode()})) == {1: {1: "Anna"}}


def test_only_the_chosen_columns_are_read_in_the_end() -> None:
    rows = [["ID", "More", "Text"], *([n, "x" * 50, f"t{n}"] for n in range(20_000))]
    found = read(saved(*rows), most=30_000, choose=lambda head: [1, 3])
    assert found[1] == {1: "ID", 2: "More", 3: "Text"}
    assert found[20_001] == {1: "19999", 3: "t19999"}


def test_more_rows_than_allowed_are_refused() -> None:
    with pytest.raises(RefusedError, match="more than 2 rows"):
        read(saved(["a"], ["b"], ["c"]), most=2)


@pytest.mark.parametrize(
    "xml",
    ["<row><c t='s'><v>99</v></c></row>", "<row r='x'/>", "<row><c r='A1'>", "<row><c><v>one</v></c></row>"],
)
def test_what_is_broken_raises(xml: str) -> None:
    with pytest.raises((ValueError, IndexError, ExpatError)):
        read(with_rows(xml))


def test_a_declared_type_is_refused() -> None:
    sheet = sheets_of(saved(["a"]))["xl/worksheets/sheet1.xml"]
    with pytest.raises(ValueError, match="declares no types"):
        read(repacked(saved(["a"]), **{PART: f"<!DOCTYPE a [<!ENTITY b 'c'>]>{sheet}".encode()}))
