"""Reading a field's name: words, compounds and abbreviations of seven languages become a set of concepts.

A name is data that strangers typed: it is cut, split and looked up, and never reaches anything that obeys
text.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mapping_review.proposers.lexicon import Languages, Lexicon, fold, lexicon

_CAMEL = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]{2})")
_WORD = re.compile(r"[^\W\d_]+|\d+|%")
_LONGEST_NAME = 120
_STOP = frozenset(
    """
    of the a an and or och og und en de het der die das den det ett et for fur voor via per i in pa av af med
    with mit met your my our din var dein uw je by from via http https com auf zu zum zur im te ter ten op
    bij is
    """.split()
)
_CURRENCIES = frozenset(["sek", "nok", "dkk", "eur", "gbp", "usd", "chf", "kr", "euro"])
_LINKS = ("", "s", "e", "n", "en", "es", "er", "ns", "a", "o")
_SHORT_ENDS = frozenset(["nr", "id", "no"])
_UNKNOWN_COST, _TERM_COST, _PART_COST, _STOP_COST = 3.0, 1.0, 1.15, 0.6
_ABBREVIATED_COST, _SHORTEST_ABBREVIATION, _SHORTEST_WITHOUT_DOT = 1.8, 3, 4
_DOTTED = re.compile(r"([^\W\d_]+)\.")
_HINTS = {"company": "organization", "person": "person", "deal": "deal"}


@dataclass(frozen=True)
class Reading:
    """`units` are the concepts found, each with its alternatives; `unknown` the words without any; `words`
    all of them, folded."""

    folded: str
    units: tuple[frozenset[str], ...] = ()
    unknown: tuple[str, ...] = ()
    hint: str = ""
    words: tuple[str, ...] = ()

    @cached_property
    def concepts(self) -> frozenset[str]:
        return frozenset().union(*self.units)

    @property
    def is_numbered(self) -> bool:
        """ "mejl2": the second of several."""
        return bool(self.words) and self.words[-1] in ("2", "3", "4", "5")

    def has(self, *names: str) -> bool:
        return any(name in self.concepts for name in names)


@dataclass(frozen=True, slots=True)
class Words:
    """A lexicon as one account reads it: in its own languages first."""

    lexicon: Lexicon
    languages: Languages = ()
    dotted: frozenset[str] = frozenset()

    def find(self, word: str) -> tuple[str, ...]:
        if word in _STOP and self.languages and not self.lexicon.knows(word, self.languages):
            return ()
        return self.lexicon.find(word, self.languages)

    def find_between(self, start: str, end: str) -> tuple[str, ...]:
        return self.lexicon.find_between(start, end, self.languages)

    def find_abbreviated(self, word: str) -> tuple[str, ...]:
        if len(word) < (_SHORTEST_ABBREVIATION if word in self.dotted else _SHORTEST_WITHOUT_DOT):
            return ()
        return self.lexicon.find_abbreviated(word, self.languages)

    def find_loosely(self, word: str) -> tuple[str, ...]:
        return self.lexicon.find_loosely(word, self.languages)


def read_name(name: str, languages: Languages = ()) -> Reading:
    """The concepts of a name. Equal names give equal readings; no name makes it fail."""
    return _read(name[:_LONGEST_NAME], languages, lexicon().checksum)


@lru_cache(maxsize=2048)
def _read(name: str, languages: Languages, checksum: str) -> Reading:
    lex = Words(lexicon(), languages, frozenset(map(fold, _DOTTED.findall(name))))
    words = _words(name, lex)
    units, unknown = _segmented(words, lex)
    units = _composed(units, lex.lexicon)
    hint, units = _hinted(units, lex.lexicon)
    return Reading("".join(words), tuple(units), tuple(unknown), hint, tuple(words))


def _words(name: str, lex: Words) -> list[str]:
    split = _CAMEL.sub(" ", name)
    # Acronyms in mixed case ("MwSt-Nr") are one word; splitting them leaves pieces of two letters.
    if any(len(part) <= 2 for part in _CAMEL.split(name)) and lex.find("".join(_plain_words(name))):
        split = name
    return ["percent" if word == "%" else word for word in _plain_words(split)]


def _plain_words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _segmented(words: list[str], lex: Words) -> tuple[list[frozenset[str]], list[str]]:
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


def _covers(words: list[str], lex: Words) -> list[tuple[float, list[frozenset[str]], list[str]]]:
    found = lex.find("".join(words))
    if found:
        return [(_TERM_COST, [frozenset(found)], [])]
    if len(words) == 2 and words[0] in lex.dotted and (joined := lex.find_between(*words)):
        return [(_TERM_COST + 0.3, [frozenset(joined)], [])]
    return [_cover_word(words[0], lex)] if len(words) == 1 else []


def _cover_word(word: str, lex: Words) -> tuple[float, list[frozenset[str]], list[str]]:
    if word in _STOP or word.isdigit() or word in _CURRENCIES or len(word) == 1:
        return _STOP_COST, [], []
    parts = _compound(word, lex)
    if parts:
        return _TERM_COST + _PART_COST * (len(parts) - 1), parts, []
    loose = lex.find_loosely(word)
    if loose:
        return _TERM_COST + 0.3, [frozenset(loose)], []
    short = lex.find_abbreviated(word)
    if short:
        return _ABBREVIATED_COST, [frozenset(short)], []
    ending, head = _known_ending(word, lex)
    return _UNKNOWN_COST, ending, [head]


def _compound(word: str, lex: Words) -> list[frozenset[str]]:
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


def _known_ending(word: str, lex: Words) -> tuple[list[frozenset[str]], str]:
    """An unknown word may still end in a known one: "blomsternummer" is a number of something."""
    sensitive = lex.lexicon.starts_with_sensitive(word)
    if sensitive:
        return [frozenset([sensitive])], word
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


def _hinted(units: list[frozenset[str]], lex: Lexicon) -> tuple[str, list[frozenset[str]]]:
    """ "company_linkedin": the company says whose it is, and the rest what it is. Beside words that only say
    which one ("current employer") it is itself what is meant."""
    for concept, where in _HINTS.items():
        rest = [unit for unit in units if concept not in unit]
        says = any("qualifier" not in lex.concepts[c].flags for unit in rest for c in unit)
        if says and len(rest) < len(units):
            return where, rest
    return "", units
