"""The only writers of cases and decisions: open and close cases, decide one or many, undo.

Every change writes the item, the decision and one trail entry in one transaction. The trail holds ids,
counts and acts; what a person entered stays in the decision.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from migrator import policies as roles
from migrator import staging, trail
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation import policies
from reconciliation.arguments import InvalidDecisionError, action_of, validated
from reconciliation.bulk import write_decided
from reconciliation.choices import KINDS, ItemState, past_of
from reconciliation.models import Decision, ReviewItem
from reconciliation.opening import OpenedCounts, close_missing, open_items
from reconciliation.suggestions import usual_args

__all__ = [
    "Batch",
    "Choice",
    "Conflict",
    "Decided",
    "OpenedCounts",
    "Refused",
    "Undone",
    "accept_all_suggestions",
    "close_missing",
    "decide",
    "decide_many",
    "open_items",
    "undo",
]
BATCH = 500


@dataclass(frozen=True, slots=True)
class Decided:
    """`repeated` is true where the same request had been answered before and nothing was written now."""

    item: ReviewItem
    decision: Decision
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else, or another window, was faster. The item is as they left it."""

    item: ReviewItem
    sentence: str


@dataclass(frozen=True, slots=True)
class Refused:
    item: ReviewItem
    sentence: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of each item of one request."""

    key: UUID
    decided: tuple[Decision, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done with an item; no action accepts its suggestion, no arguments take the usual ones."""

    action: Decide | None = None
    args: Mapping[str, Any] = field(default_factory=dict)

    def for_item(self, item: ReviewItem) -> tuple[Decide, Mapping[str, Any]]:
        if self.action is not None:
            return self.action, self.args or usual_args(item.suggestion, self.action)
        if not item.suggested_action:
            raise InvalidDecisionError("action", "There is no suggestion to accept. Choose an act.")
        return Decide(item.suggested_action), item.suggestion["args"]


ACCEPT = Choice()


# Deciding


@transaction.atomic
def decide(
    item_id: int,
    action: Decide | str | None,
    args: Mapping[str, Any],
    *,
    user: Any,
    expected_version: int,
    client_key: UUID,
) -> Decided | Conflict:
    """Settle one case; no action accepts the suggestion. The same client key again gives the first answer.

    Raises RefusedError where role or state forbid it, InvalidDecisionError where the arguments are no good.
    """
    item = _locked(ReviewItem.objects.filter(pk=item_id)).select_related("project", "decided_by").get()
    roles.check_can_decide_items(user, item.project)
    if earlier := Decision.objects.filter(project=item.project, client_key=client_key).first():
        return _answered_before(item, earlier, user)
    if item.lock_version != expected_version:
        return Conflict(item, conflict_sentence(item))
    chosen = Choice(action_of(action) if action else None, args)
    decision = _settled(item, chosen, user=user, client_key=client_key, batch=client_key)
    _save([item], [decision])
    sentence = f"Settled a {item.words.noun}: {past_of(decision.action)}."
    trail.append(item.project, user, "decide", "review_item", item.pk, sentence, _facts([decision]))
    return Decided(item, decision)


def _locked(items: QuerySet[ReviewItem]) -> QuerySet[ReviewItem]:
    return items.select_for_update(of=("self",))


def _answered_before(item: ReviewItem, earlier: Decision, user: Any) -> Decided:
    if earlier.item_id != item.pk or earlier.actor_id != user.pk:
        raise InvalidDecisionError("client_key", "This request was used for another decision. Decide again.")
    return Decided(item, earlier, repeated=True)


def _settled(item: ReviewItem, choice: Choice, *, user: Any, client_key: UUID, batch: UUID) -> Decision:
    """The item carries the decision, the decision is new; neither is saved yet."""
    action, args = choice.for_item(item)
    policies.check_can_decide(item, action)
    clean = validated(item, action, args)
    now = timezone.now()
    _put(item, action=action, args=clean, by=user.pk, at=now)
    return Decision(
        project_id=item.project_id,
        item=item,
        action=action,
        args=clean,
        evidence_sha=item.evidence_sha,
        actor=user,
        at=now,
        client_key=client_key,
        batch=batch,
        reason=clean.get("reason", ""),
    )


def _put(item: ReviewItem, *, action: str, args: Mapping[str, Any], by: Any, at: datetime | None) -> None:
    if item.state != ItemState.GONE:
        item.state = ItemState.DECIDED if action else ItemState.OPEN
    item.action, item.args = action, dict(args)
    item.decided_by_id, item.decided_at = by, at
    item.changed = ""
    item.lock_version += 1


def _save(items: list[ReviewItem], decisions: list[Decision]) -> None:
    write_decided(items)
    Decision.objects.bulk_create(decisions)
    for item in items:
        if item.kind == CaseKind.TYPE_CONFLICT:
            staging.settle_type(item.project, item.key, _settled_type(item))


def _settled_type(item: ReviewItem) -> str:
    """How the inventory spells the decision; "" opens the conflict there too."""
    settled = {Decide.SPLIT: "split", Decide.DROP: "drop"}
    return settled.get(item.action, str(item.args.get("type", "")))  # type: ignore[call-overload]


def conflict_sentence(item: ReviewItem) -> str:
    """Who was faster and with what; ends with what the person can do."""
    if item.state == ItemState.GONE:
        return "The last discovery no longer found this case."
    if item.decided_by is None or item.decided_at is None:
        return "This case was opened again while you looked at it. Look at it once more."
    who = item.decided_by.first_name or item.decided_by.get_username()
    chose = f"{who} chose {item.get_action_display()} {_ago(timezone.now() - item.decided_at)}."
    return f"{chose} Keep {who}'s choice or use yours."


def _ago(passed: Any) -> str:
    seconds = max(1, int(passed.total_seconds()))
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{seconds // size} {word}{'s' if seconds // size > 1 else ''} ago"
    return f"{seconds} second{'s' if seconds > 1 else ''} ago"


def _facts(decisions: Iterable[Decision]) -> dict[str, Any]:
    return {"acts": dict(Counter(str(d.action) for d in decisions))}


# Deciding many


def decide_many(
    project: Project,
    items: QuerySet[ReviewItem],
    choice: Choice = ACCEPT,
    *,
    user: Any,
    client_key: UUID,
    versions: Mapping[int, int] | None = None,
) -> Batch:
    """One choice for many cases, as one batch that one undo takes back; the same key again adds nothing.

    An item that cannot take it is reported and left as it is, also where its version is not in `versions`.
    """
    roles.check_can_decide_items(user, project)
    decided: list[Decision] = []
    conflicts: list[Conflict] = []
    refused: list[Refused] = []
    for ids in _slices(items.filter(project=project).order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            part = _decide_slice(
                project, ids, choice, user=user, client_key=client_key, versions=versions or {}
            )
        decided += part.decided
        conflicts += part.conflicts
        refused += part.refused
    return Batch(client_key, tuple(decided), tuple(conflicts), tuple(refused))


def _slices(ids: Iterable[int]) -> Iterator[list[int]]:
    everything = list(ids)
    for start in range(0, len(everything), BATCH):
        yield everything[start : start + BATCH]


def _decide_slice(
    project: Project,
    ids: list[int],
    choice: Choice,
    *,
    user: Any,
    client_key: UUID,
    versions: Mapping[int, int],
) -> Batch:
    items = list(_locked(ReviewItem.objects.filter(pk__in=ids)).select_related("decided_by").order_by("pk"))
    earlier = {d.item_id: d for d in Decision.objects.filter(project=project, batch=client_key, item__in=ids)}
    repeated = [earlier[item.pk] for item in items if item.pk in earlier]
    conflicts: list[Conflict] = []
    refused: list[Refused] = []
    done: list[Decision] = []
    for item in (i for i in items if i.pk not in earlier):
        item.project = project
        if versions.get(item.pk, item.lock_version) != item.lock_version:
            conflicts.append(Conflict(item, conflict_sentence(item)))
            continue
        try:
            own_key = uuid5(client_key, str(item.pk))
            done.append(_settled(item, choice, user=user, client_key=own_key, batch=client_key))
        except (RefusedError, InvalidDecisionError) as problem:
            refused.append(Refused(item, problem.sentence))
    _save([d.item for d in done], done)
    if done:
        sentence = f"Settled {len(done):,} cases at once."
        trail.append(project, user, "decide", "review_batch", client_key, sentence, _facts(done))
    return Batch(client_key, tuple(repeated + done), tuple(conflicts), tuple(refused))


def accept_all_suggestions(project: Project, user: Any) -> Batch:
    """Accept the suggestion of every open case, as a person would who selects them all."""
    return decide_many(
        project, project.review_items.filter(state=ItemState.OPEN), user=user, client_key=uuid4()
    )


# Undo


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, and what was not because something later depends on it."""

    key: UUID
    undone: tuple[Decision, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def undo(
    project: Project, batch: UUID, *, user: Any, client_key: UUID, decision: int | None = None
) -> Undone:
    """Take back a batch, or one decision of it, in any order; each item gets back what held before.

    An item that was decided again later, or came back with other evidence, is left and listed.
    """
    roles.check_can_decide_items(user, project)
    chosen = Decision.objects.filter(project=project, batch=batch, undoes__isnull=True)
    if decision is not None:
        chosen = chosen.filter(pk=decision)
    first = chosen.order_by("at").values_list("at", flat=True).first()
    if first is None:
        raise RefusedError("There is nothing to undo here.")
    policies.check_can_undo(project, first)
    undone: list[Decision] = []
    conflicts: list[Conflict] = []
    for ids in _slices(chosen.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            part = _undo_slice(project, ids, user=user, client_key=client_key)
        undone += part.undone
        conflicts += part.conflicts
    return Undone(client_key, tuple(undone), tuple(conflicts))


def _undo_slice(project: Project, ids: list[int], *, user: Any, client_key: UUID) -> Undone:
    item_ids = list(Decision.objects.filter(pk__in=ids).values_list("item", flat=True))
    items = {i.pk: i for i in _locked(ReviewItem.objects.filter(pk__in=item_ids).order_by("pk"))}
    standing = _standing(items)
    undone: list[Decision] = []
    conflicts: list[Conflict] = []
    for taken in Decision.objects.filter(pk__in=ids, undone_by__isnull=True).select_related("actor"):
        item = items[taken.item_id]
        item.project = project
        if obstacle := _obstacle(item, taken, standing[item.pk]):
            conflicts.append(Conflict(item, obstacle))
            continue
        _restore(item, standing[item.pk][:-1])
        undone.append(_undoing(taken, item, user=user, client_key=client_key))
    _save([d.item for d in undone], undone)
    if undone:
        sentence = f"Undid {len(undone):,} {'decision' if len(undone) == 1 else 'decisions'}."
        trail.append(
            project, user, "undo", "review_batch", undone[0].batch, sentence, {"undone": len(undone)}
        )
    return Undone(client_key, tuple(undone), tuple(conflicts))


def _standing(items: Mapping[int, ReviewItem]) -> dict[int, list[Decision]]:
    """Each item's decisions that were not undone, oldest first."""
    found: dict[int, list[Decision]] = {pk: [] for pk in items}
    rows = Decision.objects.filter(item__in=list(items), undoes__isnull=True, undone_by__isnull=True)
    for row in rows.select_related("actor").order_by("pk"):
        found[row.item_id].append(row)
    return found


def _obstacle(item: ReviewItem, taken: Decision, standing: list[Decision]) -> str:
    if taken.evidence_sha != item.evidence_sha:
        return (
            "The case came back with new evidence since, so that decision no longer holds. Nothing to undo."
        )
    last = standing[-1]
    if last.pk == taken.pk:
        return ""
    who = last.actor.first_name or last.actor.get_username()
    return f"{who} chose {last.get_action_display()} later. Undo that first."


def _restore(item: ReviewItem, before: list[Decision]) -> None:
    """What held before: the decision that the undone one replaced, or none."""
    last = before[-1] if before and before[-1].evidence_sha == item.evidence_sha else None
    if last is None:
        _put(item, action="", args={}, by=None, at=None)
    else:
        _put(item, action=last.action, args=last.args, by=last.actor_id, at=last.at)


def _undoing(taken: Decision, item: ReviewItem, *, user: Any, client_key: UUID) -> Decision:
    return Decision(
        project_id=item.project_id,
        item=item,
        evidence_sha=item.evidence_sha,
        actor=user,
        at=timezone.now(),
        client_key=uuid5(client_key, str(taken.pk)),
        batch=client_key,
        undoes=taken,
        reason=f"Undid: {KINDS[CaseKind(item.kind)].label.lower()}, {taken.past}",
    )
