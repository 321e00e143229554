"""The gate of the open cases on its page: what is open, what is held back, and who lets runs go on without it."""

import re

import pytest

from migrator.choices import PhaseState, RunState
from migrator.models import Run
from reconciliation import queries
from tests import factories_reconciliation as cases
from tests.factories_views import PLAN, REPORT, phase, planned_run

REASON = "The sales team wants the others first."


def text_of(answer):
    """What a person reads, with one space between words."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


HELD = {"profiles": 12, "events": 30, "cases": 9, "kinds": {"no-email": 9}, "waiver": 1}


@pytest.fixture
def open_cases(ready):
    cases.make_item(ready, cases.no_email("p-1"))
    cases.make_item(ready, cases.rare_tag())
    return ready


def test_the_gate_says_what_is_open_and_what_becomes_of_it(page, open_cases, url):
    text = text_of(page.get(url("run-new")))
    assert "No email: 1 1 profile, 14 events. Left open: The profile is held back and not written." in text
    assert "Rare tags: 1 3 profiles, 0 events. Left open: The profiles are written without this tag." in text
    assert "Go on without 2 open cases" in text
    assert "Up to 1 profile held back" in text


def test_an_engineer_lets_the_run_go_on_and_takes_it_back(page, open_cases, url):
    assert page.post(url("run-new"), {"fidelity": "history"}).status_code == 403
    answer = page.post(url("waive"), {"reason": REASON, "expected": "2"}, follow=True)
    assert "Runs go on without 2 open cases, until another one opens." in text_of(answer)
    assert REASON in text_of(answer)
    assert page.post(url("run-new"), {"fidelity": "history"}).status_code == 302
    page.post(url("unwaive"))
    assert queries.standing_waiver(open_cases) is None


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"reason": REASON, "expected": "7"}, "2 cases are open now, not 7."),
        ({"reason": " ", "expected": "2"}, "Say why the run can go on without these cases."),
        ({"reason": REASON, "expected": "-1"}, "The form is not one of ours."),
        ({"reason": REASON}, "The form is not one of ours."),
        ({"reason": "x" * 501, "expected": "2"}, "Write the reason in 500 characters or fewer"),
    ],
)
def test_what_cannot_be_taken_gets_one_sentence_and_changes_nothing(page, open_cases, url, form, sentence):
    answer = page.post(url("waive"), form)
    assert answer.status_code in (403, 409)
    assert sentence in text_of(answer)
    assert not open_cases.waivers.exists()


def test_who_may_only_look_sees_no_button_and_is_refused(viewer, open_cases, url):
    assert "An engineer or the owner can let a run go on without them." in text_of(viewer.get(url("run-new")))
    assert viewer.post(url("waive"), {"reason": REASON, "expected": "2"}).status_code == 403
    assert not open_cases.waivers.exists()


def test_a_stranger_learns_nothing(stranger, open_cases, url):
    assert stranger.post(url("waive"), {"reason": REASON, "expected": "2"}).status_code == 404
    assert stranger.post(url("unwaive")).status_code == 404


def test_a_settled_queue_shows_no_such_card(page, ready, url):
    assert "Open cases" not in text_of(page.get(url("run-new")))


def test_the_plan_says_what_it_holds_back_and_links_to_it(page, project, url):
    run = planned_run(project, plan=PLAN | {"held_back": HELD})
    answer = page.get(url("run", run.pk))
    assert "12 profiles held back by 9 open cases. 30 events stay with them." in text_of(answer)
    assert f"{url('run-records', run.pk)}?kind=person&amp;state=held" in answer.content.decode()


def test_the_report_says_it_too(page, project, url):
    run = planned_run(project, plan=PLAN | {"held_back": HELD})
    phase(run, "persons", PhaseState.DONE, report=REPORT)
    Run.objects.filter(pk=run.pk).update(state=RunState.FINISHED)
    assert "12 profiles held back by 9 open cases." in text_of(page.get(url("run-report", run.pk)))


def test_a_plan_that_holds_nothing_back_says_nothing_of_it(page, project, url):
    assert "held back by" not in text_of(page.get(url("run", planned_run(project).pk)))
