"""The discovery stop: before, while and after both accounts were read."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from migrator import staging
from migrator.choices import PhaseState, RunKind, RunState
from migrator.models import Project
from tests import factories as made
from tests.factories_views import phase
from tests.integration.views.conftest import HTMX

INVENTORY = {
    "source": {
        "profiles": 2400,
        "sections": [{"name": "Sweden", "profiles": 1400}, {"name": "Norway", "profiles": 1200}],
        "attributes": 2,
        "tags": [{"tag": "vip", "profiles": 300}, {"tag": "store-card", "profiles": 3}],
        "event_types": [{"name": "Opened", "type": "email.opened", "events": 900}],
        "events": 900,
        "events_by_month": [["2025-01", 300], ["2025-02", 600]],
        "consents": {"email": {"yes": 10, "no": 5, "unknown": 3}, "sms": {"yes": 1, "no": 2, "unknown": 15}},
        "segments": [{"name": "Active readers"}],
        "activities": [{"name": "Welcome series", "kind": "active"}, {"name": "Spring", "kind": "sent"}],
    },
    "target": {
        "account_name": "Nordlys Outdoor Sandbox",
        "counts": {"person": 566, "organization": 88, "deal": 68, "activity": 0, "note": 0},
        "fields": {"person": 29},
        "custom_fields": 7,
        "field_cap": 100,
        "labels": ["Customer"],
        "users": [{"name": "Sara Blom", "email": "sara@nordlys.example"}],
        "pipelines": ["Wholesale"],
        "filters": 2,
    },
}
FINDINGS = [
    {"kind": "no-email", "count": 62, "text": "62 profiles have no email", "link": "queue"},
    {"kind": "history", "count": 1, "text": "1 profile has a long history", "link": ""},
]


@pytest.fixture
def found(project: Project):
    found = made.discovery(project, inventory=INVENTORY, findings=FINDINGS)
    fields = [made.source_field("shoe_size", profiles=20), made.source_field("club_level", conflict=True)]
    staging.store_fields(found, fields, [])
    return found


def test_before_the_first_one_it_says_what_will_be_read(page, url):
    text = page.get(url("discovery")).content.decode()
    assert "Nothing has been read yet" in text
    assert "Start the discovery" in text


def test_it_starts_only_when_both_accounts_are_connected(page, project, url):
    project.connections.filter(side="target").delete()
    text = page.get(url("discovery")).content.decode()
    assert "Both accounts have to be connected first." in text
    assert page.post(url("discovery-start")).status_code == 403
    assert not project.runs.exists()


def test_starting_goes_on_to_its_progress(page, project, url):
    answer = page.post(url("discovery-start"))
    assert (answer.status_code, answer.url) == (302, url("discovery"))
    run = project.runs.get()
    text = page.get(url("discovery")).content.decode()
    assert f'hx-get="{url("run-live", run.pk)}?seen=queued%3A" hx-trigger="every 2s"' in text
    assert (
        "Waiting for a worker" in page.get(url("run", run.pk)).content.decode()
        or run.state == RunState.QUEUED
    )


def test_a_second_start_is_refused_while_one_is_open(page, project, url):
    page.post(url("discovery-start"))
    assert page.post(url("discovery-start")).status_code == 403
    assert project.runs.count() == 1


def test_without_scripts_the_page_refreshes_itself(page, project, url):
    assert b'http-equiv="refresh"' not in page.get(url("discovery")).content
    page.post(url("discovery-start"))
    assert (
        b'<noscript><meta http-equiv="refresh" content="10"></noscript>' in page.get(url("discovery")).content
    )


def test_the_last_inventory_stays_below_a_new_scan(page, project, url, found):
    run = made.run(project, RunKind.DISCOVERY)
    phase(run, "profiles", done=1200)
    text = page.get(url("discovery")).content.decode()
    assert "1,200 profiles" in text
    assert "What will need a person" in text


def test_a_finished_scan_opens_the_inventory(page, project, url):
    run = made.run(project, RunKind.DISCOVERY, RunState.FINISHED)
    answer = page.get(url("run-live", run.pk), headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, url("discovery"))


def test_it_shows_both_sides_with_sentences(page, url, found):
    text = page.get(url("discovery")).content.decode()
    for sentence in (
        "Found 2,400 profiles in 2 Sections. Some are in more than one.",
        "900 events from Jan 2025 to Feb 2025; most in Feb 2025, 600.",
        "2 tags; 1 of them are on fewer than 5 profiles.",
        "Email: 10 said yes, 5 said no, 3 are unknown",
        "722 records are there already; they are matched, not duplicated.",
        "7 of 100 that the plan allows",
    ):
        assert sentence in text


def test_every_chart_has_its_numbers_as_a_table(page, url, found):
    text = page.get(url("discovery")).content.decode()
    assert text.count('<svg class="chart"') == text.count("Show as table") == 5


def test_a_finding_links_to_where_it_is_settled(page, url, found):
    text = page.get(url("discovery")).content.decode()
    assert f'href="{url("reconciliation:queue-kind", "no-email")}"' in text
    assert "1 profile has a long history" in text


def test_the_attributes_say_what_they_are_and_how_full(page, url, found):
    text = page.get(url("discovery")).content.decode()
    assert "shoe_size" in text
    assert "50%" in text
    assert "Conflict" in text


def test_the_attribute_table_sorts_by_link_and_as_a_part(page, url, found):
    whole = page.get(url("discovery"), {"sort": "name"})
    part = page.get(url("discovery"), {"sort": "name"}, headers=HTMX)
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert part.content.index(b"club_level") < part.content.index(b"shoe_size")


def test_an_old_inventory_says_that_it_is_old(page, url, found):
    found.completed_at = found.completed_at.replace(year=2020)
    found.save()
    assert b"older than a week" in page.get(url("discovery")).content


def test_the_inventory_downloads_as_a_file_without_profiles(page, url, found):
    answer = page.get(url("discovery-inventory"))
    assert "attachment" in answer["Content-Disposition"]
    content = json.loads(answer.content)
    assert content["inventory"]["source"]["profiles"] == 2400
    assert content["findings"] == FINDINGS


def test_the_page_costs_the_same_however_many_attributes_there_are(page, url, found):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            page.get(url("discovery"))
        return len(seen)

    before = cost()
    staging.store_fields(found, [made.source_field(f"field_{n}") for n in range(80)], [])
    assert cost() == before


def test_a_running_phase_is_never_ticked(page, project, url):
    run = made.run(project, RunKind.DISCOVERY)
    phase(run, "profiles", PhaseState.RUNNING, done=10)
    text = page.get(url("run", run.pk)).content.decode()
    assert "phase running" in text
    assert 'class="dot done"' not in text.split('id="run"')[1]
