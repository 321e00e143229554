"""The faults of one request by name, and what each leaves behind (reliability reference A5, F6 to F14)."""

from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong. `APPLIED` names the kinds whose request takes effect before it is answered."""

    BEFORE_500 = "before_500"
    BEFORE_502 = "before_502"
    BEFORE_503 = "before_503"
    AFTER_500 = "after_500"
    AFTER_502 = "after_502"
    AFTER_503 = "after_503"
    HTML = "html_for_json"
    HTML_502 = "html_502"
    HTML_503 = "html_503"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    LATE = "late"
    LOST = "lost"
    RESET = "reset"
    CUT_SHORT = "cut_short"
    TRUNCATED = "truncated"
    NOT_JSON = "not_json"
    NO_ID = "no_id"
    WRONG_ID = "wrong_id"
    SLOW = "slow"
    SLOW_BODY = "slow_body"
    GIANT_BODY = "giant_body"
    GZIP_BOMB = "gzip_bomb"
    TOO_MANY = "too_many"
    STORM = "storm"
    STORM_BARE = "storm_bare"
    HEADER_LOSS = "header_loss"
    CLOCK_SKEW = "clock_skew"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 (the name of a fault)
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 (the name of a fault)
    SCOPE_LOST = "scope_lost"


FAULTS = frozenset(FaultKind)
STORMS = (FaultKind.STORM, FaultKind.STORM_BARE)
BARRING = (FaultKind.TOKEN_EXPIRED, FaultKind.TOKEN_REVOKED, FaultKind.SCOPE_LOST)
REFUSING = (FaultKind.TOO_MANY, *STORMS)
NOT_APPLIED = frozenset(
    (
        *(FaultKind.BEFORE_500, FaultKind.BEFORE_502, FaultKind.BEFORE_503, FaultKind.HTML_503),
        *(FaultKind.TIMEOUT_BEFORE, FaultKind.LATE, *REFUSING, *BARRING),
    )
)
APPLIED = FAULTS - NOT_APPLIED
# A gateway that gives up answers for a request that it never passed on.
CHARGED_AS_REFUSED = NOT_APPLIED - {FaultKind.LATE, *REFUSING, *BARRING}
