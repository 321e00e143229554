"""The second line of a row, and a person's initials."""

from typing import Any

from django import template

from reconciliation.inspector import subtitle_of
from reconciliation.models import ReviewItem

register = template.Library()


@register.filter
def subtitle(item: ReviewItem) -> str:
    return subtitle_of(item)


@register.filter
def initials(user: Any) -> str:
    words = (user.get_full_name() or user.get_username()).split()
    return "".join(word[0] for word in words[:2]).upper()
