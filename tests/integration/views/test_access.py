"""Every page of a project: signed in, member, and allowed; who is not learns nothing."""

import pytest
from django.test import Client

from migrator.choices import RunState
from tests import factories as made
from tests.factories_views import planned_run
from tests.integration.views.conftest import HTMX

PAGES = [
    "home",
    "discovery",
    "discovery-inventory",
    "runs",
    "run-new",
    "connections",
    "trail",
    "trail-export",
]
RUN_PAGES = ["run", "run-live", "run-report", "run-report-json", "run-records", "run-rollback"]
ACTS = ["discovery-start"]
RUN_ACTS = [
    "run-approve", "run-replan", "run-pause", "run-resume", "run-abort", "run-retry", "run-rollback-start"
]  # fmt: skip


@pytest.fixture
def run(project):
    return planned_run(project)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_a_sign_in_and_keeps_the_way_back(client, url, name):
    answer = client.get(url(name))
    assert answer.status_code == 302
    assert answer.url == f"/sign-in/?next={url(name)}"


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_finds_no_page(stranger, url, name):
    assert stranger.get(url(name)).status_code == 404


@pytest.mark.parametrize("name", RUN_PAGES)
def test_a_stranger_finds_no_run(stranger, url, run, name):
    assert stranger.get(url(name, run.pk)).status_code == 404


@pytest.mark.parametrize("name", RUN_ACTS)
def test_a_stranger_cannot_act_on_a_run(stranger, url, run, name):
    fields = {"checksum": run.plan_checksum, "fidelity": "each"}
    assert stranger.post(url(name, run.pk), fields).status_code == 404
    run.refresh_from_db()
    assert run.state == RunState.APPROVAL


def test_a_run_of_another_project_is_not_found_under_this_one(page, url):
    other = made.run(made.project())
    assert page.get(url("run", other.pk)).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_somebody_who_only_looks_sees_every_page(viewer, url, name):
    answer = viewer.get(url(name))
    assert answer.status_code in (200, 302)


@pytest.mark.parametrize("name", RUN_ACTS)
@pytest.mark.parametrize("htmx", [False, True])
def test_who_may_not_act_on_a_run_reads_why(viewer, url, run, name, htmx):
    fields = {"checksum": run.plan_checksum, "fidelity": "each"}
    answer = viewer.post(url(name, run.pk), fields, headers=HTMX if htmx else {})
    assert answer.status_code == 403
    assert b"You are viewer, and only engineer or owner can" in answer.content
    assert (b"<html" in answer.content) is not htmx


def test_who_may_not_start_a_discovery_reads_why(viewer, project, url):
    answer = viewer.post(url("discovery-start"))
    assert answer.status_code == 403
    assert b"only engineer or owner can start a discovery" in answer.content
    assert not project.runs.exists()


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_no_link(page, url, name):
    assert page.get(url(name)).status_code == 405


@pytest.mark.parametrize("name", RUN_ACTS)
def test_an_act_on_a_run_is_no_link(page, url, run, name):
    assert page.get(url(name, run.pk)).status_code == 405


def test_buttons_that_a_role_may_not_use_are_absent(viewer, page, url, run):
    theirs, ours = (c.get(url("run", run.pk)).content.decode() for c in (viewer, page))
    assert "Write 2,301 Persons" in ours
    assert "Write 2,301 Persons" not in theirs
    assert url("run-abort", run.pk) not in theirs


def test_pages_of_a_signed_in_person_are_kept_by_nobody(page, url):
    answer = page.get(url("home"))
    assert answer["Cache-Control"] == "no-store"
    assert len(answer["X-Request-ID"]) >= 8


def test_a_part_of_a_page_sends_a_signed_out_person_to_sign_in_whole(client, url):
    headers = HTMX | {"HX-Current-URL": f"http://testserver{url('runs')}"}
    answer = client.get(url("home"), headers=headers)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/sign-in/?next=%2Fm%2Fnordlys%2Fruns%2F"


def test_a_form_of_a_signed_out_person_leads_back_to_its_page(client, url):
    headers = {"Referer": f"http://testserver{url('runs')}"}
    answer = client.post(url("discovery-start"), headers=headers)
    assert (answer.status_code, answer.url) == (302, "/sign-in/?next=%2Fm%2Fnordlys%2Fruns%2F")


def test_a_form_from_elsewhere_leads_a_signed_out_person_home(client, url):
    answer = client.post(url("discovery-start"), headers={"Referer": "https://elsewhere.example/m/nordlys/"})
    assert (answer.status_code, answer.url) == (302, "/sign-in/?next=%2F")


def test_a_form_without_its_token_changes_nothing_and_says_so(project, engineer, url):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(engineer)
    answer = browser.post(url("discovery-start"))
    assert answer.status_code == 403
    assert b"Nothing was changed" in answer.content
    assert not project.runs.exists()


def test_an_address_that_is_none_says_so_in_the_frame(page):
    answer = page.get("/nowhere/")
    assert answer.status_code == 404
    assert b"There is nothing at this address" in answer.content


def test_an_error_of_ours_names_the_request(page, url, monkeypatch):
    page.raise_request_exception = False
    monkeypatch.setattr("migrator.views.home.estimate_of", lambda at: 1 / 0)
    answer = page.get(url("home"), headers={"X-Request-ID": "abcdef1234567890"})
    assert answer.status_code == 500
    assert b"abcdef1234567890" in answer.content
    assert b"runs continue in the background" in answer.content
