"""Export files and consents into values, one profile at a time: no file is ever whole in memory.

`raw` is what staging stores of a profile: {"sections": {section: {"attributes", "tags": [name], "topics"}},
"consents": {section: [row]}, "suppression": [row]}. The last two come from calls per profile.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ijson

from migrator.engine.canonical import JsonValue, checksum
from migrator.engine.errors import TransientError
from migrator.engine.ports import Json
from migrator.engine.records import Channel, Consent, ConsentState, Event, Profile
from migrator.engine.sound import sound

EMAIL_ATTRIBUTE = "com.apsis1.attributes.email"
MOBILE_ATTRIBUTE = "com.apsis1.attributes.mobile"
CHANNELS: Mapping[str, Channel] = {
    "com.apsis1.channels.email": Channel.EMAIL,
    "com.apsis1.channels.sms": Channel.SMS,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000


def iter_entries(path: Path) -> Iterator[tuple[str, Json]]:
    """Each profile of an export file by export key, as received but for characters that no database takes.
    Raises TransientError where the file is damaged; what came before it is sound."""
    with path.open("rb") as file:
        try:
            for source_key, entry in ijson.kvitems(file, "profiles", use_float=True):
                yield str(source_key), _entry(entry)
        except ijson.JSONError as error:
            raise TransientError("The export file is damaged. Ask APSIS One for a new export.") from error


def iter_profiles(path: Path, tag_names: Mapping[str, str] | None = None) -> Iterator[tuple[str, Json]]:
    """(source key, raw) for every profile of an export file; tags by name where `tag_names` knows them."""
    for source_key, entry in iter_entries(path):
        yield source_key, raw_of(entry, tag_names or {})


def iter_events(path: Path) -> Iterator[tuple[str, Event]]:
    """(source key, event) for every event of an export file, profile by profile."""
    for source_key, entry in iter_entries(path):
        for event in events_of(entry):
            yield source_key, event


def raw_of(entry: Json, tag_names: Mapping[str, str]) -> Json:
    """What staging stores of one entry: everything but its events."""
    return {"sections": {name: _section(data, tag_names) for name, data in _sections(entry)}}


def events_of(entry: Json) -> Iterator[Event]:
    """The events of one entry. The key is the same in every extraction; exact repeats are numbered."""
    seen: Counter[str] = Counter()
    for section, data in _sections(entry):
        for row in _rows(data.get("events")):
            event = _event(section, row)
            repeat = seen[event.key]
            seen[event.key] += 1
            yield event if not repeat else _repeated(event, repeat)


def profile_of(source_key: str, raw: Mapping[str, JsonValue]) -> Profile:
    """A staged profile as a value."""
    sections = dict(_sections(raw))
    return Profile(
        source_key=source_key,
        values=dict(_values(sections)),
        sections=tuple(sections),
        tags=tuple((name, tag) for name, data in sections.items() for tag in _texts(data.get("tags"))),
        consents=tuple(consents_of(raw)),
        suppressed=frozenset(_suppressed(raw)),
    )


def with_consents(raw: Mapping[str, JsonValue], answers: Mapping[str, Json]) -> Json:
    """The raw profile with the consents of some Sections; `answers` are client.consents by Section."""
    held = raw.get("consents")
    consents: Json = dict(held) if isinstance(held, dict) else {}
    consents |= {section: list[JsonValue](_rows(answer.get("items"))) for section, answer in answers.items()}
    rows = {checksum(row): row for row in _rows(raw.get("suppression"))}
    for answer in answers.values():
        rows |= {checksum(row): row for row in _rows(answer.get("suppressions"))}
    return {**raw, "consents": consents, "suppression": list(rows.values())}


def consent_sections(raw: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The Sections whose consents have to be asked for: those with topic states, else the first one with an
    address, because only that answer tells whether the address is suppressed."""
    sections = dict(_sections(raw))
    with_topics = tuple(name for name, data in sections.items() if data.get("topics"))
    reachable = tuple(name for name, data in sections.items() if any(_addresses(data)))
    return with_topics or reachable[:1]


def addresses_of(raw: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Every e-mail address and mobile number of a profile, each once: suppression is asked for by address."""
    found = [address for _, data in _sections(raw) for address in _addresses(data)]
    return tuple(dict.fromkeys(found))


def consents_of(raw: Mapping[str, JsonValue]) -> Iterator[Consent]:
    """The consents of a staged profile. Rows that were asked for tell when; topic states of the export do
    not, and stand in only for Sections that were not asked for."""
    asked = raw.get("consents")
    asked = asked if isinstance(asked, dict) else {}
    for section, rows in asked.items():
        yield from _consents(section, _rows(rows))
    for section, data in _sections(raw):
        if section not in asked:
            yield from _consents(section, _rows(data.get("topics")))


def moment_of(value: JsonValue) -> datetime | None:
    """A moment as APSIS One writes it: ISO 8601, Unix seconds or milliseconds; None for 0 and the rest."""
    if isinstance(value, bool) or value in (None, "", 0, "0"):
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _consents(section: str, rows: Iterable[Json]) -> Iterator[Consent]:
    for row in rows:
        channel = CHANNELS.get(str(row.get("channel_discriminator")))
        if channel is not None:
            changed = moment_of(row.get("modified_at"))
            yield Consent(
                section=section,
                topic=str(row.get("topic_discriminator") or ""),
                channel=channel,
                state=_state(row.get("type")),
                modified_at=changed.strftime("%Y-%m-%dT%H:%M:%SZ") if changed else "",
            )


def _state(value: JsonValue) -> ConsentState:
    # A type that nobody knows permits nothing.
    known = {state.value for state in ConsentState}
    return ConsentState(str(value)) if value in known else ConsentState.PENDING


def _suppressed(raw: Mapping[str, JsonValue]) -> Iterator[Channel]:
    for row in _rows(raw.get("suppression")):
        channel = CHANNELS.get(str(row.get("channel_discriminator")))
        if channel is not None and row.get("suppressed") is not False:
            yield channel


def _section(data: Json, tag_names: Mapping[str, str]) -> Json:
    attributes = data.get("attributes")
    section: Json = {
        "attributes": dict(attributes) if isinstance(attributes, dict) else {},
        "tags": [tag_names.get(tag, tag) for tag in _texts(data.get("tags"))],
    }
    return section | ({"topics": list[JsonValue](_rows(data["topics"]))} if data.get("topics") else {})


def _values(sections: Mapping[str, Json]) -> Iterator[tuple[tuple[str, str], JsonValue]]:
    for name, data in sections.items():
        attributes = data.get("attributes")
        for discriminator, value in attributes.items() if isinstance(attributes, dict) else ():
            if value is not None:
                yield (name, discriminator), value


def _event(section: str, row: Json) -> Event:
    data = row.get("data")
    kind = str(row.get("discriminator") or row.get("version_id") or "")
    # Old events may lack a time of their own; the server's is the next best (reference 9.7).
    occurred = moment_of(row.get("event_time")) or moment_of(row.get("server_time")) or EPOCH
    content = data if isinstance(data, dict) else {}
    key = checksum([section, kind, occurred.isoformat(), content])
    return Event(key=key, section=section, type=kind, occurred_at=occurred, data=content)


def _repeated(event: Event, repeat: int) -> Event:
    key = checksum([event.key, repeat])
    return Event(key, event.section, event.type, event.occurred_at, event.data)


def _addresses(data: Json) -> Iterator[str]:
    attributes = data.get("attributes")
    for name in (EMAIL_ATTRIBUTE, MOBILE_ATTRIBUTE) if isinstance(attributes, dict) else ():
        value = attributes.get(name) if isinstance(attributes, dict) else None
        if isinstance(value, str | int) and str(value).strip():
            yield str(value).strip()


def _sections(raw: Mapping[str, JsonValue]) -> Iterator[tuple[str, Json]]:
    sections = raw.get("sections")
    for name, data in sections.items() if isinstance(sections, dict) else ():
        yield name, data if isinstance(data, dict) else {}


def _entry(entry: Any) -> Json:
    cleaned = sound(entry)
    return cleaned if isinstance(cleaned, dict) else {}


def _rows(value: JsonValue) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _texts(value: JsonValue) -> list[str]:
    """Names in a list, or the keys of a map whose values are true: both spellings of a profile's tags."""
    if isinstance(value, dict):
        return [str(name) for name, held in value.items() if held]
    return [str(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []
