"""Makes up an account whose duplicates are known, lets detection find them, and tells how long it took and what it
missed."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import combinations
from random import Random
from time import monotonic, perf_counter
from typing import Any

from django.db import connection

from migrator import staging
from migrator.choices import RunKind, RunState, Side
from migrator.engine.cases import Case
from migrator.models import Connection, Discovery, Project, Run, RunPhase
from migrator.runner import detecting
from migrator.runner.inventorying import Totals
from migrator.runner.job import Job

SECTION = "usercreated.sections.sweden"
PAGE = 5_000
FIRST = (
    "Anna Erik Lena Johan Maria Olof Ingrid Lars Kerstin Nils Astrid Sven Birgitta Gunnar Elsa Arne Karin Bengt "
    "Sofia Mats Emma Jonas Hanna Peter Linnea Anders Ida Fredrik Wilma Gustav Saga Henrik Freja Magnus Tuva Rolf"
).split()
PARTS_OF_LAST = (
    "Berg Lund Dahl Holm Sten Vik Ek Ström Sjö Hag Nor Öst Väster Söder Granat Hall Lind Alm Björk Asp Rönn".split(),
    "qvist strand gren man vall ström berg dal mark fors stedt sson rud felt haug nes moen by bakk lien".split(),
    " a b c d e f g h i j k l m n o p".split(" "),
)
Row = dict[str, Any]


class Account:
    """Profiles in pages, and the pairs of source keys that are one person."""

    def __init__(self, profiles: int, seed: int = 7) -> None:
        self.truth: set[tuple[str, str]] = set()
        # The Person of the target that a profile is, where no address tells.
        self.persons: list[tuple[str, Row]] = []
        self._profiles, self._random = profiles, Random(seed)  # noqa: S311 - the same account every time

    def pages(self) -> Iterator[list[Row]]:
        waiting: list[Row] = []
        made = 0
        while made < self._profiles:
            group = self._group(made)[: self._profiles - made]
            self.truth |= {(a["source_key"], b["source_key"]) for a, b in combinations(group, 2)}
            made += len(group)
            waiting += group
            if len(waiting) >= PAGE:
                yield waiting
                waiting = []
        yield waiting

    def _group(self, number: int) -> list[Row]:
        """One person, or one of twenty as two profiles that share one thing: every tenth profile is a duplicate."""
        one = self._row(number)
        if self._random.random() >= 0.0526:
            if self._random.random() < 0.02:
                self._known(one)
            return [one]
        two = self._row(number + 1) | {"name": one["name"]}
        match self._random.randrange(4):
            case 0:
                two["email"] = one["email"]
            case 1:
                two |= {"phone": one["phone"], "name": self._misspelled(str(one["name"]))}
            case 2:
                two |= {"crm_id": one["crm_id"], "name": self._misspelled(str(one["name"]))}
            case _:
                two["company"] = one["company"]
        return [one, two]

    def _row(self, number: int) -> Row:
        draw = self._random
        last = "".join(draw.choice(part) for part in PARTS_OF_LAST[:2]) + draw.choice(PARTS_OF_LAST[2])
        company = f"{draw.choice(FIRST)} {draw.choice(PARTS_OF_LAST[0])} {draw.randrange(1, self._profiles // 20 + 2)}"
        # Every fiftieth is reached through a switchboard, and every two hundredth has an id that Excel wrecked.
        phone = f"468{draw.randrange(40):07}" if number % 50 == 0 else f"4670{number:08}"
        return {
            "source_key": f"p{number:09}",
            "name": f"{draw.choice(FIRST)} {last}",
            "email": f"p{number}@mail{number % 400}.example",
            "phone": phone,
            "crm_id": f"{draw.randrange(9)}.02E+5" if number % 200 == 0 else f"crm-{number}",
            "company": f"{company} AB",
        }

    def _misspelled(self, name: str) -> str:
        first, _, last = name.partition(" ")
        place = self._random.randrange(1, len(last) - 1)
        kind = self._random.randrange(3)
        if kind == 0:
            return f"{last}, {first}"
        return f"{first[0]}. {last}" if kind == 1 else f"{first} {last[:place]}{last[place]}{last[place:]}"

    def _known(self, row: Row) -> None:
        self.persons.append((str(row["source_key"]), {"name": row["name"], "phone": row["phone"]}))


def measure_dedupe(profiles: int) -> dict[str, Any]:
    """{"profiles", "seconds", "groups", "pairs", "recall", "precision", "persons_found", "other_parts"}; a pair is
    two profiles of one case; seconds are those of finding all cases with their evidence, keys included."""
    account = Account(profiles)
    discovery = _staged(account)
    job = _job(discovery)
    begun = perf_counter()
    asked: set[tuple[str, str]] = set()
    persons: set[str] = set()
    groups = 0
    with closing(detecting.cases_of("duplicates", job, (), Totals())) as found:
        for case in found:
            groups += 1
            keys = _keys(case)
            asked |= set(combinations(keys, 2))
            persons |= set(keys) if case.evidence["targets"] else set()
    seconds = perf_counter() - begun
    right, known = len(asked & account.truth), {key for key, _ in account.persons}
    return {
        "profiles": profiles,
        "seconds": round(seconds, 1),
        "groups": groups,
        "pairs": len(asked),
        "recall": round(right / len(account.truth), 4),
        "precision": round(right / len(asked), 4),
        "persons_found": round(len(persons & known) / len(known), 4),
        "other_parts": {part: _timed(part, job) for part in ("no-email", "organizations", "consents")},
    }


def _timed(part: str, job: Job) -> dict[str, float]:
    begun = perf_counter()
    cases = sum(1 for _ in detecting.cases_of(part, job, (), Totals()))
    return {"cases": cases, "seconds": round(perf_counter() - begun, 1)}


def _keys(case: Case) -> list[str]:
    members = case.evidence["members"]
    rows = members if isinstance(members, list) else []
    return sorted(str(row["source_key"]) for row in rows if isinstance(row, dict))


def _staged(account: Account) -> Discovery:
    project = Project.objects.create(slug="dedupe", name="Dedupe")
    Connection.objects.create(project=project, side=Side.SOURCE, base_url="https://source.example")
    definitions = {"sections": {SECTION: "Sweden"}, "attributes": {}, "types": {}}
    discovery = Discovery.objects.create(project=project, inventory={"definitions": definitions})
    for page in account.pages():
        _copy(discovery, page)
    staging.store_targets(discovery, [_person(n, row) for n, (_, row) in enumerate(account.persons)])
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    return discovery


def _copy(discovery: Discovery, page: Sequence[Row]) -> None:
    columns = "discovery_id, source_key, name, email, phone, crm_id, company, raw, raw_sha, event_count"
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"copy migrator_stagedprofile ({columns}, has_consents, consents_read) from stdin"
        ) as copy,
    ):
        for row in page:
            fixed = (json.dumps(_raw(row)), "0" * 64, 3, False, False)
            copy.write_row((discovery.pk, *row.values(), *fixed))


def _raw(row: Row) -> dict[str, Any]:
    """About a kilobyte, as a real profile has."""
    attributes = {f"usercreated.attributes.field-{n}": f"value {n} {row['name']}" for n in range(16)}
    return {"sections": {SECTION: {"attributes": attributes, "tags": ["store-card"]}}}


def _person(number: int, row: Row) -> Row:
    return {
        "kind": "person",
        "target_id": str(number + 1),
        "name_key": row["name"],
        "emails": [f"other{number}@elsewhere.example"],
        "phones": [row["phone"]],
        "body": {"id": number + 1, "name": row["name"]},
        "marker": "",
    }


def _job(discovery: Discovery) -> Job:
    run = Run.objects.create(
        project=discovery.project, kind=RunKind.DISCOVERY, state=RunState.RUNNING, discovery=discovery
    )
    return Job(run, RunPhase.objects.create(run=run, number=1, name="inventory"), monotonic() + 3600)
