"""What a case shows of a profile or of a record of the target, and what it holds up. Asks nobody outside."""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from migrator.connections import COSTS
from migrator.engine.cases import Case, CaseKind
from migrator.engine.phases.histories import PAGE_EVENTS
from migrator.engine.records import Kind
from migrator.models import Discovery, StagedProfile, StagedTarget
from migrator.runner.job import Job
from migrator.texts import phone_for_people


def discovery_of(job: Job) -> Discovery:
    assert job.run.discovery is not None
    return job.run.discovery


def section_names(discovery: Discovery) -> dict[str, str]:
    """What people call the Sections, by discriminator."""
    names: dict[str, str] = discovery.inventory.get("definitions", {}).get("sections", {})
    return names


def tokens_of(profiles: int, events: Iterable[int]) -> int:
    """What writing them will cost: one Person each, and one activity for every page of somebody's events."""
    pages = sum(ceil(count / PAGE_EVENTS) for count in events)
    return profiles * COSTS.create[Kind.PERSON] + pages * COSTS.create[Kind.ACTIVITY]


def case_of(
    kind: CaseKind, key: str, title: str, evidence: dict[str, Any], rows: Sequence[StagedProfile]
) -> Case:
    """A case that holds these profiles up."""
    events = [row.event_count for row in rows]
    return Case(kind, key, title, evidence, len(rows), sum(events), tokens_of(len(rows), events))


def facts_of(job: Job, row: StagedProfile) -> dict[str, Any]:
    profile, names = job.source.profile_of(row), section_names(discovery_of(job))
    return {
        "source_key": row.source_key,
        "name": row.name,
        "email": row.email,
        "phone": phone_for_people(row.phone),
        "company": row.company,
        "crm_id": row.crm_id,
        "sections": [names.get(s, s) for s in profile.sections],
        "tags": sorted({tag for _, tag in profile.tags}),
        "consents": [
            f"{c.channel.value} {c.state.value} {c.modified_at[:10]}".strip() for c in profile.consents
        ],
        "event_count": row.event_count,
        "last_event": row.last_event_at.isoformat() if row.last_event_at else "",
        "filled": len(profile.values),
        "open_deal": False,
    }


def candidate_of(row: StagedProfile, why: str) -> dict[str, Any]:
    return {
        "source_key": row.source_key,
        "name": row.name,
        "email": row.email,
        "phone": phone_for_people(row.phone),
        "company": row.company,
        "event_count": row.event_count,
        "why": why,
    }


def target_candidate_of(row: StagedTarget, why: str, organizations: dict[str, str]) -> dict[str, Any]:
    """`organizations` are names by id, of those that the records are linked to."""
    return {
        "target_id": row.target_id,
        "name": str(row.body.get("name") or ""),
        "email": row.emails[0] if row.emails else "",
        "phone": phone_for_people(row.phones[0]) if row.phones else "",
        "company": organizations.get(organization_id(row), ""),
        "event_count": 0,
        "why": why,
    }


def organization_id(row: StagedTarget) -> str:
    linked = row.body.get("org_id")
    linked = (linked.get("value") or linked.get("id")) if isinstance(linked, dict) else linked
    return str(linked) if linked else ""


def organization_names(discovery: Discovery, rows: Iterable[StagedTarget]) -> dict[str, str]:
    """Names of the Organizations that these Persons belong to, by id, in one query."""
    ids = {found for row in rows if (found := organization_id(row))}
    if not ids:
        return {}
    linked = discovery.target_records.filter(kind=Kind.ORGANIZATION.value, target_id__in=ids)
    return {row.target_id: str(row.body.get("name") or "") for row in linked}
