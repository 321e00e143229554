"""What groups, counts, filters and fences need to know of every row of a version, in one query and without the
rows' proposals and values.

A page shows a hundred rows and counts all of them; only those that it shows are read whole (`queries.rows_in`).
"""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from mapping_review.choices import UNDECIDED, Group
from mapping_review.measuring import Loss
from mapping_review.models import MapVersion
from mapping_review.queries import group_of
from mapping_review.sameness import is_same
from migrator.engine.field_map import rule_from_json
from migrator.engine.inventory import SourceField, SourceKind, ValueType, Variant

_ORDER = {group: place for place, group in enumerate(Group)}
# The proposal is read once for each row (jsonb_to_record), because each look into it unpacks it whole. What belongs to
# a row is looked up for the row (lateral, limit or count): as a plain join, statistics from before a discovery made the
# database compare every row with every field, 48 s for five thousand.
STATEMENT = """
with newest as (
    select id from migrator_discovery where project_id = %(project)s and completed_at is not null
    order by completed_at desc limit 1
)
select d.id, d.source_key, d.name, d.kind, d.state, d.confidence, d.lock_version, d.lapsed,
    case when d.state = 'proposed' then p.rule::text end, p.flags::text, coalesce(p.abstained, false),
    f.conflict, coalesce(t.settled, ''), f.filled, c.count,
    d.bulk and d.state in ('approved', 'skipped') and exists (
        select 1 from mapping_review_secondlook l where l.decision_id = d.id and l.answered_at is null
            and not exists (select 1 from mapping_review_decisionevent u where u.undoes_id = l.event_id)
    ),
    m.losses::text, e.rule::text
from mapping_review_fielddecision d
cross join lateral jsonb_to_record(d.proposal) as p(rule jsonb, flags jsonb, abstained boolean)
left join lateral (
    select v.conflict, (
        select coalesce(sum((each ->> 'filled')::bigint), 0) from jsonb_array_elements(v.variants) each
    ) filled
    from migrator_sourcefieldrow r cross join lateral jsonb_to_record(r.payload) as v(conflict boolean, variants jsonb)
    where r.discovery_id = (select id from newest) and r.key = d.source_key limit 1
) f on true
left join lateral (
    select settled from migrator_typesettlement where project_id = %(project)s and key = d.source_key limit 1
) t on true
left join lateral (
    select rule from mapping_review_precedent where project_id = %(project)s and source_key = d.source_key limit 1
) e on true
cross join lateral (
    select count(*) from mapping_review_comment
    where project_id = %(project)s and source_key = d.source_key and withdrawn_at is null
) c
cross join lateral (
    select jsonb_object_agg(rule_sha, jsonb_build_array(emptied, changed, seen)) losses
    from mapping_review_measuredpreview
    where discovery_id = (select id from newest) and source_key = d.source_key and counted_at is not null
) m
where d.version_id = %(version)s
"""


@dataclass(frozen=True)
class Outline:
    """A row without its values. It stands in for a FieldDecision where only these columns are asked for."""

    pk: int
    source_key: str
    name: str
    kind: str
    state: str
    confidence: float
    lock_version: int
    lapsed: str
    rule: str
    flags: str
    abstained: bool
    # None where the current discovery no longer has the field.
    conflict: bool | None
    settled: str
    filled: int
    comments: int
    waits_for_second_look: bool
    losses: str
    precedent: str

    @cached_property
    def proposal(self) -> dict[str, Any]:
        """What the fences look at of a proposal."""
        return {
            "rule": json.loads(self.rule) if self.rule else None,
            "flags": json.loads(self.flags or "[]"),
            "abstained": self.abstained,
        }

    @cached_property
    def source(self) -> SourceField:
        """The source field with its counts and none of its values."""
        counted = Variant("", "", "", "", self.filled, 0, {}, (), ValueType.TEXT)
        return SourceField(
            self.source_key, SourceKind(self.kind), self.name, variants=(counted,),
            conflict=bool(self.conflict), settled=self.settled if self.conflict else "",
        )  # fmt: skip

    @cached_property
    def group(self) -> Group:
        return group_of(self.state, self.kind, self.source)

    @property
    def is_undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def place(self) -> tuple[int, float, str]:
        """Where the row stands on the page: conflicts, least certain first, a person's own, settled."""
        return (_ORDER[self.group], self.confidence, self.source_key)

    @cached_property
    def contradicts_precedent(self) -> bool:
        if not (self.precedent and self.rule):
            return False
        return not is_same(rule_from_json(self.proposal["rule"]), rule_from_json(json.loads(self.precedent)))

    def counted(self) -> dict[tuple[str, str], Loss]:
        """What is known of the losses of this row's rules, as `measuring.losses` gives it."""
        known: dict[str, list[int]] = json.loads(self.losses) if self.losses else {}
        return {(self.source_key, sha): Loss(*counts) for sha, counts in known.items()}


def outlines_of(version: MapVersion) -> list[Outline]:
    """All rows in the order of the page. One query, whatever their number."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"project": version.project_id, "version": version.pk})
        rows = cursor.fetchall()
    return sorted((_outline(row) for row in rows), key=lambda row: row.place)


def _outline(row: tuple[Any, ...]) -> Outline:
    *first, filled, comments, looks, losses, precedent = row
    columns: tuple[Any, ...] = (*first, int(filled or 0), comments, looks, losses or "", precedent or "")
    return Outline(*columns)
