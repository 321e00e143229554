"""Comments on source fields and proposals of other rules: who may, what is kept, what becomes of a proposal."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from mapping_review import comments, services
from mapping_review.choices import RowState
from mapping_review.models import Comment, FieldDecision, MapVersion
from migrator import trail
from migrator.choices import Role
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceKind
from migrator.models import Project, TrailEntry
from tests import factories_mapping_review as made

HTMX = {"HX-Request": "true"}
SHOES = "attribute:shoe_size"
OTHER = FieldRule(SHOES, SourceKind.ATTRIBUTE, Action.CREATE, field="EU size", custom=True)


@pytest.fixture
def version(project: Project) -> MapVersion:
    return made.make_map(project)


@pytest.fixture
def shoes(version: MapVersion) -> FieldDecision:
    return made.row(version, SHOES)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def said(row: FieldDecision, user: Any, text: str = "Ask Karin first", **more: Any) -> Comment:
    return comments.add(row, text, **({"user": user, "client_key": uuid4()} | more))


def at(name: str, row: FieldDecision, *args: Any) -> str:
    return reverse(f"mapping_review:{name}", args=[row.version.project.slug, row.pk, *args])


# Writing


@pytest.mark.parametrize("role", list(Role))
def test_everybody_in_the_project_may_comment(role: Role, shoes: FieldDecision, project: Project) -> None:
    user = made.make_member(project, role)
    comment = said(shoes, user)
    assert comments.comments_of(shoes) == [comment]
    assert (comment.author, comment.text, comment.source_key) == (user, "Ask Karin first", SHOES)


def test_nobody_from_elsewhere_may(shoes: FieldDecision) -> None:
    with pytest.raises(RefusedError, match="not a member"):
        said(shoes, made.make_member(made.make_project()))
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.VIEWER, False), (Role.AUDITOR, False), (Role.CUSTOMER_ADMIN, True), (Role.ENGINEER, True),
     (Role.OWNER, True)],
)  # fmt: skip
def test_to_propose_takes_a_role(role: Role, allowed: bool, shoes: FieldDecision, project: Project) -> None:
    user = made.make_member(project, role)
    if allowed:
        assert said(shoes, user, "", rule=OTHER).rule["field"] == "EU size"  # type: ignore[index]
    else:
        with pytest.raises(RefusedError, match="can comment on fields"):
            said(shoes, user, "", rule=OTHER)
        assert not Comment.objects.exists()


def test_a_repeated_request_is_one_comment(shoes: FieldDecision, sofia: Any) -> None:
    key = uuid4()
    first = said(shoes, sofia, client_key=key)
    assert said(shoes, sofia, "Ask again", client_key=key) == first
    assert (Comment.objects.count(), TrailEntry.objects.filter(verb="map_comment").count()) == (1, 1)


def test_another_persons_request_key_is_refused(shoes: FieldDecision, sofia: Any, erik: Any) -> None:
    key = uuid4()
    said(shoes, sofia, client_key=key)
    with pytest.raises(RefusedError, match="another comment"):
        said(shoes, erik, client_key=key)


def test_the_trail_knows_that_there_was_a_comment_and_not_what_it_said(
    shoes: FieldDecision, sofia: Any, project: Project
) -> None:
    said(shoes, sofia, "Anna Berg has size 42")
    entry = TrailEntry.objects.get(verb="map_comment")
    assert (entry.actor, "shoe_size" in entry.sentence) == (sofia, True)
    assert "Anna" not in f"{entry.sentence} {entry.data}"
    assert trail.first_break(project) is None


def test_a_rule_that_cannot_work_is_not_proposed(shoes: FieldDecision, sofia: Any) -> None:
    wrong = FieldRule(SHOES, SourceKind.ATTRIBUTE, Action.CREATE, field=" ", custom=True)
    with pytest.raises(RefusedError, match="no name"):
        said(shoes, sofia, "", rule=wrong)
    assert not Comment.objects.exists()


def test_a_proposal_changes_nothing_of_the_row(shoes: FieldDecision, sofia: Any) -> None:
    before = FieldDecision.objects.filter(pk=shoes.pk).values().get()
    said(shoes, sofia, rule=OTHER)
    assert FieldDecision.objects.filter(pk=shoes.pk).values().get() == before


def test_it_is_still_there_in_the_next_draft(
    shoes: FieldDecision, version: MapVersion, project: Project, erik: Any, sofia: Any
) -> None:
    comment = said(shoes, sofia)
    services.approve_all(project, erik)
    draft = services.open_draft(services.sign_current(project, erik), user=erik)
    assert comments.comments_of(made.row(draft, SHOES)) == [comment]


# Withdrawing


def test_people_withdraw_their_own(shoes: FieldDecision, sofia: Any, project: Project) -> None:
    comment = comments.withdraw(said(shoes, sofia, rule=OTHER), user=sofia)
    assert (comment.text, comment.rule, comment.withdrawn_at is None) == ("", None, False)
    assert comments.counts(project) == {}
    assert comments.comments_of(shoes) == [comment]


def test_nobody_withdraws_what_another_wrote(shoes: FieldDecision, sofia: Any, erik: Any) -> None:
    comment = said(shoes, sofia)
    with pytest.raises(RefusedError, match="Only they can withdraw it"):
        comments.withdraw(comment, user=erik)
    comment.refresh_from_db()
    assert comment.text == "Ask Karin first"


def test_withdrawing_twice_is_once(shoes: FieldDecision, sofia: Any) -> None:
    comment = said(shoes, sofia)
    first = comments.withdraw(comment, user=sofia)
    assert comments.withdraw(comment, user=sofia).withdrawn_at == first.withdrawn_at
    assert TrailEntry.objects.filter(verb="map_withdraw").count() == 1


def test_they_are_counted_by_field(shoes: FieldDecision, version: MapVersion, sofia: Any, erik: Any) -> None:
    said(shoes, sofia)
    said(shoes, erik)
    said(made.row(version, "attribute:email"), erik)
    assert comments.counts(version.project) == {SHOES: 2, "attribute:email": 1}
    assert comments.count_of(shoes) == 2


# Approving a proposal


def test_an_engineer_takes_a_proposal_as_the_decision(shoes: FieldDecision, sofia: Any, erik: Any) -> None:
    comment = said(shoes, sofia, rule=OTHER)
    applied = comments.approve(comment, shoes, **made.act(shoes, erik))
    assert (applied.row.state, applied.row.decided_by) == (RowState.APPROVED, erik)
    assert applied.row.rule == comment.rule


def test_whoever_may_not_approve_may_not_take_it_either(shoes: FieldDecision, sofia: Any) -> None:
    comment = said(shoes, sofia, rule=OTHER)
    with pytest.raises(RefusedError, match="only engineer or owner"):
        comments.approve(comment, shoes, **made.act(shoes, sofia))


def test_a_withdrawn_proposal_cannot_be_taken(shoes: FieldDecision, sofia: Any, erik: Any) -> None:
    comment = said(shoes, sofia, rule=OTHER)
    comments.withdraw(comment, user=sofia)
    with pytest.raises(RefusedError, match="withdrawn"):
        comments.approve(comment, shoes, **made.act(shoes, erik))


# The pages


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_writing_a_comment(headers: dict[str, str], shoes: FieldDecision, sofia: Any) -> None:
    data = {"text": "  Ask <b>Karin</b>  ", "client_key": uuid4()}
    answer = client_of(sofia).post(at("comment-add", shoes), data, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    if not headers:
        assert answer["Location"].endswith(f"?item={shoes.pk}")
        answer = client_of(sofia).get(answer["Location"])
    text = answer.content.decode()
    assert "Ask &lt;b&gt;Karin&lt;/b&gt;" in text
    assert re.search(r"</svg>1<span class=\"sr\"> comment</span>", text)
    for part in ('id="comments"', f'id="row-{shoes.pk}"', 'id="live"'):
        assert part in text


def test_the_filters_of_the_list_survive_a_comment(shoes: FieldDecision, sofia: Any) -> None:
    page, filtered = client_of(sofia), "?kind=attribute&q=shoe"
    text = page.get(at("row", shoes) + filtered).content.decode()
    address = at("comment-add", shoes) + filtered
    assert f'action="{address.replace("&", "&amp;")}"' in text
    answer = page.post(address, {"text": "Hello", "client_key": uuid4()})
    assert answer["Location"].endswith(f"/map/{filtered}&item={shoes.pk}")


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("data", [{"text": " "}, {}, {"text": "x" * 2001}], ids=["blank", "none", "too long"])
def test_an_empty_comment_is_422(
    data: dict[str, Any], headers: dict[str, str], shoes: FieldDecision, sofia: Any
) -> None:
    sent = {"client_key": uuid4()} | data
    answer = client_of(sofia).post(at("comment-add", shoes), sent, headers=headers)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert ('aria-invalid="true"' in text, "<html" in text) == (True, not headers)
    assert not Comment.objects.exists()


def test_who_and_when_stand_beside_it_and_only_the_author_can_withdraw(
    shoes: FieldDecision, sofia: Any, erik: Any
) -> None:
    said(shoes, sofia)
    mine = client_of(sofia).get(at("row", shoes)).content.decode()
    theirs = client_of(erik).get(at("row", shoes)).content.decode()
    assert "Ask Karin first" in mine
    assert "Ask Karin first" in theirs
    assert ("Withdraw" in mine, "Withdraw" in theirs) == (True, False)
    assert "Sofia" in theirs


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_withdrawing_on_the_page(headers: dict[str, str], shoes: FieldDecision, sofia: Any) -> None:
    comment = said(shoes, sofia)
    answer = client_of(sofia).post(at("comment-withdraw", shoes, comment.pk), headers=headers)
    assert answer.status_code == (200 if headers else 302)
    text = client_of(sofia).get(at("row", shoes)).content.decode()
    assert ("Withdrawn" in text, "Ask Karin first" in text) == (True, False)


def test_a_comment_on_another_field_is_not_found(
    shoes: FieldDecision, version: MapVersion, sofia: Any
) -> None:
    comment = said(made.row(version, "attribute:email"), sofia)
    assert client_of(sofia).post(at("comment-withdraw", shoes, comment.pk)).status_code == 404


def filled(form: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send of the form: its values as they stand, then the changes."""
    inputs = re.findall(r'<input type="(?:hidden|text|number)" name="(\w+)"(?: value="([^"]*)")?', form)
    chosen = re.findall(r'<select name="(\w+)".*?<option value="([^"]*)" selected', form, re.DOTALL)
    return {name: unescape(value) for name, value in [*inputs, *chosen]} | changes


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_customer_admin_proposes_with_the_form_of_the_engineer(
    headers: dict[str, str], shoes: FieldDecision, sofia: Any, erik: Any
) -> None:
    page = client_of(sofia)
    assert at("propose", shoes) in page.get(at("row", shoes)).content.decode()
    form = page.get(at("propose", shoes), headers=headers).content.decode()
    assert ("Propose this instead" in form, "<html" in form) == (True, not headers)
    sent = filled(form[form.index('id="propose"') :], name="EU size", type="varchar", transform="text")
    answer = page.post(at("propose", shoes), sent | {"text": "As on the box"}, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    comment = Comment.objects.get()
    assert ((comment.rule or {})["field"], comment.text) == ("EU size", "As on the box")
    text = client_of(erik).get(at("row", shoes)).content.decode()
    for words in ("Proposes <b>EU size</b>", "As on the box", "Approve this"):
        assert words in text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_proposal_that_cannot_work_is_422_at_its_field(
    headers: dict[str, str], shoes: FieldDecision, sofia: Any
) -> None:
    page = client_of(sofia)
    form = page.get(at("propose", shoes)).content.decode()
    sent = filled(form[form.index('id="propose"') :], name="Size", type="date", transform="number")
    answer = page.post(at("propose", shoes), sent, headers=headers)
    assert (answer.status_code, "no value that this type" in answer.content.decode()) == (422, True)
    assert not Comment.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_whoever_may_not_propose_has_no_button_and_is_refused(
    role: Role, shoes: FieldDecision, project: Project
) -> None:
    page = client_of(made.make_member(project, role))
    assert at("propose", shoes) not in page.get(at("row", shoes)).content.decode()
    assert page.get(at("propose", shoes)).status_code == 403
    assert page.post(at("propose", shoes), {"name": "x"}).status_code == 403


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_an_engineer_approves_a_proposal_with_one_press(
    headers: dict[str, str], shoes: FieldDecision, sofia: Any, erik: Any
) -> None:
    comment = said(shoes, sofia, rule=OTHER)
    sent = {"expected_version": shoes.lock_version, "client_key": uuid4()}
    answer = client_of(erik).post(at("comment-approve", shoes, comment.pk), sent, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    shoes.refresh_from_db()
    assert (shoes.state, (shoes.rule or {})["field"]) == (RowState.APPROVED, "EU size")
    assert "Approve this" not in client_of(erik).get(at("row", shoes)).content.decode()


def test_a_late_approval_of_a_proposal_is_409(shoes: FieldDecision, sofia: Any, erik: Any) -> None:
    comment = said(shoes, sofia, rule=OTHER)
    services.reject(shoes.pk, **made.act(shoes, erik))
    sent = {"expected_version": 0, "client_key": uuid4()}
    assert client_of(erik).post(at("comment-approve", shoes, comment.pk), sent).status_code == 409


def test_an_incomplete_approval_is_422(shoes: FieldDecision, sofia: Any, erik: Any) -> None:
    comment = said(shoes, sofia, rule=OTHER)
    assert client_of(erik).post(at("comment-approve", shoes, comment.pk), {}).status_code == 422


def test_a_proposal_for_a_new_type_field_keeps_its_type(shoes: FieldDecision, sofia: Any) -> None:
    rule = FieldRule("", SourceKind.TAG, Action.CREATE, field="Size", type=FieldType.DOUBLE, custom=True,
                     transform="number")  # fmt: skip
    kept = said(shoes, sofia, rule=rule).rule or {}
    assert (kept["source"], kept["kind"], kept["type"]) == (SHOES, "attribute", "double")


def test_strangers_are_sent_away(shoes: FieldDecision) -> None:
    stranger = client_of(made.make_member(made.make_project()))
    for name in ("comment-add", "propose"):
        assert stranger.post(at(name, shoes), {"text": "x", "client_key": uuid4()}).status_code == 404
