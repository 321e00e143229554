"""The records on both sides as values: what was read from the source, what is meant for the target.

Payload bodies stay neutral of any vendor's ids: fields are named by reference, other records by key,
options by label; only the target's own package turns them into wire JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from migrator.engine.canonical import JsonValue, checksum


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


class ConsentState(StrEnum):
    """The four consent types of APSIS One (reference 7.3); only a plain or confirmed opt-in permits."""

    OPT_IN = "opt-in"
    OPT_OUT = "opt-out"
    PENDING = "pending-opt-in"
    CONFIRMED = "confirmed-opt-in"

    @property
    def permits(self) -> bool:
        return self in (ConsentState.OPT_IN, ConsentState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent of one profile in one Section; `modified_at` is ISO 8601 UTC or empty where unknown."""

    section: str
    topic: str
    channel: Channel
    state: ConsentState
    modified_at: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One source event. `key` is stable over extractions; `occurred_at` is aware, UTC."""

    key: str
    section: str
    type: str
    occurred_at: datetime
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """One source profile. `values` is keyed by (section discriminator, attribute discriminator)."""

    source_key: str
    values: Mapping[tuple[str, str], JsonValue]
    sections: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    consents: tuple[Consent, ...] = ()
    suppressed: frozenset[Channel] = frozenset()

    def first_value(self, refs: tuple[tuple[str, str], ...]) -> JsonValue:
        """The first value that is neither missing nor blank, in the order of `refs`."""
        for ref in refs:
            value = self.values.get(ref)
            if value is not None and value != "":
                return value
        return None


class Kind(StrEnum):
    """What an operation writes, in dependency order."""

    FIELD = "field"
    LABEL = "label"
    ORGANIZATION = "organization"
    PERSON = "person"
    DEAL = "deal"
    ACTIVITY = "activity"
    NOTE = "note"

    @property
    def order(self) -> int:
        return list(Kind).index(self)


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """What is meant for the target, free of the target's ids.

    `key` identifies it within its kind (for a person: the source key). Bodies by kind:

    - field: {"object", "name", "type", "options": [label], "existing": bool} (existing: only options are added)
    - label: {"options": [label]}
    - organization: {"name", "address"?, "custom": {field ref: value}}
    - person: {"name", "first_name"?, "last_name"?, "emails": [{"value", "label", "primary"}], "phones": [same],
      "organization": organization key or None, "owner": e-mail or None, "labels": [label],
      "custom": {field ref: value}}
    - deal: {"title", "person": source key, "organization": key or None, "value", "currency", "status",
      "pipeline", "stage", "expected_close_date", "owner", "custom"}
    - activity: {"subject", "type", "due_date", "due_time", "person": source key, "note": HTML}
    - note: {"content": HTML, "add_time": "YYYY-MM-DD HH:MM:SS" UTC, "person": source key}

    A custom value is a string, a number, a label (enum), a list of labels (set), "YYYY-MM-DD" (date) or
    {"value", "currency"} (monetary). `source_count` says how many source records it holds.
    """

    kind: Kind
    key: str
    body: Mapping[str, JsonValue]
    source_count: int = 1

    @property
    def payload_sha(self) -> str:
        return checksum({"kind": self.kind.value, "key": self.key, "body": self.body})
