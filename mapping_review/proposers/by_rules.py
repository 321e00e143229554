"""The proposer that needs no model and no network: names by lexicon, values by detectors, one joint step.

Deterministic: equal input gives equal proposals, in whatever order the fields come.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mapping_review.proposers.addresses import is_another
from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.confidence import Case, confidence_of
from mapping_review.proposers.connectors import connector_of, left_behind
from mapping_review.proposers.crm import with_crm
from mapping_review.proposers.crm_names import as_called, is_called, without_connector
from mapping_review.proposers.evidence import evidence_of
from mapping_review.proposers.fixed import (
    has_fixed_home,
    propose_birthday,
    propose_crm_id,
    propose_default,
    propose_fixed,
)
from mapping_review.proposers.hostile import is_suspicious
from mapping_review.proposers.joint import assigned
from mapping_review.proposers.lexicon import Languages, lexicon
from mapping_review.proposers.meaning import meant_among_companies, meant_by, meant_in_section, read_with
from mapping_review.proposers.merging import (
    same_existing_fields,
    same_new_fields,
    shares_its_section,
    with_merge_rules,
)
from mapping_review.proposers.names import Reading, read_name
from mapping_review.proposers.new_fields import create_type
from mapping_review.proposers.proposal import AGAINST, FOR, Alternative, Proposal, ProposerSettings, Reason
from mapping_review.proposers.reasons import reasons_for
from mapping_review.proposers.rules import as_text, rule_for
from mapping_review.proposers.scoring import candidates_for
from mapping_review.proposers.subjects import Subject
from mapping_review.proposers.targets import Target, languages_of, targets_in
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetField
from migrator.engine.transforms.registry import convert
from migrator.texts import TOOLS

VERSION = "rules-3"
_ALTERNATIVES = 3
_WORTH_OFFERING, _AS_TEXT = 0.25, 0.5
_ABSTAIN = 0.35
_COMPANY_SHARE = 0.72
# Names of fields that only companies fill.
_OF_COMPANIES = (frozenset(["company"]), frozenset(["org_number"]))
Readings = Mapping[str, Reading]


def propose(
    fields: Sequence[SourceField], catalogue: Sequence[TargetField], settings: ProposerSettings
) -> list[Proposal]:
    """One proposal for each source field, in the order of `fields`. Pure; raises nothing on any name or
    value."""
    return propose_from(cases_for(fields, catalogue, settings), fields, catalogue, settings)


def propose_from(
    cases: Mapping[str, Case],
    fields: Sequence[SourceField],
    catalogue: Sequence[TargetField],
    settings: ProposerSettings,
) -> list[Proposal]:
    """As `propose`, for whoever has the cases already."""
    targets = targets_in(catalogue, settings)
    proposals = {f.key: _without_scoring(f, catalogue, targets, settings) for f in fields}
    for key, case in cases.items():
        proposals[key] = proposal_of(case, settings)
    _share_new_fields([c.subject for c in cases.values() if not c.candidate.name], proposals)
    _tell_sharing([(c.subject, c.candidate) for c in cases.values()], proposals)
    return _merged(apart([p for f in fields if (p := proposals[f.key]) is not None], catalogue))


def cases_for(
    fields: Sequence[SourceField], catalogue: Sequence[TargetField], settings: ProposerSettings
) -> dict[str, Case]:
    """What was chosen among what, by key, for the source fields whose home is not fixed."""
    targets = targets_in(catalogue, settings)
    attributes = sorted((f for f in fields if _needs_scoring(f)), key=lambda f: f.key)
    subjects = _subjects(attributes, fields, languages_of(settings))
    ranked = {s.field.key: with_crm(s, targets, candidates_for(s, targets)) for s in subjects}
    chosen = assigned({s.field.key: (s, ranked[s.field.key]) for s in subjects})
    return {s.field.key: Case(s, chosen[s.field.key], ranked[s.field.key]) for s in subjects}


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
    if _needs_scoring(field):
        return None
    proposal = (
        propose_default(field, targets, settings)
        if field.kind == SourceKind.ATTRIBUTE
        else propose_fixed(field, catalogue, settings)
    )
    return _stamped(proposal)


def _needs_scoring(field: SourceField) -> bool:
    return field.kind == SourceKind.ATTRIBUTE and not has_fixed_home(field)


def _subjects(
    attributes: Sequence[SourceField], fields: Sequence[SourceField], languages: Languages
) -> list[Subject]:
    evidence = {f.key: evidence_of(f) for f in fields if f.kind == SourceKind.ATTRIBUTE}
    named = {key: _read(f, languages) for f in fields if (key := f.key) in evidence}
    beside = _beside(fields, named)
    readings = {
        f.key: meant_in_section(meant_by(named[f.key], evidence[f.key]), evidence[f.key], beside(f))
        for f in fields
        if f.key in evidence
    }
    companies = _company_sections(fields, readings)
    readings = {
        f.key: meant_among_companies(readings[f.key], beside(f))
        if _touches(f, companies)
        else readings[f.key]
        for f in fields
        if f.key in readings
    }
    evidence = {f.key: read_with(readings[f.key], evidence[f.key]) for f in fields if f.key in readings}
    usual = {key: reading for key, reading in readings.items() if not is_another(reading)}
    blocks = _sections_with(fields, usual, frozenset(["postal_code", "city"]))
    addresses = _sections_with(fields, usual, frozenset(["postal_code", "city", "street", "address"]))
    gone = left_behind(attributes)
    return [
        Subject(
            f,
            readings[f.key],
            evidence[f.key],
            _touches(f, companies),
            _touches(f, blocks),
            _touches(f, addresses),
            gone.get(f.key, ""),
        )
        for f in attributes
    ]


def _beside(fields: Sequence[SourceField], readings: Readings) -> Callable[[SourceField], frozenset[str]]:
    """For a field, what the names of a single meaning in its Sections mean, its own copies in other Sections
    left out."""
    meant: dict[str, set[str]] = {}
    for field in fields:
        if field.key in readings and len(readings[field.key].concepts) == 1:
            for variant in field.variants:
                meant.setdefault(variant.section, set()).update(readings[field.key].concepts)
    return lambda field: frozenset().union(*(meant.get(v.section, ()) for v in field.variants))


def _touches(field: SourceField, sections: frozenset[str]) -> bool:
    return any(v.section in sections for v in field.variants if v.filled)


def _sections_with(
    fields: Sequence[SourceField], readings: Readings, concepts: frozenset[str]
) -> frozenset[str]:
    return frozenset(
        v.section
        for f in fields
        if f.key in readings and readings[f.key].concepts & concepts
        for v in f.variants
        if v.filled
    )


def _read(field: SourceField, languages: Languages) -> Reading:
    """A suspicious name is only ever text: it is read as nothing, so that it steers nothing."""
    if is_suspicious(field.name):
        return Reading("")
    if connector_of(field) and is_called(field.name):
        return read_name(as_called(field.name), ("en",))
    defaults = {"attribute:birthdate": "birth date", "attribute:crmid": "customer number"}
    return read_name(without_connector(defaults.get(field.key, field.name)), languages)


def _company_sections(fields: Sequence[SourceField], readings: Readings) -> frozenset[str]:
    """Sections in which most profiles have a company: an address that moves to the company of a profile
    without one would be lost."""
    most: dict[str, int] = {}
    company: dict[str, int] = {}
    for field in fields:
        if is_suspicious(field.name):
            continue
        is_company = field.key in readings and readings[field.key].concepts in _OF_COMPANIES
        for variant in field.variants:
            most[variant.section] = max(most.get(variant.section, 0), variant.filled)
            if is_company:
                company[variant.section] = max(company.get(variant.section, 0), variant.filled)
    return frozenset(s for s, filled in company.items() if s and filled >= _COMPANY_SHARE * most[s])


def proposal_of(case: Case, settings: ProposerSettings) -> Proposal:
    """The proposal that a candidate stands for, with the others as its alternatives."""
    subject, chosen = case.subject, case.candidate
    rule = rule_for(subject, chosen, settings)
    default = _default_proposal(subject, chosen, settings)
    proposal = default or Proposal(rule, confidence_of(case), reasons_for(subject, chosen, rule))
    lost = _lost(proposal.rule, subject)
    return _stamped(
        replace(
            proposal,
            alternatives=_alternatives(case, proposal, settings),
            abstained=proposal.confidence < _ABSTAIN,
            flags=_flags(subject, chosen, lost),
            new_type=create_type(subject),
        )
    )


def _alternatives(case: Case, proposal: Proposal, settings: ProposerSettings) -> tuple[Alternative, ...]:
    """Other homes in their order; beside a typed new field, the same field as text, in which nothing is
    lost. None is surer than what the proposal leaves open."""
    left, rule = round(1 - proposal.confidence, 2), proposal.rule
    others = [c for c in case.ranked if c is not case.candidate and c.score > _WORTH_OFFERING]
    found = [
        Alternative(rule_for(case.subject, c, settings), min(left, confidence_of(replace(case, candidate=c))))
        for c in others[:_ALTERNATIVES]
    ]
    if rule.action == Action.CREATE and rule.type not in (FieldType.VARCHAR, FieldType.TEXT):
        place = sum(c.action == Action.MAP for c in others[:1])
        found.insert(place, Alternative(as_text(rule, case.subject.field), min(left, _AS_TEXT)))
    return tuple(found[:_ALTERNATIVES])


def _default_proposal(subject: Subject, chosen: Candidate, settings: ProposerSettings) -> Proposal | None:
    """Birth date and CRM id get a field of their own where the account has none like it."""
    if chosen.action == Action.MAP:
        return None
    if subject.field.key == "attribute:birthdate":
        return propose_birthday(subject.field, settings)
    return propose_crm_id(subject.field, settings) if subject.field.key == "attribute:crmid" else None


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
    if rule.is_left:
        return 0
    args = dict(rule.args)
    return sum(
        n for value, n in subject.evidence.values if convert(rule.transform, value, args, TOOLS).is_emptied
    )


def apart(proposals: Sequence[Proposal], catalogue: Sequence[TargetField]) -> list[Proposal]:
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


def _merged(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Sections that fill one field say how, so that their rows can be approved as they are."""
    rules = with_merge_rules([p.rule for p in proposals])
    return [_with_merge(p, rule, rules) for p, rule in zip(proposals, rules, strict=True)]


def _with_merge(proposal: Proposal, rule: FieldRule, rules: Sequence[FieldRule]) -> Proposal:
    if rule == proposal.rule:
        return proposal
    reasons = proposal.reasons
    if shares_its_section(rule, rules):
        reasons += (Reason(AGAINST, "Other fields fill it too. The first one that has a value counts"),)
    return replace(proposal, rule=rule, reasons=reasons)


def _is_fixed(rule: FieldRule) -> bool:
    return rule.kind != SourceKind.ATTRIBUTE


def _stamped(proposal: Proposal) -> Proposal:
    return replace(proposal, provenance={"proposer": VERSION, "lexicon": lexicon().checksum[:12]})
