"""The row-count reconciliation and the lists of records behind its numbers."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from migrator.choices import PhaseState, RunKind, RunState
from migrator.models import StagedProfile
from tests import factories as made
from tests.factories_views import PLAN, REPORT, operation, phase
from tests.integration.views.conftest import HTMX
from tests.integration.views.test_runs import text_of


@pytest.fixture
def run(project):
    run = made.run(
        project,
        state=RunState.FINISHED,
        plan=PLAN,
        plan_checksum="c" * 64,
        discovery=made.discovery(project),
    )
    phase(run, "persons", PhaseState.DONE, report=REPORT)
    phase(
        run,
        "deals",
        PhaseState.DONE,
        report=REPORT | dict.fromkeys(REPORT, 0) | {"kind": "deal", "balanced": True},
    )
    return run


def with_report(run, **values):
    run.phases.filter(name="persons").update(report=REPORT | values)


# The report


def test_a_balanced_run_says_where_every_row_went(page, run, url):
    text = text_of(page.get(url("run-report", run.pk)))
    assert (
        "Every row is accounted for: 2,401 profiles read = 2,301 created + 60 merged"
        " + 17 held back + 23 skipped by decision." in text
    )
    assert "Balanced" in text
    assert "Predicted: 11,555 tokens." in text


def test_a_kind_of_which_there_was_nothing_is_left_out(page, run, url):
    assert "Deals" not in text_of(page.get(url("run-report", run.pk)))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"missing": 3, "verified": 2298}, "Persons: 3 expected, not found."),
        ({"mismatched": 2}, "Persons: 2 differ from what was written."),
        ({"extra": 1}, "Persons: 1 too many."),
        ({"created": 2300}, "Persons: the sum of the buckets is not what was read."),
    ],
)
def test_a_run_that_does_not_balance_says_by_how_much(page, run, url, values, words):
    with_report(run, balanced=False, **values)
    text = text_of(page.get(url("run-report", run.pk)))
    assert "Not every row is accounted for." in text
    assert words in text
    assert "Every row is accounted for" not in text


def test_a_run_that_is_not_over_is_still_counting(page, run, url):
    type(run).objects.update(state=RunState.RUNNING)
    assert "Still counting." in text_of(page.get(url("run-report", run.pk)))


def test_every_number_leads_to_its_records(page, run, url):
    content = page.get(url("run-report", run.pk)).content.decode()
    for state in ("created", "merged", "held", "excluded"):
        assert f"{url('run-records', run.pk)}?kind=person&amp;state={state}" in content


def test_the_report_downloads_with_every_number(page, run, url):
    answer = page.get(url("run-report-json", run.pk))
    assert "attachment" in answer["Content-Disposition"]
    content = json.loads(answer.content)
    assert content["phases"][0]["report"] == REPORT
    assert content["plan_checksum"] == "c" * 64


def test_a_rollback_is_balanced_by_what_it_removed_and_restored(page, project, url, run):
    line = {
        "kind": "person", "source": 20, "planned": 15, "delete": 12, "restore": 3, "keep": 4, "gone": 1, "done": 15,
        "rejected": 0, "missing": 0, "mismatched": 0, "extra": 0, "verified": 15, "balanced": True, "reasons": [],
    }  # fmt: skip
    undoing = made.run(project, RunKind.ROLLBACK, RunState.FINISHED, of_run=run)
    phase(undoing, "persons", PhaseState.DONE, report=line)
    phase(undoing, "balance", PhaseState.DONE, report={"text": "Rolled back 15 records; kept 4."})
    text = text_of(page.get(url("run-report", undoing.pk)))
    assert "Rolled back 15 records; kept 4." in text
    assert "Removed Restored Kept Already gone Difference" in text


def test_a_run_without_a_counted_phase_says_so(page, project, url):
    run = made.run(project)
    assert "No phase was counted yet" in text_of(page.get(url("run-report", run.pk)))


# The records


@pytest.fixture
def records(run):
    operation(run, "p-held", "hold", "accounted", reason="Several Persons share this email.")
    operation(run, "p-skip", "exclude", "accounted", reason="Nothing is known.")
    operation(run, "p-done", target_id="88", verified=True)
    operation(run, "p-gone")
    operation(run, "p-rejected", state="rejected", reason="Phone is too long.")
    operation(run, "note-1", kind="note")
    StagedProfile.objects.create(
        discovery=run.discovery, source_key="p-held", raw={}, raw_sha="0", name="Astrid Holm"
    )
    return run


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({}, {"p-held", "p-skip", "p-done", "p-gone", "p-rejected", "note-1"}),
        ({"state": "held"}, {"p-held"}),
        ({"state": "excluded"}, {"p-skip"}),
        ({"state": "rejected"}, {"p-rejected"}),
        ({"state": "missing", "kind": "person"}, {"p-gone"}),
        ({"kind": "note"}, {"note-1"}),
        ({"reason": "Phone is too long."}, {"p-rejected"}),
        ({"kind": "person", "state": "nonsense"}, {"p-held", "p-skip", "p-done", "p-gone", "p-rejected"}),
    ],
)
def test_the_list_shows_what_it_was_asked_for(page, records, url, query, keys):
    text = page.get(url("run-records", records.pk), query).content.decode()
    every = {"p-held", "p-skip", "p-done", "p-gone", "p-rejected", "note-1"}
    assert {key for key in every if f">{key}</code>" in text} == keys


def test_a_record_says_who_it_is_and_why(page, records, url):
    text = text_of(page.get(url("run-records", records.pk), {"state": "held"}))
    assert "Astrid Holm p-held" in text
    assert "Several Persons share this email." in text


def test_nothing_found_offers_to_clear_the_filters(page, records, url):
    text = text_of(page.get(url("run-records", records.pk), {"state": "merged"}))
    assert "No record matches" in text
    assert "Clear filters" in text


def test_the_list_pages_by_key_and_keeps_its_filters(page, run, url):
    rows = [operation(run, f"k-{number:03}", "hold", "accounted") for number in range(60)]
    operation(run, "other", "exclude", "accounted")
    first = page.get(url("run-records", run.pk), {"state": "held"})
    following = f"?state=held&amp;after={rows[49].pk}"
    assert following in first.content.decode()
    second = page.get(url("run-records", run.pk) + following.replace("&amp;", "&"), headers=HTMX)
    text = second.content.decode()
    assert "<html" not in text
    shown = {key for key in ("k-049", "k-050", "k-059", "other") if f">{key}</code>" in text}
    assert shown == {"k-050", "k-059"}


def test_a_page_of_records_costs_the_same_however_long_it_is(page, run, url):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            page.get(url("run-records", run.pk))
        return len(seen)

    operation(run, "k-0", "hold", "accounted")
    before = cost()
    for number in range(1, 30):
        operation(run, f"k-{number}", "hold", "accounted")
    assert cost() == before
