"""How near two spellings are, for tags that were meant to be one. Pure, and no dictionary of any language."""

import re
import unicodedata
from collections.abc import Iterable

NEAR = 0.72
_BETWEEN = re.compile(r"[\s_\-./]+")


def folded(text: str) -> str:
    """The text without case, accents and separators: "Winter 25" and "winter_25" fold to the same."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return _BETWEEN.sub("", plain)


def distance(a: str, b: str) -> int:
    """Damerau-Levenshtein in its restricted form: insert, delete, replace, or swap two neighbours."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (char != other))
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]


def nearness(a: str, b: str) -> float:
    """1.0 for the same word in another dress, 0.0 for nothing in common."""
    one, two = folded(a)[:60], folded(b)[:60]
    if one == two:
        return 1.0
    longest = max(len(one), len(two))
    return 1 - distance(one, two) / longest


def nearest(word: str, others: Iterable[tuple[str, int]]) -> list[tuple[str, int, float]]:
    """(other, how often it is used, nearness), nearest first, then most used; far ones are left out."""
    rated = [(other, used, nearness(word, other)) for other, used in others if other != word]
    return sorted((r for r in rated if r[2] >= NEAR), key=lambda r: (-r[2], -r[1], r[0]))
