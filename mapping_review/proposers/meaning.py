"""Where values settle what a name leaves open: a "title" of doctors is no job title, a "last quote" of numbers
is the quote's number."""

import re
from dataclasses import replace

from mapping_review.proposers.evidence import Evidence
from mapping_review.proposers.names import Reading
from mapping_review.proposers.subjects import main_concept, unit_weight
from migrator.engine.inventory import ValueType
from migrator.engine.reading import epoch_of

_NAMES = frozenset({"name", "full_name", "customer", "contact", "legal_name"})
_IDLE = frozenset({"last", "first", "current", "previous", "customer"})
# What stands for the company where a Section holds such.
_SOCIETIES, _NAMING = frozenset({"club", "school"}), frozenset({"name", "full_name"})
_NUMBER_OF = {
    "quote": "quote_number",
    "order": "order_number",
    "invoice": "invoice_number",
    "agreement": "contract_number",
    "customer": "customer_number",
    "member": "member_number",
}
_CODE = re.compile(r"(?=.*\d)(?:[^\W\d_]{1,4}[-/ ]?)?\d[\w/-]*")
_DATES = frozenset({ValueType.DATE, ValueType.DATETIME})


_POSTAL_CODE = re.compile(r"(?:[A-Z]{1,2}-)?\d{3} ?\d{1,2}")
_WITH_DIGIT = re.compile(r".*\d.*", re.DOTALL)
_HOUSE_NUMBER = re.compile(r"\d{1,4}\s?[A-Za-z]?")
# Names that hold two things by their letters and one by their values.
_TOLD_BY = {
    ("postal_code", "national_id"): _POSTAL_CODE,
    ("address", "department"): _WITH_DIGIT,
}
_SHORT_NUMBER = re.compile(r"\d{5,8}")
_DAY_OF_BIRTH = re.compile(
    r"(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)?\d{2}"
)
_OWN_BESIDE_INVOICE = frozenset({"first_name", "last_name", "full_name"})


def meant_in_section(reading: Reading, evidence: Evidence, beside: frozenset[str]) -> Reading:
    """The reading as the other fields of its Sections (their concepts) confirm it: a bare number beside a
    street is a house number, and a billing name where there is no other is the buyer's own."""
    is_number = reading.concepts == {"number"} and not reading.unknown
    if is_number and {"street", "postal_code"} <= beside and "house_number" not in beside:
        return _instead(reading, "house_number") if evidence.share(_HOUSE_NUMBER) == 1 else reading
    own = reading.concepts & _OWN_BESIDE_INVOICE
    if own and "invoice" in reading.concepts and not own & beside and len(reading.units) == 2:
        return replace(reading, units=tuple(u for u in reading.units if "invoice" not in u))
    return reading


def meant_among_companies(reading: Reading, beside: frozenset[str]) -> Reading:
    """In a Section of companies "club name" is the name of each and "club address" its address."""
    rest = tuple(unit for unit in reading.units if not unit & _SOCIETIES)
    if len(rest) == len(reading.units) or reading.unknown or "company" in beside:
        return reading
    if all(unit <= _NAMING for unit in rest):
        return _instead(reading, "company") if rest else reading
    if not all(unit_weight(unit) >= 0.9 for unit in rest):
        return reading
    return replace(reading, units=rest, hint=reading.hint or "organization")


def meant_by(reading: Reading, evidence: Evidence) -> Reading:
    """The reading as the values confirm it; the same reading where they have nothing to add."""
    reading = _no_national_id(_told_apart(reading, evidence), evidence)
    if reading.has("job_title", "salutation", "title_word"):
        if evidence.has_academic_titles:
            return _instead(reading, "academic_title")
        return _instead(reading, "salutation") if evidence.has_salutations else reading
    if "birth" in reading.concepts and evidence.type in _DATES and reading.concepts <= {"birth", "person"}:
        return _instead(reading, "birthday")
    is_name = bool(reading.units) and reading.concepts <= _NAMES and reading.has("name", "full_name")
    if is_name and evidence.has_legal_forms:
        return _instead(reading, "company")
    return _numbered(reading, evidence)


def _no_national_id(reading: Reading, evidence: Evidence) -> Reading:
    """Five to eight digits that are no date are a number in a register of somebody's own."""
    is_short = (
        len(evidence.values) > 1 and evidence.share(_SHORT_NUMBER) == 1 and not evidence.share(_DAY_OF_BIRTH)
    )
    if not is_short or "national_id" not in reading.concepts:
        return reading
    return replace(
        reading, units=tuple(u - {"national_id"} | {"id"} if "national_id" in u else u for u in reading.units)
    )


def read_with(reading: Reading, evidence: Evidence) -> Evidence:
    """The values as the name confirms them: ten digits under a date's name are seconds since 1970."""
    concept = main_concept(reading)
    is_day = concept is not None and (concept.type == "date" or "date" in reading.concepts)
    if not is_day or evidence.type not in (ValueType.NUMBER, ValueType.PHONE) or not evidence.values:
        return evidence
    are_moments = all(epoch_of(value) is not None for value, _ in evidence.values)
    return replace(evidence, type=ValueType.DATETIME) if are_moments else evidence


def _told_apart(reading: Reading, evidence: Evidence) -> Reading:
    for (one, other), form in _TOLD_BY.items():
        both = next((u for u in reading.units if {one, other} <= u), None)
        if both is not None:
            means = one if evidence.share(form) >= 0.6 else other
            return replace(
                reading, units=tuple(frozenset([means]) if u is both else u for u in reading.units)
            )
    return reading


def _numbered(reading: Reading, evidence: Evidence) -> Reading:
    """A "last order" whose values are codes of their own is the order's number."""
    concept = next((c for c in _NUMBER_OF if c in reading.concepts), "")
    alone = bool(concept) and reading.concepts <= _IDLE | {concept} and not reading.unknown
    is_code = evidence.type in (ValueType.TEXT, ValueType.NUMBER) and evidence.declared != "number"
    if not alone or not is_code or evidence.uniqueness < 0.02 or evidence.share(_CODE) < 0.9:
        return reading
    return (
        _instead(reading, _NUMBER_OF[concept])
        if any("-" in v or v[:1].isalpha() for v, _ in evidence.values)
        else reading
    )


def _instead(reading: Reading, concept: str) -> Reading:
    return replace(reading, units=(frozenset([concept]),))
