"""The order of the queue: what a case holds up, for each minute that a person needs to settle it. Pure."""

from migrator.engine.cases import CaseKind, Decide

# Seconds that a case takes, measured for the speed of the whole queue (ui.md, section 8).
SECONDS: dict[CaseKind, float] = {
    CaseKind.NO_EMAIL: 2.2,
    CaseKind.NO_NAME: 2.2,
    CaseKind.DUPLICATE: 7.0,
    CaseKind.TYPE_CONFLICT: 25.0,
    CaseKind.RARE_TAG: 1.2,
    CaseKind.ORGANIZATION: 7.0,
    CaseKind.CONSENT: 7.0,
}
# An act that asks for more than one glance, whatever the kind.
SECONDS_OF_ACTS: dict[tuple[CaseKind, Decide], float] = {
    (CaseKind.NO_EMAIL, Decide.MERGE): 4.5,
    (CaseKind.NO_EMAIL, Decide.SUPPLY_EMAIL): 8.0,
    (CaseKind.NO_NAME, Decide.SUPPLY_NAME): 8.0,
    (CaseKind.RARE_TAG, Decide.MERGE_TAG): 2.2,
}
# A held-back profile outweighs one event or one token of its own.
PROFILE_WEIGHT = 10
# Within what the column holds, with room to spare.
LOWEST = -(2**62)


def seconds_for(kind: CaseKind, action: str) -> float:
    """How long a person needs for a case of this kind with this suggestion; no action is no suggestion."""
    act = Decide(action) if action else None
    return SECONDS_OF_ACTS.get((kind, act), SECONDS[kind]) if act else SECONDS[kind]


def impact_of(profiles: int, events: int, tokens: int) -> int:
    return profiles * PROFILE_WEIGHT + events + tokens


def rank_of(kind: CaseKind, action: str, profiles: int, events: int, tokens: int) -> int:
    """Minus the impact for each minute: ascending, so that what frees most comes first."""
    per_minute = impact_of(profiles, events, tokens) * 60 / seconds_for(kind, action)
    return max(LOWEST, -round(per_minute))
