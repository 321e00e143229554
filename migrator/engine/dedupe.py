"""When two names may mean one person or one company, and how matches become cases of a size to look at. Pure.

The database finds what shares a value (blocking); the rules here say whether that is worth a question. A phone
number or a CRM id that many different names share is a switchboard or a wreck, and no match.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from migrator.engine.matching import company_key

# More than this in one case nobody compares side by side.
MOST_MEMBERS = 20
# So many different names beside one CRM id: somebody's import went wrong, and the id says nothing.
_NAMES_OF_ONE_ID = 3
_COMPANIES_OF_ONE_DOMAIN = 5
_NEAR_WORD, _NEAR_COMPANY = 0.75, 0.85
_NOT_WORD = re.compile(r"[^\w]+")
_SPACE = re.compile(r"\s+")
# What a spreadsheet makes of a long number, and what people type where there is none.
_WRECKED = re.compile(r"^(?:[\d.,]+e[+-]?\d+|0+|-+|n/?a|null|none|#\S*|.)$", re.IGNORECASE)
PUBLIC_MAILBOXES = frozenset(
    "gmail.com googlemail.com hotmail.com hotmail.se hotmail.no hotmail.dk hotmail.fi hotmail.co.uk outlook.com "
    "live.com live.se live.no live.dk msn.com yahoo.com yahoo.se yahoo.no yahoo.dk ymail.com icloud.com me.com "
    "mac.com aol.com proton.me protonmail.com gmx.de gmx.net gmx.com web.de t-online.de telia.com spray.se "
    "bredband.net comhem.se tele2.se online.no frisurf.no getmail.no jubii.dk mail.dk stofanet.dk youmail.dk "
    "kolumbus.fi luukku.com suomi24.fi elisanet.fi saunalahti.fi pp.inet.fi wp.pl o2.pl mail.com zoho.com".split()
)


def person_key(name: str) -> str:
    """A person's name without case, accents, punctuation and order: "Berg, Anna" is "anna berg"."""
    return " ".join(sorted(_NOT_WORD.sub(" ", _plain(name)).split()))


@lru_cache(maxsize=20_000)
def near_people(a: str, b: str) -> bool:
    """Whether two person keys may name one person: every word of the shorter one is in the longer one, spelled
    the same, nearly the same or as an initial. A missing name says nothing."""
    short, long = sorted((a.split(), b.split()), key=len)
    return bool(short) and _all_found(short, long, _NEAR_WORD, initials=len(long) > 1)


def crm_id_key(text: str) -> str:
    """A CRM id without braces and case; "" for what cannot be one."""
    plain = text.strip().strip("{}").casefold()
    return "" if _WRECKED.match(plain) else plain[:300]


def same_crm_id(a: str, b: str, holders: int) -> bool:
    """Whether two profiles with one CRM id are worth a question, by their person keys and how many hold it."""
    return holders <= _NAMES_OF_ONE_ID or near_people(a, b)


def company_spelling(name: str) -> str:
    """What two spellings of a company have in common when nobody would call them two: case and space."""
    return _SPACE.sub(" ", unicodedata.normalize("NFC", name)).strip().casefold()


@lru_cache(maxsize=20_000)
def near_companies(a: str, b: str) -> bool:
    """Whether two company keys (see matching.company_key) may name one company: the same letters, or as many
    words that are spelled nearly alike. Numbers tell two branches apart."""
    if re.findall(r"\d+", a) != re.findall(r"\d+", b):
        return False
    if a.replace(" ", "") == b.replace(" ", ""):
        return True
    one, two = a.split(), b.split()
    return len(one) == len(two) and _all_found(one, two, _NEAR_COMPANY, initials=False)


def is_own_domain(domain: str, companies: int) -> bool:
    """Whether an e-mail domain may stand for one company; one that many companies use is a mailbox provider's."""
    return "." in domain and domain not in PUBLIC_MAILBOXES and companies <= _COMPANIES_OF_ONE_DOMAIN


def is_named_in(domain: str, key: str) -> bool:
    """Whether a company key is in the domain: "fjallsport kiruna" in "fjallsport.example", "nv outdoor" in
    "nv.example"."""
    label = _NOT_WORD.sub("", domain.rpartition(".")[0].rpartition(".")[2])
    squeezed = key.replace(" ", "")
    return bool(label) and (squeezed.startswith(label) or label.startswith(key.partition(" ")[0]))


def company_name_key(name: str) -> str:
    """The company key, and the spelling where nothing is left of it ("AB")."""
    return company_key(name) or company_spelling(name)


class Clusters:
    """What belongs together, by links given strongest first; no cluster grows over `most`, so that a link that
    would make it larger is left out. An anchor is what a cluster can hold only one of."""

    def __init__(self, most: int = MOST_MEMBERS) -> None:
        self._most = most
        self._parent: dict[str, str] = {}
        self._size: dict[str, int] = {}
        self._anchor: dict[str, str] = {}
        # Members whose link to another cluster was left out.
        self.cut: set[str] = set()

    def add(self, key: str, anchor: str = "") -> None:
        if key not in self._parent:
            self._parent[key], self._size[key] = key, 1
        if anchor:
            self._anchor.setdefault(self.of(key), anchor)

    def link(self, a: str, b: str) -> bool:
        """True where both are in one cluster now."""
        self.add(a)
        self.add(b)
        one, two = sorted((self.of(a), self.of(b)))
        if one == two:
            return True
        anchors = {anchor for root in (one, two) if (anchor := self._anchor.get(root))}
        if self._size[one] + self._size[two] > self._most or len(anchors) > 1:
            self.cut |= {a, b}
            return False
        self._parent[two] = one
        self._size[one] += self._size.pop(two)
        if anchors:
            self._anchor[one] = anchors.pop()
        return True

    def of(self, key: str) -> str:
        """The cluster's least key."""
        root = key
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[key] != root:
            self._parent[key], key = root, self._parent[key]
        return root

    def anchor_of(self, key: str) -> str:
        return self._anchor.get(self.of(key), "")

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        """Every cluster in the order of its least key, members sorted."""
        members: dict[str, list[str]] = {}
        for key in sorted(self._parent):
            members.setdefault(self.of(key), []).append(key)
        return (tuple(group) for group in members.values())


class WordIndex:
    """Words by their letter triples, so that finding what is spelled alike does not compare each with each."""

    LEAST = 0.3
    # A triple that so many words have tells nothing; a numbered series of tags would compare each with each.
    TOO_COMMON = 300

    def __init__(self, words: Iterable[str]) -> None:
        self._grams: dict[str, frozenset[str]] = {}
        self._holders: dict[str, list[str]] = {}
        for word in words:
            self._grams[word] = grams = _triples(word)
            for gram in grams:
                self._holders.setdefault(gram, []).append(word)

    def near(self, word: str, most: int) -> list[str]:
        """The other words that share most of their triples with this one, nearest first."""
        own = self._grams.get(word) or _triples(word)
        holders = sorted((self._holders.get(gram, []) for gram in own), key=len)
        telling = [h for h in holders if len(h) <= self.TOO_COMMON] or holders[:1]
        candidates = {other for group in telling for other in group} - {word}
        rated = [(self._near(own, other), other) for other in candidates]
        return [w for near, w in sorted(rated, key=lambda r: (-r[0], r[1])) if near >= self.LEAST][:most]

    def _near(self, own: frozenset[str], other: str) -> float:
        theirs = self._grams[other]
        shared = len(own & theirs)
        return shared / (len(own) + len(theirs) - shared)


def folded_word(text: str) -> str:
    """A tag without case, accents and separators."""
    return _NOT_WORD.sub("", _plain(text)).replace("_", "")


def _triples(word: str) -> frozenset[str]:
    padded = f"  {folded_word(word)[:200]} "
    return frozenset(padded[n : n + 3] for n in range(len(padded) - 2))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def _all_found(short: Sequence[str], long: Sequence[str], near: float, *, initials: bool) -> bool:
    """Each word of the shorter has one of its own in the longer; at least one is a whole word."""
    left, whole = list(long), False
    for word in short:
        found = next((o for o in left if o == word), None) or next(
            (o for o in left if _alike(word, o, near, initials=initials)), None
        )
        if found is None:
            return False
        left.remove(found)
        whole = whole or min(len(word), len(found)) > 1
    return whole


def _alike(a: str, b: str, near: float, *, initials: bool) -> bool:
    if initials and 1 in (len(a), len(b)):
        return a[0] == b[0]
    # Two words of three letters that differ in one are two words.
    return max(len(a), len(b)) > 3 and SequenceMatcher(None, a, b, autojunk=False).ratio() >= near
