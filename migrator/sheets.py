"""What every XLSX file of ours shares: the spelling of its texts, and the distrust of one that comes back.

Trusts nothing: sizes are looked at before anything is parsed, and formulas, macros and entities are refused.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from migrator.engine.errors import RefusedError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_FILE = 10 * 1024 * 1024
MOST_PARTS, LONGEST_TEXT = 200, 4_000
# What a spreadsheet may take for the begin of a formula.
LEAD = ("=", "+", "-", "@", "\t", "\r")
# What XML cannot hold or would change, and what a spreadsheet would read as such a spelling.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_SPELLED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# What turns a text round, hides in it or ends its line; a cell that nobody reads back goes without.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)""")
_ENTITIES = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("utf-8", "utf-16-le", "utf-16-be")
)
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s")
# Parts are looked through in pieces; nothing that is looked for is longer than the overlap.
_PIECE, _OVERLAP = 1024 * 1024, 64


def escaped(text: str) -> str:
    """The spelling of a text in a spreadsheet's XML; `unescaped` turns it back."""
    return _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescaped(text: str) -> str:
    """The text behind a spreadsheet's spelling, but for what no database can hold."""
    return _SPELLED.sub(_character, text).replace("\r\n", "\n")


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)


def shown(text: str, longest: int = 2_000) -> str:
    """A text for a cell that nobody reads back: nothing hidden in it, and not without end."""
    clean = _UNSEEN.sub(" ", text)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


# One cell


@dataclass(frozen=True, slots=True)
class Cell:
    """`problem` says why its content cannot be taken; the text is then empty."""

    ref: str
    text: str = ""
    problem: str = ""


def cell_of(cell: Any, ref: str) -> Cell:
    """What a person reads in a cell of openpyxl, as text."""
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


# One file


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may be: its size unpacked, in bytes, and the sentences for one that is not as expected."""

    unpacked: int
    not_ours: str
    too_large: str
    may_merge: bool = True


def check_package(content: bytes, limits: Limits) -> None:
    """Raises RefusedError on what is no workbook, or could hurt whoever opens it."""
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise RefusedError("The file is an old .xls, or has a password. Save it as .xlsx without one.")
    try:
        with ZipFile(BytesIO(content)) as package:
            members = package.infolist()
            if len(members) > MOST_PARTS or sum(member.file_size for member in members) > limits.unpacked:
                raise RefusedError(limits.too_large)
            _check_members(package, members, limits)
    except (BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as problem:
        raise RefusedError(limits.not_ours) from problem


def _check_members(package: ZipFile, members: Sequence[ZipInfo], limits: Limits) -> None:
    names = {member.filename for member in members}
    known = all(member.compress_type in (ZIP_STORED, ZIP_DEFLATED) for member in members)
    if "[Content_Types].xml" not in names or not known:
        raise RefusedError(limits.not_ours)
    if any("vbaproject" in name.casefold() or "macrosheets" in name.casefold() for name in names):
        raise RefusedError("The file holds macros. Save it as a workbook without them (.xlsx).")
    for member in members:
        _check_part(member.filename.casefold(), _pieces(package, member), limits)


def _pieces(package: ZipFile, member: ZipInfo) -> Iterator[bytes]:
    """A part in pieces, each with the end of the one before it."""
    tail = b""
    with package.open(member) as part:
        while piece := part.read(_PIECE):
            yield tail + piece
            tail = piece[-_OVERLAP:]


def _check_part(name: str, pieces: Iterator[bytes], limits: Limits) -> None:
    """Entities can grow without end, and another encoding would hide them. Pictures and settings of a printer
    are left alone: nothing here opens them."""
    first = next(pieces, b"")
    is_xml = name.endswith((".xml", ".rels", ".vml")) or first.lstrip()[:5] == b"<?xml"
    encoding = _ENCODING.search(first[:200])
    if is_xml and (b"\x00" in first[:8] or (encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii"))):
        raise RefusedError(limits.not_ours)
    is_sheet = name.startswith("xl/worksheets/") and not limits.may_merge
    piece: bytes | None = first
    while piece:
        if any(word in piece for word in _ENTITIES):
            raise RefusedError(limits.not_ours)
        if is_xml and b"macroEnabled" in piece and b"ContentType" in piece:
            raise RefusedError("The file holds macros. Save it as a workbook without them (.xlsx).")
        if is_sheet and _MERGED.search(piece):
            raise RefusedError("The file has merged cells. Split them, save it and upload it again.")
        piece = next(pieces, None)


def grid(sheet: Any, name: str, *, rows: int, columns: int) -> Iterator[Sequence[Any]]:
    """The rows of a sheet, by what is in it and not by the size that the file claims."""
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_col=columns, max_row=rows + 1), 1):
        if number > rows:
            raise RefusedError(f"The sheet “{name}” has more than {rows:,} rows.")
        yield row
