"""Writes an XLSX file of any length row by row: nothing of it is held in memory, and no cell is a formula."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import IO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl.utils import get_column_letter

from migrator.sheets import LEAD, escaped

# One moment for all files: equal content gives equal bytes.
_EPOCH = (2020, 1, 1, 0, 0, 0)
_LAST_ROW = 1_048_576
_FLUSH_CHARS = 256 * 1024
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class Style(IntEnum):
    """How a cell looks and whether a person may change it; the numbers are places in `_STYLES`."""

    PLAIN = 0
    LOCKED = 1
    OPEN = 2
    HEAD = 3


_QUOTED = {Style.LOCKED: 4, Style.OPEN: 5}
_WRAP = '<alignment vertical="top" wrapText="1"/>'
_XF = '<xf xfId="0" applyAlignment="1" applyFill="1" applyFont="1" applyProtection="1" '
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font></fonts>'
    '<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFF1F2F5"/></patternFill></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FF2B3044"/></patternFill></fill></fills>'
    "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    f'<cellXfs count="6">{_XF}numFmtId="0" fontId="0" fillId="0" borderId="0">{_WRAP}</xf>'
    f'{_XF}numFmtId="0" fontId="0" fillId="2" borderId="0">{_WRAP}</xf>'
    f'{_XF}numFmtId="49" fontId="0" fillId="0" borderId="0" applyNumberFormat="1">{_WRAP}'
    '<protection locked="0"/></xf>'
    f'{_XF}numFmtId="0" fontId="1" fillId="3" borderId="0">{_WRAP}</xf>'
    f'{_XF}numFmtId="0" fontId="0" fillId="2" borderId="0" quotePrefix="1">{_WRAP}</xf>'
    f'{_XF}numFmtId="49" fontId="0" fillId="0" borderId="0" applyNumberFormat="1" quotePrefix="1">{_WRAP}'
    '<protection locked="0"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)

Value = str | int
Row = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is in characters. A person may change the cells of an open column; `words` are its drop-down, 255
    characters in all, none with a comma."""

    title: str
    width: int
    open: bool = False
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` are read once, while they are written. Without titles it has no head, no filter and no locks."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Row] = field(default=())
    hidden: bool = False


def write_xlsx(target: IO[bytes], sheets: Iterable[Sheet]) -> None:
    """Write the sheets in their order; `target` need not be seekable."""
    written: list[Sheet] = []
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=6) as package:
        for number, sheet in enumerate(sheets, 1):
            _write_part(package, f"xl/worksheets/sheet{number}.xml", _sheet_xml(sheet))
            written.append(sheet)
        _write_part(package, "xl/styles.xml", [_STYLES])
        _write_part(package, "xl/workbook.xml", [_workbook_xml(written)])
        _write_part(package, "xl/_rels/workbook.xml.rels", [_workbook_links(len(written))])
        _write_part(package, "_rels/.rels", [_links([("officeDocument", "xl/workbook.xml")])])
        _write_part(package, "[Content_Types].xml", [_content_types(len(written))])


def _write_part(package: ZipFile, name: str, pieces: Iterable[str]) -> None:
    member = ZipInfo(name, _EPOCH)
    member.compress_type = ZIP_DEFLATED
    with package.open(member, "w", force_zip64=True) as part:
        waiting, length = [_DECLARED], 0
        for piece in pieces:
            waiting.append(piece)
            length += len(piece)
            if length > _FLUSH_CHARS:
                part.write("".join(waiting).encode())
                waiting, length = [], 0
        part.write("".join(waiting).encode())


def _sheet_xml(sheet: Sheet) -> Iterator[str]:
    last = get_column_letter(len(sheet.columns))
    titles = [column.title for column in sheet.columns]
    yield f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    if any(titles):
        yield '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    yield f"</sheetView></sheetViews><cols>{_widths(sheet.columns)}</cols><sheetData>"
    letters = [get_column_letter(at) for at in range(1, len(titles) + 1)]
    if any(titles):
        yield _row_xml(1, letters, titles, [Style.HEAD] * len(titles))
    styles = [_style_of(column, bool(any(titles))) for column in sheet.columns]
    for number, row in enumerate(sheet.rows, 2 if any(titles) else 1):
        yield _row_xml(number, letters, row, styles)
    yield "</sheetData>"
    if any(titles):
        yield '<sheetProtection sheet="1" formatColumns="0" formatRows="0" autoFilter="0"/>'
        yield f'<autoFilter ref="A1:{last}{_LAST_ROW}"/>'
        yield _drop_downs(sheet.columns, letters)
    yield "</worksheet>"


def _style_of(column: Column, has_head: bool) -> Style:
    if not has_head:
        return Style.PLAIN
    return Style.OPEN if column.open else Style.LOCKED


def _widths(columns: Sequence[Column]) -> str:
    return "".join(
        f'<col min="{at}" max="{at}" width="{column.width}" customWidth="1"/>'
        for at, column in enumerate(columns, 1)
    )


def _row_xml(number: int, letters: Sequence[str], values: Row, styles: Sequence[Style]) -> str:
    cells = "".join(map(_cell_xml, (f"{letter}{number}" for letter in letters), values, styles))
    return f'<row r="{number}">{cells}</row>'


def _cell_xml(ref: str, value: Value, style: Style) -> str:
    """A cell that is text whatever it begins with, or a whole number."""
    if isinstance(value, int):
        return f'<c r="{ref}" s="{style:d}"><v>{value}</v></c>'
    if not value:
        return f'<c r="{ref}" s="{style:d}"/>'
    look = _QUOTED.get(style, style) if value.startswith(LEAD) else style
    text = escape(escaped(value))
    return f'<c r="{ref}" s="{look:d}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _drop_downs(columns: Sequence[Column], letters: Sequence[str]) -> str:
    rules = [
        '<dataValidation type="list" allowBlank="1" showErrorMessage="1" errorTitle="Not in the list" '
        f'error="Choose one from the list." sqref="{letter}2:{letter}{_LAST_ROW}">'
        f"<formula1>{escape(chr(34) + ','.join(column.words) + chr(34))}</formula1></dataValidation>"
        for letter, column in zip(letters, columns, strict=True)
        if column.words
    ]
    return f'<dataValidations count="{len(rules)}">{"".join(rules)}</dataValidations>' if rules else ""


def _workbook_xml(sheets: Sequence[Sheet]) -> str:
    entries = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{number}" '
        f'state="{"hidden" if sheet.hidden else "visible"}" r:id="rId{number}"/>'
        for number, sheet in enumerate(sheets, 1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{entries}</sheets></workbook>'


def _workbook_links(count: int) -> str:
    return _links(
        [*(("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, count + 1)), ("styles", "styles.xml")]
    )


def _links(targets: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _content_types(count: int) -> str:
    parts = [("workbook", "sheet.main"), ("styles", "styles")]
    parts += [(f"worksheets/sheet{n}", "worksheet") for n in range(1, count + 1)]
    entries = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{_TYPES}.{kind}+xml"/>' for name, kind in parts
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{entries}</Types>'
    )
