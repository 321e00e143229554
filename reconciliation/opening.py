"""Cases from a discovery become items of the queue; the ones it no longer reports are closed.

Decisions survive: an item keeps its own as long as its evidence is the same, and gets it back where evidence
returns to what somebody decided on and no later decision stands against it. Safe to repeat and to resume.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from migrator import trail
from migrator.engine.cases import Case, CaseKind
from migrator.models import Project
from reconciliation import changes, facets
from reconciliation.choices import GROUP_ORDER, UNDECIDED_STATES, ItemState
from reconciliation.models import Decision, ReviewItem
from reconciliation.ranking import rank_of
from reconciliation.replay import standing
from reconciliation.reviving import standing_on, take_back_overtaken
from reconciliation.suggestions import suggest
from reconciliation.writing import hold_off_waivers, settle_type, state_for, touch, write_reported

BATCH = 500
SEVERAL_SECTIONS = "Several Sections"


@dataclass(frozen=True, slots=True)
class OpenedCounts:
    """`opened` are new, `kept` as they were, `reopened` had a decision whose evidence changed, `revived` have
    again the evidence of an older decision, `updated` were open and changed, `returned` had been gone."""

    opened: int = 0
    kept: int = 0
    reopened: int = 0
    updated: int = 0
    returned: int = 0
    revived: int = 0

    def plus(self, other: "OpenedCounts") -> "OpenedCounts":
        return OpenedCounts(
            self.opened + other.opened,
            self.kept + other.kept,
            self.reopened + other.reopened,
            self.updated + other.updated,
            self.returned + other.returned,
            self.revived + other.revived,
        )


def open_items(project: Project, cases: Iterable[Case], *, scan: str = "") -> OpenedCounts:
    """Write the cases that a discovery reports, in batches, each in its own transaction.

    `scan` names the discovery, so that `close_missing` knows afterwards which cases it reported.
    """
    counts = OpenedCounts()
    for batch in _batches(cases):
        with transaction.atomic():
            counts = counts.plus(_open_batch(project, batch, scan))
    facts = {name: getattr(counts, name) for name in ("opened", "reopened", "returned", "revived")}
    if any(facts.values()):
        sentence = f"Opened {counts.opened:,} cases, opened {counts.reopened:,} again because they changed."
        trail.append(project, None, "open_items", "queue", scan, sentence, facts)
    return counts


def close_missing(project: Project, scan: str, kinds: Iterable[CaseKind] = tuple(CaseKind)) -> int:
    """Mark as gone what `scan` did not report. Call it only after all cases of these kinds were given."""
    missing = project.review_items.filter(kind__in=[k.value for k in kinds]).exclude(state=ItemState.GONE)
    closed = missing.exclude(scan=scan).update(
        state=ItemState.GONE, touched_at=timezone.now(), lock_version=F("lock_version") + 1
    )
    if closed:
        sentence = f"Closed {closed:,} cases that the last discovery no longer found."
        trail.append(project, None, "close_items", "queue", scan, sentence, {"closed": closed})
    return closed


def _batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    waiting = iter(cases)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _open_batch(project: Project, batch: list[Case], scan: str) -> OpenedCounts:
    hold_off_waivers(project)
    cases = {(case.kind.value, case.key): case for case in batch}
    known = _known(project, cases)
    new = [_new_item(project, case, scan) for at, case in cases.items() if at not in known]
    ReviewItem.objects.bulk_create(new)
    decided = standing_on([i for at, i in known.items() if i.evidence_sha != cases[at].evidence_sha])
    told = {at: _told(item, cases[at], scan, decided.get(item.pk, [])) for at, item in known.items()}
    changed = [known[at] for at, outcome in told.items() if outcome != "kept"]
    write_reported(changed)
    facets.write([*new, *changed])
    kept = [known[at].pk for at, outcome in told.items() if outcome == "kept"]
    ReviewItem.objects.filter(pk__in=kept).exclude(scan=scan).update(scan=scan)
    for item in changed:
        settle_type(item)
    came_back = [known[at] for at, outcome in told.items() if outcome in ("revived", "returned")]
    for item in take_back_overtaken(project, came_back):
        told[item.kind, item.key] = "reopened"
    return OpenedCounts(len(new), **Counter(told.values()))


def _known(project: Project, cases: Mapping[tuple[str, str], Case]) -> dict[tuple[str, str], ReviewItem]:
    """The items of these cases, locked, so that nobody decides on evidence that is being replaced."""
    kinds, keys = {kind for kind, _ in cases}, {key for _, key in cases}
    rows = project.review_items.filter(kind__in=kinds, key__in=keys).select_for_update().order_by("pk")
    return {(row.kind, row.key): row for row in rows if (row.kind, row.key) in cases}


def _new_item(project: Project, case: Case, scan: str) -> ReviewItem:
    item = ReviewItem(project=project, kind=case.kind.value, key=case.key, scan=scan)
    _report(item, case)
    return item


def _told(item: ReviewItem, case: Case, scan: str, decisions: Sequence[Decision]) -> str:
    """Bring the item up to what the case says; returns what that meant for it."""
    same, was, had = item.evidence_sha == case.evidence_sha, item.state, item.action
    if same and was != ItemState.GONE and _is_reported(item, case):
        return "kept"
    if not same:
        _decide_anew(item, case, standing(decisions, case.evidence_sha))
    _report(item, case)
    item.scan, item.state = scan, state_for(item.action)
    if was == ItemState.GONE or not same:
        touch(item, opened=was not in UNDECIDED_STATES and item.state in UNDECIDED_STATES)
    if was == ItemState.GONE:
        return "returned"
    if same or (not had and not item.action):
        return "updated"
    return "revived" if item.action else "reopened"


def _is_reported(item: ReviewItem, case: Case) -> bool:
    """Whether everything that follows from the case stands in the item; an older version ranked otherwise."""
    impact = (case.profiles, case.events, case.tokens)
    rank = rank_of(case.kind, item.suggested_action, *impact)
    return (item.impact_profiles, item.impact_events, item.impact_tokens, item.rank) == (*impact, rank)


def _decide_anew(item: ReviewItem, case: Case, holds: Decision | None) -> None:
    """The decision stays in the history. The item carries what was decided on this evidence before, if anything,
    or shows what changed since."""
    if holds is not None:
        item.action, item.args, item.changed = holds.action, dict(holds.args), ""
        item.decided_by_id, item.decided_at = holds.actor_id, holds.at
        return
    if item.action or item.changed:
        earlier = "" if item.action else item.changed
        item.changed = changes.said(item.evidence, case.evidence, earlier=earlier)
    item.action, item.args, item.decided_by_id, item.decided_at = "", {}, None, None


def _report(item: ReviewItem, case: Case) -> None:
    found = suggest(case)
    item.title = (case.title or "Without a name")[:300]
    item.evidence, item.evidence_sha = dict(case.evidence), case.evidence_sha
    item.suggestion, item.suggested_action = found.as_json(), found.action.value
    item.confidence, item.group_order = found.confidence, GROUP_ORDER[found.action]
    item.impact_profiles, item.impact_events, item.impact_tokens = case.profiles, case.events, case.tokens
    item.rank = rank_of(case.kind, found.action, case.profiles, case.events, case.tokens)
    item.section = _section(case)
    item.traits = facets.traits_of(case.kind, case.evidence, found.confidence)


def _section(case: Case) -> str:
    sections = case.evidence.get("sections") or [
        s for member in _rows(case.evidence.get("members")) for s in member.get("sections") or ()
    ]
    names = dict.fromkeys(str(s) for s in sections) if isinstance(sections, list) else {}
    return "" if not names else next(iter(names))[:200] if len(names) == 1 else SEVERAL_SECTIONS


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
