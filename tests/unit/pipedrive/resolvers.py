"""A resolver over lists in memory, for tests that need no account."""

from typing import Any

from migrator.pipedrive.fields import Resolver

MARKER, SIZE, CONSENT, TOPICS, SPEND, STREET, KEEPER, BORN = (f"{n:040x}" for n in range(1, 9))

LISTS: dict[str, list[dict[str, Any]]] = {
    "person_fields": [
        {"field_code": "name", "field_name": "Name", "field_type": "varchar", "is_custom_field": False},
        {
            "field_code": "label_ids",
            "field_name": "Labels",
            "field_type": "set",
            "is_custom_field": False,
            "options": [{"id": 1, "label": "VIP"}, {"id": 2, "label": "Customer"}],
        },
        {
            "field_code": MARKER,
            "field_name": "Crosswalk ID",
            "field_type": "varchar",
            "is_custom_field": True,
        },
        {"field_code": SIZE, "field_name": "Shoe size", "field_type": "double", "is_custom_field": True},
        {
            "field_code": CONSENT,
            "field_name": "Email consent",
            "field_type": "enum",
            "is_custom_field": True,
            "options": [{"id": 11, "label": "Yes"}, {"id": 12, "label": "No"}],
        },
        {
            "field_code": TOPICS,
            "field_name": "Topics: news",
            "field_type": "set",
            "is_custom_field": True,
            "options": [{"id": 21, "label": "Ski"}, {"id": 22, "label": "Bike"}],
        },
        {"field_code": SPEND, "field_name": "Spend", "field_type": "monetary", "is_custom_field": True},
        {"field_code": STREET, "field_name": "Street", "field_type": "address", "is_custom_field": True},
        {"field_code": KEEPER, "field_name": "Keeper", "field_type": "user", "is_custom_field": True},
        {"field_code": BORN, "field_name": "Born", "field_type": "date", "is_custom_field": True},
    ],
    "organization_fields": [
        {
            "field_code": "a" * 40,
            "field_name": "Crosswalk ID",
            "field_type": "varchar",
            "is_custom_field": True,
        },
    ],
    "deal_fields": [
        {
            "field_code": "d" * 40,
            "field_name": "Crosswalk ID",
            "field_type": "varchar",
            "is_custom_field": True,
        },
    ],
    "users": [
        {"id": 7, "email": "Kari@Example.org", "name": "Kari Nordmann", "active_flag": True},
        {"id": 8, "email": "left@example.org", "name": "Gone", "active_flag": False},
        {"id": 9, "email": "boss@example.org", "name": "Boss", "active_flag": True},
    ],
    "activity_types": [
        {"key_string": "task", "name": "Task", "active_flag": True},
        {"key_string": "video_call", "name": "Video call", "active_flag": True},
        {"key_string": "old", "name": "Old", "active_flag": False},
    ],
    "pipelines": [{"id": 1, "name": "Sales"}, {"id": 2, "name": "Renewals"}],
    "stages": [
        {"id": 31, "name": "Won over", "pipeline_id": 1},
        {"id": 32, "name": "Won over", "pipeline_id": 2},
        {"id": 33, "name": "Gone", "pipeline_id": 1, "is_deleted": True},
    ],
}


class Lists:
    """Gives the lists and counts how often each was read."""

    def __init__(self, **changed: list[dict[str, Any]]) -> None:
        self.lists = {**LISTS, **changed}
        self.read: list[str] = []

    def __call__(self, name: str) -> list[dict[str, Any]]:
        self.read.append(name)
        return self.lists[name]


def resolver(**more: Any) -> Resolver:
    return Resolver(Lists(), **more)
