"""Candidates for one source field and a score for each: every target that it may go to, a new field on each
object, and leaving it behind. Hard vetoes are here, so that no other proposer can pass them by."""

from collections.abc import Iterable
from dataclasses import dataclass

from mapping_review.proposers.evidence import Evidence, reads_as_yes_no
from mapping_review.proposers.lexicon import Concept, fold, lexicon
from mapping_review.proposers.names import Reading
from mapping_review.proposers.proposal import Reason
from mapping_review.proposers.similarity import similarity
from mapping_review.proposers.targets import ADDRESS_PARTS, Target
from migrator.engine.field_map import Action
from migrator.engine.inventory import FieldType, SourceField, TargetObject, ValueType
from migrator.engine.reading import options_in

_F, _V = FieldType, ValueType
_LABELLED = frozenset({_F.ENUM, _F.SET})
_PLAIN_TYPES = frozenset({_F.VARCHAR, _F.TEXT, _F.DOUBLE, _F.MONETARY, _F.DATE, _F.PHONE})
_CREATE, _WORTH_NOTHING = 0.56, 0.03
_SHORT_LIST = 20
_ADDRESS = 0.8
# Without a name there is no organization at all, so the name goes before a custom field that is called alike.
_IDENTITY = 0.12


@dataclass(frozen=True, slots=True)
class Subject:
    """A source field with all that is known of it before scoring. `company_side` says that its Sections hold
    companies, so that addresses there are the company's; `split_address` that post code or city stand
    apart."""

    field: SourceField
    reading: Reading
    evidence: Evidence
    company_side: bool = False
    split_address: bool = False

    @property
    def layer(self) -> str:
        """Who filled it: defaults and what a CRM wrote stand beside the customer's own attributes of the same
        meaning."""
        if self.field.is_default:
            return "default"
        return "crm" if any(".integrations." in v.discriminator for v in self.field.variants) else "own"

    @property
    def sections(self) -> frozenset[str]:
        """Those that hold values; all that know the attribute where none does."""
        filled = frozenset(variant.section for variant in self.field.variants if variant.filled)
        return filled or frozenset(variant.section for variant in self.field.variants)

    @property
    def is_sensitive(self) -> bool:
        flagged = any("sensitive" in lexicon().concepts[c].flags for c in self.reading.concepts)
        return flagged or self.evidence.is_national_id or self.evidence.is_bank_account


@dataclass(frozen=True, slots=True)
class Candidate:
    """`name` is what a new field is called where not after the source; `why` comes before all other reasons."""

    action: Action
    object: TargetObject
    score: float
    target: Target | None = None
    alike: float = 0.0
    overlap: float = 0.0
    component: str = ""
    name: str = ""
    why: tuple[Reason, ...] = ()

    @property
    def order(self) -> tuple[float, str, str, tuple[str, str]]:
        """Best first; equal scores in a fixed order."""
        return (-self.score, self.action, self.object, self.target.place if self.target else ("", ""))


def candidates_for(subject: Subject, targets: Iterable[Target]) -> list[Candidate]:
    """All candidates, best first. There is always at least a new field and a skip."""
    found = [c for target in targets if (c := _map_to(subject, target)) is not None]
    found += [_create_on(subject, where) for where in TargetObject]
    found.append(Candidate(Action.SKIP, TargetObject.PERSON, _skip_score(subject)))
    return sorted(found, key=lambda c: c.order)


def allows(value_type: ValueType, target: Target) -> bool:
    """The hard vetoes: what may never be written to a field, however alike the names are."""
    kind, key = target.field.type, "" if target.field.custom else target.key
    if value_type == _V.YES_NO:
        return kind in _LABELLED or (target.field.custom and kind in (_F.VARCHAR, _F.TEXT))
    if kind == _F.DATE:
        return value_type in (_V.DATE, _V.DATETIME, _V.EMPTY)
    if key == "emails":
        return value_type in (_V.EMAIL, _V.EMPTY)
    if key == "phones" or kind == _F.PHONE:
        return value_type in (_V.PHONE, _V.NUMBER, _V.TEXT, _V.EMPTY)
    if value_type in (_V.DATE, _V.DATETIME):
        return target.field.custom and kind in (_F.VARCHAR, _F.TEXT)
    if value_type in (_V.EMAIL, _V.URL):
        return kind in (_F.VARCHAR, _F.TEXT, _F.USER)
    return not (kind == _F.DOUBLE and value_type in (_V.OPTIONS, _V.PHONE))


def create_type(subject: Subject) -> FieldType:
    """The type of a new field: from the values, with the concept where values leave it open."""
    concept = _main_concept(subject.reading)
    wish = concept.type if concept else "-"
    identifier = _is_identifier(subject)
    few = subject.evidence.distinct <= _SHORT_LIST
    match subject.evidence.type:
        case _V.YES_NO:
            return _F.ENUM
        case _V.DATE | _V.DATETIME:
            return _F.DATE
        case _V.OPTIONS:
            return _F.SET
        case _V.LONG_TEXT:
            return _F.TEXT
        case _V.PHONE:
            return _F.PHONE if subject.reading.has("phone", "mobile", "fax", "direct") else _F.VARCHAR
        case _V.NUMBER | _V.MONEY:
            return _number_type(wish, identifier, few)
        case _V.OPTION:
            return _F.ENUM if few and wish not in ("varchar", "text") and not identifier else _F.VARCHAR
        case _V.EMPTY:
            return _wished(wish)
    if wish == "enum" and few and subject.evidence.filled:
        return _F.ENUM
    return _F.TEXT if wish == "text" else _F.VARCHAR


def _number_type(wish: str, identifier: bool, few: bool) -> FieldType:
    if identifier or wish == "varchar":
        return _F.VARCHAR
    if wish == "monetary":
        return _F.MONETARY
    return _F.ENUM if wish == "enum" and few else _F.DOUBLE


def _wished(wish: str) -> FieldType:
    if wish == "yesno":
        return _F.ENUM
    # An option field needs options, and there is no value to take one from.
    return FieldType(wish) if wish in _PLAIN_TYPES else _F.VARCHAR


def _is_identifier(subject: Subject) -> bool:
    flags = {flag for c in subject.reading.concepts for flag in lexicon().concepts[c].flags}
    if "identifier" in flags:
        return True
    return subject.reading.has("number", "id", "code") and not subject.reading.has("count")


def _main_concept(reading: Reading) -> Concept | None:
    """The concept that says most; among equals the one that names a type."""
    known = [lexicon().concepts[c] for unit in reading.units for c in sorted(unit)]
    return max(known, key=lambda c: (c.weight, c.type != "-", c.object != "any"), default=None)


def _map_to(subject: Subject, target: Target) -> Candidate | None:
    if not allows(subject.evidence.type, target):
        return None
    part = address_part(subject.reading)
    part = "street" if part == "full" and subject.split_address else part
    if target.is_address:
        return _to_address(subject, target, part) if part else None
    alike = max((similarity(subject.reading, r) for r in target.readings), default=0.0)
    overlap = option_overlap(subject.evidence, target)
    if alike < 0.3 and overlap < 0.5:
        return None
    score = alike + _type_fit(subject.evidence.type, target, overlap) + _object_fit(subject, target)
    score += 0.06 if target.field.custom else 0.0
    is_name = not target.field.custom and target.place == ("organization", "name")
    score += _IDENTITY if is_name and alike > 0.9 else 0.0
    return Candidate(
        Action.MAP, target.field.object, score, target, alike, overlap, _component(subject, target)
    )


def address_part(reading: Reading) -> str:
    """Which part of an address the name means, "" for none; "full" for a whole one."""
    parts = [ADDRESS_PARTS[c] for c in ADDRESS_PARTS if c in reading.concepts]
    others = [u for u in reading.units if not u & set(ADDRESS_PARTS) and lexicon_weight(u) >= 0.9]
    return parts[0] if parts and not others and len(reading.unknown) <= 1 else ""


def lexicon_weight(unit: frozenset[str]) -> float:
    return min(lexicon().concepts[c].weight for c in unit)


def _to_address(subject: Subject, target: Target, part: str) -> Candidate:
    """The parts of one address move together, to the company where the Sections hold companies."""
    wanted = subject.reading.hint or ("organization" if subject.company_side else "person")
    if subject.reading.has("home", "private"):
        wanted = "person"
    score = _ADDRESS + (0.08 if target.field.custom else 0.0)
    score += 0.1 if target.field.object == wanted else -0.3
    if target.field.custom and target.readings:
        extra = target.readings[0].concepts - set(ADDRESS_PARTS)
        score -= 0.3 if extra - subject.reading.concepts else 0.0
    return Candidate(Action.MAP, target.field.object, score, target, score, 0.0, part)


def option_overlap(evidence: Evidence, target: Target) -> float:
    """Share of the source's labels that the target's options hold, by spelling or by first letter."""
    options = {fold(option) for option in target.field.options}
    if not options or not evidence.values:
        return 0.0
    if evidence.type == _V.YES_NO:
        return 1.0 if reads_as_yes_no(tuple((o, 1) for o in target.field.options)) else 0.0
    if evidence.type not in (_V.OPTION, _V.OPTIONS, _V.TEXT):
        return 0.0
    labels = {fold(label) for value, _ in evidence.values for label in options_in(value)}
    held = sum(label in options or (len(label) <= 2 and _starts_one(label, options)) for label in labels)
    return held / len(labels) if labels else 0.0


def _starts_one(label: str, options: set[str]) -> bool:
    return sum(option.startswith(label) for option in options) == 1


def _type_fit(value_type: ValueType, target: Target, overlap: float) -> float:
    kind = target.field.type
    if kind in _LABELLED and target.field.options:
        if value_type in (_V.OPTION, _V.OPTIONS, _V.YES_NO):
            return 0.2 * overlap - 0.1
        return 0.12 * overlap - (0.2 if value_type in (_V.NUMBER, _V.LONG_TEXT) else 0.1)
    if value_type == _V.YES_NO:
        return 0.0 if kind in _LABELLED else -0.15
    if kind in (_F.DOUBLE, _F.MONETARY):
        return 0.03 if value_type in (_V.NUMBER, _V.MONEY) else -0.12
    if kind == _F.DATE:
        return 0.04
    if value_type == _V.EMAIL and not target.field.custom and target.key == "emails":
        return 0.08
    if kind == _F.PHONE:
        return 0.06 if value_type == _V.PHONE else -0.04
    return -0.12 if value_type == _V.LONG_TEXT and kind == _F.VARCHAR else 0.0


def _object_fit(subject: Subject, target: Target) -> float:
    hint, where = subject.reading.hint, target.field.object.value
    if hint:
        return 0.08 if hint == where else -0.22
    concept = _main_concept(subject.reading)
    if concept is None or concept.object == "any":
        return 0.0
    return 0.03 if concept.object == where else -0.07


def _component(subject: Subject, target: Target) -> str:
    if target.field.custom or target.key not in ("emails", "phones"):
        return ""
    reading = subject.reading
    if reading.has("mobile") and target.key == "phones":
        return "mobile"
    if reading.has("home", "private"):
        return "home"
    if reading.has("other"):
        return "other"
    return (
        "work" if reading.has("work", "direct") or subject.company_side or target.key == "emails" else "home"
    )


def _create_on(subject: Subject, where: TargetObject) -> Candidate:
    concept = _main_concept(subject.reading)
    wanted = subject.reading.hint or (concept.object if concept and concept.object != "any" else "")
    if not wanted and address_part(subject.reading) and subject.company_side:
        wanted = "organization"
    score = _CREATE if where == (wanted or "person") else _CREATE - 0.18
    if where == TargetObject.PERSON and wanted:
        score += 0.04
    return Candidate(Action.CREATE, where, score)


def _skip_score(subject: Subject) -> float:
    if subject.is_sensitive:
        return 3.0
    if subject.evidence.is_hash:
        return 2.0
    concepts = [lexicon().concepts[c] for c in subject.reading.concepts]
    useless = [c for c in concepts if "skip" in c.flags]
    if not useless:
        return _WORTH_NOTHING
    if any(c.name in ("test_field", "sync") for c in useless):
        rest = [c for c in concepts if "skip" not in c.flags and c.weight >= 0.9]
        return 0.5 if rest else 1.2
    return 1.5
