"""Why a candidate was chosen, in sentences for people. Counts and names only."""

from collections.abc import Iterator

from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.proposal import AGAINST, FOR, Reason
from mapping_review.proposers.rules import reading_words
from mapping_review.proposers.subjects import Subject
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import ValueType

_READS_AS = {
    ValueType.NUMBER: "a number",
    ValueType.MONEY: "an amount",
    ValueType.DATE: "a date",
    ValueType.DATETIME: "a date and time",
    ValueType.YES_NO: "yes or no",
    ValueType.EMAIL: "an e-mail address",
    ValueType.PHONE: "a phone number",
    ValueType.URL: "a web address",
    ValueType.OPTION: "one of few labels",
    ValueType.OPTIONS: "a list of labels",
}


def reasons_for(subject: Subject, chosen: Candidate, rule: FieldRule) -> tuple[Reason, ...]:
    gone = [Reason(AGAINST, subject.left_behind)] if subject.left_behind else []
    return (
        *gone,
        *chosen.why,
        *_about_name(subject, chosen),
        *_about_values(subject, chosen),
        *_about_target(subject, chosen, rule),
    )


def _about_name(subject: Subject, chosen: Candidate) -> Iterator[Reason]:
    if subject.is_sensitive:
        yield Reason(
            AGAINST, "It looks like sensitive personal data, which never moves unless a person says so"
        )
    words = reading_words(subject.reading)
    if words:
        yield Reason(FOR, f"The name reads as {words}")
    elif chosen.action != Action.ARCHIVE:
        yield Reason(AGAINST, "The name says nothing that we know")
    if subject.field.conflict and not subject.field.settled:
        yield Reason(AGAINST, "The Sections hold different types under this name")


def _about_values(subject: Subject, chosen: Candidate) -> Iterator[Reason]:
    evidence = subject.evidence
    if not evidence.filled:
        yield Reason(AGAINST, "No profile has a value")
        return
    reads_as = _READS_AS.get(evidence.type)
    if reads_as:
        yield Reason(FOR, f"The values read as {reads_as}")
    yield Reason(FOR, f"{evidence.distinct:,} distinct values in {evidence.filled:,} profiles")
    if chosen.overlap:
        yield Reason(FOR, f"{chosen.overlap:.0%} of the most frequent values are options of the field")
    yield from _about_wreckage(subject)
    if evidence.is_hash:
        yield Reason(AGAINST, "The values are checksums, which mean nothing outside APSIS One")


def _about_wreckage(subject: Subject) -> Iterator[Reason]:
    broken = sum(v.evidence.broken_ids for v in subject.field.variants if v.evidence)
    if broken:
        yield Reason(
            AGAINST, f"A spreadsheet broke the value on {_profiles(broken)}, such as 1,23E+11 or #REF!"
        )


def _profiles(count: int) -> str:
    return "1 profile" if count == 1 else f"{count:,} profiles"


def _about_target(subject: Subject, chosen: Candidate, rule: FieldRule) -> Iterator[Reason]:
    if chosen.action == Action.CREATE:
        yield Reason(AGAINST, "No field with a similar name in Pipedrive")
    if chosen.target is not None and chosen.target.field.filled:
        yield Reason(AGAINST, f"{chosen.target.field.filled:,} records in Pipedrive hold a value already")
    if chosen.target is not None and chosen.target.key == "owner" and not chosen.target.field.custom:
        yield _about_owners(subject)


def _about_owners(subject: Subject) -> Reason:
    if subject.evidence.type == ValueType.EMAIL:
        return Reason(FOR, "Owners are matched by e-mail address")
    return Reason(AGAINST, "Owners are found by e-mail address only: names and initials find nobody")
