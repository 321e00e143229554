"""Accounts with the answers that a careful consultant would give, and whether a proposal is one of them.

The format and the scoring are those of design/mapping-gold/README.md.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mapping_review.proposers.accounts import Account, AccountProblem, accounts_in
from migrator.engine.canonical import JsonValue

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What is right for one attribute. `component` is the part of an address or the label of a phone;
    `types` holds the types that a new field may get, empty where the best answer makes none."""

    best: Place
    right: frozenset[Place]
    component: str
    types: frozenset[str]
    is_sensitive: bool


@dataclass(frozen=True, slots=True)
class Gold:
    """`learned` holds the words that the lexicon got after somebody had looked at the errors on this account's
    file; without them it is as strange as when it was new."""

    account: Account
    answers: Mapping[str, Answers]
    learned: frozenset[str] = frozenset()


def read_gold(paths: Sequence[Path]) -> list[Gold]:
    """Every account of the files. Raises AccountProblem where one has no answers or is no account."""
    return [gold for path in paths for gold in _gold_in(path)]


def place_of(raw: Mapping[str, JsonValue]) -> Place:
    """What a proposal or an answer says, without its confidence: a person's organization is the
    organization's name."""
    action = str(raw["action"])
    if action == "skip":
        return ("skip",)
    if action == "create":
        return ("create", str(raw.get("object")))
    place = (str(raw.get("object")), str(raw.get("field")))
    return ("map", *(("organization", "name") if place == ("person", "org_id") else place))


def _gold_in(path: Path) -> list[Gold]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        accounts = accounts_in(raw)
        lists = [account["attributes"] for account in raw["accounts"]]
        answers = [{a["id"]: _answers(a) for a in attributes} for attributes in lists]
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise AccountProblem(f"{path.name} holds no accounts with answers: {error}.") from error
    learned = _learned_from(path)
    return [Gold(account, known, learned) for account, known in zip(accounts, answers, strict=True)]


def _learned_from(path: Path) -> frozenset[str]:
    """The folded words of "independent.learned.txt" beside "independent.json"; none where it is missing."""
    beside = path.with_suffix(".learned.txt")
    return frozenset(beside.read_text(encoding="utf-8").split()) if beside.is_file() else frozenset()


def _answers(raw: Mapping[str, JsonValue]) -> Answers:
    best, others = raw["gold"], raw["also_ok"]
    flags = raw["flags"]
    if not isinstance(best, dict) or not isinstance(others, list) or not isinstance(flags, list):
        raise TypeError("gold, also_ok or flags of an attribute")
    given = [best, *(other for other in others if isinstance(other, dict))]
    created = frozenset(str(g.get("type")) for g in given if g["action"] == "create")
    return Answers(
        best=place_of(best),
        right=frozenset(map(place_of, given)),
        component=str(best.get("component") or ""),
        types=created if best["action"] == "create" else frozenset(),
        is_sensitive="sensitive" in flags and best["action"] == "skip",
    )
