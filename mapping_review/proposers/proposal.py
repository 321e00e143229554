"""A proposal for one source field, as every proposer returns it and every screen shows it. Nothing here
decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import FieldRule, rule_from_json
from migrator.engine.inventory import FieldType

FOR, AGAINST = "for", "against"

# Standard fields that a map may name (FieldRule.field). Fields that only some accounts can write (job title
# and birthday come with contact sync) are added by whoever builds the settings, once the target can write
# them.
WRITABLE = frozenset(
    {
        *(("person", key) for key in ("first_name", "last_name", "name", "emails", "phones", "owner")),
        *(("organization", key) for key in ("name", "address", "id")),
        *(("deal", key) for key in ("title", "value", "currency", "status", "stage", "pipeline", "id")),
        *(("deal", key) for key in ("expected_close_date", "owner")),
    }
)


@dataclass(frozen=True, slots=True)
class ProposerSettings:
    """What a proposer may know of the project. `region` reads phone numbers that carry no country;
    `languages` ("sv", "fi") decide between the meanings of a word that several languages have."""

    region: str = ""
    currency: str = "EUR"
    tag_style: str = "label_title"
    standard: frozenset[tuple[str, str]] = WRITABLE
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of evidence; `tone` is "for" or "against"."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Alternative:
    rule: FieldRule
    confidence: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """`abstained` says that the rule is a mere default and nobody should trust it. Flags: "sensitive",
    "conflict", "hostile_name", "values_lost", "existing_data", "consent". `new_type` is the type that a new
    field would get, wherever the rule goes; it is not stored."""

    rule: FieldRule
    confidence: float
    reasons: tuple[Reason, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    abstained: bool = False
    flags: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    new_type: FieldType = field(default=FieldType.VARCHAR, compare=False)

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "rule": self.rule.to_json(),
            "confidence": self.confidence,
            "reasons": [[reason.tone, reason.text] for reason in self.reasons],
            "alternatives": [
                {"rule": other.rule.to_json(), "confidence": other.confidence} for other in self.alternatives
            ],
            "abstained": self.abstained,
            "flags": list(self.flags),
            "provenance": dict(self.provenance),
        }


def proposal_from_json(raw: Mapping[str, JsonValue]) -> Proposal:
    """The inverse of `Proposal.to_json`; raises KeyError or ValueError on a foreign object."""
    return Proposal(
        rule=rule_from_json(_object(raw["rule"])),
        confidence=_number(raw["confidence"]),
        reasons=tuple(
            Reason(str(pair[0]), str(pair[1])) for pair in _list(raw["reasons"]) if isinstance(pair, list)
        ),
        alternatives=tuple(
            Alternative(rule_from_json(_object(other["rule"])), _number(other["confidence"]))
            for other in map(_object, _list(raw["alternatives"]))
        ),
        abstained=bool(raw["abstained"]),
        flags=tuple(str(flag) for flag in _list(raw["flags"])),
        provenance={key: str(value) for key, value in _object(raw.get("provenance") or {}).items()},
    )


def _object(value: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {type(value).__name__}")
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise ValueError(f"expected a list, found {type(value).__name__}")
    return value


def _number(value: JsonValue) -> float:
    if not isinstance(value, int | float):
        raise ValueError(f"expected a number, found {type(value).__name__}")
    return float(value)
