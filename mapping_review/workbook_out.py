"""A version of the map as an XLSX file: drop-downs, locked ids, and no cell that a spreadsheet would run."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, NamedStyle, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.writer.excel import ExcelWriter

from mapping_review.workbook_lines import FORMAT, FORMAT_VERSION, Book, Line
from mapping_review.workbook_words import CLOSED, COLUMNS, OPEN, OPTION_COLUMNS, OPTIONS, SHEETS, Column
from migrator.engine.inventory import SourceKind, TargetObject
from migrator.sheets import LEAD, escaped

README, LISTS, STAMP = "Read me", "Lists", "Stamp"
# Lines for options that a person adds; the rest of the sheet is locked.
SPARE_LINES = 200
# One moment for all files: equal content gives equal bytes.
_EPOCH = datetime(2020, 1, 1)  # noqa: DTZ001 -- the file format knows no zones
_BASE, _OPEN, _HEAD, _SHARE, _TITLE = "locked", "open", "head", "share", "title"
_WORDS = (
    "This workbook is the field map of {title}, v{version}.",
    "Change the white cells, save, and upload the file on the field map's page. You see every change before it "
    "counts, and nothing that was approved is changed without being approved again.",
    "What to do: “Existing field” writes into a field that Pipedrive has, “New field” makes one, "
    "“Do not migrate” keeps the values in the archive file, “Leave behind” needs a reason beside it.",
    "Where another row fills the same field: how their values come together, and which comes first. All but one "
    "of these rows need it.",
    "Field in Pipedrive: choose one from the list, or write the name of the new field.",
    "Type of field: for new fields. An existing field keeps its type.",
    "Conversion: how values are changed on the way. Empty it, and Crosswalk chooses.",
    "Settings: one on each line, such as currency = SEK, decimal = , or order = dmy.",
    "Options: a line without a value in APSIS One is an option of the field. A line with one says which option "
    "that value becomes. Add lines at the end; empty both cells to remove a line.",
    "Grey cells only inform. Do not change the ID: it ties a line to its field.",
    "The file is good for this version of this project only. Once a newer version is open, download it anew.",
    "Checksum of this content: {checksum}",
)


def file_name(book: Book) -> str:
    return f"crosswalk-{book.stamp.slug}-map-v{book.stamp.version}.xlsx"


def xlsx_of(book: Book) -> bytes:
    """The file. Equal books give equal bytes."""
    workbook = Workbook(write_only=True)
    _style(workbook)
    lists = _Lists(book)
    for name, kinds in SHEETS.items():
        lines = [line for line in book.lines if line.kind in kinds]
        _write_lines(workbook, name, lines, lists)
    _write_options(workbook, book.lines, lists)
    _write_readme(workbook, book)
    lists.write(workbook)
    _write_stamp(workbook, book)
    # Options stand beside the fields that they are of.
    workbook.move_sheet(OPTIONS, 1 - len(SHEETS))
    return _bytes_of(workbook)


class _Lists:
    """The hidden sheet that the drop-downs take their words from."""

    def __init__(self, book: Book) -> None:
        self.columns: dict[str, tuple[str, ...]] = dict(CLOSED)
        self.columns |= {where.value: tuple(book.places.words_of(where)) for where in TargetObject}
        self.columns["id"] = tuple(
            line.id for line in book.lines if line.kind == SourceKind.ATTRIBUTE and not line.fixed
        )
        self._letters = {key: get_column_letter(at) for at, key in enumerate(self.columns, 1)}

    def range_of(self, key: str) -> str:
        letter, last = self._letters[key], max(len(self.columns[key]), 1) + 1
        return f"{LISTS}!${letter}$2:${letter}${last}"

    def fields(self, cell: str) -> str:
        """The fields of the object that a cell names."""
        person, organization, deal = (self.range_of(where.value) for where in TargetObject)
        return f'IF({cell}="Organization",{organization},IF({cell}="Deal",{deal},{person}))'

    def write(self, workbook: Workbook) -> None:
        sheet = _sheet(workbook, LISTS, [24] * len(self.columns), hidden=True)
        sheet.append([_text(sheet, key, _HEAD) for key in self.columns])
        longest = max(map(len, self.columns.values()))
        for at in range(longest):
            sheet.append(
                [_text(sheet, words[at] if at < len(words) else "") for words in self.columns.values()]
            )


def _style(workbook: Workbook) -> None:
    wrapped = Alignment(vertical="top", wrap_text=True)
    grey, dark = PatternFill("solid", fgColor="F1F2F5"), PatternFill("solid", fgColor="2B3044")
    locked, unlocked = Protection(locked=True), Protection(locked=False)
    plain, bold = Font(name="Calibri", size=11), Font(name="Calibri", size=11, bold=True, color="FFFFFF")
    styles: dict[str, dict[str, Any]] = {
        _BASE: {"fill": grey, "protection": locked},
        _OPEN: {"protection": unlocked, "number_format": "@"},
        _HEAD: {"fill": dark, "font": bold},
        _SHARE: {"fill": grey, "number_format": "0%"},
        _TITLE: {"protection": locked},
    }
    for name, style in styles.items():
        workbook.add_named_style(NamedStyle(name, **{"alignment": wrapped, "font": plain} | style))


def _sheet(workbook: Workbook, name: str, widths: Sequence[int], *, hidden: bool = False) -> Any:
    """A protected sheet; what comes before the rows of a file has to be set before them."""
    sheet: Any = workbook.create_sheet(name)
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.autoFilter = False
    sheet.sheet_state = "hidden" if hidden else "visible"
    return sheet


def _text(sheet: Any, text: str, style: str = _BASE) -> Any:
    """A cell that is text whatever it begins with."""
    cell: Any = WriteOnlyCell(sheet)
    if text:
        cell.value = escaped(text)
        # Setting the value makes "=…" a formula; this takes it back.
        cell.data_type = "s"
    cell.style = style
    if text.startswith(LEAD):
        cell.quotePrefix = True
    return cell


def _number(sheet: Any, value: float, style: str = _BASE) -> Any:
    cell: Any = WriteOnlyCell(sheet, value)
    cell.style = style
    return cell


def _write_lines(workbook: Workbook, name: str, lines: Sequence[Line], lists: _Lists) -> None:
    sheet = _headed(workbook, name, COLUMNS, len(lines))
    if lines:
        _validate(sheet, COLUMNS, len(lines) + 1, lists)
    for line in lines:
        values = {**line.information, **line.cells}
        sheet.append([_cell(sheet, column.key, values[column.key], line) for column in COLUMNS])


def _cell(sheet: Any, key: str, value: str | float, line: Line) -> Any:
    if not isinstance(value, str):
        return _number(sheet, value, _SHARE if key == "confidence" else _BASE)
    return _text(sheet, value, _OPEN if key in OPEN[line.kind] and not line.fixed else _BASE)


def _headed(workbook: Workbook, name: str, columns: Sequence[Column], rows: int) -> Any:
    sheet = _sheet(workbook, name, [column.width for column in columns])
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{rows + 1}"
    sheet.append([_text(sheet, column.title, _HEAD) for column in columns])
    return sheet


def _validate(sheet: Any, columns: Sequence[Column], last: int, lists: _Lists) -> None:
    letters = {column.key: get_column_letter(at) for at, column in enumerate(columns, 1)}
    for key in CLOSED:
        rule = DataValidation("list", formula1=lists.range_of(key), allow_blank=True, showErrorMessage=True)
        rule.error, rule.errorTitle = "Choose one from the list.", "Not in the list"
        _add(sheet, rule, f"{letters[key]}2:{letters[key]}{last}")
    # A new field has a name that is in no list, so that this one only helps.
    helps = DataValidation("list", formula1=lists.fields(f"${letters['object']}2"), allow_blank=True)
    _add(sheet, helps, f"{letters['field']}2:{letters['field']}{last}")


def _add(sheet: Any, rule: DataValidation, cells: str) -> None:
    rule.add(cells)
    sheet.data_validations.append(rule)


def _write_options(workbook: Workbook, lines: Iterable[Line], lists: _Lists) -> None:
    every = [(line, option) for line in lines for option in line.options]
    sheet = _headed(workbook, OPTIONS, OPTION_COLUMNS, len(every) + SPARE_LINES)
    rule = DataValidation("list", formula1=lists.range_of("id"), allow_blank=True, showErrorMessage=True)
    _add(sheet, rule, f"A{len(every) + 2}:A{len(every) + SPARE_LINES + 1}")
    for line, (value, option) in every:
        style = _OPEN if line.kind == SourceKind.ATTRIBUTE and not line.fixed else _BASE
        fixed = [_text(sheet, line.id), _text(sheet, str(line.information["name"]))]
        sheet.append([*fixed, _text(sheet, value, style), _text(sheet, option, style)])
    for _ in range(SPARE_LINES):
        spare = [_text(sheet, "", _OPEN) for _ in OPTION_COLUMNS]
        spare[1] = _text(sheet, "")
        sheet.append(spare)


def _write_readme(workbook: Workbook, book: Book) -> None:
    sheet = _sheet(workbook, README, [110])
    known = {"title": book.title, "version": book.stamp.version, "checksum": book.stamp.checksum}
    for words in _WORDS:
        sheet.append([_text(sheet, words.format(**known), _TITLE)])


def _write_stamp(workbook: Workbook, book: Book) -> None:
    """Hidden: which version this is, and what each line said when it was written."""
    stamp = book.stamp
    sheet = _sheet(workbook, STAMP, [40, 70], hidden=True)
    facts = {
        "format": f"{FORMAT} {FORMAT_VERSION}",
        "project": stamp.project,
        "slug": stamp.slug,
        "version": str(stamp.version),
        "checksum": stamp.checksum,
    }
    for pair in (*facts.items(), *stamp.marks.items()):
        sheet.append([_text(sheet, text) for text in pair])


def _bytes_of(workbook: Workbook) -> bytes:
    workbook.properties.created = workbook.properties.modified = _EPOCH
    workbook.properties.creator = "Crosswalk"
    first = BytesIO()
    ExcelWriter(workbook, ZipFile(first, "w", ZIP_DEFLATED)).save()
    out = BytesIO()
    with ZipFile(first) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            member = ZipInfo(name, _EPOCH.timetuple()[:6])
            member.compress_type = ZIP_DEFLATED
            target.writestr(member, source.read(name))
    return out.getvalue()
