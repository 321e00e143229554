"""What a person's decisions have in common: patterns found in some of them and checked on the others. Pure.

A pattern says "cases with these words were decided by this act". It is found in two thirds of the decisions; the
third that is held back only tells how often it is right. Nothing here decides, and nothing is offered that takes
knowledge of one case: whom to merge with is the case's own suggestion or no pattern, an address never is one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from math import comb
from typing import Any
from uuid import UUID

from migrator.engine.canonical import canonical_json
from migrator.engine.cases import CaseKind, Decide

# How many decisions a pattern rests on, how many others have to confirm it, and how well.
SUPPORT, HELD_BACK, PRECISION = 8, 4, 0.95
# So many patterns of one kind are checked at once: each further look at what was held back makes it worth less.
MOST = 3
# From so many cases on a part of them tells something of its own.
POCKET = 3
# What makes cases unlike one another, whatever else they share. To go against a suggestion that nobody has looked at
# is never allowed; of the rest a few may be unlike the ones that were seen.
SUGGESTS = "suggest"
TELLING = frozenset({SUGGESTS, "sure", "phone", "company"})
UNLIKE = 0.05
# A narrower condition has to be better than a wider one by more than luck: of many that are tried, some always are.
LUCK = 0.01
# One-sided 95 %.
_Z = 1.645

# Acts that are the same for every case.
_PLAIN = frozenset(
    {Decide.NAME_ONLY, Decide.KEEP_APART, Decide.SPLIT, Decide.DROP, Decide.KEEP, Decide.SKIP, Decide.AS_TYPE}
)
# Acts that mean something else in every case: like one another only where each took its own suggestion.
_BY_SUGGESTION = frozenset({Decide.MERGE, Decide.MERGE_TAG, Decide.DERIVE_NAME})


@dataclass(frozen=True, slots=True)
class Act:
    """An act that many cases can take. Without a type it has no arguments, or each case's own suggested ones."""

    action: Decide
    type: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One decided case: the words that it is found by, and how it was decided.

    `act` is None where the decision is of no use for other cases (an address, another choice than the suggested
    one, unsure): it still counts against a pattern. `reason` is what a person wrote on a skip.
    """

    item: int
    words: frozenset[str]
    act: Act | None
    held_back: bool
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Cases that are still to be decided, with the words that all of them have."""

    words: frozenset[str]
    cases: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """`support` counts the decisions it was found in, `agreed` of `held_back` the ones that confirm it, and
    `exceptions` names the cases on either side that were decided otherwise."""

    condition: tuple[str, ...]
    act: Act
    support: int
    held_back: int
    agreed: int
    exceptions: tuple[int, ...]
    reason: str = ""

    @property
    def is_sound(self) -> bool:
        enough = self.support >= SUPPORT and self.held_back >= HELD_BACK
        return enough and self.agreed >= PRECISION * self.held_back

    @property
    def args(self) -> dict[str, Any]:
        args = {"type": self.act.type, "reason": self.reason}
        return {name: value for name, value in args.items() if value}


def act_of(
    kind: CaseKind, action: Decide, args: Mapping[str, Any], suggestion: Mapping[str, Any]
) -> Act | None:
    """The act as other cases could take it; None where they could not.

    `suggestion` is the case's own, {"action", "args", ..}. A consent is never decided by a pattern.
    """
    if kind == CaseKind.CONSENT:
        return None
    if action in _PLAIN:
        return Act(action, str(args.get("type", "")) if action == Decide.AS_TYPE else "")
    suggested = suggestion.get("action") == action and _same(args, suggestion.get("args") or {})
    return Act(action) if action in _BY_SUGGESTION and suggested else None


def _same(args: Mapping[str, Any], suggested: Mapping[str, Any]) -> bool:
    return _plain(args) == _plain(suggested)


def _plain(args: Mapping[str, Any]) -> str:
    """Without what is empty, and lists without their order."""
    filled = {name: value for name, value in args.items() if value}
    return canonical_json({n: sorted(v) if isinstance(v, list) else v for n, v in filled.items()})


def is_held_back(batch: UUID) -> bool:
    """A third of all requests. By request, because decisions of one request are no check of one another."""
    return batch.int % 3 == 0


def find(seen: Sequence[Seen], left: Sequence[Left]) -> tuple[Pattern, ...]:
    """The patterns that hold and speak of something that is left, the surest first, at most three.

    What was held back has no part in the choice: it can only speak against what was chosen.
    """
    learned = [case for case in seen if not case.held_back]
    found = sorted(_candidates(learned, left), key=_worth)
    checked = (check(condition, act, seen) for condition, act in _apart(found, learned))
    return tuple(p for p in checked if p.is_sound and not has_pocket(p, seen))


Candidate = tuple[tuple[str, ...], Act, int, int, int]


def _candidates(learned: Sequence[Seen], left: Sequence[Left]) -> Iterator[Candidate]:
    """Condition, act, how many cases meet it, how many of those were decided by the act, and how many are left."""
    known = frozenset(word for cases in left for word in cases.words)
    tallies: dict[tuple[str, ...], _Tally] = {(): _Tally.of(learned)}
    for condition in _conditions(learned):
        matching = [case for case in learned if case.words.issuperset(condition)]
        tally = tallies[condition] = _Tally.of(matching)
        act, times = tally.usual
        if act is None or times < SUPPORT or not tally.is_precise(act):
            continue
        if not _may_stand(condition, act) or _is_luck(condition, act, tallies):
            continue
        if reach := _reach(known.intersection(condition), matching, left):
            yield condition, act, tally.total, times, reach


@dataclass(frozen=True, slots=True)
class _Tally:
    """How the cases that meet a condition were decided."""

    total: int
    acts: Counter[Act | None]

    @classmethod
    def of(cls, cases: Sequence[Seen]) -> "_Tally":
        return cls(len(cases), Counter(case.act for case in cases))

    @property
    def usual(self) -> tuple[Act | None, int]:
        known = {act: times for act, times in self.acts.items() if act}
        return max(known.items(), key=lambda pair: pair[1], default=(None, 0))

    def is_precise(self, act: Act) -> bool:
        return self.acts[act] >= PRECISION * self.total


def _conditions(learned: Sequence[Seen]) -> Iterator[tuple[str, ...]]:
    """One word, or two of different names, that enough cases have."""
    counted = Counter(word for case in learned for word in case.words)
    words = sorted(word for word, number in counted.items() if number >= SUPPORT)
    yield from ((word,) for word in words)
    for pair in combinations(words, 2):
        if _name(pair[0]) != _name(pair[1]):
            yield pair


def _name(word: str) -> str:
    return word.partition(":")[0]


def _may_stand(condition: tuple[str, ...], act: Act) -> bool:
    """An act that lives on the suggestion is for the cases that suggest it."""
    return act.action not in _BY_SUGGESTION or f"{SUGGESTS}:{act.action}" in condition


def _is_luck(condition: tuple[str, ...], act: Act, tallies: Mapping[tuple[str, ...], _Tally]) -> bool:
    """Whether it only looks better than a wider condition under which the act was not usual enough."""
    own = tallies[condition]
    wider = [tallies[shorter] for size in range(len(condition)) for shorter in combinations(condition, size)]
    return any(
        chance(own.total, own.total - own.acts[act], whole.total, whole.total - whole.acts[act]) > LUCK
        for whole in wider
        if not whole.is_precise(act)
    )


def chance(part: int, exceptions: int, whole: int, exceptions_of_whole: int) -> float:
    """How likely a part drawn at random holds no more exceptions than this (hypergeometric)."""
    usual = whole - exceptions_of_whole
    ways = sum(comb(exceptions_of_whole, n) * comb(usual, part - n) for n in range(min(exceptions, part) + 1))
    return ways / comb(whole, part)


def _reach(condition: frozenset[str], matching: Sequence[Seen], left: Sequence[Left]) -> int:
    """How many of what is left meet the condition; 0 where they are not of a sort that somebody has looked at.

    Without the words that no count knows, such as a tag: those narrow nothing here.
    """
    meant = [cases for cases in left if cases.words.issuperset(condition)]
    met = Counter(word for case in matching for word in case.words)
    unlike = 0
    for cases in meant:
        new = {_name(word) for word in cases.words if met[word] < POCKET} & TELLING
        if SUGGESTS in new:
            return 0
        unlike += cases.cases if new else 0
    total = sum(cases.cases for cases in meant)
    return total if unlike <= UNLIKE * total else 0


def are_alike(pattern: Pattern, seen: Sequence[Seen], left: Sequence[Left]) -> bool:
    """Whether what is left for a pattern is of the sorts that were decided; true where nothing is left."""
    known = frozenset(word for cases in left for word in cases.words).intersection(pattern.condition)
    matching = [case for case in seen if case.words.issuperset(pattern.condition)]
    return not any(c.words.issuperset(known) for c in left) or _reach(known, matching, left) > 0


def _worth(candidate: Candidate) -> tuple[float, int, int, tuple[str, ...]]:
    """What is surest from what was seen comes first; of two alike, the one that says less and reaches less far."""
    condition, _, total, agreed, reach = candidate
    return -least_precision(agreed, total), len(condition), reach, condition


def least_precision(agreed: int, total: int) -> float:
    """The lower end of the one-sided 95 % interval (Wilson) of a share: 8 of 8 is 0.75, 40 of 40 is 0.94."""
    if not total:
        return 0.0
    share, z = agreed / total, _Z * _Z / total
    return float((share + z / 2 - (z * (share * (1 - share) + z / 4)) ** 0.5) / (1 + z))


def _apart(found: Iterable[Candidate], learned: Sequence[Seen]) -> list[tuple[tuple[str, ...], Act]]:
    """The first few of them that each speak of enough cases that none before did."""
    chosen: list[tuple[tuple[str, ...], Act]] = []
    spoken_of: set[int] = set()
    for condition, act, *_ in found:
        cases = {case.item for case in learned if case.words.issuperset(condition)}
        if len(cases - spoken_of) >= SUPPORT and len(chosen) < MOST:
            chosen.append((condition, act))
            spoken_of |= cases
    return chosen


def check(condition: Iterable[str], act: Act, seen: Sequence[Seen]) -> Pattern:
    """The figures of one pattern, as the decisions stand now."""
    condition = tuple(condition)
    matching = [case for case in seen if case.words.issuperset(condition)]
    agreeing = [case for case in matching if case.act == act]
    reasons = Counter(case.reason for case in agreeing if case.reason)
    usual, times = reasons.most_common(1)[0] if reasons else ("", 0)
    return Pattern(
        condition,
        act,
        support=sum(not case.held_back for case in agreeing),
        held_back=sum(case.held_back for case in matching),
        agreed=sum(case.held_back for case in agreeing),
        exceptions=tuple(sorted(case.item for case in matching if case.act != act)),
        reason=usual if 2 * times >= len(agreeing) else "",
    )


def has_pocket(pattern: Pattern, seen: Sequence[Seen]) -> bool:
    """Whether a part of the cases, such as one Section, was mostly decided otherwise: a rule would be wrong there
    however right it is on the whole."""
    met: Counter[str] = Counter()
    against: Counter[str] = Counter()
    for case in seen:
        if case.words.issuperset(pattern.condition):
            met.update(case.words)
            against.update(case.words if case.act != pattern.act else ())
    return any(met[word] >= POCKET and 2 * number > met[word] for word, number in against.items())
