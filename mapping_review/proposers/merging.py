"""New fields that several Sections share: one thing under names of several languages needs one field, not
four."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.names import Reading
from mapping_review.proposers.subjects import Subject
from migrator.engine.field_map import Action, FieldRule, Merge
from migrator.engine.inventory import FieldType, SourceField, TargetObject
from migrator.engine.merging import clashes, place_of

_Meaning = tuple[frozenset[frozenset[str]], TargetObject, FieldType]


def same_new_fields(
    subjects: Sequence[Subject], rules: Mapping[str, FieldRule]
) -> list[tuple[str, tuple[str, ...]]]:
    """Groups of source fields that can share one new field, with its name: same concepts, same object and
    type, no Section in common. A name with an unknown word shares with nobody."""
    groups: dict[_Meaning, list[Subject]] = {}
    for subject in sorted(subjects, key=lambda s: (-s.field.filled, s.field.key)):
        rule = rules[subject.field.key]
        if rule.action == Action.CREATE and _is_plain(subject.reading) and _is_free(subject.field):
            groups.setdefault((frozenset(subject.reading.units), rule.object, rule.type), []).append(subject)
    apart = (_apart(group) for group in groups.values())
    return [(common_name(g[0].reading), tuple(s.field.key for s in g)) for g in apart if len(g) > 1]


def with_merge_rules(rules: Sequence[FieldRule]) -> list[FieldRule]:
    """The rules, in their order. Attributes that are proposed for one place mean the same there, in several
    Sections or from several CRMs: the first value that is filled counts."""
    shared = {rule.source for clash in clashes(rules) if not clash.needs_part for rule in clash.rules}
    return [replace(rule, merge=Merge.FIRST) if rule.source in shared else rule for rule in rules]


def shares_its_section(rule: FieldRule, rules: Sequence[FieldRule]) -> bool:
    """Whether another rule fills the same place from the same Section, so that one value may stand behind
    another."""
    sections = {section for section, _ in rule.sources}
    beside = (r for r in rules if r.source != rule.source and r.merge and place_of(r) == place_of(rule))
    return any(sections & {section for section, _ in other.sources} for other in beside)


def same_existing_fields(chosen: Sequence[tuple[Subject, Candidate]]) -> frozenset[str]:
    """Keys of source fields that fill one field of the account together with those of other Sections."""
    groups: dict[tuple[str, str], list[Subject]] = {}
    for subject, candidate in chosen:
        if candidate.target is not None and not (candidate.target.shared or candidate.target.is_address):
            groups.setdefault(candidate.target.place, []).append(subject)
    return frozenset(
        one.field.key
        for group in groups.values()
        for one in group
        if any(not one.sections & other.sections for other in group)
    )


def common_name(reading: Reading) -> str:
    """A name in no Section's own language: "Job title"."""
    words = " ".join(sorted(min(unit) for unit in reading.units)).replace("_", " ")
    return words[:1].upper() + words[1:]


def _is_plain(reading: Reading) -> bool:
    return bool(reading.units) and not reading.unknown


def _is_free(field: SourceField) -> bool:
    return not field.is_default and not field.conflict


def _apart(group: Sequence[Subject]) -> list[Subject]:
    """The fullest, and the others as long as no Section occurs twice."""
    seen: set[str] = set()
    kept = []
    for subject in group:
        if not seen & subject.sections:
            seen |= subject.sections
            kept.append(subject)
    return kept
