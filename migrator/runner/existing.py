"""The target's records that a page of a plan could match, and what each record of ours becomes beside them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from django.db.models import Q

from migrator import ledger
from migrator.engine.canonical import JsonValue
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.companies import folded
from migrator.engine.matching import company_key, email_key
from migrator.engine.operations import Act, PlannedOperation
from migrator.engine.phases import fate as fates
from migrator.engine.phases import match
from migrator.engine.phases.transform import Transformed
from migrator.engine.records import Kind, TargetRecord
from migrator.models import StagedTarget
from migrator.runner.desks import Desk

SEVERAL = f"Several Persons in Pipedrive share this email; {fates.UNDECIDED}"
TAKEN = "Matches a Person that another profile already completes."
LEFT_THE_TARGET = "Meant for a Person that is no longer in Pipedrive; decide again."


class Existing:
    """The target's records that a page could match, looked up in four queries."""

    def __init__(self, desk: Desk, made: Iterable[Transformed], chosen: Iterable[str] = ()) -> None:
        self._desk = desk
        made = list(made)
        persons = self._persons([m.person for m in made], [target_id for target_id in chosen if target_id])
        self.by_email: dict[str, list[StagedTarget]] = {}
        self.by_marker: dict[str, StagedTarget] = {}
        self.by_id: dict[str, StagedTarget] = {}
        for row in persons:
            self.by_id[row.target_id] = row
            self.by_marker[row.marker] = row
            for email in row.emails:
                self.by_email.setdefault(email, []).append(row)
        self._by_name = self._named([m.organization for m in made if m.organization])
        self.taken = set(self._taken([row.target_id for row in persons]))

    def organization_for(self, record: TargetRecord) -> StagedTarget | None:
        """By its own name, else by one of the names that were merged into it. Names that a person told apart
        match only where they are spelled alike."""
        name, companies = str(record.body.get("name") or ""), self._desk.context.companies
        rows = self._by_name.get(company_key(name), [])
        if companies.is_apart(name):
            alike = [row for row in rows if folded(str(row.body.get("name") or "")) == folded(name)]
            return next(iter(alike), None)
        merged = (
            row for spelled in companies.spellings_of(record.key) for row in self._by_name.get(spelled, [])
        )
        return next(iter(rows), None) or next(merged, None)

    def _named(self, organizations: Sequence[TargetRecord]) -> dict[str, list[StagedTarget]]:
        """Organizations by the key of their name, the first one that was listed first."""
        companies = self._desk.context.companies
        names = {company_key(str(record.body.get("name") or "")) for record in organizations}
        names |= {spelled for record in organizations for spelled in companies.spellings_of(record.key)}
        found: dict[str, list[StagedTarget]] = {}
        for row in self._rows(Kind.ORGANIZATION, Q(name_key__in=names)) if names else []:
            found.setdefault(row.name_key, []).insert(0, row)
        return found

    def _persons(self, records: Sequence[TargetRecord], chosen: Sequence[str]) -> list[StagedTarget]:
        emails = {email_key(address) for record in records for address in emails_in(record)}
        keys = [record.key for record in records]
        which = Q(emails__overlap=list(emails)) | Q(marker__in=keys) | Q(target_id__in=chosen)
        return self._rows(Kind.PERSON, which)

    def _rows(self, kind: Kind, which: Q) -> list[StagedTarget]:
        return list(self._desk.discovery.target_records.filter(which, kind=kind.value).order_by("-pk"))

    def _taken(self, target_ids: Sequence[str]) -> Iterator[str]:
        rows = self._desk.run.operations.filter(kind=Kind.PERSON.value, target_id__in=target_ids)
        yield from rows.values_list("target_id", flat=True)


def emails_in(record: TargetRecord) -> list[str]:
    rows = record.body.get("emails")
    return [str(r["value"]) for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []


def match_person(
    key: str, fate: fates.Fate, record: TargetRecord, existing: Existing, desk: Desk
) -> PlannedOperation:
    found = _candidates(key, fate, record, existing)
    if len(found) > 1:
        chosen = _chosen(record, found, desk)
        if chosen is None:
            return PlannedOperation(Kind.PERSON, key, Act.HOLD, reason=SEVERAL)
        found = chosen
    if fate.target_id and not found:
        return PlannedOperation(Kind.PERSON, key, Act.HOLD, reason=LEFT_THE_TARGET)
    if found and found[0].target_id in existing.taken:
        return PlannedOperation(Kind.PERSON, key, Act.HOLD, reason=TAKEN)
    if found:
        existing.taken.add(found[0].target_id)
    refused = match.refused_refs(desk.context.field_map, fate.supplied.refused)
    return matched(record, found[0] if found else None, desk, refused)


def _candidates(key: str, fate: fates.Fate, record: TargetRecord, existing: Existing) -> list[StagedTarget]:
    if fate.target_id:
        row = existing.by_id.get(fate.target_id)
        return [row] if row else []
    if key in existing.by_marker:
        return [existing.by_marker[key]]
    found = {row.pk: row for e in emails_in(record) for row in existing.by_email.get(email_key(e), [])}
    return [found[pk] for pk in sorted(found)]


def _chosen(record: TargetRecord, found: Sequence[StagedTarget], desk: Desk) -> list[StagedTarget] | None:
    for address in emails_in(record):
        resolution = desk.context.resolutions.get(CaseKind.DUPLICATE, f"target:{email_key(address)}")
        if resolution is not None and resolution.action == Decide.KEEP_APART:
            return []
        if resolution is not None and resolution.args.get("target_id"):
            wanted = str(resolution.args["target_id"])
            return [row for row in found if row.target_id == wanted] or None
    return None


def by_marker(record: TargetRecord, desk: Desk) -> StagedTarget | None:
    if not desk.target_knows_us:
        return None
    marker = ledger.marker_for(desk.run.project, record.kind, record.key)
    return desk.discovery.target_records.filter(kind=record.kind.value, marker=marker).first()


def matched(
    record: TargetRecord, row: StagedTarget | None, desk: Desk, refused: frozenset[str] = match.NO_REFS
) -> PlannedOperation:
    if row is None:
        return match.create(record)
    target = desk.job.target
    there = match.Existing(row.target_id, row.marker, target.neutral(record.kind, row.body))
    operation = match.match(record, there, desk.modes, desk.pairs, refused)
    desk.tally["consent_conflicts"] += match.consent_conflicts(record, there, desk.pairs, refused)
    if operation.act != Act.UPDATE:
        return operation
    replaced = match.reversible(operation.body, there, desk.pairs, refused) if refused else operation.body
    before: Mapping[str, JsonValue] = target.before(record.kind, row.body, replaced)
    return replace(operation, before=before)
