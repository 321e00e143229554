"""The words of a row: its second line, what it would be merged into, and a person's initials."""

from typing import Any

from django import template

from migrator.engine.cases import CaseKind, Decide
from reconciliation.inspector import subtitle_of
from reconciliation.models import ReviewItem

register = template.Library()


@register.filter
def subtitle(item: ReviewItem) -> str:
    return subtitle_of(item)


@register.filter
def merge_label(item: ReviewItem) -> str:
    """The record or tag that the suggestion merges into; duplicates say it by their group."""
    if item.suggested_action not in (Decide.MERGE, Decide.MERGE_TAG) or item.kind == CaseKind.DUPLICATE:
        return ""
    args = item.suggestion.get("args") or {}
    if item.kind == CaseKind.RARE_TAG:
        return str(args.get("into", ""))
    candidates = item.suggestion.get("candidates") or ()
    return next((str(c["label"]) for c in candidates if c["args"] == args), "")


@register.filter
def initials(user: Any) -> str:
    words = (user.get_full_name() or user.get_username()).split()
    return "".join(word[0] for word in words[:2]).upper()
