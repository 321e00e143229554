"""Walking lists page by page: by cursor, and by start and limit. It knows neither addresses nor envelopes."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from migrator.engine.errors import TransientError

Item = TypeVar("Item")


def iter_cursor_pages(fetch: Callable[[str], tuple[list[Item], str]]) -> Iterator[list[Item]]:
    """Pages until the cursor is empty. Raises TransientError where a cursor comes back a second time, which
    would otherwise never end."""
    cursor, seen = "", set[str]()
    while True:
        items, following = fetch(cursor)
        yield items
        if not following:
            return
        if following in seen:
            raise TransientError("The service gave the same page marker twice. Start the list again later.")
        seen.add(following)
        cursor = following


def iter_offset_pages(fetch: Callable[[int], tuple[list[Item], int | None]]) -> Iterator[list[Item]]:
    """Pages until no next start is given. Raises TransientError where the start does not grow."""
    start = 0
    while True:
        items, following = fetch(start)
        yield items
        if following is None:
            return
        if following <= start:
            raise TransientError("The service gave the same page again. Start the list again later.")
        start = following
