"""Who is to look at which cases. It settles nothing and changes no version: everybody may still decide."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from migrator import policies as roles
from migrator import trail
from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation.choices import KINDS
from reconciliation.filters import Filters
from reconciliation.models import ReviewItem
from reconciliation.outcomes import name_of
from reconciliation.queries import open_items_of

# The page's order goes round the people, so that each of them gets as much of what matters.
_SHARE = """
update reconciliation_reviewitem item
set assigned_to_id = (%s::bigint[])[(1 + (shared.number - 1) %% %s)::int]
from (select id, row_number() over () as number from ({matching}) matching (id)) shared
where item.id = shared.id
returning item.assigned_to_id
"""


@transaction.atomic
def assign(project: Project, items: QuerySet[ReviewItem], to: Any | None, *, by: Any) -> int:
    """Give these cases of the project to a person, or to nobody; returns how many changed hands.

    Raises RefusedError where either of the two may not decide cases.
    """
    roles.check_can_decide_items(by, project)
    _check_may_decide(project, [to] if to else [])
    chosen = project.review_items.filter(pk__in=items.order_by().values("pk"))
    changed = chosen.exclude(assigned_to=to) if to else chosen.filter(assigned_to__isnull=False)
    count = changed.update(assigned_to=to)
    if count:
        sentence = f"Assigned {count:,} {'case' if count == 1 else 'cases'}."
        facts = {"to": to.pk if to else None, "cases": count}
        trail.append(project, by, "assign", "queue", "", sentence, facts)
    return count


@transaction.atomic
def share_evenly(
    project: Project, kind: CaseKind, query: str, people: Sequence[Any], *, by: Any
) -> dict[int, int]:
    """Deal all cases that match out to these people in turn; returns how many each of them has got, by id.

    Raises RefusedError where nobody was chosen, or one of them may not decide cases.
    """
    roles.check_can_decide_items(by, project)
    chosen = list({person.pk: person for person in people}.values())
    if not chosen:
        raise RefusedError("Nobody was chosen. Choose at least one person.")
    _check_may_decide(project, chosen)
    rows = open_items_of(project, kind, Filters.from_query(query)).values_list("pk")
    matching, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        ids = [person.pk for person in chosen]
        cursor.execute(_SHARE.format(matching=matching), [ids, len(ids), *params])
        dealt = dict(Counter(pk for (pk,) in cursor.fetchall()))
    if dealt:
        sentence = f"Shared {sum(dealt.values()):,} {KINDS[kind].nouns} between {len(chosen)}."
        facts = {"cases": {str(pk): count for pk, count in dealt.items()}}
        trail.append(project, by, "assign", "queue", kind.value, sentence, facts)
    return {person.pk: dealt.get(person.pk, 0) for person in chosen}


def _check_may_decide(project: Project, people: Sequence[Any]) -> None:
    for person in people:
        role = roles.role_of(person, project)
        if role is None or role not in roles.ALLOWED["decide_items"]:
            raise RefusedError(f"{name_of(person)} cannot decide cases here. Choose somebody who can.")
