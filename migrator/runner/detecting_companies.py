"""Company names that may be one company, and Organizations of the target that may be it: one case a cluster.

1. names that differ in more than case and space are compared by key, letters, e-mail domain and VAT number;
2. what is linked becomes one case with each name's profiles.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db import connection

from migrator.engine.cases import Case, CaseKind
from migrator.engine.dedupe import (
    MOST_MEMBERS,
    PUBLIC_MAILBOXES,
    Clusters,
    company_name_key,
    company_spelling,
    is_named_in,
    is_own_domain,
    near_companies,
)
from migrator.engine.inventory import SourceField
from migrator.engine.records import Kind
from migrator.models import Discovery
from migrator.runner.detecting_facts import discovery_of, tokens_of
from migrator.runner.detecting_keys import rows_of, run
from migrator.runner.job import Job

SHOWN = 5
# What attributes that hold a company's registered number are called.
# "ust" is German for VAT and a part of "customer since", whose dates are no company's number.
_VAT = re.compile(
    r"(?<![a-z])(?:vat|ust)(?:[\W_]*(?:id|n|reg)|(?![a-z]))|(?<![a-z])org(?:ani[sz]a(?:tion|sjon))?s?[\W_]*n(?:umme|umbe)?r"
    r"|cvr|y[\W_]?tunnus|moms|company[\W_]?(?:id|number)",
    re.I,
)
_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
_NAMES = """
select company, count(*), sum(event_count), sum(case when event_count > 0 then 1 else 0 end)
from migrator_stagedprofile where discovery_id = %(discovery)s and company <> '' group by company order by company
"""
_DOMAINS = """
select company, lower(split_part(email, '@', 2)), count(*) from migrator_stagedprofile
where discovery_id = %(discovery)s and company <> '' and email like '%%@%%' group by 1, 2 order by 1, 2
"""
_NUMBERS = """
select distinct company, raw->'sections'->%(section)s->'attributes'->>%(name)s from migrator_stagedprofile
where discovery_id = %(discovery)s and company <> ''
    and coalesce(raw->'sections'->%(section)s->'attributes'->>%(name)s, '') <> '' order by 1, 2
"""
_TABLE = """
drop table if exists detect_company;
create temporary table detect_company (block text collate "C", key text collate "C")
"""
# A block that is too large to compare each with each has a finer one beside it.
_ALIKE = """
with sized as materialized (select block, key, count(*) over (partition by block) n from detect_company)
select distinct a.key, b.key from sized a join sized b on b.block = a.block and b.key > a.key
where a.n between 2 and %(most)s and similarity(a.key, b.key) >= 0.5 order by 1, 2
"""
BLOCK = 200


@dataclass
class Name:
    """One spelling of a company, with what its profiles tell. `events` and `histories` are counts."""

    shown: str
    key: str
    profiles: int = 0
    events: int = 0
    histories: int = 0
    target_id: str = ""
    domains: Counter[str] = field(default_factory=Counter)
    vat: set[str] = field(default_factory=set)


Names = dict[str, Name]
Link = Callable[[str, str, str], None]


def organizations(job: Job, sources: Sequence[SourceField]) -> Iterator[Case]:
    """Every cluster of names in the order of its least one."""
    discovery = discovery_of(job)
    names = _names(discovery, sources)
    own = set(names)
    _add_existing(discovery, names)
    clusters, why = Clusters(), dict[tuple[str, str], str]()

    def link(a: str, b: str, reason: str) -> None:
        if a != b and clusters.link(a, b):
            why.setdefault((min(a, b), max(a, b)), reason)

    _link_all(names, link)
    reasons = _by_cluster(clusters, why)
    for cluster in clusters:
        # Two Organizations that are both in the target already are not ours to join.
        if own.intersection(cluster) and len(cluster) > 1:
            yield _case([names[n] for n in cluster], cluster[0], reasons.get(cluster[0], []))


def _link_all(names: Names, link: Link) -> None:
    """The strongest reason first."""
    _link_groups(names, lambda n: sorted(n.vat), "Same company number: {}", link)
    _link_groups(names, lambda n: [n.key], "Same name but for legal form, accents and punctuation: {}", link)
    by_key: dict[str, str] = {}
    for spelled, name in names.items():
        by_key.setdefault(name.key, spelled)
    for a, b in _alike(sorted(by_key)):
        if near_companies(a, b):
            one, two = names[by_key[a]], names[by_key[b]]
            link(by_key[a], by_key[b], f"Spelled alike: {one.shown} and {two.shown}")
    holders = Counter(d for n in names.values() for d in n.domains)
    # Two strangers at one small mailbox provider are no company: one of them is called like the domain.
    telling = {d for n in names.values() for d in _main_domain(n) if is_named_in(d, n.key)}
    _link_groups(
        names,
        lambda n: [d for d in _main_domain(n) if is_own_domain(d, holders[d]) and d in telling],
        "Same email domain: {}",
        link,
    )


def _main_domain(name: Name) -> list[str]:
    """The domain that most of a company's profiles have; a colleague's private mailbox is not it."""
    found = [d for d, n in name.domains.items() if 2 * n > name.domains.total()]
    return [d for d in found if d not in PUBLIC_MAILBOXES]


def _link_groups(names: Names, values: Callable[[Name], Sequence[str]], reason: str, link: Link) -> None:
    """Link all names that share a value, one to the next."""
    groups: dict[str, list[str]] = {}
    for spelled, name in names.items():
        for value in values(name):
            groups.setdefault(value, []).append(spelled)
    for value, members in sorted(groups.items()):
        for a, b in pairwise(sorted(members)) if len(members) > 1 else ():
            link(a, b, reason.format(value))


def _alike(keys: Sequence[str]) -> list[tuple[Any, ...]]:
    """Pairs of keys that are near in letters, by the database."""
    run(_TABLE)
    with connection.cursor() as cursor, cursor.copy("copy detect_company from stdin") as copy:
        for key in keys:
            for block in _blocks(key):
                copy.write_row((block, key))
    run("analyze detect_company")
    found = rows_of(_ALIKE, {"most": BLOCK})
    run("drop table detect_company")
    return found


def _blocks(key: str) -> set[str]:
    """Where a name is compared: by its first and by its last letters, because a slip is in one half of it, and
    always with the same numbers."""
    letters, numbers = key.replace(" ", ""), " ".join(re.findall(r"\d+", key))
    cuts = {f"{side}{length}" for side in "<>" for length in (5, 10) if len(letters) >= length}
    parts = {cut: letters[: int(cut[1:])] if cut[0] == "<" else letters[-int(cut[1:]) :] for cut in cuts}
    return {f"={letters}"} | {f"{cut}{part}/{numbers}" for cut, part in parts.items()}


def _names(discovery: Discovery, sources: Sequence[SourceField]) -> Names:
    """Every spelling by what is the same but for case and space; the most used one is shown."""
    names: Names = {}
    of = {"discovery": discovery.pk}
    best: dict[str, tuple[int, int, str]] = {}
    for company, profiles, events, histories in rows_of(_NAMES, of):
        spelled, shown = company_spelling(company), " ".join(company.split())
        name = names.setdefault(spelled, Name(shown, company_name_key(company)))
        # The most used; of several the one that shouts least.
        rated = profiles, sum(letter.islower() for letter in shown), shown
        if rated > best.get(spelled, (0, 0, "")):
            name.shown, best[spelled] = shown, rated
        name.profiles, name.events = name.profiles + profiles, name.events + int(events)
        name.histories += int(histories)
    for company, domain, count in rows_of(_DOMAINS, of):
        names[company_spelling(company)].domains[domain] += count
    for section, attribute in _number_refs(sources):
        for company, value in rows_of(_NUMBERS, {**of, "section": section, "name": attribute}):
            names[company_spelling(company)].vat |= _number(value)
    return names


def _number_refs(sources: Sequence[SourceField]) -> list[tuple[str, str]]:
    found = [
        v for s in sources if s.kind == "attribute" and _VAT.search(s.name) for v in s.variants if v.filled
    ]
    return sorted({(v.section, v.discriminator) for v in found})


def _number(value: str) -> set[str]:
    """A registered number without punctuation; a year or a street number is too short to be one."""
    plain = _NOT_LETTER_OR_DIGIT.sub("", value).casefold()
    digits = sum(letter.isdigit() for letter in plain)
    return {plain} if 7 <= digits <= 14 and len(set(plain)) > 2 else set()


def _add_existing(discovery: Discovery, names: Names) -> None:
    """The target's Organizations: the name of a member that is there already, or a near one as a member."""
    there = discovery.target_records.filter(kind=Kind.ORGANIZATION.value, marker="").order_by("-pk")
    by_key: dict[str, list[Name]] = {}
    for name in names.values():
        by_key.setdefault(name.key, []).append(name)
    for target_id, key, listed in there.values_list("target_id", "name_key", "body__name").iterator(2000):
        shown = str(listed or "").strip()
        spelled = company_spelling(shown)
        if spelled in names:
            names[spelled].target_id = target_id
        elif key and key not in by_key:
            names[spelled] = Name(shown, key, target_id=target_id)
        # One of the same key is completed without a question, as ever.
        for name in by_key.get(key, ()):
            name.target_id = name.target_id or target_id


def _by_cluster(clusters: Clusters, why: dict[tuple[str, str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for (a, _), reason in why.items():
        lines = found.setdefault(clusters.of(a), [])
        if reason not in lines:
            lines.append(reason)
    return found


def _case(members: Sequence[Name], least: str, why: Sequence[str]) -> Case:
    evidence: dict[str, Any] = {
        "value": members[0].key,
        "members": [
            {
                "name": name.shown,
                "profiles": name.profiles,
                "domains": [domain for domain, _ in name.domains.most_common(SHOWN)],
                "vat": sorted(name.vat)[:SHOWN],
                "target_id": name.target_id,
            }
            for name in members
        ],
        "why": list(why)[:MOST_MEMBERS],
    }
    profiles = sum(name.profiles for name in members)
    tokens = tokens_of(profiles, [1] * sum(name.histories for name in members))
    title = max(members, key=lambda name: (name.profiles, name.shown)).shown
    events = sum(name.events for name in members)
    return Case(CaseKind.ORGANIZATION, f"company:{least}", title, evidence, profiles, events, tokens)
