"""What the map's address asks for, and which rows that lets through. Every link and form carries it on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from mapping_review.choices import Group
from mapping_review.outlines import Outline
from migrator.engine.inventory import SourceKind

KINDS: tuple[tuple[str, str, frozenset[SourceKind]], ...] = (
    ("", "Open first", frozenset(SourceKind)),
    ("attribute", "Profile attributes", frozenset({SourceKind.ATTRIBUTE})),
    ("consent", "Consent", frozenset({SourceKind.CONSENT, SourceKind.CHANNEL})),
    ("tag", "Tags and Sections", frozenset({SourceKind.TAG, SourceKind.SECTION})),
    ("event", "Events", frozenset({SourceKind.EVENT})),
)
# A value of `state`, its words, and whether a row is in it. The first ones are the legend of the meter.
STATES: dict[str, tuple[str, Callable[[Outline], bool]]] = {
    "approved": ("Approved", lambda row: row.group == Group.APPROVED),
    "skipped": ("Not migrated", lambda row: row.group == Group.SKIPPED),
    "open": ("To review", lambda row: row.group in (Group.REVIEW, Group.PERSON)),
    "review": ("To review", lambda row: row.group == Group.REVIEW),
    "conflicts": ("Conflicts", lambda row: row.group == Group.CONFLICT),
    "person": ("Always reviewed by a person", lambda row: row.group == Group.PERSON),
    "lapsed": ("Lapsed", lambda row: bool(row.lapsed)),
    "comments": ("With comments", lambda row: bool(row.comments)),
    "precedent": ("Decided otherwise before", lambda row: row.contradicts_precedent),
}
# Those that are offered as soon as one row is in them.
# Rows that wait for a second look have a page of their own: here their approved field would be seen.
MARKS = ("lapsed", "comments", "precedent")


@dataclass(frozen=True, slots=True)
class Filters:
    kind: str = ""
    state: str = ""
    q: str = ""
    page: str = ""

    def query(self, **changes: str) -> str:
        """ "?kind=consent&q=mail", with some of it changed; "" for none. Another filter begins on its first
        page."""
        now = replace(self, **{"page": "", **changes})
        sent = {name: value for name in ("kind", "state", "q", "page") if (value := getattr(now, name))}
        return f"?{urlencode(sent)}" if sent else ""

    def lets_through(self, row: Outline) -> bool:
        return (
            row.kind in _kinds(self.kind)
            and (not self.state or STATES[self.state][1](row))
            and self.q.casefold().strip() in row.name.casefold()
        )

    @property
    def words(self) -> str:
        """ "To review, profile attributes, “shoe”"."""
        kind = next((label for value, label, _ in KINDS if value and value == self.kind), "")
        state = STATES[self.state][0] if self.state else ""
        found = ", ".join(part for part in (state, kind.lower() if state else kind) if part)
        return ", ".join(part for part in (found, f"“{self.q}”" if self.q else "") if part)


def filters_of(sent: Mapping[str, Any]) -> Filters:
    """What nobody knows counts as not asked."""
    kind, state = str(sent.get("kind", "")), str(sent.get("state", ""))
    return Filters(
        kind=kind if any(kind == value for value, _, _ in KINDS) else "",
        state=state if state in STATES else "",
        q=str(sent.get("q", ""))[:200],
        page=str(sent.get("page", ""))[:400],
    )


def _kinds(value: str) -> frozenset[SourceKind]:
    return next((kinds for name, _, kinds in KINDS if name == value), frozenset(SourceKind))
