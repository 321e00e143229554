"""The field map on one named profile: found without its name in an address, shown row by row, nothing written."""

from typing import Any

import pytest
from django.db.models import Func, Q, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mapping_review import trying
from mapping_review.models import DecisionEvent, MapVersion, MeasuredPreview
from migrator.choices import Role
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.engine.source_fields import Found, fixed_fields
from migrator.models import Discovery, Project, StagedEvent, StagedProfile, TrailEntry
from tests import factories_mapping_review as made

FIRST, EMAIL = "com.apsis1.attributes.firstname", "com.apsis1.attributes.email"
SHOE = "usercreated.attributes.Shoe size"
FIELDS = [
    made.attribute("First name", "Anna", "Åsa"),
    made.attribute("Email", "anna@example.se", "ola@example.no"),
    made.attribute("Shoe size", *["42", "43", "41,5"] * 20, "L", times=3),
    made.attribute("Hobby", "Ski"),
    *fixed_fields(
        Found(
            profiles=100,
            sections=[("s1", "Sweden", 100)],
            tags=[("vip_customer", 20)],
            events=[("mail.opened", "Email opened", 9), ("shop.purchase", "Purchase", 4)],
        )
    ),
]
# A condition that takes the database half a second for each profile.
_SLEEP = Func(Value(0.5), function="pg_sleep", output_field=TextField())
SLOWLY = Q(Exact(Cast(_SLEEP, TextField()), Value("")))
SHOES = TargetField(TargetObject.PERSON, "Shoe size", FieldType.DOUBLE, True)


@pytest.fixture
def project(db: None) -> Project:
    return made.make_project()


@pytest.fixture
def version(project: Project) -> MapVersion:
    found = made.make_map(project, FIELDS, [SHOES])
    discovery = project.discoveries.get()
    discovery.inventory["definitions"] = {"sections": {"s1": "Sweden"}}
    discovery.save()
    return found


@pytest.fixture
def page(project: Project) -> Client:
    client = Client()
    client.force_login(made.make_member(project, Role.AUDITOR, "Aina"))
    return client


def stage(discovery: Discovery, key: str = "p-1", **columns: Any) -> StagedProfile:
    attributes = {FIRST: "Anna", EMAIL: "anna@example.se", SHOE: "L"}
    raw = {"sections": {"s1": {"attributes": attributes, "tags": ["vip_customer"], "topics": []}}}
    known = {"name": "Anna Lindqvist", "email": "anna@example.se", "phone": "46705550124", "crm_id": "C-77"}
    return StagedProfile.objects.create(
        discovery=discovery, source_key=key, raw=raw, raw_sha="0" * 64, **(known | columns)
    )


def at(project: Project, **query: Any) -> str:
    return reverse("map-try", args=[project.slug], query=query or None)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize(
    "text", ["anna@EXAMPLE.se", "C-77", "+46 70 555 01 24", "p-1", "lindq", "anna@", "C-7"]
)
def test_a_profile_is_found_by_what_people_know_of_it(
    text: str, page: Client, project: Project, version: MapVersion
) -> None:
    stage(project.discoveries.get())
    stage(
        project.discoveries.get(),
        "q-2",
        name="Bo Ek",
        email="bo@example.no",
        phone="4791234567",
        crm_id="D-1",
    )
    hits = page.post(at(project), {"q": text}).context["hits"]
    assert [hit.source_key for hit in hits.profiles] == ["p-1"]


def test_at_most_ten_are_shown(page: Client, project: Project, version: MapVersion) -> None:
    for number in range(12):
        stage(project.discoveries.get(), f"p-{number:02}")
    assert len(page.post(at(project), {"q": "Lindqvist"}).context["hits"].profiles) == 10


@pytest.mark.parametrize("text", ["", "a", "   "])
def test_too_little_to_search_for_finds_nobody(
    text: str, page: Client, project: Project, version: MapVersion
) -> None:
    stage(project.discoveries.get())
    assert page.post(at(project), {"q": text}).context["hits"].profiles == ()


def test_the_name_never_stands_in_an_address(page: Client, project: Project, version: MapVersion) -> None:
    stage(project.discoveries.get())
    text = text_of(page.post(at(project, item=4), {"q": "Lindqvist"}))
    assert "item=4&amp;key=p-1" in text
    assert "q=Lindqvist" not in text
    assert 'method="post"' in text


def test_a_search_that_takes_too_long_keeps_what_was_found_at_once(
    project: Project, version: MapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    discovery = project.discoveries.get()
    stage(discovery)
    stage(discovery, "p-2", name="Bo Ek", email="", phone="", crm_id="")
    monkeypatch.setattr(trying, "_partly", lambda text: SLOWLY)
    monkeypatch.setattr(trying, "_LONGEST_SEARCH_MS", 50)
    found = trying.find_profiles(discovery, "C-77")
    assert ([hit.source_key for hit in found.profiles], found.is_cut) == (["p-1"], True)


def test_the_whole_map_is_shown_for_one_profile(page: Client, project: Project, version: MapVersion) -> None:
    stage(project.discoveries.get())
    answer = page.get(at(project, key="p-1"))
    lines = {line.source: (line.before, line.after, line.is_lost) for line in answer.context["lines"]}
    assert lines["First name"] == ("Anna", "Anna", False)
    assert lines["Shoe size"] == ("L", "empty", True)
    assert lines["Tags"] == ("vip_customer", "Vip Customer", False)
    assert lines["Sections"] == ("Sweden", "Sweden", False)
    assert "Hobby" not in lines
    assert ("Person", "Anna", "") in answer.context["facts"]


def test_the_row_that_the_person_came_from_stands_first(
    page: Client, project: Project, version: MapVersion
) -> None:
    stage(project.discoveries.get())
    row = made.row(version, "attribute:shoe_size")
    answer = page.get(at(project, item=row.pk, key="p-1"))
    assert [line.source for line in answer.context["mine"]] == ["Shoe size"]
    assert "This field" in text_of(answer)


def test_only_event_types_that_the_profile_has_are_listed(
    page: Client, project: Project, version: MapVersion
) -> None:
    discovery = project.discoveries.get()
    stage(discovery)
    for number in range(3):
        StagedEvent.objects.create(
            discovery=discovery, source_key="p-1", event_key=f"e{number}", type="mail.opened",
            section="s1", occurred_at=timezone.now(),
        )  # fmt: skip
    lines = {line.source: line for line in page.get(at(project, key="p-1")).context["lines"]}
    opened = lines["Email opened"]
    assert (opened.before, opened.note) == ("3 events", "how many records is chosen when a run is planned")
    assert "Purchase" not in lines


def test_a_field_whose_type_is_open_says_so(page: Client, project: Project) -> None:
    conflict = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Shoe size")
    made.make_map(project, [*FIELDS[:2], conflict])
    stage(project.discoveries.get())
    lines = {line.source: line for line in page.get(at(project, key="p-1")).context["lines"]}
    assert lines["Shoe size"].note == "its type is not settled yet"


def test_looking_writes_nothing(page: Client, project: Project, version: MapVersion) -> None:
    stage(project.discoveries.get())
    counted = (MeasuredPreview.objects.count(), TrailEntry.objects.count())
    page.post(at(project), {"q": "Lindqvist"})
    page.get(at(project, key="p-1"))
    assert (MeasuredPreview.objects.count(), TrailEntry.objects.count()) == counted
    assert DecisionEvent.objects.count() == 0


def test_no_log_line_names_the_profile(
    page: Client, project: Project, version: MapVersion, caplog: pytest.LogCaptureFixture
) -> None:
    stage(project.discoveries.get())
    with caplog.at_level("DEBUG"):
        page.post(at(project), {"q": "Lindqvist"})
        page.get(at(project, key="p-1"))
    asked = [r for r in caplog.records if r.name != "django.db.backends"]
    assert not any("Lindqvist" in record.getMessage() for record in asked)


def test_a_profile_of_another_project_is_not_found(
    page: Client, project: Project, version: MapVersion
) -> None:
    other = made.make_project()
    made.make_map(other, FIELDS[:1])
    stage(other.discoveries.get(), "p-9")
    assert page.get(at(project, key="p-9")).status_code == 404


def test_whoever_is_not_a_member_finds_nothing(project: Project, version: MapVersion) -> None:
    client = Client()
    client.force_login(made.make_member(made.make_project()))
    assert client.get(at(project)).status_code == 404


def test_before_the_first_discovery_there_is_nothing_to_try(page: Client, project: Project) -> None:
    assert page.get(at(project)).status_code == 200


def test_values_of_the_profile_are_text_and_nothing_else(
    page: Client, project: Project, version: MapVersion
) -> None:
    staged = stage(project.discoveries.get(), name="<script>alert(1)</script>")
    staged.raw["sections"]["s1"]["attributes"][FIRST] = "<img src=x onerror=alert(1)>"
    staged.save()
    text = text_of(page.get(at(project, key="p-1")))
    assert "<script>alert" not in text
    assert "<img" not in text
