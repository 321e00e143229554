"""A project whose every name and value is a stranger's: fields, options, tags, events, Sections, cases, comments,
precedents, a plan, a trail."""

from collections.abc import Sequence
from typing import Any

from django.test import Client
from django.utils import timezone

from mapping_review import services
from mapping_review.models import Comment, MapVersion
from mapping_review.proposers.rules import skip_rule
from migrator import staging, trail
from migrator.apsis.definitions import Definition, sections_of
from migrator.choices import RunKind, RunState
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from migrator.engine.profiling import Accumulator
from migrator.engine.source_fields import Found, fixed_fields, group_fields
from migrator.models import Discovery, Project, StagedProfile
from reconciliation.services import open_items
from tests import factories as made
from tests import factories_mapping_review as maps
from tests import factories_reconciliation as cases
from tests.factories_views import PLAN, connect, operation, phase

ENGINEER = "Erik <b>xss</b> Dahl"


def fields(texts: Sequence[str]) -> list[SourceField]:
    """One attribute for each text, which is its values too; and one that two Sections disagree about."""
    names = {f"usercreated.attributes.h{i}": text for i, text in enumerate(texts)}
    variants = []
    for discriminator, text in names.items():
        accumulator = Accumulator("text")
        for value in (text, text[::-1], "Ja"):
            accumulator.add(value, 20)
        variants.append(accumulator.variant("s1", f"Sweden {text[:80]}", discriminator))
    odd = maps.attribute_in({"s1": ["0412", "<b>xss</b>"], "s2": [412, 87]}, "Store no <b>xss</b>")
    return [*group_fields(variants, names, profiles=100), odd]


def catalogue(texts: Sequence[str]) -> list[TargetField]:
    person = TargetObject.PERSON
    return [
        TargetField(person, text[:255], FieldType.ENUM, True, options=(text[:255], "Ja"), filled=3)
        for text in texts
        if text.strip()
    ]


def inventory(texts: Sequence[str]) -> dict[str, Any]:
    return {
        "source": {
            "profiles": 2400,
            "sections": [{"name": text, "profiles": 1400} for text in texts],
            "attributes": len(texts),
            "tags": [{"tag": text, "profiles": 3} for text in texts],
            "event_types": [{"name": text, "type": text[:200], "events": 900} for text in texts],
            "events": 900,
            "events_by_month": [["2025-01", 300], ["2025-02", 600]],
            "consents": {
                "email": {"yes": 10, "no": 5, "unknown": 3},
                "sms": {"yes": 1, "no": 2, "unknown": 15},
            },
            "segments": [{"name": text} for text in texts],
            "activities": [{"name": text, "kind": "active"} for text in texts],
        },
        "target": {
            "account_name": texts[0],
            "counts": {"person": 566, "organization": 88, "deal": 68, "activity": 0, "note": 0},
            "fields": {"person": 29},
            "custom_fields": 7,
            "field_cap": 500,
            "labels": list(texts),
            "users": [{"name": text, "email": "sara@nordlys.example"} for text in texts],
            "pipelines": list(texts),
            "filters": 2,
        },
    }


def sections(texts: Sequence[str]) -> tuple[Definition, ...]:
    """As a discovery reads them."""
    return sections_of([{"discriminator": f"s{i}", "name": text} for i, text in enumerate(texts)])


def discovered(project: Project, texts: Sequence[str]) -> MapVersion:
    findings = [{"kind": "no-email", "count": 1, "text": text, "link": ""} for text in texts]
    found = made.discovery(project, inventory=inventory(texts), findings=findings)
    everything = Found(
        profiles=100,
        sections=[(one.discriminator, one.name, 5) for one in sections(texts)],
        tags=[(text, 7) for text in texts],
        events=[(f"hostile.{i}", text, 3) for i, text in enumerate(texts)],
    )
    staging.store_fields(found, [*fields(texts), *fixed_fields(everything)], catalogue(texts))
    _staged(found, texts)
    return services.propose_map(project)


def _staged(found: Discovery, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        StagedProfile.objects.create(
            discovery=found, source_key=f"p-{number}", raw_sha="0" * 64, name=text[:300], phone="",
            raw={"sections": {"s1": {"attributes": {"usercreated.attributes.h1": text}}}},
        )  # fmt: skip


def queued(project: Project, texts: Sequence[str]) -> None:
    """Cases of every kind, and those of the fields that Sections disagree about."""
    odd = [field for field in fields(texts) if field.conflict]
    found = [cases.type_conflict(field.key, name=field.name) for field in odd]
    for number, text in enumerate(texts):
        known: dict[str, Any] = {"phone": text, "company": text, "sections": [text], "tags": [text]}
        found += [
            cases.no_email(f"a-{number}", name=text, **known),
            cases.no_name(f"b-{number}", email=text, **known),
            cases.duplicate(
                cases.member("a", name=text, sections=[text]), cases.member("b", name=text),
                key=f"email:{number}", value=text,
            ),
            cases.type_conflict(f"attribute:{number}", name=text),
            cases.rare_tag(text, similar=[(text, 4)]),
        ]  # fmt: skip
    open_items(project, found)


def spoken(version: MapVersion, texts: Sequence[str], user: Any) -> None:
    rows = version.decisions.order_by("pk")
    for row, text in zip(rows, texts, strict=False):
        rule = skip_rule(next(f for f in staging.source_fields(version.project) if f.key == row.source_key))
        if text.strip():
            Comment.objects.create(
                project=version.project, source_key=row.source_key, author=user, at=timezone.now(),
                text=text[:2000], rule=rule.to_json(), client_key=cases.new_key(),
            )  # fmt: skip


def written(project: Project, texts: Sequence[str]) -> None:
    """A discovery that stopped, a plan that waits, records that failed, and what the trail says."""
    stopped = made.run(project, RunKind.DISCOVERY, RunState.FINISHED, message=texts[0])
    phase(stopped, "definitions")
    reasons = [{"kind": "person", "act": "exclude", "reason": text, "count": 2} for text in texts]
    plan = PLAN | {
        "lost": [{"source": f"attribute:{text}", "count": 1} for text in texts],
        "reasons": reasons,
        "warnings": list(texts),
    }
    run = made.run(
        project, state=RunState.APPROVAL, plan=plan, plan_checksum="c" * 64, params={"fidelity": "history"}
    )
    for number, text in enumerate(texts):
        operation(run, f"{number} {text[:90]}", act="exclude", state="accounted", reason=text[:500])
        trail.append(
            project, None, "note", "field_decision", text[:300], f"Looked at {text}.", {"name": text}
        )


def hostile_project(texts: Sequence[str]) -> tuple[Project, MapVersion, Client]:
    """Everything at once, and the browser of its engineer, whose own name is hostile too."""
    project = made.project(slug="nordlys", name=f"Nordlys {texts[1]}"[:120])
    connect(project, account_name=texts[1])
    engineer = made.user(project, name=ENGINEER)
    version = discovered(project, texts)
    queued(project, texts)
    spoken(version, texts, engineer)
    written(project, texts)
    client = Client()
    client.force_login(engineer)
    return project, version, client
