"""Whether two rules answer alike, wherever and whenever they were made. Pure, and below everything that asks."""

from dataclasses import replace

from migrator.engine.field_map import FieldRule


def is_same(one: FieldRule, other: FieldRule) -> bool:
    """Whether two rules answer alike. A field that was new then and is there now is the same field."""
    if one.is_left or other.is_left:
        return one.action == other.action
    if one.action != other.action:
        one, other = replace(one, action=other.action, options=()), replace(other, options=())
    if set(one.sources) != set(other.sources):
        # A Section came or went; its place in the order was nobody's decision.
        one = replace(one, sources=other.sources)
    return replace(one, source=other.source, kind=other.kind) == other
