"""Counting in batches: every value once, whatever stops the run between two of them."""

import time
from typing import Any

import pytest

from migrator import staging
from migrator.choices import RunKind, Side
from migrator.engine.canonical import canonical_json
from migrator.models import Connection, Discovery, Project, Run, RunPhase
from migrator.runner import counting, inventorying
from migrator.runner.job import AGAIN, DONE, Job, Step
from tests import factories as made

pytestmark = pytest.mark.django_db
SWEDEN, NORWAY = "usercreated.sections.sweden", "usercreated.sections.norway"
SIZE, MOBILE = "usercreated.attributes.size", "com.apsis1.attributes.mobile"
DEFINITIONS: dict[str, Any] = {
    "sections": {SWEDEN: "Sweden", NORWAY: "Norway"},
    "attributes": {SIZE: "Shoe size", MOBILE: "Mobile", "usercreated.attributes.never": "Never filled"},
    "types": {SIZE: "text", MOBILE: "phone"},
    "by_section": {SWEDEN: [SIZE, MOBILE, "usercreated.attributes.never"], NORWAY: [SIZE]},
    "events": {},
    "segments": [],
    "activities": [],
}


@pytest.fixture
def discovery() -> Discovery:
    project = made.project()
    Connection.objects.create(project=project, side=Side.SOURCE, base_url="https://source.example")
    return made.discovery(project, completed=False, inventory={"definitions": DEFINITIONS})


def section(*tags: str, **values: Any) -> dict[str, Any]:
    names = {"size": SIZE, "mobile": MOBILE}
    return {"attributes": {names[name]: value for name, value in values.items()}, "tags": list(tags)}


def store(discovery: Discovery, **profiles: dict[str, Any]) -> None:
    rows = [
        {"source_key": key, "raw": {"sections": sections}, "raw_sha": "0" * 64}
        for key, sections in profiles.items()
    ]
    staging.store_profiles(discovery, rows)


def job_of(discovery: Discovery, name: str = "values", seconds: float = 30.0) -> Job:
    run = Run.objects.filter(discovery=discovery).first() or made.run(
        discovery.project, RunKind.DISCOVERY, discovery=discovery
    )
    phase, _ = RunPhase.objects.get_or_create(run=run, name=name, defaults={"number": run.phases.count() + 1})
    run = Run.objects.select_related("project", "discovery").get(pk=run.pk)
    return Job(run, phase, time.monotonic() + seconds)


def counted(discovery: Discovery, section: str, name: str) -> dict[str, int]:
    return {
        canonical_json(value): profiles
        for value, profiles, _ in staging.iter_values(discovery, [(section, name)])
    }


def three_profiles(discovery: Discovery) -> None:
    store(
        discovery,
        p1={SWEDEN: section("vip", "vip", size="42", mobile=46701234567), NORWAY: section("vip", size="43")},
        p2={SWEDEN: section(size="42")},
        p3={NORWAY: section("ny", size=42)},
    )


def test_every_value_is_counted_by_section_with_a_profile_that_holds_it(discovery: Discovery) -> None:
    three_profiles(discovery)
    assert counting.values(job_of(discovery)) == DONE
    assert list(staging.iter_values(discovery, [(SWEDEN, SIZE)])) == [("42", 2, "p1")]
    assert counted(discovery, NORWAY, SIZE) == {'"43"': 1, "42": 1}
    assert counted(discovery, SWEDEN, MOBILE) == {"46701234567": 1}


def test_tags_sections_and_channels_are_counted_once_for_each_profile(discovery: Discovery) -> None:
    three_profiles(discovery)
    counting.values(job_of(discovery))
    assert counted(discovery, "", "tag:all") == {'"vip"': 1, '"ny"': 1}
    assert counted(discovery, NORWAY, "tag:all") == {'"vip"': 1, '"ny"': 1}
    assert counted(discovery, SWEDEN, "section:all") == {'"Sweden"': 2}
    assert counted(discovery, "", "channel:sms") == {'"Yes"': 1, '"No"': 2}
    assert counted(discovery, "", "channel:email") == {'"No"': 3}


def test_consents_are_counted_as_they_would_be_written(discovery: Discovery) -> None:
    def asked(kind: str, at: str) -> dict[str, Any]:
        row = {"channel_discriminator": "com.apsis1.channels.email", "type": kind, "modified_at": at}
        return {"sections": {SWEDEN: section()}, "consents": {SWEDEN: [row]}}

    rows = [
        ("a", "opt-in", "2024-05-03T08:00:00Z"),
        ("b", "opt-out", "2024-05-03T09:00:00Z"),
        ("c", "opt-in", ""),
    ]
    staging.store_profiles(
        discovery,
        [{"source_key": key, "raw": asked(kind, at), "raw_sha": "0" * 64} for key, kind, at in rows],
    )
    counting.values(job_of(discovery))
    assert counted(discovery, "", "consent:email") == {'"Yes"': 2, '"No"': 1}
    assert counted(discovery, "", "consent:email_date") == {'"2024-05-03"': 2}
    assert counted(discovery, "", "consent:sms") == {}


def many(discovery: Discovery) -> None:
    store(discovery, **{f"p{n:02}": {SWEDEN: section("vip", size=str(40 + n % 3))} for n in range(23)})


EXPECTED = {'"40"': 8, '"41"': 8, '"42"': 7}


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "PAGE", 2)
    monkeypatch.setattr(counting, "PAGES", 2)


@pytest.mark.usefixtures("small_batches")
def test_a_slice_whose_time_is_up_leaves_its_place_and_the_next_goes_on_there(discovery: Discovery) -> None:
    many(discovery)
    steps: list[Step] = []
    while not steps or steps[-1] == AGAIN:
        steps.append(counting.values(job_of(discovery, seconds=-1)))
    assert len(steps) == 7
    assert counted(discovery, SWEDEN, SIZE) == EXPECTED
    assert RunPhase.objects.get(name="values").done == 23


class Killed(BaseException):
    """What nobody catches."""


class DyingJob(Job):
    """Dies where a batch's counts are stored and its place is not yet."""

    def save_phase(self, *fields: str) -> None:
        if self.phase.done == 8:
            raise Killed
        super().save_phase(*fields)


@pytest.mark.usefixtures("small_batches")
def test_a_run_that_is_killed_inside_a_batch_counts_nothing_twice(discovery: Discovery) -> None:
    many(discovery)
    job = job_of(discovery)
    with pytest.raises(Killed):
        counting.values(DyingJob(job.run, job.phase, job.deadline))
    assert sum(counted(discovery, SWEDEN, SIZE).values()) == 4
    assert counting.values(job_of(discovery)) == DONE
    assert counted(discovery, SWEDEN, SIZE) == EXPECTED


def test_without_profiles_there_is_nothing_to_count(discovery: Discovery) -> None:
    assert counting.values(job_of(discovery)) == DONE
    assert not discovery.values.exists()


# Types out of the counts


def types(discovery: Discovery) -> None:
    while job_of(discovery, "inventory").phase.cursor.get("step", "types") == "types":
        inventorying.inventory(job_of(discovery, "inventory", seconds=-1))


def test_types_come_from_all_values_field_by_field(discovery: Discovery) -> None:
    three_profiles(discovery)
    counting.values(job_of(discovery))
    types(discovery)
    found = {field.key: field for field in staging.source_fields_of(discovery)}
    assert list(found) == ["attribute:mobile", "attribute:never_filled", "attribute:shoe_size"]
    size = found["attribute:shoe_size"]
    assert [(v.section_name, v.filled, v.distinct) for v in size.variants] == [
        ("Norway", 2, 2),
        ("Sweden", 2, 1),
    ]
    assert (size.profiles, found["attribute:never_filled"].filled) == (3, 0)


def test_the_evidence_for_a_type_is_stored_with_it(discovery: Discovery) -> None:
    store(
        discovery,
        **{f"p{n:02}": {SWEDEN: section(size=str(n))} for n in range(40)},
        q={SWEDEN: section(size="L")},
    )
    counting.values(job_of(discovery))
    types(discovery)
    (field,) = [f for f in staging.source_fields_of(discovery) if f.key == "attribute:shoe_size"]
    (variant,) = [v for v in field.variants if v.filled]
    assert variant.evidence is not None
    assert (variant.evidence.chosen.value, variant.evidence.agreeing) == ("number", 40)
    assert [(c.shape.value, c.profiles, c.examples) for c in field.contradictions] == [("text", 1, ("L",))]


def test_types_take_the_same_steps_again_without_changing_anything(discovery: Discovery) -> None:
    three_profiles(discovery)
    counting.values(job_of(discovery))
    types(discovery)
    before = staging.source_fields_of(discovery)
    RunPhase.objects.filter(name="inventory").update(cursor={})
    types(discovery)
    assert staging.source_fields_of(discovery) == before


def companies(project: Project) -> list[str]:
    return list(project.discoveries.get().profiles.order_by("source_key").values_list("company", flat=True))


@pytest.mark.usefixtures("small_batches")
def test_companies_are_filled_in_page_by_page(discovery: Discovery) -> None:
    many(discovery)
    phase = job_of(discovery, "inventory").phase
    phase.cursor = {"step": "companies", "refs": [[[NORWAY, SIZE]], [[SWEDEN, SIZE]]], "after": ""}
    phase.save()
    slices = 0
    while job_of(discovery, "inventory").phase.cursor["step"] == "companies":
        inventorying.inventory(job_of(discovery, "inventory", seconds=-1))
        slices += 1
    assert slices == 13
    assert companies(discovery.project) == [str(40 + n % 3) for n in range(23)]
