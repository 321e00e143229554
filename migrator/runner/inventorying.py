"""The phase of a discovery that makes the inventory out of counted values, then the proposed map and the cases.

1. infer the type of every field from all of its values, field by field;
2. store the rest of the inventory: consents, tags, Sections, events, and the target's fields;
3. fill in each profile's company as the proposed map would, page by page;
4. open the cases, kind by kind and batch by batch;
5. complete the discovery, propose the map, close the cases that are no more.
Each step keeps its place, so a resume repeats one field, one page or one kind; repeating it changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
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
from migrator.choices import RunState
from migrator.engine.cases import Case
from migrator.engine.counting import NO_ATTRIBUTES, SECTIONS, TAGS, Ref, consent_key
from migrator.engine.inventory import SourceField, TargetObject, Variant
from migrator.engine.profiling import Accumulator
from migrator.engine.records import Channel, Kind
from migrator.engine.source_fields import Found, fixed_fields, group_fields, key_of
from migrator.models import Discovery, SourceFieldRow, StagedProfile
from migrator.pipedrive.existing import filled_names
from migrator.runner import detecting, findings, lifecycle
from migrator.runner.job import AGAIN, DONE, Job, Step
from reconciliation import services as queue_services
from reconciliation.opening import BATCH

OBJECTS = {
    Kind.PERSON: TargetObject.PERSON,
    Kind.ORGANIZATION: TargetObject.ORGANIZATION,
    Kind.DEAL: TargetObject.DEAL,
}


@dataclass
class Totals:
    """What the profiles add up to besides attributes; bounded by the number of tags and Sections."""

    profiles: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    tag_sections: dict[str, Counter[str]] = field(default_factory=dict)
    sections: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[str]] = field(default_factory=dict)


def inventory(job: Job) -> Step:
    return STEPS[job.phase.cursor.get("step", "types")](job)


def _types(job: Job) -> Step:
    discovery = _discovery(job)
    after = job.phase.cursor.get("after")
    if after is None:
        staging.count_events(discovery)
    names = discovery.inventory["definitions"]["attributes"]
    profiles = discovery.profiles.count()
    for key, refs in _refs_by_key(discovery):
        if after is None or key > after:
            variants = [_variant(discovery, ref) for ref in refs]
            staging.store_source_fields(discovery, group_fields(variants, names, profiles=profiles))
            _keep_place(job, step="types", after=key)
            if not job.may_go_on():
                return AGAIN
    _keep_place(job, step="rest")
    return AGAIN


def _refs_by_key(discovery: Discovery) -> list[tuple[str, list[Ref]]]:
    """Attributes that are defined and never filled are rows of the map too: nothing is dropped in silence."""
    definitions = discovery.inventory["definitions"]
    defined = {(section, name) for section, names in definitions["by_section"].items() for name in names}
    stored = {(staging.stored_name(section), staging.stored_name(name)) for section, name in defined}
    keys: dict[str, list[Ref]] = {}
    for ref in sorted(defined | (staging.counted_refs(discovery) - stored)):
        if ref[1] not in NO_ATTRIBUTES:
            keys.setdefault(key_of(ref[1], definitions["attributes"].get(ref[1], "")), []).append(ref)
    return sorted(keys.items())


def _variant(discovery: Discovery, ref: Ref) -> Variant:
    section, name = ref
    definitions = discovery.inventory["definitions"]
    accumulator = Accumulator(definitions["types"].get(name, ""))
    for value, profiles, _ in staging.iter_values(discovery, [ref]):
        accumulator.add(value, profiles)
    return accumulator.variant(section, definitions["sections"].get(section, section), name)


def _rest(job: Job) -> Step:
    discovery = _discovery(job)
    staging.store_source_fields(discovery, fixed_fields(_found(discovery, _totals(discovery))))
    staging.store_target_fields(discovery, job.target.resolver.catalogue(_filled(discovery)))
    staging.know(SourceFieldRow)
    _keep_place(job, step="companies")
    return AGAIN


def _totals(discovery: Discovery) -> Totals:
    totals = Totals(profiles=discovery.profiles.count())
    sections = ["", *discovery.inventory["definitions"]["sections"]]
    rows = discovery.values.filter(section__in=sections, discriminator__in=NO_ATTRIBUTES)
    for row in rows.order_by("section", "discriminator", "digest").iterator(chunk_size=2000):
        value = str(row.value)
        if row.discriminator == SECTIONS:
            totals.sections[row.section] += row.profiles
        elif row.discriminator != TAGS:
            totals.answers.setdefault(row.discriminator, Counter())[value] += row.profiles
        elif row.section:
            totals.tag_sections.setdefault(value, Counter())[row.section] += row.profiles
        else:
            totals.tags[value] += row.profiles
    return totals


def _found(discovery: Discovery, totals: Totals) -> Found:
    definitions = discovery.inventory["definitions"]
    counts = discovery.events.order_by().values_list("type").annotate(n=Count("id"))
    events = dict(counts)
    sections = [(s, name, totals.sections[s]) for s, name in sorted(definitions["sections"].items())]
    return Found(
        profiles=totals.profiles,
        sections=sections,
        tags=_most_first(totals.tags),
        events=[(d, name, events.get(d, 0)) for d, name in sorted(definitions["events"].items())],
        consents={key: _most_first(counted) for key, counted in totals.answers.items()},
    )


def _most_first(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _filled(discovery: Discovery) -> dict[TargetObject, Counter[str]]:
    """How many records of the target already hold each field."""
    filled: dict[TargetObject, Counter[str]] = {}
    for kind, target in OBJECTS.items():
        counted = filled.setdefault(target, Counter())
        rows = discovery.target_records.filter(kind=kind.value).values_list("body", flat=True)
        for body in rows.iterator(chunk_size=1000):
            counted.update(filled_names(kind, body))
    return filled


def _companies(job: Job) -> Step:
    """The company that the proposed map would give, so that the queue can show and compare it."""
    discovery, cursor = _discovery(job), job.phase.cursor
    if "refs" not in cursor:
        _keep_place(job, step="companies", refs=_company_refs(job, discovery), after="")
        cursor = job.phase.cursor
    refs = [tuple((section, name) for section, name in sources) for sources in cursor["refs"]]
    for page in staging.iter_profiles(discovery, after=cursor["after"]) if refs else ():
        with transaction.atomic():
            _fill_companies(job, page, refs)
            _keep_place(job, step="companies", refs=cursor["refs"], after=page[-1].source_key)
        if not job.may_go_on():
            return AGAIN
    _keep_place(job, step="cases")
    return AGAIN


def _company_refs(job: Job, discovery: Discovery) -> list[list[Ref]]:
    return [list(p.rule.sources) for p in _proposals(job, discovery) if _names_company(p)]


def _fill_companies(job: Job, page: list[StagedProfile], refs: Sequence[tuple[Ref, ...]]) -> None:
    changed = []
    for row in page:
        profile = job.source.profile_of(row)
        company = next((v for v in (profile.first_value(r) for r in refs) if v), None)
        if company and row.company != str(company)[:300]:
            row.company = str(company)[:300]
            changed.append(row)
    StagedProfile.objects.bulk_update(changed, ["company"], batch_size=500)


def _cases(job: Job) -> Step:
    """One part of the queue. Cases are there before the discovery counts; nothing is planned meanwhile, because a
    project has one run at a time."""
    discovery, cursor = _discovery(job), job.phase.cursor
    part, after = cursor.get("part", detecting.PARTS[0]), cursor.get("after", "")
    sources, totals = staging.source_fields_of(discovery), _totals(discovery)
    with closing(detecting.cases_of(part, job, sources, totals, after=after)) as found:
        opening = _Opening(job, part, found)
        queue_services.open_items(job.run.project, opening, scan=str(discovery.pk))
    if opening.is_whole:
        lifecycle.log(job.run, f"Looked for {part.replace('-', ' ')}: {opening.count:,} cases.")
        following = detecting.PARTS[detecting.PARTS.index(part) + 1 :]
        _keep_place(job, **({"step": "cases", "part": following[0]} if following else {"step": "complete"}))
    return AGAIN


class _Opening:
    """The cases of one part on their way into the queue, which takes a batch and commits it before it asks for
    the next. Between two batches the place is kept and the run's state is looked at."""

    def __init__(self, job: Job, part: str, found: Iterator[Case]) -> None:
        self._job, self._part, self._found = job, part, found
        self.count = int(job.phase.cursor.get("found", 0))
        self.is_whole = False

    def __iter__(self) -> Iterator[Case]:
        for number, case in enumerate(self._found, start=1):
            yield case
            self.count += 1
            if number % BATCH == 0 and not self._goes_on(case.key):
                return
        self.is_whole = True

    def _goes_on(self, after: str) -> bool:
        """A part that cannot be entered in the middle is not left for want of time."""
        paged, job = self._part in detecting.PAGED, self._job
        if paged:
            _keep_place(job, step="cases", part=self._part, after=after, found=self.count)
        job.phase.done += BATCH
        job.save_phase("done")
        return job.may_go_on() or (not paged and job.run.state == RunState.RUNNING)


def _complete(job: Job) -> Step:
    project, discovery = job.run.project, _discovery(job)
    sources, proposals = staging.source_fields_of(discovery), _proposals(job, discovery)
    totals = _totals(discovery)
    with transaction.atomic():
        discovery.inventory["source"] = _source_summary(discovery, totals, sources)
        discovery.inventory["target"] = _target_summary(job, discovery)
        discovery.findings = findings.findings(project, discovery, sources, totals.tags)
        discovery.inventory["estimate"] = findings.estimate(job, discovery, proposals, totals.profiles)
        discovery.completed_at = timezone.now()
        discovery.save()
        map_services.build_draft(project, proposals)
        queue_services.close_missing(project, str(discovery.pk))
    lifecycle.log(job.run, f"Found {totals.profiles:,} profiles and {len(sources)} source fields.")
    return DONE


def _proposals(job: Job, discovery: Discovery) -> list[Proposal]:
    sources, targets = staging.source_fields_of(discovery), staging.target_fields_of(discovery)
    return by_rules.propose(sources, targets, map_queries.settings_for(job.run.project))


def _names_company(proposal: Proposal) -> bool:
    rule = proposal.rule
    return rule.object == TargetObject.ORGANIZATION and rule.field == "name" and not rule.is_left


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
                "yes": said["Yes"], "no": said["No"], "unknown": totals.profiles - said.total()
            }
            for channel, said in ((c, totals.answers.get(consent_key(c), Counter())) for c in Channel)
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


def _keep_place(job: Job, **cursor: Any) -> None:
    job.phase.cursor = cursor
    job.save_phase("cursor")


def _discovery(job: Job) -> Discovery:
    assert job.run.discovery is not None
    return job.run.discovery


STEPS: Mapping[str, Callable[[Job], Step]] = {
    "types": _types,
    "rest": _rest,
    "companies": _companies,
    "cases": _cases,
    "complete": _complete,
}
