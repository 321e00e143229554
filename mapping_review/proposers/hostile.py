"""Names that no person gives to a field: markup, formulas, control characters, whole sentences, orders to a machine.

Such a name is only ever text: it is read as nothing, so that it steers nothing and takes no field from another.
"""

import re

_SUSPICIOUS = re.compile(
    r"[<>{}\[\]`\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]|https?:|javascript:"
    r"|^\s*[=+@\-|\t]|--|/\*|;\s*\w|\$\(|\|\||&&|\.\./|\\"
)
_ORDERS = re.compile(
    r"(?i)\b(?:ignore|disregard|forget|override|pretend|instructions?|prompt|system\s*:|assistant|jailbreak"
    r"|you are|you must|map (?:every|all|this|consent|to)|always map|select .+ from|drop table|union select"
    r"|ignorera|ignorer|ignoriere|negeer|ohita)\b"
)
_LONG_NAME, _MANY_WORDS = 80, 8


def is_suspicious(name: str) -> bool:
    """Whether a name is kept from steering anything; its field can still be moved by a person."""
    if len(name) > _LONG_NAME or len(name.split()) > _MANY_WORDS:
        return True
    return bool(_SUSPICIOUS.search(name) or _ORDERS.search(name))
