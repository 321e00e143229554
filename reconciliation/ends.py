"""Where a profile or a tag ends by decision: merged into another one, skipped or dropped.

A check follows these from case to case. For a batch they are read once, and each decision of the batch is learned as
it is taken, so that two cases of one request are never merged into each other.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from migrator.engine.cases import CaseKind, Decide, case_key
from migrator.engine.matching import email_key
from reconciliation.choices import ItemState
from reconciliation.models import ReviewItem

# A merge of one profile names another profile, which may be a case of either kind.
_SAME_KEYS = {
    CaseKind.NO_EMAIL: (CaseKind.NO_EMAIL, CaseKind.NO_NAME),
    CaseKind.NO_NAME: (CaseKind.NO_EMAIL, CaseKind.NO_NAME),
}


class End(NamedTuple):
    action: str
    into: str
    title: str


class Ends:
    """Decisions by key of the profile or tag, for cases of these kinds."""

    def __init__(self, project_id: int, kind: CaseKind) -> None:
        kinds = _SAME_KEYS.get(kind, (kind,))
        self._rows = ReviewItem.objects.filter(
            project_id=project_id, kind__in=kinds, state=ItemState.DECIDED
        ).values_list("key", "kind", "action", "args", "title")
        self._known: dict[str, dict[str, End]] = {}
        self._given: dict[str, ReviewItem] = {}

    def expect(self, keys: Iterable[str]) -> None:
        """Read these in one query; the others are read when they are asked for."""
        wanted = {key for key in map(case_key, keys) if key not in self._known}
        for key in wanted:
            self._known[key] = {}
        for key, kind, action, args, title in self._rows.filter(key__in=wanted) if wanted else ():
            self._known[key][kind] = _end(action, args, title)

    def of(self, key: str) -> Sequence[End]:
        """What was decided on this profile or tag; two where it is a case of two kinds."""
        self.expect([key])
        return list(self._known[case_key(key)].values())

    def learn(self, item: ReviewItem) -> None:
        """An item that was decided since, and is not saved yet."""
        self.expect([item.key])
        known = self._known[item.key]
        known.pop(item.kind, None)
        if item.state == ItemState.DECIDED:
            known[item.kind] = _end(item.action, item.args, item.title)
        if item.action == Decide.SUPPLY_EMAIL:
            self._given[email_key(item.args["email"])] = item

    def given(self, address: str) -> ReviewItem | None:
        """The item of this batch that was given the address, and is not saved yet."""
        return self._given.get(email_key(address))


def _end(action: str, args: Any, title: str) -> End:
    return End(action, str(args.get("into") or ""), title)


def ends_for(item: ReviewItem) -> Ends:
    """Those of the batch that the item belongs to, else its own."""
    known: Ends | None = getattr(item, "ends", None)
    return known or Ends(item.project_id, CaseKind(item.kind))


def share(items: Sequence[ReviewItem]) -> None:
    """One reading for all these cases of one project, and of the targets that were suggested for them."""
    by_kind: dict[str, list[ReviewItem]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item)
    for kind, alike in by_kind.items():
        ends = Ends(alike[0].project_id, CaseKind(kind))
        ends.expect(key for item in alike for key in (item.key, *_suggested(item)))
        for item in alike:
            item.ends = ends  # type: ignore[attr-defined]


def _suggested(item: ReviewItem) -> list[str]:
    args = item.suggestion.get("args") or {}
    return [str(args["into"])] if args.get("into") else []
