"""Pipedrive's price list and limits as data: tokens for each act, plans, bursts, caps. No forecast."""

from collections.abc import Mapping
from dataclasses import dataclass

from migrator.engine.operations import Act
from migrator.engine.records import Kind

PAGE = 500
TOKENS_PER_SEAT = 30_000
BURST_SECONDS = 2.0
SEARCH_BURST = 10
DEFAULT_SHARE = 0.8

GET_ONE, LIST, SHORT_LIST, WRITE, DELETE, SEARCH = 1, 10, 5, 5, 3, 20
V1_GET_ONE, V1_LIST, V1_WRITE, V1_DELETE = 2, 20, 10, 6

_V1_KINDS = frozenset({Kind.NOTE})

LIST_COSTS: Mapping[Kind, int] = {kind: V1_LIST if kind in _V1_KINDS else LIST for kind in Kind}
GET_COSTS: Mapping[Kind, int] = {kind: V1_GET_ONE if kind in _V1_KINDS else GET_ONE for kind in Kind}
WRITE_COSTS: Mapping[Kind, int] = {kind: V1_WRITE if kind in _V1_KINDS else WRITE for kind in Kind}
DELETE_COSTS: Mapping[Kind, int] = {kind: V1_DELETE if kind in _V1_KINDS else DELETE for kind in Kind}


@dataclass(frozen=True, slots=True)
class Plan:
    """One price plan. `custom_fields` is the cap per company over all objects; None means no cap."""

    key: str
    name: str
    multiplier: int
    token_burst: int
    oauth_burst: int
    custom_fields: int | None
    retired: bool = False

    def daily_tokens(self, seats: int, top_up: int = 0) -> int:
        """Tokens per company and day, shared with everything else that the company has connected."""
        return TOKENS_PER_SEAT * self.multiplier * seats + top_up


PLANS: Mapping[str, Plan] = {
    plan.key: plan
    for plan in (
        Plan("lite", "Lite", 1, 20, 80, 30),
        Plan("growth", "Growth", 2, 40, 160, 100),
        Plan("premium", "Premium", 5, 100, 400, 300),
        Plan("ultimate", "Ultimate", 7, 120, 480, 500),
        Plan("essential", "Essential", 1, 20, 80, 30, retired=True),
        Plan("advanced", "Advanced", 2, 40, 160, 100, retired=True),
        Plan("professional", "Professional", 3, 80, 320, 300, retired=True),
        Plan("power", "Power", 5, 100, 400, 500, retired=True),
        Plan("enterprise", "Enterprise", 7, 120, 480, None, retired=True),
    )
}


def cost_of(kind: Kind, act: Act) -> int:
    """Tokens for one operation; the acts that write nothing are free."""
    if not act.writes:
        return 0
    return DELETE_COSTS[kind] if act == Act.DELETE else WRITE_COSTS[kind]


def listing_cost(kind: Kind, rows: int) -> int:
    """Tokens to read `rows` records page by page; an empty list costs one page too."""
    return LIST_COSTS[kind] * max(1, -(-rows // PAGE))
