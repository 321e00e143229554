"""Reads the rows of an XLSX file as a stream, ten times as fast as a reader that knows every feature of the format.

Only for files that `sheets.check_package` let through. Anything broken raises some exception.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from posixpath import join, normpath
from typing import Any, NoReturn
from xml.parsers import expat
from zipfile import ZipFile

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils import column_index_from_string

from migrator.engine.errors import RefusedError
from migrator.sheets import LONGEST_TEXT, unescaped

_PIECE = 256 * 1024
_WORKBOOK = "xl/workbook.xml"
_FORMULA = "The cell holds a formula. Write the text itself."
_ERROR = "The cell holds an error. Write the text itself."
_NO_TEXT = "The spreadsheet made a date or a truth value of this. Format the cell as text."


@dataclass(frozen=True, slots=True)
class Content:
    """`problem` says why the content of a cell cannot be taken; the text is then empty."""

    text: str = ""
    problem: str = ""


Cells = Mapping[int, Content]
_Start = Callable[[str, dict[str, str]], None]


class Book:
    """An open file; `names` are its sheets in their order."""

    def __init__(self, content: bytes) -> None:
        self._package = ZipFile(BytesIO(content))
        links = {
            a["Id"]: a["Target"]
            for n, a in self._elements("xl/_rels/workbook.xml.rels")
            if n == "Relationship"
        }
        self._parts: dict[str, str] = {}
        for name, found in self._elements(_WORKBOOK):
            if name == "sheet":
                link = next(value for key, value in found.items() if key.rpartition(":")[2] == "id")
                self._parts[found["name"]] = normpath(join("xl", links[link])).lstrip("/")
        self._dates = self._date_styles()
        self._texts: list[str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._parts)

    def close(self) -> None:
        self._package.close()

    def rows(
        self, name: str, *, most: int, choose: Callable[[Cells], Collection[int]] | None = None
    ) -> Iterator[tuple[int, Cells]]:
        """Each row that has any content, as (number, cells by column from 1). `choose` is given the first row and
        names the columns that are read of most others. Raises RefusedError beyond `most` rows."""
        if self._texts is None:
            self._texts = self._shared_texts()
        reader = _Rows(self._texts, self._dates)
        for _ in self._parse(self._parts[name], reader.start, reader.end, reader.data):
            for number, cells in reader.taken():
                if choose and reader.wanted is None:
                    reader.wanted = frozenset(choose(cells))
                if number > most:
                    raise RefusedError(f"The sheet “{name}” has more than {most:,} rows.")
                yield number, cells

    def _elements(self, part: str) -> list[tuple[str, dict[str, str]]]:
        """All elements of a small part with their attributes."""
        found: list[tuple[str, dict[str, str]]] = []
        for _ in self._parse(part, lambda name, attributes: found.append((name, attributes))):
            pass
        return found

    def _parse(
        self,
        part: str,
        start: _Start,
        end: Callable[[str], None] | None = None,
        data: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Parse a part, stopping after each piece of it."""
        parser: Any = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _no_doctype
        parser.CharacterDataHandler = data

        def first(name: str, attributes: dict[str, str]) -> None:
            """Most files have no prefixes; only where the first element has one they are looked for."""
            parser.StartElementHandler, parser.EndElementHandler = start, end
            if ":" in name:
                parser.StartElementHandler = lambda name, found: start(name.rpartition(":")[2], found)
                parser.EndElementHandler = (lambda name: end(name.rpartition(":")[2])) if end else None
            start(name.rpartition(":")[2], attributes)

        parser.StartElementHandler = first
        with self._package.open(part) as file:
            while piece := file.read(_PIECE):
                parser.Parse(piece, False)
                yield
        parser.Parse(b"", True)
        yield

    def _date_styles(self) -> frozenset[str]:
        """The numbers of the styles that show a date."""
        if "xl/styles.xml" not in self._package.namelist():
            return frozenset()
        formats, styles, inside = dict(BUILTIN_FORMATS), list[int](), False
        for name, found in self._elements("xl/styles.xml"):
            if name == "numFmt":
                formats[int(found["numFmtId"])] = found["formatCode"]
            elif name in ("cellXfs", "cellStyles"):
                inside = name == "cellXfs"
            elif name == "xf" and inside:
                styles.append(int(found.get("numFmtId", 0)))
        return frozenset(
            str(at) for at, number in enumerate(styles) if is_date_format(formats.get(number, ""))
        )

    def _shared_texts(self) -> list[str]:
        if "xl/sharedStrings.xml" not in self._package.namelist():
            return []
        reader = _SharedTexts()
        for _ in self._parse("xl/sharedStrings.xml", reader.start, reader.end, reader.data):
            pass
        return reader.texts


def _no_doctype(*_: Any) -> NoReturn:
    raise ValueError("A file of ours declares no types.")


class _Texts:
    """Collects the texts of an element; how a text is spoken (rPh) is not part of it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._inside = self._spoken = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "t":
            self._inside = not self._spoken
        elif name == "rPh":
            self._spoken = True

    def end(self, name: str) -> None:
        if name == "t":
            self._inside = False
        elif name == "rPh":
            self._spoken = False

    def data(self, text: str) -> None:
        if self._inside:
            self._parts.append(text)

    def take(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        return text


class _SharedTexts(_Texts):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            self.texts.append(self.take())


class _Rows(_Texts):
    """Rows as they come by; `taken` hands over those that are whole."""

    def __init__(self, texts: list[str], dates: frozenset[str]) -> None:
        super().__init__()
        self._texts, self._dates = texts, dates
        self._columns: dict[str, int] = {}
        self._done: list[tuple[int, Cells]] = []
        self._number = self._column = 0
        self._row: dict[int, Content] = {}
        self._kind = self._style = ""
        self._has_formula = self._skipped = False
        # The columns that are read; None reads all.
        self.wanted: frozenset[int] | None = None

    def taken(self) -> list[tuple[int, Cells]]:
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._column = self._place(attributes.get("r", ""))
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._has_formula = False
            self._skipped = self.wanted is not None and self._column not in self.wanted
        elif self._skipped and name != "row":
            return
        elif name == "v":
            self._inside = True
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._column, self._row, self._skipped = 0, {}, False
        else:
            super().start(name, attributes)

    def end(self, name: str) -> None:
        if self._skipped and name != "row":
            return
        if name == "v":
            self._inside = False
        elif name == "c":
            text = self.take()
            if text or self._has_formula:
                self._row[self._column] = self._content(text)
        elif name == "row":
            if self._row:
                self._done.append((self._number, self._row))
        else:
            super().end(name)

    def _place(self, ref: str) -> int:
        """The column of a cell, which need not say where it is."""
        letters = ref.rstrip("0123456789")
        if not letters:
            return self._column + 1
        if letters not in self._columns:
            self._columns[letters] = column_index_from_string(letters)
        return self._columns[letters]

    def _content(self, text: str) -> Content:
        if self._has_formula:
            return Content(problem=_FORMULA)
        if self._kind == "e":
            return Content(problem=_ERROR)
        if self._kind in ("b", "d") or (self._kind == "n" and self._style in self._dates):
            return Content(problem=_NO_TEXT)
        if self._kind == "s":
            text = self._texts[int(text)]
        elif self._kind == "n" and not text.isdecimal():
            text = _number(text)
        if len(text) > LONGEST_TEXT:
            return Content(problem=f"The cell is {len(text):,} characters long. Shorten it.")
        return Content(unescaped(text))


def _number(text: str) -> str:
    """A number as a person reads it: "1E3" and "1000.0" are 1000."""
    value = float(text)
    return str(int(value)) if value.is_integer() else text
