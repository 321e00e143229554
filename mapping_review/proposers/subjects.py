"""A source field with all that is known of it before scoring: what its name means and its values show."""

import re
from dataclasses import dataclass
from functools import cached_property

from mapping_review.proposers.evidence import Evidence
from mapping_review.proposers.lexicon import Concept, fold, lexicon
from mapping_review.proposers.names import Reading
from migrator.engine.inventory import SourceField, TargetObject, ValueType


@dataclass(frozen=True)
class Subject:
    """A source field with all that is known of it before scoring. `company_side` says that its Sections hold
    companies, so that addresses there are the company's; `split_address` that post code or city stand
    apart; `has_usual_address` that there is one beside those for deliveries and invoices; `left_behind` why it looks
    like what an uninstalled CRM left, "" for all else."""

    field: SourceField
    reading: Reading
    evidence: Evidence
    company_side: bool = False
    split_address: bool = False
    has_usual_address: bool = False
    left_behind: str = ""

    @property
    def layer(self) -> str:
        """Who filled it: defaults and what a CRM wrote stand beside the customer's own attributes of the same
        meaning."""
        if self.field.is_default:
            return "default"
        return "crm" if any(".integrations." in v.discriminator for v in self.field.variants) else "own"

    @cached_property
    def sections(self) -> frozenset[str]:
        """Those that hold values; all that know the attribute where none does."""
        filled = frozenset(variant.section for variant in self.field.variants if variant.filled)
        return filled or frozenset(variant.section for variant in self.field.variants)

    @cached_property
    def is_sensitive(self) -> bool:
        flagged = any("sensitive" in lexicon().concepts[c].flags for c in self.reading.concepts)
        is_marked = self.evidence.is_national_id or self.evidence.is_bank_account
        return flagged or is_marked or tells_of_health(self.evidence)

    @cached_property
    def holder(self) -> str:
        """Whose it is by the name ("company phone"); what only people have stays theirs ("position in the
        company")."""
        concept = main_concept(self.reading)
        is_personal = concept is not None and "personal" in concept.flags
        return "" if is_personal else self.reading.hint

    @cached_property
    def home(self) -> str:
        """The object that the name belongs to: by its holder, else by the meaning; "" where both leave it
        open."""
        if self.holder:
            return self.holder
        object_ = _first_object(self.reading, self.company_side)
        if object_ == CUSTOMER:
            return (TargetObject.ORGANIZATION if self.company_side else TargetObject.PERSON).value
        if object_ == PURCHASE:
            return (TargetObject.DEAL if self.company_side else TargetObject.PERSON).value
        return object_


_HEALTH = frozenset({"health", "disability_sensitive"})
_WORD = re.compile(r"[^\W\d_]{4,}")


def tells_of_health(evidence: Evidence) -> bool:
    """Whether most of the values, two at least, name illnesses or treatments, whatever the field is called."""
    if evidence.type not in (ValueType.TEXT, ValueType.OPTION, ValueType.OPTIONS, ValueType.LONG_TEXT):
        return False
    ill = [value for value, _ in evidence.values if _names_illness(value[:200])]
    return len(ill) >= 2 and len(ill) >= 0.6 * len(evidence.values)


def _names_illness(value: str) -> bool:
    return any(_HEALTH & set(lexicon().find(word)) for word in _WORD.findall(fold(value)))


# A fact of whoever buys: the company's where a Section holds companies, else the person's. A fact of one
# purchase is a deal's among companies, and among shoppers the last one of the person.
CUSTOMER, PURCHASE = "customer", "purchase"


def telling(reading: Reading) -> list[Concept]:
    """The concepts of a name, those that say most first."""
    known = [lexicon().concepts[c] for unit in reading.units for c in sorted(unit)]
    return sorted(known, key=lambda c: -c.weight)


def main_concept(reading: Reading) -> Concept | None:
    """The concept that says most; among equals the one that names a type."""
    return max(telling(reading), key=lambda c: (c.weight, c.type != "-", c.object != "any"), default=None)


def is_identifier(reading: Reading) -> bool:
    """Whether the values name something and count nothing, even where they are digits."""
    flags = {flag for c in reading.concepts for flag in lexicon().concepts[c].flags}
    if "identifier" in flags:
        return True
    return reading.has("number", "id", "code") and not reading.has("count")


def unit_weight(unit: frozenset[str]) -> float:
    """A word with several meanings says no more than its least telling one."""
    return min(lexicon().concepts[c].weight for c in unit)


def _first_object(reading: Reading, company_side: bool) -> str:
    """Where two meanings disagree, what a deal has is never a person's, and what a company has only where
    there are companies."""
    found = [c for c in telling(reading) if c.object != "any"]
    strongest = [c.object for c in found if c.weight >= found[0].weight]
    person = TargetObject.PERSON.value
    others = [o for o in strongest if o != person]
    if person in strongest and not company_side:
        others = [o for o in others if o != TargetObject.ORGANIZATION]
    return next(iter(others), strongest[0] if strongest else "")
