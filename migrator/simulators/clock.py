"""A clock that can stand still. Moving it is the simulator's affair, because an offset outlives the process."""

from collections.abc import Callable
from email.utils import formatdate


class MovableClock:
    """Another clock, in Unix seconds, until it is frozen."""

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._frozen: float | None = None

    def __call__(self) -> float:
        return self._base() if self._frozen is None else self._frozen

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen is not None

    def freeze(self) -> None:
        """Stand still from now on."""
        self._frozen = self()

    def unfreeze(self) -> float:
        """Run again; returns the seconds by which it jumps, so that the owner can take them back."""
        stood = self()
        self._frozen = None
        return self() - stood


def http_date(now: float) -> str:
    """A moment as the Date header writes it."""
    return formatdate(now, usegmt=True)
