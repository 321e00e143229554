"""The last phase of a discovery: counts and types over all staged values, the proposed field map, the queue's cases.

1. count events; 2. read every profile once and profile every attribute; 3. store the inventory;
4. complete the discovery, propose the map, open the cases. Repeating it changes nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.utils import timezone

from mapping_review import queries as map_queries
from mapping_review import services as map_services
from mapping_review.proposers import by_rules
from mapping_review.proposers.proposal import Proposal
from migrator import staging
from migrator.engine.field_map import Action
from migrator.engine.inventory import SourceField, TargetField, TargetObject, Variant
from migrator.engine.phases.transform import decided_consent
from migrator.engine.profiling import Accumulator
from migrator.engine.records import Channel, Kind, Profile
from migrator.engine.source_fields import Found, fixed_fields, group_fields
from migrator.models import Discovery
from migrator.pipedrive.existing import filled_names
from migrator.runner import detecting, findings, lifecycle
from migrator.runner.job import DONE, Job, Step
from reconciliation import services as queue_services

OBJECTS = {
    Kind.PERSON: TargetObject.PERSON,
    Kind.ORGANIZATION: TargetObject.ORGANIZATION,
    Kind.DEAL: TargetObject.DEAL,
}


@dataclass
class Totals:
    """What one pass over all profiles adds up to; bounded by the number of attributes and tags."""

    profiles: int = 0
    attributes: dict[tuple[str, str], Accumulator] = field(default_factory=dict)
    tags: Counter[str] = field(default_factory=Counter)
    tag_sections: dict[str, Counter[str]] = field(default_factory=dict)
    sections: Counter[str] = field(default_factory=Counter)
    consents: dict[str, Counter[str]] = field(default_factory=dict)


def inventory(job: Job) -> Step:
    discovery = job.run.discovery
    assert discovery is not None
    staging.count_events(discovery)
    totals = _read_profiles(job, discovery)
    if totals is None:
        return Step()
    definitions = discovery.inventory["definitions"]
    sources = _source_fields(discovery, totals, definitions)
    targets = job.target.resolver.catalogue(_filled(discovery))
    staging.store_fields(discovery, sources, targets)
    _complete(job, discovery, totals, sources, targets)
    lifecycle.log(job.run, f"Found {totals.profiles:,} profiles and {len(sources)} source fields.")
    return DONE


def _read_profiles(job: Job, discovery: Discovery) -> Totals | None:
    """None where a person paused the run meanwhile; the pass then begins again, because it keeps nothing."""
    totals = Totals()
    declared = discovery.inventory["definitions"]["types"]
    for page in staging.iter_profiles(discovery):
        for row in page:
            _count(job.source.profile_of(row), totals, declared)
        totals.profiles += len(page)
        if not job.may_go_on() and not job.time_is_up:
            return None
    return totals


def _count(profile: Profile, totals: Totals, declared: Mapping[str, str]) -> None:
    for ref, value in profile.values.items():
        accumulator = totals.attributes.get(ref)
        if accumulator is None:
            accumulator = totals.attributes[ref] = Accumulator(declared.get(ref[1], ""))
        accumulator.add(value)
    totals.sections.update(profile.sections)
    for tag in {tag for _, tag in profile.tags}:
        totals.tags[tag] += 1
    for section, tag in profile.tags:
        totals.tag_sections.setdefault(tag, Counter())[section] += 1
    for channel in Channel:
        consents = [c for c in profile.consents if c.channel == channel]
        answer, _ = decided_consent(consents, suppressed=channel in profile.suppressed)
        totals.consents.setdefault(channel, Counter())[answer or "unknown"] += 1


def _source_fields(discovery: Discovery, totals: Totals, definitions: Mapping[str, Any]) -> list[SourceField]:
    names = definitions["attributes"]
    variants = [
        accumulator.variant(section, definitions["sections"].get(section, section), discriminator)
        for (section, discriminator), accumulator in sorted(totals.attributes.items())
    ]
    empty = _empty_variants(totals, definitions)
    fields = group_fields([*variants, *empty], names, profiles=totals.profiles)
    return fields + fixed_fields(_found(discovery, totals, definitions))


def _empty_variants(totals: Totals, definitions: Mapping[str, Any]) -> list[Variant]:
    """Attributes that are defined and never filled are rows of the map too: nothing is dropped in silence."""
    return [
        Accumulator(definitions["types"].get(name, "")).variant(
            section, definitions["sections"].get(section, section), name
        )
        for section, names in definitions["by_section"].items()
        for name in names
        if (section, name) not in totals.attributes
    ]


def _found(discovery: Discovery, totals: Totals, definitions: Mapping[str, Any]) -> Found:
    counts = discovery.events.order_by().values_list("type").annotate(n=Count("id"))
    events = dict(counts)
    sections = [(s, name, totals.sections[s]) for s, name in sorted(definitions["sections"].items())]
    return Found(
        profiles=totals.profiles,
        sections=sections,
        tags=sorted(totals.tags.items(), key=lambda pair: (-pair[1], pair[0])),
        events=[(d, name, events.get(d, 0)) for d, name in sorted(definitions["events"].items())],
        consents={
            f"consent:{channel}": sorted((a, n) for a, n in counted.items() if a != "unknown")
            for channel, counted in totals.consents.items()
        },
    )


def _filled(discovery: Discovery) -> dict[TargetObject, Counter[str]]:
    """How many records of the target already hold each field."""
    filled: dict[TargetObject, Counter[str]] = {}
    for kind, target in OBJECTS.items():
        counted = filled.setdefault(target, Counter())
        rows = discovery.target_records.filter(kind=kind.value).values_list("body", flat=True)
        for body in rows.iterator(chunk_size=1000):
            counted.update(filled_names(kind, body))
    return filled


def _complete(
    job: Job, discovery: Discovery, totals: Totals, sources: list[SourceField], targets: list[TargetField]
) -> None:
    project = job.run.project
    proposals = by_rules.propose(sources, targets, map_queries.settings_for(project))
    _fill_companies(job, discovery, proposals)
    with transaction.atomic():
        discovery.inventory["source"] = _source_summary(discovery, totals, sources)
        discovery.inventory["target"] = _target_summary(job, discovery)
        discovery.findings = findings.findings(project, discovery, sources, totals.tags)
        discovery.inventory["estimate"] = findings.estimate(job, discovery, proposals, totals.profiles)
        discovery.completed_at = timezone.now()
        discovery.save()
        map_services.build_draft(project, proposals)
        found = detecting.cases(job, discovery, sources, totals)
        queue_services.open_items(project, found, scan=str(discovery.pk))
        queue_services.close_missing(project, str(discovery.pk))


def _fill_companies(job: Job, discovery: Discovery, proposals: list[Proposal]) -> None:
    """The company that the proposed map would give, so that the queue can show and compare it."""
    refs = [p.rule.sources for p in proposals if _names_company(p)]
    if not refs:
        return
    for page in staging.iter_profiles(discovery):
        changed = []
        for row in page:
            profile = job.source.profile_of(row)
            company = next((v for v in (profile.first_value(r) for r in refs) if v), None)
            if company and row.company != str(company)[:300]:
                row.company = str(company)[:300]
                changed.append(row)
        type(page[0]).objects.bulk_update(changed, ["company"], batch_size=500)


def _names_company(proposal: Proposal) -> bool:
    rule = proposal.rule
    return rule.object == TargetObject.ORGANIZATION and rule.field == "name" and rule.action != Action.SKIP


def _source_summary(discovery: Discovery, totals: Totals, sources: list[SourceField]) -> dict[str, Any]:
    definitions = discovery.inventory["definitions"]
    by_type = dict(discovery.events.order_by().values_list("type").annotate(n=Count("id")))
    months = discovery.events.order_by().annotate(m=TruncMonth("occurred_at")).values_list("m")
    by_month = months.annotate(n=Count("id")).order_by("m")
    return {
        "profiles": totals.profiles,
        "sections": [
            {"name": name, "discriminator": s, "profiles": totals.sections[s]}
            for s, name in definitions["sections"].items()
        ],
        "attributes": sum(1 for f in sources if f.kind == "attribute"),
        "tags": [{"tag": tag, "profiles": n} for tag, n in totals.tags.most_common()],
        "event_types": [
            {"name": name, "type": d, "events": by_type.get(d, 0)} for d, name in definitions["events"].items()
        ],
        "events": sum(by_type.values()),
        "events_by_month": [[f"{month:%Y-%m}", n] for month, n in by_month],
        "consents": {
            channel.value: {
                "yes": counted["Yes"], "no": counted["No"], "unknown": counted["unknown"]
            }
            for channel, counted in ((c, totals.consents.get(c, Counter())) for c in Channel)
        },
        "segments": [{"name": name} for name in definitions["segments"]],
        "activities": definitions["activities"],
    }  # fmt: skip


def _target_summary(job: Job, discovery: Discovery) -> dict[str, Any]:
    resolver = job.target.resolver
    counts = dict(discovery.target_records.order_by().values_list("kind").annotate(n=Count("id")))
    users = [u for u in resolver.read("users") if u.get("active_flag") is not False]
    return {
        "account_name": job.target.connection.account_name,
        "counts": {
            kind: counts.get(kind, 0) for kind in ("person", "organization", "deal", "activity", "note")
        },
        "fields": {t.value: len(resolver.fields(t)) for t in TargetObject},
        "custom_fields": resolver.custom_count(),
        "field_cap": job.target.field_cap,
        "labels": [label for _, label in resolver.label_field().options],
        "users": [{"name": u.get("name"), "email": u.get("email")} for u in users],
        "pipelines": [p.get("name") for p in resolver.read("pipelines")],
        "filters": discovery.inventory.get("filters", 0),
    }
