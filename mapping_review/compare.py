"""What differs between two versions of the map: only the rows that changed, word by word, with who and why."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from mapping_review import queries
from mapping_review.choices import SETTLED, Act
from mapping_review.models import DecisionEvent, MapVersion
from mapping_review.queries import Row
from mapping_review.workbook_lines import account_of, rules_of
from mapping_review.workbook_words import EDITABLE, TITLES, Places, cells_of, options_of, sheet_of, state_of

READ_FROM, STATE = "Read from", "State"
SAME, GONE, NEW = "same", "gone", "new"
_WORDS = re.compile(r"\s+|\w+|[^\w\s]+")
# Beyond this a difference by words helps nobody and costs the square of its length.
_MOST_WORDS = 400
_MOST_OPTIONS = 12


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text that is the same on both sides, gone, or new."""

    op: str
    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One cell of a row that differs."""

    title: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """The last thing that was done to a row since the earlier version."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One changed row. `pk` is its row in the later version, None where it is no longer there."""

    key: str
    name: str
    sheet: str
    pk: int | None
    cells: tuple[Comparison, ...]
    happened: Happening
    why: str = ""
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """The changed rows in order of key, and how many rows there are in both versions together."""

    rows: tuple[ComparedRow, ...]
    total: int

    @property
    def lapsed(self) -> tuple[ComparedRow, ...]:
        return tuple(row for row in self.rows if row.lapsed)


def compare(earlier: MapVersion, later: MapVersion) -> Compared:
    """The rows that differ. The number of queries does not grow with the rows."""
    before = {row.decision.source_key: row for row in queries.rows_of(earlier)}
    after = {row.decision.source_key: row for row in queries.rows_of(later)}
    places = account_of(later.project).places
    history = _history(earlier, later)
    keys = sorted({*before, *after})
    rows = (_compared(before.get(key), after.get(key), places, history.get(key, [])) for key in keys)
    return Compared(tuple(row for row in rows if row is not None), len(keys))


def word_difference(before: str, after: str) -> tuple[Segment, ...]:
    """Both texts as one, by words. Texts without a word in common are simply gone and new."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) > _MOST_WORDS or len(new) > _MOST_WORDS:
        return _segments([(GONE, before), (NEW, after)])
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if not any(word.strip() for at, _, size in matcher.get_matching_blocks() for word in old[at : at + size]):
        return _segments([(GONE, before), (NEW, after)])
    found: list[tuple[str, str]] = []
    for op, a, b, c, d in matcher.get_opcodes():
        if op == "equal":
            found.append((SAME, "".join(old[a:b])))
        else:
            found += [(GONE, "".join(old[a:b])), (NEW, "".join(new[c:d]))]
    return _segments(found)


def _segments(pairs: Iterable[tuple[str, str]]) -> tuple[Segment, ...]:
    return tuple(Segment(op, text) for op, text in pairs if text)


def _compared(
    before: Row | None, after: Row | None, places: Places, history: Sequence[Mapping[str, Any]]
) -> ComparedRow | None:
    there = after or before
    assert there is not None
    old, new = _texts(before, places), _texts(after, places)
    differing = [t for t in _telling(before, after, old) if old[t] != new[t]]
    cells = [Comparison(title, word_difference(old[title], new[title])) for title in differing]
    cells += [] if _one_stays(before, after) else _options(before, after)
    if not cells:
        return None
    lapsed_because = after.decision.lapsed if after else ""
    return ComparedRow(
        key=there.decision.source_key,
        name=there.decision.name,
        sheet=sheet_of(there.field.kind),
        pk=after.decision.pk if after else None,
        cells=tuple(cells),
        happened=_happening(before, after, history),
        why=f"The approval lapsed. {lapsed_because}." if lapsed_because else _reason(after),
        lapsed=bool(lapsed_because) or any(map(_lapses, history)),
    )


def _telling(before: Row | None, after: Row | None, titles: Iterable[str]) -> list[str]:
    """The cells worth comparing. Of a field that stays behind on one side, where it goes on the other is all."""
    if before is None or after is None:
        return [title for title in titles if title != READ_FROM]
    return [TITLES["action"], TITLES["field"], STATE] if _one_stays(before, after) else list(titles)


def _one_stays(before: Row | None, after: Row | None) -> bool:
    stays = [rules_of(row)[0].is_left for row in (before, after) if row]
    return any(stays) and not all(stays)


def _texts(row: Row | None, places: Places) -> dict[str, str]:
    """Each cell of a row by title; the rules of a field that is split by type stand side by side."""
    titles = [TITLES[key] for key in EDITABLE]
    if row is None:
        return dict.fromkeys([*titles, STATE, READ_FROM], "")
    cells = [cells_of(rule, places) for rule in rules_of(row)]
    texts = {TITLES[key]: " and ".join(dict.fromkeys(c[key] for c in cells if c[key])) for key in EDITABLE}
    sources = ", ".join(f"{section} {name}" for rule in rules_of(row) for section, name in rule.sources)
    return texts | {STATE: state_of(row), READ_FROM: sources}


def _options(before: Row | None, after: Row | None) -> list[Comparison]:
    old, new = _option_words(before), _option_words(after)
    gone, came = _listed(o for o in old if o not in new), _listed(o for o in new if o not in old)
    return [Comparison("Options", _segments([(GONE, gone), (NEW, came)]))] if gone or came else []


def _option_words(row: Row | None) -> dict[str, None]:
    pairs = (pair for rule in (rules_of(row) if row else ()) for pair in options_of(rule))
    return {f"{value} = {option}" if value else option: None for value, option in pairs}


def _listed(words: Iterable[str]) -> str:
    every = list(words)
    more = f", and {len(every) - _MOST_OPTIONS} more" if len(every) > _MOST_OPTIONS else ""
    return ", ".join(every[:_MOST_OPTIONS]) + more


def _history(earlier: MapVersion, later: MapVersion) -> dict[str, list[Mapping[str, Any]]]:
    """What was done to each row after the earlier version, oldest first, in one query."""
    rows = DecisionEvent.objects.filter(
        project=later.project_id,
        decision__version__number__gt=earlier.number,
        decision__version__number__lte=later.number,
    ).order_by("pk")
    found: dict[str, list[Mapping[str, Any]]] = {}
    wanted = ("decision__source_key", "act", "at", "bulk", "before__state")
    who = ("actor__first_name", "actor__last_name", "actor__username")
    for event in rows.values(*wanted, *who):
        found.setdefault(event["decision__source_key"], []).append(event)
    return found


def _lapses(event: Mapping[str, Any]) -> bool:
    """Whether an approval was lost by this event without somebody deciding against it."""
    return event["act"] == Act.LAPSE or (event["act"] == Act.IMPORT and event["before__state"] in SETTLED)


def _happening(before: Row | None, after: Row | None, history: Sequence[Mapping[str, Any]]) -> Happening:
    if after is None:
        return Happening("No longer in APSIS One")
    if history:
        last = history[-1]
        many = " in bulk" if last["bulk"] and last["act"] != Act.IMPORT else ""
        return Happening(f"{Act(last['act']).label}{many}, {_name(last)}", last["at"])
    if before is None:
        return Happening("New in APSIS One")
    return Happening("Proposed anew, Crosswalk")


def _name(event: Mapping[str, Any]) -> str:
    full = f"{event['actor__first_name'] or ''} {event['actor__last_name'] or ''}".strip()
    return full or event["actor__username"] or "Crosswalk"


def _reason(row: Row | None) -> str:
    """The first reason of a proposal that nobody has decided on."""
    if row is None or row.decision.is_settled:
        return ""
    return next((reason.text for reason in row.now.proposal.reasons), "")
