"""Plain factory functions: each takes only what the test is about and fills in the rest."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model

from migrator.choices import Role, RunKind, RunState
from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import (
    FieldType,
    SourceField,
    SourceKind,
    TargetField,
    TargetObject,
    ValueType,
    Variant,
)
from migrator.engine.operations import Act, PlannedOperation
from migrator.engine.records import Consent, Event, Kind, Profile, TargetRecord
from migrator.models import Discovery, Membership, Project, Run

_numbers = count(1)
SECTION = "usercreated.sections.sweden-abc1234567"
NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)


def project(slug: str = "", **settings: Any) -> Project:
    return Project.objects.create(
        slug=slug or f"project-{next(_numbers)}", name="Nordlys Outdoor", settings=settings
    )


def user(of: Project | None = None, role: Role = Role.ENGINEER, name: str = "Erik Dahl") -> Any:
    first, _, last = name.partition(" ")
    email = f"{first.lower()}{next(_numbers)}@nordlys.example"
    found = get_user_model().objects.create_user(
        email, email=email, password="x", first_name=first, last_name=last
    )
    if of is not None:
        Membership.objects.create(project=of, user=found, role=role)
    return found


def discovery(of: Project, *, completed: bool = True, **values: Any) -> Discovery:
    return Discovery.objects.create(project=of, completed_at=NOON if completed else None, **values)


def run(of: Project, kind: RunKind = RunKind.TRIAL, state: RunState = RunState.RUNNING, **values: Any) -> Run:
    return Run.objects.create(project=of, kind=kind, state=state, **values)


def planned(
    kind: Kind = Kind.PERSON,
    key: str = "",
    act: Act = Act.CREATE,
    body: Mapping[str, JsonValue] | None = None,
) -> PlannedOperation:
    body = {"name": "Astrid Lindqvist"} if body is None else body
    return PlannedOperation(
        kind=kind, key=key or f"key-{next(_numbers)}", act=act, body=body, payload_sha="a" * 64
    )


def profile(key: str = "p-1", values: Mapping[str, JsonValue] | None = None, **more: Any) -> Profile:
    """A profile in one Section; `values` is keyed by attribute discriminator."""
    held = {(SECTION, name): value for name, value in (values or {}).items()}
    return Profile(source_key=key, values=held, **({"sections": (SECTION,)} | more))


def consent(state: Any, channel: Any, at: str = "2024-10-04T08:00:00Z", section: str = SECTION) -> Consent:
    return Consent(section=section, topic="topic", channel=channel, state=state, modified_at=at)


def event(kind: str = "email.opened", minutes: int = 0, **data: JsonValue) -> Event:
    number = next(_numbers)
    return Event(f"event-{number}", SECTION, kind, NOON + timedelta(minutes=minutes), data)


def rule(source: str, field: str = "", **values: Any) -> FieldRule:
    """An attribute rule that reads the discriminator named like its source."""
    defaults: dict[str, Any] = {
        "kind": SourceKind.ATTRIBUTE,
        "action": Action.MAP,
        "sources": ((SECTION, source),),
    }
    return FieldRule(source=f"attribute:{source}", field=field or source, **(defaults | values))


def record(kind: Kind = Kind.PERSON, key: str = "p-1", **body: JsonValue) -> TargetRecord:
    return TargetRecord(kind, key, body)


def variant(
    inferred: ValueType = ValueType.TEXT, filled: int = 10, top: Sequence[tuple[str, int]] = (), **more: Any
) -> Variant:
    values: dict[str, Any] = {
        "section": SECTION,
        "section_name": "Sweden",
        "discriminator": "usercreated.attributes.shoe_size-abc1234567",
        "declared": "text",
        "filled": filled,
        "distinct": len(top),
        "shapes": {inferred.value: filled},
        "top": tuple(top),
        "inferred": inferred,
    }
    return Variant(**(values | more))


def source_field(name: str = "shoe_size", variants: Sequence[Variant] = (), **more: Any) -> SourceField:
    values: dict[str, Any] = {"kind": SourceKind.ATTRIBUTE, "profiles": 100}
    return SourceField(
        key=f"attribute:{name}", name=name, variants=tuple(variants) or (variant(),), **(values | more)
    )


def target_field(name: str = "Shoe size", kind: FieldType = FieldType.VARCHAR, **more: Any) -> TargetField:
    values: dict[str, Any] = {"object": TargetObject.PERSON, "custom": True}
    return TargetField(name=name, type=kind, **(values | more))
