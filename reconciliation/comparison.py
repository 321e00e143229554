"""Records side by side: in which cells they differ, whose value may win, and which one stays. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrator.engine.cases import CaseKind, Decide
from reconciliation.buttons import Button, table_choice
from reconciliation.effects import FIELD_LABELS, Evidence, counted
from reconciliation.models import ReviewItem
from reconciliation.suggesting.parts import fullness

MOST_COLUMNS = 4
# Of two records there is nothing to leave out.
FEWEST_TICKED = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """`tone` is same, differs or empty; the screen prints the word besides the colour. `key` is the profile whose
    value this is, where it may be chosen."""

    text: str
    tone: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`field` is set where a person may choose whose value wins."""

    label: str
    cells: tuple[Cell, ...]
    field: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One record of a comparison; `choose` is the act that settles the case in its favour, `tick` the profile that
    may be left out of it."""

    label: str
    note: str
    side: str
    suggested: bool = False
    choose: Button | None = None
    tick: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`in_form` is true where its choices are sent together; `folded` are the records that found no column."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    in_form: bool = False
    folded: tuple[Column, ...] = ()
    ticked: bool = False
    hidden: tuple[tuple[str, str], ...] = ()

    @property
    def differing(self) -> str:
        """ "2 of 5 fields differ"."""
        compared = [row for row in self.rows if any(cell.tone in ("same", "differs") for cell in row.cells)]
        differ = sum(1 for row in compared if any(cell.tone == "differs" for cell in row.cells))
        verb = "differs" if differ == 1 else "differ"
        return f"{differ} of {counted(len(compared), 'field')} {verb}" if compared else ""

    @property
    def picks(self) -> bool:
        return any(row.field for row in self.rows)


_COMPARED = FIELD_LABELS | {
    "sections": "Sections",
    "event_count": "Events",
    "last_event": "Last event",
    "filled": "Filled fields",
}
# More of these is better, and two records of one person rarely agree in them.
_NEVER_DIFFER = ("event_count", "last_event", "filled", "sections")


def comparison_of(item: ReviewItem) -> Comparison | None:
    evidence, kind = item.evidence, CaseKind(item.kind)
    if kind == CaseKind.DUPLICATE:
        return _compare_duplicates(item)
    if kind not in (CaseKind.NO_EMAIL, CaseKind.NO_NAME) or not evidence.get("candidates"):
        return None
    pairs = [
        (candidate, record)
        for candidate in item.suggestion.get("candidates") or ()
        if (record := _record_of(candidate, evidence["candidates"]))
    ]
    columns = [Column(item.title, "this profile", "source")]
    columns += [_candidate_column(item, c, r, number) for number, (c, r) in enumerate(pairs, 1)]
    rows = _rows([evidence, *(record for _, record in pairs)])
    return Comparison("Might be the same", tuple(columns), rows) if pairs else None


def _record_of(candidate: Evidence, rows: Iterable[Evidence]) -> Evidence | None:
    args = candidate["args"]
    for row in rows:
        if args.get("into") == row.get("source_key", "") or args.get("target_id") == str(
            row.get("target_id", "")
        ):
            return row
    return None


def _candidate_column(item: ReviewItem, candidate: Evidence, record: Evidence, number: int) -> Column:
    button = Button(Decide.MERGE, "Merge", "git-merge", str(number), args=candidate["args"])
    side = "target" if record.get("target_id") else "source"
    note = str(record.get("why") or ("in Pipedrive" if side == "target" else "in APSIS One"))
    suggested = item.suggested_action == Decide.MERGE and item.suggestion["args"] == candidate["args"]
    return Column(str(candidate["label"]), note, side, suggested, button)


# Duplicates


def _compare_duplicates(item: ReviewItem) -> Comparison:
    """The profile that stays first, then the fuller ones; where Persons are to choose from, room for them."""
    members = sorted(item.evidence.get("members") or (), key=fullness, reverse=True)
    targets = list(item.evidence.get("targets") or ())
    by_target = item.evidence.get("match") == "target"
    room = max(1, MOST_COLUMNS - len(targets)) if by_target else MOST_COLUMNS
    shown, behind = members[:room], members[room:]
    there, more_there = targets[: MOST_COLUMNS - len(shown)], targets[MOST_COLUMNS - len(shown) :]
    ticked = len(members) >= (FEWEST_TICKED - by_target)
    first = len(shown) + 1
    columns = [_member(item, m, n if not by_target else 0, ticked) for n, m in enumerate(shown, 1)]
    columns += [_target(item, t, n if by_target else -1) for n, t in enumerate(there, 1)]
    folded = [_member(item, m, -1 if by_target else first + n, ticked) for n, m in enumerate(behind)]
    folded += [_target(item, t, len(there) + n if by_target else -1) for n, t in enumerate(more_there, 1)]
    survivor = str(members[0]["source_key"]) if by_target and members else ""
    return Comparison(
        "Who it is in Pipedrive" if by_target else "Which profile stays",
        tuple(columns),
        _rows([*shown, *there], chosen_among=len(shown)),
        in_form=True,
        folded=tuple(folded),
        ticked=ticked,
        hidden=(("survivor", survivor),) if survivor else (),
    )


def _member(item: ReviewItem, member: Evidence, number: int, ticked: bool) -> Column:
    """`number` is its place among the choices; none below 1."""
    key = str(member["source_key"])
    args = item.suggestion.get("args") or {}
    by_target = item.evidence.get("match") == "target"
    button = _choice(item, "Keep this", number, {"survivor": key}) if not by_target else None
    suggested = not by_target and args.get("survivor") == key
    note = "in APSIS One" if number <= MOST_COLUMNS else _known(member)
    return Column(_who(member), note, "source", suggested, button, key if ticked else "")


def _target(item: ReviewItem, target: Evidence, number: int) -> Column:
    target_id = str(target["target_id"])
    button = _choice(item, "This one", number, {"target_id": target_id}) if number > 0 else None
    suggested = number > 0 and (item.suggestion.get("args") or {}).get("target_id") == target_id
    return Column(_who(target), f"Person {target_id}", "target", suggested, button)


def _choice(item: ReviewItem, label: str, number: int, args: Evidence) -> Button:
    cap = str(number) if 0 < number <= MOST_COLUMNS else ""
    return Button(Decide.MERGE, label, "check", cap, args=args, sends=table_choice(item, args))


def _known(record: Evidence) -> str:
    known = [record.get("email"), record.get("phone"), record.get("company")]
    events = counted(int(record.get("event_count") or 0), "event")
    return " · ".join([*(str(part) for part in known if part), events])


def _who(record: Evidence) -> str:
    return str(record.get("name") or record.get("email") or "Without a name")


# Rows and cells


def _rows(records: Sequence[Evidence], chosen_among: int = 0) -> tuple[Row, ...]:
    """Every cell is compared with the one of the first record: the case itself, or the one that stays. Of the first
    `chosen_among` records a person may choose whose value wins, where they differ."""
    rows = []
    for name, label in _COMPARED.items():
        texts = [_text(name, record.get(name)) for record in records]
        if any(texts):
            different = {_plain(name, text) for text in texts[:chosen_among] if text}
            field = name if name in FIELD_LABELS and len(different) > 1 else ""
            keys = [str(r["source_key"]) if field and n < chosen_among else "" for n, r in enumerate(records)]
            cells = [
                _cell(name, text, texts[0], n == 0, key)
                for n, (text, key) in enumerate(zip(texts, keys, strict=True))
            ]
            rows.append(Row(label, tuple(cells), field))
    return tuple(rows)


def _text(name: str, value: Any) -> str:
    if name == "last_event":
        return day(value)
    if isinstance(value, list):
        return joined(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value or "")


def _cell(name: str, text: str, wanted: str, is_reference: bool, key: str) -> Cell:
    if not text:
        return Cell("", "empty")
    if is_reference or not wanted or name in _NEVER_DIFFER:
        return Cell(text, "", key)
    return Cell(text, "same" if _plain(name, text) == _plain(name, wanted) else "differs", key)


def _plain(name: str, text: str) -> str:
    return "".join(c for c in text if c.isdigit()) if name == "phone" else text.strip().casefold()


def day(text: Any) -> str:
    """ "12 Mar 2026" of an ISO time; "" where there is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    return f"{found.day} {found:%b %Y}"


def joined(values: Any, separator: str = ", ") -> str:
    return separator.join(str(value) for value in values or ())
