"""The proposer that needs no model and no network: names by lexicon, values by detectors, one joint step.

Deterministic: equal input gives equal proposals, in whatever order the fields come.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from mapping_review.proposers.crm import with_crm
from mapping_review.proposers.evidence import evidence_of
from mapping_review.proposers.fixed import propose_birthday, propose_crm_id, propose_default, propose_fixed
from mapping_review.proposers.joint import assigned
from mapping_review.proposers.lexicon import lexicon
from mapping_review.proposers.merging import same_existing_fields, same_new_fields
from mapping_review.proposers.names import Reading, read_name
from mapping_review.proposers.proposal import FOR, Alternative, Proposal, ProposerSettings, Reason
from mapping_review.proposers.reasons import reasons_for
from mapping_review.proposers.rules import as_text, rule_for
from mapping_review.proposers.scoring import Candidate, Subject, candidates_for
from mapping_review.proposers.targets import Target, targets_in
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetField
from migrator.engine.transforms.registry import convert
from migrator.texts import TOOLS

VERSION = "rules-1"
_ALTERNATIVES = 3
_WORTH_OFFERING, _AS_TEXT = 0.25, 0.5
_ABSTAIN = 0.35
_SUSPICIOUS = re.compile(r"[<>{}\[\]`\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]|https?:")
_LONG_NAME, _MANY_WORDS = 80, 8
# Integrations put the CRM's name before each attribute: "webCRM - Deal value".
_CONNECTOR = re.compile(
    r"(?i)^(?:web\s?crm|crm|lime(?: crm)?|efficy(?: enterprise| corporate)?|(?:ms )?dynamics(?: 365)?"
    r"|tribe|e-?deal|super\s?office|upsales|salesforce|hubspot)\s*[-:._]+\s*"
)
_COMPANY_SHARE = 0.6


def propose(
    fields: Sequence[SourceField], catalogue: Sequence[TargetField], settings: ProposerSettings
) -> list[Proposal]:
    """One proposal for each source field, in the order of `fields`. Pure; raises nothing on any name or
    value."""
    targets = targets_in(catalogue, settings)
    proposals = {f.key: _without_scoring(f, catalogue, targets, settings) for f in fields}
    attributes = sorted((f for f in fields if proposals[f.key] is None), key=lambda f: f.key)
    subjects = _subjects(attributes, fields)
    ranked = {s.field.key: with_crm(s, targets, candidates_for(s, targets)) for s in subjects}
    chosen = assigned({s.field.key: (s, ranked[s.field.key]) for s in subjects})
    for subject in subjects:
        key = subject.field.key
        proposals[key] = _proposal(subject, chosen[key], ranked[key], settings)
    _share_new_fields([s for s in subjects if not chosen[s.field.key].name], proposals)
    _tell_sharing([(s, chosen[s.field.key]) for s in subjects], proposals)
    return _apart([p for f in fields if (p := proposals[f.key]) is not None], catalogue)


def _share_new_fields(subjects: Sequence[Subject], proposals: dict[str, Proposal | None]) -> None:
    """One new field, under a name of no Section's own language, for all Sections that mean the same."""
    rules = {key: proposal.rule for key, proposal in proposals.items() if proposal is not None}
    for name, keys in same_new_fields(subjects, rules):
        for key in keys:
            proposal = proposals[key]
            if proposal is not None:
                reason = Reason(FOR, f"{len(keys)} Sections mean the same and share one new field")
                rule = replace(proposal.rule, field=name)
                proposals[key] = replace(proposal, rule=rule, reasons=(reason, *proposal.reasons))


def _tell_sharing(chosen: Sequence[tuple[Subject, Candidate]], proposals: dict[str, Proposal | None]) -> None:
    for key in same_existing_fields(chosen):
        proposal = proposals[key]
        if proposal is not None:
            reason = Reason(FOR, "Fills the same field for another Section")
            proposals[key] = replace(proposal, reasons=(*proposal.reasons, reason))


def fits(fields_to_create: int, existing: int, cap: int | None) -> bool:
    """Whether the plan of the target account has room for the new fields; no cap means no limit."""
    return cap is None or existing + fields_to_create <= cap


def _without_scoring(
    field: SourceField,
    catalogue: Sequence[TargetField],
    targets: Sequence[Target],
    settings: ProposerSettings,
) -> Proposal | None:
    proposal = (
        propose_default(field, targets, settings)
        if field.kind == SourceKind.ATTRIBUTE
        else propose_fixed(field, catalogue, settings)
    )
    return _stamped(proposal) if proposal else None


def _subjects(attributes: Sequence[SourceField], fields: Sequence[SourceField]) -> list[Subject]:
    companies, blocks = _company_sections(fields), _sections_with(fields, frozenset(["postal_code", "city"]))
    return [
        Subject(f, _read(f), evidence_of(f), _touches(f, companies), _touches(f, blocks)) for f in attributes
    ]


def _touches(field: SourceField, sections: frozenset[str]) -> bool:
    return any(v.section in sections for v in field.variants if v.filled)


def _sections_with(fields: Sequence[SourceField], concepts: frozenset[str]) -> frozenset[str]:
    return frozenset(
        v.section
        for f in fields
        if f.kind == SourceKind.ATTRIBUTE and read_name(f.name).concepts & concepts
        for v in f.variants
        if v.filled
    )


def _read(field: SourceField) -> Reading:
    """A suspicious name is only ever text: it is read as nothing, so that it steers nothing."""
    if is_suspicious(field.name):
        return Reading("")
    defaults = {"attribute:birthdate": "birth date", "attribute:crmid": "customer number"}
    return read_name(_CONNECTOR.sub("", defaults.get(field.key, field.name)))


def is_suspicious(name: str) -> bool:
    """Names no person gives to a field: markup, control characters, whole sentences."""
    return len(name) > _LONG_NAME or len(name.split()) > _MANY_WORDS or bool(_SUSPICIOUS.search(name))


def _company_sections(fields: Sequence[SourceField]) -> frozenset[str]:
    """Sections in which most profiles have a company: an address that moves to the company of a profile
    without one would be lost."""
    most: dict[str, int] = {}
    company: dict[str, int] = {}
    for field in fields:
        is_company = field.kind == SourceKind.ATTRIBUTE and read_name(field.name).concepts == {"company"}
        for variant in field.variants:
            most[variant.section] = max(most.get(variant.section, 0), variant.filled)
            if is_company:
                company[variant.section] = max(company.get(variant.section, 0), variant.filled)
    return frozenset(s for s, filled in company.items() if s and filled >= _COMPANY_SHARE * most[s])


def _proposal(
    subject: Subject, chosen: Candidate, ranked: Sequence[Candidate], settings: ProposerSettings
) -> Proposal:
    confidence = _confidence(chosen, ranked)
    rule = rule_for(subject, chosen, settings)
    default = _default_proposal(subject, chosen, settings)
    proposal = default or Proposal(rule, confidence, reasons_for(subject, chosen, rule))
    lost = _lost(proposal.rule, subject)
    return _stamped(
        replace(
            proposal,
            alternatives=_alternatives(subject, chosen, ranked, proposal.rule, settings),
            abstained=proposal.confidence < _ABSTAIN,
            flags=_flags(subject, chosen, lost),
        )
    )


def _alternatives(
    subject: Subject,
    chosen: Candidate,
    ranked: Sequence[Candidate],
    rule: FieldRule,
    settings: ProposerSettings,
) -> tuple[Alternative, ...]:
    """Other homes in their order; beside a typed new field, the same field as text, in which nothing is
    lost."""
    others = [c for c in ranked if c is not chosen and c.score > _WORTH_OFFERING]
    found = [Alternative(rule_for(subject, c, settings), _confidence(c, ranked)) for c in others]
    if rule.action == Action.CREATE and rule.type not in (FieldType.VARCHAR, FieldType.TEXT):
        place = sum(c.action == Action.MAP for c in others[:1])
        found.insert(place, Alternative(as_text(rule, subject.field), _AS_TEXT))
    return tuple(found[:_ALTERNATIVES])


def _default_proposal(subject: Subject, chosen: Candidate, settings: ProposerSettings) -> Proposal | None:
    """Birth date and CRM id get a field of their own where the account has none like it."""
    if chosen.action == Action.MAP:
        return None
    if subject.field.key == "attribute:birthdate":
        return propose_birthday(subject.field, settings)
    return propose_crm_id(subject.field, settings) if subject.field.key == "attribute:crmid" else None


def _confidence(candidate: Candidate, ranked: Sequence[Candidate]) -> float:
    """Score and margin through a logistic curve; two decimals, as shown."""
    rivals = [c.score for c in ranked if c is not candidate]
    margin = min(1.0, candidate.score - max(rivals, default=0.0))
    if candidate.action == Action.CREATE:
        return round(_logistic(0.9 + 3.5 * margin), 2)
    return round(_logistic(-2.6 + 4.2 * min(candidate.score, 1.1) + 3.0 * max(-1.0, margin)), 2)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _flags(subject: Subject, chosen: Candidate, lost: int) -> tuple[str, ...]:
    named = {
        "sensitive": subject.is_sensitive,
        "conflict": subject.field.conflict,
        "hostile_name": is_suspicious(subject.field.name),
        "values_lost": lost > 0,
        "existing_data": chosen.target is not None and chosen.target.field.filled > 0,
    }
    return tuple(flag for flag, holds in named.items() if holds)


def _lost(rule: FieldRule, subject: Subject) -> int:
    """How many profiles would lose a value, among the most frequent values."""
    if rule.action == Action.SKIP:
        return 0
    args = dict(rule.args)
    return sum(
        n for value, n in subject.evidence.values if convert(rule.transform, value, args, TOOLS).is_emptied
    )


def _apart(proposals: Sequence[Proposal], catalogue: Sequence[TargetField]) -> list[Proposal]:
    """New fields get names of their own: none that the account has already, and one name is one field."""
    taken = {(f.object, f.name.casefold()): "" for f in catalogue}
    renamed: dict[str, Proposal] = {}
    for proposal in sorted(proposals, key=lambda p: (not _is_fixed(p.rule), p.rule.source)):
        rule = proposal.rule
        if rule.action == Action.CREATE:
            name, number = rule.field, 1
            while taken.get((rule.object, name.casefold()), rule.ref) != rule.ref:
                number += 1
                name = f"{rule.field} (APSIS)" if number == 2 else f"{rule.field} (APSIS {number - 1})"
            taken[rule.object, name.casefold()] = rule.ref
            proposal = replace(proposal, rule=replace(rule, field=name))  # noqa: PLW2901
        renamed[rule.source] = proposal
    return [renamed[p.rule.source] for p in proposals]


def _is_fixed(rule: FieldRule) -> bool:
    return rule.kind != SourceKind.ATTRIBUTE


def _stamped(proposal: Proposal) -> Proposal:
    return replace(proposal, provenance={"proposer": VERSION, "lexicon": lexicon().checksum[:12]})
