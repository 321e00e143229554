"""The keys by which records are compared, in tables that live as long as the connection needs them.

Names and companies are spelled by the engine's rules, so that SQL and Python never disagree on what is the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from migrator.engine.dedupe import company_name_key, crm_id_key, person_key
from migrator.engine.operations import Act
from migrator.engine.records import Kind
from migrator.models import Discovery, Operation, StagedTarget
from migrator.runner.detecting_facts import organization_id

PAGE = 5_000
# A shorter number is an extension or a typing error.
LEAST_DIGITS = 6
# `waits` marks who lacks an e-mail address and is asked about for that, with its own candidates.
_TABLES = """
create temporary table detect_profile (source_key text collate "C" primary key, email text, phone text, crm text,
    name text, company text, waits boolean);
create temporary table detect_target (target_id text, phone text, name text, company text);
create temporary table detect_address (email text collate "C", target_id text);
"""
_INDEXES = """
create index on detect_profile (phone, source_key) where phone <> '';
create index on detect_profile (crm, source_key) where crm <> '';
create index on detect_profile (company, name) where company <> '';
create index on detect_target (phone) where phone <> '';
create index on detect_target (company, name) where company <> '';
create index on detect_address (email);
analyze detect_profile; analyze detect_target; analyze detect_address;
"""
_DROP = "drop table if exists detect_profile, detect_target, detect_address"


@contextmanager
def key_tables(discovery: Discovery) -> Iterator[None]:
    """Inside the block: detect_profile, detect_target (one row for each phone of a Person) and detect_address."""
    run(_DROP)
    run(_TABLES)
    try:
        _copy_profiles(discovery)
        _copy_persons(discovery)
        run(_INDEXES)
        yield
    finally:
        # A transaction that failed has dropped them already, and takes no statement any more.
        if not connection.needs_rollback:
            run(_DROP)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rows_of(statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _copy_profiles(discovery: Discovery) -> None:
    columns = ("source_key", "email", "phone", "crm_id", "name", "company")
    found = discovery.profiles.order_by("source_key").values_list(*columns)
    after = ""
    while page := list(found.filter(source_key__gt=after)[:PAGE]):
        after = page[-1][0]
        _copy("detect_profile", [_profile_keys(*row) for row in page])


def _profile_keys(key: str, email: str, phone: str, crm: str, name: str, company: str) -> tuple[Any, ...]:
    phone = phone if len(phone) >= LEAST_DIGITS else ""
    company = company_name_key(company) if company else ""
    return key, email, phone, crm_id_key(crm), person_key(name), company, not email and bool(name)


def persons_of_others(discovery: Discovery) -> QuerySet[StagedTarget]:
    """Persons that we did not create: those need no guess. Whom a run completed counts as before, so that a
    decision on it is not asked for again."""
    created = Operation.objects.filter(
        run__project=discovery.project_id, kind=Kind.PERSON.value, act=Act.CREATE.value
    )
    ours = Q(target_id__in=created.exclude(target_id="").values("target_id"))
    return discovery.target_records.filter(Q(marker="") | ~ours, kind=Kind.PERSON.value)


def _copy_persons(discovery: Discovery) -> None:
    found, after = persons_of_others(discovery).order_by("pk"), 0
    while page := list(found.filter(pk__gt=after)[:PAGE]):
        after = page[-1].pk
        companies = _companies(discovery, page)
        _copy("detect_target", [keys for row in page for keys in _person_keys(row, companies)])
        _copy("detect_address", [(email, row.target_id) for row in page for email in sorted(set(row.emails))])


def _companies(discovery: Discovery, page: Sequence[StagedTarget]) -> dict[str, str]:
    ids = {organization_id(row) for row in page} - {""}
    linked = discovery.target_records.filter(kind=Kind.ORGANIZATION.value, target_id__in=ids)
    return dict(linked.values_list("target_id", "name_key"))


def _person_keys(row: StagedTarget, companies: dict[str, str]) -> Iterator[tuple[str, ...]]:
    company, name = companies.get(organization_id(row), ""), person_key(row.name_key)
    for phone in {p for p in row.phones if len(p) >= LEAST_DIGITS} or {""}:
        yield row.target_id, phone, name, company


def _copy(table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"copy {table} from stdin") as copy:
        for row in rows:
            copy.write_row(row)
