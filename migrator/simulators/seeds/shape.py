"""What an APSIS One account defines, as plain values: Sections, attributes, tags, events, topics, segments.

It holds no people; those are made one by one, on demand, from a shape and a seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrator.simulators.seeds.event_kinds import EVENT_KINDS, EventKind
from migrator.simulators.seeds.vocabulary import Vocabulary

DEFAULTS = (
    ("First name", "com.apsis1.attributes.firstname", "firstname", "text"),
    ("Last name", "com.apsis1.attributes.lastname", "lastname", "text"),
    ("Email", "com.apsis1.attributes.email", "email", "text"),
    ("Mobile", "com.apsis1.attributes.mobile", "mobile", "number"),
    ("Birth date", "com.apsis1.attributes.birthdate", "birthdate", "date"),
    ("CRM-ID", "com.apsis1.attributes.crmid", "crmid", "text"),
)
EMAIL_CHANNEL = "com.apsis1.channels.email"
SMS_CHANNEL = "com.apsis1.channels.sms"
EMAIL_KEYSPACE = "com.apsis1.keyspaces.email"
MOBILE_KEYSPACE = "com.apsis1.keyspaces.mobile"
CRM_KEYSPACE = "com.apsis1.keyspaces.crm-id"
EXPORT_KEYSPACE = "com.apsis1.keyspaces.export"
WEB_KEYSPACE = "com.apsis1.keyspaces.web"


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """One attribute as a shape writes it. `kind` says which values it holds; `slug` only where it disagrees
    with the name (a renamed attribute keeps its old discriminator); `old` gives it a deprecated version."""

    name: str
    kind: str
    fill: float
    slug: str = ""
    old: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic; one without a single channel serves both (older accounts)."""

    name: str
    folder: str
    channels: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class SectionSpec:
    """One Section as a shape writes it. `slug` is the readable part of its discriminator where that is not the
    name, "" where it has none (older accounts); `discriminator` is the whole of it where nobody made it up."""

    name: str
    country: str
    weight: float
    attributes: tuple[AttributeSpec, ...]
    tags: tuple[tuple[str, float], ...]
    rare_tags: tuple[tuple[str, int], ...]
    topics: tuple[TopicSpec, ...]
    campaigns: tuple[str, ...]
    words: Vocabulary
    description: str | None = None
    slug: str | None = None
    discriminator: str = ""
    crm: bool = False
    crm_lists: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ShapeSpec:
    """A whole account as a person writes it down; `Shape` is what is built from it.

    `people` work there: the first five own records, the last of them has left. `history_days` is how far the
    events reach back and `years` those of its send-outs. `old_connector` was uninstalled; with
    `stale_attributes` what it wrote is still there. `crm_in_crm_id` says that the CRM's ids are keys of the
    CRM-ID keyspace and of none of the connector's own (reference 13: by the age of the account).
    """

    title: str
    domain: str
    sections: tuple[SectionSpec, ...]
    people: tuple[str, ...]
    connector: str = "webcrm"
    old_connector: str = "dynamics"
    stale_attributes: bool = False
    crm_in_crm_id: bool = False
    events: tuple[EventKind, ...] = EVENT_KINDS
    history_days: int = 730
    years: tuple[int, ...] = (2024, 2025, 2026)
    varied_companies: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    id: str
    type: str
    created_at: str
    deprecated_at: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    section: str
    discriminator: str
    name: str
    description: str | None
    kind: str
    fill: float
    versions: tuple[Version, ...]

    @property
    def live(self) -> Version:
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Tag:
    """`share` of the Section's profiles carry it; a rare one has its profiles listed in `only`. `linked` means
    that it mirrors a list of the CRM, so that only people whom the CRM sent carry it."""

    section: str
    discriminator: str
    name: str
    share: float
    only: tuple[int, ...] = ()
    linked: bool = False


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event of a Section; its events are kept for `years`."""

    section: str
    discriminator: str
    name: str
    description: str | None
    kind: str
    weight: float
    versions: tuple[Version, ...]
    schema: tuple[tuple[str, str], ...]
    years: int = 2

    @property
    def live(self) -> Version:
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Topic:
    section: str
    discriminator: str
    name: str
    folder: str
    channels: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Keyspace:
    discriminator: str
    name: str
    manage_subscriptions: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A live filter. `rule` is a tree of {"all"|"any": [...]}, {"not": ...} and leaves
    {"attribute"|"tag"|"consent"|"event"|"section": ...}."""

    discriminator: str
    name: str
    description: str | None
    rule: Mapping[str, Any]
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """An e-mail send-out or a Marketing Automation flow: an id, a name and a state, never its content."""

    id: str
    name: str
    section: str
    state: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Section:
    """One Section with everything that is defined in it."""

    discriminator: str
    name: str
    description: str | None
    country: str
    weight: float
    crm: bool
    attributes: tuple[Attribute, ...]
    tags: tuple[Tag, ...]
    events: tuple[EventType, ...]
    topics: tuple[Topic, ...]
    campaigns: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything an account defines."""

    title: str
    domain: str
    sections: tuple[Section, ...]
    keyspaces: tuple[Keyspace, ...]
    segments: tuple[Segment, ...]
    flows: tuple[Activity, ...]
    connector: str
    crm_keyspace: str
    options: Mapping[str, Any]
    lead_keyspace: str = ""
    old_keyspace: str = ""

    def section(self, discriminator: str) -> Section | None:
        """The Section of that discriminator, or None."""
        return next((s for s in self.sections if s.discriminator == discriminator), None)
