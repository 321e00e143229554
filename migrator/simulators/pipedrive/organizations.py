"""Organizations: nothing is derived, names may repeat."""

from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.persons import searchable
from migrator.simulators.pipedrive.records import RecordKind
from migrator.simulators.pipedrive.state import Doc

_OPTIONAL = tuple(
    [
        "next_activity_id",
        "last_activity_id",
        "open_deals_count",
        "related_open_deals_count",
        "closed_deals_count",
        "related_closed_deals_count",
        "email_messages_count",
        "people_count",
        "activities_count",
        "done_activities_count",
        "undone_activities_count",
        "files_count",
        "notes_count",
        "followers_count",
        "won_deals_count",
        "related_won_deals_count",
        "lost_deals_count",
        "related_lost_deals_count",
        "smart_bcc_email",
    ]
)


def organization_text(doc: Doc) -> str:
    """All searchable text of an organization, lower case."""
    parts = [doc["name"], *searchable(doc["address"])]
    for value in doc["custom_fields"].values():
        parts += searchable(value)
    return "\n".join(parts).lower()


def _settle(call: Call, doc: Doc, body: Doc, creating: bool) -> None:
    pass


ORGANIZATION = RecordKind(
    kind="organizations",
    entity="organization",
    title="Organization",
    schema={
        "name": rules.text(255, empty=False),
        "owner_id": rules.integer,
        "visible_to": rules.integer,
        "label_ids": rules.or_null(rules.array(rules.integer, most=100)),
        "address": rules.or_null(rules.ADDRESS),
        "website": rules.or_null(rules.text(1_000)),
        "linkedin": rules.or_null(rules.text(1_000)),
        "industry": rules.or_null(rules.integer),
        "annual_revenue": rules.or_null(rules.integer),
        "employee_count": rules.or_null(rules.integer),
        "custom_fields": lambda value, name: value,
    },
    create_only={"add_time": rules.moment},
    required=("name",),
    defaults={
        "name": None,
        "owner_id": None,
        "add_time": None,
        "update_time": None,
        "visible_to": None,
        "address": None,
        "label_ids": [],
        "website": None,
        "linkedin": None,
        "industry": None,
        "annual_revenue": None,
        "employee_count": None,
        "custom_fields": {},
    },
    settle=_settle,
    search_text=organization_text,
    selectors={"owner_id": "owner_id=?"},
    optional=_OPTIONAL,
)
