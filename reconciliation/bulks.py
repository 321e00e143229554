"""One act on every case that matches a filter: the snapshot, its progress, and its undo.

A request names a filter, never cases. What it matched is written down at once, with the version of each case; the
work goes through that list in slices (`bulk_slices`), survives the loss of a process, and is undone as one.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from migrator import policies as roles
from migrator import trail
from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation import policies
from reconciliation.arguments import InvalidDecisionError
from reconciliation.bulk_slices import work
from reconciliation.choices import KINDS, BulkState
from reconciliation.filters import Filters
from reconciliation.models import Bulk, BulkMember, Rule
from reconciliation.outcomes import Choice
from reconciliation.queries import open_items_of
from reconciliation.undo import check_can_undo, decisions_of

__all__ = [
    "at_work",
    "due",
    "pause",
    "problems",
    "resume",
    "set_waker",
    "start",
    "stop",
    "undo",
    "work",
]

# So many are worked within the request; more go to the background.
INLINE = 500
# A bulk that gave no sign for so long is waked again.
QUIET = timedelta(seconds=10)
LONGEST_QUERY = 1000

AT_WORK = (BulkState.QUEUED, BulkState.RUNNING)
_ENDED = (BulkState.FINISHED, BulkState.STOPPED)

_wakers: list[Callable[[int], None]] = []


def set_waker(waker: Callable[[int], None]) -> None:
    """Composition names the one function that sends a wake-up; without it the sweeper or a test works a bulk."""
    _wakers[:] = [waker]


def _wake(bulk: Bulk) -> None:
    for waker in _wakers:
        transaction.on_commit(partial(waker, bulk.pk), robust=True)


# Starting


def start(  # noqa: PLR0913 (what a person saw and chose, in one request)
    project: Project,
    kind: CaseKind,
    query: str,
    seen_at: datetime,
    choice: Choice,
    *,
    user: Any,
    client_key: UUID,
    rule: Rule | None = None,
    expected: int | None = None,
) -> Bulk:
    """Decide all cases that match `query` and were not touched since `seen_at`. The same key gives the same bulk.

    `expected` is the number that the person saw: fewer may have been left by then, more are refused; None where
    the page knew no exact number. Raises RefusedError by role, InvalidDecisionError where nothing matches, the
    number grew, or no case of this kind can take the act. Up to 500 cases are decided before it returns.
    """
    roles.check_can_decide_items(user, project)
    if earlier := _answered_before(project, client_key, user):
        return earlier
    _check_act(kind, query, choice)
    with transaction.atomic():
        bulk = Bulk.objects.create(
            project=project,
            kind=kind.value,
            query=query,
            seen_at=seen_at,
            action=choice.action.value if choice.action else "",
            args=dict(choice.args),
            rule=rule,
            actor=user,
            client_key=client_key,
            batch=uuid4(),
        )
        planned = _take_snapshot(bulk, expected)
        _begin(bulk, planned, f"Started to decide {planned:,} cases at once.")
    return _worked_if_small(bulk)


def _answered_before(project: Project, client_key: UUID, user: Any) -> Bulk | None:
    earlier = Bulk.objects.filter(project=project, client_key=client_key).first()
    if earlier and earlier.actor_id != user.pk:
        raise InvalidDecisionError("client_key", "This request was used for another bulk. Start again.")
    return earlier


def _check_act(kind: CaseKind, query: str, choice: Choice) -> None:
    if len(query) > LONGEST_QUERY:
        raise InvalidDecisionError("query", "That filter is too long. Use fewer words.")
    if choice.action and (refusal := policies.refusal_for_kind(kind, choice.action)):
        raise InvalidDecisionError("action", refusal)


def _take_snapshot(bulk: Bulk, expected: int | None) -> int:
    filters = Filters.from_query(bulk.query)
    matching = open_items_of(bulk.project, CaseKind(bulk.kind), filters).filter(touched_at__lte=bulk.seen_at)
    seen, params = matching.order_by("pk").values_list("pk", "lock_version").query.sql_with_params()
    rows = f"select %s, id, version, '' from ({seen}) seen (id, version)"  # noqa: S608 (values are bound)
    planned = _insert_members(rows, [bulk.pk, *params])
    if not planned:
        raise InvalidDecisionError("query", "No case matches any more. Nothing was changed.")
    if expected is not None and planned > expected:
        raise InvalidDecisionError(
            "expected", f"{planned:,} cases match now, and you saw {expected:,}. Look at the preview again."
        )
    return planned


def _insert_members(rows: str, params: list[Any]) -> int:
    """The snapshot is taken where the cases lie; not one id travels."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into reconciliation_bulkmember (bulk_id, item_id, version, problem) {rows}", params
        )
        return int(cursor.rowcount)


def _begin(bulk: Bulk, planned: int, sentence: str) -> None:
    bulk.planned = planned
    bulk.save(update_fields=["planned"])
    facts = {"bulk": bulk.pk, "kind": bulk.kind, "planned": planned}
    if bulk.rule_id:
        facts["rule"] = bulk.rule_id
    trail.append(bulk.project, bulk.actor, "start", "review_bulk", bulk.pk, sentence, facts)
    if planned > INLINE:
        _wake(bulk)


def _worked_if_small(bulk: Bulk) -> Bulk:
    if bulk.planned <= INLINE:
        while work(bulk.pk):
            pass
    bulk.refresh_from_db()
    return bulk


# Taking back


def undo(bulk: Bulk, user: Any, client_key: UUID, *, also: Collection[int] = ()) -> Bulk:
    """Take back all that a bulk decided, in the background as it was done; returns the bulk that does it.

    What was decided again later is left and listed, unless its item's id is in `also`. Raises RefusedError
    where the bulk is still at work, nothing of it stands, or a run was started from it.
    """
    roles.check_can_decide_items(user, bulk.project)
    if earlier := _answered_before(bulk.project, client_key, user):
        return earlier
    with transaction.atomic():
        bulk = Bulk.objects.select_for_update(of=("self",)).select_related("project").get(pk=bulk.pk)
        if bulk.state not in _ENDED:
            raise RefusedError("This is still at work. Stop it first, then undo what it did.", bulk=bulk.pk)
        check_can_undo(bulk.project, decisions_of(bulk.project, bulk.batch))
        back = Bulk.objects.create(
            project=bulk.project,
            kind=bulk.kind,
            seen_at=timezone.now(),
            args={"also": sorted(also)} if also else {},
            undoes=bulk,
            actor=user,
            client_key=client_key,
            batch=uuid4(),
        )
        _begin(back, _list_decided(back), "Started to undo what was decided at once.")
    return _worked_if_small(back)


def _list_decided(back: Bulk) -> int:
    assert back.undoes is not None
    rows = decisions_of(back.project, back.undoes.batch).filter(undone_by__isnull=True)
    decided, params = rows.order_by("pk").values_list("item").query.sql_with_params()
    members = f"select %s, item, 0, '' from ({decided}) decided (item)"  # noqa: S608 (values are bound)
    planned = _insert_members(members, [back.pk, *params])
    if not planned:
        raise RefusedError("All of it was undone already. Nothing was changed.", bulk=back.undoes_id)
    return planned


# Steering


def pause(bulk: Bulk, user: Any) -> Bulk:
    """Stop after the slice that is under way; `resume` goes on behind it."""
    return _move(bulk, user, AT_WORK, BulkState.PAUSED, "pause")


def resume(bulk: Bulk, user: Any) -> Bulk:
    return _move(bulk, user, (BulkState.PAUSED,), BulkState.RUNNING, "resume")


def stop(bulk: Bulk, user: Any) -> Bulk:
    """End it for good. What was decided stands, and one undo takes it back."""
    return _move(bulk, user, (*AT_WORK, BulkState.PAUSED), BulkState.STOPPED, "stop")


def _move(bulk: Bulk, user: Any, before: tuple[BulkState, ...], after: BulkState, verb: str) -> Bulk:
    roles.check_can_decide_items(user, bulk.project)
    with transaction.atomic():
        bulk = Bulk.objects.select_for_update(of=("self",)).select_related("project").get(pk=bulk.pk)
        if bulk.state not in before:
            state = bulk.get_state_display().lower()
            raise RefusedError(
                f"You cannot {verb} this now: it is {state}. Nothing was changed.", bulk=bulk.pk
            )
        bulk.state = after
        bulk.finished_at = timezone.now() if after in _ENDED else None
        bulk.save(update_fields=["state", "finished_at"])
        past = {"pause": "Paused", "resume": "Resumed", "stop": "Stopped"}[verb]
        noun = KINDS[CaseKind(bulk.kind)].nouns
        trail.append(bulk.project, user, verb, "review_bulk", bulk.pk, f"{past} deciding {noun} at once.")
        if after == BulkState.RUNNING:
            _wake(bulk)
    return bulk


# Reading


def due() -> list[int]:
    """Bulks that should be worked on now and gave no sign lately, for the sweeper."""
    quiet = Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=timezone.now() - QUIET)
    return list(
        Bulk.objects.filter(quiet, state__in=AT_WORK).order_by("pk").values_list("pk", flat=True)[:10]
    )


def at_work(project: Project) -> list[Bulk]:
    """What a person of this project may want to look after: not ended yet."""
    return list(project.bulks.exclude(state__in=_ENDED).order_by("pk"))


def problems(bulk: Bulk, *, after: int = 0, size: int = 50) -> list[BulkMember]:
    """Cases that were left as they are, with the reason, by key."""
    rows = bulk.members.filter(pk__gt=after).exclude(problem="").select_related("item").order_by("pk")
    return list(rows.defer("item__evidence", "item__suggestion")[:size])
