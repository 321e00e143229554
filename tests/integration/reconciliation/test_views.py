"""The queue's pages both ways: whole and partial, plain and htmx, allowed and not."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from migrator.choices import Role
from migrator.engine.cases import CaseKind, Decide
from migrator.templatetags.migrator_ui import strong
from reconciliation import queries
from reconciliation.models import Decision, ReviewItem
from reconciliation.services import decide
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
ONE_OF_EACH = [made.no_email, made.no_name, made.duplicate, made.type_conflict, made.rare_tag]


def url(name, project, *args):
    return reverse(f"reconciliation:{name}", args=[project.slug, *args])


@pytest.fixture
def admin(client, sofia):
    client.force_login(sofia)
    return client


def send(client, item, action="", *, htmx=False, query="", **fields):
    data = {"action": action, "expected_version": item.lock_version, "client_key": uuid4()} | fields
    address = url("item-decide", item.project, item.pk) + query
    return client.post(address, data, headers=HTMX if htmx else {})


def state(item):
    item = ReviewItem.objects.get(pk=item.pk)
    return item.state, item.action


# Who may see and act


def test_nobody_sees_it_without_signing_in(client, project):
    for name, args in (("queue", ()), ("queue-kind", ("no-email",)), ("history", ())):
        answer = client.get(url(name, project, *args))
        assert (answer.status_code, answer.url[:9]) == (302, "/sign-in/")


def test_a_stranger_learns_nothing(client, project):
    item = made.make_item(project)
    client.force_login(made.make_member(made.make_project()))
    assert client.get(url("queue-kind", project, "no-email")).status_code == 404
    assert client.get(url("item", project, item.pk)).status_code == 404
    assert send(client, item, "skip").status_code == 404
    assert state(item) == ("open", "")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_only_look_sees_no_buttons_and_is_refused_in_words(client, project, role):
    item = made.make_item(project)
    client.force_login(made.make_member(project, role))
    assert "Accept suggestion" not in client.get(url("queue-kind", project, "no-email")).content.decode()
    for htmx in (False, True):
        answer = send(client, item, "skip", htmx=htmx)
        assert answer.status_code == 403
        assert "decide cases in the queue" in answer.content.decode()
    assert state(item) == ("open", "")


def test_an_item_of_another_project_is_not_found(admin, project):
    other = made.make_item(made.make_project())
    assert admin.get(url("item", project, other.pk)).status_code == 404
    answer = admin.post(url("item-decide", project, other.pk), {"action": "skip", "expected_version": 0})
    assert answer.status_code == 404


# Pages


def test_the_queue_leads_to_the_first_kind_with_something_open(admin, project):
    made.make_item(project, made.rare_tag())
    assert admin.get(url("queue", project)).url == url("queue-kind", project, "tags")


@pytest.mark.parametrize("make", ONE_OF_EACH)
def test_every_kind_has_a_list_an_inspector_and_a_page_of_its_own(admin, project, make):
    item = made.make_item(project, make())
    page = admin.get(url("queue-kind", project, item.kind)).content.decode()
    assert page.count("<html") == 1
    assert strong(item.suggestion["effect"]) in page
    assert f'href="{url("item", project, item.pk)}"' in page
    alone = admin.get(url("item", project, item.pk)).content.decode()
    assert "<html" in alone
    assert "Accept suggestion" in alone


def test_htmx_gets_the_part_and_caches_keep_the_two_apart(admin, project):
    item = made.make_item(project)
    for name, args in (("queue-kind", ("no-email",)), ("item", (item.pk,)), ("history", ())):
        answer = admin.get(url(name, project, *args), headers=HTMX)
        assert "<html" not in answer.content.decode()
        assert "HX-Request" in answer.headers["Vary"]


def test_a_kind_that_does_not_exist_is_not_found(admin, project):
    assert admin.get(url("queue", project) + "colours/").status_code == 404


def test_an_empty_kind_says_what_is_next(admin, project):
    made.make_item(project, made.rare_tag())
    page = admin.get(url("queue-kind", project, "no-email")).content.decode()
    assert "No email: all decided" in page
    assert "Next up: 1 rare tag" in page


def test_an_empty_queue_says_that_it_is_clear(admin, project):
    assert "Queue clear" in admin.get(url("queue-kind", project, "no-email")).content.decode()


def test_filters_narrow_the_list_and_stay_in_every_address(admin, project):
    made.make_item(project, made.no_email("a", name="Anna Ek", sections=["Norway"]))
    made.make_item(project, made.no_email("b", name="Bo Moe", sections=["Sweden"]))
    page = admin.get(
        url("queue-kind", project, "no-email"), {"section": "Norway", "q": "ann"}
    ).content.decode()
    assert "Anna Ek" in page
    assert "Bo Moe" not in page
    assert "?section=Norway&amp;q=ann" in page


def test_a_filter_that_matches_nothing_offers_to_clear_it(admin, project):
    made.make_item(project)
    page = admin.get(url("queue-kind", project, "no-email"), {"q": "zzz"}).content.decode()
    assert "No case matches" in page


def test_a_long_queue_comes_in_pages_that_hold_every_case_once(admin, project):
    for number in range(130):
        made.make_item(project, made.no_email(f"p{number}", event_count=number % 7 + 1))
    seen, after = [], ""
    for _ in range(3):
        answer = admin.get(url("queue-kind", project, "no-email"), {"after": after})
        seen += [item.pk for item in answer.context["page"].items]
        after = answer.context["page"].after
    assert (len(seen), len(set(seen)), after) == (130, 130, "")


def test_what_a_person_typed_is_escaped(admin, project):
    made.make_item(project, made.no_email(name="<script>alert(1)</script>**x**"))
    page = admin.get(url("queue-kind", project, "no-email")).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize("make", ONE_OF_EACH)
def test_the_number_of_queries_does_not_grow_with_the_queue(admin, project, make):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            admin.get(url("queue-kind", project, kind))
        return len(seen)

    for number in range(5):
        kind = made.make_item(project, variation(make, number)).kind
    few = queries()
    for number in range(5, 200):
        made.make_item(project, variation(make, number))
    assert queries() == few


def variation(make, number):
    if make is made.duplicate:
        return make(key=f"email:{number}")
    return make(f"key-{number}")


# Deciding


@pytest.mark.parametrize(
    ("make", "action", "fields"),
    [
        (made.no_email, "", {}),
        (made.no_email, "supply_email", {"email": "astrid@example.com"}),
        (made.no_name, "supply_name", {"name": "Karin Holm"}),
        (made.duplicate, "merge", {"survivor": "a"}),
        (made.type_conflict, "as_type", {"type": "number"}),
        (made.rare_tag, "drop", {}),
    ],
)
def test_a_plain_form_decides_and_leads_on(admin, project, make, action, fields):
    item = made.make_item(project, make())
    answer = send(admin, item, action, **fields)
    assert answer.status_code == 302
    assert answer.url == url("queue-kind", project, item.kind)
    assert state(item) == ("decided", action or item.suggested_action)


def test_a_plain_form_leads_to_the_next_case_with_the_filters(admin, project):
    one = made.make_item(project, made.no_email(event_count=9))
    two = made.make_item(project, made.no_email(event_count=1))
    answer = send(admin, one, query="?section=Sweden")
    assert answer.url == url("item", project, two.pk) + "?section=Sweden"


def test_htmx_gets_the_figures_that_changed_and_no_page(admin, project):
    one, _ = made.make_item(project), made.make_item(project)
    answer = send(admin, one, "skip", htmx=True)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in body
    for part in ("progress", "tabs", "last", "live"):
        assert f'id="{part}"' in body
    assert "1 left" in body


def test_a_case_decided_by_somebody_else_comes_back_with_who_and_what(admin, project, erik):
    item = made.make_item(project)
    decide(item.pk, Decide.SKIP, {}, user=erik, expected_version=0, client_key=uuid4())
    for htmx in (False, True):
        answer = send(admin, item, "name_only", htmx=htmx)
        assert answer.status_code == 409
        body = answer.content.decode()
        assert "Erik chose Skip" in body
        assert "Keep Erik&#x27;s choice or use yours." in body
        assert 'name="expected_version" value="1"' in body
    assert state(item) == ("decided", "skip")


def test_a_wrong_address_comes_back_with_the_sentence_and_the_input(admin, project):
    item = made.make_item(project)
    for htmx in (False, True):
        answer = send(admin, item, "supply_email", htmx=htmx, email="astrid@@example")
        body = answer.content.decode()
        assert answer.status_code == 422
        assert "is not an email address" in body
        assert 'aria-invalid="true"' in body
        assert "astrid@@example" in body
    assert state(item) == ("open", "")


def test_an_address_in_use_offers_the_merge(admin, project):
    made.make_profile(made.make_discovery(project), "karin", name="Karin Holm-Ek", email="karin@example.com")
    body = send(admin, made.make_item(project), "supply_email", email="karin@example.com").content.decode()
    assert "Merge into Karin Holm-Ek" in body
    assert 'name="into" value="karin"' in body


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "explode"}, 422),
        ({"action": "supply_email"}, 422),
        ({"action": "as_type"}, 403),
        ({"expected_version": "x"}, 422),
        ({"client_key": "forged"}, 422),
    ],
    ids=["unknown act", "no address", "act of another kind", "no version", "forged key"],
)
def test_bad_input_changes_nothing(admin, project, fields, status):
    item = made.make_item(project)
    assert send(admin, item, **fields).status_code == status
    assert state(item) == ("open", "")


def test_a_decision_needs_a_post(admin, project):
    item = made.make_item(project)
    assert admin.get(url("item-decide", project, item.pk)).status_code == 405
    assert admin.get(url("decide", project)).status_code == 405


# Many at once


def selection(items, **fields):
    chosen = [f"{item.pk}:{item.lock_version}" for item in items]
    return {"kind": "no-email", "items": chosen, "client_key": uuid4()} | fields


def test_the_selected_cases_are_settled_as_one(admin, project):
    items = [made.make_item(project) for _ in range(3)]
    answer = admin.post(url("decide", project), selection(items[:2], action="skip"))
    assert answer.status_code == 302
    assert [state(item)[0] for item in items] == ["decided", "decided", "open"]
    assert Decision.objects.values("batch").distinct().count() == 1


def test_a_whole_group_goes_to_the_page_that_shows_what_would_happen(admin, project):
    for _ in range(30):
        made.make_item(project)
    fields = {"kind": "no-email", "group": "name_only", "client_key": uuid4()}
    answer = admin.post(url("decide", project), fields, follow=True)
    assert answer.redirect_chain[0][0].startswith(url("bulk-preview", project))
    assert "30 cases match" in answer.content.decode()
    assert not Decision.objects.exists()


def test_htmx_gets_the_list_anew(admin, project):
    items = [made.make_item(project) for _ in range(3)]
    body = admin.post(url("decide", project), selection(items[:2]), headers=HTMX).content.decode()
    assert 'id="list"' in body
    assert f'id="row-{items[2].pk}"' in body
    assert f'id="row-{items[0].pk}"' not in body


def test_nothing_selected_is_said(admin, project):
    assert admin.post(url("decide", project), selection([]), headers=HTMX).status_code == 422
    answer = admin.post(url("decide", project), selection([]), follow=True)
    assert "Nothing was selected" in answer.content.decode()


# Undo and history


@pytest.mark.parametrize("htmx", [False, True])
def test_undo_brings_the_case_back(admin, project, htmx):
    item = made.make_item(project)
    send(admin, item, "skip")
    batch = Decision.objects.get().batch
    fields = {"batch": batch, "client_key": uuid4()}
    answer = admin.post(url("undo", project), fields, headers=HTMX if htmx else {})
    assert answer.status_code == (200 if htmx else 302)
    assert state(item) == ("open", "")


def test_undo_says_what_stands_in_the_way(admin, project, erik):
    item = made.make_item(project)
    send(admin, item, "skip")
    batch = Decision.objects.get().batch
    decide(item.pk, Decide.NAME_ONLY, {}, user=erik, expected_version=1, client_key=uuid4())
    answer = admin.post(url("undo", project), {"batch": batch}, follow=True)
    assert "Erik chose Name only later" in answer.content.decode()


@pytest.mark.parametrize("fields", [{}, {"batch": "forged"}])
def test_an_undo_of_nothing_is_refused_in_words(admin, project, fields):
    answer = admin.post(url("undo", project), fields)
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.content.decode()


def test_an_undo_of_an_unknown_batch_is_refused_in_words(admin, project):
    answer = admin.post(url("undo", project), {"batch": uuid4()})
    assert answer.status_code == 403
    assert "nothing to undo" in answer.content.decode()


def test_the_history_names_who_did_what_and_offers_undo(admin, project):
    items = [made.make_item(project) for _ in range(2)]
    admin.post(url("decide", project), selection(items, action="skip"))
    page = admin.get(url("history", project)).content.decode()
    assert "Sofia" in page
    assert "2 cases" in page
    assert url("undo", project) in page


# Figures


def test_the_pace_is_the_median_of_the_last_intervals_without_breaks(project, sofia):
    start = timezone.now() - timedelta(hours=2)
    for seconds in (0, 3, 6, 9, 2000, 2003):
        item = made.make_item(project)
        decide(item.pk, Decide.SKIP, {}, user=sofia, expected_version=0, client_key=uuid4())
        Decision.objects.filter(item=item).update(at=start + timedelta(seconds=seconds))
    assert queries.pace(project, sofia) == 3


def test_there_is_no_pace_before_there_is_something_to_go_by(project, sofia):
    assert queries.progress(project, sofia).minutes == 0


def test_organizations_have_a_tab_only_once_there_are_any(project, sofia):
    made.make_item(project)
    assert CaseKind.ORGANIZATION not in [tab.kind for tab in queries.progress(project, sofia).tabs]
    ReviewItem.objects.update(kind=CaseKind.ORGANIZATION)
    assert CaseKind.ORGANIZATION in [tab.kind for tab in queries.progress(project, sofia).tabs]
