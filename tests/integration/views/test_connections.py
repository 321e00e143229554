"""Both accounts: their secrets are only ever written, and a test says line by line what works."""

import pytest

from migrator import sealing
from migrator.choices import RunState
from migrator.models import Connection
from tests import factories as made
from tests.integration.views.conftest import HTMX
from tests.integration.views.test_runs import text_of

TARGET = {
    "base_url": "https://nordlys-sandbox.pipedrive.example",
    "account_name": "Nordlys Sandbox",
    "credential": "api_token",
    "secret": "",
    "plan": "growth",
    "seats": "3",
}
SOURCE = {
    "base_url": "https://api.apsis.example",
    "account_name": "Nordlys",
    "client_id": "id-2",
    "secret": "very-secret-4f2b",
}


def save(browser, url, side, **fields):
    known = SOURCE if side == "source" else TARGET
    return browser.post(url("connections-save", side), known | fields)


def test_it_shows_how_a_secret_ends_and_never_the_secret(page, project, url):
    save(page, url, "source")
    text = page.get(url("connections")).content.decode()
    assert "4f2b" in text
    assert "very-secret" not in text


def test_a_saved_secret_is_sealed_and_can_be_opened_again(page, project, url):
    answer = save(page, url, "source")
    assert answer.url == url("connections")
    kept = project.connections.get(side="source")
    assert "very-secret" not in kept.sealed_secret
    assert (
        sealing.unseal(kept.sealed_secret, bound_to=f"connection/{project.pk}/source") == "very-secret-4f2b"
    )
    assert kept.config["client_id"] == "id-2"


def test_saving_leaves_a_trail_without_the_secret(page, project, url):
    save(page, url, "source")
    entry = project.trail.get()
    assert entry.sentence == "Saved the connection to APSIS One with a new secret."
    assert "very-secret" not in f"{entry.sentence}{entry.data}"


def test_an_empty_secret_keeps_the_stored_one(page, project, url):
    before = project.connections.get(side="target").sealed_secret
    save(page, url, "target")
    after = project.connections.get(side="target")
    assert (after.sealed_secret, after.config["plan"], after.config["seats"]) == (before, "growth", 3)


def test_a_stored_secret_is_never_sent_to_another_address(page, project, url):
    answer = save(page, url, "target", base_url="https://other.pipedrive.example")
    assert answer.status_code == 422
    assert "Enter the secret that belongs to it." in text_of(answer)
    assert project.connections.get(side="target").base_url == TARGET["base_url"]


def test_a_first_connection_needs_its_secret(page, project, url):
    Connection.objects.all().delete()
    answer = save(page, url, "target")
    assert answer.status_code == 422
    assert b"<title>Error: " in answer.content
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    "address", ["http://nordlys.pipedrive.example", "ftp://x.example", "https://", "http://127.0.0.1:9"]
)
def test_an_address_that_is_not_safe_is_refused(page, project, url, settings, address):
    settings.CROSSWALK_ALLOW_SIMULATORS = False
    assert save(page, url, "target", base_url=address, secret="t" * 40).status_code == 422


def test_a_bare_company_domain_becomes_an_address(page, project, url):
    save(page, url, "target", base_url="nordlys.pipedrive.example/", secret="t" * 40)
    assert project.connections.get(side="target").base_url == "https://nordlys.pipedrive.example"


def test_a_simulator_is_let_through_only_where_it_is_allowed(page, project, url, settings):
    settings.CROSSWALK_ALLOW_SIMULATORS = True
    save(page, url, "target", base_url="http://127.0.0.1:9", secret="t" * 40)
    assert project.connections.get(side="target").config["simulator"] is True
    save(page, url, "target", base_url="https://nordlys.pipedrive.example", secret="t" * 40)
    assert "simulator" not in project.connections.get(side="target").config


def test_nothing_changes_while_a_run_is_open(page, project, url):
    made.run(project, state=RunState.PAUSED)
    answer = save(page, url, "target", seats="9")
    assert answer.status_code == 403
    assert "Finish or abort it, then change the connection." in text_of(answer)


def test_who_may_not_change_connections_sees_no_form(viewer, url, project):
    assert b"<form class" not in viewer.get(url("connections")).content
    assert save(viewer, url, "target").status_code == 403
    assert viewer.post(url("connections-test", "target")).status_code == 403


def test_a_side_that_is_none_is_not_found(page, url):
    assert page.post(url("connections-save", "middle"), TARGET).status_code == 404


@pytest.mark.parametrize("htmx", [False, True])
def test_a_test_that_fails_gives_one_clear_sentence(page, project, url, htmx):
    """Nothing listens at the address, so the account cannot be reached."""
    save(page, url, "source", base_url="https://127.0.0.1:9")
    answer = page.post(url("connections-test", "source"), headers=HTMX if htmx else {})
    assert answer.status_code == (200 if htmx else 302)
    text = text_of(page.get(url("connections")))
    assert "Does not work" in text
    assert "APSIS One" in text


def test_a_tested_connection_shows_its_lines_with_the_next_step(page, project, url):
    lines = [
        ["ok", "Signed in as Sara Blom.", ""],
        ["warn", "This token sees 71% of Persons.", "Use an admin token."],
    ]
    project.connections.filter(side="target").update(check_lines=lines, checked_at="2026-03-12T10:00Z")
    text = text_of(page.get(url("connections")))
    assert "Works, with a warning" in text
    assert "This token sees 71% of Persons. Use an admin token." in text


def test_new_settings_have_to_be_tested_again(page, project, url):
    project.connections.filter(side="target").update(
        check_lines=[["ok", "Fine.", ""]], checked_at="2026-03-12T10:00Z"
    )
    save(page, url, "target")
    assert text_of(page.get(url("connections"))).count("Not tested yet") == 2
