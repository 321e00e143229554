"""How sure a proposal is: a logistic curve over what spoke for it, with weights that were fitted and not chosen.

The weights stand in data/confidence.json; `manage.py measure_proposals --fit` makes them anew.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.subjects import Subject, main_concept
from migrator.engine.field_map import Action
from migrator.engine.inventory import TargetObject, ValueType

WEIGHTS = Path(__file__).parent / "data" / "confidence.json"
_HIGHEST, _LOWEST = 0.99, 0.01
# A CRM's integration wrote the attribute and its namespace says what the words mean: nothing was guessed.
_TOLD = 0.95
_LEFT_BEHIND, _UNFOUND_OWNER = 0.5, 0.6


_V = ValueType
_AMOUNTS = frozenset({_V.NUMBER, _V.MONEY})
# The values that a concept's type of field leads one to expect.
_PROMISED: Mapping[str, frozenset[ValueType]] = {
    "date": frozenset({_V.DATE, _V.DATETIME}),
    "double": _AMOUNTS,
    "monetary": _AMOUNTS,
    "yesno": frozenset({_V.YES_NO}),
    "phone": frozenset({_V.PHONE, _V.NUMBER}),
    "enum": frozenset({_V.OPTION, _V.OPTIONS, _V.TEXT}),
    "set": frozenset({_V.OPTION, _V.OPTIONS, _V.TEXT}),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One candidate among all of its source field, best first."""

    subject: Subject
    candidate: Candidate
    ranked: Sequence[Candidate]

    @property
    def rival(self) -> float:
        """The score of the best other home; another object for the same new field is one too."""
        return max((c.score for c in self.ranked if c is not self.candidate), default=0.0)

    @property
    def rival_map(self) -> float:
        """How alike the best existing field is that was not chosen."""
        others = [c for c in self.ranked if c is not self.candidate and c.action == Action.MAP]
        return max((max(c.alike, c.overlap * 0.5) for c in others), default=0.0)

    @property
    def knows_all(self) -> bool:
        return bool(self.subject.reading.units) and not self.subject.reading.unknown

    @property
    def is_telling(self) -> bool:
        concept = main_concept(self.subject.reading)
        return concept is not None and concept.weight >= 0.9

    @property
    def unknown_share(self) -> float:
        """Of the parts of the name, how many say nothing that we know."""
        reading = self.subject.reading
        parts = len(reading.units) + len(reading.unknown)
        return len(reading.unknown) / parts if parts else 1.0

    @property
    def guessed_share(self) -> float:
        """Of the parts of the name, how many were read as abbreviated or misspelt."""
        reading = self.subject.reading
        return min(1.0, reading.guessed / max(1, len(reading.units) + len(reading.unknown)))

    @property
    def is_ambiguous(self) -> bool:
        return any(len(unit) > 1 for unit in self.subject.reading.units)

    @property
    def agreement(self) -> int:
        """1 where the values are of the type that the name promises, -1 where they are of another."""
        concept, found = main_concept(self.subject.reading), self.subject.evidence.type
        promised = _PROMISED.get(concept.type if concept else "")
        if promised is None or found == ValueType.EMPTY:
            return 0
        return 1 if found in promised else -1

    @property
    def close_rivals(self) -> float:
        """How many other homes score nearly as much, three or more as 1."""
        near = [c for c in self.ranked if c is not self.candidate and c.score > self.candidate.score - 0.15]
        return min(3, len(near)) / 3

    @property
    def is_technical(self) -> bool:
        """ "KREDITLIMIT", "reden_afw": a name that a system gave and no person reads."""
        name = self.subject.field.name
        return "_" in name or (name.isupper() and len(name) > 3)

    @property
    def is_short(self) -> bool:
        return len(self.subject.reading.folded) <= 3

    def is_a(self, action: Action) -> bool:
        return self.candidate.action == action


# Each from 0 to about 1, so that the weights can be compared.
FEATURES: Mapping[str, Callable[[Case], float]] = {
    "map": lambda c: c.is_a(Action.MAP),
    "skip": lambda c: c.is_a(Action.ARCHIVE),
    "map: score": lambda c: c.is_a(Action.MAP) * min(1.2, c.candidate.score),
    "map: margin": lambda c: c.is_a(Action.MAP) * _clipped(c.candidate.score - c.rival, 0.5),
    "map: alike": lambda c: c.is_a(Action.MAP) * c.candidate.alike,
    "map: labels": lambda c: c.is_a(Action.MAP) * c.candidate.overlap,
    "map: address": lambda c: c.candidate.target is not None and c.candidate.target.is_address,
    "map: elsewhere among people": lambda c: (
        c.candidate.target is not None
        and c.candidate.target.field.object == TargetObject.ORGANIZATION
        and not c.subject.company_side
    ),
    "map: shared": lambda c: c.candidate.target is not None and c.candidate.target.shared,
    "new: margin": lambda c: c.is_a(Action.CREATE) * _clipped(c.candidate.score - c.rival, 0.25) * 2,
    "new: rival": lambda c: c.is_a(Action.CREATE) * c.rival_map,
    "new: home known": lambda c: c.is_a(Action.CREATE) and bool(c.subject.home),
    "new: elsewhere": lambda c: c.is_a(Action.CREATE) and c.subject.home in ("organization", "deal"),
    "new: elsewhere among people": lambda c: (
        c.is_a(Action.CREATE) and c.subject.home in ("organization", "deal") and not c.subject.company_side
    ),
    "new: telling": lambda c: c.is_a(Action.CREATE) and c.is_telling,
    "skip: score": lambda c: c.is_a(Action.ARCHIVE) * _clipped(c.candidate.score - 0.5, 1.0),
    "knows all": lambda c: c.knows_all,
    "knows nothing": lambda c: not c.subject.reading.units,
    "no values": lambda c: not c.subject.evidence.filled,
    "company side": lambda c: c.subject.company_side,
    "map: unknown": lambda c: c.is_a(Action.MAP) * c.unknown_share,
    "new: unknown": lambda c: c.is_a(Action.CREATE) * c.unknown_share,
    "map: guessed": lambda c: c.is_a(Action.MAP) * c.guessed_share,
    "new: guessed": lambda c: c.is_a(Action.CREATE) * c.guessed_share,
    "skip: guessed": lambda c: c.is_a(Action.ARCHIVE) * c.guessed_share,
    "ambiguous": lambda c: c.is_ambiguous,
    "values agree": lambda c: c.agreement > 0,
    "values disagree": lambda c: c.agreement < 0,
    "map: close rivals": lambda c: c.is_a(Action.MAP) * c.close_rivals,
    "new: technical": lambda c: c.is_a(Action.CREATE) and c.is_technical,
    "map: technical": lambda c: c.is_a(Action.MAP) and c.is_technical,
    "new: short": lambda c: c.is_a(Action.CREATE) and c.is_short,
    "map: short": lambda c: c.is_a(Action.MAP) and c.is_short,
    "conflict": lambda c: c.subject.field.conflict,
}


# What speaks against a proposal may lower its confidence and never raise it, whatever the examples say by chance.
AGAINST = frozenset(
    {
        "map: elsewhere among people",
        "map: unknown",
        "new: unknown",
        "map: guessed",
        "new: guessed",
        "skip: guessed",
        "ambiguous",
        "values disagree",
        "map: close rivals",
        "new: short",
        "map: short",
        "knows nothing",
        "no values",
        "conflict",
    }
)


def confidence_of(case: Case, weights: Mapping[str, float] | None = None) -> float:
    """From 0.01 to 0.99, in hundredths, as shown."""
    sure = _TOLD if case.candidate.why else logistic(_sum(case, weights or fitted()))
    return round(min(_most(case), max(_LOWEST, sure)), 2)


def _most(case: Case) -> float:
    """How sure one may be at most, whatever the name says: of what an uninstalled CRM left, and of owners who
    are not given as e-mail addresses."""
    if case.subject.left_behind:
        return _LEFT_BEHIND
    target = case.candidate.target
    is_owner = target is not None and not target.field.custom and target.key == "owner"
    return _UNFOUND_OWNER if is_owner and case.subject.evidence.type != _V.EMAIL else _HIGHEST


def features_of(case: Case) -> dict[str, float]:
    return {name: float(feature(case)) for name, feature in FEATURES.items()}


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, x))))


@cache
def fitted() -> Mapping[str, float]:
    """The shipped weights; "" is the constant."""
    weights = json.loads(WEIGHTS.read_text(encoding="utf-8"))["weights"]
    return {str(name): float(weight) for name, weight in weights.items()}


def _sum(case: Case, weights: Mapping[str, float]) -> float:
    return weights.get("", 0.0) + sum(
        weights.get(name, 0.0) * value for name, value in features_of(case).items()
    )


def _clipped(value: float, most: float) -> float:
    return max(-most, min(most, value))
