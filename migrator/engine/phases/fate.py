"""Fate: what becomes of each source profile, by the decisions of people. Every profile has exactly one.

Open cases hold their profile: nothing is guessed, nothing is written, nothing is lost.
"""

from dataclasses import dataclass

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.engine.operations import Act
from migrator.engine.phases.transform import Supplied

NOTHING = Supplied()


@dataclass(frozen=True, slots=True)
class Fate:
    """`act` is CREATE where the profile is to be written (or found in the target), else its bucket."""

    act: Act
    reason: str = ""
    parent: str = ""
    supplied: Supplied = NOTHING
    target_id: str = ""


WRITE = Fate(Act.CREATE)


class Merges:
    """Who merges into whom, from the decisions; built once for a plan."""

    def __init__(self, resolutions: Resolutions) -> None:
        self._into: dict[str, str] = {}
        for kind in (CaseKind.DUPLICATE, CaseKind.NO_EMAIL, CaseKind.NO_NAME):
            for resolution in resolutions.of_kind(kind):
                self._into.update(_merged(resolution))
        self._members: dict[str, list[str]] = {}
        for key in sorted(self._into):
            self._members.setdefault(self.survivor(key), []).append(key)

    def survivor(self, key: str) -> str:
        """The profile at the end of the chain; of a circle the one whose key sorts first, from wherever it is
        entered: were each merged into the next, nobody would be written."""
        chain = {key: None}
        while after := self._into.get(key):
            if after in chain:
                circle = list(chain)
                return min(circle[circle.index(after) :])
            chain[after] = None
            key = after
        return key

    def is_merged(self, key: str) -> bool:
        return self.survivor(key) != key

    def members(self, survivor: str) -> tuple[str, ...]:
        return tuple(k for k in self._members.get(survivor, []) if k != survivor)


def _merged(resolution: Resolution) -> dict[str, str]:
    if resolution.action != Decide.MERGE:
        return {}
    survivor = str(resolution.args.get("survivor") or resolution.args.get("into") or "")
    members = resolution.args.get("members")
    keys = [str(k) for k in members] if isinstance(members, list) else [resolution.key]
    return {key: survivor for key in keys if survivor and key != survivor}


def fate_of(
    source_key: str, *, emails: list[str], name: str, resolutions: Resolutions, merges: Merges
) -> Fate:
    """The profile's fate; `emails` are keys (see matching.email_key), `name` what the map would give it.

    1. merged by a person; 2. an open duplicate holds; 3. no name; 4. no email; 5. else it is written.
    """
    if merges.is_merged(source_key):
        return Fate(Act.MERGE, "Merged by decision.", parent=merges.survivor(source_key))
    if any(resolutions.is_open(CaseKind.DUPLICATE, f"email:{email}") for email in emails):
        return Fate(Act.HOLD, "Shares an email with another profile; not decided yet.")
    if not name:
        # Whoever lacks both is asked about once, for the name: without one there is nothing to write.
        return _by(resolutions, CaseKind.NO_NAME, source_key, "No name; not decided yet.")
    if not emails:
        return _by(resolutions, CaseKind.NO_EMAIL, source_key, "No email; not decided yet.")
    return WRITE


def _by(resolutions: Resolutions, kind: CaseKind, key: str, held: str) -> Fate:
    resolution = resolutions.get(kind, key)
    if resolution is None:
        return Fate(Act.HOLD, held)
    args = resolution.args
    match resolution.action:
        case Decide.SKIP | Decide.DROP:
            return Fate(Act.EXCLUDE, str(args.get("reason") or "Skipped by decision."))
        case Decide.SUPPLY_EMAIL if kind == CaseKind.NO_EMAIL and args.get("email"):
            return Fate(Act.CREATE, supplied=Supplied(email=str(args["email"])))
        case Decide.SUPPLY_NAME | Decide.DERIVE_NAME if args.get("name"):
            return Fate(Act.CREATE, supplied=Supplied(name=str(args["name"])))
        case Decide.MERGE if args.get("target_id"):
            return Fate(Act.CREATE, target_id=str(args["target_id"]))
        case Decide.NAME_ONLY if kind == CaseKind.NO_EMAIL:
            return WRITE
    # What was decided does not say what to write, such as two profiles that are merged into each other.
    return Fate(Act.HOLD, held)
