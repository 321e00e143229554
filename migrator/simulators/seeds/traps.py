"""Which profiles are awkward, and how: fixed shares of every 1,200 profiles, spread evenly by index.

The awkward cases are those that the real service is known for (two people on one address, cookies without
a person, wrecked CRM ids …). A profile's case depends on the seed and its index only, never on the total.
"""

from enum import StrEnum

from migrator.simulators.seeds.streams import Scatter

BLOCK = 1200
# Steps near the golden ratio spread the cases evenly, so that a small account has its share of them too.
_GOLDEN = 739


class Trap(StrEnum):
    NONE = "none"
    NO_EMAIL = "no email"
    NAMELESS = "no name and no email"
    COOKIE = "cookie only"
    SHARED_EMAIL = "shared email"
    SECTION_EMAILS = "another email per section"
    MERGED = "merged, four keyspaces"
    BAD_MOBILE = "mobile without country"
    EMPTY_DATE = "1899-12-31"
    BROKEN_CRM_ID = "broken crm id"
    HOSTILE = "hostile text"
    SUPPRESSED = "suppressed with opt-in"


SHARES: tuple[tuple[Trap, int], ...] = (
    (Trap.NO_EMAIL, 18),
    (Trap.NAMELESS, 1),
    (Trap.COOKIE, 12),
    (Trap.SHARED_EMAIL, 5),
    (Trap.SECTION_EMAILS, 6),
    (Trap.MERGED, 4),
    (Trap.BAD_MOBILE, 5),
    (Trap.EMPTY_DATE, 8),
    (Trap.BROKEN_CRM_ID, 6),
    (Trap.HOSTILE, 7),
    (Trap.SUPPRESSED, 12),
)
_SLOTS = [(trap, ordinal) for trap, count in SHARES for ordinal in range(count)]
_PLAIN = (Trap.NONE, 0)


class Traps:
    """The case of each profile: a trap and its ordinal within the block (which variant of the trap it is)."""

    def __init__(self, *parts: object) -> None:
        self._scatter = Scatter(BLOCK, *parts, "traps", step=_GOLDEN)

    def of(self, index: int) -> tuple[Trap, int]:
        block, place = divmod(index, BLOCK)
        slot = self._scatter.forward((place + 331 * block) % BLOCK)
        return _SLOTS[slot] if slot < len(_SLOTS) else _PLAIN
