"""Several source fields onto one field of the target: when that is an error, and what a merge rule makes of it.
Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import FieldRule, Merge
from migrator.engine.inventory import FieldType, SourceKind, TargetObject

# These hold any number of values, each with a label of its own.
_MANY = frozenset({(TargetObject.PERSON, "emails"), (TargetObject.PERSON, "phones")})
_LISTED = frozenset({SourceKind.EVENT, SourceKind.TAG})
_WORDED = frozenset({FieldType.VARCHAR, FieldType.TEXT})
_JOINTS = {Merge.SPACE: " ", Merge.COMMA: ", "}
WHOLE = "full"


@dataclass(frozen=True, slots=True)
class Clash:
    """Rules that write into one place without saying how. `needs_part` is true where an address lacks only
    which part of it each one fills."""

    rules: tuple[FieldRule, ...]
    needs_part: bool = False


def place_of(rule: FieldRule) -> str:
    """What two rules may not both fill without a merge rule; "" where any number may."""
    if rule.is_left or rule.kind in _LISTED:
        return ""
    if not rule.custom and (rule.object, rule.field) in _MANY:
        return ""
    return f"{rule.ref}/{part_of(rule)}" if is_address(rule) else rule.ref


def is_address(rule: FieldRule) -> bool:
    return rule.type == FieldType.ADDRESS or (not rule.custom and rule.field in ("address", "postal_address"))


def part_of(rule: FieldRule) -> str:
    return rule.component or WHOLE


def merges_for(rule: FieldRule) -> tuple[Merge, ...]:
    """The merge rules that the target of a rule can hold. Values carry no time, so "newest" is none of them."""
    if rule.type == FieldType.SET:
        return (Merge.EACH, Merge.FIRST)
    if rule.type in _WORDED and not is_address(rule):
        return (Merge.FIRST, Merge.SPACE, Merge.COMMA)
    return (Merge.FIRST,)


def in_order(rules: Iterable[FieldRule]) -> list[FieldRule]:
    """Rules that share a place, first one first. One without a rank was there before the others."""
    return sorted(rules, key=lambda rule: (rule.rank or 1, rule.rank == 0, rule.source))


def clashes(rules: Iterable[FieldRule]) -> tuple[Clash, ...]:
    """Every place that several rules fill without one merge rule, in a fixed order."""
    places: dict[str, list[FieldRule]] = {}
    addresses: dict[str, list[FieldRule]] = {}
    for rule in rules:
        if place := place_of(rule):
            places.setdefault(place, []).append(rule)
            if is_address(rule):
                addresses.setdefault(rule.ref, []).append(rule)
    unsaid = [members for members in addresses.values() if _lacks_part(members)]
    known = {rule.ref for members in unsaid for rule in members}
    shared = [m for m in places.values() if not _agree(m) and m[0].ref not in known]
    found = [Clash(tuple(in_order(members)), needs_part=True) for members in unsaid]
    found += [Clash(tuple(in_order(members))) for members in shared]
    return tuple(sorted(found, key=lambda clash: clash.rules[0].source))


def merge_among(rules: Iterable[FieldRule]) -> Merge:
    """The merge rule of rules that share a place; where none says one, the first value counts."""
    return next((rule.merge for rule in rules if rule.merge), Merge.FIRST)


def merged(values: Sequence[JsonValue], merge: Merge) -> JsonValue:
    """One value from one of each field, in order. Empty ones are left out, equal ones are not repeated."""
    filled = [value for value in values if value is not None and value not in ("", [])]
    if not filled:
        return None
    if merge == Merge.EACH:
        listed = [item for value in filled for item in (value if isinstance(value, list) else [value])]
        return _each_once(listed)
    if merge in _JOINTS:
        return _JOINTS[merge].join(str(value).strip() for value in _each_once(filled))
    return filled[0]


def _agree(rules: Sequence[FieldRule]) -> bool:
    """One merge rule among them; the field that was there first may have none."""
    said = {rule.merge for rule in rules if rule.merge}
    silent = sum(not rule.merge for rule in rules)
    fits = all(merge in merges_for(rule) for merge in said for rule in rules)
    return len(rules) == 1 or (len(said) == 1 and silent <= 1 and fits)


def _lacks_part(rules: Sequence[FieldRule]) -> bool:
    """A whole address and a part of one have no order between them."""
    parts = {part_of(rule) for rule in rules}
    return WHOLE in parts and (len(parts) > 1 or (len(rules) > 1 and not _agree(rules)))


def _each_once(values: Iterable[JsonValue]) -> list[JsonValue]:
    found: dict[str, JsonValue] = {}
    for value in values:
        found.setdefault(str(value).strip().casefold(), value)
    return list(found.values())
