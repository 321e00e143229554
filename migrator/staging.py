"""Bulk write and paged read of what a discovery staged, and the inventory values made from it."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import blake2b
from itertools import groupby
from typing import Any, TypeVar

from django.db import connection, models, transaction
from django.db.models import Q, QuerySet

from migrator.engine.canonical import JsonValue
from migrator.engine.inventory import (
    Contradiction,
    FieldType,
    SourceField,
    SourceKind,
    TargetField,
    TargetObject,
    TypeEvidence,
    ValueType,
    Variant,
)
from migrator.models import (
    Discovery,
    Project,
    SourceFieldRow,
    StagedEvent,
    StagedProfile,
    StagedTarget,
    TargetFieldRow,
    TypeSettlement,
)

T = TypeVar("T")
PAGE = 500
VALUES_PAGE = 2_000
# Of (section, discriminator): each value as canonical JSON (True, 1 and "1" are three) with the number of
# profiles that hold it and the source key of one of them.
Counts = Mapping[tuple[str, str], Mapping[str, tuple[int, str]]]


def read_once(project: Project) -> None:
    """For the length of a page: this one object of a project reads its discovery and its catalogue once,
    however many parts of the page ask. Never for an object that outlives a request."""
    project.__dict__.setdefault("_read_once", {})


def _once(project: Project, name: str, read: Callable[[], T]) -> T:
    kept: dict[str, T] | None = project.__dict__.get("_read_once")
    if kept is None:
        return read()
    if name not in kept:
        kept[name] = read()
    return kept[name]


def current_discovery(project: Project) -> Discovery | None:
    """The newest discovery that read both sides whole."""
    whole = project.discoveries.filter(completed_at__isnull=False).order_by("-completed_at")
    return _once(project, "discovery", whole.first)


def store_profiles(discovery: Discovery, rows: Iterable[Mapping[str, Any]]) -> int:
    """Upsert one page of profiles. Each row has the columns of StagedProfile; repeating a page changes nothing.

    Of a profile that comes twice in a page the last row counts: PostgreSQL would refuse the page, for ever.
    """
    by_key = {row["source_key"]: row for row in rows}
    profiles = [StagedProfile(discovery=discovery, **row) for row in by_key.values()]
    StagedProfile.objects.bulk_create(
        profiles,
        update_conflicts=True,
        unique_fields=["discovery", "source_key"],
        update_fields=["raw", "raw_sha", "name", "email", "phone", "crm_id", "has_consents"],
    )
    return len(profiles)


def store_values(discovery: Discovery, counts: Counts) -> int:
    """Add counts of values to those of earlier pages, in one statement. Not safe to repeat: store the cursor
    in the same transaction."""
    rows = [
        (stored_name(section), stored_name(name), _digest(value), value, profiles, example[:120])
        for (section, name), values in counts.items()
        for value, (profiles, example) in values.items()
    ]
    if not rows:
        return 0
    # Two workers that lock the same rows in one order wait for each other instead of deadlocking.
    columns = [list(column) for column in zip(*sorted(rows), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into migrator_stagedvalue as v
                (discovery_id, section, discriminator, digest, value, profiles, example)
            select %s, section, discriminator, digest, value::jsonb, profiles, example
            from unnest(%s::text[], %s::text[], %s::bytea[], %s::text[], %s::int[], %s::text[])
                as n (section, discriminator, digest, value, profiles, example)
            on conflict (discovery_id, section, discriminator, digest)
            do update set profiles = v.profiles + excluded.profiles
            """,
            [discovery.pk, *columns],
        )
    return len(rows)


def iter_values(
    discovery: Discovery, sources: Iterable[tuple[str, str]]
) -> Iterator[tuple[JsonValue, int, str]]:
    """(value, profiles, example source key) of each (section, discriminator), in a fixed order. A value that
    several sources hold comes once for each. Paged by key: memory does not grow with the account."""
    for section, name in dict.fromkeys(sources):
        for _, value, profiles, example in _values_behind(discovery, section, name, b""):
            yield value, profiles, example


def iter_distinct(
    discovery: Discovery, sources: Iterable[tuple[str, str]], *, after: bytes = b""
) -> Iterator[tuple[bytes, JsonValue, int, str]]:
    """(digest, value, profiles, example) of each distinct value over all sources together, in order of digest
    and behind `after`, so that a count can stop at any value and go on there."""
    streams = [_values_behind(discovery, *source, after) for source in dict.fromkeys(sources)]
    for digest, same in groupby(heapq.merge(*streams, key=_first_of), key=_first_of):
        rows = list(same)
        yield digest, rows[0][1], sum(row[2] for row in rows), rows[0][3]


def _values_behind(
    discovery: Discovery, section: str, name: str, after: bytes
) -> Iterator[tuple[bytes, JsonValue, int, str]]:
    rows = discovery.values.filter(section=stored_name(section), discriminator=stored_name(name))
    found = rows.order_by("digest").values_list("digest", "value", "profiles", "example")
    while page := list(found.filter(digest__gt=after)[:VALUES_PAGE]):
        for digest, value, profiles, example in page:
            after = bytes(digest)
            yield after, value, profiles, example
        if len(page) < VALUES_PAGE:
            break


def _first_of(row: tuple[bytes, JsonValue, int, str]) -> bytes:
    return row[0]


def know(*tables: type[models.Model]) -> None:
    """After many rows came: the database plans by what it knows of a table, and finds out by itself only within
    the next minute. Until then it may compare every row with every other."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"analyze {connection.ops.quote_name(table._meta.db_table)}")


def counted_refs(discovery: Discovery) -> set[tuple[str, str]]:
    """Every (section, discriminator) that has a value."""
    return set(discovery.values.order_by().values_list("section", "discriminator").distinct())


def store_events(discovery: Discovery, rows: Iterable[Mapping[str, Any]]) -> int:
    events = [StagedEvent(discovery=discovery, **row) for row in rows]
    StagedEvent.objects.bulk_create(events, ignore_conflicts=True)
    return len(events)


def store_targets(discovery: Discovery, rows: Iterable[Mapping[str, Any]]) -> int:
    by_id = {(row["kind"], row["target_id"]): row for row in rows}
    records = [StagedTarget(discovery=discovery, **row) for row in by_id.values()]
    StagedTarget.objects.bulk_create(
        records,
        update_conflicts=True,
        unique_fields=["discovery", "kind", "target_id"],
        update_fields=["marker", "name_key", "emails", "phones", "body"],
    )
    return len(records)


def count_events(discovery: Discovery) -> None:
    """Fill each profile's number of events and the time of its newest one, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update migrator_stagedprofile p set event_count = e.n, last_event_at = e.newest
            from (select source_key, count(*) n, max(occurred_at) newest
                  from migrator_stagedevent where discovery_id = %s group by source_key) e
            where p.discovery_id = %s and p.source_key = e.source_key
            """,
            [discovery.pk, discovery.pk],
        )


def iter_profiles(
    discovery: Discovery, *, after: str = "", only: Q | None = None
) -> Iterator[list[StagedProfile]]:
    """Pages of profiles by key, so that memory does not grow with the account and a resume costs one page."""
    rows: QuerySet[StagedProfile] = discovery.profiles.order_by("source_key")
    rows = rows.filter(only) if only is not None else rows
    while page := list(rows.filter(source_key__gt=after)[:PAGE]):
        yield page
        after = page[-1].source_key


def events_of(discovery: Discovery, source_keys: Iterable[str]) -> dict[str, list[StagedEvent]]:
    """Each profile's events in order of time."""
    found: dict[str, list[StagedEvent]] = {}
    rows = discovery.events.filter(source_key__in=list(source_keys))
    for event in rows.order_by("source_key", "occurred_at", "event_key").iterator(chunk_size=2000):
        found.setdefault(event.source_key, []).append(event)
    return found


def newest_event(discovery: Discovery) -> datetime | None:
    return discovery.events.order_by("-occurred_at").values_list("occurred_at", flat=True).first()


@transaction.atomic
def store_fields(
    discovery: Discovery, sources: Iterable[SourceField], targets: Iterable[TargetField]
) -> None:
    """Replace a discovery's inventory of fields; safe to repeat."""
    discovery.source_fields.all().delete()
    store_source_fields(discovery, sources)
    store_target_fields(discovery, targets)


def store_source_fields(discovery: Discovery, sources: Iterable[SourceField]) -> None:
    """Add source fields, or replace those of the same keys."""
    SourceFieldRow.objects.bulk_create(
        (SourceFieldRow(discovery=discovery, key=field.key, payload=asdict(field)) for field in sources),
        update_conflicts=True,
        unique_fields=["discovery", "key"],
        update_fields=["payload"],
    )


@transaction.atomic
def store_target_fields(discovery: Discovery, targets: Iterable[TargetField]) -> None:
    """Replace a discovery's target fields."""
    discovery.target_fields.all().delete()
    TargetFieldRow.objects.bulk_create(
        TargetFieldRow(discovery=discovery, position=number, payload=asdict(field))
        for number, field in enumerate(targets)
    )


def source_fields(project: Project) -> list[SourceField]:
    """The current discovery's source fields with what people settled, in order of key."""
    discovery = current_discovery(project)
    if discovery is None:
        return []
    settled = dict(project.type_settlements.values_list("key", "settled"))
    fields = source_fields_of(discovery)
    return [replace(f, settled=settled.get(f.key, "")) if f.conflict else f for f in fields]


def target_fields(project: Project) -> list[TargetField]:
    return _once(project, "catalogue", lambda: _target_fields(project))


def _target_fields(project: Project) -> list[TargetField]:
    newest = project.discoveries.filter(completed_at__isnull=False).order_by("-completed_at")
    rows = TargetFieldRow.objects.filter(discovery=newest.values("pk")[:1])
    return [target_field_of(payload) for payload in rows.values_list("payload", flat=True)]


def source_fields_of(discovery: Discovery) -> list[SourceField]:
    """As discovery found them, without what people settled, in order of key."""
    return [source_field_of(row.payload) for row in discovery.source_fields.order_by("key")]


def target_fields_of(discovery: Discovery) -> list[TargetField]:
    return [target_field_of(row.payload) for row in discovery.target_fields.all()]


def settle_type(
    project: Project, key: str, settled: str, *, by: Any = None, at: datetime | None = None
) -> None:
    """Record the type a person chose for a conflicting attribute, and who; "" opens the conflict again."""
    if settled:
        chosen = {"settled": settled, "settled_by": by, "settled_at": at}
        TypeSettlement.objects.update_or_create(project=project, key=key, defaults=chosen)
    else:
        project.type_settlements.filter(key=key).delete()


def source_field_of(raw: Mapping[str, Any]) -> SourceField:
    return SourceField(
        key=raw["key"],
        kind=SourceKind(raw["kind"]),
        name=raw["name"],
        is_default=raw["is_default"],
        variants=tuple(_variant_of(v) for v in raw["variants"]),
        profiles=raw["profiles"],
        conflict=raw["conflict"],
        settled=raw["settled"],
    )


def _digest(value: str) -> bytes:
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def stored_name(name: str) -> str:
    """A name as its column takes it; one that is too long keeps apart from others with the same beginning."""
    return name if len(name) <= 300 else f"{name[:260]}#{_digest(name).hex()}"


def _variant_of(raw: Mapping[str, Any]) -> Variant:
    top = tuple((str(value), int(count)) for value, count in raw["top"])
    evidence = _evidence_of(raw["evidence"]) if raw.get("evidence") else None
    return Variant(**{**raw, "top": top, "inferred": ValueType(raw["inferred"]), "evidence": evidence})


def _evidence_of(raw: Mapping[str, Any]) -> TypeEvidence:
    shapes = tuple((ValueType(shape), int(profiles)) for shape, profiles in raw["shapes"])
    against = tuple(
        Contradiction(ValueType(c["shape"]), c["profiles"], tuple(c["examples"]))
        for c in raw["contradictions"]
    )
    chosen = ValueType(raw["chosen"])
    return TypeEvidence(**{**raw, "chosen": chosen, "shapes": shapes, "contradictions": against})


def target_field_of(raw: Mapping[str, Any]) -> TargetField:
    return TargetField(
        **{
            **raw,
            "object": TargetObject(raw["object"]),
            "type": FieldType(raw["type"]),
            "options": tuple(raw["options"]),
        }
    )
