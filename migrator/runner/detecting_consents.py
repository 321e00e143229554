"""Consents on which Sections, or the target, disagree: one case for each pattern of answers, not for each profile."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mapping_review import queries as map_queries
from mapping_review.proposers import by_rules
from migrator import staging
from migrator.engine.canonical import JsonValue
from migrator.engine.cases import Case, CaseKind
from migrator.engine.consents import (
    PIPEDRIVE,
    SUPPRESSED,
    Answer,
    Answers,
    conflicts_of,
    most_restrictive,
    pattern_key,
    target_values,
)
from migrator.engine.field_map import FieldRule
from migrator.engine.records import Channel, Kind
from migrator.models import StagedProfile, StagedTarget
from migrator.runner.detecting_duplicates import likely_persons
from migrator.runner.detecting_facts import discovery_of, section_names, tokens_of
from migrator.runner.detecting_keys import key_tables
from migrator.runner.job import Job

SAMPLES = 5
_SAID = {Channel.EMAIL: "Email", Channel.SMS: "SMS"}
There = dict[Channel, JsonValue]


@dataclass
class _Pattern:
    channel: Channel
    answers: Answers
    events: list[int] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: StagedProfile) -> None:
        self.events.append(row.event_count)
        if len(self.samples) < SAMPLES:
            self.samples.append({"source_key": row.source_key, "name": row.name or row.email})


def consents(job: Job) -> Iterator[Case]:
    """Every pattern in the order of its key. Memory grows with the patterns, not with the profiles."""
    patterns: dict[str, _Pattern] = {}
    mapped = mapped_refs(job)
    with key_tables(discovery_of(job)):
        likely = likely_persons(waiting=True)
    for page in staging.iter_profiles(discovery_of(job)):
        there = answers_there(job, page, mapped)
        others = _answers_of_likely(job, page, mapped, likely)
        for row in page:
            said = stricter(there.get(row.email, {}), others.get(row.source_key, {}))
            found = conflicts_of(job.source.profile_of(row), said)
            for channel, answers in found.items():
                key = pattern_key(channel, answers)
                patterns.setdefault(key, _Pattern(channel, answers)).add(row)
        # A discovery of millions reads for minutes; whoever watches it sees a sign of life.
        job.may_go_on()
    names = section_names(discovery_of(job)) | {SUPPRESSED: "Suppression list", PIPEDRIVE: PIPEDRIVE}
    for key, pattern in sorted(patterns.items()):
        yield _case(key, pattern, names)


def _case(key: str, pattern: _Pattern, names: dict[str, str]) -> Case:
    answers = [{"where": names.get(where, where), "state": str(answer)} for where, answer in pattern.answers]
    evidence: dict[str, Any] = {
        "channel": pattern.channel.value,
        "answers": answers,
        "profiles": len(pattern.events),
        "samples": pattern.samples,
    }
    said = {state: [a["where"] for a in answers if a["state"] == state] for state in (Answer.NO, Answer.YES)}
    title = f"{_SAID[pattern.channel]}: No in {_listed(said[Answer.NO])}, Yes in {_listed(said[Answer.YES])}"
    profiles = len(pattern.events)
    tokens = tokens_of(profiles, pattern.events)
    return Case(CaseKind.CONSENT, key, title, evidence, profiles, sum(pattern.events), tokens)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def mapped_refs(job: Job) -> dict[Channel, str]:
    """The target's field of each channel: as signed, else as the rules would propose it."""
    signed = map_queries.approved_field_map(job.run.project)
    rules = signed.rules if signed else _proposed(job)
    sources = {rule.source: rule.ref for rule in rules if not rule.is_left}
    return {c: sources[f"consent:{c.value}"] for c in Channel if f"consent:{c.value}" in sources}


def _proposed(job: Job) -> list[FieldRule]:
    discovery = discovery_of(job)
    sources, targets = staging.source_fields_of(discovery), staging.target_fields_of(discovery)
    return [p.rule for p in by_rules.propose(sources, targets, map_queries.settings_for(job.run.project))]


def answers_there(job: Job, page: Sequence[StagedProfile], mapped: dict[Channel, str]) -> dict[str, There]:
    """What Persons with these addresses say, by address; of several the most restrictive answer."""
    emails = sorted({row.email for row in page if row.email})
    persons = discovery_of(job).target_records.filter(kind=Kind.PERSON.value)
    found: dict[str, There] = {}
    for person in persons.filter(emails__overlap=emails) if emails else ():
        values = answers_of(job, person, mapped)
        for email in person.emails:
            found[email] = stricter(found.get(email, {}), values)
    return found


def _answers_of_likely(
    job: Job,
    page: Sequence[StagedProfile],
    mapped: dict[Channel, str],
    likely: Mapping[str, Mapping[str, object]],
) -> dict[str, There]:
    """What the Persons say that a decision may yet merge a profile with, by source key: a refusal of theirs is asked
    about before anybody merges, and not after it."""
    ids = {target for row in page for target in likely.get(row.source_key, ())}
    persons = discovery_of(job).target_records.filter(kind=Kind.PERSON.value, target_id__in=ids)
    by_id = {p.target_id: answers_of(job, p, mapped) for p in (persons if ids else ())}
    found: dict[str, There] = {}
    for row in page:
        for target in likely.get(row.source_key, ()):
            found[row.source_key] = stricter(found.get(row.source_key, {}), by_id.get(target, {}))
    return found


def stricter(one: There, other: There) -> There:
    """Of two answers by channel the most restrictive of each."""
    return {
        channel: str(most_restrictive([str(one.get(channel, "")), str(other.get(channel, ""))]))
        for channel in Channel
    }


def answers_of(job: Job, person: StagedTarget, mapped: Mapping[Channel, str]) -> There:
    """What one Person says by channel."""
    return target_values(_custom(job, person), mapped)


def _custom(job: Job, person: StagedTarget) -> dict[str, JsonValue]:
    held = person.body.get("custom_fields")
    if not held:
        return {}
    custom = job.target.neutral(Kind.PERSON, person.body).get("custom")
    return custom if isinstance(custom, dict) else {}
