"""Computes the plan of a run from staged data: page by page, every source record into exactly one operation.

Reads and writes only our own database; a second computation from the same state gives the same checksum.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Q

from mapping_review import queries as map_queries
from migrator import ledger, staging
from migrator.engine.canonical import JsonValue
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import ConfigurationError
from migrator.engine.inventory import SourceKind, TargetObject
from migrator.engine.matching import email_key
from migrator.engine.operations import Act, PlannedOperation
from migrator.engine.phases import fate as fates
from migrator.engine.phases import histories, match
from migrator.engine.phases import plan as plans
from migrator.engine.phases.transform import Context, Known, Transformed, emails_of, name_of, transform
from migrator.engine.records import Event, Kind, Profile, TargetRecord
from migrator.models import Run, RunPhase, StagedEvent, StagedProfile, StagedTarget
from migrator.runner import pricing
from migrator.runner.job import AGAIN, Job, Step
from migrator.texts import TOOLS
from reconciliation import queries as queue_queries


@dataclass
class Desk:
    """Everything the planner decides by, frozen for one slice."""

    job: Job
    context: Context
    merges: fates.Merges
    modes: Mapping[str, Any]
    pairs: Mapping[str, str]
    events: histories.EventPlan
    option_refs: frozenset[str]
    used: plans.Used
    tally: Counter[str] = field(default_factory=Counter)

    @property
    def run(self) -> Run:
        return self.job.run

    @cached_property
    def target_knows_us(self) -> bool:
        """Whether an earlier run's markers are in the target; a first run needs no look-ups of histories."""
        return (
            self.run.discovery is not None and self.run.discovery.target_records.exclude(marker="").exists()
        )


def plan(job: Job) -> Step:
    """One page of profiles, or the end of the plan.

    1. decide each profile's fate; 2. transform those to be written; 3. match with what is there;
    4. store operations and the cursor in one transaction; at the end: schema, checksum, price.
    """
    desk = desk_for(job)
    after = str(job.phase.cursor.get("after", ""))
    assert job.run.discovery is not None
    page = next(staging.iter_profiles(job.run.discovery, after=after), None)
    if page is None:
        return _conclude(job, desk)
    with transaction.atomic():
        ledger.add(job.run, _operations_of(page, desk))
        _save_cursor(job.phase, desk, page[-1].source_key, len(page))
    return AGAIN


def desk_for(job: Job) -> Desk:
    project = job.run.project
    field_map = map_queries.approved_field_map(project)
    if field_map is None or job.run.discovery is None:
        raise ConfigurationError("The field map is no longer signed. Sign it under Mapping, then resume.")
    resolutions = queue_queries.resolutions_for(project)
    definitions = job.run.discovery.inventory.get("definitions", {})
    context = Context(
        field_map=field_map,
        resolutions=resolutions,
        tools=TOOLS,
        section_names=definitions.get("sections", {}),
        currency=project.setting("currency"),
        known=_known(job),
    )
    rules = {r.source.removeprefix("event:"): r for r in field_map.of_kind(SourceKind.EVENT)}
    events = histories.EventPlan(
        rules, definitions.get("events", {}), histories.Fidelity(job.run.params["fidelity"])
    )
    return Desk(
        job=job,
        context=context,
        merges=fates.Merges(resolutions),
        modes=match.update_modes(field_map),
        pairs=match.consent_pairs(field_map),
        events=events,
        option_refs=plans.option_refs(field_map),
        used=plans.Used.from_json(job.phase.cursor.get("used", {})),
        tally=Counter(job.phase.cursor.get("tally", {})),
    )


def _known(job: Job) -> Known:
    resolver = job.target.resolver
    users = [u for u in resolver.read("users") if u.get("active_flag") is not False]
    names = {row.get("id"): str(row.get("name", "")).casefold() for row in resolver.read("pipelines")}
    stages: dict[str, set[str]] = {name: set() for name in names.values()}
    for row in resolver.read("stages"):
        stages.setdefault(names.get(row.get("pipeline_id"), ""), set()).add(
            str(row.get("name", "")).casefold()
        )
    return Known(
        owners=frozenset(email_key(str(u.get("email", ""))) for u in users),
        fallback_owner=email_key(job.run.project.setting("fallback_owner")),
        stages={name: frozenset(found) for name, found in stages.items()},
    )


def _save_cursor(phase: RunPhase, desk: Desk, after: str, count: int) -> None:
    phase.cursor = {"after": after, "used": desk.used.to_json(), "tally": dict(desk.tally)}
    phase.done += count
    phase.save(update_fields=["cursor", "done"])


def _operations_of(page: Sequence[StagedProfile], desk: Desk) -> list[PlannedOperation]:
    profiles = {row.source_key: desk.job.source.profile_of(row) for row in page}
    decided = _with_survivors(desk, {key: _fate(profile, desk) for key, profile in profiles.items()})
    writing = [key for key, fate in decided.items() if fate.act == Act.CREATE]
    groups = _with_members(writing, profiles, desk)
    made = {key: transform(groups[key], decided[key].supplied, desk.context) for key in writing}
    existing = Existing(desk, made.values())
    operations = [op for key in writing for op in _written(key, decided[key], made[key], existing, desk)]
    operations += [_accounted(key, fate) for key, fate in decided.items() if fate.act != Act.CREATE]
    outcome = {op.key: op.act for op in operations if op.kind == Kind.PERSON}
    operations += _histories(page, outcome, desk)
    return operations


def _fate(profile: Profile, desk: Desk) -> fates.Fate:
    emails = [email_key(e) for e in emails_of([profile], desk.context)]
    return fates.fate_of(
        profile.source_key,
        emails=emails,
        name=name_of([profile], desk.context),
        resolutions=desk.context.resolutions,
        merges=desk.merges,
    )


def _with_survivors(desk: Desk, decided: dict[str, fates.Fate]) -> dict[str, fates.Fate]:
    """Whoever was merged into a profile that has left the source is held: nobody would carry what it holds."""
    assert desk.run.discovery is not None
    parents = {fate.parent for fate in decided.values() if fate.act == Act.MERGE}
    there = set(
        desk.run.discovery.profiles.filter(source_key__in=parents).values_list("source_key", flat=True)
    )
    held = fates.Fate(Act.HOLD, "Merged into a profile that is no longer in APSIS One; decide again.")
    return {
        key: held if fate.act == Act.MERGE and fate.parent not in there else fate
        for key, fate in decided.items()
    }


def _accounted(key: str, fate: fates.Fate) -> PlannedOperation:
    return PlannedOperation(Kind.PERSON, key, fate.act, reason=fate.reason, parent=fate.parent)


def _with_members(
    keys: Sequence[str], profiles: Mapping[str, Profile], desk: Desk
) -> dict[str, list[Profile]]:
    """Each surviving profile followed by those that were merged into it, wherever their page is."""
    members = {key: desk.merges.members(key) for key in keys}
    wanted = {m for group in members.values() for m in group if m not in profiles}
    assert desk.run.discovery is not None
    rows = desk.run.discovery.profiles.filter(source_key__in=wanted) if wanted else []
    known = dict(profiles) | {row.source_key: desk.job.source.profile_of(row) for row in rows}
    return {key: [profiles[key], *(known[m] for m in members[key] if m in known)] for key in keys}


class Existing:
    """The target's records that a page could match, looked up in three queries."""

    def __init__(self, desk: Desk, made: Iterable[Transformed]) -> None:
        self._desk = desk
        made = list(made)
        persons = self._persons([m.person for m in made])
        self.by_email: dict[str, list[StagedTarget]] = {}
        self.by_marker: dict[str, StagedTarget] = {}
        for row in persons:
            self.by_marker[row.marker] = row
            for email in row.emails:
                self.by_email.setdefault(email, []).append(row)
        names = {m.organization.key for m in made if m.organization}
        self.by_name = {row.name_key: row for row in self._rows(Kind.ORGANIZATION, Q(name_key__in=names))}
        self.taken = set(self._taken([row.target_id for row in persons]))

    def _persons(self, records: Sequence[TargetRecord]) -> list[StagedTarget]:
        emails = {email_key(address) for record in records for address in _emails(record)}
        keys = [record.key for record in records]
        return self._rows(Kind.PERSON, Q(emails__overlap=list(emails)) | Q(marker__in=keys))

    def _rows(self, kind: Kind, which: Q) -> list[StagedTarget]:
        discovery = self._desk.run.discovery
        assert discovery is not None
        return list(discovery.target_records.filter(which, kind=kind.value).order_by("-pk"))

    def _taken(self, target_ids: Sequence[str]) -> Iterator[str]:
        rows = self._desk.run.operations.filter(kind=Kind.PERSON.value, target_id__in=target_ids)
        yield from rows.values_list("target_id", flat=True)

    def by_id(self, kind: Kind, target_id: str) -> StagedTarget | None:
        return next(iter(self._rows(kind, Q(target_id=target_id))), None)


def _emails(record: TargetRecord) -> list[str]:
    rows = record.body.get("emails")
    return [str(r["value"]) for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []


def _written(
    key: str, fate: fates.Fate, made: Transformed, existing: Existing, desk: Desk
) -> Iterator[PlannedOperation]:
    person = _match_person(key, fate, made.person, existing, desk)
    yield person
    if not (person.act.writes or person.act == Act.UNCHANGED):
        return
    desk.used.add(made.person, desk.option_refs)
    if made.organization:
        desk.used.add(made.organization, desk.option_refs)
        there = existing.by_name.get(made.organization.key)
        yield _matched(made.organization, there, desk)
    for deal in made.deals:
        desk.used.add(deal, desk.option_refs)
        yield _matched(deal, _by_marker(deal, desk), desk)
    for source, count in made.lost.items():
        desk.tally[f"lost:{source}"] += count


def _match_person(
    key: str, fate: fates.Fate, record: TargetRecord, existing: Existing, desk: Desk
) -> PlannedOperation:
    found = _candidates(key, fate, record, existing)
    if len(found) > 1:
        chosen = _chosen(record, found, desk)
        if chosen is None:
            return PlannedOperation(
                Kind.PERSON,
                key,
                Act.HOLD,
                reason="Several Persons in Pipedrive share this email; not decided yet.",
            )
        found = chosen
    if found and found[0].target_id in existing.taken:
        return PlannedOperation(
            Kind.PERSON, key, Act.HOLD, reason="Matches a Person that another profile already completes."
        )
    if found:
        existing.taken.add(found[0].target_id)
    return _matched(record, found[0] if found else None, desk)


def _candidates(key: str, fate: fates.Fate, record: TargetRecord, existing: Existing) -> list[StagedTarget]:
    if fate.target_id:
        row = existing.by_id(Kind.PERSON, fate.target_id)
        return [row] if row else []
    if key in existing.by_marker:
        return [existing.by_marker[key]]
    found = {row.pk: row for e in _emails(record) for row in existing.by_email.get(email_key(e), [])}
    return [found[pk] for pk in sorted(found)]


def _chosen(record: TargetRecord, found: Sequence[StagedTarget], desk: Desk) -> list[StagedTarget] | None:
    for address in _emails(record):
        resolution = desk.context.resolutions.get(CaseKind.DUPLICATE, f"target:{email_key(address)}")
        if resolution is not None and resolution.action == Decide.KEEP_APART:
            return []
        if resolution is not None and resolution.args.get("target_id"):
            wanted = str(resolution.args["target_id"])
            return [row for row in found if row.target_id == wanted] or None
    return None


def _by_marker(record: TargetRecord, desk: Desk) -> StagedTarget | None:
    if not desk.target_knows_us or desk.run.discovery is None:
        return None
    marker = ledger.marker_for(desk.run.project, record.kind, record.key)
    return desk.run.discovery.target_records.filter(kind=record.kind.value, marker=marker).first()


def _matched(record: TargetRecord, row: StagedTarget | None, desk: Desk) -> PlannedOperation:
    if row is None:
        return match.create(record)
    target = desk.job.target
    there = match.Existing(row.target_id, row.marker, target.neutral(record.kind, row.body))
    operation = match.match(record, there, desk.modes, desk.pairs)
    desk.tally["consent_conflicts"] += match.consent_conflicts(record, there, desk.pairs)
    if operation.act != Act.UPDATE:
        return operation
    before: Mapping[str, JsonValue] = target.before(record.kind, row.body, operation.body)
    return replace(operation, before=before)


def _histories(
    page: Sequence[StagedProfile], outcome: Mapping[str, Act], desk: Desk
) -> list[PlannedOperation]:
    """The events of every profile of the page; those of merged profiles go to the survivor's Person."""
    assert desk.run.discovery is not None
    members = {row.source_key: [row.source_key, *desk.merges.members(row.source_key)] for row in page}
    keys = {key for row in page if outcome[row.source_key] != Act.MERGE for key in members[row.source_key]}
    staged = staging.events_of(desk.run.discovery, keys | {row.source_key for row in page})
    operations: list[PlannedOperation] = []
    for row in page:
        act = outcome[row.source_key]
        if act == Act.MERGE:
            continue
        found = [_event(e) for key in members[row.source_key] for e in staged.get(key, [])]
        if act in (Act.HOLD, Act.EXCLUDE):
            desk.tally["events_held" if act == Act.HOLD else "events_excluded"] += len(found)
        else:
            operations += _history(row.source_key, sorted(found, key=lambda e: (e.occurred_at, e.key)), desk)
    return operations


def _history(person: str, events: Sequence[Event], desk: Desk) -> list[PlannedOperation]:
    for fidelity in histories.Fidelity:
        counted = histories.count_records(events, replace(desk.events, fidelity=fidelity))
        for kind, count in counted.items():
            desk.tally[f"option:{fidelity}:{kind}"] += count
    records = list(histories.iter_records(person, events, desk.events))
    migrated = sum(record.source_count for record in records)
    desk.tally["events_migrated"] += migrated
    desk.tally["events_excluded"] += len(events) - migrated
    return [_matched(record, _by_marker(record, desk), desk) for record in records]


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
        summary["decisions"] = desk.context.resolutions.checksum
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
