"""The multilingual lexicon: words of seven languages to language-neutral concepts. Loads data, decides
nothing."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

DATA = Path(__file__).parent / "data" / "lexicon.txt"
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "a", "œ": "o", "ß": "ss", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "ı": "i"}
)
_WRITTEN_OUT = re.compile(r"(?<=[a-z])?(?:ae|oe|ue)")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_FUZZY_FROM = 6


@dataclass(frozen=True, slots=True)
class Concept:
    """`object` and `type` say where a new field would go: "any" and "-" leave it to context and values."""

    name: str
    object: str
    type: str
    flags: frozenset[str] = frozenset()

    @property
    def weight(self) -> float:
        """How much the concept says about what a field means."""
        if "generic" in self.flags:
            return 0.35
        return 0.45 if "qualifier" in self.flags else 1.0


def fold(text: str) -> str:
    """Lower case without diacritics, so that a word meets its own transliteration."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_LETTERS)


def unwritten(folded: str) -> str:
    """ "strasse" stays, "geschaeft" becomes "geschaft": umlauts that were written out."""
    return folded.replace("ae", "a").replace("oe", "o").replace("ue", "u")


class Lexicon:
    """Look-ups by joined word ("dateofbirth"), with tolerance for inflection and one slip of the keyboard."""

    def __init__(self, text: str) -> None:
        self.checksum = sha256(text.encode()).hexdigest()
        self.concepts: dict[str, Concept] = {}
        self.compositions: list[tuple[frozenset[str], str]] = []
        self._terms: dict[str, tuple[str, ...]] = {}
        self._slips: dict[str, set[str]] = defaultdict(set)
        self._parse(text)
        self.compositions.sort(key=lambda pair: (-len(pair[0]), sorted(pair[0])))
        for term in self._terms:
            for slip in _shortened(term):
                self._slips[slip].add(term)

    def find(self, word: str) -> tuple[str, ...]:
        """The concepts of a joined, folded word; () where it is unknown."""
        return self._terms.get(word) or self._terms.get(unwritten(word), ())

    def find_loosely(self, word: str) -> tuple[str, ...]:
        """As `find`, and through endings; then through one missing, added or wrong letter."""
        return self.find(word) or self._inflected(word) or self._misspelt(word)

    def _inflected(self, word: str) -> tuple[str, ...]:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                found = self.find(word[: -len(ending)])
                if found:
                    return found
        return ()

    def _misspelt(self, word: str) -> tuple[str, ...]:
        if len(word) < _FUZZY_FROM:
            return ()
        near = {term for slip in _shortened(word) for term in self._slips.get(slip, ())}
        found = {self._terms[term] for term in near if _one_slip_apart(word, term)}
        return next(iter(found)) if len(found) == 1 else ()

    def _parse(self, text: str) -> None:
        concept = ""
        for line in text.splitlines():
            head, _, rest = line.strip().partition(" ")
            if not head or head == "#" or head.startswith("#"):
                continue
            if head.startswith("@"):
                concept = head[1:]
                where, kind, *flags = rest.split()
                self.concepts[concept] = Concept(concept, where, kind, frozenset(flags))
            elif head == "+":
                self.compositions.append((frozenset(rest.split()), concept))
            else:
                self._add_terms(concept, rest.split(","))

    def _add_terms(self, concept: str, terms: Iterable[str]) -> None:
        for term in terms:
            joined = "".join(words_in(term))
            known = self._terms.get(joined, ())
            if joined and concept not in known:
                self._terms[joined] = (*known, concept)
                self._terms.setdefault(unwritten(joined), (*known, concept))


@cache
def lexicon() -> Lexicon:
    return Lexicon(DATA.read_text(encoding="utf-8"))


def words_in(text: str) -> list[str]:
    """Folded words and runs of digits."""
    return _WORD.findall(fold(text))


# Plural, definite and genitive endings of the seven languages, longest first.
_ENDINGS = tuple(
    """
    ernas arnas ernes erna arna orna enes erne iden sten ssa sta lla lle ksen ens ets ene ies
    en et er ar or es na ne jen ien s n t e a r i
    """.split()
)


def _shortened(word: str) -> Iterable[str]:
    yield word
    if len(word) >= _FUZZY_FROM - 1:
        for i in range(len(word)):
            yield word[:i] + word[i + 1 :]


def _one_slip_apart(word: str, term: str) -> bool:
    """One letter missing, added or wrong, or two neighbours swapped; the first letter always stands."""
    if len(term) < _FUZZY_FROM or word[0] != term[0] or abs(len(word) - len(term)) > 1:
        return False
    short, long = sorted((word, term), key=len)
    if len(short) != len(long):
        return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
    wrong = [i for i, (a, b) in enumerate(zip(word, term, strict=True)) if a != b]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        return word[wrong[0]] == term[wrong[1]] and word[wrong[1]] == term[wrong[0]]
    return len(wrong) == 1
