"""The queue as the planner takes it: settled, still to be decided, and whom that holds back."""

from migrator.engine.cases import Case, CaseKind, Decide
from reconciliation.choices import ItemState
from reconciliation.models import ReviewItem
from reconciliation.resolving import resolutions_for
from tests import factories_reconciliation as made


def organization(*names, key="company:Nordlys"):
    members = [{"name": n, "profiles": 2, "domains": [], "vat": [], "target_id": ""} for n in names]
    evidence = {"value": "nordlys", "members": members, "why": ["Same name"]}
    return Case(CaseKind.ORGANIZATION, key, names[0], evidence, profiles=2 * len(names))


def state_of(item, state, by, action="", **args):
    decided = (
        {"action": action, "args": args, "decided_by": by, "decided_at": item.opened_at} if action else {}
    )
    ReviewItem.objects.filter(pk=item.pk).update(state=state, **decided)


def test_everyone_in_an_undecided_duplicate_is_held(project, sofia):
    made.make_item(project, made.duplicate(made.member("p-1"), made.member("p-2"), key="group:p-1"))
    made.make_item(project, made.no_email("p-3"))
    assert resolutions_for(project).held == {"p-1", "p-2"}


def test_a_case_that_somebody_parked_is_still_to_be_decided(project, sofia):
    item = made.make_item(project, made.duplicate(made.member("p-1"), made.member("p-2"), key="group:p-1"))
    state_of(item, ItemState.UNSURE, sofia, Decide.UNSURE)
    found = resolutions_for(project)
    assert found.is_open(CaseKind.DUPLICATE, "group:p-1")
    assert found.get(CaseKind.DUPLICATE, "group:p-1") is None
    assert found.held == {"p-1", "p-2"}


def test_a_decided_duplicate_holds_nobody(project, sofia):
    item = made.make_item(project, made.duplicate(made.member("p-1"), made.member("p-2"), key="group:p-1"))
    state_of(item, ItemState.DECIDED, sofia, Decide.KEEP_APART)
    found = resolutions_for(project)
    assert (found.held, found.get(CaseKind.DUPLICATE, "group:p-1").action) == (frozenset(), Decide.KEEP_APART)


def test_a_case_that_is_gone_says_nothing(project):
    item = made.make_item(project, made.duplicate(made.member("p-1"), made.member("p-2"), key="group:p-1"))
    state_of(item, ItemState.GONE, None)
    found = resolutions_for(project)
    assert (found.held, found.is_open(CaseKind.DUPLICATE, "group:p-1")) == (frozenset(), False)


def test_the_names_of_an_undecided_organization_case_are_held(project):
    made.make_item(project, organization("Nordlys AB", "Nordlys"))
    assert resolutions_for(project).held_companies == {"Nordlys AB", "Nordlys"}


def test_a_decided_organization_case_knows_the_names_that_it_showed(project, sofia):
    item = made.make_item(project, organization("Nordlys AB", "Nordlys"))
    state_of(item, ItemState.DECIDED, sofia, Decide.RENAME, name="Nordlys Outdoor AB")
    found = resolutions_for(project).get(CaseKind.ORGANIZATION, "company:Nordlys")
    assert found.args == {"name": "Nordlys Outdoor AB", "known": ["Nordlys AB", "Nordlys"]}


def test_cases_of_another_project_are_none_of_ours(project):
    made.make_item(made.make_project(), made.duplicate(key="group:p-1"))
    found = resolutions_for(project)
    assert (found.held, found.checksum) == (frozenset(), resolutions_for(made.make_project()).checksum)
