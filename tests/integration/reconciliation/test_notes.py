"""Notes beside a case: added once, never changed, and no part of the trail."""

from uuid import uuid4

import pytest

from migrator.choices import Role
from migrator.engine.errors import RefusedError
from migrator.models import TrailEntry
from reconciliation import notes
from reconciliation.arguments import InvalidDecisionError
from reconciliation.models import Note
from tests import factories_reconciliation as made

pytestmark = pytest.mark.django_db


def test_a_note_is_kept_with_its_lines_and_its_author(project, sofia):
    item = made.make_item(project)
    note = notes.add(item, sofia, "  Ask Karin  \nabout Astrid\n", uuid4())
    assert (note.text, note.author, item.notes.get()) == ("Ask Karin\nabout Astrid", sofia, note)


def test_the_trail_says_that_there_is_one_and_not_what_it_says(project, sofia):
    notes.add(made.make_item(project), sofia, "Ask Karin", uuid4())
    entry = TrailEntry.objects.get(verb="note")
    assert "Karin" not in f"{entry.sentence}{entry.data}"


def test_the_same_request_again_adds_nothing(project, sofia):
    item, key = made.make_item(project), uuid4()
    assert notes.add(item, sofia, "Once", key) == notes.add(item, sofia, "Once", key)
    assert Note.objects.count() == TrailEntry.objects.filter(verb="note").count() == 1


def test_a_key_of_another_note_is_refused(project, sofia, erik):
    item, key = made.make_item(project), uuid4()
    notes.add(item, sofia, "Mine", key)
    for other, user in ((made.make_item(project), sofia), (item, erik)):
        with pytest.raises(InvalidDecisionError, match="another note"):
            notes.add(other, user, "Forged", key)


@pytest.mark.parametrize(
    "text", ["", " \n ", "x" * 2001, "bell \a"], ids=["none", "blank", "long", "control"]
)
def test_text_that_is_none_is_not_taken(project, sofia, text):
    with pytest.raises(InvalidDecisionError) as problem:
        notes.add(made.make_item(project), sofia, text, uuid4())
    assert problem.value.field == "text"
    assert not Note.objects.exists()


def test_it_needs_a_role_that_decides(project):
    with pytest.raises(RefusedError):
        notes.add(made.make_item(project), made.make_member(project, Role.VIEWER), "Hello", uuid4())
