"""Runs: the list, the start page, and the run page in each of its states with its buttons."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from migrator.choices import LogLevel, PhaseState, RunKind, RunState
from migrator.models import Budget, RunLogLine
from tests import factories as made
from tests.factories_views import PLAN, REPORT, operation, phase, planned_run
from tests.integration.views.conftest import HTMX

NOW = timezone.now


@pytest.fixture
def running(project):
    """A run in the middle of its Persons."""
    run = made.run(
        project, loading_since=NOW() - timedelta(minutes=5), heartbeat_at=NOW(), started_at=NOW(), plan=PLAN
    )
    phase(run, "fields", PhaseState.DONE, planned=12, done=12, report=REPORT | {"kind": "field"})
    phase(run, "persons", planned=12408, done=8214, started_at=NOW() - timedelta(minutes=5))
    phase(run, "notes", PhaseState.WAITING, planned=90)
    return run


def text_of(answer):
    """What a person reads, with one space between words."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# The list


def test_an_empty_list_leads_to_the_discovery(page, url):
    answer = page.get(url("runs"))
    assert "No runs yet" in text_of(answer)
    assert url("discovery") in answer.content.decode()


def test_the_list_says_what_each_run_wrote(page, project, url):
    run = made.run(project, state=RunState.FINISHED, loading_since=NOW(), finished_at=NOW(), started_at=NOW())
    phase(run, "plan", PhaseState.DONE, done=2400)
    phase(run, "persons", PhaseState.DONE, planned=2301, done=2301, failed=4)
    answer = page.get(url("runs"))
    assert "2,301" in text_of(answer)
    assert "4,701" not in text_of(answer)
    assert url("run-report", run.pk) in answer.content.decode()


def test_the_list_pages_as_a_part(page, project, url):
    for _ in range(30):
        made.run(project, state=RunState.FINISHED)
    part = page.get(url("runs"), {"page": 2}, headers=HTMX)
    assert b"<html" not in part.content
    assert part.content.count(b"<tr role") == 1 + 5


def test_the_list_costs_the_same_however_many_runs_there_are(page, project, url):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            page.get(url("runs"))
        return len(seen)

    made.run(project, state=RunState.FINISHED)
    before = cost()
    for _ in range(10):
        made.run(project, state=RunState.FINISHED, created_by=made.user())
    assert cost() == before


# The last look before a run


def test_the_start_page_names_what_is_missing_and_starts_nothing(page, project, url):
    answer = page.get(url("run-new"))
    assert "No discovery has finished yet" in text_of(answer)
    assert 'aria-disabled="true"' in answer.content.decode()
    assert page.post(url("run-new"), {"fidelity": "history"}).status_code == 403
    assert not project.runs.exists()


def test_a_ready_project_computes_a_plan_with_the_chosen_fidelity(page, ready, url):
    answer = page.get(url("run-new"))
    assert 'aria-disabled="true"' not in answer.content.decode()
    assert "Nordlys Outdoor Sandbox" in text_of(answer)
    answer = page.post(url("run-new"), {"fidelity": "digest"})
    run = ready.runs.get()
    assert answer.url == url("run", run.pk)
    assert (run.kind, run.params) == ("trial", {"fidelity": "digest"})


def test_a_fidelity_that_is_none_starts_nothing(page, ready, url):
    assert page.post(url("run-new"), {"fidelity": "everything"}).status_code == 400
    assert not ready.runs.exists()


# The plan


def test_the_plan_shows_what_would_be_written_and_what_it_costs(page, project, url):
    answer = page.get(url("run", planned_run(project).pk))
    for words in (
        "2,301 records to Nordlys Outdoor Sandbox",
        "Write 2,301 Persons to Nordlys Outdoor Sandbox",
        "11,555 tokens",
        "6,903 more, if you roll back",
        "24% of the 48,000 tokens that we may use a day",
        "900 events: 850 move inside these records, 30 are left out by the field map",
        "by this way of writing, 20 are held back",
        "12 new beside 7 that are there; the plan allows 100",
        "Writing to Pipedrive fires its automations.",
        "shoe_size 18 values",
        "cccccccccccc",
    ):
        assert words in text_of(answer)


def test_the_plan_prices_every_fidelity_and_marks_its_own(page, project, url):
    text = text_of(page.get(url("run", planned_run(project).pk)))
    assert "Every event its own record" in text
    assert "57,000" in text
    assert text.count("This plan") == 1


def test_reasons_lead_to_their_records(page, project, url):
    run = planned_run(project)
    address = f"{url('run-records', run.pk)}?kind=person&amp;state=excluded&amp;reason=Nothing+is+known."
    assert address in page.get(url("run", run.pk)).content.decode()


def test_a_plan_is_not_asked_for_again_and_again(page, project, url):
    assert (
        b"hx-trigger" not in page.get(url("run", planned_run(project).pk)).content.split(b'id="run"')[1][:200]
    )


@pytest.fixture
def planned(ready):
    """A plan that fits the signed map and the queue as they stand."""
    from migrator.runner.readiness import signed_checksum
    from reconciliation.resolving import resolutions_for

    plan = PLAN | {"decisions": resolutions_for(ready).checksum}
    run = planned_run(ready, plan=plan, map_checksum=signed_checksum(ready))
    phase(run, "plan", PhaseState.DONE)
    return run


@pytest.mark.parametrize("htmx", [False, True])
def test_approving_binds_the_plan_that_was_seen(page, planned, url, htmx):
    answer = page.post(
        url("run-approve", planned.pk), {"checksum": planned.plan_checksum}, headers=HTMX if htmx else {}
    )
    where = answer["HX-Redirect"] if htmx else answer.url
    assert where == url("run", planned.pk)
    planned.refresh_from_db()
    assert planned.state == RunState.RUNNING
    assert planned.project.approvals.filter(subject="plan", checksum=planned.plan_checksum).exists()


def test_a_plan_that_changed_meanwhile_is_not_approved(page, planned, url):
    answer = page.post(url("run-approve", planned.pk), {"checksum": "d" * 64})
    assert answer.status_code == 403
    assert "The plan changed since you saw it." in text_of(answer)
    planned.refresh_from_db()
    assert planned.state == RunState.APPROVAL


def test_another_fidelity_drops_this_plan_and_computes_one(page, planned, url):
    answer = page.post(url("run-replan", planned.pk), {"fidelity": "each"})
    new = planned.project.runs.latest("pk")
    planned.refresh_from_db()
    assert (planned.state, new.params) == (RunState.ABORTED, {"fidelity": "each"})
    assert answer.url == url("run", new.pk)


def test_where_no_new_plan_can_be_computed_the_old_one_stays(page, project, url):
    run = planned_run(project)
    assert page.post(url("run-replan", run.pk), {"fidelity": "each"}).status_code == 403
    run.refresh_from_db()
    assert run.state == RunState.APPROVAL


def test_a_running_run_is_not_planned_anew(page, running, url):
    assert page.post(url("run-replan", running.pk), {"fidelity": "each"}).status_code == 403


# While it writes


def test_a_live_page_shows_each_phase_with_its_counts(page, running, url):
    text = text_of(page.get(url("run", running.pk)))
    assert "8,214 of 12,408" in text
    assert "12 of 12" in text
    assert "27 a second" in text
    assert "2,301 read back, all as written." in text


def test_the_live_part_asks_again_every_two_seconds(page, running, url):
    part = page.get(url("run-live", running.pk), headers=HTMX)
    assert b"<html" not in part.content
    assert b'hx-trigger="every 2s"' in part.content
    assert "HX-Request" in part["Vary"]


def test_the_live_part_brings_the_title_of_the_tab(page, running, url):
    part = page.get(url("run-live", running.pk), headers=HTMX).content.decode()
    assert "<title>65% Persons, Sandbox run" in part


@pytest.mark.parametrize(
    ("seen", "announced"), [("running:persons", False), ("running:fields", True), ("paused:persons", True)]
)
def test_a_change_of_phase_or_state_is_announced_once(page, running, url, seen, announced):
    part = page.get(url("run-live", running.pk), {"seen": seen}, headers=HTMX).content.decode()
    assert ('hx-swap-oob="innerHTML:#live"' in part) is announced


@pytest.mark.parametrize("state", [RunState.APPROVAL, RunState.FINISHED, RunState.ABORTED])
def test_where_the_whole_page_changes_it_is_opened_anew(page, running, url, state):
    type(running).objects.update(state=state)
    answer = page.get(url("run-live", running.pk), headers=HTMX)
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


def test_the_live_address_alone_leads_to_the_page(page, running, url):
    assert page.get(url("run-live", running.pk)).url == url("run", running.pk)


def test_nothing_is_ticked_while_it_runs_but_what_is_done(page, running, url):
    part = page.get(url("run-live", running.pk), headers=HTMX).content.decode()
    assert part.count('<span class="dot done">') == 1
    assert "Finished" not in part


def test_the_title_says_how_far_it_is(page, running, url):
    assert b"<title>65% Persons, Sandbox run" in page.get(url("run", running.pk)).content


def test_a_silent_worker_is_said_with_where_it_goes_on(page, running, url):
    type(running).objects.update(heartbeat_at=NOW() - timedelta(minutes=3))
    text = text_of(page.get(url("run", running.pk)))
    assert "No news from the worker since" in text
    assert "The run resumes from record 8,215 when it returns." in text


def test_a_worker_that_was_just_heard_of_is_no_news(page, running, url):
    assert "No news" not in text_of(page.get(url("run", running.pk)))


def test_a_budget_pause_says_when_it_continues(page, running, url):
    until = NOW() + timedelta(hours=9, minutes=40)
    type(running).objects.update(state=RunState.WAITING, message="Daily budget reached.", wait_until=until)
    text = text_of(page.get(url("run", running.pk)))
    assert "Daily budget reached. Continues at" in text
    assert re.search(r"in 9 h (39|40) min\. Nothing is lost\.", text)


def test_the_budget_stands_beside_the_run(page, running, url):
    target = running.project.connections.get(side="target")
    target.config = {"plan": "ultimate", "seats": 5}
    target.save()
    now = NOW()
    Budget.objects.create(
        scope="pipedrive:nordlys-sandbox.pipedrive.example",
        spent=34600,
        parts=[[int(now.timestamp() // 600), 34600]],
        token_limit=840000,
    )
    text = text_of(page.get(url("run", running.pk)))
    assert "34,600 of 840,000 tokens" in text
    assert "our 80% of 1,050,000" in text


def test_the_log_shows_the_last_two_hundred_lines_in_order(page, running, url):
    for number in range(205):
        RunLogLine.objects.create(run=running, text=f"Line {number}.", level=LogLevel.INFO)
    text = text_of(page.get(url("run", running.pk)))
    assert "Line 4." not in text
    assert text.index("Line 5.") < text.index("Line 204.")


@pytest.mark.parametrize("htmx", [False, True])
def test_pause_and_resume_answer_with_the_changed_run(page, running, url, htmx):
    headers = HTMX if htmx else {}
    answer = page.post(url("run-pause", running.pk), headers=headers)
    assert answer.status_code == (200 if htmx else 302)
    type(running).objects.update(state=RunState.PAUSED)
    text = text_of(page.get(url("run", running.pk)))
    assert "Paused. 8,214 of 12,408 Persons are in Pipedrive. Resume starts at 8,215." in text
    page.post(url("run-resume", running.pk), headers=headers)
    running.refresh_from_db()
    assert running.state == RunState.RUNNING


def test_a_paused_page_asks_less_often(page, running, url):
    type(running).objects.update(state=RunState.PAUSED)
    assert b'hx-trigger="every 10s"' in page.get(url("run", running.pk)).content


def test_resuming_a_run_that_runs_is_refused(page, running, url):
    type(running).objects.update(state=RunState.FINISHED)
    answer = page.post(url("run-resume", running.pk))
    assert answer.status_code == 403
    assert "You cannot resume this run now: it is finished." in text_of(answer)


def test_aborting_says_that_what_was_written_stays(page, running, url):
    page.post(url("run-abort", running.pk))
    text = text_of(page.get(url("run", running.pk)))
    assert "Aborted. What it wrote stays and can be rolled back." in text


# What Pipedrive refused


def test_rejected_records_are_grouped_by_their_reason(page, running, url):
    for number in range(3):
        operation(running, f"p-{number}", state="rejected", reason="Phone is too long.", finished_at=NOW())
    operation(running, "p-9", state="rejected", reason="Owner is not active.", finished_at=NOW())
    answer = page.get(url("run", running.pk))
    text = text_of(answer)
    assert text.index("3 Persons Phone is too long.") < text.index("1 Persons Owner is not active.")
    assert f"{url('run-records', running.pk)}?state=rejected&amp;kind=person" in answer.content.decode()


def test_retrying_makes_them_ready_again(page, running, url):
    rejected = operation(running, "p-1", state="rejected", reason="Phone is too long.", finished_at=NOW())
    answer = page.post(url("run-retry", running.pk))
    rejected.refresh_from_db()
    assert (answer.status_code, rejected.state) == (302, "ready")
    assert "1 records are sent once more" in text_of(page.get(answer.url))


# When it has ended


@pytest.fixture
def finished(project):
    run = made.run(
        project, state=RunState.FINISHED, loading_since=NOW(), started_at=NOW(), finished_at=NOW(), plan=PLAN
    )
    phase(run, "persons", PhaseState.DONE, planned=2301, done=2301, report=REPORT)
    phase(run, "balance", PhaseState.DONE)
    operation(run, "p-1")
    return run


def test_a_finished_page_gives_the_verdict_and_stops_asking(page, finished, url):
    answer = page.get(url("run", finished.pk))
    assert "Every row is accounted for: 2,401 profiles read = 2,301 created + 60 merged" in text_of(answer)
    assert b"hx-trigger" not in answer.content.split(b'id="run"')[1]
    assert b"http-equiv" not in answer.content


def test_a_finished_run_offers_its_report_and_the_way_back(page, finished, url):
    text = page.get(url("run", finished.pk)).content.decode()
    assert url("run-report", finished.pk) in text
    assert url("run-rollback", finished.pk) in text


def test_a_run_of_which_nothing_is_left_says_why_there_is_no_way_back(page, finished, url):
    finished.operations.update(state="undone")
    answer = page.get(url("run", finished.pk))
    assert "nothing of this run is left in Pipedrive" in text_of(answer)
    assert url("run-rollback", finished.pk) not in answer.content.decode()


def test_a_run_page_costs_the_same_however_much_happened(page, running, url):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            page.get(url("run", running.pk))
        return len(seen)

    operation(running, "p-0", state="rejected", reason="Reason 0", finished_at=NOW())
    RunLogLine.objects.create(run=running, text="Line.")
    before = cost()
    for number in range(1, 9):
        operation(running, f"p-{number}", state="rejected", reason=f"Reason {number}", finished_at=NOW())
        RunLogLine.objects.create(run=running, text="Line.")
    assert cost() == before


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("kind", list(RunKind))
def test_every_kind_of_run_has_a_page_in_every_state(page, project, url, kind, state):
    before = made.run(project, state=RunState.FINISHED, loading_since=NOW(), finished_at=NOW())
    run = made.run(project, kind, state, of_run=before if kind == RunKind.ROLLBACK else None)
    phase(run, "persons", PhaseState.WAITING)
    assert page.get(url("run", run.pk)).status_code == 200
