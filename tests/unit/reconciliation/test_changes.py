"""What changed in a case, said with its values."""

import pytest

from reconciliation.changes import LONGEST, said
from tests import factories_reconciliation as made

BASE = made.no_email("p").evidence


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"event_count": 1400}, {"event_count": 20}, "events: 1,400 → 20"),
        ({"company": ""}, {"company": "Fjell AS"}, "company: none → Fjell AS"),
        ({"open_deal": False}, {"open_deal": True}, "open deal: no → yes"),
        ({"last_event": "2026-03-12T08:00:00+00:00"}, {"last_event": ""}, "last event: 2026-03-12 → none"),
        ({"tags": ["a", "b"]}, {"tags": ["b", "c", "d", "e"]}, "tags: added c and d and 1 more, without a"),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, "tags: in another order"),
        ({"members": [made.member("a")]}, {"members": []}, "profiles: 1 → 0"),
        (
            {"members": [made.member("a")]},
            {"members": [made.member("a", phone="+47 1")]},
            "Karin Holm (phone: none → +47 1)",
        ),
        ({"members": [made.member("a")]}, {"members": [made.member("b")]}, "profiles: others than before"),
        ({}, {"new_fact": 1}, "new fact: none → 1"),
    ],
    ids=["number", "filled", "yes", "date", "list", "order", "rows", "a row", "other rows", "new"],
)
def test_it_names_the_values(before, after, words):
    assert said({**BASE, **before}, {**BASE, **after}) == f"Changed since it was decided: {words}."


def test_it_is_never_longer_than_its_column():
    after = {f"field_{n}": "x" * 500 for n in range(50)}
    assert len(said({}, after)) == LONGEST
    assert len(said({}, after, earlier="y" * 300)) == LONGEST


def test_no_change_says_what_was_said_before():
    assert said(BASE, BASE, earlier="As before.") == "As before."
