"""From variants (one attribute in one Section) to source fields (the rows of a field map), and the rows that
every project has besides its attributes: consents, channels, tags, Sections and event types."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.engine.canonical import checksum
from migrator.engine.inventory import SourceField, SourceKind, ValueType, Variant

DEFAULTS = {
    "com.apsis1.attributes.firstname": "First name",
    "com.apsis1.attributes.lastname": "Last name",
    "com.apsis1.attributes.email": "Email",
    "com.apsis1.attributes.mobile": "Mobile",
    "com.apsis1.attributes.birthdate": "Birth date",
    "com.apsis1.attributes.crmid": "CRM ID",
}
# A slug may hold dots, so the connector is everything up to ".attributes.".
_CONNECTOR = re.compile(r"com\.apsis1\.integrations\.(.+?)\.attributes\.")
_JOINTS = re.compile(r"[\s_\-]+")
# A name of ten thousand characters has a key like any other, and its own.
_LONGEST, _SHORTENED = 160, 120
_FAMILIES = {
    ValueType.NUMBER: "number",
    ValueType.MONEY: "number",
    ValueType.DATE: "date",
    ValueType.DATETIME: "date",
    ValueType.YES_NO: "yes_no",
    ValueType.PHONE: "phone",
    ValueType.EMAIL: "email",
}
# Nothing is lost where these meet: an address or a phone number is kept as text, and one without marks is
# digits.
_AT_PEACE = ({"phone", "text"}, {"phone", "number"}, {"email", "text"})


@dataclass(frozen=True, slots=True)
class Found:
    """What discovery counted besides attributes. Tops are (value, profiles) pairs, most frequent first."""

    profiles: int = 0
    sections: Sequence[tuple[str, str, int]] = ()
    tags: Sequence[tuple[str, int]] = ()
    events: Sequence[tuple[str, str, int]] = ()
    # Of the rows for consents and channels, by key such as "consent:email".
    consents: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)


def normalised(name: str) -> str:
    """Names that differ in case, blanks, hyphens and underscores only are one name."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    joined = _JOINTS.sub("_", plain).strip("_") or "unnamed"
    return joined if len(joined) <= _LONGEST else f"{joined[:_SHORTENED]}~{checksum(joined)[:16]}"


def key_of(discriminator: str, name: str) -> str:
    """The source field's key: stable over discoveries as long as the name is."""
    if discriminator in DEFAULTS:
        return f"attribute:{discriminator.rpartition('.')[2]}"
    found = _CONNECTOR.match(discriminator)
    if found:
        return f"attribute:{found[1]}.{normalised(name)}"
    plain = normalised(name)
    # A custom attribute that is named like a default one stays apart: "attribute:custom.email".
    taken = any(default.endswith(f".{plain}") for default in DEFAULTS)
    return f"attribute:custom.{plain}" if taken else f"attribute:{plain}"


def group_fields(
    variants: Iterable[Variant], names: Mapping[str, str], *, profiles: int = 0
) -> list[SourceField]:
    """One source field for each attribute name over all Sections, fullest Section first, in a fixed order.

    `names` maps discriminators to names; `profiles` is the number of profiles of the account.
    """
    groups: dict[str, list[Variant]] = defaultdict(list)
    for variant in variants:
        groups[key_of(variant.discriminator, names.get(variant.discriminator, ""))].append(variant)
    return [_field(key, groups[key], names, profiles) for key in sorted(groups)]


def types_conflict(types: Iterable[ValueType]) -> bool:
    """Whether one target field for all of them would lose something that a person should know of first."""
    families = {_FAMILIES.get(t, "text") for t in types if t != ValueType.EMPTY}
    return len(families) > 1 and families not in _AT_PEACE


def fixed_fields(found: Found) -> list[SourceField]:
    """The rows that do not come from attributes, in a fixed order."""
    fields = [
        _fixed(SourceKind.CONSENT, "email", "Email consent", ValueType.YES_NO, found),
        _fixed(SourceKind.CONSENT, "email_date", "Email consent date", ValueType.DATE, found),
        _fixed(SourceKind.CONSENT, "sms", "SMS consent", ValueType.YES_NO, found),
        _fixed(SourceKind.CONSENT, "sms_date", "SMS consent date", ValueType.DATE, found),
        _fixed(SourceKind.CHANNEL, "email", "Email enabled", ValueType.YES_NO, found),
        _fixed(SourceKind.CHANNEL, "sms", "SMS enabled", ValueType.YES_NO, found),
        _all(SourceKind.TAG, "Tags", [("", "", tag, count) for tag, count in found.tags], found.profiles),
        _all(SourceKind.SECTION, "Sections", [(s, n, n, c) for s, n, c in found.sections], found.profiles),
    ]
    return fields + [_event(*event) for event in sorted(found.events)]


def _field(key: str, variants: list[Variant], names: Mapping[str, str], profiles: int) -> SourceField:
    ordered = tuple(sorted(variants, key=lambda v: (-v.filled, v.section, v.discriminator)))
    first = ordered[0].discriminator
    is_default = first in DEFAULTS
    return SourceField(
        key=key,
        kind=SourceKind.ATTRIBUTE,
        name=names.get(first) or DEFAULTS.get(first) or first,
        is_default=is_default,
        variants=ordered,
        profiles=profiles,
        conflict=not is_default and types_conflict(v.inferred for v in ordered),
    )


def _fixed(kind: SourceKind, tail: str, name: str, inferred: ValueType, found: Found) -> SourceField:
    key = f"{kind.value}:{tail}"
    top = tuple(found.consents.get(key, ()))
    return SourceField(key, kind, name, variants=(_variant(key, top, inferred),), profiles=found.profiles)


def _variant(key: str, top: tuple[tuple[str, int], ...], inferred: ValueType) -> Variant:
    filled = sum(count for _, count in top)
    shapes = {inferred.value: filled} if filled else {}
    return Variant("", "All Sections", key, "", filled, len(top), shapes, top[:20], inferred)


def _all(
    kind: SourceKind, name: str, rows: Sequence[tuple[str, str, str, int]], profiles: int
) -> SourceField:
    """Tags and Sections are one row each; every Section is a variant, all tags together are one."""
    if kind == SourceKind.TAG:
        top = tuple((tag, count) for _, _, tag, count in rows)
        variants: tuple[Variant, ...] = (_variant("tag:all", top, ValueType.OPTIONS),)
    else:
        variants = tuple(
            Variant(s, n, "section:all", "", c, 1, {"option": c}, ((label, c),), ValueType.OPTION)
            for s, n, label, c in rows
        )
    return SourceField(f"{kind.value}:all", kind, name, variants=variants, profiles=profiles)


def _event(discriminator: str, name: str, count: int) -> SourceField:
    variant = Variant("", "All Sections", discriminator, "event", count, 1, {}, (), ValueType.TEXT)
    return SourceField(f"event:{discriminator}", SourceKind.EVENT, name, variants=(variant,), profiles=0)
