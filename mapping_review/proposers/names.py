"""Reading a field's name: words, compounds and abbreviations of seven languages become a set of concepts.

A name is data that strangers typed: it is cut, split and looked up, and never reaches anything that obeys
text.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from mapping_review.proposers.lexicon import Lexicon, fold, lexicon

_CAMEL = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]{2})")
_WORD = re.compile(r"[^\W\d_]+|\d+|%")
_LONGEST_NAME = 120
_STOP = frozenset(
    """
    of the a an and or och og und en de het der die das den det ett et for fur voor via per i in pa av af med
    with mit met your my our din var dein uw je by from via http https www com auf zu zum zur im te ter ten op
    bij is
    """.split()
)
_CURRENCIES = frozenset(["sek", "nok", "dkk", "eur", "gbp", "usd", "chf", "kr", "euro"])
_LINKS = ("", "s", "e", "n", "en", "es", "er", "ns", "a", "o")
_SHORT_ENDS = frozenset(["nr", "id", "no"])
_UNKNOWN_COST, _TERM_COST, _PART_COST, _STOP_COST = 3.0, 1.0, 1.15, 0.4
_HINTS = {"company": "organization", "person": "person", "deal": "deal"}


@dataclass(frozen=True, slots=True)
class Reading:
    """`units` are the concepts found, each with its alternatives; `unknown` the words without any."""

    folded: str
    units: tuple[frozenset[str], ...] = ()
    unknown: tuple[str, ...] = ()
    hint: str = ""

    @property
    def concepts(self) -> frozenset[str]:
        return frozenset().union(*self.units)

    def has(self, *names: str) -> bool:
        return any(name in self.concepts for name in names)


@lru_cache(maxsize=4096)
def read_name(name: str) -> Reading:
    """The concepts of a name. Equal names give equal readings; no name makes it fail."""
    words = _words(name[:_LONGEST_NAME])
    lex = lexicon()
    units, unknown = _segmented(words, lex)
    units = _composed(units, lex)
    hint, units = _hinted(units)
    return Reading("".join(words), tuple(units), tuple(unknown), hint)


def _words(name: str) -> list[str]:
    split = _CAMEL.sub(" ", name)
    # Acronyms in mixed case ("MwSt-Nr") are one word; splitting them leaves pieces of two letters.
    if any(len(part) <= 2 for part in _CAMEL.split(name)) and lexicon().find("".join(_plain_words(name))):
        split = name
    return ["percent" if word == "%" else word for word in _plain_words(split)]


def _plain_words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _segmented(words: list[str], lex: Lexicon) -> tuple[list[frozenset[str]], list[str]]:
    """The cheapest way to cover the words with terms of up to four words, compounds and unknown words."""
    best: list[tuple[float, list[frozenset[str]], list[str]]] = [(0.0, [], [])]
    for end in range(1, len(words) + 1):
        options = []
        for start in range(max(0, end - 4), end):
            cost, units, unknown = best[start]
            for more, found, strange in _covers(words[start:end], lex):
                options.append((cost + more, units + found, unknown + strange))
        best.append(min(options, key=lambda option: option[0]))
    return best[-1][1], best[-1][2]


def _covers(words: list[str], lex: Lexicon) -> list[tuple[float, list[frozenset[str]], list[str]]]:
    found = lex.find("".join(words))
    if found:
        return [(_TERM_COST, [frozenset(found)], [])]
    return [_cover_word(words[0], lex)] if len(words) == 1 else []


def _cover_word(word: str, lex: Lexicon) -> tuple[float, list[frozenset[str]], list[str]]:
    if word in _STOP or word.isdigit() or word in _CURRENCIES or len(word) == 1:
        return _STOP_COST, [], []
    parts = _compound(word, lex)
    if parts:
        return _TERM_COST + _PART_COST * (len(parts) - 1), parts, []
    loose = lex.find_loosely(word)
    if loose:
        return _TERM_COST + 0.3, [frozenset(loose)], []
    ending, head = _known_ending(word, lex)
    return _UNKNOWN_COST, ending, [head]


def _compound(word: str, lex: Lexicon) -> list[frozenset[str]]:
    """ "kundnummer" -> customer + number: the fewest known parts, linking letters between them allowed."""
    if len(word) < 5:
        return []
    best: dict[int, list[frozenset[str]]] = {0: []}
    for end in range(2, len(word) + 1):
        for start in sorted(best):
            if start >= end or not _is_part(word[start:end], end == len(word)):
                continue
            found = lex.find(word[start:end])
            if not found:
                continue
            for link in _LINKS:
                at = end + len(link)
                if at == end or (word.startswith(link, end) and at < len(word)):
                    longer = [*best[start], frozenset(found)]
                    if at not in best or len(longer) < len(best[at]):
                        best[at] = longer
    return best.get(len(word), [])


def _is_part(part: str, last: bool) -> bool:
    return len(part) >= 3 or (last and part in _SHORT_ENDS)


def _known_ending(word: str, lex: Lexicon) -> tuple[list[frozenset[str]], str]:
    """An unknown word may still end in a known one: "blomsternummer" is a number of something."""
    for start in range(3, len(word) - 3):
        found = lex.find(word[start:])
        if found:
            return [frozenset(found)], word[:start]
    return [], word


def _composed(units: list[frozenset[str]], lex: Lexicon) -> list[frozenset[str]]:
    """Concepts that together mean another one are replaced by it, the longest compositions first."""
    for parts, whole in lex.compositions:
        used = _taken_by(parts, units)
        if used:
            units = [unit for i, unit in enumerate(units) if i not in used] + [frozenset([whole])]
    return list(dict.fromkeys(units))


def _taken_by(parts: frozenset[str], units: list[frozenset[str]]) -> set[int]:
    used: set[int] = set()
    for part in sorted(parts):
        place = next((i for i, unit in enumerate(units) if part in unit and i not in used), None)
        if place is None:
            return set()
        used.add(place)
    return used


def _hinted(units: list[frozenset[str]]) -> tuple[str, list[frozenset[str]]]:
    """ "company_linkedin": the company says whose it is, and the rest what it is."""
    for concept, where in _HINTS.items():
        rest = [unit for unit in units if concept not in unit]
        if rest and len(rest) < len(units):
            return where, rest
    return "", units
