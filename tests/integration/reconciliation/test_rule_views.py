"""The pages of the rules both ways: whole and partial, allowed and not, and all the way to one undo."""

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from migrator.choices import Role
from migrator.engine.cases import CaseKind, Decide
from reconciliation import bulks, rules
from reconciliation.models import Bulk, Decision, Rule
from reconciliation.replay import state_checksum
from tests import factories_reconciliation as made
from tests.integration.reconciliation.test_rules import decided, history, left_open, no_phone

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NO_EMAIL = CaseKind.NO_EMAIL
SEEN = "18 of 18 profiles without email that have no"


def url(name, project, *args):
    return reverse(f"reconciliation:{name}", args=[project.slug, *args])


def text_of(answer):
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


@pytest.fixture
def admin(client, sofia):
    client.force_login(sofia)
    return client


@pytest.fixture
def rule(project, sofia):
    history(project, sofia)
    left_open(project, 4)
    (rule,) = rules.offer(project, NO_EMAIL)
    return rule


def on_list(client, project):
    return text_of(client.get(url("queue-kind", project, "no-email")))


# Offered


def test_the_list_shows_the_offer_with_its_figures(admin, project, rule):
    shown = on_list(admin, project)
    assert SEEN in shown
    assert "4 more are like them." in shown
    assert "Checked on decisions kept aside: 6 of 6 agreed. 0 exceptions." in shown
    assert "Apply to 4" in shown
    assert "Not now" in shown


def test_who_may_only_look_sees_the_offer_and_no_buttons(client, project, rule):
    client.force_login(made.make_member(project, Role.VIEWER))
    for shown in (on_list(client, project), text_of(client.get(url("rules", project)))):
        assert SEEN in shown
        assert "Apply to" not in shown
        assert "Not now" not in shown


def test_looking_offers_what_was_found_and_answers_with_the_offers_alone(admin, project, sofia):
    history(project, sofia)
    left_open(project)
    assert SEEN not in on_list(admin, project)
    answer = admin.post(url("rule-look", project, "no-email"), headers=HTMX)
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<div id="rule-offers"')
    assert SEEN in text_of(answer)
    assert SEEN in on_list(admin, project)


def test_looking_without_javascript_leads_to_the_rules(admin, project, sofia):
    history(project, sofia)
    left_open(project)
    answer = admin.post(url("rule-look", project, "no-email"), follow=True)
    assert answer.redirect_chain == [(url("rules", project), 302)]
    assert SEEN in text_of(answer)
    assert "1 offered for profiles without email." in text_of(answer)


def test_looking_where_nothing_holds_says_so(admin, project):
    answer = admin.post(url("rule-look", project, "tags"), follow=True)
    assert "No rule holds for rare tags yet." in text_of(answer)
    assert "No rules yet" in text_of(answer)


def test_a_page_that_is_only_read_writes_no_rule(admin, project, sofia):
    history(project, sofia)
    left_open(project)
    on_list(admin, project)
    admin.get(url("rules", project))
    assert not Rule.objects.exists()


def test_every_eighth_decision_has_the_page_look_for_rules(admin, project):
    """The answer to a decision stays quick: the look is a request of its own."""
    asked = []
    for item in left_open(project, 16):
        data = {"action": "name_only", "expected_version": 0, "client_key": uuid4()}
        answer = admin.post(url("item-decide", project, item.pk), data, headers=HTMX)
        assert answer.status_code == 200
        asked.append(url("rule-look", project, "no-email") in answer.content.decode())
    assert sum(asked) == 2


def test_the_exceptions_are_linked(admin, project, sofia):
    history(project, sofia, 60)
    exception = decided(made.make_item(project, no_phone(name="Nils Odd")), sofia, Decide.SKIP)
    left_open(project)
    (rule,) = rules.offer(project, NO_EMAIL)
    assert (
        f"{url('rules', project)}#rule-{rule.pk}"
        in admin.get(url("queue-kind", project, "no-email")).content.decode()
    )
    page = admin.get(url("rules", project)).content.decode()
    assert f'id="rule-{rule.pk}"' in page
    assert f'<a href="{url("item", project, exception.item_id)}"><bdi>Nils Odd</bdi></a>: skip' in page


def test_words_of_a_customer_are_never_markup(admin, project, sofia):
    """Section, reason and title come from people."""
    hostile = "<script>alert(1)</script>"

    def strange():
        return no_phone(sections=[hostile], name=hostile)

    history(project, sofia, 60, Decide.SKIP, strange, {"reason": 'Mother & "son"'})
    decided(made.make_item(project, strange()), sofia)
    history(project, sofia)
    left_open(project, make=strange)
    (rule,) = rules.offer(project, NO_EMAIL)
    assert rule.condition == [f"section:{hostile}"]
    assert rule.args == {"reason": 'Mother & "son"'}
    for address in (url("rules", project), url("queue-kind", project, "no-email")):
        body = admin.get(address).content.decode()
        assert hostile not in body
        assert "Section &lt;script&gt;alert(1)&lt;/script&gt; were skipped" in body
        assert "“<bdi>Mother &amp; &quot;son&quot;</bdi>”" in body


# Applied


def test_applying_goes_by_the_preview_and_one_undo_takes_it_back(admin, project, rule, sofia):
    before = state_checksum(project)
    preview = admin.get(url("rule-apply", project, rule.pk), follow=True)
    assert preview.redirect_chain[0][0].startswith(url("bulk-preview", project) + "?")
    assert state_checksum(project) == before
    page = preview.content.decode()
    form = page[page.index(f'action="{url("bulk-start", project)}"') :]
    sent = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")])
    )
    assert sent["rule"] == str(rule.pk)
    done = admin.post(url("bulk-start", project), sent)
    bulk = Bulk.objects.get()
    assert (done.status_code, done["Location"]) == (303, url("bulk", project, bulk.pk))
    assert (bulk.rule, bulk.done) == (rule, 4)
    assert "4 cases decided by it" in text_of(admin.get(url("rules", project)))
    admin.post(url("bulk-undo", project, bulk.pk), {"client_key": uuid4()})
    for pk in bulks.due():
        while bulks.work(pk):
            pass
    assert state_checksum(project) == before
    assert "Undone." in text_of(admin.get(url("rules", project)))


def test_an_application_says_what_the_rule_says_and_nothing_of_the_request(admin, project, rule):
    """Filter and act come from the rule, whatever a forged form holds."""
    other = made.make_item(project, made.no_email(company="Acme"))
    sent = {"rule": rule.pk, "kind": "no-email", "query": "?phone=yes", "action": "skip", "expected": 9}
    admin.post(url("bulk-start", project), sent | {"seen_at": "2999-01-01T00:00:00+00:00"})
    assert Bulk.objects.get().action == Decide.NAME_ONLY
    other.refresh_from_db()
    assert other.is_open


def test_a_rule_that_lapsed_is_refused_in_words(admin, project, rule, sofia):
    history(project, sofia, 6, Decide.SKIP)
    answer = admin.get(url("rule-apply", project, rule.pk))
    assert answer.status_code == 409
    assert "Later decisions speak against this rule" in text_of(answer)


# Put off


def test_not_now_leads_back_to_the_same_list(admin, project, rule):
    answer = admin.post(url("rule-dismiss", project, rule.pk) + "?phone=no&sort=sure")
    assert (answer.status_code, answer.url) == (
        302,
        url("queue-kind", project, "no-email") + "?phone=no&sort=sure",
    )
    assert SEEN not in on_list(admin, project)
    shown = text_of(admin.get(url("rules", project)))
    assert "Put off by Sofia" in shown
    assert "Offered again after 8 more like decisions." in shown


# Refused


@pytest.mark.parametrize(
    ("method", "name"), [("post", "rule-look"), ("get", "rule-apply"), ("post", "rule-dismiss")]
)
def test_acts_need_a_role_that_decides(client, project, rule, method, name):
    client.force_login(made.make_member(project, Role.AUDITOR))
    address = url(name, project, "no-email" if name == "rule-look" else rule.pk)
    for headers in ({}, HTMX):
        answer = getattr(client, method)(address, headers=headers)
        assert answer.status_code == 403
        assert "decide cases in the queue" in answer.content.decode()
    assert Rule.objects.get().state == "offered"
    assert Decision.objects.count() == 18


@pytest.mark.parametrize(
    ("method", "name"),
    [("get", "rules"), ("post", "rule-look"), ("get", "rule-apply"), ("post", "rule-dismiss")],
)
def test_strangers_learn_nothing(client, project, rule, method, name):
    args = {"rules": [], "rule-look": ["no-email"]}.get(name, [rule.pk])
    assert getattr(client, method)(url(name, project, *args)).url.startswith("/sign-in/")
    other = made.make_project()
    client.force_login(made.make_member(other))
    assert getattr(client, method)(url(name, project, *args)).status_code == 404
    if args == [rule.pk]:
        assert getattr(client, method)(url(name, other, rule.pk)).status_code == 404


def test_a_kind_that_does_not_exist_is_not_found(admin, project):
    assert admin.post(url("rule-look", project, "nonsense")).status_code == 404
    assert admin.post(url("rule-dismiss", project, 2**62)).status_code == 404


@pytest.mark.parametrize(
    ("method", "name"), [("get", "rule-look"), ("post", "rule-apply"), ("get", "rule-dismiss")]
)
def test_each_address_takes_its_own_method(admin, project, rule, method, name):
    args = ["no-email"] if name == "rule-look" else [rule.pk]
    assert getattr(admin, method)(url(name, project, *args)).status_code == 405
