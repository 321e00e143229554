"""Profiles that may be one person, and Persons of the target that may be them: one case for each cluster.

1. the database finds pairs that share a value (blocking), the engine's rules say which are worth a question;
2. links become clusters, the strongest key first, none larger than people can compare;
3. each cluster becomes one case, so that no pair is ever asked about twice.
Whoever lacks an e-mail address is asked about for that, with candidates, and is grouped with others like it only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from migrator.engine.cases import Case, CaseKind
from migrator.engine.dedupe import MOST_MEMBERS, Clusters, crm_id_key, near_people, person_key, same_crm_id
from migrator.engine.matching import company_key
from migrator.models import Discovery, StagedProfile
from migrator.runner.detecting_facts import (
    case_of,
    discovery_of,
    facts_of,
    organization_names,
    target_candidate_of,
)
from migrator.runner.detecting_keys import persons_of_others, rows_of
from migrator.runner.job import Job
from migrator.texts import phone_for_people

BATCH = 500
PERSONS_SAID = 3
CAP: dict[str, int] = {"most": MOST_MEMBERS}
Row = tuple[Any, ...]
# A large block is one mailbox or one switchboard: everybody next to the next one, in order.
_NEIGHBOURS = """
select source_key, other from (
    select source_key, lag(source_key) over (partition by {by} order by source_key) other
    from detect_profile where {where}) n
where other is not null order by source_key
"""
_PAIRS = """
with block as materialized (
    select source_key, name, waits, {by} as value, count(*) over (partition by {by}, waits) holders
    from detect_profile where {by} <> '')
select a.source_key, b.source_key, a.name, b.name, a.holders
from block a join block b on b.value = a.value and b.waits = a.waits and b.source_key > a.source_key
where a.holders between 2 and %(most)s
union all
select source_key, other, name, name, %(most)s + 1 from (
    select source_key, name, lag(source_key) over (partition by value, waits, name order by source_key) other
    from block where holders > %(most)s and name <> '') n
where other is not null
order by 1, 2
"""
_SHARED_IN_TARGET = """
select p.source_key, p.email from detect_profile p
where p.email in (select email from detect_address group by email having count(*) > 1) order by 1
"""
# Whom an address finds needs no guess; every other Person with the same phone, or with name and company.
_PERSONS = """
with p as materialized (
    select *, count(*) over (partition by phone) holders from detect_profile
    where (%(waiting)s or not waits)
        and not exists (select from detect_address a where a.email = detect_profile.email)),
t as materialized (select *, count(*) over (partition by phone) holders from detect_target)
select p.source_key, t.target_id, p.name, t.name, 'phone' from p join t on t.phone = p.phone
where p.phone <> '' and (p.name = t.name or (p.holders <= %(most)s and t.holders <= %(most)s))
union
select p.source_key, t.target_id, p.name, t.name, 'company' from p
join t on t.company = p.company and t.name = p.name where p.company <> '' and p.name like '%% %%'
order by 1, 2, 5
"""


@dataclass
class Found:
    """What belongs together, and which Persons were found for a profile by more than its address."""

    clusters: Clusters = field(default_factory=Clusters)
    persons: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    pairs: int = 0
    # Addresses that a case is keyed by already, of those that were too many for one case.
    keyed: set[str] = field(default_factory=set)


def duplicates(job: Job) -> Iterator[Case]:
    """Every cluster in the order of its least source key. Call it inside `key_tables`."""
    found = links()
    clusters = iter(found.clusters)
    while batch := list(islice(clusters, BATCH)):
        yield from _cases(job, [c for c in batch if _is_question(c, found)], found)


def _is_question(cluster: Sequence[str], found: Found) -> bool:
    """Somebody alone is one only where Persons of the target come into it."""
    return len(cluster) > 1 or bool(found.clusters.anchor_of(cluster[0]) or _persons(cluster, found))


def links() -> Found:
    """All links between profiles, the strongest kind first, and the Persons that no address found."""
    found = Found()
    for key, email in rows_of(_SHARED_IN_TARGET):
        found.clusters.add(key, anchor=email)
    _link(found, rows_of(_NEIGHBOURS.format(by="email", where="email <> ''")), lambda *_: True)
    _link(found, rows_of(_PAIRS.format(by="crm"), CAP), same_crm_id)
    _link(found, rows_of(_PAIRS.format(by="phone"), CAP), lambda a, b, _: near_people(a, b))
    by_company = "company <> '' and name like '%% %%'"
    _link(
        found, rows_of(_NEIGHBOURS.format(by="company, name, waits", where=by_company), CAP), lambda *_: True
    )
    found.persons = likely_persons(waiting=False)
    for key in found.persons:
        found.clusters.add(key)
    return found


def likely_persons(*, waiting: bool) -> dict[str, dict[str, list[str]]]:
    """Persons by profile that no address finds, with the names of the shared fields; with `waiting` also for those
    who lack an address. Call it inside `key_tables`."""
    persons: dict[str, dict[str, list[str]]] = {}
    for key, target, mine, theirs, why in rows_of(_PERSONS, CAP | {"waiting": waiting}):
        if near_people(mine, theirs):
            persons.setdefault(key, {}).setdefault(target, []).append(why)
    return persons


def _link(found: Found, rows: Sequence[Row], worth: Callable[..., bool]) -> None:
    for a, b, *rest in rows:
        if worth(*rest):
            found.pairs += 1
            found.clusters.link(a, b)


def _persons(cluster: Sequence[str], found: Found) -> dict[str, list[str]]:
    """Persons found by more than an address, for all of a cluster, with the names of the shared fields."""
    merged: dict[str, list[str]] = {}
    for key in cluster:
        for target, why in found.persons.get(key, {}).items():
            merged[target] = list(dict.fromkeys([*merged.get(target, []), *why]))
    return merged


def _cases(job: Job, batch: Sequence[tuple[str, ...]], found: Found) -> Iterator[Case]:
    discovery = discovery_of(job)
    keys = [key for cluster in batch for key in cluster]
    rows = {row.source_key: row for row in discovery.profiles.filter(source_key__in=keys)}
    there = _Persons(discovery, rows, {t for c in batch for t in _persons(c, found)})
    for cluster in batch:
        members = [rows[key] for key in cluster if key in rows]
        if members:
            yield _case(job, members, found, there.of(members, _persons(cluster, found)))


class _Persons:
    """The Persons that a batch of clusters could need, in two queries."""

    def __init__(self, discovery: Discovery, rows: Mapping[str, StagedProfile], ids: set[str]) -> None:
        emails = sorted({row.email for row in rows.values() if row.email})
        persons = persons_of_others(discovery)
        by_address = list(persons.filter(emails__overlap=emails)) if emails else []
        by_id = list(persons.filter(target_id__in=ids)) if ids else []
        self._by_id = {row.target_id: row for row in [*by_address, *by_id]}
        self._by_email: dict[str, list[str]] = {}
        for row in by_address:
            for email in set(row.emails):
                self._by_email.setdefault(email, []).append(row.target_id)
        self._organizations = organization_names(discovery, self._by_id.values())

    def of(self, members: Sequence[StagedProfile], weak: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """The Persons that a cluster could become: none where one address decides for all of it."""
        by_email = {t for row in members if row.email for t in self._by_email.get(row.email, ())}
        if len(by_email) < 2 and not weak:
            return []
        found = sorted({*by_email, *(t for t in weak if t in self._by_id)}, key=lambda t: self._by_id[t].pk)
        return [
            target_candidate_of(
                self._by_id[t], _why_person(t in by_email, weak.get(t, ())), self._organizations
            )
            for t in found
        ]


def _why_person(by_email: bool, fields: Sequence[str]) -> str:
    shared = [*(["email"] if by_email else []), *(["phone"] if "phone" in fields else [])]
    shared += ["name and company"] if "company" in fields else []
    return f"Same {', '.join(shared)}" + (" and a near name" if fields == ["phone"] and not by_email else "")


def _case(job: Job, members: Sequence[StagedProfile], found: Found, targets: list[dict[str, Any]]) -> Case:
    shared = _shared(members)
    match, value = next(((name, value) for name, value, _ in shared), ("", ""))
    address = found.clusters.anchor_of(members[0].source_key)
    address = address or next((v for name, v, _ in shared if name == "email"), "")
    why = [_why(name, value, n, len(members)) for name, value, n in shared]
    why += [f"{t['why']}: {t['name']} in Pipedrive" for t in targets[:PERSONS_SAID]]
    is_part = any(row.source_key in found.clusters.cut for row in members)
    if is_part:
        why.append(f"More profiles share these values: a case holds at most {MOST_MEMBERS}")
    evidence = {
        "match": "target" if targets else match,
        "value": address or (phone_for_people(value) if match == "phone" else value),
        "why": why,
        "members": [facts_of(job, row) for row in members],
        "targets": targets,
    }
    title = next((row.name for row in members if row.name), "") or str(value) or members[0].source_key
    key = _key(members[0].source_key, address, bool(targets), found, is_part=is_part)
    return case_of(CaseKind.DUPLICATE, key, title, evidence, members)


def _key(least: str, address: str, has_targets: bool, found: Found, *, is_part: bool) -> str:
    """By the shared address, which stays when members come and go; of its later parts by their least key."""
    is_first = bool(address) and address not in found.keyed
    if is_part and address:
        found.keyed.add(address)
    if has_targets:
        by_address = is_first and bool(found.clusters.anchor_of(least))
        return f"target:{address}" if by_address else f"target-group:{least}"
    return f"email:{address}" if is_first else f"group:{least}"


def _shared(members: Sequence[StagedProfile]) -> list[tuple[str, str, int]]:
    """(field, value, how many have it) of what at least two members share, strongest field first."""
    readers: tuple[tuple[str, Callable[[StagedProfile], str], Callable[[StagedProfile], str]], ...] = (
        ("email", lambda r: r.email, lambda r: r.email),
        ("crm_id", lambda r: crm_id_key(r.crm_id), lambda r: r.crm_id),
        ("phone", lambda r: r.phone, lambda r: r.phone),
        ("company", _name_and_company, lambda r: f"{r.name}, {r.company}"),
    )
    found = []
    for name, key, shown in readers:
        groups: dict[str, list[StagedProfile]] = {}
        for row in members:
            if key(row):
                groups.setdefault(key(row), []).append(row)
        found += [(name, shown(g[0]), len(g)) for _, g in sorted(groups.items()) if len(g) > 1]
    return found


def _name_and_company(row: StagedProfile) -> str:
    name, company = person_key(row.name), company_key(row.company)
    return f"{name}/{company}" if " " in name and company else ""


_SAID = {
    "email": "Same email",
    "crm_id": "Same CRM id",
    "phone": "Same phone",
    "company": "Same name and company",
}


def _why(name: str, value: str, holders: int, members: int) -> str:
    shown = phone_for_people(value) if name == "phone" else value
    some = f" ({holders} of {members})" if holders < members else ""
    return f"{_SAID[name]}: {shown}{some}"
