"""Draws rows at random in a way that no page can foresee or choose. Pure but for the installation's secret.

Every row has a rank of its own, made of the secret and of what the row is. The lowest ranks are drawn, so the
same rows come up however often a page is loaded, and a row that goes away changes nothing for the others.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.utils.crypto import constant_time_compare, salted_hmac

T = TypeVar("T")
_SALT = "mapping_review.lots."


def drawn(rows: Iterable[T], count: int, purpose: str, name: Callable[[T], str]) -> list[T]:
    """`count` of the rows, or all of them; `name` says what a row is."""
    return sorted(rows, key=lambda row: mark(f"draw:{purpose}", name(row)))[:count]


def mark(purpose: str, name: str) -> str:
    """What only this installation can write under a name."""
    return salted_hmac(_SALT + purpose, name, algorithm="sha256").hexdigest()[:40]


def is_marked(marks: Iterable[str], purpose: str, name: str) -> bool:
    wanted = mark(purpose, name)
    return any(constant_time_compare(wanted, given) for given in marks)
