"""The phase that asks a language model: it adds to a map that stands, and never keeps a discovery from its end."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mapping_review import services
from mapping_review.models import MapVersion, ModelExchange
from migrator import staging
from migrator.choices import LogLevel, RunKind, RunState
from migrator.management.route import Walk
from migrator.models import Project, Run, RunPhase
from migrator.runner import model_proposals
from migrator.runner.job import AGAIN, DONE, Job
from tests import factories
from tests import factories_mapping_review as made
from tests.scripted_model import Say, Scripted, always, choosing, fields_of, plain, serving
from tests.unit.mapping_review.test_by_model import CATALOGUE

FIELDS = tuple(made.attribute(f"Qvax{number:02}", "100234", "100235", "100236") for number in range(20))


@dataclass
class Endpoint:
    scripted: Scripted
    settings: Any

    def say(self, *script: Say) -> None:
        self.scripted.script = list(script)


@pytest.fixture
def endpoint(settings: Any) -> Iterator[Endpoint]:
    """An operator's endpoint that agrees with everything until a test says otherwise."""
    scripted = Scripted(always("create_person"))
    with serving(scripted) as url:
        settings.CROSSWALK_MODEL_PROVIDER = "openai"
        settings.CROSSWALK_MODEL_URL = url
        settings.CROSSWALK_MODEL_NAME = "small-1"
        settings.CROSSWALK_MODEL_KEY = "sk-test-8f2b1c9d7e"
        settings.CROSSWALK_MODEL_ALLOW_PRIVATE = True
        yield Endpoint(scripted, settings)


@pytest.fixture
def project(db: None) -> Project:
    return made.make_project()


@pytest.fixture
def version(project: Project) -> MapVersion:
    return made.make_map(project, FIELDS, CATALOGUE)


def job_of(project: Project, seconds: float = 30.0) -> Job:
    run = Run.objects.filter(project=project).first() or factories.run(
        project, RunKind.DISCOVERY, RunState.RUNNING, discovery=staging.current_discovery(project)
    )
    phase, _ = RunPhase.objects.get_or_create(run=run, number=7, name="model")
    return Job(
        Run.objects.select_related("project", "discovery").get(pk=run.pk), phase, time.monotonic() + seconds
    )


def log_of(project: Project) -> list[tuple[str, str]]:
    run = Run.objects.get(project=project)
    return list(run.log_lines.values_list("level", "text"))


def proposals_of(version: MapVersion) -> list[Any]:
    return list(version.decisions.order_by("source_key").values_list("proposal", flat=True))


@pytest.mark.usefixtures("version")
def test_with_nobody_to_ask_it_is_over_at_once_and_says_nothing(project: Project) -> None:
    assert model_proposals.model(job_of(project)) == DONE
    assert log_of(project) == []


def test_a_project_that_is_switched_off_is_not_asked_about(
    project: Project, version: MapVersion, endpoint: Endpoint
) -> None:
    Project.objects.filter(pk=project.pk).update(settings={"model_proposals": False})
    before = proposals_of(version)
    assert model_proposals.model(job_of(project)) == DONE
    assert (endpoint.scripted.bodies, proposals_of(version)) == ([], before)


def test_what_it_chose_stands_in_the_draft_as_a_proposal(
    project: Project, version: MapVersion, endpoint: Endpoint
) -> None:
    endpoint.say(choosing({"Qvax07": "Member number"}))
    assert model_proposals.model(job_of(project)) == DONE
    row = made.row(version, FIELDS[7].key)
    assert (row.state, row.proposed.rule.field) == ("proposed", "Member number")
    assert row.proposed.provenance["request"] == ModelExchange.objects.earliest("pk").request_sha
    assert log_of(project) == [
        (LogLevel.INFO, "A language model was asked about 20 fields: 0 the same, 1 another choice.")
    ]


def test_a_decision_stays_as_it_is(project: Project, version: MapVersion, endpoint: Endpoint) -> None:
    erik = made.make_member(project)
    decided = made.row(version, FIELDS[7].key)
    services.approve(decided.pk, **made.act(decided, erik))
    endpoint.say(choosing({"Qvax07": "Member number"}))
    rules = made.row(version, FIELDS[7].key).rules
    model_proposals.model(job_of(project))
    after = made.row(version, FIELDS[7].key)
    assert (after.state, after.rules) == ("approved", rules)
    assert b"Qvax07" not in b"".join(endpoint.scripted.bodies)


@pytest.mark.parametrize(
    ("say", "sentence"),
    [
        (plain(b"{}", 500), "The endpoint was busy or failing (500)."),
        (plain(b"{}", 429), "The endpoint was busy or failing (429)."),
        (plain(b"{}", 401), "The endpoint refused the key (401)."),
        (
            plain(b"", 307, location="http://169.254.169.254/latest"),
            "The endpoint pointed to another address",
        ),
    ],
    ids=["500", "429", "401", "redirect"],
)
def test_an_endpoint_that_fails_costs_one_sentence_and_no_proposal(
    project: Project, version: MapVersion, endpoint: Endpoint, say: Say, sentence: str
) -> None:
    before = proposals_of(version)
    endpoint.say(say)
    assert model_proposals.model(job_of(project)) == DONE
    ((level, text),) = log_of(project)
    assert level == LogLevel.WARNING
    assert sentence in text
    assert text.endswith("The other proposals come from name and type rules.")
    assert proposals_of(version) == before


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CROSSWALK_MODEL_ALLOW_PRIVATE", False, "The address must begin with https://"),
        ("CROSSWALK_MODEL_KEY", "two\nlines", "The token holds characters that no token has."),
        ("CROSSWALK_MODEL_MAX_CALLS", 0, "The limit of 0 requests for one discovery is reached."),
    ],
)
def test_a_setting_that_cannot_work_is_named_and_nothing_is_sent(
    project: Project, version: MapVersion, endpoint: Endpoint, name: str, value: Any, sentence: str
) -> None:
    setattr(endpoint.settings, name, value)
    assert model_proposals.model(job_of(project)) == DONE
    assert sentence in log_of(project)[0][1]
    assert endpoint.scripted.bodies == []


def test_a_slow_endpoint_is_left_and_the_discovery_goes_on(
    project: Project, version: MapVersion, endpoint: Endpoint
) -> None:
    endpoint.settings.CROSSWALK_MODEL_TIMEOUT = 0.2
    endpoint.say(plain(b"{}", delay_s=0.6))
    assert model_proposals.model(job_of(project)) == DONE
    assert "The endpoint did not answer in time." in log_of(project)[0][1]
    assert ModelExchange.objects.filter(state=ModelExchange.State.FAILED).count() == 2


def test_when_time_is_up_it_goes_on_later_without_asking_twice(
    project: Project, version: MapVersion, endpoint: Endpoint
) -> None:
    assert model_proposals.model(job_of(project, seconds=-1)) == AGAIN
    assert endpoint.scripted.bodies == []
    assert model_proposals.model(job_of(project)) == DONE
    assert model_proposals.model(job_of(project)) == DONE
    assert len(endpoint.scripted.bodies) == len(set(endpoint.scripted.bodies)) == 2


def test_the_outcome_is_kept_for_the_maps_page(
    project: Project, version: MapVersion, endpoint: Endpoint
) -> None:
    endpoint.say(plain(b"{}", 401))
    model_proposals.model(job_of(project))
    found = staging.current_discovery(project)
    assert found is not None
    assert found.inventory["model"] == {"asked": 20, "problem": "The endpoint refused the key (401)."}


def test_the_trail_says_that_something_was_sent_and_how_much(
    project: Project, version: MapVersion, endpoint: Endpoint
) -> None:
    model_proposals.model(job_of(project))
    entry = project.trail.get(verb="ask_model")
    assert (entry.data, entry.actor_id) == ({"requests": 2}, None)


@pytest.mark.slow
def test_a_run_has_no_such_phase_where_nobody_is_asked(walk: Walk) -> None:
    walk.discover()
    assert "model" not in walk.project.runs.latest("pk").phases.values_list("name", flat=True)


@pytest.mark.slow
def test_a_whole_discovery_asks_and_nobody_is_in_what_it_sends(walk: Walk, endpoint: Endpoint) -> None:
    walk.discover()
    wire = b"".join(endpoint.scripted.bodies).decode()
    sent = list(ModelExchange.objects.order_by("pk"))
    assert [bytes(each.request) for each in sent] == endpoint.scripted.bodies
    assert sum(len(fields_of(json.loads(bytes(each.request)))) for each in sent) > 0
    people = walk.project.discoveries.latest("pk").profiles.values_list(
        "name", "email", "phone", "source_key"
    )
    told = {value for person in people for value in person if len(value) > 4}
    assert len(told) > 100
    assert [value for value in sorted(told) if value in wire] == []
