"""The multilingual lexicon: words of seven languages to language-neutral concepts. Loads data, decides
nothing."""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

DATA = Path(__file__).parent / "data" / "lexicon.txt"
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "a", "œ": "o", "ß": "ss", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "ı": "i"}
)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_FUZZY_FROM, _ANOTHER_LETTER_FROM = 6, 8
_KIN = 0.6
_SKELETON_FROM, _SKELETON_TO, _SKELETON_REACH, _CUT_REACH = 4, 8, 2.4, 3
_NUMBERS = ("nr", "nro", "no", "num", "nummer", "numero", "number")
LANGUAGES = ("en", "sv", "no", "da", "fi", "de", "nl")
Languages = tuple[str, ...]
# Where "aar" is how systems without the letter write "år".
_WITH_RING = frozenset({"sv", "no", "da"})


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


@dataclass(frozen=True, slots=True)
class _Meaning:
    concept: str
    languages: frozenset[str]


@cache
def _meaning(concept: str, languages: frozenset[str]) -> _Meaning:
    """One value for all terms of a concept in the same languages, which saves memory."""
    return _Meaning(concept, languages)


def fold(text: str) -> str:
    """Lower case without diacritics, so that a word meets its own transliteration."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_LETTERS)


def unwritten(folded: str) -> str:
    """ "strasse" stays, "geschaeft" becomes "geschaft": umlauts that were written out."""
    return folded.replace("ae", "a").replace("oe", "o").replace("ue", "u")


class Lexicon:
    """Look-ups by joined word ("dateofbirth"), with tolerance for inflection and one slip of the keyboard.

    `languages` on a look-up is a preference: a word that has a meaning there has no other; a word that has
    none there keeps those of all languages.
    """

    def __init__(self, text: str) -> None:
        self.checksum = sha256(text.encode()).hexdigest()
        self.concepts: dict[str, Concept] = {}
        self.compositions: list[tuple[frozenset[str], str]] = []
        self._terms: dict[str, tuple[_Meaning, ...]] = {}
        self._written: dict[str, str] = {}
        self._similar: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._parse(text)
        self._sorted = sorted(self._terms)
        self._words_of: dict[str, list[str]] = defaultdict(list)
        self.compositions.sort(key=lambda pair: (-len(pair[0]), sorted(pair[0])))
        for term in self._sorted:
            self._written.setdefault(unwritten(term), term)
            for meaning in self._terms[term]:
                if "generic" in self.concepts[meaning.concept].flags:
                    self._words_of[meaning.concept].append(term)
            if len(term) >= _FUZZY_FROM:
                self._similar[term[0], len(term)].append(term)

    def find(self, word: str, languages: Languages = ()) -> tuple[str, ...]:
        """The concepts of a joined, folded word; () where it is unknown."""
        meanings = self._terms.get(word) or self._terms.get(self._written.get(unwritten(word), ""), ())
        if not meanings and "aa" in word and _WITH_RING & set(languages):
            meanings = self._terms.get(word.replace("aa", "a"), ())
        preferred = [m for m in meanings if m.languages & set(languages)]
        return tuple(m.concept for m in preferred or meanings)

    def knows(self, word: str, languages: Languages) -> bool:
        """Whether a word has a meaning in one of these very languages."""
        return any(m.languages & set(languages) for m in self._terms.get(word, ()))

    def find_loosely(self, word: str, languages: Languages = ()) -> tuple[str, ...]:
        """As `find`, and through endings; then through one missing, added or wrong letter."""
        return (
            self.find(word, languages)
            or self._inflected(word, languages)
            or self.find(self._misspelt(word), languages)
        )

    def find_abbreviated(self, word: str, languages: Languages = ()) -> tuple[str, ...]:
        """The concepts of the word that starts so ("wahrsch"); () where words of several roots do."""
        starting = self._starting(word)
        known = [t for t in starting if self.knows(t, languages)] or starting
        shortest = min(known, key=lambda t: (len(t), t), default="")
        root = shortest[: max(len(word) + 1, len(shortest) - 2)]
        kin = sum(term.startswith(root) for term in known)
        return self.find(shortest, languages) if shortest and kin >= _KIN * len(known) else ()

    def find_between(self, start: str, end: str, languages: Languages = ()) -> tuple[str, ...]:
        """The concepts of the words that start and end so ("fam." and "stand"); () where they disagree."""
        if len(start) < 2 or len(end) < 2:
            return ()
        ends = _NUMBERS if end in _NUMBERS else self._said_alike(end, languages)
        fits = [t for t in self._starting(start) if t.endswith(ends) and len(t) > len(start) + len(end)]
        known = [t for t in fits if self.knows(t, languages)] or fits
        meanings = Counter(self.find(t, languages) for t in known)
        best, often = max(meanings.items(), key=lambda item: (item[1], item[0]), default=((), 0))
        return best if often and often >= _KIN * len(known) else ()

    def find_begun(self, start: str, languages: Languages) -> tuple[str, ...]:
        """The one meaning of all terms of these languages that start so; () where there are several."""
        found = {self.find(t, languages) for t in self._starting(start) if self.knows(t, languages)}
        return found.pop() if len(found) == 1 else ()

    def find_skeleton(self, word: str, languages: Languages) -> tuple[str, ...]:
        """The concepts of the term of which a word kept the start and the end ("bouwjr"); () where terms of
        about the same length mean different things."""
        if not (_SKELETON_FROM <= len(word) <= _SKELETON_TO and languages):
            return ()
        fits = [
            t
            for t in self._starting(word[0])
            if t[-1] == word[-1] and len(word) + 1 < len(t) <= _SKELETON_REACH * len(word)
            if _is_skeleton(word, t) and self.knows(t, languages)
        ]
        shortest = min(map(len, fits), default=0)
        found = {self.find(t, languages) for t in fits if len(t) <= shortest + 3}
        return found.pop() if len(found) == 1 else ()

    def _said_alike(self, word: str, languages: Languages) -> tuple[str, ...]:
        """A word with the longer ones of the same concept: "lkm" is also "määrä"."""
        kin = self._words_of.get(next(iter(self.find(word, languages)), ""), ())
        return (word, *(t for t in kin if len(t) > len(word) and self.knows(t, languages)))

    def starts_with_sensitive(self, word: str) -> str:
        """The sensitive concept that a longer word starts with, "" for none: "handicaphjaelp"."""
        for end in range(len(word) - 1, _FUZZY_FROM - 2, -1):
            found = [c for c in self.find(word[:end]) if "sensitive" in self.concepts[c].flags]
            if found:
                return found[0]
        return ""

    def terms(self) -> Iterable[tuple[str, str, frozenset[str]]]:
        """Every joined word with a concept and the languages in which it means that."""
        return ((word, m.concept, m.languages) for word, found in self._terms.items() for m in found)

    def thinned(self, words: frozenset[str], moved: Mapping[str, str]) -> "Lexicon":
        """A poorer lexicon, to see how proposals fare on what nobody thought of: it lacks some joined words,
        and gives some concepts to another object."""
        poorer = copy(self)
        lacks = [*sorted(words), *sorted(f"{name} {where}" for name, where in moved.items())]
        poorer.checksum = sha256("\n".join([self.checksum, *lacks]).encode()).hexdigest()
        poorer.concepts = {
            name: replace(concept, object=moved.get(name, concept.object))
            for name, concept in self.concepts.items()
        }
        poorer._terms = {word: found for word, found in self._terms.items() if word not in words}
        poorer._written = {one: word for one, word in self._written.items() if word not in words}
        poorer._sorted = [word for word in self._sorted if word not in words]
        poorer._similar = defaultdict(
            list, {k: [w for w in v if w not in words] for k, v in self._similar.items()}
        )
        return poorer

    def _starting(self, word: str) -> list[str]:
        first = bisect_left(self._sorted, word)
        last = bisect_left(self._sorted, f"{word}\U0010ffff")
        return self._sorted[first:last]

    def _inflected(self, word: str, languages: Languages) -> tuple[str, ...]:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                found = self.find(word[: -len(ending)], languages)
                if found:
                    return found
        return ()

    def _misspelt(self, word: str) -> str:
        """The one term that is a slip of the keyboard away, "" where none or several are."""
        if len(word) < _FUZZY_FROM:
            return ""
        lengths = (len(word) - 1, len(word), len(word) + 1)
        near = (t for n in lengths for t in self._similar.get((word[0], n), ()) if _one_slip_apart(word, t))
        found = {self._terms[term]: term for term in near}
        return next(iter(found.values())) if len(found) == 1 else ""

    def _parse(self, text: str) -> None:
        concept = ""
        for line in text.splitlines():
            head, _, rest = line.strip().partition(" ")
            if not head or head.startswith("#"):
                continue
            if head.startswith("@"):
                concept = head[1:]
                where, kind, *flags = rest.split()
                self.concepts[concept] = Concept(concept, where, kind, frozenset(flags))
            elif head == "+":
                self.compositions.append((frozenset(rest.split()), concept))
            else:
                self._add_terms(concept, head, fold(rest).split(","))

    def _add_terms(self, concept: str, language: str, terms: Iterable[str]) -> None:
        for term in terms:
            joined = "".join(_WORD.findall(term))
            if not joined:
                continue
            found = self._terms.get(joined, ())
            same = next((m.languages for m in found if m.concept == concept), frozenset())
            others = tuple(m for m in found if m.concept != concept)
            self._terms[joined] = (*others, _meaning(concept, same | {language}))


@cache
def _shipped() -> Lexicon:
    return Lexicon(DATA.read_text(encoding="utf-8"))


_other: ContextVar[Lexicon | None] = ContextVar("lexicon", default=None)


def lexicon() -> Lexicon:
    """The shipped lexicon, read once; within `using`, the other one."""
    return _other.get() or _shipped()


@contextmanager
def using(other: Lexicon) -> Iterator[None]:
    """Read names with another lexicon, to measure what the shipped one is worth."""
    token = _other.set(other)
    try:
        yield
    finally:
        _other.reset(token)


# Plural, definite and genitive endings of the seven languages, longest first.
_ENDINGS = tuple(
    """
    ernas arnas ernes erna arna orna enes erne iden sten ssa sta lla lle ksen ens ets ene ies
    en et er ar or es na ne jen ien s n t e a r i
    """.split()
)


def is_cut_of(word: str, term: str) -> bool:
    """Whether a word is a term cut short: its start, or its start and its end."""
    if word.isdigit() or len(word) < 2:
        return word == term
    return term.startswith(word) or (_CUT_REACH * len(word) >= len(term) and _is_skeleton(word, term))


def _is_skeleton(word: str, term: str) -> bool:
    """Whether a term starts with the first letters of a word and ends with all others: "bouwjr", "bouwjaar"."""
    return any(term.startswith(word[:i]) and term.endswith(word[i:]) for i in range(1, len(word)))


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
    # In a short word another letter makes another word: "portkod" is no "postkod".
    return len(wrong) == 1 and len(term) >= _ANOTHER_LETTER_FROM
