"""A name for a profile that has none, read from its email address or company. Pure."""

import re
from dataclasses import dataclass

from migrator.engine.dedupe import PUBLIC_MAILBOXES

# Mailboxes of a job and not of a person, in the languages of the markets served.
_ROLES = """
    info kontakt contact post mail email hello hei hej moi sales salg myynti support
    kundeservice kundtjanst asiakaspalvelu admin office kontor webmaster noreply no-reply
    faktura invoice regnskap order ordre bestilling butik butikk team service help hjelp
    marketing news newsletter test
"""
ROLES = frozenset(_ROLES.split())
_PARTS = re.compile(r"[._\-+]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_FULL_NAME = 2


@dataclass(frozen=True, slots=True)
class Derived:
    """`source` says in words where the name was read."""

    name: str
    source: str
    confidence: int


def derived(email: str, company: str) -> Derived | None:
    """The likeliest name, or None where neither an address nor a company is known."""
    return next(iter(choices(email, company)), None)


def choices(email: str, company: str) -> tuple[Derived, ...]:
    """Every name that can be read, likeliest first, none twice."""
    local, _, domain = email.partition("@")
    parts = [p for p in _PARTS.split(local.casefold()) if _LETTERS.fullmatch(p) and len(p) > 1]
    if local.casefold() in ROLES or (parts and all(p in ROLES for p in parts)):
        parts = []
    # Everybody has an address there, so that domain names nobody.
    host = "" if domain.casefold() in PUBLIC_MAILBOXES else domain.split(".", maxsplit=1)[0]
    found = [
        Derived(_titled(parts), "email address", 90 if len(parts) >= _FULL_NAME else 70),
        Derived(company, "company", 78),
        Derived(_titled(_PARTS.split(host)), "domain of the email address", 60),
    ]
    ranked = sorted((one for one in found if one.name), key=lambda one: -one.confidence)
    return tuple({one.name: one for one in reversed(ranked)}.values())[::-1]


def _titled(parts: list[str]) -> str:
    return " ".join(part[:1].upper() + part[1:] for part in parts if part)
