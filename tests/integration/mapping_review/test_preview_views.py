"""Previews on pages: on the row's sheet, for a rule that is being tried, all values; with htmx and without."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mapping_review import measuring
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion, MeasuredPreview
from migrator import staging
from migrator.choices import Role
from migrator.engine.canonical import canonical_json
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.models import Project
from tests import factories_mapping_review as made

HTMX = {"HX-Request": "true"}
SHOES = made.attribute("Shoe size", *["42", "43", "41,5"] * 20, "L", "12:30", times=3)
LEVEL = made.attribute("Level", "Guld", "Silver", "guld", times=30)
CONFLICT = made.attribute_in({"s1": ["0412", "0087"], "s2": [412, 87]}, "Store no")
LEVELS = TargetField(TargetObject.PERSON, "Level", FieldType.ENUM, True, options=("Guld",))


@pytest.fixture
def version(project: Project) -> MapVersion:
    fields = [SHOES, LEVEL, CONFLICT, *made.consent_fields()]
    return made.make_map(project, fields, [LEVELS])


@pytest.fixture
def page(erik: Any) -> Client:
    client = Client()
    client.force_login(erik)
    return client


def at(name: str, row: FieldDecision, *args: Any) -> str:
    return reverse(f"mapping_review:{name}", args=[row.version.project.slug, row.pk, *args])


def tried(row: FieldDecision, **data: Any) -> dict[str, Any]:
    whole = {
        "expected_version": row.lock_version, "client_key": uuid4(), "destination": "new:person",
        "name": "Shoe size", "type": "double", "transform": "number", "update_mode": "if_empty",
    }  # fmt: skip
    return whole | data


def row_of(version: MapVersion, key: str = SHOES.key) -> FieldDecision:
    return made.row(version, key)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


# On the sheet


def test_the_sheet_counts_what_would_be_lost_over_all_values(page: Client, version: MapVersion) -> None:
    text = text_of(page.get(at("row", row_of(version))))
    assert "6 of 186 profiles would be empty." in text
    assert text.index("12:30") < text.index("41,5")


def test_the_sheet_says_where_nothing_was_counted(
    page: Client, version: MapVersion, project: Project
) -> None:
    project.discoveries.get().values.all().delete()
    MeasuredPreview.objects.all().delete()
    text = text_of(page.get(at("row", row_of(version))))
    assert "42" in text
    assert "not counted yet" in text


def test_an_alternative_says_what_it_loses_before_it_is_chosen(page: Client, version: MapVersion) -> None:
    row = row_of(version)
    assert row.proposed.alternatives
    assert "loses nothing" in text_of(page.get(at("row", row)))


def test_an_open_conflict_shows_what_each_way_out_would_lose(page: Client, version: MapVersion) -> None:
    text = text_of(page.get(at("row", row_of(version, CONFLICT.key))))
    assert "What each choice would lose" in text
    assert "Keep as number" in text
    assert "Split into one field for each type" in text


def test_options_are_compared_with_those_of_the_target(page: Client, version: MapVersion) -> None:
    text = text_of(page.get(at("row", row_of(version, LEVEL.key))))
    assert "1 of 2 options are in Pipedrive already, 1 would be added: Silver (30)." in text


def test_a_consent_shows_what_it_becomes(page: Client, version: MapVersion) -> None:
    text = text_of(page.get(at("row", row_of(version, "consent:email"))))
    assert "Opted in, in every Section and topic" in text


# Trying a rule


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["whole page", "part"])
def test_another_rule_can_be_tried_before_it_is_chosen(
    headers: dict[str, str], page: Client, version: MapVersion
) -> None:
    row = row_of(version)
    answer = page.post(at("row-try", row), tried(row, transform="date", type="date"), headers=headers)
    assert answer.status_code == 200
    assert "186 of 186 profiles would be empty." in text_of(answer)
    assert ("<html" in text_of(answer)) is not bool(headers)


def test_trying_decides_nothing(page: Client, version: MapVersion) -> None:
    row = row_of(version)
    page.post(at("row-try", row), tried(row))
    row.refresh_from_db()
    assert (row.state, row.lock_version, DecisionEvent.objects.count()) == ("proposed", 0, 0)


def test_what_was_tried_can_be_approved_from_the_page(page: Client, version: MapVersion) -> None:
    row = row_of(version)
    text = text_of(page.post(at("row-try", row), tried(row, name="Shoe number")))
    assert 'value="Shoe number"' in text
    assert at("row-edit", row) in text


def test_a_rule_that_cannot_work_says_why_and_counts_nothing(page: Client, version: MapVersion) -> None:
    row, before = row_of(version), MeasuredPreview.objects.count()
    answer = page.post(at("row-try", row), tried(row, transform="phone"), headers=HTMX)
    assert answer.status_code == 422
    assert "gives no value that this type of field can hold" in text_of(answer)
    assert MeasuredPreview.objects.count() == before


def test_an_auditor_may_look_and_is_offered_no_approval(project: Project, version: MapVersion) -> None:
    client, row = Client(), row_of(version)
    client.force_login(made.make_member(project, Role.AUDITOR, "Aina"))
    text = text_of(client.post(at("row-try", row), tried(row)))
    assert "What this would do" in text
    assert at("row-edit", row) not in text


@pytest.mark.parametrize(("name", "args"), [("row-try", ()), ("row-values", ("a" * 64,))])
def test_whoever_is_not_a_member_finds_nothing(name: str, args: tuple[str, ...], version: MapVersion) -> None:
    client = Client()
    client.force_login(made.make_member(made.make_project()))
    url = at(name, row_of(version), *args)
    assert (client.post(url) if name == "row-try" else client.get(url)).status_code == 404


def test_a_count_that_goes_on_asks_for_itself_until_it_is_whole(
    page: Client, version: MapVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "BATCH", 2)
    monkeypatch.setattr(measuring, "AT_ONCE", 2)
    row = row_of(version)
    text = text_of(
        page.post(at("row-try", row), tried(row, transform="money", type="monetary"), headers=HTMX)
    )
    assert "Counting: 2 of about 5 different values so far." in text
    assert 'hx-trigger="every 2s"' in text
    (pk, _), url = measuring.open_counts()[0], text.partition('hx-get="')[2].partition('"')[0]
    while measuring.count_batch(pk):
        pass
    text = text_of(page.get(url, headers=HTMX))
    assert "hx-trigger" not in text
    assert "6 of 186 profiles would be empty." in text


# All values


def sha_of(row: FieldDecision) -> str:
    return measuring.rule_sha(row.proposed.rule)


def many(project: Project, row: FieldDecision, count: int) -> str:
    """So many values that a page holds a part of them; every tenth is no number."""
    values = {
        canonical_json(f"x{n}" if n % 10 == 0 else f"{n}"): (1, "p1") for n in range(1_000, 1_000 + count)
    }
    discovery = project.discoveries.get()
    discovery.values.all().delete()
    staging.store_values(discovery, {row.proposed.rule.sources[0]: values})
    MeasuredPreview.objects.all().delete()
    measuring.measure(project, row.source_key, row.proposed.rule)
    return at("row-values", row, sha_of(row))


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["whole page", "part"])
def test_all_values_come_failures_first(headers: dict[str, str], page: Client, version: MapVersion) -> None:
    row = row_of(version)
    text = text_of(page.get(at("row-values", row, sha_of(row)), headers=headers))
    assert text.index("12:30") < text.index("41,5")
    assert ("<html" in text) is not bool(headers)


def test_a_count_that_several_rules_share_is_named_as_the_rows_own(page: Client, version: MapVersion) -> None:
    row = row_of(version)
    sha = sha_of(row)
    other = replace(row.proposed.rule, field="Somewhere else")
    MeasuredPreview.objects.filter(source_key=row.source_key, rule_sha=sha).update(rule=other.to_json())
    text = text_of(page.get(at("row-values", row, sha)))
    assert row.proposed.rule.field in text
    assert "Somewhere else" not in text


def test_values_are_paged_by_a_hundred(page: Client, version: MapVersion, project: Project) -> None:
    url = many(project, row_of(version), 250)
    text = text_of(page.get(url))
    assert "1 to 100 of 250 values" in text
    assert "?start=100" in text
    assert "201 to 250 of 250 values" in text_of(page.get(f"{url}?start=200"))


def test_only_the_failures_can_be_shown(page: Client, version: MapVersion, project: Project) -> None:
    url = many(project, row_of(version), 250)
    text = text_of(page.get(f"{url}?show=emptied"))
    assert "1 to 25 of 25 values" in text
    assert "x1000" in text
    assert ">1001<" not in text


def test_a_field_with_very_many_values_is_walked_and_misses_none(
    page: Client, version: MapVersion, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mapping_review.values.SORTED_UP_TO", 10)
    monkeypatch.setattr("mapping_review.values.LOOKED_AT", 60)
    url = many(project, row_of(version), 250)
    seen: list[str] = []
    where = "?"
    for _ in range(20):
        answer = page.get(url + where)
        seen += [line.before for line in answer.context["lines"]]
        where = answer.context["pager"]["next_url"]
        if not where:
            break
    assert len(seen) == len(set(seen)) == 250
    assert {value[0] for value in seen[:25]} == {"x"}


@pytest.mark.parametrize(
    "query", ["?start=x", "?after=nonsense", "?after=kept:zz", "?show=other", "?start=99999"]
)
def test_an_address_that_was_tampered_with_shows_a_page(
    query: str, page: Client, version: MapVersion
) -> None:
    row = row_of(version)
    assert page.get(at("row-values", row, sha_of(row)) + query).status_code == 200


def test_a_count_that_nobody_asked_for_is_not_found(page: Client, version: MapVersion) -> None:
    assert page.get(at("row-values", row_of(version), "f" * 64)).status_code == 404


def test_values_are_text_and_nothing_else(page: Client, version: MapVersion, project: Project) -> None:
    row = row_of(version)
    field = replace(SHOES.variants[0], top=(("<script>alert(1)</script>", 3),))
    staging.store_values(
        project.discoveries.get(),
        {row.proposed.rule.sources[0]: {canonical_json(field.top[0][0]): (3, "p1")}},
    )
    MeasuredPreview.objects.all().delete()
    measuring.measure(project, row.source_key, row.proposed.rule)
    text = text_of(page.get(at("row-values", row, sha_of(row))))
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert(1)" not in text


def test_the_sheet_asks_for_counts_once_however_many_alternatives(page: Client, version: MapVersion) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page.get(at("row", row_of(version)), headers=HTMX)
    assert sum("measuredpreview" in query["sql"] for query in asked) == 1
