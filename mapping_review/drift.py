"""What a decision rests on, kept with it, and what a later discovery changed of that, in one sentence. Pure.

Never how many values there are: an account that grows changes nothing that somebody approved.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mapping_review.cells import FIELD_WORDS, TYPE_WORDS
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, TargetField, ValueType, Variant
from migrator.engine.reading import options_in
from migrator.engine.transforms.choices import LOOK_UP

Evidence = Mapping[str, Any]
_WITH_OPTIONS = (FieldType.ENUM, FieldType.SET)
_LISTED = (ValueType.OPTION, ValueType.OPTIONS, ValueType.YES_NO)
_MOST_NAMED = 3
_PIPEDRIVE = "in Pipedrive"


def source_evidence(field: SourceField) -> dict[str, Any]:
    """Where the values are, how they read and, of lists, which there are."""
    return {
        "variants": [_variant(variant) for variant in field.variants],
        "conflict": field.conflict,
        "settled": field.settled,
    }


def target_evidence(rules: Iterable[FieldRule], catalogue: Sequence[TargetField]) -> list[dict[str, Any]]:
    """The account's own fields that rules write into, as they are now; standard ones do not change."""
    own = (rule for rule in rules if writes_own(rule))
    found = ((rule, _find(rule.object, rule.field, rule.type, catalogue)) for rule in own)
    return [
        {
            "object": rule.object.value,
            "name": rule.field,
            "type": rule.type.value,
            "options": list(there.options if there else ()),
        }
        for rule, there in found
    ]


def writes_own(rule: FieldRule) -> bool:
    """Whether it writes into a custom field that the account has."""
    return rule.custom and rule.action == Action.MAP


def why_void(
    evidence: Evidence, rules: Sequence[FieldRule], field: SourceField, catalogue: Sequence[TargetField]
) -> str:
    """What changed since these rules were decided; "" where all that they rest on still stands."""
    if evidence.get("variants") is None:
        return ""
    return _source_change(evidence, rules, field) or next(
        (why for kept in evidence.get("targets", ()) if (why := _target_change(kept, rules, catalogue))), ""
    )


def _variant(variant: Variant) -> dict[str, Any]:
    return {
        "section": variant.section,
        "section_name": variant.section_name,
        "discriminator": variant.discriminator,
        "declared": variant.declared,
        "inferred": variant.inferred.value,
        "labels": sorted(_labels(variant)),
        "distinct": variant.distinct if variant.inferred in _LISTED else 0,
        "seen": len(variant.top) if variant.inferred in _LISTED else 0,
    }


def _labels(variant: Variant) -> set[str]:
    if variant.inferred not in _LISTED:
        return set()
    many = variant.inferred == ValueType.OPTIONS
    return {label for value, _ in variant.top for label in (options_in(value) if many else [_plain(value)])}


def _source_change(evidence: Evidence, rules: Sequence[FieldRule], field: SourceField) -> str:
    before = {(v["section"], v["discriminator"]): v for v in evidence["variants"]}
    after = {(v.section, v.discriminator): v for v in field.variants}
    for key, variant in after.items():
        if key not in before:
            return f"A new Section, {variant.section_name}, has this field"
    for key, old in before.items():
        if key not in after:
            return f"The Section {old['section_name']} no longer has this field"
    where = len(after) > 1
    changes = (_variant_change(before[key], variant, rules, named=where) for key, variant in after.items())
    return next(filter(None, changes), "") or _settled_change(evidence, field)


def _variant_change(old: Evidence, new: Variant, rules: Sequence[FieldRule], *, named: bool) -> str:
    section = f" of {new.section_name}" if named else ""
    if old["inferred"] != new.inferred.value:
        was, now = TYPE_WORDS[ValueType(old["inferred"])][0], TYPE_WORDS[new.inferred][0]
        return f"Values{section} were {was} and are {now} now"
    if old["declared"] != new.declared:
        return f"APSIS One declared the field{section} as {old['declared']} and declares it as {new.declared} now"
    return _new_options(old, new, rules, section)


def _new_options(old: Evidence, new: Variant, rules: Sequence[FieldRule], section: str) -> str:
    """Options that the rule does not know. Past the most frequent values only their number tells."""
    listing = [rule for rule in rules if not rule.is_left and rule.type in _WITH_OPTIONS]
    if not listing or new.inferred not in _LISTED:
        return ""
    if max(old["distinct"] - old["seen"], new.distinct - len(new.top)) > 0:
        grown = new.inferred == ValueType.OPTION and new.distinct > old["distinct"]
        return f"Values{section} were {old['distinct']} options and are {new.distinct} now" if grown else ""
    known = {_folded(option) for rule in listing for option in rule.options}
    known |= {n.removeprefix(LOOK_UP) for rule in listing for n, _ in rule.args if n.startswith(LOOK_UP)}
    known |= {_folded(label) for label in old["labels"]}
    fresh = [label for label in sorted(_labels(new)) if _folded(label) not in known]
    return f"Values{section} have {_named('a new option', 'new options', fresh)}" if fresh else ""


def _settled_change(evidence: Evidence, field: SourceField) -> str:
    if evidence["conflict"] == field.conflict and evidence["settled"] == field.settled:
        return ""
    if field.conflict and not field.settled:
        return "The Sections disagree about the type now"
    if field.settled:
        return f"The type was settled in the queue as {_settled_word(field.settled)}"
    return "The Sections agree about the type now"


def _settled_word(settled: str) -> str:
    words = {"drop": "“do not migrate”", "split": "one field for each type"}
    return words.get(settled) or TYPE_WORDS[ValueType(settled)][0]


def _target_change(kept: Evidence, rules: Sequence[FieldRule], catalogue: Sequence[TargetField]) -> str:
    name, kind = kept["name"], FieldType(kept["type"])
    same = [f for f in catalogue if f.custom and f.object.value == kept["object"] and f.name == name]
    if not same:
        return f"The field {name} is no longer {_PIPEDRIVE}"
    there = next((field for field in same if field.type == kind), None)
    if there is None:
        return f"{name} is now {FIELD_WORDS[same[0].type][0]} {_PIPEDRIVE}"
    return _options_change(kept, there, rules)


def _options_change(kept: Evidence, there: TargetField, rules: Sequence[FieldRule]) -> str:
    now = {_folded(option) for option in there.options}
    gone = [option for option in kept["options"] if _folded(option) not in now]
    if gone:
        verb = "is" if len(gone) == 1 else "are"
        return f"{_named('The option', 'The options', gone)} {verb} gone from {there.name} {_PIPEDRIVE}"
    # What the map itself adds to the field is no news.
    known = {_folded(option) for option in (*kept["options"], *(o for rule in rules for o in rule.options))}
    fresh = [option for option in there.options if _folded(option) not in known]
    return f"{there.name} {_PIPEDRIVE} has {_named('a new option', 'new options', fresh)}" if fresh else ""


def _find(where: object, name: str, kind: FieldType, catalogue: Sequence[TargetField]) -> TargetField | None:
    wanted = (where, name, kind)
    return next((f for f in catalogue if f.custom and (f.object, f.name, f.type) == wanted), None)


def _named(one: str, many: str, words: Sequence[str]) -> str:
    shown = [word[:60] for word in words[:_MOST_NAMED]]
    more = f" and {len(words) - len(shown)} more" if len(words) > len(shown) else ""
    if len(words) == 1:
        return f"{one} {shown[0]}" if one.startswith("The") else f"{one}, {shown[0]}"
    listed = f"{', '.join(shown)}{more}" if more else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{many} {listed}" if many.startswith("The") else f"{many}, {listed}"


def _plain(value: str) -> str:
    return " ".join(value.split())


def _folded(label: str) -> str:
    return _plain(label).casefold()
