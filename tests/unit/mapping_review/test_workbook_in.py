"""What is refused before anything is parsed, what is refused as a whole, and what one cell can hold."""

import re
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from mapping_review import workbook_in
from mapping_review.workbook_in import LIMITS, stamp_and_entries
from mapping_review.workbook_lines import Book, Line, Stamp
from mapping_review.workbook_out import xlsx_of
from mapping_review.workbook_words import Places, cells_of, options_of
from migrator import sheets
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceKind
from migrator.sheets import check_package
from tests.workbooks import changed, column_of, page_of, repacked, rewritten, row_of, sheets_of, with_options

pytestmark = pytest.mark.slow

SHOES, LEVEL = "attribute:shoe_size", "attribute:level"
NOT_OURS = "no Excel workbook"


def line(identity: str, **values: Any) -> Line:
    rule = FieldRule(identity, SourceKind.ATTRIBUTE, Action.CREATE, field=identity, custom=True, **values)
    information: dict[str, str | int | float] = {
        "id": identity, "name": identity, "filled": 1, "reads": "Text", "state": "Proposed",
        "confidence": 0.5, "why": "", "decided_by": "", "decided_on": "",
    }  # fmt: skip
    return Line(identity, rule.kind, information, cells_of(rule, Places([])), options_of(rule))


LINES = (line(SHOES), line(LEVEL, type=FieldType.ENUM, options=("Gold", "Silver"), transform="option"))


@pytest.fixture(scope="module")
def content() -> bytes:
    marks = {each.id: each.mark for each in LINES}
    return xlsx_of(Book(Stamp("p1", "nordlys", 2, "c" * 64, marks), "Nordlys", LINES, Places([])))


def zipped(*parts: tuple[str, bytes], compression: int = ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", compression) as package:
        for name, part in parts:
            package.writestr(name, part)
    return out.getvalue()


TYPES = ("[Content_Types].xml", b"<Types/>")


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (b"", NOT_OURS),
        (b"Name;Email\nAnna;a@example.se", NOT_OURS),
        (b"PK\x03\x04 and then nothing", NOT_OURS),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, "old .xls, or has a password"),
        (zipped(("hello.txt", b"hello")), NOT_OURS),
        (zipped(TYPES, ("xl/vbaProject.bin", b"x")), "holds macros"),
        (zipped(TYPES, ("xl/macrosheets/sheet1.xml", b"<a/>")), "holds macros"),
        (zipped(("[Content_Types].xml", b'<a ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/>')),
         "holds macros"),
        (zipped(TYPES, ("xl/a.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')), NOT_OURS),
        (zipped(TYPES, ("xl/a.xml", "<!DOCTYPE a><a/>".encode("utf-16"))), NOT_OURS),
        (zipped(TYPES, ("xl/a.xml", b"<?xml version='1.0' encoding='cp037'?><a/>")), NOT_OURS),
        (zipped(TYPES, *((f"xl/{n}.xml", b"<a/>") for n in range(300))), "far larger unpacked"),
        (zipped(TYPES, ("xl/a.xml", b"<a/>"), compression=ZIP_BZIP2), NOT_OURS),
        (zipped(TYPES), NOT_OURS),
    ],
    ids=[
        "empty", "csv", "cut short", "old or locked", "another archive", "macros", "macro sheet",
        "macro type", "entity", "hidden entity", "odd encoding", "many parts", "odd compression", "no workbook",
    ],
)  # fmt: skip
def test_what_is_no_workbook_of_ours_is_refused_in_a_sentence(broken: bytes, sentence: str) -> None:
    with pytest.raises(RefusedError, match=sentence):
        stamp_and_entries(broken)


def test_a_small_file_that_unpacks_to_a_large_one_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(TYPES, ("xl/worksheets/sheet1.xml", b" " * (LIMITS.unpacked + 1)))
    assert len(bomb) < 100_000
    monkeypatch.setattr(sheets, "_check_members", lambda *_: pytest.fail("It was unpacked."))
    with pytest.raises(RefusedError, match="far larger unpacked"):
        check_package(bomb, LIMITS)


def test_a_part_that_claims_to_be_small_is_refused(content: bytes) -> None:
    """The claimed size bounds what is read, and what was cut off then fails its check sum."""
    packed = zipped(TYPES, ("xl/a.xml", b"<a>" + b" " * 5_000 + b"</a>"))
    at = packed.index((5_007).to_bytes(4, "little"), packed.index(b"PK\x01\x02"))
    lying = packed[:at] + (10).to_bytes(4, "little") + packed[at + 4 :]
    with pytest.raises(RefusedError, match=NOT_OURS):
        check_package(lying, LIMITS)


def test_a_workbook_of_somebody_else_is_refused() -> None:
    out = BytesIO()
    Workbook().save(out)
    with pytest.raises(RefusedError, match=NOT_OURS):
        stamp_and_entries(out.getvalue())


@pytest.mark.parametrize("cut", [30, -400], ids=["at its beginning", "at its end"])
def test_a_sheet_that_was_cut_off_is_refused(cut: int, content: bytes) -> None:
    sheet = sheets_of(content)["xl/worksheets/sheet1.xml"].encode()[:cut]
    with pytest.raises(RefusedError, match=NOT_OURS):
        stamp_and_entries(repacked(content, xl__worksheets__sheet1_dot_xml=sheet))


def test_what_a_spreadsheet_adds_for_its_printer_is_left_alone(content: bytes) -> None:
    settings = "\x00A4".encode("utf-16")
    _, entries = stamp_and_entries(repacked(content, xl__printerSettings__printerSettings1_dot_bin=settings))
    assert set(entries) == {SHOES, LEVEL}


def test_an_entity_is_found_whatever_its_part_is_called(content: bytes) -> None:
    for code in ("utf-8", "utf-16-le", "utf-16-be"):
        part = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode(code)
        with pytest.raises(RefusedError, match=NOT_OURS):
            stamp_and_entries(repacked(content, xl__hidden_dot_dat=part))


@pytest.mark.parametrize("sheet", ["Fields", "Options", "Tags", "Events", "Consents"])
def test_a_missing_sheet_is_named(sheet: str, content: bytes) -> None:
    def drop(workbook: Workbook) -> None:
        del workbook[sheet]

    with pytest.raises(RefusedError, match=f"The sheet “{sheet}” is missing"):
        stamp_and_entries(rewritten(content, drop))


def test_a_missing_stamp_makes_it_no_workbook_of_ours(content: bytes) -> None:
    def drop(workbook: Workbook) -> None:
        del workbook["Stamp"]

    with pytest.raises(RefusedError, match=NOT_OURS):
        stamp_and_entries(rewritten(content, drop))


@pytest.mark.parametrize("value", ["another-map 1", "crosswalk-map 1", ""])
def test_a_stamp_of_another_format_is_refused(value: str, content: bytes) -> None:
    with pytest.raises(RefusedError, match=NOT_OURS):
        stamp_and_entries(rewritten(content, lambda w: page_of(w, "Stamp").cell(1, 2, value)))


def test_a_missing_column_and_one_that_stands_twice_are_named(content: bytes) -> None:
    def retitle(title: str, other: str) -> bytes:
        def change(workbook: Workbook) -> None:
            page = page_of(workbook, "Fields")
            page.cell(1, column_of(page, title)).value = other

        return rewritten(content, change)

    with pytest.raises(RefusedError, match="has the column “Conversion” not at all"):
        stamp_and_entries(retitle("Conversion", "Something else"))
    with pytest.raises(RefusedError, match="has the column “Object” twice"):
        stamp_and_entries(retitle("State", "Object"))


def test_columns_may_stand_in_another_order(content: bytes) -> None:
    def swap(workbook: Workbook) -> None:
        page = page_of(workbook, "Fields")
        for number in range(1, page.max_row + 1):
            one, other = page.cell(number, 5).value, page.cell(number, 9).value
            page.cell(number, 5).value, page.cell(number, 9).value = other, one

    _, entries = stamp_and_entries(rewritten(content, swap))
    assert [entries[each.id].mark for each in LINES] == [each.mark for each in LINES]


def test_an_id_that_stands_twice_is_refused_with_both_cells(content: bytes) -> None:
    with pytest.raises(RefusedError, match="Fields!A3 and Fields!A2 have the same ID"):
        stamp_and_entries(changed(content, {(LEVEL, "ID"): SHOES}))


@pytest.mark.parametrize("value", [None, "=A1", "#REF!"])
def test_a_line_without_a_readable_id_is_refused(value: str | None, content: bytes) -> None:
    with pytest.raises(RefusedError, match="Fields!A2 has no ID that can be read"):
        stamp_and_entries(changed(content, {(SHOES, "ID"): value}))


def test_options_of_an_unknown_field_are_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="Options!A4 names no field of this workbook"):
        stamp_and_entries(with_options(content, ("attribute:nothing", "", "A")))


def test_an_emptied_line_of_options_is_gone(content: bytes) -> None:
    def empty(workbook: Workbook) -> None:
        page = page_of(workbook, "Options")
        page.cell(row_of(page, LEVEL), 4).value = None

    _, entries = stamp_and_entries(rewritten(content, empty))
    assert entries[LEVEL].pairs == (("", "Silver"),)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("=1+1", "holds a formula"),
        ("#REF!", "holds an error"),
        (True, "a date or a truth value"),
        (datetime(2026, 3, 4), "a date or a truth value"),  # noqa: DTZ001 -- as spreadsheets hold it
        ("x" * 5_000, "5,000 characters long"),
    ],
    ids=["formula", "error", "truth value", "date", "long"],
)
def test_a_cell_that_is_no_text_is_a_problem_of_that_cell(value: Any, problem: str, content: bytes) -> None:
    _, entries = stamp_and_entries(changed(content, {(SHOES, "Field in Pipedrive"): value}))
    cell = entries[SHOES].cells["field"]
    assert (cell.ref, cell.text) == ("Fields!G2", "")
    assert problem in cell.problem
    assert entries[SHOES].mark != LINES[0].mark


@pytest.mark.parametrize(
    ("value", "text"), [(42, "42"), (42.0, "42"), (4.5, "4.5"), (None, ""), ("_x0041_", "A")]
)
def test_a_number_is_read_as_people_see_it(value: Any, text: str, content: bytes) -> None:
    _, entries = stamp_and_entries(changed(content, {(SHOES, "Field in Pipedrive"): value}))
    assert entries[SHOES].cells["field"].text == text


def test_a_whole_number_has_no_point(content: bytes) -> None:
    sheet = re.sub(
        r'<c r="G2".*?</c>', '<c r="G2"><v>42.0</v></c>', sheets_of(content)["xl/worksheets/sheet1.xml"]
    )
    _, entries = stamp_and_entries(repacked(content, xl__worksheets__sheet1_dot_xml=sheet.encode()))
    assert entries[SHOES].cells["field"].text == "42"


def test_what_no_database_holds_stays_spelled_out(content: bytes) -> None:
    _, entries = stamp_and_entries(changed(content, {(SHOES, "Field in Pipedrive"): "_x0000_ _xD800_"}))
    assert entries[SHOES].cells["field"].text == "_x0000_ _xD800_"


def test_a_sheet_with_rows_without_end_is_refused(content: bytes) -> None:
    far = f'<row r="{workbook_in.MOST_ROWS + 5}"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    sheet = sheets_of(content)["xl/worksheets/sheet1.xml"].replace("</sheetData>", far)
    with pytest.raises(RefusedError, match="more than 60,000 rows"):
        stamp_and_entries(repacked(content, xl__worksheets__sheet1_dot_xml=sheet.encode()))
