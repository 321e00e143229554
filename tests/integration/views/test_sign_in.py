"""Signing in, being locked out, signing out, and how a person likes the screens."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from migrator.models import Preference, SignInFailure
from tests import factories as made

SIGN_IN = "/sign-in/"


@pytest.fixture
def sofia(project):
    return made.user(project, name="Sofia Berg")


def attempt(client, name, password="x", **more):
    return client.post(SIGN_IN, {"username": name, "password": password}, **more)


def test_it_signs_in_with_an_email_however_it_is_written(client, sofia):
    answer = attempt(client, f"  {sofia.username.upper()} ")
    assert (answer.status_code, answer.url) == (302, "/")


def test_it_goes_back_to_where_the_person_wanted_to_be(client, sofia, url):
    fields = {"username": sofia.username, "password": "x", "next": url("runs")}
    assert client.post(SIGN_IN, fields).url == url("runs")


def test_it_never_sends_anybody_to_another_site(client, sofia):
    fields = {"username": sofia.username, "password": "x", "next": "https://evil.example/"}
    assert client.post(SIGN_IN, fields).url == "/"


@pytest.mark.parametrize(
    ("name", "password"), [("sofia", "wrong"), ("nobody@nordlys.example", "x"), ("", "")]
)
def test_it_has_one_message_for_whatever_is_wrong(client, sofia, name, password):
    answer = attempt(client, sofia.username if name == "sofia" else name, password)
    assert answer.status_code == 200
    assert b"Email or password is not right." in answer.content


def test_five_failures_lock_the_name_even_for_the_right_password(client, sofia):
    for _ in range(5):
        attempt(client, sofia.username, "wrong")
    answer = attempt(client, sofia.username)
    assert answer.status_code == 200
    assert b"Too many tries" in answer.content
    assert b"Try again in 15 minutes" in answer.content


def test_a_locked_name_locks_nobody_else_and_no_other_place(client, sofia, project):
    for _ in range(5):
        attempt(client, sofia.username, "wrong")
    other = made.user(project, name="Erik Dahl")
    assert attempt(client, other.username).status_code == 302
    client.logout()
    assert attempt(client, sofia.username, REMOTE_ADDR="10.0.0.9").status_code == 302


def test_the_lock_opens_after_a_quarter_of_an_hour(client, sofia):
    for _ in range(5):
        attempt(client, sofia.username, "wrong")
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert attempt(client, sofia.username).status_code == 302
    assert not SignInFailure.objects.exists()


def test_a_success_forgets_the_failures_before_it(client, sofia):
    for _ in range(4):
        attempt(client, sofia.username, "wrong")
    attempt(client, sofia.username)
    client.logout()
    attempt(client, sofia.username, "wrong")
    assert attempt(client, sofia.username).status_code == 302


def test_no_name_and_no_address_is_kept_of_a_failure(client, sofia):
    attempt(client, sofia.username, "wrong", REMOTE_ADDR="10.0.0.9")
    kept = SignInFailure.objects.get()
    assert sofia.username not in kept.key
    assert "10.0.0.9" not in kept.key


def test_who_is_signed_in_already_is_sent_on(page):
    assert page.get(SIGN_IN).status_code == 302


def test_demo_people_are_shown_only_where_simulators_are_allowed(client, project, settings):
    project.connections.update(config={"simulator": True})
    made.user(project)
    erik = made.user(project)
    type(erik).objects.filter(pk=erik.pk).update(username="erik@nordlys.example")
    settings.CROSSWALK_ALLOW_SIMULATORS = True
    assert b"crosswalk-demo" in client.get(SIGN_IN).content
    settings.CROSSWALK_ALLOW_SIMULATORS = False
    assert b"crosswalk-demo" not in client.get(SIGN_IN).content


def test_it_signs_out_by_post_only(page):
    assert page.get("/sign-out/").status_code == 405
    assert page.post("/sign-out/").url == SIGN_IN
    assert page.get("/account/").status_code == 302


# How a person likes the screens


def test_the_page_is_drawn_in_the_chosen_theme(page, engineer):
    page.post("/account/theme/", {"theme": "dark", "next": "/account/"})
    assert b'data-theme="dark"' in page.get("/account/").content


def test_the_switch_goes_back_to_the_page_it_is_on(page, url):
    assert page.post("/account/theme/", {"theme": "light", "next": url("runs")}).url == url("runs")
    assert page.post("/account/theme/", {"theme": "light", "next": "https://evil.example/"}).url == "/"


def test_a_script_that_flipped_the_page_gets_no_page(page, engineer):
    answer = page.post("/account/theme/", {"theme": "dark"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert Preference.objects.get(user=engineer).theme == "dark"


def test_a_theme_that_is_none_is_not_kept(page, engineer):
    page.post("/account/theme/", {"theme": "pink"})
    assert not Preference.objects.filter(user=engineer).exists()


def test_the_account_page_saves_all_three_choices(page, engineer):
    answer = page.post(reverse("account"), {"theme": "light", "density": "compact"})
    assert answer.status_code == 302
    liked = Preference.objects.get(user=engineer)
    assert (liked.theme, liked.density, liked.shortcuts) == ("light", "compact", False)
    assert b'data-shortcuts="off"' in page.get("/account/").content


def test_the_account_page_keeps_nothing_that_is_not_a_choice(page, engineer):
    answer = page.post(reverse("account"), {"theme": "pink", "density": "compact"})
    assert answer.status_code == 422
    assert not Preference.objects.filter(user=engineer).exists()
