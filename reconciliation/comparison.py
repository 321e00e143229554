"""Records side by side, and in which cells they differ. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrator.engine.cases import CaseKind, Decide
from reconciliation.buttons import Button
from reconciliation.effects import Evidence
from reconciliation.models import ReviewItem

MOST_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """`tone` is same, differs or empty; the screen prints the word besides the colour."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One record of a comparison; `choose` is the act that settles the case in its favour."""

    label: str
    note: str
    side: str
    suggested: bool = False
    choose: Button | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


_COMPARED = {
    "name": "Name",
    "email": "Email",
    "phone": "Phone",
    "company": "Company",
    "crm_id": "CRM id",
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


def _compare_duplicates(item: ReviewItem) -> Comparison:
    members, targets = list(item.evidence.get("members") or ()), list(item.evidence.get("targets") or ())
    by_target = item.evidence.get("match") == "target"
    args = item.suggestion.get("args") or {}
    columns = [_member_column(m, n, args, choose=not by_target) for n, m in enumerate(members, 1)]
    columns += [_target_column(t, n, args, members, choose=by_target) for n, t in enumerate(targets, 1)]
    title = "Who it is in Pipedrive" if by_target else "Which profile stays"
    shown = slice(MOST_COLUMNS)
    stays = next((n for n, column in enumerate(columns[shown]) if column.suggested and not by_target), 0)
    return Comparison(title, tuple(columns[shown]), _rows([*members, *targets][shown], stays))


def _member_column(member: Evidence, number: int, args: Evidence, *, choose: bool) -> Column:
    key = str(member["source_key"])
    button = Button(Decide.MERGE, "Keep this", "check", str(number), args={"survivor": key})
    suggested = choose and args.get("survivor") == key
    return Column(_who(member), "in APSIS One", "source", suggested, button if choose else None)


def _target_column(
    target: Evidence, number: int, args: Evidence, members: list[Evidence], *, choose: bool
) -> Column:
    target_id = str(target["target_id"])
    survivor = str(members[0]["source_key"]) if members else ""
    chosen = {"survivor": args.get("survivor") or survivor, "target_id": target_id}
    button = Button(Decide.MERGE, "This one", "check", str(number), args=chosen)
    suggested = choose and args.get("target_id") == target_id
    return Column(_who(target), f"Person {target_id}", "target", suggested, button if choose else None)


def _who(record: Evidence) -> str:
    return str(record.get("name") or record.get("email") or "Without a name")


def _rows(records: list[Evidence], reference: int = 0) -> tuple[Row, ...]:
    """Every cell is compared with the one of the reference record: the case itself, or the one that stays."""
    rows = []
    for name, label in _COMPARED.items():
        texts = [_text(name, record.get(name)) for record in records]
        if any(texts):
            cells = [_cell(name, t, texts[reference], n == reference) for n, t in enumerate(texts)]
            rows.append(Row(label, tuple(cells)))
    return tuple(rows)


def _text(name: str, value: Any) -> str:
    if name == "last_event":
        return day(value)
    if isinstance(value, list):
        return joined(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value or "")


def _cell(name: str, text: str, wanted: str, is_reference: bool) -> Cell:
    if not text:
        return Cell("", "empty")
    if is_reference or not wanted or name in _NEVER_DIFFER:
        return Cell(text, "")
    return Cell(text, "same" if _plain(name, text) == _plain(name, wanted) else "differs")


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
