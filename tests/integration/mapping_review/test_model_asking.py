"""Asking within limits: every request is stored before it is sent, and one that was answered is not sent again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mapping_review import model_asking, services
from mapping_review.model_asking import Asking, State
from mapping_review.models import MapVersion, ModelExchange
from mapping_review.proposers import by_model
from mapping_review.proposers.by_model import Outcome, Paused, Prepared
from mapping_review.proposers.model.answer import Incoming, NotReached
from mapping_review.proposers.model.limits import OPENAI, ModelSettings
from mapping_review.proposers.model.request import Outgoing
from mapping_review.proposers.proposal import ProposerSettings
from migrator import staging
from migrator.engine.errors import RefusedError
from migrator.models import Discovery, Project
from tests import factories_mapping_review as made
from tests.scripted_model import Say, Scripted, always, choosing, plain
from tests.unit.mapping_review.test_by_model import CATALOGUE

CONFIG = ModelSettings(OPENAI, "https://model.example/v1", "small-1", price_in=1.0, price_out=4.0)
FIELDS = tuple(made.attribute(f"Qvax{number:02}", "100234", "100235", "100236") for number in range(20))


@pytest.fixture
def discovery(project: Project) -> Discovery:
    made.make_map(project, FIELDS, CATALOGUE)
    found = staging.current_discovery(project)
    assert found is not None
    return found


def prepared(project: Project) -> Prepared:
    return by_model.prepare(
        staging.source_fields(project), staging.target_fields(project), ProposerSettings()
    )


def run(
    discovery: Discovery,
    send: Callable[[Outgoing], Incoming],
    config: ModelSettings = CONFIG,
    may_go_on: Callable[[], bool] = lambda: True,
) -> Outcome:
    asking = Asking(discovery, config, send, may_go_on=may_go_on)
    return by_model.propose_with_model(prepared(discovery.project), config, asking)


def states(discovery: Discovery) -> list[str]:
    return list(ModelExchange.objects.filter(discovery=discovery).values_list("state", flat=True))


def test_a_request_is_stored_to_the_byte_before_it_is_sent(discovery: Discovery) -> None:
    seen: list[tuple[str, bool]] = []
    scripted = Scripted(always("create_person"))

    def send(outgoing: Outgoing) -> Incoming:
        kept = ModelExchange.objects.get(request_sha=outgoing.sha)
        seen.append((kept.state, bytes(kept.request) == outgoing.body))
        return scripted.send(outgoing)

    run(discovery, send)
    assert seen == [(State.SENT, True), (State.SENT, True)]


def test_what_it_came_to_is_kept_with_it(discovery: Discovery) -> None:
    run(discovery, Scripted(always("create_person")).send)
    first = ModelExchange.objects.filter(discovery=discovery).first()
    assert first is not None
    assert (first.state, first.fields, first.problem) == (State.ANSWERED, 15, "")
    assert (first.input_tokens, first.output_tokens, first.cost_micros) == (1000, 50, 1200)
    assert first.endpoint == "https://model.example/v1/chat/completions"
    assert b"create_person" in bytes(first.response)


def test_a_resumed_run_does_not_send_again_what_was_answered(discovery: Discovery) -> None:
    scripted = Scripted(always("create_person"))
    turns = iter([True, False])
    with pytest.raises(Paused):
        run(discovery, scripted.send, may_go_on=lambda: next(turns))
    outcome = run(discovery, scripted.send)
    assert len(scripted.bodies) == len(set(scripted.bodies)) == 2
    assert outcome.agreed == 20


def test_the_next_discovery_takes_the_kept_answers(discovery: Discovery, project: Project) -> None:
    scripted = Scripted(always("create_person"))
    run(discovery, scripted.send)
    again = made.make_discovery(project, FIELDS, CATALOGUE)
    outcome = run(again, scripted.send)
    assert (len(scripted.bodies), outcome.agreed, states(again)) == (2, 20, [])


def test_another_project_does_not_get_them(discovery: Discovery) -> None:
    scripted = Scripted(always("create_person"))
    run(discovery, scripted.send)
    other = made.make_project()
    made.make_map(other, FIELDS, CATALOGUE)
    theirs = staging.current_discovery(other)
    assert theirs is not None
    run(theirs, scripted.send)
    assert len(scripted.bodies) == 4


def test_a_request_that_a_killed_worker_left_counts_and_is_sent_once_more(discovery: Discovery) -> None:
    scripted = Scripted(always("create_person"))

    def killed(outgoing: Outgoing) -> Incoming:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(discovery, killed)
    assert states(discovery) == [State.SENT]
    outcome = run(discovery, scripted.send)
    assert states(discovery) == [State.FAILED, State.ANSWERED, State.ANSWERED]
    lost = ModelExchange.objects.filter(discovery=discovery).first()
    assert lost is not None
    assert (lost.problem, outcome.agreed) == (model_asking.LOST, 20)
    # Nobody knows what it cost, so it counts as what it could have cost at most.
    assert lost.cost_micros > 0


def unreachable(outgoing: Outgoing) -> Incoming:
    raise NotReached("The endpoint did not answer in time.", may_have_arrived=True)


@pytest.mark.parametrize(
    ("send", "problem"),
    [
        (unreachable, "The endpoint did not answer in time."),
        (Scripted(plain(b"{}", 429)).send, "The endpoint was busy or failing (429)."),
        (Scripted(plain(b"{}", 500)).send, "The endpoint was busy or failing (500)."),
    ],
    ids=["slow", "429", "500"],
)
def test_an_endpoint_that_fails_twice_is_left_alone(
    discovery: Discovery, send: Callable[[Outgoing], Incoming], problem: str
) -> None:
    outcome = run(discovery, send)
    assert (outcome.problem, outcome.changed, outcome.agreed) == (problem, 0, 0)
    assert states(discovery) == [State.FAILED, State.FAILED]


def test_an_endpoint_that_was_busy_once_is_asked_again(discovery: Discovery) -> None:
    outcome = run(discovery, Scripted(plain(b"{}", 503), always("create_person")).send)
    assert states(discovery) == [State.FAILED, State.ANSWERED, State.ANSWERED]
    assert (outcome.problem, outcome.agreed) == ("", 20)


def test_what_was_turned_away_costs_nothing(discovery: Discovery) -> None:
    run(discovery, Scripted(plain(b"{}", 500)).send)
    assert set(ModelExchange.objects.values_list("cost_micros", "input_tokens")) == {(0, 0)}


@pytest.mark.parametrize("status", [401, 404, 307])
def test_a_refused_key_or_address_ends_the_asking_at_once(discovery: Discovery, status: int) -> None:
    outcome = run(discovery, Scripted(plain(b"", status)).send)
    assert outcome.problem
    assert states(discovery) == [State.FAILED]


def test_an_answer_in_another_form_is_asked_for_once_more_and_then_left(discovery: Discovery) -> None:
    scripted = Scripted(plain(b"Sure!"))
    outcome = run(discovery, scripted.send)
    # Two requests about 20 fields, each asked and asked once more.
    assert len(scripted.bodies) == len(set(scripted.bodies)) == 4
    assert (outcome.problem, outcome.agreed) == ("", 0)


def test_a_repaired_answer_counts(discovery: Discovery) -> None:
    outcome = run(discovery, Scripted(plain(b"Sure!"), always("create_person")).send)
    assert outcome.agreed == 20


def test_a_model_that_declines_leaves_the_rules_proposals(discovery: Discovery) -> None:
    said = b'{"choices":[{"message":{"refusal":"No."}}]}'
    outcome = run(discovery, Scripted(plain(said)).send)
    assert (outcome.agreed, outcome.changed, states(discovery)) == (0, 0, [State.ANSWERED, State.ANSWERED])


@pytest.mark.parametrize(
    ("limits", "sent"),
    [({"calls": 1}, 1), ({"tokens": 100}, 0), ({"money_micros": 1}, 0), ({"seconds": 0.0}, 0)],
    ids=str,
)
def test_a_limit_ends_the_asking_and_what_was_answered_counts(
    discovery: Discovery, limits: dict[str, Any], sent: int
) -> None:
    scripted = Scripted(always("create_person"))
    outcome = run(discovery, scripted.send, replace(CONFIG, **limits))
    assert len(scripted.bodies) == sent
    assert outcome.problem.startswith("The limit of ")
    assert outcome.agreed == 15 * sent


def test_switching_it_off_in_the_middle_ends_the_asking(discovery: Discovery, erik: Any) -> None:
    scripted = Scripted(always("create_person"))

    def send(outgoing: Outgoing) -> Incoming:
        model_asking.switch(discovery.project, on=False, user=erik)
        return scripted.send(outgoing)

    outcome = run(discovery, send)
    assert (len(scripted.bodies), outcome.problem) == (1, model_asking.OFF)


# The switch


def test_the_switch_is_the_projects_and_stands_in_the_trail(
    project: Project, erik: Any, settings: Any
) -> None:
    settings.CROSSWALK_MODEL_PROVIDER = OPENAI
    assert model_asking.in_use(project) is not None
    model_asking.switch(project, on=False, user=erik)
    project.refresh_from_db()
    assert model_asking.in_use(project) is None
    entry = project.trail.latest("seq")
    assert (entry.verb, entry.actor_id) == ("model_switch", erik.pk)


def test_switching_to_what_it_is_already_writes_nothing(project: Project, erik: Any) -> None:
    model_asking.switch(project, on=True, user=erik)
    assert not project.trail.filter(verb="model_switch").exists()


def test_a_customer_admin_may_not_switch(project: Project, sofia: Any) -> None:
    with pytest.raises(RefusedError):
        model_asking.switch(project, on=False, user=sofia)


def test_it_is_off_where_the_operator_names_nobody(project: Project) -> None:
    assert model_asking.in_use(project) is None


# Who is asked about


def test_decided_rows_and_a_persons_proposals_are_not_asked_about(discovery: Discovery, erik: Any) -> None:
    version: MapVersion = discovery.project.map_versions.get()
    first, second, third = version.decisions.order_by("pk")[:3]
    services.approve(first.pk, **made.act(first, erik))
    second.proposal["provenance"]["proposer"] = "workbook"
    second.save()
    keys = model_asking.askable_keys(version)
    assert third.source_key in keys
    assert not {first.source_key, second.source_key} & keys


def test_the_proposals_reach_the_draft_and_no_decision(discovery: Discovery, erik: Any) -> None:
    version: MapVersion = discovery.project.map_versions.get()
    decided = made.row(version, FIELDS[0].key)
    services.approve(decided.pk, **made.act(decided, erik))
    say: Say = choosing({FIELDS[1].name: "Member number"})
    outcome = run(discovery, Scripted(say).send)
    services.build_draft(discovery.project, outcome.proposals)
    assert made.row(version, FIELDS[0].key).state == "approved"
    changed = made.row(version, FIELDS[1].key)
    assert (changed.proposed.rule.field, changed.state) == ("Member number", "proposed")
    assert changed.proposed.provenance["model"] == "small-1"
