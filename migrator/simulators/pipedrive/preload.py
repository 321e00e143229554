"""What an account holds before the first request, by name; the simulator turns names into codes and ids.

Entries are plain dicts shaped like create bodies. A reference to another entry is its `key`, its name (title,
e-mail) or its position in the list; custom fields are keyed by field name, options are given by label.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Entry = dict[str, Any]
Ref = str | int

DEFAULT_LABELS = (
    ("Customer", "green"),
    ("Hot lead", "red"),
    ("Warm lead", "yellow"),
    ("Cold lead", "blue"),
)
DEFAULT_STAGES = ("Qualified", "Contact made", "Demo scheduled", "Proposal made", "Negotiations started")
DEFAULT_ACTIVITY_TYPES = (
    ("Call", "call"),
    ("Meeting", "meeting"),
    ("Task", "task"),
    ("Deadline", "deadline"),
    ("Email", "email"),
    ("Lunch", "lunch"),
)


@dataclass(frozen=True, slots=True)
class Preload:
    """The first contents of an account; `Preload()` is a new one.

    company            name, domain, country_code, default_currency
    users              name, email; optional is_admin (True), active_flag, token, timezone_name, locale.
                       The first one owns the account and gets the settings' token when it has none
    person_fields, organization_fields, deal_fields
                       field_name, field_type; options: list of labels
    person_labels, organization_labels, deal_labels
                       labels as text, or (text, colour); the four of a new account when None
    pipelines          name; stages: list of names. One "Pipeline" with five stages when None
    activity_types     name; optional icon_key, color. Added to the six of a new account
    organizations      name; optional key, owner, labels [text], address, visible_to, add_time,
                       custom_fields {name: value}
    persons            name; optional key, owner, organization, emails, phones, labels [text], visible_to,
                       add_time, custom_fields {name: value}
    deals              title; person and/or organization; optional key, owner, pipeline, stage, value,
                       currency, status, labels [text], custom_fields
    activities         subject, type (name or key_string); optional owner, person, organization, deal,
                       due_date, due_time, duration, done, note
    notes              content; one or more of person, organization, deal; optional author, add_time
    filters            name, type (people / org / deals / activity); all: [conditions], any: [conditions];
                       a condition is {field, operator, value}, the field by name or code, an option by label

    Organizations, persons, deals, activities and notes are read once, from first to last; anything that can be
    read again will do, so that a large account need not be in memory.

    Entries may also carry `update_time` (RFC3339) so that a seeded account does not look written today.
    as_of              Unix seconds at which everything without a time of its own was written; now when None.
                       A made-up account names it, so that the same seed gives the same bytes on every day
    profiles           how many profiles the made-up account behind it has; None where there is none
    """

    company: Entry | None = None
    users: Sequence[Entry] = ()
    person_fields: Sequence[Entry] = ()
    organization_fields: Sequence[Entry] = ()
    deal_fields: Sequence[Entry] = ()
    person_labels: Sequence[str | tuple[str, str]] | None = None
    organization_labels: Sequence[str | tuple[str, str]] | None = None
    deal_labels: Sequence[str | tuple[str, str]] | None = None
    pipelines: Sequence[Entry] | None = None
    activity_types: Sequence[Entry] = ()
    organizations: Iterable[Entry] = ()
    persons: Iterable[Entry] = ()
    deals: Iterable[Entry] = ()
    activities: Iterable[Entry] = ()
    notes: Iterable[Entry] = ()
    filters: Sequence[Entry] = ()
    as_of: float | None = None
    profiles: int | None = None
