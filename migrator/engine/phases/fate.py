"""Fate: what becomes of each source profile, by the decisions of people. Every profile has exactly one.

Open cases hold their profile, and with it all that were merged with it: nothing is guessed, nothing is written,
nothing is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.engine.companies import Companies
from migrator.engine.operations import Act
from migrator.engine.phases.context import Supplied
from migrator.engine.phases.merges import Merges
from migrator.engine.phases.refusals import AGREED, Answered

NOTHING = Supplied()
# How the reason of everything ends that waits for a decision in the queue.
UNDECIDED = "not decided yet."
NO_NAME, NO_EMAIL = f"No name; {UNDECIDED}", f"No email; {UNDECIDED}"
SEVERAL_PERSONS = "Two decisions name different Persons in Pipedrive; decide again."


@dataclass(frozen=True, slots=True)
class Fate:
    """`act` is CREATE where the profile is to be written (or found in the target), else its bucket."""

    act: Act
    reason: str = ""
    parent: str = ""
    supplied: Supplied = NOTHING
    target_id: str = ""

    @property
    def waits(self) -> bool:
        """Whether a case in the queue holds it."""
        return self.act == Act.HOLD and self.reason.endswith(UNDECIDED)


WRITE = Fate(Act.CREATE)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything that was decided, in the forms in which a fate asks for it."""

    resolutions: Resolutions
    merges: Merges
    companies: Companies

    @classmethod
    def of(cls, resolutions: Resolutions) -> "Decisions":
        return cls(resolutions, Merges(resolutions), Companies(resolutions))


def fate_of(
    source_key: str,
    *,
    emails: Sequence[str],
    name: str,
    decisions: Decisions,
    company: str = "",
    answered: Answered = AGREED,
) -> Fate:
    """The profile's fate. What is known of it is known of the whole group that was merged into it: `emails` are
    keys (see matching.email_key), `name` and `company` what the map would give.

    1. merged by a person; 2. an undecided case holds, a decided one leaves out; 3. no name; 4. no email;
    5. else it is written.
    """
    merges = decisions.merges
    if merges.is_merged(source_key):
        return Fate(Act.MERGE, "Merged by decision.", parent=merges.survivor(source_key))
    group = (source_key, *merges.members(source_key))
    stopped = _stopped(group, emails, company, answered, decisions)
    if stopped is not None:
        return stopped
    supplied = _supplied(group, answered, decisions)
    if not name:
        # Whoever lacks both is asked about once, for the name: without one there is nothing to write.
        fate = _by(decisions.resolutions, CaseKind.NO_NAME, group, NO_NAME)
    elif not emails:
        fate = _by(decisions.resolutions, CaseKind.NO_EMAIL, group, NO_EMAIL)
    else:
        fate = WRITE
    return _completed(fate, supplied, merges.persons(source_key))


def shared_fate(source_key: str, own: Fate, merges: Merges) -> Fate:
    """The fate of a profile whose survivor has `own`: it goes where the survivor goes, and never into nothing."""
    survivor = merges.survivor(source_key)
    if survivor == source_key:
        return own
    if own.act == Act.CREATE:
        return Fate(Act.MERGE, "Merged by decision.", parent=survivor)
    return Fate(own.act, own.reason)


def _stopped(
    group: Sequence[str], emails: Sequence[str], company: str, answered: Answered, decisions: Decisions
) -> Fate | None:
    resolutions = decisions.resolutions
    if any(resolutions.is_open(CaseKind.DUPLICATE, f"email:{email}") for email in emails):
        return Fate(Act.HOLD, f"Shares an email with another profile; {UNDECIDED}")
    if any(key in resolutions.held for key in group):
        return Fate(Act.HOLD, f"May be the same as another profile or Person; {UNDECIDED}")
    if answered.excluded:
        return Fate(Act.EXCLUDE, answered.excluded)
    if answered.waits:
        return Fate(Act.HOLD, f"Its consents disagree; {UNDECIDED}")
    if decisions.companies.is_open(company):
        return Fate(Act.HOLD, f"Its company may be the same as another one; {UNDECIDED}")
    if len(decisions.merges.persons(group[0])) > 1:
        return Fate(Act.HOLD, SEVERAL_PERSONS)
    return None


def _supplied(group: Sequence[str], answered: Answered, decisions: Decisions) -> Supplied:
    """What people typed in for any of the group, the survivor's first."""
    typed = [_typed(key, decisions.resolutions) for key in group]
    return Supplied(
        email=next((email for email, _ in typed if email), ""),
        name=next((name for _, name in typed if name), ""),
        wins=decisions.merges.wins(group[0]),
        refused=answered.refused,
    )


def _typed(key: str, resolutions: Resolutions) -> tuple[str, str]:
    email, name = (resolutions.get(kind, key) for kind in (CaseKind.NO_EMAIL, CaseKind.NO_NAME))
    given = email is not None and email.action == Decide.SUPPLY_EMAIL
    named = name is not None and name.action in (Decide.SUPPLY_NAME, Decide.DERIVE_NAME)
    return (
        str(email.args.get("email") or "") if given and email else "",
        str(name.args.get("name") or "") if named and name else "",
    )


def _completed(fate: Fate, supplied: Supplied, persons: Sequence[str]) -> Fate:
    if fate.act != Act.CREATE:
        return fate
    target_id = fate.target_id or (persons[0] if persons else "")
    return replace(fate, supplied=supplied, target_id=target_id)


def _by(resolutions: Resolutions, kind: CaseKind, group: Sequence[str], held: str) -> Fate:
    resolution = _resolution(resolutions, kind, group)
    if resolution is None:
        return Fate(Act.HOLD, held)
    args = resolution.args
    match resolution.action:
        case Decide.SKIP | Decide.DROP:
            return Fate(Act.EXCLUDE, str(args.get("reason") or "Skipped by decision."))
        case Decide.SUPPLY_EMAIL if kind == CaseKind.NO_EMAIL and args.get("email"):
            return WRITE
        case Decide.SUPPLY_NAME | Decide.DERIVE_NAME if kind == CaseKind.NO_NAME and args.get("name"):
            return WRITE
        case Decide.MERGE if args.get("target_id"):
            return WRITE
        case Decide.NAME_ONLY if kind == CaseKind.NO_EMAIL:
            return WRITE
    # What was decided does not say what to write, such as two profiles that are merged into each other.
    return Fate(Act.HOLD, held)


def _resolution(resolutions: Resolutions, kind: CaseKind, group: Sequence[str]) -> Resolution | None:
    """The survivor's own decision; where it has none, one that was taken for a profile merged into it."""
    found = [resolutions.get(kind, key) for key in group]
    own, *others = found
    merged = (r for r in others if r is not None and (r.action != Decide.MERGE or r.args.get("target_id")))
    return own or next(merged, None)
