"""What a proposal becomes once a person settled the type of a conflicting field. Pure: no database, no
clock."""

from dataclasses import dataclass, replace

from mapping_review.proposers.evidence import Evidence, evidence_of
from mapping_review.proposers.proposal import FOR, Proposal, ProposerSettings, Reason
from mapping_review.proposers.rules import create_rule, skip_rule, transform_for
from migrator.engine.canonical import checksum
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, ValueType, Variant

DROP, SPLIT = "drop", "split"
BY_PERSON = "workbook"
_TYPES = {
    ValueType.LONG_TEXT: FieldType.TEXT,
    ValueType.NUMBER: FieldType.DOUBLE,
    ValueType.MONEY: FieldType.MONETARY,
    ValueType.DATE: FieldType.DATE,
    ValueType.DATETIME: FieldType.DATE,
    ValueType.YES_NO: FieldType.ENUM,
    ValueType.OPTION: FieldType.ENUM,
    ValueType.OPTIONS: FieldType.SET,
    ValueType.PHONE: FieldType.PHONE,
}


@dataclass(frozen=True, slots=True)
class Effective:
    """The proposal as it stands now, and the further rules of a field that is split by type."""

    proposal: Proposal
    more: tuple[FieldRule, ...] = ()

    @property
    def rules(self) -> tuple[FieldRule, ...]:
        return (self.proposal.rule, *self.more)


def is_open_conflict(field: SourceField) -> bool:
    """The Sections disagree about the type and no person has settled it."""
    return field.conflict and not field.settled


def is_persons(proposal: Proposal, field: SourceField) -> bool:
    """Whether a person proposed this rule for the field as its type is settled now."""
    source = proposal.provenance
    return source.get("proposer") == BY_PERSON and source.get("settled", "") == field.settled


def effective(proposal: Proposal, field: SourceField, settings: ProposerSettings) -> Effective:
    """The proposal with the settled type applied. Without one it is the proposal itself."""
    if not field.settled or is_persons(proposal, field):
        return Effective(proposal)
    reason = Reason(FOR, "A person settled the type in the queue")
    calm = replace(
        proposal,
        reasons=(reason, *proposal.reasons),
        flags=tuple(f for f in proposal.flags if f != "conflict"),
        abstained=False,
    )
    if field.settled == DROP:
        return Effective(replace(calm, rule=skip_rule(field)))
    if field.settled == SPLIT:
        first, *more = _split(proposal.rule, field, settings)
        return Effective(replace(calm, rule=first), tuple(more))
    return Effective(replace(calm, rule=typed(proposal.rule, field, ValueType(field.settled), settings)))


def typed(
    rule: FieldRule, field: SourceField, value_type: ValueType, settings: ProposerSettings
) -> FieldRule:
    """The rule for values of one type: the same target where it can hold them, else a new field."""
    kind = _TYPES.get(value_type, FieldType.VARCHAR)
    evidence = _with_type(evidence_of(field), value_type)
    if rule.action == Action.MAP and rule.type == kind:
        transform, args = transform_for(kind, evidence, settings)
        return replace(rule, transform=transform, args=args)
    name = rule.field if rule.custom and rule.action == Action.CREATE else ""
    made = create_rule(field, evidence, rule.object, kind, settings, name)
    return replace(made, update_mode=rule.update_mode)


def evidence_sha(field: SourceField) -> str:
    """Checksum of what a decision rests on: where the values are and how they read, never how many there
    are."""
    variants = sorted([v.section, v.discriminator, v.declared, v.inferred.value] for v in field.variants)
    return checksum([field.key, variants, field.conflict, field.settled])


def _split(rule: FieldRule, field: SourceField, settings: ProposerSettings) -> list[FieldRule]:
    """One new field for each type, each fed by the Sections that hold it; the first keeps the source's
    key."""
    groups: dict[ValueType, list[Variant]] = {}
    for variant in field.variants:
        if variant.inferred != ValueType.EMPTY:
            groups.setdefault(variant.inferred, []).append(variant)
    rules = [_part(rule, field, kind, tuple(variants), settings) for kind, variants in groups.items()]
    return rules or [skip_rule(field)]


def _part(
    rule: FieldRule,
    field: SourceField,
    kind: ValueType,
    variants: tuple[Variant, ...],
    settings: ProposerSettings,
) -> FieldRule:
    part = replace(field, variants=variants, settled=kind.value)
    base = typed(replace(rule, action=Action.CREATE, custom=True), part, kind, settings)
    is_first = field.variants[0] in variants
    word = kind.value.replace("_", " ")
    return replace(
        base,
        source=field.key if is_first else f"{field.key}/{kind.value}",
        field=f"{base.field} ({word})",
        sources=part.sources,
    )


def _with_type(evidence: Evidence, value_type: ValueType) -> Evidence:
    return replace(evidence, type=value_type)
