"""The rows of an e-mail report, from the e-mail events of the people (reference 9.7).

What the reference warns of is in it: rows without a time of event, and rows that come twice with one correlation
id. Kinds that the seeds do not have as events are derived from the sent ones.
"""

import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from migrator.simulators.apsis_one.report_tables import cells, columns
from migrator.simulators.apsis_one.selection import Selection
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.world import EMAIL_ATTRIBUTE
from migrator.simulators.seeds.shape import Segment
from migrator.simulators.seeds.source import Event, Profile

COLUMNS = (
    "activity_id",
    "split_id",
    "activity_name",
    "split_activity_name",
    "sender",
    "subject",
    "address",
    "variation",
    "type",
    "correlation_id",
    "event_time",
    "server_time",
    "device",
)
_TYPES = {"sent": "SENT", "opened": "OPENED", "clicked": "CLICKED", "bounced": "BOUNCED"}
_WITHOUT_TIME, _TWICE = 97, 61
_UNSUBSCRIBED, _ABUSE = 150, 1_900
Row = list[Any]


def email_report_writer(
    state: ApsisState, selection: Selection, segment: Segment | None, start: int, end: int
) -> Callable[[Path], None]:
    """Writes the report as compressed CSV; the file is always gzip (documented)."""

    def write(path: Path) -> None:
        with gzip.open(path, "wb", compresslevel=1) as packed:
            file = io.TextIOWrapper(packed, encoding="utf-8", newline="")
            writer = csv.writer(file)
            writer.writerow([*COLUMNS, *columns(selection)])
            for index in state.world.iter_indexes():
                if segment is None or state.world.in_segment(index, segment):
                    writer.writerows(_rows(state, index, selection, start, end))
            file.flush()
            file.detach()

    return write


def _rows(state: ApsisState, index: int, selection: Selection, start: int, end: int) -> Iterator[Row]:
    kinds = {
        e.discriminator: _TYPES[e.kind]
        for s in state.world.shape.sections
        for e in s.events
        if e.kind in _TYPES
    }
    profile = state.world.profile(index)
    more = list(cells(profile, selection))
    for event in state.world.events(index, start, end):
        if event.discriminator in kinds:
            for type_ in _types_of(event, kinds[event.discriminator], profile):
                yield from _odd(state, [*_row(event, type_, profile), *more])


def _types_of(event: Event, type_: str, profile: Profile) -> Iterator[str]:
    """A sent mail is also delivered; now and then it ends in a complaint or an unsubscription."""
    yield type_
    if type_ == "SENT":
        yield "DELIVERED"
        number = _number(profile.export_key, str(event.time))
        if number % _UNSUBSCRIBED == 0:
            yield "UNSUBSCRIBED"
        if number % _ABUSE == 0:
            yield "ABUSE"


def _row(event: Event, type_: str, profile: Profile) -> Row:
    data = event.data
    section = profile.sections.get(event.section)
    # The profile's address of today in that section, not the one that was mailed (documented).
    address = section.attributes.get(EMAIL_ATTRIBUTE, "") if section else ""
    correlation = _number(profile.export_key, str(event.time), type_)
    return [
        data.get("activity_id", ""),
        "",
        data.get("activity_name", ""),
        "",
        data.get("sender", ""),
        data.get("subject", ""),
        address,
        "",
        type_,
        f"{correlation:016x}",
        event.time * 1_000,
        event.time * 1_000 + 400 + correlation % 5_000,
        data.get("device", "") if type_ in ("OPENED", "CLICKED") else "",
    ]


def _odd(state: ApsisState, row: Row) -> Iterator[Row]:
    """The row, sometimes without a time of event, sometimes twice."""
    number = int(row[9], 16)
    if not state.settings.email_report_odd_rows:
        yield row
        return
    if number % _WITHOUT_TIME == 0:
        row[10] = 0
    yield row
    if number % _TWICE == 0:
        yield row


def _number(*parts: str) -> int:
    return int.from_bytes(hashlib.blake2b("|".join(parts).encode(), digest_size=8).digest())
