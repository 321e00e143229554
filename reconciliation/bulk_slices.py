"""The work of a bulk: slices of its snapshot, each with its decisions, its trail entry and its cursor in one
transaction. So a process may die anywhere, and two of them never do the same.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import structlog
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from migrator import trail
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from reconciliation import holds, plain_acts, plain_undo, services
from reconciliation.choices import BulkState
from reconciliation.models import Bulk, ReviewItem
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


class _Member(NamedTuple):
    """A line of the snapshot: the case, and the version that the person saw."""

    pk: int
    item: int
    version: int


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
    rows = bulk.members.filter(pk__gt=bulk.cursor).order_by("pk")[:SLICE]
    members = [_Member(*row) for row in rows.values_list("pk", "item", "version")]
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


def _decided(bulk: Bulk, members: Sequence[_Member]) -> tuple[int, dict[int, str], dict[int, str]]:
    choice = Choice(Decide(bulk.action) if bulk.action else None, bulk.args)
    kind, versions = CaseKind(bulk.kind), {m.item: m.version for m in members}
    free = _free(bulk, versions)
    acts: Counter[str] = Counter()
    known: set[int] = set()
    # One after the other: whom a profile may be merged into depends on what the first part did with that one.
    for chosen in (plain_acts.those_that_are_plain, plain_acts.checked_by_their_own):
        part = list(chosen(bulk.project, kind, choice, free))
        acts.update(plain_acts.settle(bulk.project, kind, choice, part, user=bulk.actor, batch=bulk.batch))
        known.update(item.pk for item in part)
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


def _free(bulk: Bulk, versions: Mapping[int, int]) -> list[Light]:
    """The cases that nobody touched or holds; all are locked."""
    rows = ReviewItem.objects.filter(pk__in=versions, project=bulk.project).select_for_update().order_by("pk")
    items = [Light(*row) for row in rows.values_list(*_LIGHT)]
    held = holds.held_by_others(bulk.project, list(versions), bulk.actor)
    return [item for item in items if item.version == versions[item.pk] and item.pk not in held]


def _tell(bulk: Bulk, acts: Counter[str]) -> None:
    if acts:
        sentence = f"Decided {acts.total():,} cases at once."
        facts = {"acts": dict(acts), "bulk": bulk.pk}
        trail.append(bulk.project, bulk.actor, "decide", "review_batch", bulk.batch, sentence, facts)


# Taking back


def _taken_back(bulk: Bulk, members: Sequence[_Member]) -> tuple[int, dict[int, str], dict[int, str]]:
    assert bulk.undoes is not None
    chosen = decisions_of(bulk.project, bulk.undoes.batch)
    # A run may have been started from these decisions since the last slice.
    check_can_undo(bulk.project, chosen)
    ids = list(chosen.filter(item__in=[m.item for m in members]).values_list("pk", flat=True))
    plain = plain_undo.take_back(bulk.project, ids, user=bulk.actor, client_key=bulk.batch)
    others = [pk for pk in ids if pk not in plain]
    if not others:
        return len(plain), {}, {}
    also: Any = set(bulk.args.get("also", ()))
    part = undo_decisions(bulk.project, others, user=bulk.actor, client_key=bulk.batch, also=also)
    left = {c.item.pk: c.sentence for c in part.conflicts}
    return len(plain) + len({d.item_id for d in part.undone}), left, {}
