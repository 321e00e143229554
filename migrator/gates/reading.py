"""Reads what the frame of every page needs in one statement, because every page pays for it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection
from django.db.models import Model

from mapping_review.models import MapVersion
from migrator.engine.cases import CaseKind
from migrator.models import Connection, Discovery, Project, Run
from reconciliation.models import Waiver
from reconciliation.progress import KindCount

M = TypeVar("M", bound=Model)
# Older runs say nothing about where the project stands now.
RUNS_LOOKED_AT = 60
_SQL = """
with version as (
    select * from mapping_review_mapversion where project_id = %(project)s order by number desc limit 1
), cases as (
    select kind, sum(cases) filter (where state in ('open', 'unsure')) still, sum(cases) total,
        sum(cases) filter (where state = 'unsure') unsure
    from reconciliation_queuecount where project_id = %(project)s and state <> 'gone' group by kind
), newest_runs as (
    select to_jsonb(r) - 'target_lists' - 'plan' run, created_at, id
    from migrator_run r where project_id = %(project)s order by created_at desc, id desc limit %(runs)s
), newest_waiver as (
    select * from reconciliation_waiver where project_id = %(project)s and withdrawn_at is null
    order by id desc limit 1
)
select
    (select to_jsonb(v) from version v)::text,
    (select jsonb_build_array(count(*), count(*) filter (where state in ('proposed', 'rejected')))
        from mapping_review_fielddecision where version_id = (select id from version))::text,
    exists (select 1 from migrator_approval a join version v on a.checksum = v.checksum and v.state = 'signed'
        where a.project_id = %(project)s and a.subject = 'map' and a.withdrawn_at is null),
    (select jsonb_agg(to_jsonb(c) - 'sealed_secret') from migrator_connection c
        where project_id = %(project)s)::text,
    (select to_jsonb(d) from migrator_discovery d where project_id = %(project)s and completed_at is not null
        order by completed_at desc limit 1)::text,
    (select jsonb_agg(run order by created_at desc, id desc) from newest_runs)::text,
    (select jsonb_object_agg(kind, jsonb_build_array(coalesce(still, 0), total, coalesce(unsure, 0))) from cases)::text,
    (select to_jsonb(w) from newest_waiver w where not exists (
        select from reconciliation_reviewitem i where i.project_id = %(project)s and i.opened_at > w.at
            and i.state in ('open', 'unsure')))::text
"""


@dataclass(frozen=True, slots=True)
class Read:
    """`is_approved` says that a live approval of exactly the newest version's checksum exists."""

    version: MapVersion | None
    rows: int
    undecided: int
    is_approved: bool
    connections: tuple[Connection, ...]
    discovery: Discovery | None
    runs: tuple[Run, ...]
    queue: tuple[KindCount, ...]
    # The one that stands: no case opened after it.
    waiver: Waiver | None


def read(project: Project) -> Read:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"project": project.pk, "runs": RUNS_LOOKED_AT})
        *found, cases, waiver = cursor.fetchone()
    version, counts, approved, connections, discovery, runs = found
    counted: Mapping[str, tuple[int, ...]] = json.loads(cases) if cases else {}
    rows, undecided = json.loads(counts)
    return Read(
        version=_one(MapVersion, version),
        rows=rows,
        undecided=undecided,
        is_approved=approved,
        connections=tuple(_many(Connection, connections)),
        discovery=_one(Discovery, discovery),
        runs=tuple(_many(Run, runs)),
        queue=tuple(KindCount(kind, *counted.get(kind.value, (0, 0, 0))) for kind in CaseKind),
        waiver=_one(Waiver, waiver),
    )


def _one(model: type[M], raw: str | None) -> M | None:
    return next(iter(_many(model, f"[{raw}]")), None) if raw else None


def _many(model: type[M], raw: str | None) -> Iterable[M]:
    """Objects of a model from their columns as JSON; a column that is left out is read when it is asked for."""
    for columns in json.loads(raw) if raw else ():
        fields = [field for field in model._meta.concrete_fields if field.attname in columns]
        values = [field.to_python(columns[field.attname]) for field in fields]
        yield model.from_db("default", [field.attname for field in fields], values)
