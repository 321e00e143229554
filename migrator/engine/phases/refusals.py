"""Refusals: what people settled where the consents of a profile disagree. Pure; only ever more restrictive."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from migrator.engine.cases import CaseKind, Decide, Resolutions
from migrator.engine.consents import Answers, pattern_key
from migrator.engine.records import Channel


@dataclass(frozen=True, slots=True)
class Answered:
    """`refused` are channels that take No; `waits` says that a pattern is not decided yet; `excluded` is the
    reason for which the profile is left out."""

    refused: frozenset[Channel] = frozenset()
    waits: bool = False
    excluded: str = ""


AGREED = Answered()


def answered(conflicts: Mapping[Channel, Answers], resolutions: Resolutions) -> Answered:
    """What the decisions say about the channels on which a profile's answers disagree (consents.conflicts_of).

    A pattern that nobody was asked about takes No, as every disagreement does.
    """
    refused: set[Channel] = set()
    excluded, waits = "", False
    for channel, answers in conflicts.items():
        key = pattern_key(channel, answers)
        resolution = resolutions.get(CaseKind.CONSENT, key)
        waits = waits or resolutions.is_open(CaseKind.CONSENT, key)
        if resolution is None:
            continue
        refused |= set(Channel) if resolution.action == Decide.RESTRICT_ALL else {channel}
        if resolution.action == Decide.SKIP:
            excluded = excluded or str(resolution.args.get("reason") or "Skipped by decision.")
    return Answered(frozenset(refused), waits, excluded)


def together(found: Iterable[Answered]) -> Answered:
    """Of several profiles that became one person: the strictest of each."""
    every = list(found)
    return Answered(
        refused=frozenset(channel for one in every for channel in one.refused),
        waits=any(one.waits for one in every),
        excluded=next((one.excluded for one in every if one.excluded), ""),
    )
