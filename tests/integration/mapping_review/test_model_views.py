"""The page that shows what a language model would see and saw, its switch, and the line on the map."""

import json
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mapping_review import model_asking, model_queries, services
from mapping_review.models import ModelExchange
from mapping_review.proposers import by_model
from mapping_review.proposers.model.limits import NOBODY, OPENAI
from migrator import staging
from migrator.choices import Role
from migrator.models import Discovery, Project
from tests import factories_mapping_review as made
from tests.integration.mapping_review.test_model_asking import CONFIG, FIELDS, prepared, run
from tests.scripted_model import Scripted, always, plain
from tests.unit.mapping_review.test_by_model import CATALOGUE

HTMX = {"HX-Request": "true"}


@pytest.fixture
def discovery(project: Project) -> Discovery:
    made.make_map(project, FIELDS, CATALOGUE)
    found = staging.current_discovery(project)
    assert found is not None
    return found


@pytest.fixture
def page(client: Client, erik: Any) -> Client:
    client.force_login(erik)
    return client


@pytest.fixture
def configured(settings: Any) -> Any:
    settings.CROSSWALK_MODEL_PROVIDER = OPENAI
    settings.CROSSWALK_MODEL_URL = CONFIG.url
    settings.CROSSWALK_MODEL_NAME = CONFIG.model
    return settings


def url(project: Project, name: str = "model", *args: Any) -> str:
    return reverse(f"mapping_review:{name}", args=[project.slug, *args])


def shown(page: Client, address: str) -> str:
    answer = page.get(address)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def upcoming(project: Project, config: Any = NOBODY) -> list[bytes]:
    return [o.body for _, o in by_model.requests_in(prepared(project).questions(), config)]


def test_with_nothing_configured_it_shows_the_bytes_that_would_be_sent(
    page: Client, discovery: Discovery
) -> None:
    text = shown(page, url(discovery.project))
    assert "No language model is configured. Proposals come from name and type rules only." in text
    assert "No request has been sent." in text
    bodies = upcoming(discovery.project)
    assert len(bodies) == 2
    assert all(body.decode() in text for body in bodies)


def test_the_download_is_the_same_bytes(page: Client, discovery: Discovery) -> None:
    answer = page.get(url(discovery.project, "model-next", 2))
    assert answer.content == upcoming(discovery.project)[1]
    assert "attachment" in answer["content-disposition"]
    assert page.get(url(discovery.project, "model-next", 3)).status_code == 404


@pytest.mark.usefixtures("configured")
def test_with_a_model_it_shows_who_and_at_what_price_but_no_key(
    page: Client, discovery: Discovery, settings: Any
) -> None:
    settings.CROSSWALK_MODEL_KEY = "sk-test-8f2b1c9d7e"
    settings.CROSSWALK_MODEL_PRICE_IN = 2.0
    text = shown(page, url(discovery.project))
    assert "OpenAI-compatible, model.example" in text
    assert "2 and 0 EUR for a million tokens" in text
    assert "sk-test" not in text


@pytest.mark.usefixtures("configured")
def test_what_is_shown_is_what_is_then_sent(page: Client, discovery: Discovery) -> None:
    text = shown(page, url(discovery.project))
    scripted = Scripted(always("create_person"))
    config = model_asking.configured()
    assert config is not None
    run(discovery, scripted.send, config)
    assert [body.decode() in text for body in scripted.bodies] == [True, True]
    assert "answered before and not sent again" in shown(page, url(discovery.project))


@pytest.mark.usefixtures("configured")
def test_a_sent_request_is_shown_with_its_answer(page: Client, discovery: Discovery) -> None:
    scripted = Scripted(always("create_person"))
    run(discovery, scripted.send)
    exchange = ModelExchange.objects.filter(discovery=discovery).first()
    assert exchange is not None
    listed = shown(page, url(discovery.project))
    assert url(discovery.project, "model-exchange", exchange.pk) in listed
    assert "0.0012 EUR" in listed
    text = shown(page, url(discovery.project, "model-exchange", exchange.pk))
    assert scripted.bodies[0].decode() in text
    assert "completion_tokens" in text
    for part, body in (("request", exchange.request), ("answer", exchange.response)):
        assert page.get(url(discovery.project, "model-part", exchange.pk, part)).content == bytes(body)
    assert page.get(url(discovery.project, "model-part", exchange.pk, "other")).status_code == 404


def test_a_failed_request_says_why(page: Client, discovery: Discovery) -> None:
    run(discovery, Scripted(plain(b"no", 401)).send)
    assert "The endpoint refused the key (401)." in shown(page, url(discovery.project))


def test_what_an_answer_says_is_only_ever_text(page: Client, discovery: Discovery) -> None:
    run(discovery, Scripted(plain("</textarea><script>alert(1)</script>\u202e".encode(), 500)).send)
    exchange = ModelExchange.objects.filter(discovery=discovery).first()
    assert exchange is not None
    raw = page.get(url(discovery.project, "model-exchange", exchange.pk)).content.decode()
    assert "<script>alert" not in raw
    assert "\u202e" not in raw
    assert "\\u202e" in raw


def test_a_hostile_field_name_is_only_ever_text(page: Client, project: Project) -> None:
    made.make_map(project, [made.attribute("<img src=x onerror=alert(1)>", "a", "b")], CATALOGUE)
    raw = page.get(url(project)).content.decode()
    assert "<img src=x" not in raw
    assert "&lt;img src=x" in raw


def test_decided_rows_leave_the_list(page: Client, discovery: Discovery, erik: Any) -> None:
    services.approve_all(discovery.project, erik)
    assert "Nothing. The model is only asked about undecided fields" in shown(page, url(discovery.project))


def test_without_a_map_the_page_is_there(page: Client, project: Project) -> None:
    assert "No request has been sent." in shown(page, url(project))
    assert page.get(url(project, "model-next", 1)).status_code == 404


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_the_switch_turns_it_off_and_on(page: Client, project: Project, headers: dict[str, str]) -> None:
    for word, on in (("no", False), ("yes", True)):
        answer = page.post(url(project, "model-switch"), {"on": word}, headers=headers)
        assert answer.status_code == (204 if headers else 302)
        project.refresh_from_db()
        assert project.setting(model_asking.SETTING) is on


def test_the_switch_is_not_a_link(page: Client, project: Project) -> None:
    assert page.get(url(project, "model-switch")).status_code == 405


def test_whoever_may_not_edit_sees_the_page_and_no_switch(
    client: Client, sofia: Any, discovery: Discovery
) -> None:
    client.force_login(sofia)
    assert "Never ask for this project" not in shown(client, url(discovery.project))
    assert client.post(url(discovery.project, "model-switch"), {"on": "no"}).status_code == 403


def test_a_stranger_sees_nothing(client: Client, discovery: Discovery) -> None:
    run(discovery, Scripted(always("skip")).send)
    exchange = ModelExchange.objects.first()
    assert exchange is not None
    client.force_login(made.make_member(made.make_project(), Role.OWNER, "Olle"))
    project = discovery.project
    for address in (
        url(project),
        url(project, "model-next", 1),
        url(project, "model-exchange", exchange.pk),
        url(project, "model-part", exchange.pk, "request"),
    ):
        assert client.get(address).status_code == 404


def test_an_exchange_of_another_project_is_not_found_here(page: Client, project: Project) -> None:
    other = made.make_project()
    made.make_map(other, FIELDS, CATALOGUE)
    theirs = staging.current_discovery(other)
    assert theirs is not None
    run(theirs, Scripted(always("skip")).send)
    exchange = ModelExchange.objects.first()
    assert exchange is not None
    assert page.get(url(project, "model-exchange", exchange.pk)).status_code == 404


# The line on the map


def test_the_map_says_that_only_rules_proposed(page: Client, discovery: Discovery) -> None:
    text = shown(page, url(discovery.project, "map"))
    assert "Proposals come from name and type rules only. You can work as usual." in text
    assert url(discovery.project) in text


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({}, ""),
        ({"model": {"asked": 3, "problem": ""}}, ""),
        (
            {"model": {"asked": 3, "problem": "The endpoint could not be reached."}},
            "The language model did not answer everything. The endpoint could not be reached. You can work as usual.",
        ),
    ],
    ids=["nothing asked", "answered", "unreachable"],
)
def test_the_line_tells_what_came_of_asking(
    discovery: Discovery, told: dict[str, Any], sentence: str
) -> None:
    discovery.inventory |= told
    discovery.save()
    assert model_queries.line_for(discovery.project.map_versions.get()) == sentence


@pytest.mark.usefixtures("configured")
def test_a_project_that_is_switched_off_says_so_on_its_map(
    page: Client, discovery: Discovery, erik: Any
) -> None:
    model_asking.switch(discovery.project, on=False, user=erik)
    assert model_queries.BY_RULES_ALONE in shown(page, url(discovery.project, "map"))
    assert "This project asks no language model." in shown(page, url(discovery.project))


def test_the_table_of_a_request_is_read_back_from_its_bytes(discovery: Discovery) -> None:
    body = upcoming(discovery.project)[0]
    names = [each["name"] for each in json.loads(json.loads(body)["messages"][-1]["content"])["fields"]]
    assert [each.name for each in model_queries.asked_in(body)] == names
