"""What a CRM integration left on profiles: the attribute's namespace says that its words mean deals and companies.

Puts one candidate before the scored ones; sensitive data, vetoes on types and the joint step stay in force.
"""

from collections.abc import Iterable, Sequence

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.connectors import DYNAMICS, connector_of
from mapping_review.proposers.deal_status import says_states, state_of
from mapping_review.proposers.names import Reading
from mapping_review.proposers.proposal import AGAINST, FOR, Reason
from mapping_review.proposers.subjects import Subject
from mapping_review.proposers.targets import Target
from mapping_review.proposers.vetoes import allows
from migrator.engine.field_map import Action
from migrator.engine.inventory import TargetObject, ValueType

CONTACT_FIELD, COMPANY_FIELD = "CRM contact ID", "CRM company ID"
# Above every scored candidate (1.2 at most) and below the fence around sensitive data.
_SCORE, _ALIKE = 1.6, 0.9
# What an uninstalled CRM left comes after what the present one writes.
_LEFT_BEHIND = 0.5
_Place = tuple[str, str]
# An id becomes a field: organizations are told apart by name (docs/decisions/0006).
_COMPANY_ID, _ORG_NUMBER, _CONTACT_ID = ("organization", "company_id"), ("organization", ""), ("person", "")
_OWN_FIELDS = {_CONTACT_ID: ("person", CONTACT_FIELD), _COMPANY_ID: ("organization", COMPANY_FIELD)}
_OWNER, _COMPANY = ("person", "owner"), ("organization", "name")
_DEAL_STATUS = ("deal", "status")
_IDS_OF = {("deal", "title"): ("deal", "id"), _COMPANY: _COMPANY_ID}
_HOMES: dict[str, _Place] = {
    "deal_id": ("deal", "id"),
    "deal_name": ("deal", "title"),
    "deal_value": ("deal", "value"),
    "revenue": ("deal", "value"),
    "currency": ("deal", "currency"),
    "deal_status": ("deal", "status"),
    "stage": ("deal", "stage"),
    "pipeline": ("deal", "pipeline"),
    "close_date": ("deal", "expected_close_date"),
    "company": _COMPANY,
    "org_number": _ORG_NUMBER,
    "owner": _OWNER,
}
# Without the word "deal" beside them these are the company's.
_ONLY_OF_DEALS = frozenset({"revenue"})
# What may stand beside the telling word without changing it.
_BESIDE = {"owner": {"email", "contact"}, "close_date": {"date"}, "company": {"customer"}}
_EXPECTED = frozenset(
    "est estimated expected beraknad beraknat forvantad forvantat forventet arvioitu".split()
)
_CONTACT_WORDS = frozenset({"contactid", "crmid"})
_LABELS = frozenset({"status", "stage", "pipeline"})
_SAYS = {
    ("deal", "id"): "It holds the deal's id in the CRM, which tells deals apart",
    ("deal", "title"): "It holds the deal's name; each deal becomes a Deal in Pipedrive",
    _COMPANY: "It holds the company's name; each company becomes an Organization in Pipedrive",
    _COMPANY_ID: "It holds the company's id in the CRM",
    _ORG_NUMBER: "It holds the company's registration number",
    _OWNER: "It holds the e-mail address of the owner in the CRM",
    _CONTACT_ID: "It holds the contact's id in the CRM, by which people find the contact there",
}


def with_crm(subject: Subject, targets: Sequence[Target], ranked: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, with the home of what a CRM integration wrote in front. Others come back as they are."""
    connector = connector_of(subject.field)
    place = None if subject.is_sensitive or not connector else _place(subject)
    found = _candidate(subject, place, targets, ranked, connector) if place else None
    if found is None:
        return list(ranked)
    return sorted([found, *(c for c in ranked if not _is_same(c, found))], key=lambda c: c.order)


def _place(subject: Subject) -> _Place | None:
    """Where the attribute belongs by its name, None where the name leaves it open."""
    reading = subject.reading
    if _is_id_of(reading, "organization") or reading.folded == "accountid":
        return _COMPANY_ID
    if _is_id_of(reading, "person") or reading.folded in _CONTACT_WORDS or _is_contact_id(reading):
        return _CONTACT_ID
    if reading.concepts == {"status"} and says_states(_values(subject)):
        return _DEAL_STATUS
    concept = next((c for c in _HOMES if c in reading.concepts), "")
    place = _HOMES.get(concept)
    if place is None or not _says_only(reading, concept) or not _is_of(reading, place[0], concept):
        return None
    # "Opportunity", "Account": the record's name, or its id where the values say so.
    if place in _IDS_OF and subject.evidence.is_key:
        return _IDS_OF[place]
    return place if _holds(subject.evidence.type, place) else None


def _values(subject: Subject) -> list[str]:
    return [value for value, _ in subject.evidence.values]


def _is_id_of(reading: Reading, whose: str) -> bool:
    return reading.hint == whose and reading.units == (frozenset(["id"]),) and not reading.unknown


def _is_contact_id(reading: Reading) -> bool:
    return reading.concepts == {"contact", "id"} and not reading.unknown


def _says_only(reading: Reading, concept: str) -> bool:
    beside = {concept, "expected"} | _BESIDE.get(concept, set())
    return reading.concepts <= beside and set(reading.unknown) <= _EXPECTED


def _is_of(reading: Reading, where: str, concept: str) -> bool:
    return reading.hint == where or (not reading.hint and concept not in _ONLY_OF_DEALS)


def _holds(found: ValueType, place: _Place) -> bool:
    """Whether the values can be what the name says; types that nothing can hold are vetoed by `allows`."""
    if place == _OWNER:
        return found in (ValueType.EMAIL, ValueType.EMPTY)
    if place == ("deal", "value"):
        return found in (ValueType.NUMBER, ValueType.MONEY, ValueType.EMPTY)
    return place[1] not in _LABELS or found != ValueType.YES_NO


def _candidate(
    subject: Subject, place: _Place, targets: Sequence[Target], ranked: Sequence[Candidate], connector: str
) -> Candidate | None:
    target = _target(place, targets, ranked, subject)
    score = _SCORE - (_LEFT_BEHIND if subject.left_behind else 0.0)
    why = (Reason(FOR, f"The {connector} integration filled it"), *_why(place, subject, target, connector))
    if target is not None:
        overlap = next((c.overlap for c in ranked if c.target is target), 0.0)
        fits = allows(subject.evidence.type, target)
        where = target.field.object
        return Candidate(Action.MAP, where, score, target, overlap=overlap, why=why) if fits else None
    name = _own_field(place, subject, connector)[1] if place in _OWN_FIELDS else ""
    is_new = place == _ORG_NUMBER or place in _OWN_FIELDS
    return Candidate(Action.CREATE, TargetObject(place[0]), score, name=name, why=why) if is_new else None


def _own_field(place: _Place, subject: Subject, connector: str) -> _Place:
    """The field for a CRM's ids; those of an uninstalled CRM must not mix with the present one's."""
    where, name = _OWN_FIELDS[place]
    return (where, name.replace("CRM", connector, 1) if subject.left_behind else name)


def _target(
    place: _Place, targets: Iterable[Target], ranked: Iterable[Candidate], subject: Subject
) -> Target | None:
    if place == _ORG_NUMBER:
        alike = (c.target for c in ranked if c.alike >= _ALIKE and c.object == TargetObject.ORGANIZATION)
        return next((t for t in alike if t is not None and t.field.custom), None)
    wanted = _own_field(place, subject, connector_of(subject.field)) if place in _OWN_FIELDS else place
    return next((t for t in targets if t.place == wanted and t.field.custom == (place in _OWN_FIELDS)), None)


def _why(place: _Place, subject: Subject, target: Target | None, connector: str) -> list[Reason]:
    reasons = [Reason(FOR, _SAYS.get(place) or f"It holds the deal's {place[1].replace('_', ' ')}")]
    if target is not None and place[1] in ("stage", "pipeline"):
        options = {option.casefold() for option in target.field.options}
        absent = sum(value.strip().casefold() not in options for value, _ in subject.evidence.values)
        if absent:
            shown = len(subject.evidence.values)
            text = f"{absent} of {shown} values name no {place[1]} in Pipedrive and fall to its default"
            reasons.append(Reason(AGAINST, text))
    return [*reasons, *_about_states(place, subject, connector)]


def _about_states(place: _Place, subject: Subject, connector: str) -> Iterable[Reason]:
    values = _values(subject)
    unknown = [value for value in values if not state_of(value, connector == DYNAMICS)]
    if place == _DEAL_STATUS and unknown:
        text = f"{len(unknown)} of {len(values)} values say neither won nor lost; their deals become open"
        yield Reason(AGAINST, text)


def _is_same(one: Candidate, other: Candidate) -> bool:
    return one.action == other.action and one.target is other.target and one.object == other.object
