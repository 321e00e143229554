"""Randomness that is the same on every machine: text seeds, one stream per question, reversible scatterings.

Only `random()` of the standard generator is used, the one method whose sequence Python promises to keep.
"""

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

Draw = Callable[[], float]
T = TypeVar("T")
_MASK = (1 << 64) - 1
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def stream(*parts: object) -> Draw:
    """A fresh sequence of numbers in [0, 1) for the question that the parts spell out."""
    return Random(":".join(map(str, parts))).random


def pick(draw: Draw, options: Sequence[T]) -> T:
    """One of the options, each as likely as the others."""
    return options[int(draw() * len(options))]


def between(draw: Draw, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return low + int(draw() * (high - low + 1))


def weighted(draw: Draw, options: Sequence[tuple[T, float]]) -> T:
    """One of the (option, weight) pairs; weights need not sum to one."""
    rest = 0.0
    for _, weight in options:  # the built-in sum rounds differently from Python 3.12 on
        rest += weight
    rest *= draw()
    for option, weight in options:
        rest -= weight
        if rest < 0:
            return option
    return options[-1][0]


def suffix(draw: Draw, length: int = 10) -> str:
    """The random tail of a discriminator."""
    return "".join(pick(draw, _LETTERS) for _ in range(length))


def mix(number: int) -> int:
    """Scatter a number over 64 bits (splitmix64): a cheap stream where a generator would cost too much."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def number_for(*parts: object) -> int:
    """A 52-bit number for the parts."""
    return int(stream(*parts)() * (1 << 52))


class Scatter:
    """A reversible shuffle of the numbers below `size`, so that an id can be turned back into its index."""

    def __init__(self, size: int, *parts: object, step: int | None = None) -> None:
        self.size = size
        self._offset = number_for(*parts, "offset") % size
        factor = number_for(*parts, "factor") % size | 1 if step is None else step
        while math.gcd(factor, size) != 1:
            factor += 2
        self._factor = factor % size
        self._inverse = pow(self._factor, -1, size)

    def forward(self, index: int) -> int:
        return (index * self._factor + self._offset) % self.size

    def backward(self, place: int) -> int:
        return (place - self._offset) * self._inverse % self.size


class KeyScatter:
    """Scatter over 48 bits with a second fold, for ids that must not look like a sequence."""

    _SIZE = 1 << 48

    def __init__(self, *parts: object) -> None:
        self._first = Scatter(self._SIZE, *parts, "first")
        self._second = Scatter(self._SIZE, *parts, "second")

    def forward(self, index: int) -> str:
        place = self._first.forward(index)
        return f"{self._second.forward(place ^ (place >> 24)):012x}"

    def backward(self, key: str) -> int:
        """The index behind a key; a number beyond any account where the key is made up."""
        if len(key) != 12 or not all(c in "0123456789abcdef" for c in key):
            return self._SIZE
        place = self._second.backward(int(key, 16))
        return self._first.backward(place ^ (place >> 24))
