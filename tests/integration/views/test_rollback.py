"""The way back on screen: offered, previewed, and approved by typing how many records it covers."""

import pytest
from django.utils import timezone

from migrator.choices import RunKind, RunState
from tests import factories as made
from tests.factories_views import UNDO, operation
from tests.integration.views.test_runs import text_of


@pytest.fixture
def finished(project):
    now = timezone.now()
    run = made.run(project, state=RunState.FINISHED, loading_since=now, finished_at=now)
    operation(run, "p-1")
    return run


@pytest.fixture
def preview(project, finished):
    return made.run(
        project, RunKind.ROLLBACK, RunState.APPROVAL, of_run=finished, plan=UNDO, plan_checksum="r" * 64
    )


def test_the_offer_says_that_a_preview_removes_nothing(page, finished, url):
    text = text_of(page.get(url("run-rollback", finished.pk)))
    assert "a preview in exact numbers. It removes nothing." in text
    assert "Compute the preview" in text


def test_the_preview_is_a_run_of_its_own(page, project, finished, url):
    answer = page.post(url("run-rollback-start", finished.pk))
    undoing = project.runs.get(kind=RunKind.ROLLBACK)
    assert (answer.url, undoing.of_run_id) == (url("run", undoing.pk), finished.pk)


def test_a_run_that_wrote_nothing_offers_no_way_back(page, project, url):
    run = made.run(project, state=RunState.FINISHED)
    text = text_of(page.get(url("run-rollback", run.pk)))
    assert "There is nothing to roll back" in text
    assert page.post(url("run-rollback-start", run.pk)).status_code == 403


def test_an_open_preview_is_where_the_offer_leads(page, finished, preview, url):
    assert page.get(url("run-rollback", finished.pk)).url == url("run", preview.pk)
    assert page.get(url("run-rollback", preview.pk)).url == url("run", preview.pk)


def test_the_preview_says_what_is_removed_restored_and_kept(page, preview, url):
    text = text_of(page.get(url("run", preview.pk)))
    assert "12,391 removed, 4 restored, 17 kept" in text
    assert "Roll back 12,395 records" in text
    assert "Keeps 17 that your team edited since" in text
    assert "Changed in Pipedrive after the run." in text


@pytest.mark.parametrize("typed", ["12395", "12,395", " 12 395 "])
def test_the_number_may_be_typed_as_people_write_it(page, preview, url, typed):
    answer = page.post(url("run-rollback", preview.pk), {"checksum": "r" * 64, "typed": typed})
    assert answer.status_code == 302
    preview.refresh_from_db()
    assert preview.state == RunState.RUNNING


@pytest.mark.parametrize("typed", ["12394", "", "all"])
def test_another_number_changes_nothing_and_keeps_what_was_typed(page, preview, url, typed):
    answer = page.post(url("run-rollback", preview.pk), {"checksum": "r" * 64, "typed": typed})
    assert answer.status_code == 422
    assert b"<title>Error: " in answer.content
    preview.refresh_from_db()
    assert preview.state == RunState.APPROVAL


def test_a_preview_that_changed_meanwhile_is_not_approved(page, preview, url):
    answer = page.post(url("run-rollback", preview.pk), {"checksum": "x" * 64, "typed": "12395"})
    assert answer.status_code == 403
    preview.refresh_from_db()
    assert preview.state == RunState.APPROVAL


def test_who_may_not_roll_back_cannot_approve_it(viewer, preview, url):
    answer = viewer.post(url("run-rollback", preview.pk), {"checksum": "r" * 64, "typed": "12395"})
    assert answer.status_code == 403
    preview.refresh_from_db()
    assert preview.state == RunState.APPROVAL
