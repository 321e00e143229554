"""The search index finds what reading every text would find, before and after it is brought up to date."""

from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.simulators.pipedrive import texts
from migrator.simulators.pipedrive.state import Store
from migrator.simulators.pipedrive.texts import Texts, Wanted

pytestmark = pytest.mark.slow

TEMPLATE: dict[str, Any] = {"id": 0, "name": "", "is_deleted": False}
words = st.text('abÅß"* -\n', max_size=8).map(str.lower)
needles = st.text('abÅß"* -', min_size=1, max_size=6).map(str.lower)


def opened() -> Store:
    return Store(":memory:", {"persons": TEMPLATE})


def put(store: Store, number: int, text: str, *, written: float = 0.0, is_new: bool = True) -> None:
    doc = {**TEMPLATE, "id": number, "name": text}
    with store.transaction():
        write = store.insert if is_new else store.replace
        write("persons", doc, written=written, search=text)


def found(store: Store, wanted: Wanted, limit: int = 1_000) -> list[int]:
    with store.transaction():
        return store.texts.find("persons", wanted, limit)


def held(kept: dict[int, str], wanted: Wanted) -> list[int]:
    if wanted.whole:
        return [n for n, text in sorted(kept.items()) if f"\n{wanted.needle}\n" in f"\n{text}\n"]
    return [number for number, text in sorted(kept.items()) if wanted.needle in text]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, str]], str]:
    """First texts, changes of them, and a needle that is more often in one of them than not."""
    first = draw(st.lists(words, min_size=1, max_size=12))
    changes = draw(st.lists(st.tuples(st.integers(0, len(first) - 1), words), max_size=8))
    text = draw(st.sampled_from([*first, *(text for _, text in changes)]))
    start = draw(st.integers(0, max(0, len(text) - 3)))
    return first, changes, text[start : start + draw(st.integers(3, 6))] or draw(needles)


@given(histories(), st.booleans())
def test_it_finds_what_reading_everything_finds(
    history: tuple[list[str], list[tuple[int, str]], str], whole: bool
) -> None:
    first, changes, needle = history
    wanted, kept = Wanted(needle, whole), dict(enumerate(first, start=1))
    with closing(opened()) as store:
        for number, text in kept.items():
            put(store, number, text)
        assert found(store, wanted) == held(kept, wanted)
        for place, text in changes:
            kept[place + 1] = text
            put(store, place + 1, text, is_new=False)
        assert found(store, wanted) == held(kept, wanted)
        assert found(store, wanted) == held(kept, wanted)


def test_what_is_not_indexed_yet_is_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "INDEXED_AT_ONCE", 3)
    with closing(opened()) as store:
        for number in range(1, 11):
            put(store, number, f"person {number % 2}")
        for already in (3, 6, 9, 10):
            assert found(store, Wanted("person 1")) == [1, 3, 5, 7, 9]
            assert store.rows("SELECT value FROM counters WHERE name='indexed persons'") == [(already,)]


def test_what_was_written_too_late_or_deleted_or_before_the_page_is_not_found() -> None:
    with closing(opened()) as store:
        for number, written in ((1, 0.0), (2, 0.0), (3, 100.0), (4, 0.0)):
            put(store, number, "same text", written=written)
        with store.transaction():
            store.rewrite("persons", {**TEMPLATE, "id": 4, "is_deleted": True})
        assert found(store, Wanted("same text", until=50.0, where=["is_deleted=0"])) == [1, 2]
        assert found(store, Wanted("same text", until=50.0, after=1, where=["is_deleted=0"])) == [2]
        assert found(store, Wanted("same text"), limit=2) == [1, 2]


@pytest.mark.parametrize("needle", ["sa", "same\0text", "same text"])
def test_without_an_index_every_text_is_read(needle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Texts, "_install", lambda self: False)
    with closing(opened()) as store:
        put(store, 1, "same text")
        assert found(store, Wanted(needle)) == ([] if "\0" in needle else [1])
        with store.transaction():
            store.erase()


def test_an_erased_account_finds_nothing_of_before() -> None:
    with closing(opened()) as store:
        put(store, 1, "before")
        assert found(store, Wanted("before")) == [1]
        with store.transaction():
            store.erase()
        put(store, 1, "after")
        assert (found(store, Wanted("before")), found(store, Wanted("after"))) == ([], [1])
