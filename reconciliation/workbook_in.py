"""Reads an uploaded spreadsheet of decisions: what was entered and where; refuses what is no file of ours."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter

from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.sheet_reader import Book, Cells, Content
from migrator.sheets import Cell, Limits, check_package
from reconciliation.choices import KINDS
from reconciliation.workbook_words import COMMENT, DECISION, FORMAT, ID, READ_BACK, STAMP, VALUE, VERSION

# A file of 100,000 cases unpacks to about 220 MB; more than this is no queue but an attack.
_UNPACKED = 400 * 1024 * 1024
MOST_ROWS, MOST_ENTERED = 110_000, 10_000
NOT_OURS = "This is no spreadsheet (.xlsx) of the queue. Download it anew, fill in that file and upload it."
LIMITS = Limits(
    _UNPACKED, NOT_OURS, "The file is far larger unpacked than any queue. Download it anew.", may_merge=False
)
_EMPTY = Content()
_LARGEST_ID, _LARGEST_VERSION = 2**63 - 1, 2**31 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody entered for one case. `cells` are those that are read back, by title."""

    id: int
    version: int
    cells: Mapping[str, Cell]

    @property
    def decision(self) -> str:
        return self.cells[DECISION].text

    @property
    def value(self) -> str:
        return self.cells[VALUE].text

    @property
    def comment(self) -> str:
        return self.cells[COMMENT].text.strip()

    def ref(self, title: str = DECISION) -> str:
        return self.cells[title].ref


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a line counts for nothing: its cell ("No email!L7"), its case or 0, and a sentence."""

    cell: str
    id: int
    sentence: str

    def as_json(self) -> dict[str, str | int]:
        return {"cell": self.cell, "id": self.id, "sentence": self.sentence}


@dataclass(slots=True)
class Entered:
    """All that a file says. `empty` counts the lines in which nobody entered anything."""

    lines: list[Line]
    rejected: list[Rejected]
    empty: int = 0


def entered_in(content: bytes, project: Project) -> Entered:
    """What a file says. Raises RefusedError with one sentence where the file as a whole cannot be used."""
    check_package(content, LIMITS)
    try:
        book = Book(content)
    except Exception as problem:  # a broken part may raise anything
        raise RefusedError(NOT_OURS) from problem
    try:
        return _entered(book, project)
    except RefusedError:
        raise
    except Exception as problem:
        raise RefusedError(NOT_OURS) from problem
    finally:
        book.close()


def _entered(book: Book, project: Project) -> Entered:
    if STAMP not in book.names:
        raise RefusedError(NOT_OURS)
    _check_stamp(book, project)
    found, places = Entered([], []), dict[int, str]()
    for kind in CaseKind:
        label = KINDS[kind].label
        for cells in _rows(book, label, found) if label in book.names else ():
            _enter(found, cells, places)
            if len(found.lines) > MOST_ENTERED:
                raise RefusedError(
                    f"The file decides more than {MOST_ENTERED:,} cases. Split it, or decide them on the page."
                )
    return found


def _check_stamp(book: Book, project: Project) -> None:
    rows = (cells for _, cells in book.rows(STAMP, most=MOST_ROWS))
    facts = {cells.get(1, _EMPTY).text: cells.get(2, _EMPTY).text for cells in rows}
    if str(facts.get("format", "")).startswith("crosswalk-map"):
        raise RefusedError("This is a workbook of the field map. Upload it on the field map's page.")
    if facts.get("format") != FORMAT:
        raise RefusedError(NOT_OURS)
    if facts.get("project") != str(project.pk):
        raise RefusedError(f"The file belongs to another project (“{facts.get('slug', '')[:60]}”).")


def _rows(book: Book, name: str, found: Entered) -> Iterator[dict[str, Cell]]:
    """The cells that are read back, by title, of each line in which somebody entered something."""
    places: dict[str, int] = {}

    def choose(head: Cells) -> Collection[int]:
        places.update(_places({column: cell.text.strip() for column, cell in head.items()}, name))
        return places.values()

    rows = book.rows(name, most=MOST_ROWS, choose=choose)
    if next(rows, None) is None:
        return
    open_to_all = [places[title] for title in (DECISION, VALUE, COMMENT)]
    named = [(title, column, get_column_letter(column)) for title, column in places.items()]
    for number, row in rows:
        if any(column in row for column in open_to_all):
            cells = [
                (title, row.get(column, _EMPTY), f"{name}!{letter}{number}")
                for title, column, letter in named
            ]
            yield {title: Cell(ref, cell.text, cell.problem) for title, cell, ref in cells}
        else:
            found.empty += places[ID] in row


def _places(titles: Mapping[int, str], name: str) -> dict[str, int]:
    """The column of each title."""
    columns = {title: [at for at, text in titles.items() if text == title] for title in READ_BACK}
    for title, found in columns.items():
        if len(found) != 1:
            amount = "twice" if found else "not at all"
            raise RefusedError(
                f"The sheet “{name}” has the column “{title}” {amount}. Download the spreadsheet anew."
            )
    return {title: found[0] for title, found in columns.items()}


def _enter(found: Entered, cells: Mapping[str, Cell], places: dict[int, str]) -> None:
    filled = [cells[title] for title in (DECISION, VALUE, COMMENT) if cells[title].text.strip()]
    broken = [cells[title] for title in READ_BACK if cells[title].problem]
    if not filled and not broken:
        found.empty += bool(cells[ID].text.strip())
        return
    identity, version = _number(cells[ID], _LARGEST_ID), _number(cells[VERSION], _LARGEST_VERSION)
    if refused := _refusal(cells, broken, identity, version, places):
        found.rejected.append(Rejected(refused.ref, max(identity, 0), refused.problem))
        return
    places[identity] = cells[ID].ref
    found.lines.append(Line(identity, version, cells))


def _number(cell: Cell, largest: int) -> int:
    """A whole number, or -1 where it is none."""
    text = cell.text.strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
    return number if number <= largest else -1


def _refusal(
    cells: Mapping[str, Cell], broken: Sequence[Cell], identity: int, version: int, places: Mapping[int, str]
) -> Cell | None:
    """The cell that cannot be taken, with the sentence."""
    if broken:
        return broken[0]
    if identity < 0:
        return Cell(cells[ID].ref, "", "There is no ID that can be read. Download the spreadsheet anew.")
    if version < 0:
        return Cell(
            cells[VERSION].ref, "", "There is no version that can be read. Download the spreadsheet anew."
        )
    if identity in places:
        return Cell(cells[ID].ref, "", f"{places[identity]} is the same case. Remove one of the two lines.")
    if cells[VALUE].text.strip() and not cells[DECISION].text.strip():
        return Cell(cells[DECISION].ref, "", "There is a value and no decision. Choose one from the list.")
    return None
