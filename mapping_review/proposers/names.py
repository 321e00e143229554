"""Reading a field's name: words, compounds and abbreviations of seven languages become a set of concepts.

A name is data that strangers typed: it is cut, split and looked up, and never reaches anything that obeys
text.
"""

import re
from collections.abc import Iterable
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
    bij is ja
    """.split()
)
_CURRENCIES = frozenset(
    """
    sek nok dkk eur gbp usd chf kr euro tkr kkr mkr mnok tnok tsek msek tdkk mdkk teur keur meur tusd kusd
    """.split()
)
# Systems that put themselves before the names of the fields they fill.
_SYSTEMS = frozenset(
    """
    sap nav erp sf sfdc hs hubspot mc mailchimp wp woo woocommerce shopify magento cf fld tbl attr ext dwh ax
    visma fortnox superoffice so upsales crm cdp prestashop zd zendesk intercom stripe klaviyo typo3 drupal
    """.split()
)
_MONTHS = frozenset(["m", "mo", "mon", "mth", "mnd", "man", "mdr", "md", "mnt", "kk"])
_LINKS = ("", "s", "e", "n", "en", "es", "er", "ns", "a", "o")
_REACHED = frozenset({"email", "phone", "city", "url", "website"})
_SHORT_ENDS = frozenset(["nr", "id", "no"])
_UNKNOWN_COST, _TERM_COST, _PART_COST, _STOP_COST = 3.0, 1.0, 1.15, 0.6
_ABBREVIATED_COST, _SKELETON_COST = 1.8, 2.2
_SHORTEST_ABBREVIATION, _SHORTEST_WITHOUT_DOT = 3, 4
_DOTTED = re.compile(r"([^\W\d_]+)\.")
_HINTS = {"company": "organization", "person": "person", "deal": "deal"}


@dataclass(frozen=True)
class Reading:
    """`units` are the concepts found, each with its alternatives; `unknown` the words without any; `words`
    all of them, folded; `guessed` how many of them were read as abbreviated or misspelt."""

    folded: str
    units: tuple[frozenset[str], ...] = ()
    unknown: tuple[str, ...] = ()
    hint: str = ""
    words: tuple[str, ...] = ()
    guessed: int = 0

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

    def find_part(self, part: str) -> tuple[str, ...]:
        """As `find`; three letters are a part of a compound in the account's own languages only."""
        if len(part) == 3 and self.languages and not self.lexicon.knows(part, self.languages):
            return ()
        return self.find(part)

    def find_between(self, start: str, end: str) -> tuple[str, ...]:
        return self.lexicon.find_between(start, end, self.languages)

    def find_abbreviated(self, word: str) -> tuple[str, ...]:
        if len(word) < (_SHORTEST_ABBREVIATION if word in self.dotted else _SHORTEST_WITHOUT_DOT):
            return ()
        return self.useful(self.lexicon.find_abbreviated(word, self.languages))

    def find_skeleton(self, word: str) -> tuple[str, ...]:
        return self.useful(self.lexicon.find_skeleton(word, self.languages))

    def useful(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """Nothing is thrown away on the strength of an abbreviation."""
        return () if any("skip" in self.lexicon.concepts[c].flags for c in found) else found

    def are_generic(self, found: tuple[str, ...]) -> bool:
        """Whether they are concepts such as "count", which need another beside them to mean something."""
        return any("generic" in self.lexicon.concepts[c].flags for c in found)

    def find_loosely(self, word: str) -> tuple[str, ...]:
        return self.lexicon.find_loosely(word, self.languages)


def read_name(name: str, languages: Languages = ()) -> Reading:
    """The concepts of a name. Equal names give equal readings; no name makes it fail."""
    return _read(name[:_LONGEST_NAME], languages, lexicon().checksum)


@lru_cache(maxsize=2048)
def _read(name: str, languages: Languages, checksum: str) -> Reading:
    lex = Words(lexicon(), languages, frozenset(map(fold, _DOTTED.findall(name))))
    words = _words(name, lex)
    cover = _segmented(words, lex)
    units = _composed(list(cover.units), lex.lexicon)
    hint, units = _hinted(units, lex.lexicon)
    return Reading("".join(words), tuple(units), cover.unknown, hint, tuple(words), cover.guessed)


def _words(name: str, lex: Words) -> list[str]:
    split = _CAMEL.sub(" ", name)
    # Acronyms in mixed case ("MwSt-Nr") are one word; splitting them leaves pieces of two letters.
    if any(len(part) <= 2 for part in _CAMEL.split(name)) and lex.find("".join(_plain_words(name))):
        split = name
    words = ["percent" if word == "%" else word for word in _plain_words(split)]
    return words[1:] if _is_systems(words, lex) else words


def _is_systems(words: list[str], lex: Words) -> bool:
    """Whether the first word only names the system that filled the field; a number or id there is its own."""
    if len(words) < 2 or words[0] not in _SYSTEMS or lex.find(words[0]) or lex.find("".join(words)):
        return False
    return not {"id", "number", "code"} & {c for word in words[1:] for c in lex.find(word)}


def _plain_words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


@dataclass(frozen=True, slots=True)
class _Cover:
    """Words read in one way; the cheapest way is the reading."""

    cost: float = 0.0
    units: tuple[frozenset[str], ...] = ()
    unknown: tuple[str, ...] = ()
    guessed: int = 0

    def __add__(self, more: "_Cover") -> "_Cover":
        return _Cover(
            self.cost + more.cost,
            self.units + more.units,
            self.unknown + more.unknown,
            self.guessed + more.guessed,
        )


def _known(cost: float, found: Iterable[str], guessed: int = 0) -> _Cover:
    return _Cover(cost, (frozenset(found),), (), guessed)


def _segmented(words: list[str], lex: Words) -> _Cover:
    """The cheapest way to cover the words with terms of up to four words, compounds and unknown words."""
    best = [_Cover()]
    for end in range(1, len(words) + 1):
        options = [
            best[start] + more
            for start in range(max(0, end - 4), end)
            for more in _covers(words[start:end], lex)
        ]
        best.append(min(options, key=lambda option: option.cost))
    return best[-1]


def _covers(words: list[str], lex: Words) -> list[_Cover]:
    found = lex.find("".join(words))
    if found:
        return [_known(_TERM_COST, found)]
    if len(words) == 2 and _is_twelve_months(words, lex):
        return [_known(_TERM_COST, ("year",))]
    if len(words) == 2 and words[0] in lex.dotted and (joined := lex.find_between(*words)):
        return [_known(_TERM_COST + 0.3, joined, 1)]
    if len(words) == 2 and (joined := _cut_short(words, lex)):
        return [_known(_ABBREVIATED_COST + 0.3, joined, 1)]
    return [_cover_word(words[0], lex)] if len(words) == 1 else []


def _is_twelve_months(words: list[str], lex: Words) -> bool:
    """ "12 kk", "12m": what people buy in them is what they buy in a year."""
    return words[0] == "12" and (words[1] in _MONTHS or "month" in lex.find(words[1]))


def _cut_short(words: list[str], lex: Words) -> tuple[str, ...]:
    """ "reden_afw": the second of two words stands for the rest of a term of the account's own languages."""
    first, second = words
    if len(first) < 4 or len(second) < 3 or second.isdigit() or lex.find(second):
        return ()
    return lex.useful(lex.lexicon.find_begun(first + second, lex.languages))


def _cover_word(word: str, lex: Words) -> _Cover:
    if word in _STOP or word.isdigit() or word in _CURRENCIES or len(word) == 1:
        return _Cover(_STOP_COST)
    parts = _compound(word, lex)
    if parts:
        return _Cover(_TERM_COST + _PART_COST * (len(parts) - 1), tuple(parts))
    for cost, look_up in (
        (_TERM_COST + 0.3, lex.find_loosely),
        (_ABBREVIATED_COST, lex.find_abbreviated),
        (_SKELETON_COST, lex.find_skeleton),
    ):
        if found := look_up(word):
            return _known(cost, found, 1)
    if both := _cut_head(word, lex):
        return _Cover(_SKELETON_COST + _PART_COST, tuple(both), (), 1)
    ending, head = _known_ending(word, lex)
    return _Cover(_UNKNOWN_COST, tuple(ending), (head,))


def _compound(word: str, lex: Words) -> list[frozenset[str]]:
    """ "kundnummer" -> customer + number: the fewest known parts, linking letters between them allowed."""
    if len(word) < 5:
        return []
    best: dict[int, list[frozenset[str]]] = {0: []}
    for end in range(2, len(word) + 1):
        for start in sorted(best):
            if start >= end or not _is_part(word[start:end], end == len(word)):
                continue
            found = lex.find_part(word[start:end])
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
        # Four letters end many words by chance: "evaluering" is no "ring".
        if found and (len(word) - start > 4 or lex.are_generic(found) or _REACHED & set(found)):
            return [frozenset(found)], word[:start]
    return [], word


def _cut_head(word: str, lex: Words) -> list[frozenset[str]]:
    """ "hlöstömäärä" -> employees + count: a known ending after a beginning that is cut short."""
    for start in range(4, len(word) - 3):
        ending = lex.find(word[start:])
        head = lex.are_generic(ending) and (
            lex.find_abbreviated(word[:start]) or lex.find_skeleton(word[:start])
        )
        if head:
            return [frozenset(head), frozenset(ending)]
    return []


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
