"""Cases from a discovery become items of the queue; the ones it no longer reports are closed.

Decisions survive: an item keeps its own as long as its evidence is the same. Safe to repeat and to resume.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction

from migrator import staging, trail
from migrator.engine.cases import Case, CaseKind
from migrator.models import Project
from reconciliation.choices import GROUP_ORDER, ItemState
from reconciliation.models import ReviewItem
from reconciliation.suggestions import suggest

BATCH = 500
SEVERAL_SECTIONS = "Several Sections"
REPORTED = [
    "title",
    "evidence",
    "evidence_sha",
    "suggestion",
    "suggested_action",
    "group_order",
    "confidence",
    "impact_profiles",
    "impact_events",
    "impact_tokens",
    "rank",
    "section",
]
STATE = ["state", "action", "args", "decided_by", "decided_at", "changed", "lock_version", "scan"]
# Words for the screen where the name of a piece of evidence is not one.
SAID = {
    "crm_id": "CRM id",
    "event_count": "events",
    "last_event": "last event",
    "open_deal": "open deal",
    "members": "profiles",
    "targets": "Persons in Pipedrive",
    "top": "values",
    "similar": "similar tags",
    "count": "profiles",
    "variants": "values per Section",
}


@dataclass(frozen=True, slots=True)
class OpenedCounts:
    """`opened` are new, `kept` as they were, `reopened` had a decision whose evidence changed, `updated` were
    open and changed, `returned` had been gone."""

    opened: int = 0
    kept: int = 0
    reopened: int = 0
    updated: int = 0
    returned: int = 0

    def plus(self, other: "OpenedCounts") -> "OpenedCounts":
        return OpenedCounts(
            self.opened + other.opened,
            self.kept + other.kept,
            self.reopened + other.reopened,
            self.updated + other.updated,
            self.returned + other.returned,
        )


def open_items(project: Project, cases: Iterable[Case], *, scan: str = "") -> OpenedCounts:
    """Write the cases that a discovery reports, in batches, each in its own transaction.

    `scan` names the discovery, so that `close_missing` knows afterwards which cases it reported.
    """
    counts = OpenedCounts()
    for batch in _batches(cases):
        with transaction.atomic():
            counts = counts.plus(_open_batch(project, batch, scan))
    if counts.opened or counts.reopened or counts.returned:
        sentence = f"Opened {counts.opened:,} cases, opened {counts.reopened:,} again because they changed."
        facts = {"opened": counts.opened, "reopened": counts.reopened, "returned": counts.returned}
        trail.append(project, None, "open_items", "queue", scan, sentence, facts)
    return counts


def close_missing(project: Project, scan: str, kinds: Iterable[CaseKind] = tuple(CaseKind)) -> int:
    """Mark as gone what `scan` did not report. Call it only after all cases of these kinds were given."""
    missing = project.review_items.filter(kind__in=[k.value for k in kinds]).exclude(state=ItemState.GONE)
    closed = missing.exclude(scan=scan).update(state=ItemState.GONE)
    if closed:
        sentence = f"Closed {closed:,} cases that the last discovery no longer found."
        trail.append(project, None, "close_items", "queue", scan, sentence, {"closed": closed})
    return closed


def _batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    waiting = iter(cases)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _open_batch(project: Project, batch: list[Case], scan: str) -> OpenedCounts:
    cases = {(case.kind.value, case.key): case for case in batch}
    known = _known(project, cases)
    new = [_new_item(project, case, scan) for at, case in cases.items() if at not in known]
    ReviewItem.objects.bulk_create(new)
    told = {at: _told(item, cases[at], scan) for at, item in known.items()}
    changed = [known[at] for at, outcome in told.items() if outcome != "kept"]
    ReviewItem.objects.bulk_update(changed, REPORTED + STATE)
    kept = [known[at].pk for at, outcome in told.items() if outcome == "kept"]
    ReviewItem.objects.filter(pk__in=kept).exclude(scan=scan).update(scan=scan)
    for item in changed:
        _reopen_type(project, item)
    tally = Counter(told.values())
    return OpenedCounts(len(new), tally["kept"], tally["reopened"], tally["updated"], tally["returned"])


def _known(project: Project, cases: Mapping[tuple[str, str], Case]) -> dict[tuple[str, str], ReviewItem]:
    """The items of these cases, locked, so that nobody decides on evidence that is being replaced."""
    kinds, keys = {kind for kind, _ in cases}, {key for _, key in cases}
    rows = project.review_items.filter(kind__in=kinds, key__in=keys).select_for_update().order_by("pk")
    return {(row.kind, row.key): row for row in rows if (row.kind, row.key) in cases}


def _new_item(project: Project, case: Case, scan: str) -> ReviewItem:
    item = ReviewItem(project=project, kind=case.kind.value, key=case.key, scan=scan)
    _report(item, case)
    return item


def _told(item: ReviewItem, case: Case, scan: str) -> str:
    """Bring the item up to what the case says; returns what that meant for it."""
    same, was = item.evidence_sha == case.evidence_sha, item.state
    impact = (item.impact_profiles, item.impact_events, item.impact_tokens)
    if same and was != ItemState.GONE and impact == (case.profiles, case.events, case.tokens):
        return "kept"
    if not same:
        _forget_decision(item, case)
    _report(item, case)
    item.scan = scan
    item.state = ItemState.DECIDED if item.action else ItemState.OPEN
    if was == ItemState.GONE:
        return "returned"
    return "reopened" if was == ItemState.DECIDED and not same else "updated"


def _forget_decision(item: ReviewItem, case: Case) -> None:
    """The decision stays in the history; the item shows what changed since."""
    if item.action:
        item.changed = (
            f"Changed since it was decided: {', '.join(_differences(item.evidence, case.evidence))}."[:300]
        )
    item.action, item.args, item.decided_by_id, item.decided_at = "", {}, None, None
    item.lock_version += 1


def _differences(before: Any, after: Any) -> list[str]:
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return [SAID.get(name, name.replace("_", " ")) for name in names]


def _report(item: ReviewItem, case: Case) -> None:
    found = suggest(case)
    item.title = (case.title or "Without a name")[:300]
    item.evidence, item.evidence_sha = dict(case.evidence), case.evidence_sha
    item.suggestion, item.suggested_action = found.as_json(), found.action.value
    item.confidence, item.group_order = found.confidence, GROUP_ORDER[found.action]
    item.impact_profiles, item.impact_events, item.impact_tokens = case.profiles, case.events, case.tokens
    item.rank = -(case.profiles * 10 + case.events + case.tokens)
    item.section = _section(case)


def _section(case: Case) -> str:
    sections = case.evidence.get("sections") or [
        s for member in _rows(case.evidence.get("members")) for s in member.get("sections") or ()
    ]
    names = dict.fromkeys(str(s) for s in sections) if isinstance(sections, list) else {}
    return "" if not names else next(iter(names))[:200] if len(names) == 1 else SEVERAL_SECTIONS


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _reopen_type(project: Project, item: ReviewItem) -> None:
    """A type that was settled on other values holds no longer."""
    if item.kind == CaseKind.TYPE_CONFLICT and not item.action:
        staging.settle_type(project, item.key, "")
