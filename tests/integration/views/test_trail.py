"""The trail as a table, its integrity line, and the same as a file."""

import json

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from migrator import trail
from migrator.models import TrailEntry
from tests.integration.views.conftest import HTMX
from tests.integration.views.test_runs import text_of


@pytest.fixture(autouse=True)
def fresh():
    cache.clear()


def entries(project, actor, count):
    return [trail.append(project, actor, "try", "thing", n, f"Tried thing {n}.") for n in range(count)]


def test_a_trail_says_how_far_its_chain_holds(page, project, engineer, url):
    entries(project, engineer, 3)
    text = text_of(page.get(url("trail")))
    assert "Chain verified to entry 3." in text
    assert text.index("Tried thing 2.") < text.index("Tried thing 0.")


def test_a_tampered_entry_is_named(page, project, engineer, url):
    entries(project, engineer, 3)
    TrailEntry.objects.filter(seq=2).update(sentence="Tried nothing.")
    text = text_of(page.get(url("trail")))
    assert "The chain is broken" in text
    assert "Entry 2 does not follow from the one before it." in text
    assert "Chain verified" not in text


def test_it_filters_by_person_and_object(page, project, engineer, url):
    entries(project, engineer, 1)
    trail.append(project, None, "make", "plan", 1, "Made a plan.")
    assert "Made a plan." not in text_of(page.get(url("trail"), {"who": "Erik Dahl"}))
    assert "Tried thing 0." not in text_of(page.get(url("trail"), {"on": "plan"}))
    assert "No entry matches" in text_of(page.get(url("trail"), {"on": "nothing"}))


def test_it_pages_by_number_and_keeps_its_filters(page, project, engineer, url):
    entries(project, engineer, 55)
    first = page.get(url("trail"), {"on": "thing"}).content.decode()
    assert "?on=thing&amp;before=6" in first
    second = page.get(url("trail"), {"on": "thing", "before": "6"}, headers=HTMX)
    assert b"<html" not in second.content
    assert "Tried thing 4." in text_of(second)
    assert "Tried thing 5." not in text_of(second)


def test_the_file_holds_every_entry_with_its_seal(page, project, engineer, url):
    made = entries(project, engineer, 3)
    answer = page.get(url("trail-export"))
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [line["hash"] for line in lines] == [entry.hash for entry in made]
    assert lines[1]["prev_hash"] == lines[0]["hash"]


def test_a_page_of_the_trail_costs_the_same_however_long_it_is(page, project, engineer, url):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            page.get(url("trail"))
        return len(seen)

    entries(project, engineer, 2)
    before = cost()
    entries(project, engineer, 30)
    assert cost() == before
