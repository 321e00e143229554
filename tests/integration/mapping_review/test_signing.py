"""Signing: every reason at once with its rows, and only what the person was shown."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from mapping_review import queries, services, signing
from mapping_review.choices import RowState
from mapping_review.models import MapVersion
from migrator.choices import Role
from migrator.engine.field_map import Action, FieldRule, Merge
from migrator.engine.inventory import FieldType, SourceKind, TargetField, TargetObject
from migrator.models import Project
from tests import factories_mapping_review as made

HTMX = {"HX-Request": "true"}
SHOES, MEMBER = "attribute:shoe_size", "attribute:medlemsnr"
CLUB = TargetField(TargetObject.PERSON, "Club", FieldType.VARCHAR, True)


@pytest.fixture
def ready(project: Project, erik: Any) -> MapVersion:
    found = made.make_map(project, catalogue=[CLUB])
    services.approve_all(project, erik)
    return found


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def url(project: Project) -> str:
    return reverse("mapping_review:sign-off", args=[project.slug])


def shown(page: Client, project: Project) -> dict[str, Any]:
    """What the form of the page sends."""
    context = page.get(url(project)).context
    return {"checksum": context["checksum"], "seen": context["seen"]}


def club_rule(**more: Any) -> FieldRule:
    rule = FieldRule("", SourceKind.ATTRIBUTE, Action.MAP, field="Club", type=FieldType.VARCHAR, custom=True)
    return replace(rule, **more)


def put(version: MapVersion, key: str, erik: Any, **more: Any) -> services.Applied:
    """Approve another rule for a row, whatever it is now."""
    row = made.row(version, key)
    return services.edit(row.pk, club_rule(**more), **made.act(row, erik))


def keys(version: MapVersion) -> list[str]:
    return [blocker.key for blocker in signing.blockers(version)]


# What stands in the way


def test_nothing_stands_in_the_way_of_a_decided_map(ready: MapVersion) -> None:
    assert signing.blockers(ready) == []
    assert signing.why_not_signable(ready, 0) == ""


def test_every_reason_is_told_with_its_count_and_its_rows(project: Project, erik: Any) -> None:
    conflict = made.attribute_in({"s1": ["0412"], "s2": [412]}, "Store no")
    fields = [*made.FIELDS, conflict, *made.consent_fields()]
    version = made.make_map(project, fields, [CLUB], custom_fields=30, field_cap=30)
    put(version, SHOES, erik)
    put(version, MEMBER, erik)
    first = made.row(version, "attribute:firstname")
    created = replace(club_rule(), action=Action.CREATE, field="Nickname")
    services.edit(first.pk, created, **made.act(first, erik))
    found = {blocker.key: blocker for blocker in signing.blockers(version)}
    assert list(found) == ["conflicts", "review", "person", "clash", "room"]
    assert [found[key].count for key in ("conflicts", "clash", "room")] == [1, 2, 1]
    assert "state=review" in found["review"].links[0].url
    assert [link.label for link in found["clash"].links] == ["Medlemsnr", "Shoe size"]


def test_the_page_lists_the_reasons_and_has_no_button(
    ready: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    put(ready, SHOES, erik)
    put(ready, MEMBER, erik)
    answer = page.get(url(project))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "2 fields write into Club. Choose how they merge on all but one of them." in text
    assert f"?item={made.row(ready, SHOES).pk}" in text
    assert 'name="checksum"' not in text


def test_a_target_that_is_missing_is_named(ready: MapVersion, project: Project, erik: Any) -> None:
    put(ready, SHOES, erik)
    ready.decisions.update(evidence={})
    made.make_discovery(project, made.FIELDS)
    (blocker,) = signing.blockers(MapVersion.objects.get(pk=ready.pk))
    assert (blocker.key, blocker.count) == ("missing", 1)
    assert [link.label for link in blocker.links] == ["Shoe size"]


def test_what_rests_on_a_change_is_named_and_why(ready: MapVersion, project: Project, erik: Any) -> None:
    put(ready, SHOES, erik)
    made.make_discovery(project, made.FIELDS, [replace(CLUB, type=FieldType.SET)])
    (blocker,) = signing.blockers(MapVersion.objects.get(pk=ready.pk))
    assert blocker.key == "stale"
    assert "Shoe size: Club is now Several options in Pipedrive." in blocker.text


def test_a_map_without_rows_says_so(project: Project) -> None:
    assert [b.text for b in signing.blockers(made.make_map(project, []))] == [
        "The map has no rows yet. Run a discovery first."
    ]


def test_a_merge_rule_on_one_of_two_rows_is_enough(ready: MapVersion, erik: Any) -> None:
    put(ready, SHOES, erik)
    warned = put(ready, MEMBER, erik)
    assert warned.warning.startswith("Shoe size also writes into Club.")
    calm = put(ready, MEMBER, erik, merge=Merge.SPACE, rank=2)
    assert (calm.warning, keys(ready)) == ("", [])


def test_the_reasons_need_as_many_queries_for_many_rows(
    project: Project, erik: Any, django_assert_num_queries: Any
) -> None:
    fields = [made.attribute(f"Club {n}", "North", "South") for n in range(30)]
    version = made.make_map(project, [*made.FIELDS, *fields], [CLUB])
    services.approve_all(project, erik)
    fresh = MapVersion.objects.select_related("project").get(pk=version.pk)
    with django_assert_num_queries(7):
        signing.blockers(fresh)


# Signing what was shown


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_signing_what_was_shown(
    headers: dict[str, str], ready: MapVersion, project: Project, page: Client
) -> None:
    answer = page.post(url(project), shown(page, project), headers=headers)
    assert answer.status_code == (204 if headers else 302)
    assert queries.approved_field_map(project) is not None
    home = reverse("mapping_review:map", args=[project.slug])
    assert "Signed by" in page.get(home).content.decode()


def test_other_content_than_was_shown_is_not_signed_and_the_page_tells_what_changed(
    ready: MapVersion, project: Project, page: Client
) -> None:
    sent = shown(page, project)
    karin = made.make_member(project, name="Karin")
    put(ready, SHOES, karin)
    answer = page.post(url(project), sent)
    assert answer.status_code == 409
    assert "Shoe size: edited and approved, Karin" in answer.content.decode()
    assert queries.approved_field_map(project) is None
    assert page.post(url(project), shown(page, project)).status_code == 302


def test_a_row_that_was_opened_meanwhile_is_told_before_the_reasons(
    ready: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    sent = shown(page, project)
    row = made.row(ready, SHOES)
    services.undo(row.pk, **made.act(row, erik))
    answer = page.post(url(project), sent)
    assert answer.status_code == 409
    assert "Shoe size: undone, Erik" in answer.content.decode()
    assert "1 field has no decision yet" in answer.content.decode()


def test_signing_without_saying_what_was_shown_is_refused(
    ready: MapVersion, project: Project, page: Client
) -> None:
    for sent in ({}, {"checksum": "abc", "seen": 1}):
        assert page.post(url(project), sent).status_code == 422
    assert queries.approved_field_map(project) is None


def test_signing_too_early_is_refused_with_the_reasons(project: Project, page: Client) -> None:
    made.make_map(project)
    sent = shown(page, project)
    answer = page.post(url(project), sent)
    assert answer.status_code == 403
    assert "5 fields have no decision yet" in answer.content.decode()


def test_the_page_stays_within_its_queries(
    ready: MapVersion, project: Project, page: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        assert page.get(url(project)).status_code == 200


def test_who_may_not_sign_does_not_see_the_page(ready: MapVersion, project: Project) -> None:
    client = Client()
    client.force_login(made.make_member(project, Role.CUSTOMER_ADMIN))
    assert client.get(url(project)).status_code == 403


def test_what_went_stale_lapses_instead_of_being_signed(
    ready: MapVersion, project: Project, page: Client
) -> None:
    sent = shown(page, project)
    fields = [f if f.key != SHOES else made.attribute("Shoe size", "2024-01-02") for f in made.FIELDS]
    made.make_discovery(project, fields, [CLUB])
    answer = page.post(url(project), sent)
    assert answer.status_code == 403
    row = made.row(ready, SHOES)
    assert (row.state, row.lapsed) == (RowState.PROPOSED, "Values were Number and are Date now")
    assert ready.decisions.filter(state=RowState.PROPOSED).count() == 1


def test_the_page_counts_what_becomes_of_the_fields(
    ready: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    row = made.row(ready, MEMBER)
    services.drop_field(row.pk, "Nobody uses it", **made.act(row, erik))
    assert "1 archived, 1 dropped" in page.get(url(project)).content.decode()


def test_a_repeated_signature_signs_once(ready: MapVersion, project: Project, page: Client) -> None:
    sent = shown(page, project)
    assert page.post(url(project), sent).status_code == 302
    assert page.post(url(project), sent | {"client_key": uuid4()}).status_code in (403, 409)
    assert project.map_versions.count() == 1
