"""Bulk write and paged read of what a discovery staged, and the inventory values made from it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from migrator.engine.inventory import (
    FieldType,
    SourceField,
    SourceKind,
    TargetField,
    TargetObject,
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

PAGE = 500


def current_discovery(project: Project) -> Discovery | None:
    """The newest discovery that read both sides whole."""
    return project.discoveries.filter(completed_at__isnull=False).order_by("-completed_at").first()


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
    discovery.target_fields.all().delete()
    SourceFieldRow.objects.bulk_create(
        SourceFieldRow(discovery=discovery, key=field.key, payload=asdict(field)) for field in sources
    )
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
    fields = [source_field_of(row.payload) for row in discovery.source_fields.order_by("key")]
    return [replace(f, settled=settled.get(f.key, "")) if f.conflict else f for f in fields]


def target_fields(project: Project) -> list[TargetField]:
    discovery = current_discovery(project)
    return [target_field_of(row.payload) for row in discovery.target_fields.all()] if discovery else []


def settle_type(project: Project, key: str, settled: str) -> None:
    """Record the type a person chose for a conflicting attribute; "" opens the conflict again."""
    if settled:
        TypeSettlement.objects.update_or_create(project=project, key=key, defaults={"settled": settled})
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


def _variant_of(raw: Mapping[str, Any]) -> Variant:
    top = tuple((str(value), int(count)) for value, count in raw["top"])
    return Variant(**{**raw, "top": top, "inferred": ValueType(raw["inferred"])})


def target_field_of(raw: Mapping[str, Any]) -> TargetField:
    return TargetField(
        **{
            **raw,
            "object": TargetObject(raw["object"]),
            "type": FieldType(raw["type"]),
            "options": tuple(raw["options"]),
        }
    )
