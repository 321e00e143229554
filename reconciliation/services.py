"""The writers of decisions: one case or many. Undo, bulks by filter and discoveries have modules of their own.

Every change writes the item, the decision and one trail entry in one transaction. The trail holds ids,
counts and acts; what a person entered stays in the decision.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from migrator import policies as roles
from migrator import trail
from migrator.engine.cases import Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation import dependence, holds, policies
from reconciliation.arguments import InvalidDecisionError, action_of, validated
from reconciliation.choices import ItemState, past_of
from reconciliation.ends import share
from reconciliation.models import Decision, ReviewItem
from reconciliation.opening import OpenedCounts, close_missing, open_items
from reconciliation.outcomes import Batch, Choice, Conflict, Decided, Refused, Undone, conflict_sentence
from reconciliation.undo import left_by_undo, undo
from reconciliation.writing import hold_off_waivers, keys_for, locked, put, save

__all__ = [
    "ACCEPT",
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
    "left_by_undo",
    "open_items",
    "settle_items",
    "taken_by_others",
    "undo",
]
BATCH = 500
ACCEPT = Choice()


# One case


@transaction.atomic
def decide(
    item_id: int,
    action: Decide | str | None,
    args: Mapping[str, Any],
    *,
    user: Any,
    expected_version: int,
    client_key: UUID,
    take_over: bool = False,
) -> Decided | Conflict:
    """Settle one case, or park it as unsure; no action accepts the suggestion. The same client key again gives
    the first answer. A case that somebody else has open is a conflict unless `take_over`.

    Raises RefusedError where role or state forbid it, InvalidDecisionError where the arguments are no good.
    """
    rows = locked(ReviewItem.objects.filter(pk=item_id))
    item = rows.select_related("project", "decided_by", "hold__user").get()
    roles.check_can_decide_items(user, item.project)
    if earlier := Decision.objects.filter(project=item.project, client_key=client_key).first():
        return _answered_before(item, earlier, user)
    if item.lock_version != expected_version:
        return Conflict(item, conflict_sentence(item))
    if not take_over and (other := holds.other_holding(item, user)):
        return Conflict(item, other.sentence, held=True)
    chosen = Choice(action_of(action) if action else None, args)
    _wait_for_others(chosen, [item])
    decision = _settled(item, chosen, user=user, client_key=client_key, batch=client_key)
    save([item], [decision])
    holds.let_go([item])
    sentence = f"Decided a {item.words.noun}: {past_of(decision.action)}."
    trail.append(item.project, user, "decide", "review_item", item.pk, sentence, _facts([decision]))
    return Decided(item, decision)


def _wait_for_others(choice: Choice, items: Sequence[ReviewItem]) -> None:
    """What the checks read in other cases, and whether a waiver covers these, holds until the transaction ends."""
    acts = {choice.action or item.suggested_action for item in items}
    if acts.intersection(dependence.DEPENDENT):
        dependence.lock(items[0].project_id)
    if Decide.UNSURE in acts:
        hold_off_waivers(items[0].project)


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
    put(item, action=action, args=clean, by=user.pk, at=now)
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


def _facts(decisions: Iterable[Decision]) -> dict[str, Any]:
    return {"acts": dict(Counter(str(d.action) for d in decisions))}


# Many


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

    An item that cannot take it is reported and left as it is, also where its version is not in `versions`,
    and where somebody else has it open.
    """
    roles.check_can_decide_items(user, project)
    decided: list[Decision] = []
    conflicts: list[Conflict] = []
    refused: list[Refused] = []
    repeated: set[int] = set()
    for ids in _slices(items.filter(project=project).order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            part = settle_items(
                project, ids, choice, user=user, client_key=client_key, versions=versions or {}
            )
            _tell(project, user, part)
        decided += part.decided
        conflicts += part.conflicts
        refused += part.refused
        repeated |= part.repeated
    return Batch(client_key, tuple(decided), tuple(conflicts), tuple(refused), frozenset(repeated))


def _slices(ids: Iterable[int]) -> Iterator[list[int]]:
    everything = list(ids)
    for start in range(0, len(everything), BATCH):
        yield everything[start : start + BATCH]


def _tell(project: Project, user: Any, part: Batch) -> None:
    fresh = [d for d in part.decided if d.item_id not in part.repeated]
    if fresh:
        sentence = f"Decided {len(fresh):,} cases at once."
        trail.append(project, user, "decide", "review_batch", part.key, sentence, _facts(fresh))


def settle_items(
    project: Project,
    ids: Collection[int],
    choice: Choice,
    *,
    user: Any,
    client_key: UUID,
    versions: Mapping[int, int],
) -> Batch:
    """One slice of a batch, inside the caller's transaction; `client_key` names the batch. Checks no role and
    writes no trail."""
    rows = locked(ReviewItem.objects.filter(pk__in=ids, project=project)).order_by("pk")
    items = list(rows.select_related("decided_by", "hold__user"))
    earlier = {d.item_id: d for d in Decision.objects.filter(project=project, batch=client_key, item__in=ids)}
    for item in items:
        item.project = project
    _wait_for_others(choice, items)
    share(items)
    conflicts: list[Conflict] = []
    refused: list[Refused] = []
    done: list[Decision] = []
    for item in (i for i in items if i.pk not in earlier):
        if conflict := taken_by_others(item, versions.get(item.pk, item.lock_version), user):
            conflicts.append(conflict)
            continue
        try:
            done.append(_settled(item, choice, user=user, client_key=client_key, batch=client_key))
            item.ends.learn(item)  # type: ignore[attr-defined]  # shared by the batch
        except (RefusedError, InvalidDecisionError) as problem:
            refused.append(Refused(item, problem.sentence))
    for decision, key in zip(done, keys_for(project.pk, client_key, [d.item_id for d in done]), strict=True):
        decision.client_key = key
    save([d.item for d in done], done)
    holds.let_go([d.item for d in done])
    repeated = [earlier[item.pk] for item in items if item.pk in earlier]
    return Batch(client_key, tuple(repeated + done), tuple(conflicts), tuple(refused), frozenset(earlier))


def taken_by_others(item: ReviewItem, version: int, user: Any) -> Conflict | None:
    """Who else settled the case since this version, or has it open."""
    if version != item.lock_version:
        return Conflict(item, conflict_sentence(item))
    other = holds.other_holding(item, user)
    return Conflict(item, f"{other.name} has this case open. It was left as it is.", True) if other else None


def accept_all_suggestions(project: Project, user: Any) -> Batch:
    """Accept the suggestion of every open case, as a person would who selects them all."""
    return decide_many(
        project, project.review_items.filter(state=ItemState.OPEN), user=user, client_key=uuid4()
    )
