"""What the history says about every case: its state follows from the decisions and the evidence of now alone.

The newest decision that stands and was made for this evidence holds. So evidence that returns to what somebody
decided on asks nobody twice, and an undo in any order gives back exactly what held before.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from migrator.models import Project
from reconciliation.choices import ItemState
from reconciliation.models import Decision, ReviewItem
from reconciliation.writing import state_for

# A row of digests rather than one long text: a project may hold a million cases.
_CHECKSUM = """
select encode(sha256(coalesce(string_agg(
    sha256(convert_to(row(kind, key, state, action, args)::text, 'UTF8')), '' order by kind, key
), '')), 'hex') from reconciliation_reviewitem where project_id = %s
"""


class Replayed(NamedTuple):
    state: str
    action: str
    args: Mapping[str, Any]
    by: int | None
    at: datetime | None


def standing(decisions: Iterable[Decision], evidence_sha: str) -> Decision | None:
    """The decision that holds for this evidence, of those on one case that were not undone."""
    return max((d for d in decisions if d.evidence_sha == evidence_sha), key=lambda d: d.pk, default=None)


def replayed(items: Iterable[ReviewItem], decisions: Iterable[Decision]) -> dict[int, Replayed]:
    """State of each item by id, computed from nothing but its evidence and all decisions, undos among them."""
    everything = list(decisions)
    undone = {d.undoes_id for d in everything if d.undoes_id}
    by_item: dict[int, list[Decision]] = {}
    for decision in everything:
        if decision.action and decision.pk not in undone:
            by_item.setdefault(decision.item_id, []).append(decision)
    return {item.pk: _of(item, standing(by_item.get(item.pk, ()), item.evidence_sha)) for item in items}


def _of(item: ReviewItem, holds: Decision | None) -> Replayed:
    action = holds.action if holds else ""
    state = ItemState.GONE if item.state == ItemState.GONE else state_for(action)
    if holds is None:
        return Replayed(state.value, "", {}, None, None)
    return Replayed(state.value, action, holds.args, holds.actor_id, holds.at)


def state_checksum(project: Project) -> str:
    """SHA-256 over kind, key, state, act and arguments of every case, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_CHECKSUM, [project.pk])
        return str(cursor.fetchone()[0])
