"""What was entered for an act, as text or as a key; where it is no good, one sentence at its field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrator.engine.cases import Decide
from migrator.engine.errors import PermanentError

Args = Mapping[str, Any]
LONGEST_NAME = 255
LONGEST_REASON = 500
LONGEST_KEY = 400
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&#?\w+;")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Offer:
    """Another act that the entered value asks for, such as a merge with the profile that has the address."""

    action: Decide
    args: Mapping[str, str]
    label: str


class InvalidDecisionError(PermanentError):
    """What was entered cannot be used. `field` names the input; the item is unchanged."""

    def __init__(self, field: str, sentence: str, offer: Offer | None = None) -> None:
        super().__init__(sentence, field=field)
        self.field = field
        self.offer = offer


def text_of(args: Args, field: str, longest: int, what: str) -> str:
    """One line of plain text, its blanks single; raises where there is none, too much, or more than text."""
    value = args.get(field)
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text:
        raise InvalidDecisionError(field, f"Enter {what}.")
    if len(text) > longest:
        raise InvalidDecisionError(field, f"That is {len(text):,} characters. Use {longest} or fewer.")
    if not text.isprintable():
        raise InvalidDecisionError(field, "That holds a character that cannot be printed. Type it again.")
    if _MARKUP.search(text):
        raise InvalidDecisionError(field, "That holds markup. Type plain text.")
    return text


def key_of(args: Args, field: str) -> str:
    """A key that a form sent back, "" where it can be none of ours: no text, too long, or with a NUL in it."""
    value = args.get(field)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return "" if len(text) > LONGEST_KEY or "\0" in text else text


def keys_of(args: Args, field: str, otherwise: list[str]) -> list[str]:
    """A list of keys, each once; `otherwise` where the form had no such choice."""
    value = args.get(field)
    if value is None:
        return otherwise
    rows = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    return list(dict.fromkeys(str(row) for row in rows))


def quoted(text: str) -> str:
    """What somebody entered, inside a sentence."""
    return f"“{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}”"
