"""New fields that several Sections share: one thing under names of several languages needs one field, not
four."""

from collections.abc import Mapping, Sequence

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.names import Reading
from mapping_review.proposers.subjects import Subject
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, TargetObject

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
