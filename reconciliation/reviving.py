"""What a discovery would bring back, and no longer can: a later decision on another case stands against it.

Such a case is open again and says why; its decision is taken back by a row of the history that no person wrote.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID, uuid4

from django.utils import timezone

from migrator import trail
from migrator.models import Project
from reconciliation import dependence
from reconciliation.choices import ItemState
from reconciliation.ends import share
from reconciliation.models import Decision, ReviewItem
from reconciliation.replay import standing
from reconciliation.writing import keys_for, put, write_decisions, write_reported

LONGEST_CHANGE = 300


def take_back_overtaken(project: Project, items: Iterable[ReviewItem]) -> list[ReviewItem]:
    """Open those of these saved cases whose decision cannot come back; returns them.

    Inside the caller's transaction, which holds the rows. Where two that come back together cannot both hold, the
    newer one does.
    """
    dependent = [i for i in items if i.state == ItemState.DECIDED and i.action in dependence.DEPENDENT]
    if not dependent:
        return []
    dependence.lock(project.pk)
    share(dependent)
    histories, undos, opened = standing_on(dependent), [], []
    for item, decision in _oldest_first(dependent, histories):
        if reason := dependence.overtaken_by(item, decision):
            _open(item, reason)
            undos += [
                _undo(item, d, reason) for d in histories[item.pk] if d.evidence_sha == item.evidence_sha
            ]
            opened.append(item)
    _save(project, undos)
    return opened


def standing_on(items: Sequence[ReviewItem]) -> Mapping[int, list[Decision]]:
    """What was decided on each of these cases and not undone, for whatever evidence, oldest first."""
    found: dict[int, list[Decision]] = {item.pk: [] for item in items}
    if items:
        rows = Decision.objects.filter(item__in=items, undoes__isnull=True, undone_by__isnull=True)
        for row in rows.order_by("pk"):
            found[row.item_id].append(row)
    return found


def _oldest_first(
    items: Iterable[ReviewItem], histories: Mapping[int, list[Decision]]
) -> list[tuple[ReviewItem, Decision]]:
    found = [(item, standing(histories[item.pk], item.evidence_sha)) for item in items]
    return sorted(((i, d) for i, d in found if d is not None), key=lambda pair: pair[1].pk)


def _open(item: ReviewItem, reason: str) -> None:
    """Written at once, for the next case may depend on this one."""
    put(item, action="", args={}, by=None, at=None)
    item.changed = f"What was decided before cannot come back: {reason}"[:LONGEST_CHANGE]
    write_reported([item])
    item.ends.learn(item)  # type: ignore[attr-defined]  # shared by the batch


def _undo(item: ReviewItem, taken: Decision, reason: str) -> Decision:
    return Decision(
        project_id=item.project_id,
        item=item,
        evidence_sha=item.evidence_sha,
        at=timezone.now(),
        undoes=taken,
        reason=f"Undid: {reason}"[:500],
    )


def _save(project: Project, undos: Sequence[Decision]) -> None:
    """As one batch of the history."""
    batch: UUID = uuid4()
    keys = keys_for(project.pk, batch, [row.undoes_id for row in undos])
    for row, key in zip(undos, keys, strict=True):
        row.batch, row.client_key = batch, key
    write_decisions(undos)
    if undos:
        noun = "decision" if len(undos) == 1 else "decisions"
        sentence = f"Undid {len(undos):,} {noun} that later ones on other cases have overtaken."
        trail.append(project, None, "undo", "review_batch", batch, sentence, {"undone": len(undos)})
