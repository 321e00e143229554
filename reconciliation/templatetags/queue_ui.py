"""The words of the list and its bulks: how many, what a case holds up, who has it open."""

from collections.abc import Mapping
from typing import Any

from django import template

from migrator.engine.cases import CaseKind
from migrator.models import Project
from reconciliation.asked import deciders
from reconciliation.effects import counted
from reconciliation.filter_bar import in_words
from reconciliation.filters import Filters
from reconciliation.models import Bulk, ReviewItem

register = template.Library()


@register.filter
def how_many(number: Any) -> str:
    """1204 as 1,204; a count that ended early says so."""
    return f"more than {int(number):,}" if getattr(number, "more", False) else f"{int(number or 0):,}"


@register.filter
def at(found: Mapping[Any, Any], key: Any) -> Any:
    """What a mapping holds for a key; nothing where it holds none."""
    return found.get(key) if found else None


@register.filter
def holds_up(item: ReviewItem) -> str:
    """What waits for this case: profiles, events, tokens."""
    parts = [counted(item.impact_profiles, "profile")]
    parts += [counted(item.impact_events, "event")] if item.impact_events else []
    parts += [counted(item.impact_tokens, "token")] if item.impact_tokens else []
    return ", ".join(parts)


@register.filter
def events_held(item: ReviewItem) -> str:
    """The events that wait, as the end of a row's second line."""
    return f" · {counted(item.impact_events, 'event')}" if item.impact_events else ""


@register.filter
def worked(bulk: Bulk) -> int:
    """Members that were looked at: decided, or left with a reason."""
    return bulk.done + bulk.conflicts + bulk.refused


@register.simple_tag
def conditions_of(kind: CaseKind, filters: Filters, project: Project) -> list[tuple[str, str]]:
    """The filters that narrow, as (label, value)."""
    return in_words(kind, filters, deciders(project) if filters.assignee else ())
