"""The inspector as a page: what its forms send, and what it says when they are refused."""

import pytest
from django.test import Client
from django.urls import reverse

from migrator.engine.cases import CaseKind
from reconciliation import holds
from reconciliation.models import Note
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db
CASES = {
    CaseKind.NO_EMAIL: made.no_email("7f3a", company="Hagen", domains=["hagen.example"]),
    CaseKind.NO_NAME: made.no_name("77aa", company="Hagen"),
    CaseKind.DUPLICATE: made.duplicate(
        made.member("a", filled=9), made.member("b", "K. Holm"), made.member("c", "Karin Holm-Ek")
    ),
    CaseKind.TYPE_CONFLICT: made.type_conflict(),
    CaseKind.RARE_TAG: made.rare_tag("vip", 2, [("VIP", 90)]),
    CaseKind.ORGANIZATION: made.organizations(),
    CaseKind.CONSENT: made.consents(),
}


@pytest.fixture
def client(sofia):
    browser = Client()
    browser.force_login(sofia)
    return browser


def page_of(client, item, **query):
    answer = client.get(reverse("reconciliation:item", args=[item.project.slug, item.pk]), query)
    return answer.content.decode()


def send(client, item, **fields):
    address = reverse("reconciliation:item-decide", args=[item.project.slug, item.pk])
    return client.post(address, {"expected_version": item.lock_version} | fields)


@pytest.mark.parametrize("kind", CASES)
def test_every_kind_has_a_page_with_its_effect_and_no_inline_style(client, project, kind):
    item = made.make_item(project, CASES[kind])
    page = page_of(client, item)
    assert "Accept suggestion" in page
    assert "What each choice does" in page
    assert ' style="' not in page
    assert "**" not in page


def test_a_reader_sees_the_case_and_no_act(project):
    item = made.make_item(project, CASES[CaseKind.DUPLICATE])
    reader = Client()
    reader.force_login(made.make_member(project, "auditor", "Ada"))
    page = page_of(reader, item)
    assert "Which profile stays" in page
    assert f"item/{item.pk}/decide/" not in page


def test_the_table_of_duplicates_sends_ticks_and_winners(client, project):
    item = made.make_item(project, CASES[CaseKind.DUPLICATE])
    fields = {"action": "merge", "ticks": "1", "members": ["a", "b"], "survivor": "a"}
    send(client, item, **fields, **{"field-name": "b", "field-phone": ""})
    item.refresh_from_db()
    assert item.args == {"survivor": "a", "members": ["a", "b"], "fields": {"name": "b"}}


def test_no_tick_at_all_is_not_the_same_as_all_of_them(client, project):
    item = made.make_item(project, CASES[CaseKind.DUPLICATE])
    answer = send(client, item, action="merge", ticks="1", survivor="a")
    assert answer.status_code == 422
    assert "Tick the profile that stays" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"action": "supply_email", "email": "bo@@example.com"}, "is not an email address"),
        ({"action": "supply_email", "email": "a" * 10_000}, "Use 320 or fewer"),
        ({"action": "skip", "reason": "<script>x</script>"}, "Type plain text"),
        ({"action": "skip", "reason": "a\0b"}, "cannot be printed"),
        ({"action": "merge", "into": "7f3a"}, "Choose the profile or Person to merge into"),
        ({"action": "merge", "into": "nobody\0"}, "Choose the profile or Person to merge into"),
    ],
)
def test_what_is_forged_is_refused_by_one_sentence_and_changes_nothing(client, project, fields, sentence):
    item = made.make_item(project, CASES[CaseKind.NO_EMAIL])
    answer = send(client, item, **fields)
    item.refresh_from_db()
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert (item.state, item.lock_version) == ("open", 0)
    assert "<script>x" not in answer.content.decode()


def test_the_sentence_stands_at_its_field_with_what_was_entered(client, project):
    item = made.make_item(project, CASES[CaseKind.NO_EMAIL])
    page = send(client, item, action="supply_email", email="bo@@example.com").content.decode()
    assert 'value="bo@@example.com" aria-invalid="true" aria-describedby="entry-error"' in page
    assert 'id="entry-error"' in page


def test_an_address_that_somebody_has_is_offered_as_a_merge(client, project):
    made.make_profile(made.make_discovery(project), "bo", name="Bo Ek", email="bo@example.com")
    item = made.make_item(project, CASES[CaseKind.NO_EMAIL])
    page = send(client, item, action="supply_email", email="bo@example.com").content.decode()
    assert "Already used by Bo Ek. Merge instead?" in page
    assert '<input type="hidden" name="into" value="bo">' in page


def test_a_guess_is_a_link_by_number_and_fills_the_field_on_the_next_page(client, project):
    item = made.make_item(project, CASES[CaseKind.NO_EMAIL])
    before, after = page_of(client, item), page_of(client, item, entry="email", guess="1")
    filled = 'placeholder="name@company.com" value="astrid.lindqvist@hagen.example"'
    assert "entry=email&amp;guess=1" in before
    assert filled not in before
    assert filled in after


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "٣", "1" * 5000])
def test_a_guess_that_is_none_fills_nothing(client, project, number):
    item = made.make_item(project, CASES[CaseKind.NO_EMAIL])
    assert 'placeholder="name@company.com" value=""' in page_of(client, item, guess=number)


def test_anybody_else_is_found_on_the_page_and_may_be_merged_into(client, project):
    made.make_profile(made.make_discovery(project), "far", name="Far Away")
    item = made.make_item(project, CASES[CaseKind.NO_EMAIL])
    assert "Far Away" in page_of(client, item, who="far aw")
    assert "Nobody has this name" in page_of(client, item, who="zzzz")
    send(client, item, action="merge", into="far")
    item.refresh_from_db()
    assert item.args == {"into": "far"}


def test_it_says_who_else_has_the_case_open(client, project, erik):
    item = made.make_item(project, CASES[CaseKind.CONSENT])
    holds.take(item, erik)
    assert "Erik has this case open." in page_of(client, item)


def test_notes_stand_beside_the_case_and_their_text_is_only_text(client, project, erik):
    item = made.make_item(project, CASES[CaseKind.CONSENT])
    Note.objects.create(item=item, author=erik, text="Ask <b>Liv</b>", client_key=made.new_key())
    assert "Ask &lt;b&gt;Liv&lt;/b&gt;" in page_of(client, item)


def test_a_conflict_keeps_what_was_ticked(client, project, erik):
    item = made.make_item(project, CASES[CaseKind.DUPLICATE])
    fields = {"action": "merge", "ticks": "1", "members": ["a", "b"], "survivor": "a", "field-name": "b"}
    page = send(client, item, **fields, expected_version=9).content.decode()
    for name, value in (("members", "a"), ("members", "b"), ("field-name", "b"), ("survivor", "a")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page
    assert '<input type="hidden" name="members" value="c">' not in page


def test_values_that_hold_markup_are_printed_as_text(client, project):
    nasty = "<img src=x onerror=alert(1)>"
    for case in (
        made.no_email("n", name=nasty, candidates=[{"source_key": "k", "name": nasty, "why": nasty}]),
        made.duplicate(made.member("a", nasty), made.member("b", nasty + "2", filled=9), why=[nasty]),
        made.rare_tag(nasty, 2, [(nasty + "s", 9)], together=[{"tag": nasty + "t", "count": 1}]),
        made.organizations(made.company(nasty, 3), made.company(nasty + "2"), why=[nasty]),
        made.consents(
            answers=[{"where": nasty, "state": nasty}], samples=[{"source_key": "1", "name": nasty}]
        ),
    ):
        assert nasty not in page_of(client, made.make_item(project, case))
