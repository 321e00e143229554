"""The words of a row and the parts of an inspector that are read only where they are shown."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from django import template
from django.db.models import QuerySet

from migrator.engine.cases import CaseKind, Decide
from reconciliation import asked, holds
from reconciliation.inspector import subtitle_of
from reconciliation.models import Note, ReviewItem
from reconciliation.people import found_people
from reconciliation.suggesting.parts import Candidate

register = template.Library()
MOST_DIGITS = 3


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


@register.filter
def plain(text: str) -> str:
    """A sentence without the marks of what would be strong, for an attribute."""
    return text.replace("**", "")


@register.filter
def more(query: str, extra: str) -> str:
    """The end of an address with something behind it: "?section=Norway" and "entry=email"."""
    return f"{query}&{extra}" if query else f"?{extra}"


@register.filter
def pairs(query: str) -> list[tuple[str, str]]:
    """The end of an address as fields of a form."""
    return parse_qsl(query.removeprefix("?"))


# What an inspector asks for itself


@register.simple_tag(takes_context=True)
def guessed(context: dict[str, Any], guesses: Sequence[str]) -> str:
    """The guessed address that somebody took: the address of the page names it by its number, never by itself."""
    number = context["request"].GET.get("guess", "")
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < MOST_DIGITS else 0
    return guesses[place - 1] if 0 < place <= len(guesses) else ""


@register.simple_tag
def notes_of(item: ReviewItem) -> QuerySet[Note]:
    return item.notes.select_related("author")


@register.simple_tag
def holder_of(item: ReviewItem, user: Any) -> holds.Other | None:
    """Who else has the case open."""
    return holds.other_holding(item, user)


@register.simple_tag
def people_of(item: ReviewItem) -> tuple[Any, ...]:
    """Whom the case may be assigned to."""
    return asked.deciders(item.project)


@register.simple_tag
def found_for(item: ReviewItem, wanted: str | None) -> tuple[Candidate, ...]:
    """Whom the profile may be merged into; nobody while nobody was searched for."""
    return found_people(item, wanted) if wanted else ()
