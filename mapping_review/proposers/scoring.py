"""Candidates for one source field and a score for each: every target that it may go to, a new field on each
object, and leaving it behind."""

import re
from collections.abc import Iterable
from dataclasses import replace

from mapping_review.proposers.addresses import address_part, to_address
from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.evidence import Evidence, reads_as_yes_no
from mapping_review.proposers.hostile import is_suspicious
from mapping_review.proposers.lexicon import fold, lexicon
from mapping_review.proposers.names import Reading
from mapping_review.proposers.similarity import abbreviates, similarity
from mapping_review.proposers.subjects import CUSTOMER, PURCHASE, Subject, main_concept
from mapping_review.proposers.targets import Target
from mapping_review.proposers.vetoes import LABELLED, allows
from migrator.engine.field_map import Action
from migrator.engine.inventory import FieldType, TargetObject, ValueType
from migrator.engine.reading import options_in

_F, _V = FieldType, ValueType
_PHONEISH = re.compile(r"(?:\+|\(|-)?\d?[\d\s()+/.\-]{2,}(?:\s?(?:x|ext|ankn|-)\.?\s?\d+)?")
# "1-9", "250+", "12 500 kr", "ca. 40": figures and bands of figures, but no codes.
_FIGURES = re.compile(r"[^\w]*(?:[^\W\d_]{1,4}\.?\s+)?\d[\d.,\s'+<>–-]*(?:\s?[^\W\d_]{1,8}\.?)?|[<>]\s?\d.*")
# How alike a name and its own abbreviation are.
_ABBREVIATED = 0.85
# What people have, in a Section without companies, has no organization to go to.
_NO_COMPANY = -0.45
# Labels that are neither yes nor no would all be lost in a field of these two.
_NOT_YES_NO = -0.5
# A CRM says for certain whose its fields are.
_ANOTHER_RECORD = -0.6
_CREATE, _WORTH_NOTHING = 0.56, 0.03
# Without a name there is no organization at all, so the name goes before a custom field that is called alike.
_IDENTITY = 0.12
# What labels in common are worth where the names say nothing.
_BY_LABELS, _LABELS_THAT_TELL = 0.35, 0.6
_ALWAYS_USELESS = frozenset(
    {
        "hash",
        "token",
        "tracking",
        "email_statistic",
        "engagement_stat",
        "ab_test",
        "visitor",
        "unused",
        "mail_link",
    }
)
# What stands beside a word for something useless without making it useful.
_IDLE = frozenset(
    {"email", "sms", "newsletter", "campaign", "integration", "source_system", "external_id", "version"}
)


def candidates_for(subject: Subject, targets: Iterable[Target]) -> list[Candidate]:
    """All candidates, best first. There is always at least a new field and a skip."""
    homes = () if is_suspicious(subject.field.name) else targets
    found = [c for target in homes if (c := _map_to(subject, target)) is not None]
    found += [_create_on(subject, where) for where in TargetObject]
    found.append(Candidate(Action.ARCHIVE, TargetObject.PERSON, _skip_score(subject)))
    return sorted(found, key=lambda c: c.order)


def _map_to(subject: Subject, target: Target) -> Candidate | None:
    if not allows(subject.evidence.type, target) or not can_hold(subject.evidence, target):
        return None
    if target.is_address:
        return to_address(subject, target)
    if subject.field.key == "attribute:crmid" and target.field.object != TargetObject.PERSON:
        # It is the key by which the CRM knows the contact, whatever the company's number is called.
        return None
    alike = max((similarity(ours, r) for ours in _said(subject) for r in target.readings), default=0.0)
    if alike < _ABBREVIATED and any(abbreviates(subject.reading, r) for r in target.readings):
        alike = _ABBREVIATED
    overlap, telling = option_overlap(subject.evidence, target)
    if alike < 0.3 and telling < _LABELS_THAT_TELL:
        return None
    score = max(alike, _BY_LABELS if telling >= _LABELS_THAT_TELL else 0.0) + 0.3 * telling
    score = min(score, max(alike, 1.0))
    score += _type_fit(subject.evidence.type, target, overlap) + _object_fit(subject, target)
    score += 0.06 if target.field.custom else 0.0
    is_name = not target.field.custom and target.place == ("organization", "name")
    score += _IDENTITY if is_name and alike > 0.9 else 0.0
    return Candidate(
        Action.MAP, target.field.object, score, target, alike, overlap, _component(subject, target)
    )


def _said(subject: Subject) -> list[Reading]:
    """The name as it stands; of dates also as if it said so: "required delivery" is a delivery date."""
    reading = subject.reading
    if subject.evidence.type not in (_V.DATE, _V.DATETIME) or reading.has("date") or not reading.units:
        return [reading]
    return [reading, replace(reading, folded="", units=(*reading.units, frozenset(["date"])))]


def can_hold(evidence: Evidence, target: Target) -> bool:
    """Texts that look like no phone number and no figure are kept from fields of those types."""
    if evidence.type not in (_V.TEXT, _V.OPTION, _V.LONG_TEXT) or not evidence.values:
        return True
    if target.key == "phones" or target.field.type == _F.PHONE:
        return evidence.share(_PHONEISH) >= 0.5
    return target.field.type not in (_F.DOUBLE, _F.MONETARY) or evidence.share(_FIGURES) >= 0.5


def option_overlap(evidence: Evidence, target: Target) -> tuple[float, float]:
    """The share of the source's labels that the target's options hold, by spelling or by first letter; and
    how much that tells: yes and no are everybody's, one label or a letter may be chance."""
    if not target.field.options or not evidence.values:
        return 0.0, 0.0
    options = {fold(option) for option in target.field.options}
    if evidence.type == _V.YES_NO:
        return (1.0 if _takes_yes_no(target) else 0.0), 0.0
    if evidence.type not in (_V.OPTION, _V.OPTIONS, _V.TEXT):
        return 0.0, 0.0
    labels = sorted({fold(label) for value, _ in evidence.values for label in options_in(value)} - {""})
    same = [label for label in labels if label in options]
    starts = [x for x in labels if x not in options and len(x) <= 2 and _starts_one(x, options)]
    overlap = (len(same) + len(starts)) / len(labels) if labels else 0.0
    worth = sum(1.0 if len(label) > 2 else 0.5 for label in same)
    return overlap, overlap * min(1.0, worth / 2) if overlap >= 0.5 else 0.0


def _starts_one(label: str, options: set[str]) -> bool:
    return sum(option.startswith(label) for option in options) == 1


def _type_fit(value_type: ValueType, target: Target, overlap: float) -> float:
    kind = target.field.type
    if kind in LABELLED and target.field.options:
        if value_type in (_V.OPTION, _V.OPTIONS) and not overlap and _takes_yes_no(target):
            return _NOT_YES_NO
        if value_type in (_V.OPTION, _V.OPTIONS, _V.YES_NO):
            return 0.2 * overlap - 0.1
        return 0.12 * overlap - (0.2 if value_type in (_V.NUMBER, _V.LONG_TEXT) else 0.1)
    if value_type == _V.YES_NO:
        return 0.0 if kind in LABELLED else -0.15
    if kind in (_F.DOUBLE, _F.MONETARY):
        return 0.03 if value_type in (_V.NUMBER, _V.MONEY) else -0.12
    if kind == _F.DATE:
        return 0.04
    if value_type == _V.EMAIL and not target.field.custom and target.key == "emails":
        return 0.08
    if kind == _F.PHONE:
        return 0.06 if value_type == _V.PHONE else -0.04
    return -0.12 if value_type == _V.LONG_TEXT and kind == _F.VARCHAR else 0.0


def _takes_yes_no(target: Target) -> bool:
    return reads_as_yes_no(tuple((option, 1) for option in target.field.options))


def _object_fit(subject: Subject, target: Target) -> float:
    hint, where = subject.holder, target.field.object.value
    if hint:
        return 0.08 if hint == where else (_ANOTHER_RECORD if subject.layer == "crm" else -0.22)
    if target.key == "owner" and not target.field.custom:
        return 0.03 if where == TargetObject.PERSON else 0.0
    concept = main_concept(subject.reading)
    if concept is None or concept.object == "any":
        return 0.0
    if concept.object in (CUSTOMER, PURCHASE):
        return 0.02 if subject.home == where else -0.03
    if concept.object == where:
        return 0.03
    is_lost = concept.object == TargetObject.PERSON and not subject.company_side
    return _NO_COMPANY if is_lost and where == TargetObject.ORGANIZATION else -0.07


def _component(subject: Subject, target: Target) -> str:
    if target.field.custom or target.key not in ("emails", "phones"):
        return ""
    reading = subject.reading
    if reading.has("mobile") and target.key == "phones":
        return "mobile"
    if reading.has("other", "secondary", "invoice") or reading.is_numbered:
        return "other"
    if reading.has("home", "private"):
        return "home"
    is_work = reading.has("work", "direct", "extension") or reading.hint == "organization"
    return "work" if is_work or subject.company_side or target.key == "emails" else "home"


def _create_on(subject: Subject, where: TargetObject) -> Candidate:
    wanted = subject.home
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
    concepts = lexicon().concepts
    useless = [u for u in subject.reading.units if all("skip" in concepts[c].flags for c in u)]
    if not useless:
        return _without_meaning(subject)
    rest = {c for u in subject.reading.units if u not in useless for c in u if concepts[c].weight >= 0.9}
    names = frozenset().union(*useless)
    if names & _ALWAYS_USELESS:
        return 1.5
    return 0.5 if rest - _IDLE else 1.2


def _without_meaning(subject: Subject) -> float:
    """Values that only a machine reads, or a numbered field that nobody ever filled."""
    if subject.evidence.is_token and not subject.reading.has("id", "number", "code", "external_id"):
        return 0.75 if not subject.reading.units else 0.5
    is_empty = not subject.evidence.filled and subject.reading.concepts <= {"field_word"}
    return 0.65 if is_empty and not subject.reading.unknown else _WORTH_NOTHING
