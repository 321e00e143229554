"""Computes the plan of a run from staged data: page by page, every source record into exactly one operation.

Reads and writes only our own database; a second computation from the same state gives the same checksum.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from django.db import transaction

from migrator import ledger, staging
from migrator.engine.inventory import TargetObject
from migrator.engine.operations import Act, PlannedOperation
from migrator.engine.phases import fate as fates
from migrator.engine.phases import histories, match
from migrator.engine.phases import plan as plans
from migrator.engine.phases.transform import Transformed, transform
from migrator.engine.records import Event, Kind, TargetRecord
from migrator.models import Run, RunPhase, StagedEvent, StagedProfile
from migrator.runner import held_back, pricing
from migrator.runner.deciding import decide
from migrator.runner.desks import Desk, desk_for
from migrator.runner.existing import Existing, by_marker, match_person, matched
from migrator.runner.job import AGAIN, Job, Step


def plan(job: Job) -> Step:
    """One page of profiles, or the end of the plan.

    1. decide each profile's fate; 2. transform those to be written; 3. match with what is there;
    4. store operations and the cursor in one transaction; at the end: schema, checksum, price.
    """
    desk = desk_for(job)
    after = str(job.phase.cursor.get("after", ""))
    page = next(staging.iter_profiles(desk.discovery, after=after), None)
    if page is None:
        return _conclude(job, desk)
    with transaction.atomic():
        ledger.add(job.run, _operations_of(page, desk))
        _save_cursor(job.phase, desk, page[-1].source_key, len(page))
    return AGAIN


def _save_cursor(phase: RunPhase, desk: Desk, after: str, count: int) -> None:
    phase.cursor = {
        "after": after,
        "used": desk.used.to_json(),
        "tally": dict(desk.tally),
        "decisions": _decisions_of(phase, desk),
    }
    phase.done += count
    phase.save(update_fields=["cursor", "done"])


def _decisions_of(phase: RunPhase, desk: Desk) -> str:
    """The checksum of the decisions that every page of the plan was made with. A case that was decided while the
    plan was computed leaves one that nothing has, so that the plan is not approved."""
    before, now = phase.cursor.get("decisions"), desk.decisions.resolutions.checksum
    return now if before in (None, now) else "changed while planning"


def _operations_of(page: Sequence[StagedProfile], desk: Desk) -> list[PlannedOperation]:
    decided = decide(page, desk)
    made = {
        key: transform(group, decided.fates[key].supplied, desk.context)
        for key, group in decided.groups.items()
    }
    existing = Existing(desk, made.values(), (decided.fates[key].target_id for key in made))
    operations = [op for key in made for op in _written(key, decided.fates[key], made[key], existing, desk)]
    operations += [_accounted(key, fate) for key, fate in decided.fates.items() if fate.act != Act.CREATE]
    persons = {op.key: op for op in operations if op.kind == Kind.PERSON}
    held_back.count(page, persons, desk.tally)
    operations += _histories(page, decided.fates, persons, desk)
    return operations


def _accounted(key: str, fate: fates.Fate) -> PlannedOperation:
    return PlannedOperation(Kind.PERSON, key, fate.act, reason=fate.reason, parent=fate.parent)


def _written(
    key: str, fate: fates.Fate, made: Transformed, existing: Existing, desk: Desk
) -> Iterator[PlannedOperation]:
    person = match_person(key, fate, made.person, existing, desk)
    yield person
    if not (person.act.writes or person.act == Act.UNCHANGED):
        return
    desk.used.add(made.person, desk.option_refs)
    if made.organization:
        desk.used.add(made.organization, desk.option_refs)
        yield matched(made.organization, existing.organization_for(made.organization), desk)
    for deal in made.deals:
        desk.used.add(deal, desk.option_refs)
        yield matched(deal, by_marker(deal, desk), desk)
    for source, count in made.lost.items():
        desk.tally[f"lost:{source}"] += count


def _histories(
    page: Sequence[StagedProfile],
    decided: Mapping[str, fates.Fate],
    persons: Mapping[str, PlannedOperation],
    desk: Desk,
) -> list[PlannedOperation]:
    """The events of every profile of the page; those of merged profiles go to the survivor's Person."""
    keys = {key: _whose(key, decided[key], desk) for key in (row.source_key for row in page)}
    staged = staging.events_of(desk.discovery, {key for whose in keys.values() for key in whose})
    operations: list[PlannedOperation] = []
    for key, whose in keys.items():
        found = [_event(event) for one in whose for event in staged.get(one, [])]
        act = persons[key].act
        if act in (Act.HOLD, Act.EXCLUDE):
            desk.tally["events_held" if act == Act.HOLD else "events_excluded"] += len(found)
        elif act != Act.MERGE:
            operations += _history(key, sorted(found, key=lambda e: (e.occurred_at, e.key)), desk)
    return operations


def _whose(key: str, fate: fates.Fate, desk: Desk) -> list[str]:
    """Whose events are counted here: each profile's exactly once, wherever those merged with it are."""
    if fate.act == Act.MERGE:
        return []
    return [key, *desk.decisions.merges.members(key)] if fate.act == Act.CREATE else [key]


def _history(person: str, events: Sequence[Event], desk: Desk) -> list[PlannedOperation]:
    for fidelity in histories.Fidelity:
        counted = histories.count_records(events, replace(desk.events, fidelity=fidelity))
        for kind, count in counted.items():
            desk.tally[f"option:{fidelity}:{kind}"] += count
    records = list(histories.iter_records(person, events, desk.events))
    migrated = sum(record.source_count for record in records)
    desk.tally["events_migrated"] += migrated
    desk.tally["events_excluded"] += len(events) - migrated
    return [matched(record, by_marker(record, desk), desk) for record in records]


def _event(row: StagedEvent) -> Event:
    return Event(row.event_key, row.section, row.type, row.occurred_at, row.data)


def _conclude(job: Job, desk: Desk) -> Step:
    """Schema operations, checksum and price; then the plan waits for a person."""
    objects = frozenset(_objects_written(job.run))
    catalogue = staging.target_fields(job.run.project)
    schema = plans.schema_records(desk.context.field_map, catalogue, desk.used, objects)
    custom = sum(1 for f in catalogue if f.custom)
    plans.check_field_cap(plans.count_new_fields(schema), custom, job.target.field_cap)
    with transaction.atomic():
        ledger.add(job.run, [_schema_operation(record) for record in schema])
        checksum = ledger.plan_checksum(job.run)
        summary = pricing.summary(job, desk.tally, custom_fields=custom)
        summary["decisions"] = _decisions_of(job.phase, desk)
        summary["held_back"] = held_back.summary(job.run.project, desk.tally)
        Run.objects.filter(pk=job.run.pk).update(
            plan=summary, plan_checksum=checksum, map_checksum=desk.context.field_map.checksum
        )
        pricing.set_planned(job.run)
    return Step(done=True, needs_approval=True)


def _schema_operation(record: TargetRecord) -> PlannedOperation:
    if plans.lacks_options(record):
        reason = (
            "No record that is written holds a value, and Pipedrive takes no option field without options."
        )
        return PlannedOperation(record.kind, record.key, Act.EXCLUDE, reason=reason)
    return match.create(record)


def _objects_written(run: Run) -> Iterator[TargetObject]:
    kinds = {
        Kind.PERSON: TargetObject.PERSON,
        Kind.ORGANIZATION: TargetObject.ORGANIZATION,
        Kind.DEAL: TargetObject.DEAL,
    }
    for kind, target in kinds.items():
        if run.operations.filter(kind=kind.value, act__in=[Act.CREATE.value, Act.UPDATE.value]).exists():
            yield target
