"""Finds the cases of the queue in staged data: what the rules may not guess. Writes nothing.

Grouping is the database's work, so memory does not grow with the account.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, Q

from migrator import staging
from migrator.engine.cases import Case, CaseKind
from migrator.engine.inventory import SourceField, ValueType, Variant
from migrator.models import Discovery, StagedProfile, StagedTarget
from migrator.runner.job import Job
from migrator.texts import phone_for_people

if TYPE_CHECKING:
    from migrator.runner.inventorying import Totals

CANDIDATES = 3
SIMILAR_TAGS = 200


def cases(job: Job, discovery: Discovery, sources: Sequence[SourceField], totals: "Totals") -> Iterator[Case]:
    """Every case of a discovery, in a fixed order."""
    yield from no_email(job, discovery)
    yield from no_name(job, discovery)
    yield from duplicates(job, discovery)
    yield from target_duplicates(job, discovery)
    yield from type_conflicts(sources)
    yield from rare_tags(job, discovery, totals)


def no_email(job: Job, discovery: Discovery) -> Iterator[Case]:
    """A profile that lacks both is asked about once, for its name."""
    for page in staging.iter_profiles(discovery, only=Q(email="") & ~Q(name="")):
        for row in page:
            yield _person_case(job, CaseKind.NO_EMAIL, row, _look_alikes(discovery, row))


def no_name(job: Job, discovery: Discovery) -> Iterator[Case]:
    for page in staging.iter_profiles(discovery, only=Q(name="")):
        for row in page:
            yield _person_case(job, CaseKind.NO_NAME, row, [])


def _person_case(job: Job, kind: CaseKind, row: StagedProfile, candidates: list[dict[str, Any]]) -> Case:
    evidence = _facts(job, row) | {"candidates": candidates}
    title = row.name or row.email or phone_for_people(row.phone) or row.company or "Unknown visitor"
    return Case(kind, row.source_key, title, evidence, profiles=1, events=row.event_count, tokens=5)


def _facts(job: Job, row: StagedProfile) -> dict[str, Any]:
    profile = job.source.profile_of(row)
    names = (
        (job.run.discovery.inventory if job.run.discovery else {}).get("definitions", {}).get("sections", {})
    )
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


def _look_alikes(discovery: Discovery, row: StagedProfile) -> list[dict[str, Any]]:
    """Profiles with the same phone or CRM id, then Persons with the same phone: what could be the same person."""
    found: list[dict[str, Any]] = []
    others = discovery.profiles.exclude(pk=row.pk)
    for column, why in (("phone", "Same phone"), ("crm_id", "Same CRM id")):
        value = getattr(row, column)
        rows = others.filter(**{column: value}).exclude(email="")[:CANDIDATES] if value else []
        found += [_candidate(other, why) for other in rows]
    if row.phone:
        persons = discovery.target_records.filter(kind="person", phones__contains=[row.phone])
        found += [_target_candidate(person, "Same phone in Pipedrive") for person in persons[:CANDIDATES]]
    known = {str(c.get("source_key") or c.get("target_id")): c for c in reversed(found)}
    return list(reversed(known.values()))[:CANDIDATES]


def _candidate(row: StagedProfile, why: str) -> dict[str, Any]:
    return {
        "source_key": row.source_key,
        "name": row.name,
        "email": row.email,
        "phone": phone_for_people(row.phone),
        "company": row.company,
        "event_count": row.event_count,
        "why": why,
    }


def _target_candidate(row: StagedTarget, why: str) -> dict[str, Any]:
    organization = row.body.get("org_id")
    return {
        "target_id": row.target_id,
        "name": str(row.body.get("name") or ""),
        "email": row.emails[0] if row.emails else "",
        "phone": phone_for_people(row.phones[0]) if row.phones else "",
        "company": f"organization {organization}" if organization else "",
        "event_count": 0,
        "why": why,
    }


def duplicates(job: Job, discovery: Discovery) -> Iterator[Case]:
    """Profiles that share an e-mail address: it is unique on neither side (reference 13)."""
    shared = discovery.profiles.exclude(email="").order_by("email").values("email").annotate(n=Count("id"))
    for group in shared.filter(n__gt=1).iterator(chunk_size=500):
        rows = list(discovery.profiles.filter(email=group["email"]).order_by("source_key"))
        members = [_facts(job, row) for row in rows]
        evidence = {"match": "email", "value": group["email"], "members": members, "targets": []}
        yield _group_case(f"email:{group['email']}", rows, evidence)


def target_duplicates(job: Job, discovery: Discovery) -> Iterator[Case]:
    """Profiles whose address several Persons of the target carry: which one is completed, a person says."""
    for email, ids in _shared_in_target(discovery):
        rows = list(discovery.profiles.filter(email=email).order_by("source_key"))
        if not rows:
            continue
        persons = discovery.target_records.filter(kind="person", target_id__in=ids).order_by("pk")
        targets = [_target_candidate(person, "Same email") for person in persons]
        members = [_facts(job, row) for row in rows]
        evidence = {"match": "target", "value": email, "members": members, "targets": targets}
        yield _group_case(f"target:{email}", rows, evidence)


def _shared_in_target(discovery: Discovery) -> Iterator[tuple[str, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select email, array_agg(target_id order by id)
            from migrator_stagedtarget, unnest(emails) email
            where discovery_id = %s and kind = 'person' and marker = ''
            group by email having count(*) > 1 order by email
            """,
            [discovery.pk],
        )
        yield from cursor.fetchall()


def _group_case(key: str, rows: Sequence[StagedProfile], evidence: Mapping[str, Any]) -> Case:
    title = next((row.name for row in rows if row.name), "") or str(evidence["value"])
    events = sum(row.event_count for row in rows)
    return Case(CaseKind.DUPLICATE, key, title, evidence, len(rows), events, 5 * len(rows))


def type_conflicts(sources: Sequence[SourceField]) -> Iterator[Case]:
    for source in sources:
        if source.conflict:
            evidence: dict[str, Any] = {
                "field": source.key,
                "name": source.name,
                "variants": [_variant_facts(v) for v in source.variants if v.filled],
                "choices": _choices(source),
            }
            yield Case(CaseKind.TYPE_CONFLICT, source.key, source.name, evidence, profiles=source.filled)


def _variant_facts(variant: Variant) -> dict[str, Any]:
    top = [[value, count] for value, count in variant.top[:8]]
    return {
        "section": variant.section_name,
        "type": variant.inferred.value,
        "filled": variant.filled,
        "top": top,
    }


def _choices(source: SourceField) -> list[dict[str, Any]]:
    """Each way out with what it would lose, counted over all values by the shape that they have."""
    types = {v.inferred for v in source.variants if v.filled} | {ValueType.TEXT}
    choices = []
    for kind in sorted(types, key=lambda t: (t == ValueType.TEXT, t.value)):
        lost = sum(_lost(v, kind) for v in source.variants)
        samples = _lost_samples(source, kind) if lost else []
        choices.append({"action": "as_type", "type": kind.value, "lost": lost, "samples": samples})
    choices.append({"action": "split", "type": "", "lost": 0, "samples": []})
    choices.append({"action": "drop", "type": "", "lost": source.filled, "samples": []})
    return choices


def _lost_samples(source: SourceField, kind: ValueType) -> list[str]:
    """A few different values of the Sections that hold another type."""
    values = [text for v in source.variants if v.inferred != kind for text, _ in v.top[:5]]
    return list(dict.fromkeys(values))[:4]


TEXTUAL = (ValueType.TEXT, ValueType.LONG_TEXT, ValueType.OPTION)


def _lost(variant: Variant, kind: ValueType) -> int:
    if kind in TEXTUAL:
        return 0
    return variant.filled - variant.shapes.get(kind.value, 0)


def rare_tags(job: Job, discovery: Discovery, totals: "Totals") -> Iterator[Case]:
    """Tags on fewer profiles than the project's limit, with the more used ones that they could be spelled like."""
    limit = job.run.project.setting("rare_tag_limit")
    names = discovery.inventory["definitions"]["sections"]
    similar = [{"tag": tag, "count": n} for tag, n in totals.tags.most_common(SIMILAR_TAGS)]
    for tag, count in sorted(totals.tags.items()):
        if count < limit:
            sections = [names.get(s, s) for s in sorted(totals.tag_sections[tag])]
            others = [s for s in similar if s["tag"] != tag]
            evidence: dict[str, Any] = {"tag": tag, "count": count, "sections": sections, "similar": others}
            yield Case(CaseKind.RARE_TAG, tag, tag, evidence, profiles=count)
