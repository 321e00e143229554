"""What screens call the kinds, phases and acts of a run. States have their words in `migrator.choices`."""

from migrator.engine.operations import Act
from migrator.engine.phases.histories import Fidelity
from migrator.engine.records import Kind

KINDS: dict[str, str] = {
    Kind.FIELD: "Custom fields",
    Kind.LABEL: "Labels",
    Kind.ORGANIZATION: "Organizations",
    Kind.PERSON: "Persons",
    Kind.DEAL: "Deals",
    Kind.ACTIVITY: "Activities",
    Kind.NOTE: "Notes",
}
SINGLE: dict[str, str] = {
    Kind.FIELD: "custom field",
    Kind.LABEL: "label",
    Kind.ORGANIZATION: "Organization",
    Kind.PERSON: "Person",
    Kind.DEAL: "Deal",
    Kind.ACTIVITY: "Activity",
    Kind.NOTE: "Note",
}
# What one line of a kind is made from, for the column that says how many were read.
READ_AS: dict[str, str] = {Kind.PERSON: "profiles", Kind.ACTIVITY: "histories"}
PHASES: dict[str, str] = {
    "definitions": "Sections, attributes and event types",
    "profiles": "Profiles",
    "consents": "Consents",
    "events": "Events",
    "target": "Pipedrive",
    "values": "Values",
    "inventory": "Inventory and proposals",
    "model": "Second opinion of a language model",
    "measure": "Conversions over all values",
    "plan": "Plan",
    "preview": "Preview",
    "fields": KINDS[Kind.FIELD],
    "labels": KINDS[Kind.LABEL],
    "organizations": KINDS[Kind.ORGANIZATION],
    "persons": KINDS[Kind.PERSON],
    "deals": KINDS[Kind.DEAL],
    "activities": KINDS[Kind.ACTIVITY],
    "notes": KINDS[Kind.NOTE],
    "balance": "Row-count reconciliation",
}
# What the reading phases count.
UNITS = {
    "profiles": "profiles",
    "consents": "profiles",
    "events": "events",
    "target": "records",
    "values": "profiles",
    "measure": "conversions",
    "plan": "profiles",
}
BUCKETS: dict[str, str] = {
    Act.CREATE: "created",
    Act.UPDATE: "updated",
    Act.UNCHANGED: "unchanged",
    Act.MERGE: "merged",
    Act.HOLD: "held",
    Act.EXCLUDE: "excluded",
    Act.DELETE: "removed",
    Act.RESTORE: "restored",
}
# Where people say another word than the address does.
SAID = {"excluded": "skipped"}
FIDELITIES: dict[str, tuple[str, str]] = {
    Fidelity.HISTORY: (
        "One history per profile",
        "E-mail in one dated Activity, web visits in one Note. Cheapest way to keep everything readable.",
    ),
    Fidelity.DIGEST: (
        "One digest per profile and month",
        "An Activity and a Note for each month in which something happened.",
    ),
    Fidelity.EACH: (
        "Every event its own record",
        "Each open, click and visit is an Activity or a Note of its own. Costs the most tokens and days.",
    ),
    Fidelity.ARCHIVE: (
        "Archive only",
        "No event is written. They stay in APSIS One and are counted in the report.",
    ),
}


def kind_words(kind: str, count: int) -> str:
    """ "1 Person", "2,301 Persons"; fields and labels keep their small letter inside a sentence."""
    words = SINGLE.get(kind, kind) if count == 1 else KINDS.get(kind, kind)
    small = kind in (Kind.FIELD, Kind.LABEL)
    return f"{count:,} {words.lower() if small else words}"
