"""Tag names as label names, in the two styles that a project may choose."""

import re

from migrator.engine.canonical import JsonValue
from migrator.engine.transforms.converted import EMPTY, Args, Converted, emptied, one_line
from migrator.engine.transforms.tools import Tools

_JOINTS = re.compile(r"[\s_]+")
_NOT_WORD = re.compile(r"\W+")
_LABEL = 255


def to_label_title(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """ "vip_customer" -> "Vip Customer"; a word that has a capital already keeps its own spelling."""
    return _fitted(" ".join(_titled(word) for word in _JOINTS.split(one_line(value)) if word))


def to_label_underscore(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """ "VIP customer" -> "vip_customer"."""
    words = _NOT_WORD.sub("_", one_line(value).lower()).split("_")
    # A name of signs only would vanish; it keeps its own spelling.
    return _fitted("_".join(word for word in words if word) or one_line(value))


def _titled(word: str) -> str:
    return word if any(c.isupper() for c in word) else word[:1].upper() + word[1:]


def _fitted(label: str) -> Converted:
    if not label:
        return EMPTY
    return emptied("longer than 255 characters") if len(label) > _LABEL else Converted(label)
