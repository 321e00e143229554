"""The gold accounts for tests: proposals beside the answers that a careful consultant would give."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mapping_review.proposers.accounts import accounts_in, answer_of, propose_for
from mapping_review.proposers.fitting.answers import Place, place_of
from mapping_review.proposers.proposal import Proposal

TESTS = Path(__file__).parents[2]
DEV = TESTS / "samples" / "field_mapping" / "dev.json"
# Accounts by another hand, and names of many trades with what is right for each: see data/mapping_gold/README.md.
GENERATED = TESTS / "data" / "mapping_gold" / "generated.json"
TRADES = TESTS / "data" / "mapping_gold" / "trades.json"
INDEPENDENT = TESTS / "data" / "mapping_gold" / "independent.json"
FRESH = TESTS / "data" / "mapping_gold" / "fresh-a.json"


@dataclass(frozen=True)
class Answer:
    attribute: dict[str, Any]
    proposal: Proposal
    given: dict[str, Any]

    @property
    def places(self) -> list[Place]:
        """What was proposed, best first, in the gold set's terms."""
        return [place_of(p) for p in self.given["proposals"]]

    @property
    def wanted(self) -> set[Place]:
        return {place_of(g) for g in [self.attribute["gold"], *self.attribute["also_ok"]]}

    @property
    def is_right(self) -> bool:
        return self.places[0] in self.wanted


@cache
def accounts(path: Path = DEV) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["accounts"]


def answers_for(raw: dict[str, Any]) -> list[Answer]:
    (account,) = accounts_in({"accounts": [raw]})
    pairs = zip(raw["attributes"], propose_for(account), strict=True)
    return [Answer(attribute, p, answer_of(p, account)) for attribute, (_, p) in pairs]


def homes_of(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The whole answer for each attribute by id."""
    return {answer.attribute["id"]: answer.given for answer in answers_for(raw)}
