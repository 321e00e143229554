"""The role table, whole: every role and every act, on both twins of every check."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from migrator import policies
from migrator.choices import Role
from migrator.engine.errors import RefusedError
from tests import factories as made

pytestmark = pytest.mark.django_db

ALL = ("viewer", "customer_admin", "auditor", "engineer", "owner")
TABLE = {
    "view": ALL,
    "decide_items": ("customer_admin", "engineer", "owner"),
    "comment_fields": ("customer_admin", "engineer", "owner"),
    "edit_fields": ("engineer", "owner"),
    "sign_map": ("engineer", "owner"),
    "spot_check": ("auditor", "owner"),
    "start_discovery": ("engineer", "owner"),
    "start_trial": ("engineer", "owner"),
    "approve_plan": ("engineer", "owner"),
    "pause_run": ("engineer", "owner"),
    "rollback": ("engineer", "owner"),
    "waive_cases": ("engineer", "owner"),
    "manage_connections": ("engineer", "owner"),
}
CELLS = [(act, role) for act in TABLE for role in ALL]


def named(prefix: str) -> dict[str, Any]:
    """The checks that other modules import by name."""
    length = len(prefix)
    return {name[length:]: check for name, check in vars(policies).items() if name.startswith(prefix)}


def test_every_act_has_its_row_and_its_words() -> None:
    assert set(policies.ALLOWED) == set(policies.PHRASES) == set(TABLE)
    assert set(named("check_can_")) <= set(TABLE)
    assert set(named("can_")) <= set(TABLE)


@pytest.mark.parametrize(("act", "role"), CELLS)
def test_both_twins_say_the_same_of_every_role_and_act(project: Any, act: str, role: str) -> None:
    user = made.user(project, Role(role))
    checks = [lambda u, p: policies.check_can(act, u, p)]
    checks += [named("check_can_")[act]] if act in named("check_can_") else []
    asks = [lambda u, p: policies.can(act, u, p)]
    asks += [named("can_")[act]] if act in named("can_") else []
    allowed = role in TABLE[act]
    assert {ask(user, project) for ask in asks} == {allowed}
    for check in checks:
        if allowed:
            assert check(user, project) == role
        else:
            with pytest.raises(RefusedError):
                check(user, project)


@pytest.mark.parametrize("act", TABLE)
def test_whoever_is_no_member_may_do_nothing(project: Any, act: str) -> None:
    strangers = [made.user(), made.user(made.project(), Role.OWNER), AnonymousUser()]
    assert [policies.can(act, user, project) for user in strangers] == [False] * 3
    with pytest.raises(RefusedError, match="You are not a member, and only"):
        policies.check_can(act, strangers[0], project)


def test_a_refusal_says_who_you_are_and_who_may(project: Any) -> None:
    with pytest.raises(RefusedError) as caught:
        policies.check_can_rollback(made.user(project, Role.VIEWER), project)
    assert caught.value.sentence == (
        "You are viewer, and only engineer or owner can roll a run back. Ask one of them."
    )
    assert caught.value.ids == {"act": "rollback"}


def test_an_act_that_does_not_exist_is_a_mistake_and_not_a_refusal(project: Any) -> None:
    with pytest.raises(KeyError):
        policies.can("fly", made.user(project), project)


@pytest.mark.parametrize("role", Role)
def test_a_member_has_their_role(project: Any, role: Role) -> None:
    user = made.user(project, role)
    assert policies.role_of(user, project) is role
    assert policies.role_of(user, made.project()) is None


def test_nobody_signed_in_has_no_role(project: Any) -> None:
    assert policies.role_of(AnonymousUser(), project) is None


def test_a_member_finds_the_project(project: Any) -> None:
    assert policies.project_for(made.user(project, Role.VIEWER), project.slug) == project


STRANGERS = {
    "a stranger": made.user,
    "a member of another project": lambda: made.user(made.project(), Role.OWNER),
    "nobody": AnonymousUser,
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_it_tells_no_stranger_what_exists(project: Any, stranger: Any) -> None:
    answers = []
    for slug in (project.slug, "no-such-project"):
        with pytest.raises(Http404) as caught:
            policies.project_for(stranger(), slug)
        answers.append(str(caught.value))
    assert answers[0] == answers[1]
