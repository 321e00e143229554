"""What one act on everything that matches a filter would do, before anybody starts it. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from random import Random
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation import queries
from reconciliation.arguments import InvalidDecisionError, validated
from reconciliation.buttons import bulk_buttons_of
from reconciliation.choices import ACTIONS, heading_of
from reconciliation.counts import MOST_COUNTED, OF_CELLS, Counts
from reconciliation.effects import effect_of
from reconciliation.filters import Filters
from reconciliation.listing import search_for
from reconciliation.models import Hold, ReviewItem
from reconciliation.outcomes import Choice
from reconciliation.policies import check_can_decide

# Five cases are drawn from so many of each suggestion: a page cannot wait for a draw from a million.
DRAWN, DRAWN_FROM = 5, 500


@dataclass(frozen=True, slots=True)
class Part:
    """The cases with one suggestion."""

    action: str
    heading: str
    icon: str
    cases: int
    profiles: int
    events: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """One case as an example: what would become of it, or why it would be left."""

    item: ReviewItem
    act: str
    effect: str
    problem: str


@dataclass(frozen=True, slots=True)
class Act:
    """One act to choose; no action accepts each case's own suggestion."""

    action: str
    label: str
    note: str
    icon: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """`more` is true where the counting ended: then every figure means "more than". `held` cases are open at
    somebody else, `without` have no suggestion to accept; both stay as they are."""

    parts: tuple[Part, ...]
    more: bool
    held: int
    without: int
    drawn: tuple[Drawn, ...]
    seen_at: datetime

    @property
    def cases(self) -> int:
        return sum(part.cases for part in self.parts)

    @property
    def profiles(self) -> int:
        return sum(part.profiles for part in self.parts)

    @property
    def events(self) -> int:
        return sum(part.events for part in self.parts)

    @property
    def settles(self) -> int:
        """How many the act would settle, unless somebody is faster."""
        return max(0, self.cases - self.held - self.without)


def preview_of(
    project: Project,
    kind: CaseKind,
    filters: Filters,
    choice: Choice,
    counts: Counts,
    *,
    user: Any,
) -> Preview:
    """Exact figures where the counts know them; else counted up to a limit."""
    seen_at = timezone.now()
    search = search_for(project, kind, filters, counts)
    if set(filters.narrowing) <= OF_CELLS:
        parts, ids = _from_cells(kind, filters, counts), search.ids(size=DRAWN_FROM)
    else:
        found = search.figures(DRAWN_FROM)
        parts = _parts(kind, ((f.action, f.cases, f.profiles, f.events) for f in found))
        ids = sorted(pk for figures in found for pk in figures.ids)
    more = search.beyond and sum(part.cases for part in parts) > MOST_COUNTED
    without = sum(part.cases for part in parts if not part.action) if choice.action is None else 0
    held = _held(project, queries.open_items_of(project, kind, filters), user)
    return Preview(parts, more, held, without, _drawn(kind, ids, choice), seen_at)


def acts_of(kind: CaseKind, chosen: str) -> tuple[Act, ...]:
    """What can be done with many cases of this kind."""
    accept = Act("", "Accept the suggestions", "Each case gets its own suggestion.", "check", chosen == "")
    rest = [
        Act(b.action, b.label, NOTES.get(b.action, ""), b.icon, chosen == b.action)
        for b in bulk_buttons_of(kind)
    ]
    words = ACTIONS[Decide.UNSURE]
    parked = Act(
        "unsure", words.button, "Parked for somebody who knows more.", words.icon, chosen == "unsure"
    )
    return (accept, *rest, *(() if any(act.action == "unsure" for act in rest) else (parked,)))


NOTES = {
    "skip": "Writes nothing. The profiles are listed in the skipped-records file.",
    "name_only": "Creates Persons without an email.",
    "derive_name": "Takes the name from the email or the company.",
    "merge": "Each case merges as its suggestion says.",
    "keep_apart": "Nothing is merged.",
    "keep": "The tags stay labels.",
    "merge_tag": "Into the tag that you name, or each into its nearest.",
    "drop": "The tags are left out.",
    "restrict": "The most restrictive answer counts.",
    "restrict_all": "No on every channel.",
}


# Counting


def _from_cells(kind: CaseKind, filters: Filters, counts: Counts) -> tuple[Part, ...]:
    cells = sorted(counts.of(kind, filters), key=lambda cell: cell.action)
    grouped = ((action, list(rows)) for action, rows in groupby(cells, key=lambda cell: cell.action))
    return _parts(
        kind,
        (
            (action, sum(c.cases for c in rows), sum(c.profiles for c in rows), sum(c.events for c in rows))
            for action, rows in grouped
        ),
    )


def _parts(kind: CaseKind, rows: Iterable[tuple[str, int, int, int]]) -> tuple[Part, ...]:
    parts = [
        Part(action, heading_of(kind.value, action), _icon(action), *figures) for action, *figures in rows
    ]
    return tuple(sorted(parts, key=lambda part: -part.cases))


def _icon(action: str) -> str:
    return ACTIONS[Decide(action)].icon if action else "help-circle"


def _held(project: Project, rows: QuerySet[ReviewItem], user: Any) -> int:
    live = Hold.objects.filter(project=project, until__gt=timezone.now()).exclude(user=user.pk)
    ids = list(live.values_list("item", flat=True))
    return rows.order_by().filter(pk__in=ids).count() if ids else 0


# Examples


def _drawn(kind: CaseKind, ids: Sequence[int], choice: Choice) -> tuple[Drawn, ...]:
    # The same cases each time that the page is looked at.
    chosen = Random(len(ids)).sample(ids, min(DRAWN, len(ids)))  # noqa: S311 - examples, no secret
    items = ReviewItem.objects.filter(pk__in=chosen).select_related("project").order_by("group_order", "rank")
    return tuple(_example(kind, item, choice) for item in items)


def _example(kind: CaseKind, item: ReviewItem, choice: Choice) -> Drawn:
    try:
        action, args = choice.for_item(item)
        check_can_decide(item, action)
        clean = validated(item, action, args)
    except (InvalidDecisionError, RefusedError) as problem:
        return Drawn(item, "", "", problem.sentence)
    return Drawn(item, _label(action, clean), effect_of(kind, item.evidence, action, clean), "")


def _label(action: Decide, args: Mapping[str, Any]) -> str:
    into = args.get("into") if action == Decide.MERGE_TAG else ""
    return f"{ACTIONS[action].button} {into}" if into else ACTIONS[action].button
