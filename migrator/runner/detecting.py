"""Finds the cases of the queue in staged data: what the rules may not guess. Writes nothing but tables that end
with the connection.

Grouping is the database's work, so memory grows with what is found and not with the account.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from migrator import staging
from migrator.engine.cases import Case, CaseKind
from migrator.engine.dedupe import PUBLIC_MAILBOXES
from migrator.engine.inventory import AGREEING, SourceField, ValueType, Variant
from migrator.engine.records import Kind
from migrator.models import Discovery, StagedProfile
from migrator.runner.detecting_companies import organizations
from migrator.runner.detecting_consents import consents
from migrator.runner.detecting_duplicates import duplicates
from migrator.runner.detecting_facts import (
    candidate_of,
    case_of,
    discovery_of,
    facts_of,
    organization_names,
    target_candidate_of,
)
from migrator.runner.detecting_keys import key_tables, rows_of
from migrator.runner.detecting_tags import rare_tags
from migrator.runner.job import Job
from migrator.texts import phone_for_people

if TYPE_CHECKING:
    from migrator.runner.inventorying import Totals

CANDIDATES = 3
DOMAINS = 3
# In this order the cases of a discovery are opened; each part can be repeated by itself. Of those marked here one
# can go on behind the case that was opened last.
PARTS = ("no-email", "no-name", "duplicates", "organizations", "consents", "fields")
PAGED = frozenset({"no-email", "no-name"})


def cases(job: Job, sources: Sequence[SourceField], totals: "Totals") -> Iterator[Case]:
    """Every case of a discovery, in a fixed order."""
    for part in PARTS:
        yield from cases_of(part, job, sources, totals)


def cases_of(
    part: str, job: Job, sources: Sequence[SourceField], totals: "Totals", *, after: str = ""
) -> Generator[Case, None, None]:
    """Every case of one of `PARTS`; of a paged part only those whose key is behind `after`."""
    match part:
        case "no-email":
            yield from no_email(job, after=after)
        case "no-name":
            yield from no_name(job, after=after)
        case "duplicates":
            with key_tables(discovery_of(job)):
                yield from duplicates(job)
        case "organizations":
            yield from organizations(job, sources)
        case "consents":
            yield from consents(job)
        case _:
            yield from type_conflicts(sources)
            yield from rare_tags(job, totals.tags, totals.tag_sections)


def no_email(job: Job, *, after: str = "") -> Iterator[Case]:
    """A profile that lacks both is asked about once, for its name."""
    discovery = discovery_of(job)
    with key_tables(discovery):
        for page in staging.iter_profiles(discovery, after=after, only=Q(email="") & ~Q(name="")):
            found = _LookAlikes(discovery, page)
            for row in page:
                more = {"candidates": found.of(row)} | found.domains_of(row)
                yield _person_case(job, CaseKind.NO_EMAIL, row, more)


def no_name(job: Job, *, after: str = "") -> Iterator[Case]:
    for page in staging.iter_profiles(discovery_of(job), after=after, only=Q(name="")):
        for row in page:
            yield _person_case(job, CaseKind.NO_NAME, row, {"candidates": []})


def _person_case(job: Job, kind: CaseKind, row: StagedProfile, more: Mapping[str, Any]) -> Case:
    title = row.name or row.email or phone_for_people(row.phone) or row.company or "Unknown visitor"
    return case_of(kind, row.source_key, title, {**facts_of(job, row), **more}, [row])


# The likeliest first: most shared fields, then the nearest name. A block is cut before it is compared.
_PROFILES_LIKE = """
select n.source_key, c.source_key, c.why from detect_profile n cross join lateral (
    select source_key, array_agg(why order by place) why, count(*) shared, max(similarity(name, n.name)) near from (
        (select source_key, name, 'CRM id' why, 1 place from detect_profile
         where n.crm <> '' and crm = n.crm and email <> '' order by source_key limit 50)
        union all
        (select source_key, name, 'phone', 2 from detect_profile
         where n.phone <> '' and phone = n.phone and email <> '' order by source_key limit 50)
        union all
        (select source_key, name, 'name and company', 3 from detect_profile
         where n.company <> '' and company = n.company and name = n.name and n.name like '%% %%' and email <> ''
         order by source_key limit 50)) f
    group by source_key order by 3 desc, 4 desc, 1 limit %(most)s) c
where n.source_key = any(%(keys)s) order by n.source_key, c.shared desc, c.near desc, c.source_key
"""
_PERSONS_LIKE = """
select n.source_key, c.target_id, c.why from detect_profile n cross join lateral (
    select target_id, array_agg(distinct why order by why desc) why, count(distinct why) shared,
        max(similarity(name, n.name)) near from (
        (select target_id, name, 'phone' why from detect_target
         where n.phone <> '' and phone = n.phone order by target_id limit 50)
        union all
        (select target_id, name, 'name and company' from detect_target
         where n.company <> '' and company = n.company and name = n.name and n.name like '%% %%'
         order by target_id limit 50)) f
    group by target_id order by 3 desc, 4 desc, 1 limit %(most)s) c
where n.source_key = any(%(keys)s) order by n.source_key, c.shared desc, c.near desc, c.target_id
"""
_DOMAINS_OF = """
select n.source_key, d.domain from detect_profile n cross join lateral (
    select split_part(email, '@', 2) domain, count(*) holders from (
        select email from detect_profile where company = n.company and email like '%%@%%' limit 200) e
    where split_part(email, '@', 2) <> all(%(public)s) group by 1 order by 2 desc, 1 limit %(most)s) d
where n.company <> '' and n.source_key = any(%(keys)s) order by n.source_key, d.holders desc, d.domain
"""


class _LookAlikes:
    """What could be the same person as the profiles of one page, in five queries."""

    def __init__(self, discovery: Discovery, page: Sequence[StagedProfile]) -> None:
        keys = {"keys": [row.source_key for row in page]}
        self._profiles = rows_of(_PROFILES_LIKE, {**keys, "most": CANDIDATES})
        self._persons = rows_of(_PERSONS_LIKE, {**keys, "most": CANDIDATES})
        self._domains: dict[str, list[str]] = {}
        public = {"public": list(PUBLIC_MAILBOXES), "most": DOMAINS}
        for key, domain in rows_of(_DOMAINS_OF, {**keys, **public}):
            self._domains.setdefault(key, []).append(domain)
        self._found: dict[str, list[dict[str, Any]]] = {}
        self._read_profiles(discovery)
        self._read_persons(discovery)

    def of(self, row: StagedProfile) -> list[dict[str, Any]]:
        return self._found.get(row.source_key, [])[:CANDIDATES]

    def domains_of(self, row: StagedProfile) -> dict[str, list[str]]:
        """Where the company's other people have their mailboxes, most used first."""
        found = self._domains.get(row.source_key)
        return {"domains": found} if found else {}

    def _read_profiles(self, discovery: Discovery) -> None:
        others = discovery.profiles.filter(source_key__in={other for _, other, _ in self._profiles})
        rows = {row.source_key: row for row in others}
        for key, other, why in self._profiles:
            self._add(key, candidate_of(rows[other], f"Same {', same '.join(why)}"))

    def _read_persons(self, discovery: Discovery) -> None:
        ids = {target for _, target, _ in self._persons}
        persons = discovery.target_records.filter(kind=Kind.PERSON.value, target_id__in=ids)
        rows = {row.target_id: row for row in persons} if ids else {}
        names = organization_names(discovery, rows.values())
        for key, target, why in self._persons:
            said = f"Same {', same '.join(why)} in Pipedrive"
            self._add(key, target_candidate_of(rows[target], said, names))

    def _add(self, key: str, candidate: dict[str, Any]) -> None:
        self._found.setdefault(key, []).append(candidate)


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
    reads = AGREEING.get(kind, frozenset({kind}))
    return variant.filled - sum(variant.shapes.get(shape.value, 0) for shape in reads)
