"""Acts on everything that matches, sharing, notes, leases and saved views, as plain requests."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from migrator.choices import Role
from reconciliation import holds
from reconciliation.models import Bulk, Decision, Note, ReviewItem, SavedView
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def url(name, project, *args):
    return reverse(f"reconciliation:{name}", args=[project.slug, *args])


@pytest.fixture
def admin(client, sofia):
    client.force_login(sofia)
    return client


@pytest.fixture
def three(project):
    return [made.make_item(project) for _ in range(3)]


def start(client, project, **fields):
    sent = {"kind": "no-email", "seen_at": timezone.now().isoformat(), "expected": 3, "client_key": uuid4()}
    return client.post(url("bulk-start", project), sent | fields)


def test_a_look_changes_nothing(admin, project, three):
    page = admin.get(url("bulk-preview", project), {"kind": "no-email", "action": "skip"})
    assert "3 cases match" in page.content.decode()
    assert not Decision.objects.exists()


def test_all_that_match_are_settled_and_taken_back_exactly(admin, project, three):
    answer = start(admin, project, action="name_only")
    assert (answer.status_code, answer["Location"]) == (303, url("bulk", project, Bulk.objects.get().pk))
    assert {item.state for item in ReviewItem.objects.all()} == {"decided"}
    assert "3" in admin.get(answer["Location"]).content.decode()
    undone = admin.post(url("bulk-undo", project, Bulk.objects.get().pk), {"client_key": uuid4()})
    assert undone.status_code == 303
    assert {item.state for item in ReviewItem.objects.all()} == {"open"}


def test_the_same_key_starts_once(admin, project, three):
    key = uuid4()
    assert {start(admin, project, client_key=key)["Location"] for _ in range(2)} == {
        url("bulk", project, Bulk.objects.get().pk)
    }


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"client_key": "forged"}, 422),
        ({"seen_at": "yesterday"}, 422),
        ({"kind": "colours"}, 422),
        ({"action": "explode"}, 422),
        ({"action": "drop"}, 422),
        ({"expected": 2}, 422),
        ({"rule": 999}, 404),
    ],
)
def test_bad_input_starts_nothing(admin, project, three, fields, status):
    assert start(admin, project, **fields).status_code == status
    assert not Decision.objects.exists()
    assert not Bulk.objects.exists()


def test_a_body_of_ten_megabytes_is_refused_in_a_sentence(admin, project, three):
    answer = start(admin, project, reason="x" * 10_000_000)
    assert answer.status_code == 413
    assert "more than one form may send" in answer.content.decode()


def test_a_viewer_starts_nothing(client, project, three):
    client.force_login(made.make_member(project, Role.VIEWER))
    assert client.get(url("bulk-preview", project), {"kind": "no-email"}).status_code == 403
    assert start(client, project).status_code == 403
    assert not Bulk.objects.exists()


def test_a_bulk_of_another_project_is_not_found(admin, project, three):
    other = made.make_project()
    start(admin, project)
    for name in ("bulk-control", "bulk-undo"):
        assert admin.post(url(name, other, Bulk.objects.get().pk), {"act": "stop"}).status_code == 404


def test_a_list_is_shared_out_and_one_case_is_given_away(admin, project, three, sofia, erik):
    admin.post(
        url("assign", project),
        {"kind": "no-email", "share": "on", "people": [sofia.pk, erik.pk]},
        follow=True,
    )
    assert {item.assigned_to for item in ReviewItem.objects.all()} == {sofia, erik}
    admin.post(url("item-assign", project, three[0].pk), {"to": ""})
    assert ReviewItem.objects.get(pk=three[0].pk).assigned_to is None


def test_nobody_from_elsewhere_gets_a_case(admin, project, three):
    stranger = made.make_member(made.make_project())
    answer = admin.post(url("item-assign", project, three[0].pk), {"to": stranger.pk})
    assert answer.status_code == 404


def test_a_note_is_added_once_and_an_empty_one_is_refused(admin, project, three):
    sent = {"text": "Ask Karin", "client_key": uuid4()}
    for _ in range(2):
        assert admin.post(url("item-note", project, three[0].pk), sent).status_code == 302
    assert Note.objects.get().text == "Ask Karin"
    assert admin.post(url("item-note", project, three[0].pk), {"text": " "}).status_code == 422


def test_a_held_case_is_taken_over_only_when_asked(admin, project, three, erik, sofia):
    holds.take(three[0], erik)
    address = url("item-hold", project, three[0].pk)
    assert admin.post(address, headers={"HX-Request": "true"}).status_code == 204
    assert holds.held_by_others(project, [three[0].pk], sofia)
    admin.post(address, {"take_over": "1"})
    assert not holds.held_by_others(project, [three[0].pk], sofia)


def test_a_view_means_whoever_opens_it_and_belongs_to_its_owner(admin, client, project, three, sofia, erik):
    sent = {"kind": "no-email", "name": "Mine", "query": f"?assignee={sofia.pk}", "shared": "on"}
    admin.post(url("views-save", project), sent)
    view = SavedView.objects.get()
    assert view.query == "?assignee=me"
    client.force_login(erik)
    assert client.post(url("views-delete", project, view.pk)).status_code == 404
    assert "Mine" in client.get(url("queue-kind", project, "no-email")).content.decode()
