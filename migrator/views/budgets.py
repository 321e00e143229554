"""The shared budgets of both accounts as figures for a gauge. Reads the rows; takes nothing from them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone

from migrator import charts, connections, gates
from migrator.choices import Side
from migrator.engine.spending import Spending
from migrator.models import Budget, Connection


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a day that slides: what all of our runs took, our share, and the whole allowance. `back_at` is when the
    first of them come back."""

    used: int
    share: int
    limit: int
    percent: int
    back_at: datetime | None
    paused_until: datetime | None
    reason: str
    gauge: charts.Chart


def budget_of(at: gates.Standing) -> Usage | None:
    """None where the target is not connected, or its limits are switched off."""
    target = at.sides.get(Side.TARGET)
    if target is None or target.config.get("limits_off"):
        return None
    target.project = at.project
    return usage_of(target)


def usage_of(target: Connection) -> Usage:
    account = connections.TargetAccount(target, ids=lambda kind, keys: {}, lists={}, known={})
    percent = int(target.project.setting("budget_share"))
    limit = account.daily_tokens
    share = int(limit * percent / 100)
    row = Budget.objects.filter(scope=account.scope).first() or Budget()
    now = timezone.now()
    held = Spending.read(row.token_window_s, row.parts).at(now.timestamp())
    used, back = held.total, held.first_back
    back_at = None if back is None else datetime.fromtimestamp(back, UTC)
    label = f"{used:,} of {share:,} tokens used within a day; Pipedrive allows {limit:,}"
    gauge = charts.gauge(label, used, limit=limit, reserve_at=share)
    return Usage(used, share, limit, percent, back_at, row.paused_until, row.pause_reason, gauge)
