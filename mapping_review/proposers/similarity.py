"""How alike two readings are, from 0 to 1: shared concepts by weight, related concepts, then the letters."""

from functools import cache, lru_cache
from pathlib import Path

from mapping_review.proposers.lexicon import is_cut_of, lexicon
from mapping_review.proposers.names import Reading
from mapping_review.proposers.subjects import unit_weight

RELATED = Path(__file__).parent / "data" / "related.txt"
OPPOSED = Path(__file__).parent / "data" / "opposed.txt"
_UNKNOWN = 0.6
# How much of a name must be left for it to be that name cut short.
_SHORTEST, _LEAST_SHARE = 4, 0.36
_ANOTHERS, _OPPOSED, _ONLY_QUALIFIERS = 0.4, 0.35, 0.1


def similarity(source: Reading, target: Reading) -> float:
    """Weighted Dice over concepts and unknown words; equal names are 1 whatever they mean."""
    if source.folded and source.folded == target.folded:
        return 1.0
    if not (source.unknown and target.unknown) and target.concepts.isdisjoint(_reach(source.concepts)):
        return 0.0
    total = _weight_of(source) + _weight_of(target)
    if not total:
        return 0.0
    shared = 2 * (_shared_concepts(source, target) + _shared_words(source, target)) / total
    # Not quite 1, so that of two fields with one meaning the one that also has the name goes first.
    if shared < 0.9 and not _shares_meaning(source, target):
        shared -= _ONLY_QUALIFIERS
    return max(0.0, min(0.98, shared) - _apart(source, target))


def abbreviates(source: Reading, target: Reading) -> bool:
    """Whether the source's name is the target's cut short, word by word or within a compound: "Pat.nr" and
    "Patientnummer". Only for names of which a part was guessed or not known at all."""
    short, full = "".join(source.words), "".join(target.words)
    is_doubtful = bool(source.unknown) or source.guessed > 0
    is_shorter = _SHORTEST <= len(short) < len(full) and len(short) >= _LEAST_SHARE * len(full)
    return is_doubtful and is_shorter and short[:2] == full[:2] and _is_cut_to(full, source.words)


def _is_cut_to(full: str, words: tuple[str, ...]) -> bool:
    """Whether the words, each cut short, make up the whole of the other name."""
    ends = {0}
    for word in words:
        ends = {
            end
            for start in ends
            for end in range(start + len(word), len(full) + 1)
            if is_cut_of(word, full[start:end])
        }
    return len(full) in ends


def _shares_meaning(source: Reading, target: Reading) -> bool:
    """Whether more is shared than words such as "last" and "customer"."""
    kin = any(
        _kinship(a, b) > 0 and max(unit_weight(a), unit_weight(b)) >= 0.9
        for a in source.units
        for b in target.units
    )
    return kin or _shared_words(source, target) > 0


def _apart(source: Reading, target: Reading) -> float:
    """What speaks against two names that share words: somebody else's ("child's birthday"), or opposites
    ("start", "end")."""
    ours, theirs = source.concepts, target.concepts
    holders = {c for c in ours ^ theirs if "holder" in lexicon().concepts[c].flags}
    apart = _ANOTHERS if any(not _has_kin(c, theirs if c in ours else ours) for c in holders) else 0.0
    opposed = any(a in ours - theirs and b in theirs - ours for a, b in _opposites())
    return max(apart, _OPPOSED if opposed else 0.0)


def _has_kin(concept: str, others: frozenset[str]) -> bool:
    return any(_related().get(frozenset([concept, other]), 0.0) >= 0.5 for other in others)


@lru_cache(maxsize=2048)
def _reach(concepts: frozenset[str]) -> frozenset[str]:
    """The concepts with all their kin: what shares none of them is not alike."""
    kin = (pair for concept in concepts for pair in _kin_of().get(concept, ()))
    return concepts.union(*kin)


def _weight_of(reading: Reading) -> float:
    return sum(map(unit_weight, reading.units)) + _UNKNOWN * len(reading.unknown)


def _shared_concepts(source: Reading, target: Reading) -> float:
    """Greedy pairing of units, best pairs first, each unit once."""
    pairs = sorted(
        (
            (-_kinship(a, b) * min(unit_weight(a), unit_weight(b)), i, j)
            for i, a in enumerate(source.units)
            for j, b in enumerate(target.units)
        )
    )
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    shared = 0.0
    for negative, i, j in pairs:
        if negative < 0 and i not in taken_a and j not in taken_b:
            shared -= negative
            taken_a.add(i)
            taken_b.add(j)
    return shared


def _kinship(a: frozenset[str], b: frozenset[str]) -> float:
    if a & b:
        return 1.0
    related = _related()
    return max((related.get(frozenset([x, y]), 0.0) for x in a for y in b), default=0.0)


def _shared_words(source: Reading, target: Reading) -> float:
    return sum(
        _UNKNOWN * max((_alike(word, other) for other in target.unknown), default=0.0)
        for word in source.unknown
    )


def _alike(word: str, other: str) -> float:
    if word == other:
        return 1.0
    short, long = sorted((word, other), key=len)
    if len(short) >= 4 and short in long:
        return 0.8
    if len(short) >= 3 and long.startswith(short):
        return 0.6
    dice = _dice(_pairs_of(word), _pairs_of(other))
    return dice if dice >= 0.7 else 0.0


def _pairs_of(word: str) -> frozenset[str]:
    return frozenset(word[i : i + 2] for i in range(len(word) - 1))


def _dice(a: frozenset[str], b: frozenset[str]) -> float:
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


@cache
def _related() -> dict[frozenset[str], float]:
    found = {}
    for line in RELATED.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            one, other, share = line.split()
            found[frozenset([one, other])] = float(share)
    return found


@cache
def _kin_of() -> dict[str, list[frozenset[str]]]:
    found: dict[str, list[frozenset[str]]] = {}
    for pair in _related():
        for concept in pair:
            found.setdefault(concept, []).append(pair)
    return found


@cache
def _opposites() -> tuple[tuple[str, str], ...]:
    pairs = [
        line.split()
        for line in OPPOSED.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    return tuple((a, b) for one, other in pairs for a, b in ((one, other), (other, one)))
