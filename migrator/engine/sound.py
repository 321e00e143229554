"""Texts as a database can hold them: without NUL, and with a question mark for half a surrogate pair.

Both reach us in well-formed JSON, from broken imports and from people who try.
"""

from migrator.engine.canonical import JsonValue


def sound(value: object) -> JsonValue:
    """The value with every text in it made sound, keys too. What is no JSON becomes its text."""
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else sound_text(value)
    if isinstance(value, dict):
        return {str(sound(key)): sound(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [sound(inner) for inner in value]
    return value if isinstance(value, int | float | bool) or value is None else str(value)


def sound_text(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
