"""A pasted list of names and emails: which case each line is about, and that it decides what was shown."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from migrator.choices import Role
from migrator.engine.cases import Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project
from reconciliation import pasted, services
from reconciliation.choices import ItemState
from reconciliation.models import QueueImport, ReviewItem
from tests import factories_reconciliation as made


@pytest.fixture
def kjetil(project: Project) -> ReviewItem:
    return made.make_item(project, made.no_email("a723360CA47b", name="Kjetil Anders Øverland"))


def told(project: Project, text: str) -> list[tuple[str, int, str]]:
    """(place, case, email or why not) of each line."""
    found = pasted.entered_in_list(text, project)
    taken = [(line.ref(), line.id, line.value) for line in found.lines]
    return sorted([*taken, *((row.cell, row.id, row.sentence) for row in found.rejected)])


@pytest.mark.parametrize(
    "line",
    [
        "Kjetil Anders Øverland\tkjetil@firma.no",
        "kjetil anders  øverland; kjetil@firma.no",
        "Øverland, Kjetil Anders, kjetil@firma.no",
        "Kjetil Anders Øverland <kjetil@firma.no>",
        "Kjetil Anders Øverland kjetil@firma.no",
        'kjetil@firma.no\t"Kjetil Anders Øverland"',
        "a723360ca47b\tkjetil@firma.no\tkjetil@firma.no",
    ],
)
def test_a_line_may_be_written_as_people_write_it(project: Project, kjetil: ReviewItem, line: str) -> None:
    assert told(project, f"Name\tEmail\n\n{line}\n") == [("Line 3", kjetil.pk, "kjetil@firma.no")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Kjetil Anders Øverland", pasted.NO_ADDRESS),
        ("Kjetil Anders Øverland\ta@firma.no\tb@firma.no", pasted.TWO_ADDRESSES),
        ("kjetil@firma.no", pasted.NOBODY),
        ("Kari Nordmann\tkari@firma.no", pasted.UNKNOWN),
    ],
)
def test_a_line_that_names_no_case_is_rejected_with_its_number(
    project: Project, kjetil: ReviewItem, line: str, why: str
) -> None:
    assert told(project, f"a723360CA47b\tkjetil@firma.no\n{line}") == [
        ("Line 1", kjetil.pk, "kjetil@firma.no"),
        ("Line 2", 0, why),
    ]


def test_a_name_of_two_cases_is_nobodys(project: Project, kjetil: ReviewItem) -> None:
    made.make_item(project, made.no_email("b1", name=kjetil.title))
    assert told(project, f"{kjetil.title}\tkjetil@firma.no") == [
        ("Line 1", 0, "2 cases are called so. Put the profile ID in place of the name.")
    ]


def test_two_lines_for_one_case_leave_the_first(project: Project, kjetil: ReviewItem) -> None:
    text = f"{kjetil.key}\tkjetil@firma.no\n{kjetil.title}\tk.o@firma.no"
    assert told(project, text) == [
        ("Line 1", kjetil.pk, "kjetil@firma.no"),
        ("Line 2", kjetil.pk, "Line 1 is the same case. Remove one of the two lines."),
    ]


def test_a_case_of_another_project_or_one_that_is_decided_is_nobodys(
    project: Project, sofia: Any, kjetil: ReviewItem
) -> None:
    made.make_item(made.make_project("other"), made.no_email("x9", name="Kari Nordmann"))
    services.decide(kjetil.pk, Decide.NAME_ONLY, {}, user=sofia, expected_version=0, client_key=uuid4())
    text = "Kari Nordmann\tkari@firma.no\nKjetil Anders Øverland\tkjetil@firma.no"
    assert {why for _, _, why in told(project, text)} == {pasted.UNKNOWN}


@pytest.mark.parametrize(("text", "why"), [("  \n", pasted.EMPTY), ("a\n" * 2_001, pasted.TOO_MANY)])
def test_a_list_that_is_empty_or_endless_is_refused_whole(project: Project, text: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why[:20]):
        pasted.entered_in_list(text, project)


def post(project: Project, user: Any, text: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(
        reverse("reconciliation:workbook-paste", args=[project.slug]), {"text": text}, follow=True
    )


def test_what_is_shown_is_applied_and_a_broken_email_is_told(
    project: Project, sofia: Any, kjetil: ReviewItem
) -> None:
    kari = made.make_item(project, made.no_email("k2", name="Kari Nordmann"))
    page = post(
        project, sofia, f"{kjetil.title}\tkjetil@firma.no\n{kari.title}\tkari@@firma.no"
    ).content.decode()
    assert "1 changed" in page
    assert "1 rejected" in page
    assert "Line 2" in page
    kept = QueueImport.objects.get()
    client = Client()
    client.force_login(sofia)
    client.post(reverse("reconciliation:workbook-apply", args=[project.slug, kept.pk]))
    kjetil.refresh_from_db()
    kari.refresh_from_db()
    assert (kjetil.action, kjetil.args["email"]) == (Decide.SUPPLY_EMAIL, "kjetil@firma.no")
    assert kari.state == ItemState.OPEN


def test_somebody_who_may_not_decide_is_refused(project: Project, kjetil: ReviewItem) -> None:
    aino = made.make_member(project, Role.AUDITOR, "Aino")
    assert post(project, aino, f"{kjetil.title}\tkjetil@firma.no").status_code == 403
    assert not QueueImport.objects.exists()


def test_an_empty_list_is_told_where_it_was_pasted(project: Project, sofia: Any) -> None:
    answer = post(project, sofia, "")
    assert answer.status_code == 422
    assert pasted.EMPTY in answer.content.decode()
