"""Every body whose shape public documentation leaves open, in one place: replace it here when a real one is seen.

Each function says how sure its shape is: documented, seen in clients, or assumed. Sections of the reference are
in brackets. Nothing here decides what is answered, only how it looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from migrator.simulators.seeds.consents import Consent
from migrator.simulators.seeds.shape import (
    Activity,
    Attribute,
    EventType,
    Keyspace,
    Segment,
    Tag,
    Topic,
    Version,
)
from migrator.simulators.seeds.shape import Section as SectionDefinition
from migrator.simulators.seeds.source import Event

Row = dict[str, Any]


def items(rows: Iterable[Row]) -> Row:
    """Documented [2.5]: lists come whole, wrapped in `items`."""
    return {"items": list(rows)}


# --- definitions ---


def section_row(section: SectionDefinition) -> Row:
    """Documented [3.2]."""
    return {
        "discriminator": section.discriminator,
        "name": section.name,
        "description": section.description,
    }


def keyspace_row(keyspace: Keyspace) -> Row:
    """`discriminator` seen, `manage_subscriptions` documented, `name` assumed [3.4]."""
    return {
        "discriminator": keyspace.discriminator,
        "name": keyspace.name,
        "manage_subscriptions": keyspace.manage_subscriptions,
    }


def version_row(version: Version) -> Row:
    """`id` and `deprecated_at` seen, `created_at` assumed [4.1]."""
    return {"id": version.id, "deprecated_at": version.deprecated_at, "created_at": version.created_at}


def attribute_row(attribute: Attribute) -> Row:
    """`discriminator`, `versions` seen; `name`, `description` and the version's `type` assumed [4.1]."""
    return {
        "discriminator": attribute.discriminator,
        "name": attribute.name,
        "description": attribute.description,
        "versions": [{**version_row(v), "type": v.type} for v in attribute.versions],
    }


def tag_row(tag: Tag) -> Row:
    """Assumed [5]."""
    return {"discriminator": tag.discriminator, "name": tag.name}


def event_type_row(event: EventType) -> Row:
    """Documented but for `versions` (seen) and the `schema` in them (assumed) [6.1]."""
    return {
        "name": event.name,
        "discriminator": event.discriminator,
        "description": event.description,
        "versions": [{**version_row(v), "schema": dict(event.schema)} for v in event.versions],
    }


def topic_row(topic: Topic) -> Row:
    """Documented but for the channel, which is assumed: null where a topic serves both [7.3]."""
    return {
        "discriminator": topic.discriminator,
        "name": topic.name,
        "folder_discriminator": topic.folder,
        "channel_discriminator": topic.channels[0] if len(topic.channels) == 1 else None,
    }


def folder_row(discriminator: str) -> Row:
    """A topic folder (2.0) or consent list (1.0): documented for the latter [7.2], assumed for the former."""
    words = discriminator.removeprefix("usercreated.targets.").rpartition("-")[0]
    name = words.replace("_", " ").capitalize() or "Folder"
    return {"discriminator": discriminator, "name": name, "description": None}


def segment_row(segment: Segment) -> Row:
    """`discriminator` and `name` seen, the rest assumed [8]."""
    return {
        "discriminator": segment.discriminator,
        "name": segment.name,
        "description": segment.description,
        "versions": [version_row(v) for v in segment.versions],
    }


def segment_version_row(segment: Segment, version: Version, *, rule: bool, aql: str | None) -> Row:
    """Assumed [8]; `definition` (a tree) and `segment_definition` (AQL) only where switched on."""
    row = {**version_row(version), "discriminator": segment.discriminator, "name": segment.name}
    if rule:
        row["definition"] = segment.rule
    if aql is not None:
        row["segment_definition"] = aql
    return row


def activity_row(activity: Activity) -> Row:
    """Assumed [12]."""
    return {
        "id": activity.id,
        "name": activity.name,
        "section_discriminator": activity.section,
        "state": activity.state,
        "updated_at": activity.updated_at,
    }


def activity_detail(activity: Activity, audiences: Mapping[str, str]) -> Row:
    """Assumed, but that a specific e-mail activity hands out AQL is documented [8, 12]."""
    rows = [{"name": name, "segment_definition": aql} for name, aql in audiences.items()]
    return {**activity_row(activity), "audiences": rows}


def permission_block(rights: Iterable[tuple[str, bool, bool]]) -> list[Row]:
    """Assumed [3.4]: (keyspace, may read, may write) as rows."""
    return [{"keyspace_discriminator": k, "read": read, "write": write} for k, read, write in rights]


# --- one profile ---


def tags_body(tags: Iterable[str]) -> Row:
    """Assumed [5]: each tag that is held with true, which a merge patch could write."""
    return dict.fromkeys(tags, True)


def event_row(event: Event, export_key: str, with_id: bool) -> Row:
    """Assumed [6.3]: mirrors the documented shape for writing."""
    row: Row = {
        "event_time": event.event_time,
        "version_id": event.version_id,
        "discriminator": event.discriminator,
        "data": event.data,
    }
    return {"id": f"{export_key}-{event.time}", **row} if with_id else row


def consent_row(consent: Consent, *, dated: bool) -> Row:
    """`reason`, `source`, `modified_at` documented, in model 2.0 only; the other names assumed [7.3]."""
    row = {
        "topic_discriminator": consent.topic,
        "channel_discriminator": consent.channel,
        "type": consent.type,
    }
    more = {"reason": consent.reason, "source": consent.source, "modified_at": consent.modified_at}
    return {**row, **more} if dated else row


def consents_body(rows: Sequence[Row], suppressions: Sequence[Row]) -> Row:
    """Assumed [7.3]: wrapper and the name of the suppressions."""
    return {"items": list(rows), "suppressions": list(suppressions)}


SUPPRESSION_PARAMETER = "suppression_addresses"  # assumed [7.3]: only its beginning is known


def suppression_row(channel: str, address: str, suppressed: bool) -> Row:
    """Assumed [7.3]."""
    return {"channel_discriminator": channel, "address": address, "suppressed": suppressed}


def evaluation_body(matches: Mapping[str, bool]) -> Row:
    """`matches.segments` seen, its form assumed [8]."""
    return {"matches": {"segments": dict(matches)}}


def address_evaluation_body(topics: Iterable[str]) -> Row:
    """Seen [7.2]: effective opt-ins of an address in a consent list; empty when there is none."""
    return items({"topic_discriminator": topic} for topic in topics)


# --- exports ---

EXPORT_STARTED = 202  # assumed [9.1]


def export_started(old: str | None, new: str | None) -> Row:
    """Both poll addresses are documented, that nothing else comes with them is assumed [9.1]. The old one is on
    its way out, and an older service may not know the new one: either may be missing."""
    addresses = {"file_download_url": old, "file_download_url_v2": new}
    return {name: address for name, address in addresses.items() if address is not None}


EXPORT_RUNNING: Row = {"status": "running"}  # assumed [9.1]


def topic_state(consent: Consent) -> Row:
    """Assumed [9.5]: the state of a topic inside export D, without dates."""
    return consent_row(consent, dated=False)


def tag_cell(held: bool) -> str:
    """Assumed [5]: a tag's column in a CSV file."""
    return "true" if held else "false"


def single_attribute(value: Any, history: Sequence[tuple[str, Any]] | None) -> Any:
    """Assumed [9.6]: the plain value, or with history an object; history sits inside attributes (documented)."""
    if history is None:
        return value
    return {"value": value, "history": [{"event_time": time, "value": old} for time, old in history]}


def single_metadata(sections: Mapping[str, tuple[Sequence[Row], Sequence[Row]]]) -> Row:
    """`metadata.sections.<id>.{attributes, events}` documented, that they are objects by discriminator assumed."""
    return {
        "sections": {
            name: {
                "attributes": {row["discriminator"]: row for row in attributes},
                "events": {row["discriminator"]: row for row in events},
            }
            for name, (attributes, events) in sections.items()
        }
    }


def callback(code: int, message: str) -> Row:
    """Documented for 100 and 200, assumed for a failure [9.6]."""
    return {"code": code, "message": message}


EMAIL_REPORT_STARTED = 202  # assumed [9.7]


def email_report_started(report_id: str) -> Row:
    """Assumed [9.7]."""
    return {"report_id": report_id}


def email_report_status(status: str, file: Mapping[str, str] | None) -> Row:
    """`completed` and the names of the addresses documented; the other statuses assumed [9.7]."""
    return {"status": status, **(file or {})}


# --- imports ---

IMPORT_STARTED = 201  # assumed [10]


def import_started(import_id: str, url: str, expires_at: str, fields: Mapping[str, str]) -> Row:
    """Seen in a client [10]."""
    return {
        "import_id": import_id,
        "file_upload_url": url,
        "file_upload_url_expires_at": expires_at,
        "file_upload_body": dict(fields),
    }


def import_status(import_id: str, status: str, counts: Mapping[str, int], errors: Sequence[str]) -> Row:
    """`result.status` seen [10]; the counts and errors beside it assumed."""
    return {"import_id": import_id, "result": {"status": status, **counts, "errors": list(errors)}}
