"""Takes back many decisions that nothing else was decided upon: each case is open again, and one statement says so.

What has an older decision to give back, a later one in the way, or more to tell than the case, goes through `undo`.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from migrator import trail
from migrator.engine.cases import CaseKind
from migrator.models import Project
from reconciliation.choices import ACTIONS, KINDS
from reconciliation.models import Decision, ReviewItem
from reconciliation.writing import hold_off_waivers, keys_for, locked

# The inventory is told of every type that is open again, one by one.
_OTHERWISE = (CaseKind.TYPE_CONFLICT.value,)

# The rows of the cases are locked by then, so no decision can be added meanwhile.
_PLAIN = """
select taken.id from reconciliation_decision taken join reconciliation_reviewitem item on item.id = taken.item_id
where taken.id = any(%(ids)s::bigint[]) and item.kind <> all(%(otherwise)s::text[])
    and item.evidence_sha = taken.evidence_sha
    and not exists (select from reconciliation_decision back where back.undoes_id = taken.id)
    and not exists (
        select from reconciliation_decision other where other.item_id = taken.item_id and other.id <> taken.id
            and other.undoes_id is null
            and not exists (select from reconciliation_decision back where back.undoes_id = other.id))
order by taken.id
"""
_WRITE = """
with given as (
    select taken.id, taken.item_id, taken.action, given.client_key
    from unnest(%(ids)s::bigint[], %(keys)s::uuid[]) as given (id, client_key)
    join reconciliation_decision taken using (id)
), opened as (
    update reconciliation_reviewitem item
    set state = case when item.state = 'gone' then 'gone' else 'open' end, action = '', args = '{}',
        decided_by_id = null, decided_at = null, touched_at = %(now)s, lock_version = lock_version + 1,
        opened_at = case when item.state = 'decided' then %(now)s else opened_at end
    from given where item.id = given.item_id
    returning item.id item_id, item.kind, item.evidence_sha, given.id, given.action, given.client_key
)
insert into reconciliation_decision
    (project_id, item_id, action, args, evidence_sha, actor_id, at, client_key, batch, undoes_id, reason)
select %(project)s, item_id, '', '{}', evidence_sha, %(user)s, %(now)s, client_key, %(batch)s, opened.id,
    'Undid: ' || kinds.word || ', ' || acts.word
from opened
join unnest(%(kinds)s::text[], %(kind_words)s::text[]) as kinds (kind, word) on kinds.kind = opened.kind
join unnest(%(acts)s::text[], %(act_words)s::text[]) as acts (action, word) on acts.action = opened.action
order by opened.id
"""
_WORDS = {
    "kinds": [kind.value for kind in KINDS],
    "kind_words": [words.label.lower() for words in KINDS.values()],
    "acts": [act.value for act in ACTIONS],
    "act_words": [words.past for words in ACTIONS.values()],
}


def take_back(project: Project, ids: Collection[int], *, user: Any, client_key: UUID) -> set[int]:
    """Undo those of these decisions that are so plain, inside the caller's transaction; returns their ids.

    Checks no role; locks the cases of all of them.
    """
    hold_off_waivers(project)
    items = ReviewItem.objects.filter(pk__in=Decision.objects.filter(pk__in=ids).values("item"))
    list(locked(items).order_by("pk").values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(_PLAIN, {"ids": list(ids), "otherwise": list(_OTHERWISE)})
        plain = [pk for (pk,) in cursor.fetchall()]
        if plain:
            keys = keys_for(project.pk, client_key, plain)
            values = {"ids": plain, "keys": keys, "project": project.pk, "user": user.pk, "batch": client_key}
            cursor.execute(_WRITE, {**values, "now": timezone.now(), **_WORDS})
            sentence = f"Undid {len(plain):,} {'decision' if len(plain) == 1 else 'decisions'}."
            trail.append(project, user, "undo", "review_batch", client_key, sentence, {"undone": len(plain)})
    return set(plain)
