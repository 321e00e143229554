"""Values that become labels: yes or no, one option, several options."""

import re

from migrator.engine.canonical import JsonValue
from migrator.engine.transforms.converted import EMPTY, Args, Converted, emptied, one_line, text_of
from migrator.engine.transforms.tools import Tools

YES, NO = "Yes", "No"
LOOK_UP = "is:"
_YES = frozenset("yes y ja j kyllä kylla true 1 on sant sand sandt tosi wahr waar".split())
_NO = frozenset(
    "no n nej nei ei nein nee false 0 off usant falsk falskt epätosi epatosi falsch onwaar".split()
)
_SEPARATORS = re.compile(r"[,;|\n\r]+")
_LABEL = 255


def to_yes_no(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """Arguments `is:<value>` add account-specific spellings, such as is:aktiv = Yes."""
    text = one_line(value)
    if not text:
        return EMPTY
    found = read_yes_no(args.get(f"{LOOK_UP}{text.casefold()}", text))
    return emptied("neither yes nor no") if found is None else Converted(YES if found else NO)


def read_yes_no(text: str) -> bool | None:
    """Yes or no in seven languages, or None."""
    low = text.casefold()
    if low in _YES:
        return True
    return False if low in _NO else None


def to_option(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """Arguments `is:<value>` = label make a look-up table; keys are compared without case."""
    label = _label(value, args)
    if not label:
        return EMPTY
    return emptied("longer than 255 characters") if len(label) > _LABEL else Converted(label)


def to_options(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """A list stays a list; a text is split at commas, semicolons, bars and line ends, or at `separator`
    only."""
    parts = value if isinstance(value, list) else split_options(value, args.get("separator", ""))
    labels = list(dict.fromkeys(label for part in parts if (label := _label(part, args))))
    short: list[JsonValue] = [label for label in labels if len(label) <= _LABEL]
    lost = len(labels) - len(short)
    if not short:
        return emptied("longer than 255 characters") if lost else EMPTY
    return Converted(short, f"{lost} of {len(labels)} options are too long" if lost else "")


def split_options(value: JsonValue, separator: str = "") -> list[str]:
    if isinstance(value, bool):
        return [YES if value else NO]
    text = text_of(value)
    return text.split(separator) if separator else _SEPARATORS.split(text)


def _label(value: JsonValue, args: Args) -> str:
    text = (YES if value else NO) if isinstance(value, bool) else one_line(value)
    return args.get(f"{LOOK_UP}{text.casefold()}", text)
