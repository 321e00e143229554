"""Saved views: a name for an address, one's own or shared."""

import pytest

from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from reconciliation import saved_views
from reconciliation.arguments import InvalidDecisionError
from reconciliation.models import SavedView

KIND = CaseKind.NO_EMAIL


def names(project, user):
    return [view.name for view in saved_views.visible_to(project, user, KIND)]


def test_a_view_keeps_the_filters_and_leaves_out_what_is_none(project, sofia):
    view = saved_views.save(
        project, KIND, "  Norway,  sure ", "?section=Norway&x=1&sure=high&sure=", user=sofia
    )
    assert (view.name, view.query) == ("Norway, sure", "?section=Norway&sure=high")


def test_my_cases_stay_those_of_whoever_opens_the_view(project, sofia):
    view = saved_views.save(project, KIND, "Mine", "?assignee=me&state=unsure", user=sofia, shared=True)
    assert view.query == "?assignee=me&state=unsure"


def test_others_see_a_view_only_when_it_is_shared_and_nobody_else_changes_it(project, sofia, erik):
    own = saved_views.save(project, KIND, "Own", "", user=sofia)
    shared = saved_views.save(project, KIND, "Shared", "", user=sofia, shared=True)
    assert names(project, sofia) == ["Own", "Shared"]
    assert names(project, erik) == ["Shared"]
    for act in (
        lambda: saved_views.rename(shared, "Mine now", user=erik),
        lambda: saved_views.delete(own, user=erik),
        lambda: saved_views.share(own, True, user=erik),
    ):
        with pytest.raises(RefusedError):
            act()
    assert names(project, sofia) == ["Own", "Shared"]


def test_the_same_name_keeps_the_newer_address(project, sofia, erik):
    saved_views.save(project, KIND, "Norway", "?section=Norway", user=sofia)
    again = saved_views.save(project, KIND, "Norway", "?section=Norway&phone=no", user=sofia)
    saved_views.save(project, KIND, "Norway", "", user=erik)
    assert again.query.endswith("phone=no")
    assert SavedView.objects.count() == 2


def test_a_name_that_is_taken_or_no_good_is_refused_and_nothing_changes(project, sofia):
    first = saved_views.save(project, KIND, "First", "", user=sofia)
    saved_views.save(project, KIND, "Second", "", user=sofia)
    for name in ("Second", "", "   ", "x" * 81):
        with pytest.raises(InvalidDecisionError):
            saved_views.rename(first, name, user=sofia)
    assert names(project, sofia) == ["First", "Second"]


def test_one_person_keeps_a_limited_number_of_views(project, sofia, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 2)
    for name in ("a", "b", "b"):
        saved_views.save(project, KIND, name, "", user=sofia)
    with pytest.raises(InvalidDecisionError):
        saved_views.save(project, KIND, "c", "", user=sofia)


def test_who_is_no_member_saves_nothing(project):
    from tests import factories_reconciliation as made

    stranger = made.make_member(made.make_project())
    with pytest.raises(RefusedError):
        saved_views.save(project, KIND, "Mine", "", user=stranger)
    assert not SavedView.objects.exists()
