"""What discovery found on each side, as values that the review apps and the planner share.

A source field is one attribute name over all its Sections; a target field is one field of one object.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from migrator.engine.canonical import JsonValue


class ValueType(StrEnum):
    """What the values of an attribute are, read from all of them and not only from the declaration."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    DATETIME = "datetime"
    YES_NO = "yes_no"
    OPTION = "option"
    OPTIONS = "options"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    EMPTY = "empty"


class SourceKind(StrEnum):
    ATTRIBUTE = "attribute"
    CONSENT = "consent"
    CHANNEL = "channel"
    TAG = "tag"
    EVENT = "event"
    SECTION = "section"


class TargetObject(StrEnum):
    PERSON = "person"
    ORGANIZATION = "organization"
    DEAL = "deal"


class FieldType(StrEnum):
    """The Pipedrive field types that a map may use (reference 4.2)."""

    VARCHAR = "varchar"
    TEXT = "text"
    DOUBLE = "double"
    MONETARY = "monetary"
    DATE = "date"
    ENUM = "enum"
    SET = "set"
    PHONE = "phone"
    ADDRESS = "address"
    USER = "user"


# The shapes that say nothing against a type. Every value can be kept as text and as an option.
AGREEING: Mapping[ValueType, frozenset[ValueType]] = {
    ValueType.NUMBER: frozenset({ValueType.NUMBER, ValueType.MONEY}),
    ValueType.MONEY: frozenset({ValueType.NUMBER, ValueType.MONEY}),
    ValueType.DATE: frozenset({ValueType.DATE}),
    ValueType.DATETIME: frozenset({ValueType.DATE, ValueType.DATETIME}),
    ValueType.YES_NO: frozenset({ValueType.YES_NO}),
    ValueType.PHONE: frozenset({ValueType.PHONE}),
    ValueType.EMAIL: frozenset({ValueType.EMAIL}),
    ValueType.URL: frozenset({ValueType.URL}),
}


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A shape that speaks against the chosen type, on how many profiles, with up to three of its values."""

    shape: ValueType
    profiles: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeEvidence:
    """Why a type was chosen, counted in profiles over all values; what is unusual among them is counted apart.

    `filled` leaves out `blanks`: dates that stand for none, such as 1899-12-31. `broken_ids` are what a
    spreadsheet left of an id or wrote in place of a value ("1,23E+11", "#REF!"). `contradicting` counts every
    profile that speaks against the type; `contradictions` names the three most frequent shapes of them.
    """

    chosen: ValueType
    filled: int = 0
    distinct: int = 0
    shapes: tuple[tuple[ValueType, int], ...] = ()
    contradicting: int = 0
    contradictions: tuple[Contradiction, ...] = ()
    leading_zeros: int = 0
    broken_ids: int = 0
    decimal_commas: int = 0
    epochs: int = 0
    blanks: int = 0

    @property
    def agreeing(self) -> int:
        return self.filled - self.contradicting


@dataclass(frozen=True, slots=True)
class Variant:
    """One attribute in one Section. `shapes` counts every filled value by the value type it reads as;
    `top` holds up to twenty (value, profiles) pairs, most frequent first; values are shown on screens and
    never leave the machine."""

    section: str
    section_name: str
    discriminator: str
    declared: str
    filled: int
    distinct: int
    shapes: Mapping[str, int]
    top: tuple[tuple[str, int], ...]
    inferred: ValueType
    max_length: int = 0
    # None in what was stored before evidence was kept.
    evidence: TypeEvidence | None = None

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        return self.evidence.contradictions if self.evidence else ()


@dataclass(frozen=True, slots=True)
class SourceField:
    """A row of the field map before anything is proposed. `key` is stable over discoveries, such as
    "attribute:shoe_size" or "consent:email". `conflict` is true where the Sections' types disagree and no
    person has settled it; `settled` is the type that a person chose ("" until then; "drop" and "split" occur)."""

    key: str
    kind: SourceKind
    name: str
    is_default: bool = False
    variants: tuple[Variant, ...] = ()
    profiles: int = 0
    conflict: bool = False
    settled: str = ""

    @property
    def filled(self) -> int:
        return sum(variant.filled for variant in self.variants)

    @property
    def inferred(self) -> ValueType:
        """The type of the fullest variant; meaningful where the variants do not conflict."""
        fullest = max(self.variants, key=lambda v: (v.filled, v.section), default=None)
        return fullest.inferred if fullest else ValueType.EMPTY

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """What speaks against each Section's own type, the most frequent shapes first, at most three."""
        found: dict[ValueType, Contradiction] = {}
        for new in (c for variant in self.variants for c in variant.contradictions):
            old = found.get(new.shape, Contradiction(new.shape, 0))
            examples = tuple(dict.fromkeys(old.examples + new.examples))[:3]
            found[new.shape] = Contradiction(new.shape, old.profiles + new.profiles, examples)
        return tuple(sorted(found.values(), key=lambda c: (-c.profiles, c.shape))[:3])

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        return tuple((v.section, v.discriminator) for v in self.variants)


@dataclass(frozen=True, slots=True)
class TargetField:
    """One field of the target account. The account's own hash key is not part of it: it is resolved anew
    for every target (reference 4.1). `filled` counts records that already hold a value."""

    object: TargetObject
    name: str
    type: FieldType
    custom: bool
    standard_key: str = ""
    options: tuple[str, ...] = ()
    filled: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about what will be hard, with the number that it rests on and where to settle it."""

    kind: str
    count: int
    text: str
    link: str = ""


Inventory = Mapping[str, JsonValue]
