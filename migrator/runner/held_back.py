"""What a plan holds back because cases in the queue are not decided: counted as the plan is made, told in every
report of the run."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from migrator.engine.cases import CaseKind
from migrator.engine.operations import Act, PlannedOperation
from migrator.engine.phases.fate import UNDECIDED
from migrator.models import Project, StagedProfile
from reconciliation import queries, waivers


def count(
    page: Sequence[StagedProfile], persons: Mapping[str, PlannedOperation], tally: MutableMapping[str, int]
) -> None:
    """Add the profiles of a page that wait for a case, and their events."""
    for row in page:
        operation = persons[row.source_key]
        if operation.act == Act.HOLD and operation.reason.endswith(UNDECIDED):
            tally["waiting_profiles"] = tally.get("waiting_profiles", 0) + 1
            tally["waiting_events"] = tally.get("waiting_events", 0) + row.event_count


def summary(project: Project, tally: Mapping[str, int]) -> dict[str, Any]:
    """{"profiles", "events", "cases", "tags", "kinds": {kind: cases}, "waiver": id or None}: profiles and events of
    the plan, and the cases that were open when it was made; "cases" hold profiles, "tags" only themselves."""
    kinds = waivers.open_by_kind(project)
    waiver = queries.standing_waiver(project)
    return {
        "profiles": tally.get("waiting_profiles", 0),
        "events": tally.get("waiting_events", 0),
        "cases": sum(found.cases for found in kinds.values() if found.holds),
        "tags": kinds[CaseKind.RARE_TAG].cases,
        "kinds": {kind.value: found.cases for kind, found in kinds.items() if found.cases},
        "waiver": waiver.pk if waiver else None,
    }


def sentence(held: Mapping[str, Any]) -> str:
    """ "12 profiles held back by 9 open cases. 3 open tags are left out."; "" where nothing was."""
    profiles, cases, tags = (int(held.get(name, 0)) for name in ("profiles", "cases", "tags"))
    said = []
    if cases or profiles:
        said.append(f"{_number(profiles, 'profile')} held back by {_number(cases, 'open case')}.")
    if tags:
        said.append(f"{_number(tags, 'open tag')} {'is' if tags == 1 else 'are'} left out.")
    return " ".join(said)


def _number(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
