"""Which company names are one Organization, by the decisions of people. Pure.

Without a decision, names are one where they differ in case, accents, punctuation and legal form alone.
"""

from collections import Counter
from collections.abc import Mapping

from migrator.engine.canonical import JsonValue
from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions
from migrator.engine.matching import company_key


class Companies:
    """The decisions on company names; built once for a plan. Organization cases come with "known": the names
    that the case showed, so that names which were left out of a merge stay by themselves."""

    def __init__(self, resolutions: Resolutions | None = None) -> None:
        self._into: dict[str, str] = {}
        self._apart: set[str] = set()
        self._open = {company_key(name) for name in resolutions.held_companies} if resolutions else set()
        for resolution in resolutions.of_kind(CaseKind.ORGANIZATION) if resolutions else ():
            self._take(resolution)
        self._spellings: dict[str, set[str]] = {}
        for member in self._into:
            self._spellings.setdefault(self.key_of(member), set()).add(company_key(member))

    def name_of(self, name: str) -> str:
        """What the Organization is called; of a circle of decisions the name that sorts first."""
        passed: dict[str, str] = {folded(name): name}
        while (after := self._into.get(folded(name))) is not None:
            if folded(after) == folded(name):
                return after
            if folded(after) in passed:
                return min(passed.values())
            passed[folded(after)] = after
            name = after
        return name

    def key_of(self, name: str) -> str:
        """Identity of the Organization that a company name stands for; "" where nothing is left of the name."""
        name = self.name_of(name)
        return folded(name) if self.is_apart(name) else company_key(name)

    def is_apart(self, name: str) -> bool:
        """Whether only the exact name says which Organization it is."""
        return folded(name) in self._apart

    def is_open(self, name: str) -> bool:
        return bool(name) and company_key(name) in self._open

    def spellings_of(self, key: str) -> tuple[str, ...]:
        """The company keys of the names that were merged into this Organization."""
        return tuple(sorted(self._spellings.get(key, ())))

    def _take(self, resolution: Resolution) -> None:
        known = _names(resolution.args, "known")
        members = _names(resolution.args, "members") or known
        name = str(resolution.args.get("name") or "")
        if resolution.action not in (Decide.MERGE, Decide.RENAME) or not name:
            members = []
        for member in members:
            self._into[folded(member)] = name
        self._part([*(n for n in known if n not in members), *([name] if members else [])])

    def _part(self, names: list[str]) -> None:
        """Names that a person tells apart though their keys are equal: "Nordlys AB" and "Nordlys Oy"."""
        shared = Counter(company_key(name) for name in {folded(name): name for name in names}.values())
        self._apart |= {folded(name) for name in names if shared[company_key(name)] > 1}


def folded(name: str) -> str:
    """Case and blanks never tell two company names apart."""
    return " ".join(name.split()).casefold()


def _names(args: Mapping[str, JsonValue], field: str) -> list[str]:
    values = args.get(field)
    return [str(value) for value in values] if isinstance(values, list) else []
