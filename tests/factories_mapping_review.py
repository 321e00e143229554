"""Projects with a discovered inventory and a proposed map; each factory takes only what matters to the
test."""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.utils import timezone

from mapping_review import bulk, measuring, queries, services
from mapping_review.models import FieldDecision, MapVersion
from migrator import staging
from migrator.choices import Role
from migrator.engine.canonical import canonical_json
from migrator.engine.inventory import SourceField, SourceKind, TargetField
from migrator.engine.profiling import Accumulator
from migrator.engine.source_fields import DEFAULTS, Found, fixed_fields, group_fields
from migrator.models import Discovery, Membership, Project

_numbers = count(1)


def make_project(slug: str = "") -> Project:
    return Project.objects.create(slug=slug or f"nordlys-map-{next(_numbers)}", name="Nordlys Outdoor")


def make_member(project: Project, role: Role = Role.ENGINEER, name: str = "Erik") -> Any:
    user = get_user_model().objects.create_user(f"{name.lower()}-{next(_numbers)}", first_name=name)
    Membership.objects.create(project=project, user=user, role=role)
    return user


def attribute(
    name: str, *values: Any, declared: str = "text", section: str = "s1", times: int = 20
) -> SourceField:
    """One attribute in one Section, each value on `times` profiles."""
    return attribute_in({section: values}, name, declared=declared, times=times)


def attribute_in(
    sections: dict[str, Sequence[Any]], name: str, *, declared: str = "text", times: int = 20
) -> SourceField:
    """One attribute in several Sections."""
    discriminator = next((d for d, n in DEFAULTS.items() if n == name), f"usercreated.attributes.{name}")
    variants = []
    for section, values in sections.items():
        accumulator = Accumulator(declared)
        for value in values:
            accumulator.add(value, times)
        variants.append(accumulator.variant(section, section.title(), discriminator))
    (field,) = group_fields(variants, {discriminator: name}, profiles=100)
    return field


def make_discovery(
    project: Project, fields: Iterable[SourceField], catalogue: Iterable[TargetField] = (), **target: Any
) -> Discovery:
    discovery = Discovery.objects.create(
        project=project, completed_at=timezone.now(), inventory={"target": target or {"custom_fields": 0}}
    )
    fields = list(fields)
    staging.store_fields(discovery, fields, catalogue)
    stage_values(discovery, fields)
    return discovery


def stage_values(discovery: Discovery, fields: Iterable[SourceField]) -> None:
    """The values of attributes as discovery stages them, out of what the fields list."""
    for field in fields:
        if field.kind == SourceKind.ATTRIBUTE:
            counts = {
                (v.section, v.discriminator): {canonical_json(value): (n, "p1") for value, n in v.top}
                for v in field.variants
            }
            staging.store_values(discovery, counts)


FIELDS = (
    attribute("First name", "Anna"),
    attribute("Email", "anna@example.se", "ola@example.no"),
    attribute("Shoe size", "42", "41,5"),
    attribute("Medlemsnr", "100234", "100235"),
    attribute("md5_email", "9e107d9d372bb6826bd81d3542a419d6"),
)


def make_map(
    project: Project,
    fields: Sequence[SourceField] = FIELDS,
    catalogue: Iterable[TargetField] = (),
    **target: Any,
) -> MapVersion:
    """A draft whose conversions are all counted, as after a discovery."""
    make_discovery(project, fields, catalogue, **target)
    version = services.propose_map(project)
    count_all(version)
    return version


def count_all(version: MapVersion) -> None:
    """What the last phase of a discovery does."""
    measuring.ask_for_all(version, queries.settings_for(version.project))
    while waiting := measuring.open_counts():
        for pk, _ in waiting:
            measuring.count_batch(pk)


def approve_in_bulk(version: MapVersion, threshold: float, user: Any, **more: Any) -> services.Batch:
    """A bulk approval by somebody who opened every drawn row."""
    marks = [bulk.mark_of(row, user) for row in queries.rows_of(version)]
    request: dict[str, Any] = {"client_key": uuid4(), "marks": marks} | more
    return services.approve_many(version, threshold, user=user, **request)


def consent_fields() -> list[SourceField]:
    return fixed_fields(Found(profiles=100, sections=[("s1", "Sweden", 100)]))


def row(version: MapVersion, key: str) -> FieldDecision:
    return version.decisions.select_related("version__project").get(source_key=key)


def act(row_or_pk: FieldDecision, user: Any, version: int | None = None) -> dict[str, Any]:
    """The keyword arguments of one request on a row as it stands."""
    return {
        "user": user,
        "expected_version": row_or_pk.lock_version if version is None else version,
        "client_key": uuid4(),
    }
