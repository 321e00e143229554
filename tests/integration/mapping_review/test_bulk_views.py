"""The bulk approval's pages, with and without htmx: shown first, opened row by row, then approved."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mapping_review import services
from mapping_review.choices import RowState
from mapping_review.models import MapVersion, MeasuredPreview
from migrator.choices import Role
from migrator.models import Project
from tests import factories_mapping_review as made

HTMX = {"HX-Request": "true"}
SHOES = "attribute:shoe_size"


@pytest.fixture
def version(project: Project) -> MapVersion:
    names = [made.attribute(f"Shoe size {n}", "42", "41,5") for n in range(12)]
    conflict = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
    return made.make_map(project, [*made.FIELDS, *names, conflict, *made.consent_fields()])


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def at(name: str, project: Project, *args: Any) -> str:
    return reverse(f"mapping_review:{name}", args=[project.slug, *args])


def shown(page: Client, address: str, **headers: Any) -> str:
    return page.get(address, **headers).content.decode()


def to_open(text: str) -> list[str]:
    """The addresses behind the buttons of the drawn rows that are not opened yet."""
    return [unescape(each) for each in re.findall(r'class="btn small pri" href="([^"]+)"', text)]


def form_of(text: str) -> dict[str, Any]:
    """What the page's own form carries."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text):
        fields.setdefault(name, []).append(unescape(value))
    return fields


def next_page(text: str) -> str:
    """Where "Looked at" leads, with what its form carries."""
    action = re.search(r'<form class="form" method="get" action="([^"]+)"', text)
    assert action is not None
    marks = form_of(text)["mark"]
    return f"{unescape(action[1])}?threshold=50&" + "&".join(f"mark={mark}" for mark in marks)


def open_all(page: Client, project: Project) -> str:
    """Walk through the drawn rows as a person does; the last button leads back to the list."""
    text = shown(page, f"{at('bulk-confirm', project)}?threshold=50")
    address = to_open(text)[0]
    for _ in range(5):
        address = next_page(shown(page, address))
    return shown(page, address)


# What is shown


def test_it_says_what_is_kept_back_and_why(version: MapVersion, project: Project, page: Client) -> None:
    MeasuredPreview.objects.filter(source_key=SHOES).delete()
    text = shown(page, f"{at('bulk-confirm', project)}?threshold=50")
    kept = {why: int(n) for n, why in re.findall(r'<b class="num">(\d+)</b> <span>([^<]+)</span>', text)}
    consents = version.decisions.filter(kind__in=("consent", "channel")).count()
    assert kept["Not counted over all values yet"] == 1
    assert kept["Consent always stays with a person"] == consents > 0
    assert "Store no" in text
    assert version.decisions.exclude(state=RowState.PROPOSED).count() == 0


def test_the_approval_waits_for_the_drawn_rows(version: MapVersion, project: Project, page: Client) -> None:
    text = shown(page, f"{at('bulk-confirm', project)}?threshold=50")
    assert len(to_open(text)) == 5
    assert "Open the drawn rows first: 5 are left." in text
    assert 'aria-disabled="true"' in text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_a_drawn_row_is_shown_whole(
    headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    address = to_open(shown(page, f"{at('bulk-confirm', project)}?threshold=50"))[0]
    text = shown(page, address, headers=headers)
    for words in ("Drawn row", "Why this proposal", "Looked at, next one", "Decide it on its own"):
        assert words in text
    assert ("<html" in text) is not bool(headers)


def test_each_opened_row_is_ticked_and_the_last_one_frees_the_button(
    version: MapVersion, project: Project, page: Client
) -> None:
    address = to_open(shown(page, f"{at('bulk-confirm', project)}?threshold=50"))[0]
    marks = re.search(r"\?.*", next_page(shown(page, address)))
    assert marks is not None
    text = shown(page, at("bulk-confirm", project) + marks[0])
    assert (len(to_open(text)), text.count("Looked at")) == (4, 1)
    text = open_all(page, project)
    assert (to_open(text), "All opened" in text) == ([], True)
    assert 'aria-disabled="true"' not in text[text.index('id="bulk-rows"') :]


def test_opening_a_row_writes_nothing(version: MapVersion, project: Project, page: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        open_all(page, project)
    assert not [q["sql"] for q in captured if re.match(r"(insert|update|delete)", q["sql"], re.I)]


def test_a_row_that_was_not_drawn_leads_back_to_the_list(
    version: MapVersion, project: Project, page: Client
) -> None:
    row = made.row(version, "attribute:store_no")
    answer = page.get(f"{at('bulk-look', project, row.pk)}?threshold=50")
    assert (answer.status_code, answer["Location"].startswith(at("bulk-confirm", project))) == (302, True)


def test_nothing_qualifies_is_said(version: MapVersion, project: Project, page: Client) -> None:
    version.decisions.update(confidence=0.5)
    assert "No field qualifies" in shown(page, f"{at('bulk-confirm', project)}?threshold=100")


@pytest.mark.parametrize("data", [{"threshold": 20}, {"threshold": "x"}, {}])
def test_a_threshold_out_of_range_is_422(
    data: dict[str, Any], version: MapVersion, project: Project, page: Client
) -> None:
    assert page.get(at("bulk-confirm", project), data).status_code == 422


@pytest.mark.parametrize("name", ["bulk-confirm", "bulk-look"])
def test_other_roles_are_refused(name: str, version: MapVersion, project: Project, sofia: Any) -> None:
    client = Client()
    client.force_login(sofia)
    args = [version.decisions.values_list("pk", flat=True)[0]] if name == "bulk-look" else []
    answer = client.get(at(name, project, *args), {"threshold": 90})
    assert (answer.status_code, "only engineer or owner" in answer.content.decode()) == (403, True)


def test_the_page_takes_as_many_queries_for_many_rows_as_for_few(project: Project, page: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page.get(at("bulk-confirm", project), {"threshold": 50})
        return len(captured)

    made.make_map(project)
    few = queries()
    made.make_map(project, [made.attribute(f"Shoe size {n}", "42", "41,5") for n in range(60)])
    assert queries() == few


# The approval


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_what_was_opened_and_shown_is_approved(
    headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    sent = form_of(open_all(page, project))
    answer = page.post(at("bulk-approve", project), sent, headers=headers)
    assert answer.status_code == (204 if headers else 302)
    approved = set(version.decisions.filter(bulk=True).values_list("source_key", flat=True))
    assert {"attribute:shoe_size_3", "attribute:email"} <= approved
    assert not any(key.startswith("consent:") for key in approved)
    assert "1 of them comes back as a second look" in shown(page, at("map", project))


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_without_all_marks_the_page_comes_back_with_the_sentence_and_what_was_opened(
    headers: dict[str, str], version: MapVersion, project: Project, page: Client
) -> None:
    sent = form_of(open_all(page, project))
    sent["mark"] = sent["mark"][:3]
    answer = page.post(at("bulk-approve", project), sent, headers=headers)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "2 drawn rows are not looked at yet. Nothing was approved." in text
    assert (len(to_open(text)), form_of(text)["mark"], "<html" in text) == (2, sent["mark"], not headers)
    assert not version.decisions.filter(bulk=True).exists()


def test_the_old_tick_is_not_enough(version: MapVersion, project: Project, page: Client) -> None:
    rows = ",".join(f"{pk}:0" for pk in version.decisions.values_list("pk", flat=True))
    data = {"threshold": 50, "rows": rows, "client_key": uuid4(), "looked": "on", "mark": ["yes"] * 5}
    assert page.post(at("bulk-approve", project), data).status_code == 422
    assert not version.decisions.filter(bulk=True).exists()


@pytest.mark.parametrize("rows", ["drop table", "1:2:3", "x:1"])
def test_a_foreign_list_of_rows_is_422(
    rows: str, version: MapVersion, project: Project, page: Client
) -> None:
    data = {"threshold": 95, "rows": rows, "client_key": uuid4()}
    assert page.post(at("bulk-approve", project), data).status_code == 422


def test_a_row_decided_meanwhile_is_left_alone_and_said(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    text = open_all(page, project)
    drawn = re.findall(r'<b>([^<]+)</b> <span class="mut">', text)
    other = next(row for row in version.decisions.filter(name__startswith="Shoe") if row.name not in drawn)
    services.reject(other.pk, **made.act(other, made.make_member(project, Role.OWNER, "Olga")))
    assert page.post(at("bulk-approve", project), form_of(text)).status_code == 302
    other.refresh_from_db()
    assert other.state == RowState.REJECTED
    assert "1 changed meanwhile" in shown(page, at("map", project))


def test_a_bulk_approval_can_be_undone(
    version: MapVersion, project: Project, page: Client, erik: Any
) -> None:
    batch = made.approve_in_bulk(version, 0.95, erik)
    address = at("undo-batch", project, version.number, batch.key)
    assert f'action="{address}"' in shown(page, at("map", project))
    assert page.post(address, {"client_key": uuid4()}).status_code == 302
    assert not version.decisions.exclude(state=RowState.PROPOSED).exists()
