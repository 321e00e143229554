"""Proposals for accounts with known answers: scored as they are, and fitted leaving the scored account out.

The rules and the lexicon were written by people who saw some of these accounts, so on them they err too rarely for
their confidence to be learned. It is therefore learned with a thinned lexicon, which fares on them as the whole
one does on accounts that nobody has seen; and, counting more, with accounts for which it is known which words were
learned from them, read without those.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import blake2b

from mapping_review.proposers.accounts import answer_of, settings_of, source_fields_of
from mapping_review.proposers.by_rules import cases_for, propose
from mapping_review.proposers.confidence import AGAINST, Case, confidence_of, features_of
from mapping_review.proposers.fitting.answers import Gold, place_of
from mapping_review.proposers.fitting.logistic import Example, fitted_on
from mapping_review.proposers.fitting.measures import Scored
from mapping_review.proposers.lexicon import Lexicon, lexicon, using
from migrator.engine.inventory import TargetObject

RIDGE = 1.0
# With these, confidence learned on accounts that the lexicon knows came true on seven fresh ones (README.md of the
# accounts); at half of them it was far too sure.
WORDS_GONE, OBJECTS_MOVED = 0.45, 0.08
SEEDS = range(4)
# How often an example from an account read as it was first seen counts, beside once for a thinned lexicon.
FRESH_TIMES = 3
Weights = Mapping[str, float]


def scored(gold: Gold, weights: Weights | None = None) -> list[Scored]:
    """Every attribute of an account; `weights` replace the shipped ones."""
    return [row for row, _ in _trial(gold, weights)]


def examples_of(gold: Gold) -> list[Example]:
    """What the confidence learns from one account: the scored attributes, under each thinned lexicon, and as
    they were when they were new where that is known."""
    found: list[Example] = []
    for seed in SEEDS:
        with using(thinned(lexicon(), seed)):
            found += _examples(gold)
    if gold.learned:
        with _as_first_seen(gold):
            found += _examples(gold) * FRESH_TIMES
    return found


def leaving_out(golds: Sequence[Gold]) -> Iterator[tuple[Gold, list[Scored]]]:
    """Each account with its rows, its confidence fitted on all the others and the words that were learned
    from its file left out."""
    examples = {gold.account.id: examples_of(gold) for gold in golds}
    for gold in golds:
        others = [e for key, known in examples.items() if key != gold.account.id for e in known]
        with _as_first_seen(gold):
            rows = scored(gold, weights_on(others))
        yield gold, rows


def _as_first_seen(gold: Gold) -> AbstractContextManager[None]:
    return using(lexicon().thinned(gold.learned, {}) if gold.learned else lexicon())


def _examples(gold: Gold) -> list[Example]:
    return [(features_of(case), row.right) for row, case in _trial(gold) if case is not None]


def fitted_weights(golds: Sequence[Gold]) -> dict[str, float]:
    """The weights to ship: from all accounts, to four decimals."""
    weights = weights_on([e for gold in golds for e in examples_of(gold)])
    return {name: round(weight, 4) for name, weight in weights.items()}


def weights_on(examples: Sequence[Example]) -> dict[str, float]:
    """The weights; a feature of AGAINST that would raise the confidence gets none, and the rest are fitted
    without it."""
    idle: set[str] = set()
    while True:
        rows = [({n: 0.0 if n in idle else v for n, v in f.items()}, right) for f, right in examples]
        weights = fitted_on(rows, RIDGE)
        wrong = {name for name in AGAINST if weights.get(name, 0.0) > 0.0} - idle
        if not wrong:
            return {name: 0.0 if name in idle else weight for name, weight in weights.items()}
        idle |= wrong


def thinned(full: Lexicon, seed: int) -> Lexicon:
    """The lexicon without a share of its words and with some concepts given to another object, the same ones
    for the same seed."""
    words = {word for word, _, _ in full.terms()}
    gone = frozenset(word for word in words if _lot(word, seed) < WORDS_GONE)
    moved = {
        name: _elsewhere(concept.object, _lot(name, -seed - 1) / OBJECTS_MOVED)
        for name, concept in full.concepts.items()
        if concept.object != "any" and _lot(name, -seed - 1) < OBJECTS_MOVED
    }
    return full.thinned(gone, moved)


def _elsewhere(where: str, lot: float) -> str:
    others = [one.value for one in TargetObject if one.value != where]
    return others[int(lot * len(others))]


def _trial(gold: Gold, weights: Weights | None = None) -> Iterator[tuple[Scored, Case | None]]:
    account = gold.account
    fields, settings = source_fields_of(account), settings_of(account)
    cases = cases_for(fields, account.catalogue, settings)
    proposals = propose(fields, account.catalogue, settings)
    for attribute, field, proposal in zip(account.attributes, fields, proposals, strict=True):
        case = cases.get(field.key)
        sure = proposal.confidence if case is None else confidence_of(case, weights)
        yield _scored(gold, attribute.id, attribute.default, answer_of(proposal, account), sure), case


def _scored(gold: Gold, key: str, is_default: bool, given: Mapping[str, object], sure: float) -> Scored:
    answers = gold.answers[key]
    proposals = given["proposals"]
    assert isinstance(proposals, list)
    first, places = proposals[0], [place_of(p) for p in proposals]
    counts = bool(answers.component) and places[0] == answers.best
    return Scored(
        id=key,
        is_default=is_default,
        confidence=sure,
        right=places[0] in answers.right,
        in_three=bool(answers.right & set(places)),
        is_map=first["action"] == "map",
        leaks=answers.is_sensitive and first["action"] != "skip",
        type_right=given["type"] in answers.types if answers.types else None,
        part_right=first.get("component", "") == answers.component if counts else None,
    )


def _lot(word: str, seed: int) -> float:
    """From 0 to 1, drawn by hash: the same on every machine."""
    drawn = blake2b(f"{seed} {word}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(drawn) / 2**32
