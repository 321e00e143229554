"""A made-up project with any number of cases of all seven kinds, for measuring the pages that list them.

Some hundred cases are made as a discovery makes them; the database copies them under other names and numbers, with
everything that belongs to them. The same number gives the same cases in every call.
"""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils import timezone

from migrator.engine.cases import Case, CaseKind
from migrator.models import Project
from reconciliation.choices import GROUP_ORDER
from reconciliation.facets import facets_of, folded, queue_word, traits_of
from reconciliation.models import ReviewItem
from reconciliation.ranking import rank_of
from reconciliation.suggestions import suggest

# Of a hundred thousand cases; what is missing to all of them is made up by the first kind.
SHARES = {
    CaseKind.NO_EMAIL: 0,
    CaseKind.NO_NAME: 15_000,
    CaseKind.DUPLICATE: 25_000,
    CaseKind.RARE_TAG: 10_000,
    CaseKind.ORGANIZATION: 4_900,
    CaseKind.TYPE_CONFLICT: 50,
    CaseKind.CONSENT: 50,
}
PATTERNS = 300
# Stands for the number of a copy, in every text of a pattern; it is folded like the text around it.
MARK = "qz0qz"
_SECTIONS = ("Sweden", "Norway", "Denmark", "Finland", "Webshop", "Club")
_FIRST = (
    "Astrid",
    "Johan",
    "Karin",
    "Bjørn",
    "Ingrid",
    "Lars",
    "Mette",
    "Jukka",
    "Åsa",
    "Ole",
    "Sari",
    "Nils",
)
_LAST = (
    "Lindqvist", "Ødegård", "Holm", "Nyman", "Berg", "Dahl", "Kivinen", "Sørensen", "Aalto", "Vik", "Strand",
    "Ek", "Lund", "Haugen", "Mattila", "Rask", "Falk", "Moen", "Krogh", "Sand",
)  # fmt: skip
_COMPANIES = ("Fjell AS", "Nordic Trail AB", "Hav & Strand ApS", "Tunturi Oy", "Kaffeverket AB", "Skog AS")
_TAGS = ("vip", "winter_25", "newsletter", "store oslo", "b2b", "lapsed", "event 2024", "press")


def make_cases(project: Project, number: int) -> None:
    """Fill a project with that many cases; the caller analyzes the tables."""
    shares = {kind: number * share // 100_000 for kind, share in SHARES.items()}
    shares[CaseKind.NO_EMAIL] = number - sum(shares.values())
    with _indexes_afterwards():
        for kind, wanted in shares.items():
            _fill(project, kind, wanted)


_INDEXES = """
select indexname, indexdef from pg_indexes i
where tablename in ('reconciliation_reviewitem', 'reconciliation_casefacet')
    and not exists (select 1 from pg_constraint c where c.conindid = i.indexname::regclass)
"""


@contextmanager
def _indexes_afterwards() -> Iterator[None]:
    """An index is built in a fraction of the time that it takes to keep it up row by row."""
    with connection.cursor() as cursor:
        cursor.execute("set maintenance_work_mem = '512MB'")
        cursor.execute(_INDEXES)
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f"drop index {name}")
        yield
        for _, definition in found:
            cursor.execute(definition)


_SEEN = ("", "2023-04-02T08:00:00+00:00", "2025-11-12T08:00:00+00:00", "2026-03-12T08:00:00+00:00")

_PATTERN_TABLE = """
create temporary table if not exists pattern (
    n serial, title text, key text, evidence text, suggestion text, action text, group_order int, confidence int,
    profiles int, events int, tokens int, rank bigint, section text, traits int, search text, facets text
)
"""
# A copy differs in its number; what it holds up differs a little, so that the order is one.
_COPY = """
with made as (
    insert into reconciliation_reviewitem (project_id, kind, key, title, evidence, evidence_sha, suggestion,
        suggested_action, group_order, confidence, state, action, args, impact_profiles, impact_events,
        impact_tokens, rank, section, traits, changed, scan, opened_at, touched_at, lock_version)
    select %(project)s, %(kind)s, replace(key, %(mark)s, i::text), replace(title, %(mark)s, i::text),
        replace(evidence, %(mark)s, i::text)::jsonb, md5(i::text) || md5(key),
        replace(suggestion, %(mark)s, i::text)::jsonb, action, group_order, confidence, 'open', '', '{}', profiles,
        events + i %% 17, tokens, rank - i %% 997, section, traits, '', 'bench',
        %(now)s - i * interval '0.2 second', %(now)s - i * interval '0.2 second', 0
    from generate_series(%(first)s::int, %(last)s::int) i join pattern on n = %(begin)s + i %% %(patterns)s
    returning id, key, title, group_order, rank
)
insert into reconciliation_casefacet (group_order, rank, item_id, search, facets)
select made.group_order, made.rank, made.id, replace(p.search, %(mark)s, number),
    array(select jsonb_array_elements_text(replace(p.facets, %(mark)s, number)::jsonb))
from made
cross join lateral (select (regexp_match(made.key, '[0-9]+$'))[1] number) numbered
join pattern p on p.n = %(begin)s + numbered.number::int %% %(patterns)s
"""
CHUNK = 50_000


def _fill(project: Project, kind: CaseKind, wanted: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PATTERN_TABLE)
        begin = _store_patterns(project, kind)
        for first in range(0, wanted, CHUNK):
            values: dict[str, Any] = {"first": first, "last": min(first + CHUNK, wanted) - 1, "begin": begin}
            values |= {"patterns": PATTERNS, "mark": MARK, "now": timezone.now()}
            cursor.execute(_COPY, {**values, "project": project.pk, "kind": kind.value})


def _store_patterns(project: Project, kind: CaseKind) -> int:
    """Returns the number of the first."""
    rng = random.Random(kind.value)  # noqa: S311 - it draws examples
    rows = [_pattern(project, _MAKERS[kind](rng), rng) for _ in range(PATTERNS)]
    places = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(n), 0) + 1 from pattern")
        begin = int(cursor.fetchone()[0])
        cursor.executemany(
            f"insert into pattern (title, key, evidence, suggestion, action, group_order, confidence, profiles,"  # noqa: S608
            f" events, tokens, rank, section, traits, search, facets) values ({places})",
            rows,
        )
        cursor.execute("select min(n) from pattern where n >= %s", [begin])
        return int(cursor.fetchone()[0])


def _pattern(project: Project, case: Case, rng: random.Random) -> tuple[Any, ...]:
    found, section = suggest(case), rng.choice(_SECTIONS)
    traits = traits_of(case.kind, case.evidence, found.confidence)
    search, words = facets_of(
        case.kind, case.evidence, case.title, case.key, section, found.action.value, found.confidence
    )
    words.append(queue_word(project.pk, case.kind.value))
    rank = rank_of(case.kind, found.action.value, case.profiles, case.events, case.tokens)
    return (
        *(case.title, case.key, _json(dict(case.evidence)), _json(found.as_json()), found.action.value),
        *(GROUP_ORDER[found.action], found.confidence, case.profiles, case.events, case.tokens, rank),
        *(section, traits, search, _json(words)),
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# Cases as a discovery makes them


def _person(rng: random.Random) -> dict[str, Any]:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return {
        "source_key": f"profile-{MARK}",
        "name": f"{first} {last}",
        "email": f"{folded(first)}.{folded(last)}.{MARK}@example.com",
        "phone": f"+46 70 {rng.randrange(100, 999)} {MARK}" if rng.random() < 0.6 else "",
        "company": rng.choice(_COMPANIES) if rng.random() < 0.4 else "",
        "crm_id": f"CRM-{MARK}" if rng.random() < 0.2 else "",
        "sections": [rng.choice(_SECTIONS)],
        "event_count": rng.choice((0, 0, 3, 14, 60)),
        "last_event": rng.choice(_SEEN),
        "filled": rng.randrange(3, 12),
    }


def _no_email(rng: random.Random) -> Case:
    evidence = _person(rng) | {"email": "", "open_deal": rng.random() < 0.05, "tags": rng.sample(_TAGS, 2)}
    evidence["consents"] = ["Email: Yes", "SMS: No"]
    evidence["candidates"] = [
        _person(rng) | {"source_key": f"other-{n}-{MARK}", "why": "same phone"}
        for n in range(rng.choice((0, 0, 1, 2)))
    ]
    key = str(evidence["source_key"])
    return Case(CaseKind.NO_EMAIL, key, str(evidence["name"]), evidence, 1, evidence["event_count"], 10)


def _no_name(rng: random.Random) -> Case:
    evidence = _person(rng) | {"name": "", "open_deal": False, "tags": rng.sample(_TAGS, 1), "consents": []}
    evidence["candidates"] = []
    key, title = str(evidence["source_key"]), str(evidence["email"])
    return Case(CaseKind.NO_NAME, key, title, evidence, 1, evidence["event_count"], 10)


def _duplicate(rng: random.Random) -> Case:
    first = _person(rng)
    members = [first] + [
        first | {"source_key": f"twin-{n}-{MARK}", "sections": [rng.choice(_SECTIONS)], "filled": 4 + n}
        for n in range(rng.choice((1, 1, 2)))
    ]
    evidence: dict[str, Any] = {
        "match": "email",
        "value": first["email"],
        "why": [f"Email {first['email']}"],
        "targets": [],
    }
    evidence["members"] = members
    key = f"group:profile-{MARK}"
    return Case(CaseKind.DUPLICATE, key, first["name"], evidence, len(members), 3 * first["event_count"], 20)


def _tag(rng: random.Random) -> Case:
    tag, used = f"{rng.choice(_TAGS)} {MARK}", rng.randrange(1, 5)
    similar = [{"tag": rng.choice(_TAGS), "count": 40}]
    evidence: dict[str, Any] = {
        "tag": tag,
        "count": used,
        "sections": [rng.choice(_SECTIONS)],
        "similar": similar,
    }
    evidence |= {"together": [{"tag": rng.choice(_TAGS), "count": used}], "spellings": []}
    return Case(CaseKind.RARE_TAG, tag, tag, evidence, used, 0, used)


def _organization(rng: random.Random) -> Case:
    name = f"{rng.choice(_COMPANIES).split()[0]} {MARK}"
    members = [
        {"name": f"{name}{form}", "profiles": 3, "domains": [f"{folded(name).replace(' ', '')}.example"]}
        | {"vat": [], "target_id": ""}
        for form in (" AS", "")
    ]
    evidence: dict[str, Any] = {
        "value": folded(name),
        "members": members,
        "why": ["The names differ by their legal form"],
    }
    return Case(CaseKind.ORGANIZATION, f"company:{name}", name, evidence, 6, 20, 12)


def _type_conflict(rng: random.Random) -> Case:
    field = f"attribute:shoe size {MARK}"
    variants = [
        {"section": "Norway", "type": "number", "filled": 300, "top": [["42", 120], ["43", 90]]},
        {"section": "Finland", "type": "text", "filled": 100, "top": [["42 EU", 40], ["large", 6]]},
    ]
    choices = [
        {"action": "as_type", "type": "text", "lost": 0, "samples": []},
        {"action": "as_type", "type": "number", "lost": rng.randrange(90), "samples": ["42 EU", "large"]},
        {"action": "split", "type": "", "lost": 0, "samples": []},
        {"action": "drop", "type": "", "lost": 400, "samples": ["42"]},
    ]
    evidence: dict[str, Any] = {
        "field": field,
        "name": f"Shoe size {MARK}",
        "variants": variants,
        "choices": choices,
    }
    return Case(CaseKind.TYPE_CONFLICT, field, f"Shoe size {MARK}", evidence, 400, 0, 400)


def _consent(rng: random.Random) -> Case:
    answers = [{"where": "Sweden", "state": "Yes"}, {"where": rng.choice(_SECTIONS[1:]), "state": "No"}]
    samples = [{"source_key": f"profile-{MARK}", "name": _person(rng)["name"]}]
    evidence: dict[str, Any] = {"channel": "email", "answers": answers, "profiles": 12, "samples": samples}
    return Case(CaseKind.CONSENT, f"email {MARK}", "Email: Yes and No", evidence, 12, 30, 12)


_MAKERS: dict[CaseKind, Callable[[random.Random], Case]] = {
    CaseKind.NO_EMAIL: _no_email,
    CaseKind.NO_NAME: _no_name,
    CaseKind.DUPLICATE: _duplicate,
    CaseKind.RARE_TAG: _tag,
    CaseKind.ORGANIZATION: _organization,
    CaseKind.TYPE_CONFLICT: _type_conflict,
    CaseKind.CONSENT: _consent,
}


def tables() -> Iterator[str]:
    """What has to be analyzed after the filling, as the database does by itself after a while."""
    yield from (ReviewItem._meta.db_table, "reconciliation_casefacet", "reconciliation_queuecount")
