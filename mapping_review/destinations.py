"""The fields that a row may be mapped to, as the choices of a form: each is a value that says which field it is.
Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mapping_review.cells import FIELD_WORDS, OBJECT_WORDS, STANDARD_WORDS
from mapping_review.proposers.targets import ADDRESS_PARTS, Target
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceKind, TargetField, TargetObject
from migrator.engine.merging import is_address, place_of

CONTACT_LABELS = ("work", "home", "mobile", "other")
NEW = "new"


def destination_of(rule: FieldRule) -> str:
    if rule.action != Action.MAP:
        return f"{NEW}:{rule.object}"
    return destination(rule.object, rule.field, rule.type if rule.custom else None)


def value_of(field: TargetField, key: str) -> str:
    return destination(
        field.object, field.name if field.custom else key, field.type if field.custom else None
    )


def destination(where: TargetObject, name: str, custom: FieldType | None) -> str:
    """The value of a choice: "person:standard:emails:" or "person:custom:Shoe size:double"."""
    return f"{where}:custom:{name}:{custom}" if custom else f"{where}:standard:{name}:"


def choices_of(
    targets: Mapping[str, Target], made: Mapping[str, FieldRule], used: Mapping[str, str]
) -> list[Any]:
    """New fields first, then the account's own by object; each says which rows fill it already."""
    groups: dict[str, list[tuple[str, str]]] = {
        "New field": [(f"{NEW}:{where}", f"New {words} field") for where, words in OBJECT_WORDS.items()]
    }
    for value, rule in made.items():
        words = f"{rule.field} ({FIELD_WORDS[rule.type][0].lower()}, new)"
        groups.setdefault("New field of another row", []).append((value, words + _filled_by(rule.ref, used)))
    for value, target in targets.items():
        field, kind = target.field, FIELD_WORDS[target.field.type][0].lower()
        plain = field.name if field.custom else STANDARD_WORDS.get(target.key, field.name)
        groups.setdefault(OBJECT_WORDS[field.object], []).append(
            (value, f"{plain} ({kind})" + _filled_by(_ref_of(target), used))
        )
    return list(groups.items())


def _filled_by(ref: str, used: Mapping[str, str]) -> str:
    return f", filled by {used[ref]}" if ref in used else ""


def _ref_of(target: Target) -> str:
    field = target.field
    rule = FieldRule(
        "", SourceKind.ATTRIBUTE, Action.MAP, object=field.object, type=field.type, custom=field.custom
    )
    named = replace(rule, field=field.name if field.custom else target.key)
    return named.ref if place_of(named) else ""


def parts_for(rule: FieldRule) -> tuple[str, ...]:
    """The parts or labels that a field can be filled by; "" where it has none or may go without."""
    if is_address(rule):
        return ("", *dict.fromkeys(ADDRESS_PARTS.values()))
    contact = not rule.custom and rule.object == TargetObject.PERSON and rule.field in ("emails", "phones")
    return ("", *CONTACT_LABELS) if contact else ("",)


def part_choices(present: str) -> list[Any]:
    """A label of ours that is no longer offered stays possible where it stands."""
    parts = dict.fromkeys((*CONTACT_LABELS, *ADDRESS_PARTS.values(), *filter(None, [present])))
    return [("", "None"), *((part, part.replace("_", " ").capitalize()) for part in parts)]
