"""What becomes of each profile of a page, with everyone that was merged into the same person, on whatever page
they are. Reads only our own database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from django.db.models import Q

from migrator.engine.cases import CaseKind
from migrator.engine.consents import conflicts_of
from migrator.engine.matching import email_key
from migrator.engine.operations import Act
from migrator.engine.phases import fate as fates
from migrator.engine.phases import refusals
from migrator.engine.phases.transform import company_of, emails_of, name_of
from migrator.engine.records import Channel, Kind, Profile
from migrator.models import StagedProfile
from migrator.runner.desks import Desk
from migrator.runner.detecting_consents import There, answers_of, answers_there, mapped_refs, stricter

LEFT_THE_SOURCE = fates.Fate(Act.HOLD, "Merged into a profile that is no longer in APSIS One; decide again.")


@dataclass(frozen=True, slots=True)
class Decided:
    """`fates` are of the profiles of the page; `groups` of those that are written: the survivor, then the profiles
    that were merged into it."""

    fates: Mapping[str, fates.Fate]
    groups: Mapping[str, Sequence[Profile]]


def decide(page: Sequence[StagedProfile], desk: Desk) -> Decided:
    """1. find the survivor of each profile and everyone merged into it; 2. decide the fate of each survivor by all
    that is known of its group; 3. everyone shares the fate of their survivor."""
    merges = desk.decisions.merges
    survivors = {row.source_key: merges.survivor(row.source_key) for row in page}
    groups = _groups(page, dict.fromkeys(survivors.values()), desk)
    known = answered_by(groups, desk)
    own = {key: _fate(key, group, known, desk) for key, group in groups.items()}
    found = {
        key: fates.shared_fate(key, own[survivor], merges) if survivor in own else LEFT_THE_SOURCE
        for key, survivor in survivors.items()
    }
    writing = [key for key, fate in found.items() if fate.act == Act.CREATE]
    return Decided(found, {key: [row.profile for row in groups[key]] for key in writing})


@dataclass(frozen=True, slots=True)
class Member:
    row: StagedProfile
    profile: Profile


def _groups(
    page: Sequence[StagedProfile], survivors: Iterable[str], desk: Desk
) -> dict[str, Sequence[Member]]:
    """Each survivor that is still in the source, followed by those that were merged into it."""
    merges = desk.decisions.merges
    wanted = {survivor: [survivor, *merges.members(survivor)] for survivor in survivors}
    rows = {row.source_key: row for row in page}
    missing = [key for keys in wanted.values() for key in keys if key not in rows]
    rows |= {row.source_key: row for row in desk.staged(missing)}
    return {
        survivor: [Member(rows[key], desk.profile_of(rows[key])) for key in keys if key in rows]
        for survivor, keys in wanted.items()
        if survivor in rows
    }


def _fate(
    key: str, group: Sequence[Member], known: Mapping[str, refusals.Answered], desk: Desk
) -> fates.Fate:
    profiles = [member.profile for member in group]
    return fates.fate_of(
        key,
        emails=[email_key(e) for e in emails_of(profiles, desk.context)],
        name=name_of(profiles, desk.context),
        company=company_of(profiles, desk.context),
        answered=refusals.together(known[p.source_key] for p in profiles if p.source_key in known),
        decisions=desk.decisions,
    )


def answered_by(groups: Mapping[str, Sequence[Member]], desk: Desk) -> dict[str, refusals.Answered]:
    """What people settled about the consents of each profile, by source key; empty where nobody was asked."""
    resolutions = desk.decisions.resolutions
    if not resolutions.asks(CaseKind.CONSENT):
        return {}
    mapped = mapped_refs(desk.job)
    members = [member for group in groups.values() for member in group]
    # As discovery asked: by the same addresses and Persons, or the patterns would not be found again.
    there = answers_there(desk.job, [m.row for m in members], mapped)
    theirs = _answers_of_chosen(groups, desk, mapped)
    return {
        m.row.source_key: refusals.answered(
            conflicts_of(m.profile, stricter(there.get(m.row.email, {}), theirs.get(survivor, {}))),
            resolutions,
        )
        for survivor, group in groups.items()
        for m in group
    }


def _answers_of_chosen(
    groups: Mapping[str, Sequence[Member]], desk: Desk, mapped: Mapping[Channel, str]
) -> dict[str, There]:
    """What the Person says that a group is written to whatever its address, by survivor: the one that somebody
    chose, or that an earlier run wrote. A refusal there counts as one in the source does."""
    chosen = {survivor: desk.decisions.merges.persons(survivor) for survivor in groups}
    which = Q(target_id__in=[target for targets in chosen.values() for target in targets])
    if desk.target_knows_us:
        which |= Q(marker__in=list(groups))
    persons = list(desk.discovery.target_records.filter(which, kind=Kind.PERSON.value))
    said = [(person, answers_of(desk.job, person, mapped)) for person in persons]
    by_id = {person.target_id: there for person, there in said}
    by_marker = {person.marker: there for person, there in said if person.marker}
    return {
        survivor: reduce(stricter, (by_id.get(t, {}) for t in targets), by_marker.get(survivor, {}))
        for survivor, targets in chosen.items()
    }
