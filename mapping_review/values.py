"""All values of one field as a rule converts them, page by page, failures first. Reads only, and no more than a
page needs: a field with few values is sorted whole, one with many is walked in the order of its keys."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mapping_review.preview import CHANGED, EMPTIED, FATES, KEPT, Preview, PreviewRow, converted_row
from migrator import staging
from migrator.engine.field_map import FieldRule
from migrator.models import Discovery
from migrator.texts import TOOLS

PAGE = 100
SORTED_UP_TO = 4_000
# Values that one page of a field with many looks through at most.
LOOKED_AT = 4_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which values, and where the page begins: at a number, or behind "fate:digest" where there are many."""

    fate: str = ""
    start: int = 0
    after: str = ""


@dataclass(frozen=True, slots=True)
class ValuesPage:
    """`next` and `previous` are the places of the neighbouring pages, None where there are none."""

    rows: tuple[PreviewRow, ...]
    text: str
    next: str | None = None
    previous: str | None = None


def values_page(discovery: Discovery, rule: FieldRule, counted: Preview, wanted: Wanted) -> ValuesPage:
    """One page of at most 100 values; `counted` is what is known of all of them."""
    if counted.is_whole and counted.distinct <= SORTED_UP_TO:
        return _sorted_page(discovery, rule, wanted)
    return _walked_page(discovery, rule, counted, wanted)


def _sorted_page(discovery: Discovery, rule: FieldRule, wanted: Wanted) -> ValuesPage:
    rows = [row for row in _converted(discovery, rule) if wanted.fate in ("", row.fate)]
    rows.sort(key=lambda r: (FATES.index(r.fate), -r.profiles, r.before))
    start = min(wanted.start, max(0, len(rows) - 1)) // PAGE * PAGE
    shown = rows[start : start + PAGE]
    text = f"{start + 1:,} to {start + len(shown):,} of {len(rows):,} values" if shown else "No values"
    following = start + PAGE
    return ValuesPage(
        tuple(shown),
        text,
        str(following) if following < len(rows) else None,
        str(start - PAGE) if start else None,
    )


def _converted(discovery: Discovery, rule: FieldRule) -> Iterator[PreviewRow]:
    for _, value, profiles, example in staging.iter_distinct(discovery, rule.sources):
        if found := converted_row(rule, value, profiles, TOOLS, example):
            yield found[0]


def _walked_page(discovery: Discovery, rule: FieldRule, counted: Preview, wanted: Wanted) -> ValuesPage:
    fate, _, after = (wanted.after or f"{_first_fate(counted, wanted)}:").partition(":")
    rows: list[PreviewRow] = []
    looked = 0
    behind = staging.iter_distinct(discovery, rule.sources, after=bytes.fromhex(after))
    for digest, value, profiles, example in islice(behind, LOOKED_AT):
        looked, after = looked + 1, digest.hex()
        found = converted_row(rule, value, profiles, TOOLS, example)
        if found and found[0].fate == fate:
            rows.append(found[0])
        if len(rows) == PAGE:
            break
    is_over = len(rows) < PAGE and looked < LOOKED_AT
    following = _fate_behind(fate, counted, wanted) if is_over else f"{fate}:{after}"
    text = f"{len(rows):,} values, in no order: there are too many to sort"
    return ValuesPage(tuple(rows), text, following)


def _first_fate(counted: Preview, wanted: Wanted) -> str:
    return wanted.fate or next(_fates_in(counted, FATES), KEPT)


def _fate_behind(fate: str, counted: Preview, wanted: Wanted) -> str | None:
    left = FATES[FATES.index(fate) + 1 :] if fate in FATES else ()
    return None if wanted.fate else next((f"{other}:" for other in _fates_in(counted, left)), None)


def _fates_in(counted: Preview, fates: Sequence[str]) -> Iterator[str]:
    """The fates that some value has; what was not counted yet may be there."""
    held = {EMPTIED: counted.emptied, CHANGED: counted.changed, KEPT: 1}
    return (fate for fate in fates if held[fate] or not counted.is_whole)


def is_place(text: str) -> bool:
    """Whether a place from an address is one of ours."""
    fate, mark, digest = text.partition(":")
    return bool(mark) and fate in FATES and len(digest) <= 32 and _is_hex(digest)


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and all(c in "0123456789abcdef" for c in text)


def fates_of(counted: Preview) -> Iterable[tuple[str, str, int | None]]:
    """The filters: value, words, profiles."""
    kept = counted.seen - counted.emptied - counted.changed
    yield "", "All", counted.seen
    yield EMPTIED, "Would be empty", counted.emptied
    yield CHANGED, "Would change", counted.changed
    yield KEPT, "Without loss", kept
