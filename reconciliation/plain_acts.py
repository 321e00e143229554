"""Decides many cases by acts that need nothing of another case: one statement writes them. Most need nothing of their
own either, and no evidence is read. The arguments pass the same checks as those of one decision.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from migrator.engine.canonical import canonical_json
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation import dependence
from reconciliation.arguments import InvalidDecisionError, validated
from reconciliation.choices import ItemState
from reconciliation.ends import Ends
from reconciliation.models import ReviewItem
from reconciliation.outcomes import Choice
from reconciliation.policies import check_can_decide
from reconciliation.writing import hold_off_waivers, keys_for, state_for

# Acts whose checks look at what was entered alone. A test holds this to `arguments` and `policies`.
PLAIN = frozenset(
    {
        Decide.NAME_ONLY,
        Decide.KEEP_APART,
        Decide.KEEP,
        Decide.DROP,
        Decide.RESTRICT,
        Decide.RESTRICT_ALL,
        Decide.SKIP,
        Decide.UNSURE,
    }
)
# Suggested acts whose checks look at the case's own evidence besides, and at where the profiles end (`ends`).
OWN = frozenset(
    (kind, Decide.MERGE) for kind in (CaseKind.NO_EMAIL, CaseKind.DUPLICATE, CaseKind.ORGANIZATION)
)
# The inventory is told of every type that is settled, one by one.
_OTHERWISE = (CaseKind.TYPE_CONFLICT,)

_WRITE = """
with given as (
    select * from unnest(%(ids)s::bigint[], %(args)s::jsonb[], %(keys)s::uuid[]) as given (id, args, client_key)
), settled as (
    update reconciliation_reviewitem item
    set state = %(state)s, action = %(action)s, args = given.args, decided_by_id = %(user)s,
        decided_at = %(now)s, touched_at = %(now)s, lock_version = lock_version + 1,
        opened_at = case when item.state = 'decided' and %(undecided)s then %(now)s else opened_at end
    from given where item.id = given.id
    returning item.id, item.evidence_sha, given.args, given.client_key
)
insert into reconciliation_decision
    (project_id, item_id, action, args, evidence_sha, actor_id, at, client_key, batch, reason)
select %(project)s, id, %(action)s, args, evidence_sha, %(user)s, %(now)s, client_key, %(batch)s,
    coalesce(args->>'reason', '')
from settled order by id
"""


@dataclass(frozen=True, slots=True)
class Light:
    """What is known of a case without reading it; locked by the caller."""

    pk: int
    version: int
    state: str
    suggested_action: str
    suggested_args: Mapping[str, Any]
    # As a check of the case has them; None where they are still to be checked, which is the same for many.
    clean: Mapping[str, Any] | None = None


def is_plain(kind: CaseKind, choice: Choice, item: Light) -> bool:
    """Whether this act on this case is one of those; the state leaves no question either."""
    action = choice.action or (Decide(item.suggested_action) if item.suggested_action else None)
    parked_again = action == Decide.UNSURE and item.state == ItemState.UNSURE
    return action in PLAIN and kind not in _OTHERWISE and item.state != ItemState.GONE and not parked_again


def those_that_are_plain(
    _project: Project, kind: CaseKind, choice: Choice, items: Collection[Light]
) -> Iterator[Light]:
    return (item for item in items if is_plain(kind, choice, item))


def checked_by_their_own(
    project: Project, kind: CaseKind, choice: Choice, items: Collection[Light]
) -> Iterator[Light]:
    """Those whose suggested act needs little more than their own evidence, with what a single decision would write.

    What cannot take it is left out: whoever decides it alone says why.
    """
    wanted = {i.pk: i for i in items if _is_own(kind, choice, i)}
    if not wanted:
        return
    dependence.lock(project.pk)
    known = ReviewItem.objects.filter(pk__in=wanted).order_by("pk")
    rows = list(known.values_list("pk", "key", "title", "evidence"))
    case, ends = ReviewItem(project=project, kind=kind.value), Ends(project.pk, kind)
    ends.expect([key for _, key, _, _ in rows])
    ends.expect(str(item.suggested_args.get("into") or "") for item in wanted.values())
    case.ends = ends  # type: ignore[attr-defined]  # shared by the batch
    for pk, key, title, evidence in rows:
        item = wanted[pk]
        action = Decide(item.suggested_action)
        case.pk, case.key, case.title, case.evidence, case.state = pk, key, title, evidence, item.state
        with suppress(RefusedError, InvalidDecisionError):
            check_can_decide(case, action)
            case.args = validated(case, action, choice.args or item.suggested_args)
            case.action, case.state = action, ItemState.DECIDED
            ends.learn(case)
            yield replace(item, clean=case.args)


def _is_own(kind: CaseKind, choice: Choice, item: Light) -> bool:
    if not item.suggested_action or (choice.action and choice.action != item.suggested_action):
        return False
    return (kind, Decide(item.suggested_action)) in OWN


def settle(
    project: Project, kind: CaseKind, choice: Choice, items: Collection[Light], *, user: Any, batch: UUID
) -> dict[str, int]:
    """Write the decisions; returns how many by act. Raises InvalidDecisionError where what was entered is no good."""
    by_act: dict[Decide, list[Light]] = {}
    for item in items:
        by_act.setdefault(choice.action or Decide(item.suggested_action), []).append(item)
    for action, given in by_act.items():
        _write(project, action, _checked(project, kind, action, choice, given), user=user, batch=batch)
    return {action.value: len(given) for action, given in by_act.items()}


def _checked(
    project: Project, kind: CaseKind, action: Decide, choice: Choice, given: list[Light]
) -> list[tuple[int, Jsonb]]:
    """Each distinct set of arguments goes through the check of a single decision."""
    case = ReviewItem(project=project, kind=kind.value)
    clean: dict[str, Jsonb] = {}
    checked = []
    for item in given:
        if item.clean is not None:
            checked.append((item.pk, Jsonb(item.clean)))
            continue
        args = choice.args or (item.suggested_args if action == item.suggested_action else {})
        spelled = canonical_json(dict(args)) if args else ""
        if spelled not in clean:
            clean[spelled] = Jsonb(validated(case, action, args))
        checked.append((item.pk, clean[spelled]))
    return checked


def _write(
    project: Project, action: Decide, given: list[tuple[int, Jsonb]], *, user: Any, batch: UUID
) -> None:
    state = state_for(action)
    if state != ItemState.DECIDED:
        hold_off_waivers(project)
    now: datetime = timezone.now()
    values = {
        "ids": [pk for pk, _ in given],
        "args": [args for _, args in given],
        "keys": keys_for(project.pk, batch, [pk for pk, _ in given]),
        "state": state.value,
        "undecided": state != ItemState.DECIDED,
        "action": action.value,
        "user": user.pk,
        "now": now,
        "project": project.pk,
        "batch": batch,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
