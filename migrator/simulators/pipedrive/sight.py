"""Who may see a record: owner, followers, visibility groups and admins, as the plan's `visible_to` values say.

Values and tables only; it knows no request. The rules are the support pages' (visibility groups): groups above the
owner's see whatever is below them, and value 5 shows a record to the groups below the owner's as well. A group whose
parent is the first group (the one that users start in) stands on its own, as the levels in the specification's
example of /roles show.
"""

from collections.abc import Mapping
from typing import Any

Doc = dict[str, Any]

FIRST_GROUP = 1
OWNER, GROUP, GROUP_AND_BELOW = 1, 3, 5
SEEN_KINDS = frozenset(("persons", "organizations", "deals"))


class Groups:
    """The account's users and visibility groups (v1 calls them roles)."""

    def __init__(self, users: Mapping[int, Doc], roles: Mapping[int, Doc]) -> None:
        self._users, self._roles = users, roles

    def owners_seen_by(self, user: Doc, *, wide: bool) -> dict[int, frozenset[int]]:
        """By value of `visible_to`, whose records a user sees besides their own; small plans have value 1 alone."""
        mine = user["role_id"]
        below = {number for number in self._roles if mine in self._above(number)}
        seen = {OWNER: self._members(below)}
        if wide:
            seen[GROUP] = self._members(below | {mine})
            seen[GROUP_AND_BELOW] = self._members(below | {mine} | self._above(mine))
        return seen

    def level(self, number: int) -> int:
        """1 for a group that stands on its own, one more for each group above it."""
        return len(self._above(number)) + 1

    def _above(self, number: int) -> set[int]:
        found: set[int] = set()
        parent = self._parent(number)
        while parent is not None and parent not in found:
            found.add(parent)
            parent = self._parent(parent)
        return found

    def _parent(self, number: int) -> int | None:
        parent = self._roles.get(number, {}).get("parent_role_id")
        return parent if parent not in (None, FIRST_GROUP, number) else None

    def _members(self, groups: set[int]) -> frozenset[int]:
        return frozenset(number for number, user in self._users.items() if user["role_id"] in groups)


def condition(
    user: Doc, owners: Mapping[int, frozenset[int]], everybody: int, kind: str
) -> tuple[str, list[Any]]:
    """One SQL condition (and its values) on a table of records that keeps what a user may see."""
    parts, values = ["visible_to=?", "owner_id=?"], [everybody, user["id"]]
    for value, numbers in owners.items():
        if numbers:
            parts.append(f"(visible_to={value:d} AND owner_id IN ({','.join(map(str, sorted(numbers)))}))")
    parts.append("id IN (SELECT record FROM followers WHERE kind=? AND user=?)")
    return f"({' OR '.join(parts)})", [*values, kind, user["id"]]
