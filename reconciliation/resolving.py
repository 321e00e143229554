"""The queue as the planner takes it: what is settled, what is still to be decided, and whom that holds back."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.models import Project
from reconciliation.choices import UNDECIDED_STATES, ItemState

# The evidence is read only where the planner needs a part of it, and only that part leaves the database.
_HELD = """
select distinct member ->> %(part)s from reconciliation_reviewitem,
    jsonb_array_elements(case jsonb_typeof(evidence -> 'members') when 'array' then evidence -> 'members'
        else '[]' end) member
where project_id = %(project)s and kind = %(kind)s and state = any(%(states)s)
"""
_KNOWN = """
select key, (select jsonb_agg(member ->> 'name') from jsonb_array_elements(evidence -> 'members') member)::text
from reconciliation_reviewitem
where project_id = %(project)s and kind = %(kind)s and state = 'decided'
    and jsonb_typeof(evidence -> 'members') = 'array'
"""


def resolutions_for(project: Project) -> Resolutions:
    """Every settled case as a value, the keys of the undecided ones, and the profiles and companies in them."""
    undecided = project.review_items.filter(state__in=UNDECIDED_STATES).values_list("kind", "key")
    return Resolutions(
        _settled(project),
        ((CaseKind(kind), key) for kind, key in undecided.iterator()),
        held=_parts(project, CaseKind.DUPLICATE, "source_key"),
        held_companies=_parts(project, CaseKind.ORGANIZATION, "name"),
    )


def _settled(project: Project) -> Iterator[Resolution]:
    rows = project.review_items.filter(state=ItemState.DECIDED)
    known = _known_names(project)
    for kind, key, action, args in rows.values_list("kind", "key", "action", "args").iterator():
        more = {"known": known[key]} if kind == CaseKind.ORGANIZATION and key in known else {}
        yield Resolution(CaseKind(kind), key, Decide(action), args | more)


def _known_names(project: Project) -> Mapping[str, list[str]]:
    rows = _rows(_KNOWN, project, CaseKind.ORGANIZATION)
    return {key: [name for name in json.loads(names) if name] for key, names in rows if names}


def _parts(project: Project, kind: CaseKind, part: str) -> list[str]:
    states = [state.value for state in UNDECIDED_STATES]
    return [row[0] for row in _rows(_HELD, project, kind, part=part, states=states) if row[0]]


def _rows(sql: str, project: Project, kind: CaseKind, **more: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"project": project.pk, "kind": kind.value} | more)
        return list(cursor.fetchall())
