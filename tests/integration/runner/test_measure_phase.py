"""The last phase of a discovery: every conversion of the map counted over all values, in slices that can be
killed; and the counts that people ask for later."""

import time
from typing import Any

import pytest

from mapping_review import measuring, services
from mapping_review.models import MapVersion, MeasuredPreview
from migrator import runner, staging, tasks
from migrator.choices import RunKind, RunState
from migrator.models import Project, Run, RunPhase
from migrator.runner import lifecycle, measuring_rules
from migrator.runner.job import AGAIN, DONE, Job
from migrator.runner.slices import HANDLERS
from tests import factories
from tests import factories_mapping_review as made

VALUES = [f"{n}" for n in range(18)]
FIELDS = (made.attribute("Shoe size", *VALUES, "L"), made.attribute("Medlemsnr", "100234", "100235"))


@pytest.fixture
def project(db: None) -> Project:
    return made.make_project()


@pytest.fixture
def version(project: Project) -> MapVersion:
    """A proposed map of which nothing is counted."""
    made.make_discovery(project, FIELDS)
    return services.propose_map(project)


def job_of(project: Project, seconds: float = 30.0) -> Job:
    run = Run.objects.filter(project=project).first() or factories.run(
        project, RunKind.DISCOVERY, RunState.RUNNING, discovery=staging.current_discovery(project)
    )
    phase, _ = RunPhase.objects.get_or_create(run=run, number=8, name="measure")
    return Job(
        Run.objects.select_related("project", "discovery").get(pk=run.pk), phase, time.monotonic() + seconds
    )


def counts(project: Project) -> dict[tuple[str, str], tuple[int, int, int]]:
    rows = MeasuredPreview.objects.filter(discovery__project=project, counted_at__isnull=False)
    return {(r.source_key, r.rule_sha): (r.seen, r.emptied, r.changed) for r in rows}


def test_it_is_the_last_phase_of_a_discovery() -> None:
    assert lifecycle.PHASES[RunKind.DISCOVERY][-1] == "measure"
    assert tuple(HANDLERS[RunKind.DISCOVERY]) == lifecycle.PHASES[RunKind.DISCOVERY]


def test_every_proposal_is_counted_when_it_is_done(project: Project, version: MapVersion) -> None:
    job = job_of(project)
    assert measuring_rules.measure(job) == DONE
    losses = measuring.losses(version)
    for row in version.decisions.all():
        assert measuring.loss_of(losses, row.source_key, [row.proposed.rule]) is not None
    assert job.phase.done == job.phase.planned == len(counts(project))
    said = list(job.run.log_lines.values_list("text", flat=True))
    assert said == [f"Counted what {job.phase.planned} conversions do to all values."]


def test_a_count_that_is_killed_between_slices_counts_nothing_twice(
    project: Project, version: MapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring_rules.measure(job_of(project))
    whole = counts(project)
    MeasuredPreview.objects.all().delete()
    RunPhase.objects.all().delete()
    monkeypatch.setattr(measuring, "BATCH", 3)
    slices = 1
    while measuring_rules.measure(job_of(project, seconds=-1.0)) == AGAIN:
        slices += 1
    assert slices > 7
    assert counts(project) == whole


def test_a_phase_that_is_run_again_changes_nothing(project: Project, version: MapVersion) -> None:
    measuring_rules.measure(job_of(project))
    before = list(MeasuredPreview.objects.order_by("pk").values())
    assert measuring_rules.measure(job_of(project)) == DONE
    assert list(MeasuredPreview.objects.order_by("pk").values()) == before


def test_without_a_map_there_is_nothing_to_count(project: Project) -> None:
    made.make_discovery(project, FIELDS)
    assert measuring_rules.measure(job_of(project)) == DONE


# Counts that somebody asked for on a page


def asked(project: Project, version: MapVersion, monkeypatch: pytest.MonkeyPatch) -> int:
    """A count that a page began and did not finish."""
    monkeypatch.setattr(measuring, "BATCH", 3)
    monkeypatch.setattr(measuring, "AT_ONCE", 3)
    row = made.row(version, "attribute:shoe_size")
    found = measuring.measure(project, row.source_key, row.proposed.rule)
    assert found is not None
    assert not found.is_whole
    return MeasuredPreview.objects.get().pk


def test_a_count_that_a_page_began_is_finished_behind_it(
    project: Project, version: MapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = asked(project, version, monkeypatch)
    assert runner.due_previews() == [pk]
    tasks.count_preview(pk)
    assert runner.due_previews() == []
    assert MeasuredPreview.objects.get().seen == 20 * (len(VALUES) + 1)


def test_a_slice_is_bounded_and_asks_for_the_next_one(
    project: Project, version: MapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = asked(project, version, monkeypatch)
    assert runner.count_preview(pk, seconds=0.0)
    assert MeasuredPreview.objects.get().distinct == 6


def test_the_sweeper_wakes_what_is_not_finished(
    project: Project, version: MapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk, woken = asked(project, version, monkeypatch), list[Any]()
    monkeypatch.setattr(tasks.count_preview, "delay", woken.append)
    tasks.sweep_once()
    assert woken == [pk]


def test_a_discovery_that_still_runs_counts_its_own(
    project: Project, version: MapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(project, version, monkeypatch)
    job_of(project)
    assert runner.due_previews() == []


def test_a_count_that_is_gone_is_no_error(db: None) -> None:
    assert runner.count_preview(1) is False
