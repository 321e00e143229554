"""Walking lists: every page once, and never for ever."""

import pytest

from migrator.engine.errors import TransientError
from migrator.http.pagination import iter_cursor_pages, iter_offset_pages


def test_it_walks_by_cursor_to_the_end() -> None:
    pages = {"": ([1, 2], "a"), "a": ([3], "b"), "b": ([], "")}
    assert list(iter_cursor_pages(pages.__getitem__)) == [[1, 2], [3], []]


def test_it_stops_where_a_cursor_comes_back() -> None:
    pages = {"": ([1], "a"), "a": ([2], "b"), "b": ([3], "a")}
    with pytest.raises(TransientError, match="same page marker"):
        list(iter_cursor_pages(pages.__getitem__))


def test_it_walks_by_start_to_the_end() -> None:
    pages: dict[int, tuple[list[int], int | None]] = {0: ([1, 2], 2), 2: ([3], None)}
    assert list(iter_offset_pages(pages.__getitem__)) == [[1, 2], [3]]


def test_it_stops_where_the_start_does_not_grow() -> None:
    with pytest.raises(TransientError, match="same page again"):
        list(iter_offset_pages(lambda start: ([1], 0)))


def test_it_asks_for_the_next_page_only_when_it_is_wanted() -> None:
    asked: list[str] = []

    def fetch(cursor: str) -> tuple[list[int], str]:
        asked.append(cursor)
        return [1], f"{cursor}x"

    next(iter_cursor_pages(fetch))
    assert asked == [""]
