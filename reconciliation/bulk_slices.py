"""The work of a bulk: slices of its snapshot, each with its decisions, its trail entry and its cursor in one
transaction. So a process may die anywhere, and two of them never do the same.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from migrator import trail
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from reconciliation import holds, plain_acts, services
from reconciliation.choices import BulkState
from reconciliation.models import Bulk, BulkMember, ReviewItem
from reconciliation.outcomes import Batch, Choice
from reconciliation.plain_acts import Light
from reconciliation.undo import check_can_undo, decisions_of, undo_decisions

logger = structlog.get_logger(__name__)

# A slice stays well under a second, so that a page or a pause never waits for long.
SLICE = 2000
_AT_WORK = (BulkState.QUEUED, BulkState.RUNNING)
_PROBLEMS = """
update reconciliation_bulkmember member set problem = left(given.problem, 300)
from unnest(%s::bigint[], %s::text[]) as given (item, problem)
where member.bulk_id = %s and member.item_id = given.item
"""
_LIGHT = ("pk", "lock_version", "state", "suggested_action", "suggestion__args")


def work(bulk_id: int, seconds: float = 5.0) -> bool:
    """Slices for so many seconds; True if another call should follow at once.

    A surprise stops the bulk and says so; a database that is away raises, and the next wake-up goes on.
    """
    deadline = time.monotonic() + seconds
    try:
        while _one_slice(bulk_id):
            if time.monotonic() >= deadline:
                return True
    except DatabaseError:
        raise
    except RefusedError as refusal:
        _stop(bulk_id, refusal.sentence)
    except Exception:
        logger.exception("bulk_stopped", bulk_id=bulk_id)
        _stop(bulk_id, "Something unexpected stopped it. What was done stands, and one undo takes it back.")
    return False


def _stop(bulk_id: int, message: str) -> None:
    ended = {"state": BulkState.STOPPED, "message": message[:300], "finished_at": timezone.now()}
    Bulk.objects.filter(pk=bulk_id, state__in=_AT_WORK).update(**ended)


@transaction.atomic
def _one_slice(bulk_id: int) -> bool:
    """The next members; False where there is nothing left to do, or another process is at it."""
    free = Bulk.objects.select_for_update(of=("self",), skip_locked=True)
    bulk = free.select_related("project", "actor", "undoes").filter(pk=bulk_id, state__in=_AT_WORK).first()
    if bulk is None:
        return False
    members = list(bulk.members.filter(pk__gt=bulk.cursor).order_by("pk")[:SLICE])
    if members:
        _count(bulk, _taken_back(bulk, members) if bulk.undoes else _decided(bulk, members))
        bulk.cursor = members[-1].pk
    bulk.state = BulkState.RUNNING
    bulk.heartbeat_at = timezone.now()
    if len(members) < SLICE:
        bulk.state, bulk.finished_at = BulkState.FINISHED, bulk.heartbeat_at
    bulk.save(
        update_fields=["done", "conflicts", "refused", "cursor", "state", "heartbeat_at", "finished_at"]
    )
    return bulk.state == BulkState.RUNNING


def _count(bulk: Bulk, part: tuple[int, Mapping[int, str], Mapping[int, str]]) -> None:
    """Add up what became of a slice, and write down the reasons: number done, conflicts, refusals by item."""
    done, conflicts, refused = part
    bulk.done += done
    bulk.conflicts += len(conflicts)
    bulk.refused += len(refused)
    left = {**conflicts, **refused}
    if left:
        with connection.cursor() as cursor:
            cursor.execute(_PROBLEMS, [list(left), list(left.values()), bulk.pk])


# Deciding


def _decided(bulk: Bulk, members: Sequence[BulkMember]) -> tuple[int, dict[int, str], dict[int, str]]:
    choice = Choice(Decide(bulk.action) if bulk.action else None, bulk.args)
    kind, versions = CaseKind(bulk.kind), {m.item_id: m.version for m in members}
    plain = _plain(bulk, kind, choice, versions)
    acts = Counter(plain_acts.settle(bulk.project, kind, choice, plain, user=bulk.actor, batch=bulk.batch))
    known = {item.pk for item in plain}
    others = [pk for pk in versions if pk not in known]
    batch = (
        services.settle_items(
            bulk.project, others, choice, user=bulk.actor, client_key=bulk.batch, versions=versions
        )
        if others
        else Batch(bulk.batch)
    )
    acts += Counter(str(d.action) for d in batch.decided)
    _tell(bulk, acts)
    return (
        acts.total(),
        {c.item.pk: c.sentence for c in batch.conflicts},
        {r.item.pk: r.sentence for r in batch.refused},
    )


def _plain(bulk: Bulk, kind: CaseKind, choice: Choice, versions: Mapping[int, int]) -> list[Light]:
    """The cases that nobody touched or holds and whose act needs nothing of them; locked, in order."""
    rows = ReviewItem.objects.filter(pk__in=versions, project=bulk.project).select_for_update().order_by("pk")
    items = [Light(*row) for row in rows.values_list(*_LIGHT)]
    held = holds.held_by_others(bulk.project, list(versions), bulk.actor)
    return [
        item
        for item in items
        if item.version == versions[item.pk]
        and item.pk not in held
        and plain_acts.is_plain(kind, choice, item)
    ]


def _tell(bulk: Bulk, acts: Counter[str]) -> None:
    if acts:
        sentence = f"Decided {acts.total():,} cases at once."
        facts = {"acts": dict(acts), "bulk": bulk.pk}
        trail.append(bulk.project, bulk.actor, "decide", "review_batch", bulk.batch, sentence, facts)


# Taking back


def _taken_back(bulk: Bulk, members: Sequence[BulkMember]) -> tuple[int, dict[int, str], dict[int, str]]:
    assert bulk.undoes is not None
    chosen = decisions_of(bulk.project, bulk.undoes.batch)
    # A run may have been started from these decisions since the last slice.
    check_can_undo(bulk.project, chosen)
    ids = list(chosen.filter(item__in=[m.item_id for m in members]).values_list("pk", flat=True))
    also: Any = set(bulk.args.get("also", ()))
    part = undo_decisions(bulk.project, ids, user=bulk.actor, client_key=bulk.batch, also=also)
    left = {c.item.pk: c.sentence for c in part.conflicts}
    return len({d.item_id for d in part.undone}), left, {}
