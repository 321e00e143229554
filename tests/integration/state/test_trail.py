"""The trail: every entry follows from the one before it, and no tampering stays unseen."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from migrator import trail
from migrator.models import Project, TrailEntry
from tests import factories as made

pytestmark = pytest.mark.django_db


def write(project: Project, count: int = 4) -> list[TrailEntry]:
    user = made.user(project)
    return [
        trail.append(project, user, "decide", "item", n, f"Decided item {n}.", {"count": n})
        for n in range(count)
    ]


def entry(project: Project, seq: int) -> Any:
    return TrailEntry.objects.filter(project=project, seq=seq)


def test_an_entry_says_who_did_what(project: Project) -> None:
    user = made.user(project, name="Erik Dahl")
    written = trail.append(project, user, "approve", "plan", 7, "Approved plan 7.", {"checksum": "abc"})
    stored = TrailEntry.objects.get(pk=written.pk)
    assert (stored.seq, stored.actor, stored.actor_label, stored.object_id) == (1, user, "Erik Dahl", "7")
    assert (stored.sentence, stored.data, stored.prev_hash) == (
        "Approved plan 7.",
        {"checksum": "abc"},
        trail.GENESIS,
    )


def test_what_crosswalk_did_itself_says_so(project: Project) -> None:
    assert trail.append(project, None, "finish", "run", 1, "Finished.").actor_label == "Crosswalk"


def test_somebody_without_a_name_is_named_by_their_sign_in(project: Project) -> None:
    user = made.user(project, name="")
    assert trail.append(project, user, "start", "run", 1, "Started.").actor_label == user.get_username()


def test_a_very_long_name_fails_no_act(project: Project) -> None:
    user = made.user(project)
    user.first_name, user.last_name = "a" * 150, "b" * 150
    assert len(trail.append(project, user, "start", "run", 1, "Started.").actor_label) == 150


def test_each_entry_follows_the_one_before_it(project: Project) -> None:
    entries = write(project)
    assert [e.seq for e in entries] == [1, 2, 3, 4]
    assert [e.prev_hash for e in entries] == [trail.GENESIS, *(e.hash for e in entries[:-1])]
    assert trail.first_break(project) is None


def test_projects_have_chains_of_their_own(project: Project) -> None:
    other = made.project()
    write(project)
    assert [e.seq for e in write(other, 2)] == [1, 2]
    entry(project, 2).update(sentence="Nothing happened.")
    assert (trail.first_break(project), trail.first_break(other)) == (2, None)


def test_an_empty_chain_holds(project: Project) -> None:
    assert trail.first_break(project) is None


STORABLE: dict[str, Any] = {
    "figures": {"whole": 7, "part": 0.1, "small": 1e-7, "negative": -3.5, "large": 10**15},
    "words": {"ö": "Åsa", "nested": [{"b": None}, {"a": [True, False]}]},
    "numbers as keys": {10: "ten", 9: "nine"},
    "nothing": None,
}


@pytest.mark.parametrize("data", STORABLE.values(), ids=STORABLE)
def test_the_chain_holds_after_the_database_gave_it_back(project: Project, data: Any) -> None:
    trail.append(project, None, "note", "item", 1, "Noted.", data)
    assert trail.first_break(project) is None


@pytest.mark.parametrize(
    "change",
    [
        {"sentence": "Nothing happened."},
        {"actor_label": "Somebody Else"},
        {"verb": "view"},
        {"object_kind": "map"},
        {"object_id": "99"},
        {"data": {"count": 99}},
        {"at": made.NOON},
        {"hash": "0" * 64},
        {"prev_hash": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_edit_is_detected(project: Project, change: dict[str, Any]) -> None:
    write(project)
    entry(project, 3).update(**change)
    assert trail.first_break(project) == 3


def _delete_first(project: Project) -> None:
    entry(project, 1).delete()


def _delete_middle(project: Project) -> None:
    entry(project, 2).delete()


def _delete_and_renumber(project: Project) -> None:
    entry(project, 2).delete()
    for seq in (3, 4):
        entry(project, seq).update(seq=F("seq") - 1)


def _swap(project: Project) -> None:
    for before, after in [(2, 9), (3, 2), (9, 3)]:
        entry(project, before).update(seq=after)


def _swap_content(project: Project) -> None:
    second, third = entry(project, 2).get(), entry(project, 3).get()
    entry(project, 2).update(
        sentence=third.sentence, data=third.data, object_id=third.object_id, hash=third.hash
    )
    entry(project, 3).update(
        sentence=second.sentence, data=second.data, object_id=second.object_id, hash=second.hash
    )


def _insert(project: Project) -> None:
    for seq in (4, 3, 2):
        entry(project, seq).update(seq=F("seq") + 1)
    first = entry(project, 1).get()
    forged = TrailEntry(
        project=project, seq=2, at=first.at, actor_label="X", verb="x", object_kind="x", object_id="1",
        sentence="Forged.", data={}, prev_hash=first.hash,
    )  # fmt: skip
    forged.hash = trail.entry_hash(forged)
    forged.save()


def _copy(project: Project) -> None:
    last = entry(project, 4).get()
    last.pk, last.seq = None, 5
    last.save(force_insert=True)


def _sealed_anew(forged: TrailEntry, prev_hash: str) -> str:
    forged.prev_hash = prev_hash
    forged.hash = trail.entry_hash(forged)
    forged.save()
    return forged.hash


def _edit_and_seal(project: Project) -> None:
    forged = entry(project, 2).get()
    forged.sentence = "Nothing happened."
    _sealed_anew(forged, forged.prev_hash)


def _delete_first_and_seal(project: Project) -> None:
    entry(project, 1).delete()
    last_hash = trail.GENESIS
    for left in TrailEntry.objects.filter(project=project).order_by("seq"):
        last_hash = _sealed_anew(left, last_hash)


TAMPERED: dict[str, tuple[Callable[[Project], None], int]] = {
    "the first entry is deleted": (_delete_first, 2),
    "an entry is deleted": (_delete_middle, 3),
    "an entry is deleted and the rest is renumbered": (_delete_and_renumber, 2),
    "two entries are swapped": (_swap, 2),
    "the content of two entries is swapped": (_swap_content, 2),
    "an entry is inserted with a hash of its own": (_insert, 3),
    "an entry is edited and its own hash made to fit": (_edit_and_seal, 3),
    "the first entry is deleted and all hashes are made to fit": (_delete_first_and_seal, 2),
    "the last entry is copied": (_copy, 5),
}


@pytest.mark.parametrize(("tamper", "broken_at"), TAMPERED.values(), ids=TAMPERED)
def test_it_is_detected_when(project: Project, tamper: Callable[[Project], None], broken_at: int) -> None:
    write(project)
    tamper(project)
    assert trail.first_break(project) == broken_at


def test_an_entry_belongs_to_the_act_that_it_tells_of(project: Project) -> None:
    with transaction.atomic():
        trail.append(project, None, "start", "run", 1, "Started.")
        transaction.set_rollback(True)
    assert not TrailEntry.objects.exists()


def test_a_number_is_given_once(project: Project) -> None:
    [written] = write(project, 1)
    written.pk = None
    with pytest.raises(IntegrityError, match="one_trail_entry_per_number"), transaction.atomic():
        written.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_entries_that_are_written_at_once_form_one_chain(start: Any) -> None:
    project = made.project()
    together = threading.Barrier(4)

    def write_some(worker: int) -> None:
        together.wait(timeout=10)
        for n in range(10):
            trail.append(project, None, "note", "item", f"{worker}-{n}", "Noted.")

    for worker in [start(write_some, n) for n in range(4)]:
        worker.result(timeout=30)
    assert (TrailEntry.objects.filter(project=project).count(), trail.first_break(project)) == (40, None)
