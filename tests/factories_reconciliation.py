"""Cases, items, people and staged records for tests of the queue; each takes only what matters to the test."""

from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.utils import timezone

from migrator.choices import Role
from migrator.engine.cases import Case, CaseKind
from migrator.models import Discovery, Membership, Project, StagedProfile, StagedTarget
from reconciliation.models import ReviewItem
from reconciliation.services import open_items

_numbers = count(1)


def make_project(slug: str = "") -> Project:
    slug = slug or f"nordlys-{next(_numbers)}"
    return Project.objects.create(slug=slug, name="Nordlys Outdoor")


def make_member(project: Project, role: Role = Role.CUSTOMER_ADMIN, name: str = "Sofia") -> Any:
    user = get_user_model().objects.create_user(f"{name.lower()}{next(_numbers)}", first_name=name)
    Membership.objects.create(project=project, user=user, role=role)
    return user


def make_discovery(project: Project) -> Discovery:
    return Discovery.objects.create(project=project, completed_at=timezone.now())


def make_profile(discovery: Discovery, source_key: str, **columns: Any) -> StagedProfile:
    return StagedProfile.objects.create(
        discovery=discovery, source_key=source_key, raw={}, raw_sha="0" * 64, **columns
    )


def make_person(discovery: Discovery, target_id: str, name: str, email: str) -> StagedTarget:
    return StagedTarget.objects.create(
        discovery=discovery, kind="person", target_id=target_id, emails=[email], body={"name": name}
    )


def no_email(key: str = "", **known: Any) -> Case:
    key = key or f"profile-{next(_numbers)}"
    evidence: dict[str, Any] = {
        "source_key": key,
        "name": "Astrid Lindqvist",
        "email": "",
        "phone": "+46 70 555 01 24",
        "company": "",
        "crm_id": "",
        "sections": ["Sweden"],
        "tags": [],
        "consents": [],
        "event_count": 14,
        "last_event": "2026-03-12T08:00:00+00:00",
        "open_deal": False,
        "candidates": [],
    } | known
    return Case(
        CaseKind.NO_EMAIL, key, evidence["name"], evidence, profiles=1, events=evidence["event_count"]
    )


def no_name(key: str = "", **known: Any) -> Case:
    case = no_email(key, **({"name": "", "phone": "", "email": "karin.holm@example.com"} | known))
    return Case(CaseKind.NO_NAME, case.key, str(case.evidence["email"]), case.evidence)


def member(source_key: str, name: str = "Karin Holm", filled: int = 5, **known: Any) -> dict[str, Any]:
    return {
        "source_key": source_key,
        "name": name,
        "email": "karin@example.com",
        "phone": "",
        "company": "",
        "crm_id": "",
        "sections": ["Norway"],
        "event_count": 3,
        "last_event": "",
        "filled": filled,
    } | known


def duplicate(*members: dict[str, Any], key: str = "email:karin@example.com", **known: Any) -> Case:
    found = list(members) or [member("a"), member("b", filled=9)]
    evidence: dict[str, Any] = {
        "match": "email",
        "value": "karin@example.com",
        "members": found,
        "targets": [],
    }
    return Case(CaseKind.DUPLICATE, key, "Karin Holm", evidence | known, profiles=len(found))


def type_conflict(key: str = "attribute:shoe_size", **known: Any) -> Case:
    evidence: dict[str, Any] = {
        "field": key,
        "name": "shoe_size",
        "variants": [
            {
                "section": "Norway",
                "type": "number",
                "filled": 300,
                "top": [["42", 120], ["43", 90], ["41", 40]],
            },
            {
                "section": "Finland",
                "type": "text",
                "filled": 100,
                "top": [["42", 40], ["42 EU", 30], ["large", 6]],
            },
        ],
        "choices": [
            {"action": "as_type", "type": "text", "lost": 0, "samples": []},
            {"action": "as_type", "type": "number", "lost": 36, "samples": ["42 EU", "large"]},
            {"action": "split", "type": "", "lost": 0, "samples": []},
            {"action": "drop", "type": "", "lost": 400, "samples": ["42"]},
        ],
    } | known
    return Case(CaseKind.TYPE_CONFLICT, key, str(evidence["name"]), evidence, profiles=400)


def rare_tag(
    tag: str = "winter_25", count: int = 3, similar: list[tuple[str, int]] | None = None, **known: Any
) -> Case:
    evidence: dict[str, Any] = {
        "tag": tag,
        "count": count,
        "sections": ["Denmark"],
        "similar": [{"tag": other, "count": used} for other, used in similar or []],
    }
    return Case(CaseKind.RARE_TAG, tag, tag, evidence | known, profiles=count)


def company(name: str, profiles: int = 4, **known: Any) -> dict[str, Any]:
    return {"name": name, "profiles": profiles, "domains": [], "vat": [], "target_id": ""} | known


def organizations(*members: dict[str, Any], key: str = "company:hagen fritid", **known: Any) -> Case:
    found = list(members) or [company("Hagen Fritid AS", 9), company("HAGEN FRITID", 2)]
    evidence: dict[str, Any] = {"value": "hagen fritid", "members": found, "why": []}
    profiles = sum(int(m["profiles"]) for m in found)
    return Case(
        CaseKind.ORGANIZATION, key, str(found[0]["name"]), evidence | known, profiles=max(1, profiles)
    )


def consents(key: str = "", **known: Any) -> Case:
    evidence: dict[str, Any] = {
        "channel": "email",
        "answers": [{"where": "Norway", "state": "Yes"}, {"where": "Sweden", "state": "No"}],
        "profiles": 14,
        "samples": [{"source_key": "p1", "name": "Astrid Lindqvist"}],
    } | known
    key = key or f"{evidence['channel']}:{next(_numbers)}"
    title = f"{evidence['channel']}: Norway and Sweden differ"
    return Case(CaseKind.CONSENT, key, title, evidence, profiles=int(evidence["profiles"]))


def make_item(project: Project, case: Case | None = None) -> ReviewItem:
    case = case or no_email()
    open_items(project, [case])
    return ReviewItem.objects.get(project=project, kind=case.kind.value, key=case.key)


def new_key() -> Any:
    return uuid4()
