"""The fields every account has, per entity: code, name, type. Data only."""

Entry = tuple[str, str, str]

_COUNTS: tuple[Entry, ...] = (
    ("open_deals_count", "Open deals", "int"),
    ("won_deals_count", "Won deals", "int"),
    ("lost_deals_count", "Lost deals", "int"),
    ("closed_deals_count", "Closed deals", "int"),
    ("activities_count", "Total activities", "int"),
    ("done_activities_count", "Done activities", "int"),
    ("undone_activities_count", "Activities to do", "int"),
    ("email_messages_count", "Email messages count", "int"),
    ("next_activity_date", "Next activity date", "date"),
    ("last_activity_date", "Last activity date", "date"),
)
_STAMPS: tuple[Entry, ...] = (
    ("id", "ID", "int"),
    ("owner_id", "Owner", "user"),
    ("visible_to", "Visible to", "visible_to"),
    ("add_time", "Created", "date"),
    ("update_time", "Update time", "date"),
)

SYSTEM_FIELDS: dict[str, tuple[Entry, ...]] = {
    "person": (
        ("name", "Name", "varchar"),
        ("first_name", "First name", "varchar"),
        ("last_name", "Last name", "varchar"),
        ("label_ids", "Labels", "set"),
        ("phone", "Phone", "phone"),
        ("email", "Email", "varchar"),
        ("org_id", "Organization", "org"),
        ("picture_id", "Profile picture", "picture"),
        *_STAMPS,
        *_COUNTS,
    ),
    "organization": (
        ("name", "Name", "varchar"),
        ("label_ids", "Labels", "set"),
        ("address", "Address", "address"),
        ("people_count", "People", "int"),
        ("website", "Website", "varchar"),
        ("linkedin", "LinkedIn profile", "varchar"),
        ("industry", "Industry", "enum"),
        ("annual_revenue", "Annual revenue", "monetary"),
        ("employee_count", "Number of employees", "int"),
        *_STAMPS,
        *_COUNTS,
    ),
    "deal": (
        ("title", "Title", "varchar"),
        ("value", "Value", "monetary"),
        ("label_ids", "Labels", "set"),
        ("person_id", "Contact person", "people"),
        ("org_id", "Organization", "org"),
        ("pipeline", "Pipeline", "double"),
        ("stage_id", "Stage", "stage"),
        ("status", "Status", "status"),
        ("probability", "Probability", "int"),
        ("lost_reason", "Lost reason", "varchar_options"),
        ("expected_close_date", "Expected close date", "date"),
        ("stage_change_time", "Last stage change", "date"),
        ("close_time", "Deal closed on", "date"),
        ("won_time", "Won time", "date"),
        ("lost_time", "Lost time", "date"),
        *_STAMPS,
        *_COUNTS[4:],
    ),
    "activity": (
        ("subject", "Subject", "varchar"),
        ("type", "Type", "varchar"),
        ("due_date", "Due date", "date"),
        ("due_time", "Due time", "time"),
        ("duration", "Duration", "time"),
        ("done", "Done", "boolean"),
        ("marked_as_done_time", "Marked as done time", "date"),
        ("person_id", "Contact person", "people"),
        ("org_id", "Organization", "org"),
        ("deal_id", "Deal", "deal"),
        ("location", "Location", "address"),
        ("public_description", "Public description", "text"),
        ("note", "Note", "text"),
        ("busy", "Busy", "boolean"),
        ("priority", "Priority", "enum"),
        *_STAMPS,
    ),
    "note": (
        ("id", "ID", "int"),
        ("content", "Content", "text"),
        ("person_id", "Person", "people"),
        ("org_id", "Organization", "org"),
        ("deal_id", "Deal", "deal"),
        ("user_id", "Author", "user"),
        ("add_time", "Created", "date"),
        ("update_time", "Update time", "date"),
    ),
}

CUSTOM_TYPES = frozenset(
    [
        "varchar",
        "varchar_auto",
        "text",
        "double",
        "monetary",
        "enum",
        "set",
        "user",
        "org",
        "people",
        "phone",
        "date",
        "daterange",
        "time",
        "timerange",
        "address",
    ]
)

SUBFIELDS: dict[str, tuple[Entry, ...]] = {
    "monetary": (("value", "Amount", "double"), ("currency", "Currency", "varchar")),
    "daterange": (("value", "Start date", "date"), ("until", "End date", "date")),
    "time": (("value", "Time", "time"), ("timezone_name", "Time zone", "varchar")),
    "timerange": (
        ("value", "Start time", "time"),
        ("until", "End time", "time"),
        ("timezone_name", "Time zone", "varchar"),
    ),
    "address": tuple(
        (part, part.replace("_", " ").capitalize(), "varchar")
        for part in [
            "value",
            "country",
            "admin_area_level_1",
            "admin_area_level_2",
            "locality",
            "sublocality",
            "route",
            "street_number",
            "subpremise",
            "postal_code",
        ]
    ),
}
