"""Names and values as they may be shown to a language model: shapes instead of values, bands instead of counts.

Nothing of a value goes through but which kinds of characters follow each other.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from mapping_review.proposers.rules import plain_text

LONGEST_NAME = 120
_LONGEST_SHAPE, _MOST_SHAPES, _MOST_DIGITS = 32, 4, 12
_KEPT = frozenset("@.,-/:;+%&()")
_RUNS = re.compile(r"A+|a+|\?+| +")
_DIGITS = re.compile(rf"#{{{_MOST_DIGITS + 1},}}")
# What no name of a field needs, and what could be somebody's.
_HIDDEN = (
    (re.compile(r"[^\s@<>()\[\],;:\"']+@[^\s@<>()\[\],;:\"']+"), "[address]"),
    (re.compile(r"(?i)\b(?:https?:|www\.|ftp:)[^\s<>\"']+"), "[link]"),
    (re.compile(r"(?<!\w)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{20,}"), "[code]"),
    (re.compile(r"\+?\d[\d\s().\-/]{5,}\d"), "[number]"),
    (re.compile(r"\d{5,}"), "[number]"),
)
_BANDS = ((0.05, "few"), (0.4, "some"), (0.9, "most"))


def shape_of(value: str) -> str:
    """ "Åsa Berg" becomes "Aa Aa" and "2024-05-31" becomes "####-##-##"; long ones are cut."""
    # A long text is cut before it is looked at: its beginning is as good as all of it.
    classes = "".join(map(_class_of, value[: 8 * _LONGEST_SHAPE]))
    shape = _DIGITS.sub("#" * _MOST_DIGITS + "+", _RUNS.sub(lambda run: run[0][0], classes)).strip()
    return shape if len(shape) <= _LONGEST_SHAPE else shape[:_LONGEST_SHAPE] + "…"


def shapes_of(values: Iterable[tuple[str, int]]) -> list[list[str]]:
    """The most frequent shapes, each with its share as a word."""
    counted: Counter[str] = Counter()
    for value, times in values:
        counted[shape_of(value)] += times
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_SHAPES]
    return [[shape, share_word(times, counted.total())] for shape, times in ordered]


def share_word(part: float, whole: float) -> str:
    """How many, in words that tell no count."""
    share = part / whole if whole else 0.0
    if share <= 0:
        return "none"
    return next((word for limit, word in _BANDS if share < limit), "nearly all")


def shares_of(counts: Mapping[str, int]) -> dict[str, str]:
    """Each key with its share of all as a word; what does not occur is left out."""
    whole = sum(counts.values())
    return {key: share_word(counts[key], whole) for key in sorted(counts) if counts[key]}


def variety_of(filled: int, distinct: int) -> str:
    """How much the values differ from each other."""
    if not filled:
        return "no values"
    if distinct <= 1:
        return "one value"
    if distinct >= 0.95 * filled and filled > 1:
        return "all different"
    if distinct <= 20:
        return "a few labels"
    return "mostly different" if distinct >= 0.5 * filled else "repeating"


def name_shown(name: str) -> str:
    """A name of a field or a Section without what could be a person's: one line, cut, and with addresses, links,
    codes and long numbers hidden."""
    # Cut before it is searched, and again after: a marker may be longer than what it hides.
    clean = plain_text(
        unicodedata.normalize("NFC", name[: 4 * LONGEST_NAME].encode("utf-8", "replace").decode())
    )
    for pattern, marker in _HIDDEN:
        clean = pattern.sub(marker, clean)
    return clean[:LONGEST_NAME]


def _class_of(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] == "L":
        return "A" if category in ("Lu", "Lt") else "a"
    if category[0] == "N":
        return "#"
    if category[0] == "M":
        return ""
    if category[0] == "Z" or char in "\t\r\n":
        return " "
    if category == "Sc":
        return "$"
    return char if char in _KEPT else "?"
