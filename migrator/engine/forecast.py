"""Tokens and calendar days of a plan: what is written, what reading it back costs, what the way back would cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from migrator.engine.operations import Act
from migrator.engine.records import Kind


@dataclass(frozen=True, slots=True)
class Costs:
    """Tokens per request by kind, as the vendor package states them; `page` rows come with one list request."""

    create: Mapping[Kind, int]
    update: Mapping[Kind, int]
    delete: Mapping[Kind, int]
    list: Mapping[Kind, int]
    page: int = 500

    def of(self, kind: Kind, act: Act) -> int:
        if act == Act.CREATE:
            return self.create[kind]
        if act in (Act.UPDATE, Act.RESTORE):
            return self.update[kind]
        return self.delete[kind] if act == Act.DELETE else 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """Whole tokens; `days` at the given budget and share, at least one where anything is written."""

    write: int
    verify: int
    way_back: int
    requests: int
    days: int

    @property
    def tokens(self) -> int:
        return self.write + self.verify


def forecast(
    counts: Mapping[tuple[Kind, Act], int], costs: Costs, *, daily_tokens: int, share: float
) -> Forecast:
    """`counts` are operations by kind and act; `share` is the part of the daily budget granted to us (0 to 1)."""
    write = sum(n * costs.of(kind, act) for (kind, act), n in counts.items())
    verify = sum(sweep_tokens(kind, _written(counts, kind), costs) for kind in Kind)
    way_back = sum(
        n * (costs.delete[kind] if act == Act.CREATE else costs.update[kind])
        for (kind, act), n in counts.items()
        if act in (Act.CREATE, Act.UPDATE)
    )
    requests = sum(n for (_, act), n in counts.items() if act.writes)
    per_day = max(1, int(daily_tokens * share))
    return Forecast(write, verify, way_back, requests, ceil((write + verify) / per_day))


def sweep_tokens(kind: Kind, records: int, costs: Costs) -> int:
    """What listing this many freshly written records costs: whole pages, and one more to see the end."""
    return costs.list[kind] * max(1, ceil(records / costs.page)) if records else 0


def least_tokens(counts: Mapping[tuple[Kind, Act], int], existing: Mapping[Kind, int], costs: Costs) -> int:
    """T_min of reliability.md C2: one list walk over what exists, one write per record, one sweep."""
    preload = sum(costs.list[kind] * max(1, ceil(n / costs.page)) for kind, n in existing.items())
    result = forecast(counts, costs, daily_tokens=1, share=1)
    return preload + result.write + result.verify


def _written(counts: Mapping[tuple[Kind, Act], int], kind: Kind) -> int:
    return sum(n for (k, act), n in counts.items() if k == kind and act.writes)
