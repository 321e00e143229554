"""Addresses: which part of one a name means, and whose address it is. The parts of a block move together."""

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.names import Reading
from mapping_review.proposers.subjects import Subject, unit_weight
from mapping_review.proposers.targets import ADDRESS_PARTS, Target
from migrator.engine.field_map import Action

_SCORE = 0.8
# Words beside an address that say which one it is and leave it an address.
_KINDS = frozenset(
    {"delivery", "invoice", "headquarters", "contact", "person", "customer", "web_shop", "domicile", "site"}
)


def address_part(reading: Reading) -> str:
    """Which part of an address the name means, "" for none; "full" for a whole one."""
    parts = [ADDRESS_PARTS[c] for c in ADDRESS_PARTS if c in reading.concepts]
    others = [u for u in reading.units if not u & (set(ADDRESS_PARTS) | _KINDS) and unit_weight(u) >= 0.9]
    return parts[0] if parts and not others and len(reading.unknown) <= 1 else ""


def is_another(reading: Reading) -> bool:
    """An address for deliveries or invoices, which may stand beside the usual one."""
    return reading.has("delivery", "invoice")


def to_address(subject: Subject, target: Target) -> Candidate | None:
    """A part of the target's address; None where the name means none."""
    part = address_part(subject.reading)
    if not part:
        return None
    part = "street" if part == "full" and subject.split_address and not is_another(subject.reading) else part
    score = _SCORE + (0.08 if target.field.custom else 0.0)
    score += 0.1 if target.field.object == _whose(subject) else -0.3
    if is_another(subject.reading) and subject.has_usual_address:
        score -= 0.45
    if target.field.custom and target.readings:
        extra = target.readings[0].concepts - set(ADDRESS_PARTS)
        score -= 0.3 if extra - subject.reading.concepts else 0.0
        score += 0.35 if is_another(target.readings[0]) and extra <= subject.reading.concepts else 0.0
    return Candidate(Action.MAP, target.field.object, score, target, score, 0.0, part)


def _whose(subject: Subject) -> str:
    if subject.reading.has("home", "private"):
        return "person"
    if subject.reading.has("headquarters", "site"):
        return "organization"
    return subject.reading.hint or ("organization" if subject.company_side else "person")
