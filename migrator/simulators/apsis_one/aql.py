"""Audience queries (AQL) as this simulator hands them out, and back into rules.

No public grammar exists (reference 8): the strings are ours and wholly assumed. Only strings that the simulator
itself hands out are understood, as the documentation advises callers to obtain AQL and not to write it.
"""

import re

from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.seeds.shape import Activity, Section, Segment

_SEGMENT = re.compile(r'audience\(segment = "(?P<segment>[^"]+)"\)')
_EVENT = re.compile(
    r'audience\(event = "(?P<event>[^"]+)", section = "(?P<section>[^"]+)", activity = "(?P<activity>[^"]+)"\)'
)
AUDIENCES = ("sent", "opened", "clicked", "bounced")


def segment_query(segment: Segment) -> str:
    """The query for everybody in a Segment."""
    return f'audience(segment = "{segment.discriminator}")'


def activity_queries(section: Section, activity: Activity) -> dict[str, str]:
    """The queries for those who were sent a mail, opened it and so on, by name."""
    kinds = {event.kind: event.discriminator for event in section.events}
    return {
        name: f'audience(event = "{kinds[name]}", section = "{section.discriminator}", activity = "{activity.id}")'
        for name in AUDIENCES
        if name in kinds
    }


def segment_of(state: ApsisState, query: str) -> Segment:
    """What a query stands for, as a Segment without a name; 400 for anything the simulator did not hand out."""
    named = _SEGMENT.fullmatch(query)
    found = None
    if named:
        found = next((s for s in state.world.shape.segments if s.discriminator == named["segment"]), None)
    event = _EVENT.fullmatch(query)
    if event and _exists(state, event["section"], event["event"], event["activity"]):
        found = Segment("", "", None, event.groupdict(), ())
    if found is None:
        raise ApiProblem(400, "segment_definition is not a query that this account handed out.")
    return found


def _exists(state: ApsisState, section: str, event: str, activity: str) -> bool:
    place = state.world.shape.section(section)
    return (
        place is not None
        and any(e.discriminator == event for e in place.events)
        and any(c.id == activity for c in place.campaigns)
    )
