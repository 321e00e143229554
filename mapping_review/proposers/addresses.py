"""Addresses: which part of one a name means, and whose address it is. The parts of a block move together."""

import re

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.evidence import Evidence
from mapping_review.proposers.names import Reading
from mapping_review.proposers.similarity import abbreviates
from mapping_review.proposers.subjects import Subject, unit_weight
from mapping_review.proposers.targets import ADDRESS_PARTS, Target
from migrator.engine.field_map import Action

_SCORE = 0.8
_BREAK = re.compile(r"\s*[,;\n|/]\s*")
# A post code with its town, or a British one behind its town.
_TOWN = re.compile(
    r"(?:[A-Z]{1,2}-)?(?:\d{3} ?\d{2}|\d{4}(?: ?[A-Z]{2})?)\s+[^\W\d_]|[^\d]*[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$"
)
_LONGEST = 300
# Words that make it something about an address and no part of one: "address status".
_ABOUT_IT = frozenset(
    {
        "status",
        "date",
        "created",
        "has",
        "active",
        "count",
        "reason",
        "amount",
        "value",
        "percent",
        "type",
        "level",
    }
    | {
        "accepted",
        "group",
        "category",
        "received",
        "sent",
        "selected",
        "data_quality",
        "previous",
        "time",
        "distance",
    }
)
# Words beside an address that say which one it is and leave it an address.
_KINDS = frozenset(
    {"delivery", "invoice", "headquarters", "contact", "person", "customer", "web_shop", "domicile", "site"}
)


def address_part(reading: Reading) -> str:
    """Which part of an address the name means, "" for none; "full" for a whole one."""
    parts = [ADDRESS_PARTS[c] for c in ADDRESS_PARTS if c in reading.concepts]
    others = [u for u in reading.units if not u & (set(ADDRESS_PARTS) | _KINDS) and unit_weight(u) >= 0.9]
    if not parts or others or len(reading.unknown) > 1 or reading.concepts & _ABOUT_IT:
        return ""
    return _together(parts)


def _together(parts: list[str]) -> str:
    """One attribute for several parts: the town's, which keeps its post code, or the whole address."""
    if "street" in parts and {"postal_code", "city"} & set(parts):
        return "full"
    return "city" if {"postal_code", "city"} <= set(parts) else parts[0]


def is_another(reading: Reading) -> bool:
    """An address for deliveries or invoices, which may stand beside the usual one."""
    return reading.has("delivery", "invoice")


def is_whole(evidence: Evidence) -> bool:
    """Whether the values are addresses with street and town: "Havnepladsen 6, 9990 Skagen"."""
    values = [_BREAK.split(value[:_LONGEST]) for value, _ in evidence.values]
    return sum(any(map(_TOWN.match, parts[1:])) for parts in values) > len(values) / 2


def to_address(subject: Subject, target: Target) -> Candidate | None:
    """A part of the target's address; None where the name means none."""
    part = address_part(subject.reading)
    if not part:
        return None
    if part == "full" and not is_whole(subject.evidence):
        part = "street" if subject.split_address and not is_another(subject.reading) else part
    elif part == "street" and is_whole(subject.evidence):
        part = "full"
    score = _SCORE + (0.08 if target.field.custom else 0.0)
    score += 0.1 if target.field.object == _whose(subject) else -0.3
    if is_another(subject.reading) and subject.has_usual_address:
        score -= 0.45
    if target.field.custom and target.readings:
        extra = target.readings[0].concepts - set(ADDRESS_PARTS)
        score -= 0.3 if extra - subject.reading.concepts else 0.0
        named = extra <= subject.reading.concepts or abbreviates(subject.reading, target.readings[0])
        score += 0.35 if is_another(target.readings[0]) and named else 0.0
    return Candidate(Action.MAP, target.field.object, score, target, score, 0.0, part)


def _whose(subject: Subject) -> str:
    if subject.reading.has("home", "private"):
        return "person"
    if subject.reading.has("headquarters", "site"):
        return "organization"
    return subject.reading.hint or ("organization" if subject.company_side else "person")
