"""A made-up project with any number of source fields, for measuring the pages that list them.

Names, values and fill rates differ from field to field and are the same in every call.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from mapping_review import services
from mapping_review.models import MapVersion
from migrator import staging
from migrator.choices import Role, Side
from migrator.engine.cases import Case, CaseKind
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from migrator.engine.profiling import Accumulator
from migrator.engine.source_fields import Found, fixed_fields, group_fields
from migrator.models import Connection, Discovery, Membership, Project
from reconciliation.services import open_items

PROFILES = 2400
SECTIONS = (("s1", "Sweden"), ("s2", "Norway"))
_SUBJECTS = (
    "Member", "Shoe", "Order", "Invoice", "Delivery", "Loyalty", "Store", "Campaign", "Newsletter", "Survey",
    "Customer", "Contact", "Company", "Product", "Webshop", "Event", "Club", "Dealer", "Season", "Service",
)  # fmt: skip
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("size", ("42", "41,5", "43", "38")),
    ("date", ("2024-12-31", "2023-05-03", "2022-01-15")),
    ("level", ("Guld", "Silver", "Brons", "Ingen")),
    ("number", ("100234", "100235", "204511")),
    ("city", ("Malmö", "Bergen", "Uppsala", "Lund")),
    ("note", ("Called twice, wants a new offer in spring", "Moved last year")),
    ("active", ("ja", "nej")),
    ("amount", ("1 204,50", "87,00", "12 000,00")),
    ("interests", ("Ski;Bike", "Run", "Ski;Run;Climb")),
    ("code", ("A-17", "B-204", "Q-9")),
)
_STANDARD = ("First name", "Last name", "Email", "Mobile")


def make_project(slug: str, fields: int) -> tuple[Project, Any]:
    """A project with that many proposed rows and an engineer who reviews them."""
    project = Project.objects.create(slug=slug, name="Nordlys Outdoor")
    engineer = get_user_model().objects.create_user(f"{slug}@nordlys.example", first_name="Erik")
    Membership.objects.create(project=project, user=engineer, role=Role.ENGINEER)
    for side in Side:
        Connection.objects.create(project=project, side=side, config={"account_name": f"Nordlys {side}"})
    discovery = Discovery.objects.create(
        project=project, completed_at=timezone.now(), inventory={"target": {"custom_fields": len(CATALOGUE)}}
    )
    staging.store_fields(discovery, list(_source_fields(fields)), CATALOGUE)
    open_items(project, [_case(number) for number in range(40)])
    services.propose_map(project)
    return project, engineer


def settle_all(version: MapVersion, engineer: Any) -> None:
    """Every conflict settled as text and every row decided as proposed."""
    for field in staging.source_fields(version.project):
        if field.conflict:
            staging.settle_type(version.project, field.key, "text")
    services.approve_all(version.project, engineer)


def _source_fields(wanted: int) -> Iterator[SourceField]:
    fixed = fixed_fields(
        Found(
            profiles=PROFILES,
            sections=[(key, name, PROFILES // 2) for key, name in SECTIONS],
            tags=[(f"tag {number}", 400 - number) for number in range(30)],
        )
    )
    yield from fixed[:wanted]
    for number, name in zip(range(wanted - len(fixed)), _names(), strict=False):
        yield _attribute(number, name)


def _names() -> Iterator[str]:
    yield from _STANDARD
    for round_, subject, (word, _) in product(range(1, 10_000), _SUBJECTS, _KINDS):
        yield f"{subject} {word}" if round_ == 1 else f"{subject} {word} {round_}"


def _attribute(number: int, name: str) -> SourceField:
    values = next((values for word, values in _KINDS if f" {word}" in f" {name}"), (f"{name} value",))
    discriminator = f"usercreated.attributes.{name}"
    variants = []
    for place, (section, section_name) in enumerate(SECTIONS):
        # One field in forty holds another type in Norway, as in real accounts.
        other = ("sometimes", "no idea at all") if place and number % 40 == 7 else values
        accumulator = Accumulator("text")
        for at, value in enumerate(other):
            accumulator.add(value, 20 + (number * 7 + at * 13) % 280)
        variants.append(accumulator.variant(section, section_name, discriminator))
    (field,) = group_fields(variants, {discriminator: name}, profiles=PROFILES)
    return field


def _case(number: int) -> Case:
    return Case(
        CaseKind.RARE_TAG,
        f"tag-{number}",
        f"tag-{number}",
        {"tag": f"tag-{number}", "count": 3, "similar": []},
    )


CATALOGUE = [
    *(
        TargetField(TargetObject.PERSON, f"{subject} {word}", kind, True, filled=(place * 37) % 90)
        for place, (subject, (word, kind)) in enumerate(
            product(
                _SUBJECTS,
                (("size", FieldType.DOUBLE), ("date", FieldType.DATE), ("note", FieldType.TEXT)),
            )
        )
    ),
    TargetField(TargetObject.PERSON, "Name", FieldType.VARCHAR, False, "name"),
    TargetField(TargetObject.PERSON, "Email", FieldType.VARCHAR, False, "emails"),
    TargetField(TargetObject.PERSON, "Phone", FieldType.PHONE, False, "phones"),
]
