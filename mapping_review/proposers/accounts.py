"""Accounts in the gold set's format: read strictly, turned into our values, and our proposals turned back.

The format is that of `score.py strip` (design/mapping-gold/README.md); answers in the file are not looked at.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from mapping_review.proposers.by_rules import propose
from mapping_review.proposers.lexicon import fold
from mapping_review.proposers.proposal import Proposal, ProposerSettings
from mapping_review.proposers.shapes import listed, number, object_, text
from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inference import infer
from migrator.engine.inventory import (
    FieldType,
    SourceField,
    SourceKind,
    TargetField,
    TargetObject,
    ValueType,
    Variant,
)
from migrator.engine.profiling import Accumulator

LARGEST_FILE = 32 * 1024 * 1024
# Types of the target's catalogue that a map has no word for are read as plain text.
_TYPES = {kind.value: kind for kind in FieldType} | {"varchar_auto": FieldType.VARCHAR}
_OUR_KEYS = {
    "email": "emails",
    "phone": "phones",
    "owner_id": "owner",
    "stage_id": "stage",
    "pipeline_id": "pipeline",
}
_THEIR_KEYS = {ours: theirs for theirs, ours in _OUR_KEYS.items()}
# Types that one field can hold together, so that a difference between them is no conflict.
_KIN = (
    frozenset({ValueType.DATE, ValueType.DATETIME}),
    frozenset({ValueType.TEXT, ValueType.LONG_TEXT, ValueType.OPTION, ValueType.OPTIONS}),
    frozenset({ValueType.NUMBER, ValueType.MONEY}),
    frozenset({ValueType.PHONE, ValueType.NUMBER}),
)


class AccountProblem(ValueError):
    """The file cannot be read as accounts; the text is one sentence that says why and where."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute in one Section, as the file lists it. `samples` are at most a handful of raw values."""

    id: str
    section: str
    name: str
    discriminator: str
    default: bool
    type: str
    fill_rate: float
    distinct: int
    samples: tuple[JsonValue, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account with the target's catalogue. `keys` gives the target's own key of each field."""

    id: str
    languages: tuple[str, ...]
    profiles: int
    sections: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    catalogue: tuple[TargetField, ...]
    keys: Mapping[tuple[str, str], str]


def read_accounts(path: Path) -> list[Account]:
    """The accounts of a file. Raises AccountProblem on anything that is not one."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise AccountProblem(f"The file is larger than {LARGEST_FILE // 1024**2} MB: leave out samples.")
        raw = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise AccountProblem(f"The file cannot be read: {error.strerror}.") from error
    except RecursionError as error:
        raise AccountProblem("The file is nested too deeply to be an inventory.") from error
    except UnicodeDecodeError as error:
        raise AccountProblem(f"The file is not UTF-8: see byte {error.start:,}.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise AccountProblem(f"The file is not JSON: {error.msg} at {where}.") from error
    except ValueError as error:
        if isinstance(error, AccountProblem):
            raise
        raise AccountProblem("The file holds a number that is too long to read.") from error
    return accounts_in(raw)


def accounts_in(raw: JsonValue) -> list[Account]:
    """As `read_accounts`, from what a file holds."""
    try:
        found = [
            _account(item, f"accounts[{i}]")
            for i, item in enumerate(listed(object_(raw, "the file"), "accounts", ""))
        ]
        _check_unique([a.id for account in found for a in account.attributes])
    except (TypeError, ValueError) as error:
        raise AccountProblem(f"The file is no inventory: {error}.") from error
    return found


def propose_for(account: Account) -> list[tuple[Attribute, Proposal]]:
    """A proposal for each attribute of an account, in the file's order."""
    settings = settings_of(account)
    proposals = propose(source_fields_of(account), account.catalogue, settings)
    return list(zip(account.attributes, proposals, strict=True))


def settings_of(account: Account) -> ProposerSettings:
    """The account's catalogue lists just what its target can write."""
    standard = {
        (f.object.value, _OUR_KEYS.get(f.standard_key, f.standard_key))
        for f in account.catalogue
        if not f.custom
    }
    return ProposerSettings(standard=frozenset(standard), languages=account.languages)


def source_fields_of(account: Account) -> list[SourceField]:
    """An attribute of each Section is a source field of its own; one name with two types is a conflict."""
    variants = [_variant(attribute, account.profiles) for attribute in account.attributes]
    pairs = list(zip(account.attributes, variants, strict=True))
    conflicts = conflicting(pairs)
    keys = _keys_of(account)
    return [_source_field(keys[a.id], a, v, account.profiles, a.id in conflicts) for a, v in pairs]


def conflicting(pairs: Sequence[tuple[Attribute, Variant]]) -> frozenset[str]:
    """Ids of attributes that have a namesake in another Section with values of another type."""
    named: dict[str, list[tuple[Attribute, Variant]]] = {}
    for pair in pairs:
        named.setdefault(fold(pair[0].name), []).append(pair)
    return frozenset(
        one.id
        for group in named.values()
        for one, a in group
        if any(one.section != other.section and _differ(a, b) for other, b in group)
    )


def answer_of(proposal: Proposal, account: Account) -> dict[str, JsonValue]:
    """A proposal in the terms of score.py: up to three, best first, and the type of a new field."""
    ranked = [(proposal.rule, proposal.confidence)]
    ranked += [(other.rule, other.confidence) for other in proposal.alternatives]
    places: dict[str, dict[str, JsonValue]] = {}
    for rule, confidence in ranked:
        place = _place_of(rule, account)
        home = json.dumps([place["action"], place.get("object"), place.get("field")])
        places.setdefault(home, {**place, "confidence": confidence})
    confirm = proposal.abstained or bool(proposal.flags)
    best: list[JsonValue] = list(islice(places.values(), 3))
    return {"proposals": best, "type": proposal.new_type.value, "confirm": confirm}


def _place_of(rule: FieldRule, account: Account) -> dict[str, JsonValue]:
    if rule.is_left:
        return {"action": "skip"}
    if rule.action == Action.CREATE:
        return {"action": "create", "object": rule.object.value, "type": rule.type.value}
    key = _THEIR_KEYS.get(rule.field, rule.field)
    if rule.custom:
        key = account.keys[rule.object.value, rule.field]
    place: dict[str, JsonValue] = {"action": "map", "object": rule.object.value, "field": key}
    return {**place, "component": rule.component} if rule.component else place


def _account(raw: JsonValue, at: str) -> Account:
    found = object_(raw, at)
    destination = object_(found.get("destination"), f"{at}.destination")
    pairs = list(_catalogue(destination, f"{at}.destination"))
    keys: dict[tuple[str, str], str] = {}
    for field, key in pairs:
        keys.setdefault((field.object.value, field.name), key)
    return Account(
        id=text(found, "id", at),
        languages=tuple(str(language) for language in listed(found, "languages", at, ())),
        profiles=round(number(found, "profile_count", at)),
        sections=tuple(str(section) for section in listed(found, "sections", at, ())),
        attributes=tuple(
            _attribute(item, f"{at}.attributes[{i}]")
            for i, item in enumerate(listed(found, "attributes", at))
        ),
        catalogue=tuple({(f.object, f.name, f.custom): f for f, _ in reversed(pairs)}.values()),
        keys=keys,
    )


def _catalogue(destination: Mapping[str, JsonValue], at: str) -> Iterator[tuple[TargetField, str]]:
    for where in TargetObject:
        for i, item in enumerate(listed(destination, where.value, at, ())):
            place = f"{at}.{where.value}[{i}]"
            raw = object_(item, place)
            key, custom = text(raw, "key", place), bool(raw.get("custom"))
            options = tuple(str(option) for option in listed(raw, "options", place, ()))
            kind = _TYPES.get(text(raw, "type", place), FieldType.VARCHAR)
            name = text(raw, "name", place)
            yield TargetField(where, name, kind, custom, "" if custom else key, options), key


def _attribute(raw: JsonValue, at: str) -> Attribute:
    found = object_(raw, at)
    return Attribute(
        id=text(found, "id", at),
        section=text(found, "section", at, ""),
        name=text(found, "name", at),
        discriminator=text(found, "discriminator", at, ""),
        default=bool(found.get("default")),
        type=text(found, "type", at, "string"),
        fill_rate=min(1.0, number(found, "fill_rate", at, 0.0)),
        distinct=round(number(found, "distinct", at, 0.0)),
        samples=tuple(listed(found, "samples", at, ())),
    )


def _check_unique(ids: Sequence[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"the id {one[:60]!r} occurs twice")
        seen.add(one)


def _keys_of(account: Account) -> dict[str, str]:
    """The default attributes of the first Section keep the product's keys; all others go by their ids."""
    keys: dict[str, str] = {}
    for attribute in sorted(account.attributes, key=lambda a: a.id):
        tail = attribute.discriminator.rpartition(".")[2]
        is_first = attribute.default and attribute.section in account.sections[:1]
        plain = f"attribute:{tail}"
        keys[attribute.id] = (
            plain if is_first and plain not in keys.values() else f"attribute:#{attribute.id}"
        )
    return keys


def _source_field(
    key: str, attribute: Attribute, variant: Variant, profiles: int, conflict: bool
) -> SourceField:
    return SourceField(
        key=key,
        kind=SourceKind.ATTRIBUTE,
        name=attribute.name,
        is_default=attribute.default,
        variants=(variant,),
        profiles=profiles,
        conflict=conflict,
    )


def _variant(attribute: Attribute, profiles: int) -> Variant:
    """The samples, as if each stood for an equal share of the filled profiles."""
    filled = round(attribute.fill_rate * profiles)
    samples = attribute.samples if filled else ()
    accumulator = Accumulator(attribute.type)
    for sample in samples:
        accumulator.add(sample, max(1, filled // len(samples)))
    summary = accumulator.summary()
    distinct = max(attribute.distinct, summary.distinct)
    summary = replace(summary, distinct=distinct, distinct_labels=max(distinct, summary.distinct_labels))
    seen = accumulator.variant(attribute.section, attribute.section, attribute.discriminator)
    return replace(seen, distinct=distinct, inferred=infer(summary))


def _differ(one: Variant, other: Variant) -> bool:
    types = {one.inferred, other.inferred}
    return ValueType.EMPTY not in types and len(types) == 2 and not any(types <= kin for kin in _KIN)
