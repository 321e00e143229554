"""An email address that a person may have, made of a name and a company's domain: never more than a guess. Pure."""

import re
import unicodedata
from collections.abc import Iterable

from migrator.engine.dedupe import PUBLIC_MAILBOXES
from reconciliation.effects import Evidence

MOST_GUESSES = 3
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ł": "l"})
_NOT_LOCAL = re.compile(r"[^a-z0-9]+")


def guesses(evidence: Evidence) -> tuple[str, ...]:
    """Addresses in the usual forms at each known domain, likeliest first; none without name or domain."""
    words = [w for w in map(_plain, str(evidence.get("name") or "").split()) if w]
    if not words:
        return ()
    first, last = words[0], words[-1]
    locals_ = [f"{first}.{last}", first, f"{first[0]}{last}"] if len(words) > 1 else [first]
    found = [f"{local}@{domain}" for domain in domains_of(evidence) for local in locals_]
    return tuple(dict.fromkeys(found))[:MOST_GUESSES]


def domains_of(evidence: Evidence) -> tuple[str, ...]:
    """The domains of the company: those of its other people, and of the candidates that work there."""
    company = str(evidence.get("company") or "").casefold()
    same = [
        str(row.get("email") or "").rpartition("@")[2]
        for row in evidence.get("candidates") or ()
        if company and str(row.get("company") or "").casefold() == company
    ]
    return tuple(_own([*(evidence.get("domains") or ()), *same]))


def _own(domains: Iterable[str]) -> list[str]:
    return [d for d in dict.fromkeys(str(d).casefold() for d in domains) if d and d not in PUBLIC_MAILBOXES]


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    return _NOT_LOCAL.sub("", "".join(c for c in decomposed if not unicodedata.combining(c)))
