"""The list of projects and a project's home."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from migrator import trail
from migrator.choices import Role, RunState
from migrator.models import Membership
from tests import factories as made
from tests import factories_reconciliation as cases
from tests.factories_views import PLAN, planned_run
from tests.integration.views.conftest import HTMX


def queries(client, address):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_somebody_with_one_project_goes_straight_to_it(page, url):
    assert page.get("/").url == url("home")


def test_the_list_is_there_when_it_is_asked_for(page):
    assert b"Nordlys Outdoor" in page.get("/?all").content


def test_the_list_shows_each_project_with_its_route_and_next_step(page, engineer):
    second = made.project(slug="second")
    Membership.objects.create(project=second, user=engineer, role=Role.VIEWER)
    text = page.get("/").content.decode()
    assert text.count('aria-label="0 of 8 stops done"') == 2
    assert "Read both accounts to see what is there." in text
    assert "An engineer or the owner connects the accounts first." in text


def test_the_list_leaves_out_projects_of_others(page):
    made.project(slug="secret-other")
    assert b"secret-other" not in page.get("/?all").content


def test_an_empty_list_says_what_to_do(client, db):
    client.force_login(made.user())
    assert b"You are not on a project yet" in client.get("/").content


def test_home_shows_eight_stops_and_one_next_step(page, url):
    text = page.get(url("home")).content.decode()
    assert text.count('id="status-') == 8
    assert "Do this next" in text
    assert "Open discovery" in text
    assert "Nothing written to Pipedrive yet" in text


def test_a_locked_stop_is_text_and_not_a_link(page, url):
    text = page.get(url("home")).content.decode()
    assert f'<a href="{url("discovery")}"' in text
    assert "<h2>Audit</h2>" in text


def test_home_links_to_the_queue_while_cases_are_open(page, project, url):
    made.discovery(project)
    cases.make_item(project)
    text = page.get(url("home")).content.decode()
    assert "0 of 1 cases decided" in text
    assert url("reconciliation:queue") in text


def test_home_shows_the_first_estimate_and_then_the_plan(page, project, url):
    estimate = {"tokens": 20235, "days": 1, "grade": "medium", "one_to_one": 89, "total": 91}
    made.discovery(project, inventory={"estimate": estimate})
    assert b"First estimate, before any decision" in page.get(url("home")).content
    planned_run(project)
    text = page.get(url("home")).content.decode()
    assert "11,555" in text
    assert "Plan of sandbox run" in text


def test_home_shows_what_happened_lately(page, project, engineer, url):
    for number in range(7):
        trail.append(project, engineer, "try", "thing", number, f"Tried thing {number}.")
    text = page.get(url("home")).content.decode()
    assert "Tried thing 6." in text
    assert "Tried thing 1." not in text


def test_the_refreshed_part_is_the_part_of_the_page(page, url):
    answer = page.get(url("home"), headers=HTMX)
    assert b"<html" not in answer.content
    assert b'id="_home"' in answer.content
    assert "HX-Request" in answer["Vary"]


def test_a_part_costs_no_query_of_the_frame(page, url):
    with CaptureQueriesContext(connection) as whole:
        page.get(url("home"))
    with CaptureQueriesContext(connection) as part:
        page.get(url("home"), headers=HTMX)
    assert len(part) < len(whole)


def test_home_costs_the_same_however_much_there_is(page, project, url):
    made.discovery(project)
    cases.make_item(project)
    made.run(project, state=RunState.FINISHED, plan=PLAN)
    before = queries(page, url("home"))
    for _ in range(5):
        cases.make_item(project)
        made.run(project, state=RunState.FINISHED, plan=PLAN)
        trail.append(project, None, "try", "thing", 1, "Tried.")
    assert queries(page, url("home")) == before
    assert before <= 20


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_the_home(client, project, url, role):
    client.force_login(made.user(project, role))
    assert client.get(url("home")).status_code == 200
