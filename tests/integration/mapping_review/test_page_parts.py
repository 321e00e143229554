"""The list by pages, its filters in the address, and how much every page of the field map reads."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mapping_review import comments, outlines, queries, services
from mapping_review.choices import Group, RowState
from mapping_review.listing import SIZE
from mapping_review.models import FieldDecision, MapVersion
from migrator import staging
from migrator.choices import Role
from migrator.management.many_fields import make_project
from migrator.management.page_speed import queries_in
from migrator.models import Project
from tests import factories_mapping_review as made

pytestmark = pytest.mark.slow

HTMX = {"HX-Request": "true"}
MOST = 12


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def at(name: str, project: Project, *args: Any) -> str:
    return reverse(f"mapping_review:{name}", args=[project.slug, *args])


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def rows_in(text: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<tr id="row-(\d+)"', text)]


def map_of(project: Project, count: int) -> MapVersion:
    return made.make_map(project, [made.attribute(f"Extra {n:03}", "a", "b") for n in range(count)])


# One page after the other


def test_the_list_shows_its_first_hundred_rows_and_counts_all(project: Project, page: Client) -> None:
    version = map_of(project, 130)
    text = text_of(page.get(at("map", project)))
    assert len(rows_in(text)) == SIZE
    assert re.search(r'id="shown-review" data-rest="30">100 of </span><span data-count>130<', text)
    assert "0 of 130" in text
    assert 'Select these <span id="select-review">100</span>' in text
    assert text.count("Show more") == 1
    assert version.decisions.count() == 130


def next_address(text: str) -> str:
    found = re.search(r'<a href="([^"]+)" rel="next"', text)
    assert found
    return found[1].replace("&amp;", "&")


def test_every_row_is_on_exactly_one_page(project: Project, page: Client) -> None:
    version = map_of(project, 230)
    text = text_of(page.get(at("map", project)))
    seen = rows_in(text)
    while "Show more" in text:
        text = text_of(page.get(next_address(text)))
        seen += rows_in(text)
    assert sorted(seen) == sorted(version.decisions.values_list("pk", flat=True))
    assert "Back to the first rows" in text


def test_htmx_appends_rows_without_a_second_head_and_brings_the_counts_up_to_date(
    project: Project, page: Client
) -> None:
    map_of(project, 230)
    address = next_address(text_of(page.get(at("map", project))))
    text = text_of(page.get(address, headers=HTMX | {"HX-Target": "more"}))
    assert len(rows_in(text)) == SIZE
    assert ("data-group-head" in text, "<html" in text, 'id="list"' in text) == (False, False, False)
    assert '<span id="shown-review" data-rest="30" hx-swap-oob="true">200 of </span>' in text
    assert '<span id="select-review" hx-swap-oob="true">200</span>' in text
    assert 'id="more" data-rest="30"' in text


def test_a_page_goes_on_where_it_was_although_rows_were_decided_meanwhile(
    project: Project, page: Client, erik: Any
) -> None:
    map_of(project, 130)
    first = text_of(page.get(at("map", project)))
    for pk in rows_in(first)[-2:]:
        services.approve(pk, user=erik, expected_version=0, client_key=uuid4())
    rest = rows_in(text_of(page.get(next_address(first))))
    assert len(rest) == 30
    assert not set(rest) & set(rows_in(first))


def test_a_page_that_nobody_knows_is_the_first(project: Project, page: Client) -> None:
    map_of(project, 5)
    assert len(rows_in(text_of(page.get(f"{at('map', project)}?page=nonsense")))) == 5


def test_decided_rows_are_folded_behind_a_link_while_others_are_open(
    project: Project, page: Client, erik: Any
) -> None:
    version = map_of(project, 5)
    done = version.decisions.order_by("pk")[0]
    services.approve(done.pk, user=erik, expected_version=0, client_key=uuid4())
    group = "approved" if version.decisions.get(pk=done.pk).state == RowState.APPROVED else "skipped"
    text = text_of(page.get(at("map", project)))
    assert done.pk not in rows_in(text)
    assert f'href="{at("map", project)}?state={group}"' in text
    assert rows_in(text_of(page.get(f"{at('map', project)}?state={group}"))) == [done.pk]
    assert done.pk in rows_in(text_of(page.get(f"{at('map', project)}?q={done.name}")))


def test_a_map_with_nothing_open_shows_what_was_decided(project: Project, page: Client, erik: Any) -> None:
    map_of(project, 5)
    services.approve_all(project, erik)
    assert len(rows_in(text_of(page.get(at("map", project))))) == 5


# Filters


def marked(version: MapVersion, user: Any) -> dict[str, int]:
    """A row for each of the states that are offered once one row is in them."""
    lapsed, said = version.decisions.select_related("version__project").order_by("pk")[:2]
    version.decisions.filter(pk=lapsed.pk).update(lapsed="The values changed")
    comments.add(said, "Ask Karin", user=user, client_key=uuid4())
    return {"lapsed": lapsed.pk, "comments": said.pk}


@pytest.mark.parametrize("state", ["lapsed", "comments"])
def test_a_state_is_offered_with_its_count_and_filters(
    state: str, project: Project, page: Client, erik: Any
) -> None:
    rows = marked(map_of(project, 5), erik)
    address = f"{at('map', project)}?state={state}"
    assert f'href="{address}"' in text_of(page.get(at("map", project)))
    assert rows_in(text_of(page.get(address))) == [rows[state]]


def test_a_state_that_no_row_is_in_is_not_offered(project: Project, page: Client) -> None:
    map_of(project, 5)
    text = text_of(page.get(at("map", project)))
    assert not re.search(r"state=(lapsed|comments|second|precedent)", text)


def test_the_chosen_state_is_a_chip_that_takes_itself_away(project: Project, page: Client) -> None:
    map_of(project, 5)
    text = text_of(page.get(f"{at('map', project)}?state=open&q=extra"))
    assert re.search(rf'href="{at("map", project)}\?q=extra"[^>]*aria-current="true">To review<', text)


def test_filters_are_in_every_address_that_leads_on(project: Project, page: Client) -> None:
    version = map_of(project, 5)
    row = version.decisions.order_by("confidence", "source_key")[0]
    query = "?kind=attribute&state=open&q=extra"
    text = text_of(page.get(at("map", project) + query))
    escaped = query.replace("&", "&amp;")
    for name in ("row", "row-decide", "row-edit"):
        assert at(name, project, row.pk) + escaped in text
    assert f'action="{at("rows-decide", project)}{escaped}"' in text
    for name, value in (("kind", "attribute"), ("state", "open")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in text


@pytest.mark.parametrize("action", ["approve", "reject", "skip"])
def test_filters_outlive_a_decision_without_javascript(action: str, project: Project, page: Client) -> None:
    version = map_of(project, 5)
    row = version.decisions.order_by("confidence", "source_key")[0]
    data = {"action": action, "expected_version": 0, "client_key": uuid4()}
    answer = page.post(f"{at('row-decide', project, row.pk)}?q=extra&kind=attribute", data)
    assert re.fullmatch(rf"{at('map', project)}\?kind=attribute&q=extra&item=\d+", answer["Location"])


def test_filters_outlive_the_undo_of_the_last_action(project: Project, page: Client, erik: Any) -> None:
    version = map_of(project, 5)
    row = version.decisions.order_by("pk")[0]
    services.approve(row.pk, user=erik, expected_version=0, client_key=uuid4())
    text = text_of(page.get(f"{at('map', project)}?q=extra"))
    undo = f"{at('row-decide', project, row.pk)}?action=undo&amp;expected_version=1&amp;q=extra"
    assert undo in text
    answer = page.post(undo.replace("&amp;", "&"), {"client_key": uuid4()})
    assert answer["Location"] == f"{at('map', project)}?q=extra&item={row.pk}"


def test_an_empty_list_names_its_filters(project: Project, page: Client) -> None:
    map_of(project, 2)
    text = text_of(page.get(f"{at('map', project)}?kind=event&q=nothing"))
    assert "Nothing fits these filters: Events, “nothing”." in text


def test_the_links_of_an_earlier_version_stay_in_it(project: Project, page: Client, erik: Any) -> None:
    map_of(project, 3)
    services.approve_all(project, erik)
    services.sign_current(project, erik)
    version = queries.current_version(project)
    assert version
    services.open_draft(version, user=erik)
    text = text_of(page.get(at("version", project, 1)))
    assert f'href="{at("version", project, 1)}?kind=attribute"' in text
    assert f'href="{at("map", project)}?kind=attribute"' not in text


# Somebody else was faster


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_late_decision_shows_both_choices_and_can_be_sent_again(
    headers: dict[str, str], project: Project, page: Client
) -> None:
    row = map_of(project, 3).decisions.order_by("pk")[0]
    olga = made.make_member(project, Role.OWNER, "Olga")
    services.skip_field(row.pk, user=olga, expected_version=0, client_key=uuid4())
    late = {"action": "reject", "expected_version": 0, "client_key": uuid4()}
    text = text_of(page.post(at("row-decide", project, row.pk), late, headers=headers))
    assert "<dt>Olga</dt><dd><b>Not migrated</b>" in text
    assert "<dt>You</dt><dd><b>Proposal rejected</b>" in text
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text.partition("<dl")[2]))
    assert (again["action"], again["expected_version"]) == ("reject", "1")
    page.post(at("row-decide", project, row.pk), again, headers=headers)
    row.refresh_from_db()
    assert row.state == RowState.REJECTED


# What is counted is true


def test_outlines_agree_with_the_rows_read_whole(project: Project, erik: Any) -> None:
    conflict = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
    version = made.make_map(project, [*made.FIELDS, conflict, *made.consent_fields()])
    first = version.decisions.order_by("pk")[0]
    services.approve(first.pk, user=erik, expected_version=0, client_key=uuid4())
    rows, found = queries.rows_of(version), outlines.outlines_of(version)
    assert [o.pk for o in found] == [row.decision.pk for row in rows]
    for outline, row in zip(found, rows, strict=True):
        assert (outline.group, outline.filled) == (row.group, row.field.filled)
        assert outline.conflict == row.field.conflict
    assert {outline.group for outline in found} >= {Group.CONFLICT, Group.REVIEW, Group.PERSON}


def test_a_settled_conflict_and_a_field_that_is_gone_are_told(project: Project) -> None:
    conflict = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
    version = made.make_map(project, [made.attribute("Level", "a", "b"), conflict])
    staging.settle_type(project, "attribute:store_no", "text")
    made.make_discovery(project, [conflict])
    found = {outline.source_key: outline for outline in outlines.outlines_of(version)}
    assert found["attribute:store_no"].group == Group.REVIEW
    assert found["attribute:level"].conflict is None


def test_statistics_from_before_a_discovery_make_nobody_compare_every_row_with_every_field(
    project: Project,
) -> None:
    version = made.make_map(project, [made.attribute("Level", "a", "b")])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        made.make_map(project, [made.attribute(f"Extra {n:03}", "a", "b") for n in range(300)])
        asked = {"project": project.pk, "version": version.pk}
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + outlines.STATEMENT, asked)
        steps = list(_steps(cursor.fetchone()[0][0]["Plan"]))
    in_vain = sum(step.get("Rows Removed by Join Filter", 0) * step["Actual Loops"] for step in steps)
    assert max(step["Actual Loops"] for step in steps) >= 300
    assert in_vain < 3 * 300


def _steps(plan: dict[str, Any]) -> Iterable[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _steps(part)


def test_the_rows_in_the_order_asked_for(project: Project) -> None:
    version = map_of(project, 4)
    wanted = list(version.decisions.order_by("-pk").values_list("pk", flat=True))[:3]
    assert [row.decision.pk for row in queries.rows_in(version, wanted)] == wanted


# How much is read

Visit = Callable[[Client, Project, FieldDecision], Any]


def _get(name: str, query: str = "", *, part: bool = False, row: bool = False) -> Visit:
    def visit(client: Client, project: Project, decision: FieldDecision) -> Any:
        address = at(name, project, *([decision.pk] if row else [])) + query
        return client.get(address, headers=HTMX if part else {})

    return visit


def _decide(action: str) -> Visit:
    def visit(client: Client, project: Project, decision: FieldDecision) -> Any:
        lock_version = FieldDecision.objects.values_list("lock_version", flat=True).get(pk=decision.pk)
        data = {"action": action, "expected_version": lock_version, "client_key": uuid4()}
        return client.post(at("row-decide", project, decision.pk), data, headers=HTMX)

    return visit


PAGES: dict[str, Visit] = {
    "map": _get("map"),
    "list": _get("map", part=True),
    "filter": _get("map", "?kind=attribute&state=review", part=True),
    "search": _get("map", "?q=member", part=True),
    "inspector": _get("row", part=True, row=True),
    "row on its own page": _get("row", row=True),
    "bulk": _get("bulk-confirm", "?threshold=90"),
}
# The decision itself takes eight statements: two locks, the trail's chain, the row, the act, the entry.
ACTS = {"approve": 14, "reject": 12, "skip": 12}


@pytest.fixture
def sizes(db: None) -> Iterable[tuple[Client, Project, FieldDecision]]:
    """The same project small and large."""
    found = []
    for fields in (40, 400):
        project, engineer = make_project(f"sizes-{fields}", fields)
        client = Client()
        client.force_login(engineer)
        decision = project.map_versions.get().decisions.get(source_key="attribute:member_city")
        found.append((client, project, decision))
    return found


def _count(visit: Visit, client: Client, project: Project, decision: FieldDecision) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert visit(client, project, decision).status_code == 200
    return len(queries_in(captured))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_at_most_twelve_queries_however_many_rows(name: str, sizes: Any) -> None:
    few, many = [_count(PAGES[name], *size) for size in sizes]
    assert few == many <= MOST


@pytest.mark.parametrize("name", ACTS)
def test_a_decision_asks_as_much_for_few_rows_as_for_many(name: str, sizes: Any) -> None:
    few, many = [_count(_decide(name), *size) for size in sizes]
    # One statement of each count asks, for this test, which version the row has.
    assert few - 1 == many - 1 <= ACTS[name]
