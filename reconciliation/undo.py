"""Takes back any decision or batch, in any order: each case gets back exactly what held before.

An undo is a row of the history like any other; nothing is ever removed.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from migrator import policies as roles
from migrator import trail
from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation import dependence, policies
from reconciliation.choices import KINDS
from reconciliation.models import Decision, ReviewItem
from reconciliation.outcomes import Conflict, Undone, name_of
from reconciliation.replay import standing
from reconciliation.writing import hold_off_waivers, keys_for, locked, put, save

BATCH = 500
# As many as a page lists with a box to tick.
LISTED = 200


def undo(
    project: Project,
    batch: UUID,
    *,
    user: Any,
    client_key: UUID,
    decision: int | None = None,
    also: Collection[int] = (),
) -> Undone:
    """Take back a batch, or one decision of it, in any order; each item gets back what held before.

    An item that was decided again later is left and listed, unless its id is in `also`: then the later decisions
    on it are undone too, each by a row of its own. Raises RefusedError where there is nothing to undo, or a run
    was started from it.
    """
    roles.check_can_decide_items(user, project)
    chosen = decisions_of(project, batch, decision)
    check_can_undo(project, chosen)
    undone: list[Decision] = []
    conflicts: list[Conflict] = []
    ids = list(chosen.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            part = undo_decisions(
                project, ids[start : start + BATCH], user=user, client_key=client_key, also=also
            )
        undone += part.undone
        conflicts += part.conflicts
    return Undone(client_key, tuple(undone), tuple(conflicts))


def decisions_of(project: Project, batch: UUID, decision: int | None = None) -> QuerySet[Decision]:
    """What a batch decided, undone or not; or one decision of it."""
    chosen = Decision.objects.filter(project=project, batch=batch, undoes__isnull=True)
    return chosen if decision is None else chosen.filter(pk=decision)


def check_can_undo(project: Project, chosen: QuerySet[Decision]) -> None:
    first = chosen.order_by("at").values_list("at", flat=True).first()
    if first is None:
        raise RefusedError("There is nothing to undo here.")
    policies.check_can_undo(project, first)


def left_by_undo(
    project: Project, batch: UUID, decision: int | None = None, *, limit: int = LISTED
) -> tuple[Conflict, ...]:
    """What an undo of this batch would leave because it was decided again later: to tick before the undo."""
    later = _standing().filter(
        item=OuterRef("item"), pk__gt=OuterRef("pk"), evidence_sha=OuterRef("evidence_sha")
    )
    overtaken = decisions_of(project, batch, decision).filter(Exists(later), undone_by__isnull=True)
    items = list(
        ReviewItem.objects.filter(pk__in=overtaken.order_by("pk").values("item")[:limit])
        .defer("evidence", "suggestion")
        .order_by("pk")
    )
    newest = {d.item_id: d for d in _standing().filter(item__in=items).select_related("actor").order_by("pk")}
    return tuple(Conflict(item, _chose_later(newest[item.pk]), ticks=True) for item in items)


def _standing() -> QuerySet[Decision]:
    return Decision.objects.filter(undoes__isnull=True, undone_by__isnull=True)


def undo_decisions(
    project: Project, ids: Collection[int], *, user: Any, client_key: UUID, also: Collection[int] = ()
) -> Undone:
    """One slice of an undo, inside the caller's transaction; `client_key` names the batch. Checks no role."""
    hold_off_waivers(project)
    items = _items_of(project, ids)
    histories = _histories(items)
    undone: list[Decision] = []
    conflicts: list[Conflict] = []
    changed: list[ReviewItem] = []
    wanted = set(ids)
    for taken in [d for history in histories.values() for d in history if d.pk in wanted]:
        item, history = items[taken.item_id], histories[taken.item_id]
        gone = [taken, *_overtaking(taken, history)]
        obstacle = _obstacle(item, gone, history, ticked=item.pk in also)
        if obstacle:
            conflicts.append(obstacle)
            continue
        if _take_back(item, gone, history):
            changed.append(item)
        undone += [_undoing(d, item, user=user, client_key=client_key) for d in reversed(gone)]
    keys = keys_for(project.pk, client_key, [d.undoes_id for d in undone])
    for row, key in zip(undone, keys, strict=True):
        row.client_key = key
    save(changed, undone)
    if undone:
        sentence = f"Undid {len(undone):,} {'decision' if len(undone) == 1 else 'decisions'}."
        trail.append(project, user, "undo", "review_batch", client_key, sentence, {"undone": len(undone)})
    return Undone(client_key, tuple(undone), tuple(conflicts))


def _items_of(project: Project, ids: Collection[int]) -> dict[int, ReviewItem]:
    """The cases of these decisions, locked; what a case is about is not needed and not read."""
    item_ids = Decision.objects.filter(pk__in=ids).values("item")
    rows = locked(ReviewItem.objects.filter(pk__in=item_ids)).defer("evidence", "suggestion").order_by("pk")
    items = {item.pk: item for item in rows}
    for item in items.values():
        item.project = project
    return items


def _histories(items: Mapping[int, ReviewItem]) -> dict[int, list[Decision]]:
    """Each item's decisions that were not undone, oldest first."""
    found: dict[int, list[Decision]] = {pk: [] for pk in items}
    for row in _standing().filter(item__in=list(items)).prefetch_related("actor").order_by("pk"):
        found[row.item_id].append(row)
    return found


def _overtaking(taken: Decision, history: Iterable[Decision]) -> list[Decision]:
    """Later decisions on the same evidence. One on other evidence stands whatever becomes of this one."""
    return [d for d in history if d.pk > taken.pk and d.evidence_sha == taken.evidence_sha]


def _obstacle(
    item: ReviewItem, gone: list[Decision], history: list[Decision], *, ticked: bool
) -> Conflict | None:
    if len(gone) > 1 and not ticked:
        return Conflict(item, _chose_later(gone[-1]), ticks=True)
    before = standing(_without(history, gone), item.evidence_sha)
    if before is None or before == standing(history, item.evidence_sha):
        return None
    if before.action in dependence.DEPENDENT:
        dependence.lock(item.project_id)
    reason = dependence.obstacle_to(item, before)
    return Conflict(item, reason) if reason else None


def _chose_later(last: Decision) -> str:
    return f"{name_of(last.actor)} chose {last.get_action_display()} later. Undo that first."


def _without(history: Iterable[Decision], gone: Collection[Decision]) -> list[Decision]:
    return [d for d in history if d not in gone]


def _take_back(item: ReviewItem, gone: Collection[Decision], history: list[Decision]) -> bool:
    """Give the item what held before; False where none of these was what holds now."""
    held, before = standing(history, item.evidence_sha), standing(_without(history, gone), item.evidence_sha)
    history[:] = _without(history, gone)
    if held == before:
        return False
    if before is None:
        put(item, action="", args={}, by=None, at=None)
    else:
        put(item, action=before.action, args=before.args, by=before.actor_id, at=before.at)
    return True


def _undoing(taken: Decision, item: ReviewItem, *, user: Any, client_key: UUID) -> Decision:
    return Decision(
        project_id=item.project_id,
        item=item,
        evidence_sha=item.evidence_sha,
        actor=user,
        at=timezone.now(),
        client_key=client_key,
        batch=client_key,
        undoes=taken,
        reason=f"Undid: {KINDS[CaseKind(item.kind)].label.lower()}, {taken.past}",
    )
