"""What a discovery found, as sentences, charts and rows for its screen. Works on the stored inventory alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from migrator import charts
from migrator.engine.inventory import SourceField, SourceKind
from migrator.models import Discovery

STALE_AFTER = timedelta(days=7)
TYPES = {
    "text": "Text",
    "long_text": "Long text",
    "number": "Number",
    "money": "Money",
    "date": "Date",
    "datetime": "Date and time",
    "yes_no": "Yes or no",
    "option": "Option",
    "options": "Several options",
    "phone": "Phone",
    "email": "Email",
    "url": "Link",
    "empty": "Never filled",
    # What the source declares has words of its own.
    "boolean": "Yes or no",
    "string": "Text",
    "integer": "Number",
    "decimal": "Number",
    "timestamp": "Date and time",
}
SAMPLES = 3
TAGS_NAMED = 12
CHANNELS = {"email": "Email", "sms": "SMS"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with the finding that it shows."""

    sentence: str
    chart: charts.Chart


@dataclass(frozen=True, slots=True)
class Consents:
    channel: str
    yes: int
    no: int
    unknown: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Source:
    profiles: int
    sections: int
    attributes: int
    events: int
    tags: int
    by_section: Drawn
    by_month: Drawn
    by_type: Drawn
    by_tag: Drawn | None
    rare_tags: int
    consents: tuple[Consents, ...]
    segments: tuple[str, ...]
    flows: tuple[str, ...]
    sent: int


def source_of(discovery: Discovery, rare_limit: int) -> Source:
    found: Mapping[str, Any] = discovery.inventory.get("source", {})
    tags = [(row["tag"], row["profiles"]) for row in found.get("tags", ())]
    activities = found.get("activities", ())
    return Source(
        profiles=found.get("profiles", 0),
        sections=len(found.get("sections", ())),
        attributes=found.get("attributes", 0),
        events=found.get("events", 0),
        tags=len(tags),
        by_section=_by_section(found),
        by_month=_by_month(found),
        by_type=_by_type(found),
        by_tag=_by_tag(tags, rare_limit) if tags else None,
        rare_tags=sum(1 for _, number in tags if number < rare_limit),
        consents=tuple(
            _consents(channel, found) for channel in CHANNELS if channel in found.get("consents", {})
        ),
        segments=tuple(row["name"] for row in found.get("segments", ())),
        flows=tuple(row["name"] for row in activities if row.get("kind") != "sent"),
        sent=sum(row.get("kind") == "sent" for row in activities),
    )


def _by_section(found: Mapping[str, Any]) -> Drawn:
    rows = sorted(found.get("sections", ()), key=lambda row: -row["profiles"])
    profiles = found.get("profiles", 0)
    sentence = f"Found {profiles:,} profiles in {len(rows)} Sections."
    if sum(row["profiles"] for row in rows) > profiles:
        sentence += " Some are in more than one."
    bars = [charts.Bar(row["name"], row["profiles"], "src") for row in rows]
    return Drawn(sentence, charts.bars(sentence, bars, unit="Profiles"))


def _by_month(found: Mapping[str, Any]) -> Drawn:
    months = [(_month(label), number) for label, number in found.get("events_by_month", ())]
    if not months:
        return Drawn("No events were found.", charts.columns("No events were found.", []))
    busiest, most = max(months, key=lambda pair: pair[1])
    sentence = f"{found.get('events', 0):,} events from {months[0][0]} to {months[-1][0]}; most in {busiest}, {most:,}."
    return Drawn(sentence, charts.columns(sentence, months, head=("Month", "Events")))


def _month(label: str) -> str:
    return f"{datetime.strptime(label, '%Y-%m'):%b %Y}"  # noqa: DTZ007 - a month has no zone


def _by_type(found: Mapping[str, Any]) -> Drawn:
    rows = sorted((r for r in found.get("event_types", ()) if r["events"]), key=lambda row: -row["events"])
    sentence = f"{len(rows)} types of event" + (f"; the most common is {rows[0]['name']}." if rows else ".")
    bars = [charts.Bar(row["name"], row["events"], "src") for row in rows]
    return Drawn(sentence, charts.bars(sentence, bars, unit="Events"))


def _by_tag(tags: Sequence[tuple[str, int]], limit: int) -> Drawn:
    rare = sum(1 for _, number in tags if number < limit)
    sentence = (
        f"{len(tags)} tags; {rare} of them are on fewer than {limit} profiles."
        if rare
        else f"{len(tags)} tags."
    )
    return Drawn(sentence, charts.tail(sentence, tags, under=limit, head=("Tag", "Profiles")))


def _consents(channel: str, found: Mapping[str, Any]) -> Consents:
    row = found["consents"][channel]
    name = CHANNELS[channel]
    sentence = f"{name}: {row['yes']:,} said yes, {row['no']:,} said no, {row['unknown']:,} are unknown"
    return Consents(name, row["yes"], row["no"], row["unknown"], sentence)


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    counts: tuple[tuple[str, int], ...]
    fields: tuple[tuple[str, int], ...]
    custom_fields: int
    field_cap: int
    labels: tuple[str, ...]
    users: tuple[Mapping[str, str], ...]
    pipelines: tuple[str, ...]
    filters: int
    drawn: Drawn


WORDS = {
    "person": "Persons",
    "organization": "Organizations",
    "deal": "Deals",
    "activity": "Activities",
    "note": "Notes",
}


def target_of(discovery: Discovery) -> Target:
    found: Mapping[str, Any] = discovery.inventory.get("target", {})
    counts = tuple((word, found.get("counts", {}).get(kind, 0)) for kind, word in WORDS.items())
    held = sum(number for _, number in counts)
    sentence = (
        f"{held:,} records are there already; they are matched, not duplicated." if held else "It is empty."
    )
    bars = [charts.Bar(word, number, "dst") for word, number in counts]
    return Target(
        name=found.get("account_name", "Pipedrive"),
        counts=counts,
        fields=tuple((WORDS[kind], number) for kind, number in found.get("fields", {}).items()),
        custom_fields=found.get("custom_fields", 0),
        field_cap=found.get("field_cap", 0),
        labels=tuple(found.get("labels", ())),
        users=tuple(found.get("users", ())),
        pipelines=tuple(found.get("pipelines", ())),
        filters=found.get("filters", 0),
        drawn=Drawn(sentence, charts.bars(sentence, bars, unit="Records")),
    )


def is_stale(discovery: Discovery) -> bool:
    done = discovery.completed_at
    return done is not None and timezone.now() - done > STALE_AFTER


@dataclass(frozen=True, slots=True)
class Attribute:
    """One line of the attribute table; a share of 1 for the sort, words for the eye."""

    name: str
    custom: bool
    sections: str
    section_count: int
    filled: int
    share: float
    declared: str
    inferred: str
    conflict: bool
    samples: tuple[str, ...]


def attributes_of(fields: Sequence[SourceField]) -> list[Attribute]:
    return [_attribute(field) for field in fields if field.kind == SourceKind.ATTRIBUTE]


def _attribute(field: SourceField) -> Attribute:
    declared = sorted({TYPES.get(v.declared, v.declared) for v in field.variants if v.declared})
    inferred = sorted({TYPES[v.inferred] for v in field.variants if v.filled}) or [TYPES["empty"]]
    fullest = max(field.variants, key=lambda v: v.filled, default=None)
    sections = [v.section_name for v in field.variants]
    return Attribute(
        name=field.name,
        custom=not field.is_default,
        sections=", ".join(dict.fromkeys(sections)),
        section_count=len(set(sections)),
        filled=field.filled,
        share=min(1.0, field.filled / field.profiles) if field.profiles else 0.0,
        declared=" or ".join(declared) or "Not declared",
        inferred=" or ".join(inferred),
        conflict=field.conflict and not field.settled,
        samples=tuple(value for value, _ in (fullest.top[:SAMPLES] if fullest else ())),
    )
