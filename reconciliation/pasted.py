"""Reads a pasted list of people and addresses, and finds the case without an email that each line is about."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Lower

from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.sheets import Cell
from reconciliation.choices import UNDECIDED_STATES
from reconciliation.models import ReviewItem
from reconciliation.workbook_in import Entered, Line, Rejected
from reconciliation.workbook_words import COMMENT, DECISION, ID, VALUE, VERSION, word_of

MOST_LINES = 2_000
EMPTY = "Paste at least one line: a name or a profile ID, and an email."
TOO_MANY = f"The list has more than {MOST_LINES:,} lines. Paste it in parts, or use the spreadsheet."
NO_ADDRESS = "There is no email in this line."
TWO_ADDRESSES = "There are two emails in this line. Leave one."
NOBODY = "There is only an email. Put the name or the profile ID before it."
UNKNOWN = "No open case without an email has this name or profile ID."
_BETWEEN_CELLS = re.compile(r"[\t;,<>|]")
_QUOTES = " \t\"'"
_LONGEST = 320


@dataclass(frozen=True, slots=True)
class Pasted:
    """One line of the list. `cell` tells a person where it stands."""

    cell: str
    who: str
    address: str

    @property
    def names(self) -> tuple[str, ...]:
        """As it stands, and turned round: "Øverland, Kjetil" is Kjetil Øverland."""
        words = self.who.split()
        orders = (words, words[1:] + words[:1], words[-1:] + words[:-1])
        return tuple(dict.fromkeys(" ".join(order).lower() for order in orders))


def entered_in_list(text: str, project: Project) -> Entered:
    """What the list says, as a spreadsheet with these decisions would. Raises RefusedError where the list as a whole
    cannot be used."""
    rows = list(_lines(text))
    if not rows:
        raise RefusedError(EMPTY)
    if len(rows) > MOST_LINES:
        raise RefusedError(TOO_MANY)
    read = [_read(row) for row in rows[_headings(rows) :]]
    found = [row for row in read if isinstance(row, Pasted)]
    entered = Entered([], [row for row in read if isinstance(row, Rejected)])
    cases, places = _cases(found, project), dict[int, str]()
    for row in found:
        _enter(entered, row, cases, places)
    return entered


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that hold something, with their numbers."""
    for number, line in enumerate(text.replace("\x00", "").splitlines(), start=1):
        if line.strip():
            yield number, line


def _headings(rows: list[tuple[int, str]]) -> int:
    """1 where the list begins with its titles, as one copied from a spreadsheet may."""
    return int(len(rows) > 1 and "@" not in rows[0][1] and "@" in rows[1][1])


def _read(row: tuple[int, str]) -> Pasted | Rejected:
    number, line = row
    cells = [cell for part in _BETWEEN_CELLS.split(line) if (cell := part.strip(_QUOTES))]
    words = [word for cell in cells for word in (cell.split() if "@" in cell else [cell])]
    addresses = list(dict.fromkeys(word for word in words if "@" in word))
    who, where = " ".join(" ".join(word for word in words if "@" not in word).split()), f"Line {number:,}"
    if len(addresses) != 1:
        return Rejected(where, 0, TWO_ADDRESSES if addresses else NO_ADDRESS)
    return Pasted(where, who, addresses[0][:_LONGEST]) if who else Rejected(where, 0, NOBODY)


def _cases(rows: Iterable[Pasted], project: Project) -> Mapping[str, list[ReviewItem]]:
    """Undecided cases by profile ID and by name in small letters. One query."""
    names = {name for row in rows for name in row.names}
    undecided = project.review_items.filter(kind=CaseKind.NO_EMAIL, state__in=UNDECIDED_STATES)
    named = undecided.annotate(called=Lower("title"), known_as=Lower("key"))
    found = named.filter(Q(called__in=names) | Q(known_as__in=names))
    cases: defaultdict[str, list[ReviewItem]] = defaultdict(list)
    for item in found.only("key", "title", "lock_version").order_by("pk"):
        for name in {item.key.lower(), item.title.lower()}:
            cases[name].append(item)
    return cases


def _enter(
    entered: Entered, row: Pasted, cases: Mapping[str, list[ReviewItem]], places: dict[int, str]
) -> None:
    items = next((cases[name] for name in row.names if name in cases), [])
    if len(items) != 1:
        several = f"{len(items)} cases are called so. Put the profile ID in place of the name."
        entered.rejected.append(Rejected(row.cell, 0, several if items else UNKNOWN))
    elif items[0].pk in places:
        same = f"{places[items[0].pk]} is the same case. Remove one of the two lines."
        entered.rejected.append(Rejected(row.cell, items[0].pk, same))
    else:
        places[items[0].pk] = row.cell
        entered.lines.append(_line(row, items[0]))


def _line(row: Pasted, item: ReviewItem) -> Line:
    decision = word_of(CaseKind.NO_EMAIL, Decide.SUPPLY_EMAIL)
    texts = {
        ID: str(item.pk),
        VERSION: str(item.lock_version),
        DECISION: decision,
        VALUE: row.address,
        COMMENT: "",
    }
    return Line(item.pk, item.lock_version, {title: Cell(row.cell, text) for title, text in texts.items()})
