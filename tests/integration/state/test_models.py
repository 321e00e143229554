"""What the tables themselves hold to: settings with defaults, one of each, and one open run per project."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from migrator import ledger, trail
from migrator.choices import OPEN_RUN_STATES, Role, RunKind, RunState, Side
from migrator.models import (
    DEFAULT_SETTINGS,
    Budget,
    Connection,
    Membership,
    Operation,
    OperationPayload,
    Preference,
    Project,
    Run,
    RunLogLine,
    RunPhase,
    SignInFailure,
    SourceFieldRow,
    TargetFieldRow,
    TypeSettlement,
)
from tests import factories as made

pytestmark = pytest.mark.django_db
ENDED = [state for state in RunState if state not in OPEN_RUN_STATES]


@pytest.mark.parametrize("name", DEFAULT_SETTINGS)
def test_a_setting_has_its_default_until_the_project_has_its_own(name: str) -> None:
    assert made.project().setting(name) == DEFAULT_SETTINGS[name]
    assert made.project(**{name: "own"}).setting(name) == "own"


def test_a_setting_may_be_nothing() -> None:
    assert made.project(rare_tag_limit=0).setting("rare_tag_limit") == 0


def test_a_setting_that_does_not_exist_is_a_mistake(project: Project) -> None:
    with pytest.raises(KeyError):
        project.setting("no_such_setting")


def test_people_see_their_own_projects_only(project: Project) -> None:
    user = made.user(project, Role.VIEWER)
    made.project()
    assert list(Project.objects.for_user(user)) == [project]
    assert list(Project.objects.for_user(AnonymousUser())) == []


@pytest.mark.parametrize("second", RunState)
@pytest.mark.parametrize("first", OPEN_RUN_STATES)
def test_beside_an_open_run_only_ended_ones_fit(project: Project, first: RunState, second: RunState) -> None:
    made.run(project, state=first)
    if second in ENDED:
        made.run(project, state=second)
        return
    with pytest.raises(IntegrityError, match="one_open_run_per_project"), transaction.atomic():
        made.run(project, state=second)


def test_a_second_open_run_is_refused_in_words(project: Project) -> None:
    made.run(project)
    with pytest.raises(ValidationError, match=r"Another run of this project is still open\."):
        Run(project=project, kind=RunKind.TRIAL).validate_constraints()


def test_other_projects_may_have_open_runs(project: Project) -> None:
    made.run(project)
    assert made.run(made.project()).is_open


@pytest.mark.parametrize("state", RunState)
def test_a_run_is_open_in_the_states_that_occupy_its_project(project: Project, state: RunState) -> None:
    assert made.run(project, state=state).is_open is (state not in ("aborted", "finished"))


@pytest.mark.django_db(transaction=True)
def test_of_runs_that_are_started_at_once_one_opens(start: Any) -> None:
    project = made.project()

    def open_run() -> bool:
        try:
            made.run(project)
        except IntegrityError:
            return False
        return True

    assert sorted(w.result(timeout=30) for w in [start(open_run) for _ in range(4)]) == [False] * 3 + [True]


UNIQUE: dict[str, tuple[str, Any]] = {
    "a role of a person in a project": (
        "one_role_per_project_and_user",
        lambda p, u: Membership.objects.create(project=p, user=u, role=Role.VIEWER),
    ),
    "a connection of a side": (
        "one_connection_per_side",
        lambda p, u: Connection.objects.create(project=p, side=Side.SOURCE, base_url="https://a.example"),
    ),
    "a settled type of an attribute": (
        "one_settlement_per_key",
        lambda p, u: TypeSettlement.objects.create(project=p, key="attribute:a", settled="text"),
    ),
    "a phase of a run": (
        "one_phase_per_name_and_run",
        lambda p, u: RunPhase.objects.create(run=p.runs.get(), number=1, name="plan"),
    ),
    "a source field of a discovery": (
        "one_source_field_per_key",
        lambda p, u: SourceFieldRow.objects.create(discovery=p.discoveries.get(), key="a", payload={}),
    ),
    "a staged profile": (
        "one_staged_profile_per_key",
        lambda p, u: p.discoveries.get().profiles.create(source_key="a", raw={}, raw_sha="0" * 64),
    ),
    "a staged event": (
        "one_staged_event_per_profile_and_key",
        lambda p, u: p.discoveries.get().events.create(source_key="a", event_key="e", occurred_at=made.NOON),
    ),
    "a staged record of the target": (
        "one_staged_target_per_id",
        lambda p, u: p.discoveries.get().target_records.create(kind="person", target_id="17", body={}),
    ),
}


@pytest.mark.parametrize(("constraint", "create"), UNIQUE.values(), ids=UNIQUE)
def test_there_is_one(project: Project, constraint: str, create: Any) -> None:
    user = made.user()
    made.run(project)
    made.discovery(project)
    create(project, user)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        create(project, user)


def test_the_trail_keeps_its_project_and_a_rollback_its_run(project: Project) -> None:
    finished = made.run(project, state=RunState.FINISHED)
    made.run(project, RunKind.ROLLBACK, of_run=finished)
    with pytest.raises(ProtectedError):
        finished.delete()
    trail.append(project, None, "start", "run", 1, "Started.")
    with pytest.raises(ProtectedError):
        project.delete()


def test_a_connection_is_named_by_its_account_or_its_address(project: Project) -> None:
    known = Connection(project=project, base_url="https://a.example", config={"account_name": "Nordlys"})
    assert known.account_name == "Nordlys"
    assert Connection(project=project, base_url="https://a.example").account_name == "https://a.example"


def test_phases_come_in_the_order_in_which_they_run(project: Project) -> None:
    run = made.run(project)
    for number, name in [(2, "fields"), (1, "plan")]:
        RunPhase.objects.create(run=run, number=number, name=name)
    assert [phase.name for phase in run.phases.all()] == ["plan", "fields"]


def test_nothing_shows_a_person_where_a_row_is_named(project: Project) -> None:
    """Rows are named in logs and error pages, so their names are ids, kinds and states."""
    user, run, discovery = made.user(project), made.run(project), made.discovery(project)
    ledger.add(run, [made.planned(key="p-1")])
    names = {
        str(Membership.objects.get()): f"{user.pk} as engineer on {project.pk}",
        str(Preference(user=user)): f"{user.pk}: system",
        str(Connection(project=project, side=Side.SOURCE)): f"source of {project.pk}",
        str(run): f"trial {run.pk}",
        str(RunPhase(run=run, name="plan")): f"plan of run {run.pk}",
        str(RunLogLine(run=run, text="Paused.")): "Paused.",
        str(discovery): f"discovery {discovery.pk} of {project.pk}",
        str(SourceFieldRow(key="attribute:a")): "attribute:a",
        str(TargetFieldRow(discovery=discovery, position=3)): f"{discovery.pk}:3",
        str(TypeSettlement(key="attribute:a", settled="text")): "attribute:a: text",
        str(Operation.objects.get()): "create person p-1",
        str(OperationPayload.objects.get()): f"payload of {Operation.objects.get().pk}",
        str(discovery.profiles.model(source_key="p-1", name="Astrid")): "p-1",
        str(discovery.events.model(event_key="e-1")): "e-1",
        str(discovery.target_records.model(kind="person", target_id="17")): "person 17",
        str(project): "Nordlys Outdoor",
        str(trail.append(project, None, "start", "run", 1, "Started.")): "Started.",
        str(project.approvals.model(subject="plan", subject_id="7", user=user)): f"plan 7 by {user.pk}",
        str(SignInFailure(key="a" * 64)): "a" * 12,
        str(Budget(scope="pipedrive:a")): "pipedrive:a",
    }
    assert list(names) == list(names.values())
