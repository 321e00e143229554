"""The sentences of a rule: which cases it speaks of, what was done with them, and how it was checked. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from migrator.engine.cases import CaseKind, Decide
from reconciliation.choices import ACTIONS, KINDS
from reconciliation.effects import counted, type_label

# What cases with a word do, in the plural; "" is every other value of the name.
_TRAITS: dict[str, dict[str, str]] = {
    "phone": {"yes": "have a phone", "no": "have no phone"},
    "company": {"yes": "have a company", "no": "have no company"},
    "section": {"": "belong to Section {}"},
    "tag": {"": "have the tag {}"},
    "seen": {"never": "never had an event", "": "had their last event in {}"},
    "sure": {
        "high": "have a suggestion that is 90% sure or more",
        "medium": "have a suggestion that is 70% to 89% sure",
        "low": "have a suggestion that is less than 70% sure",
    },
}
_DONE: dict[Decide, str] = {
    Decide.NAME_ONLY: "imported by name only",
    Decide.DERIVE_NAME: "named as suggested",
    Decide.MERGE: "merged as suggested",
    Decide.MERGE_TAG: "merged as suggested",
    Decide.KEEP_APART: "kept apart",
    Decide.SPLIT: "split into fields",
    Decide.KEEP: "kept",
    Decide.DROP: "dropped",
    Decide.SKIP: "skipped",
}


def trait_of(word: str) -> str:
    """What the cases with a word have in common, to go on behind "that"."""
    name, _, value = word.partition(":")
    if name == "suggest":
        return f"have “{ACTIONS[Decide(value)].button}” as their suggestion"
    known = _TRAITS[name]
    return (known.get(value) or known[""]).format(value)


def cases_of(kind: CaseKind, condition: Iterable[str]) -> str:
    """ "profiles without email that have no phone" """
    return f"{KINDS[kind].nouns} that {' and '.join(map(trait_of, condition))}"


def done_of(action: Decide, args: Mapping[str, Any]) -> str:
    """What was done with them, as in "were skipped"."""
    if action == Decide.AS_TYPE:
        return f"kept as {type_label(str(args.get('type', ''))).lower()}"
    return _DONE[action]


def seen_sentence(
    kind: CaseKind,
    condition: Iterable[str],
    action: Decide,
    args: Mapping[str, Any],
    figures: tuple[int, int],
) -> str:
    """ "18 of 18 profiles without email that have no phone were imported by name only." """
    agreed, total = figures
    return f"{agreed:,} of {total:,} {cases_of(kind, condition)} were {done_of(action, args)}."


def check_sentence(agreed: int, held_back: int) -> str:
    return f"Checked on decisions kept aside: {agreed:,} of {held_back:,} agreed."


def more_sentence(count: str, one: bool) -> str:
    return f"{count} more {'is' if one else 'are'} like them."


def exceptions_sentence(number: int) -> str:
    return f"{counted(number, 'exception')}."
