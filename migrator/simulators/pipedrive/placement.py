"""Where a field shows in the web screens: the three optional objects of v2's field addresses, per entity."""

from typing import Any

from migrator.simulators.pipedrive import rules
from migrator.simulators.pipedrive.errors import invalid
from migrator.simulators.pipedrive.state import Doc

NAMESPACES = ("ui_visibility", "important_fields", "required_fields")
_SHOWN: Doc = {"add_visible_flag": False, "details_visible_flag": True}
_ASKED_FOR: Doc = {"show": False, "order": None}
_SHOWN_ON: dict[str, Doc] = {
    "person": {"show_in_add_deal_dialog": _ASKED_FOR},
    "organization": {
        **dict.fromkeys((f"{place}_detail_visible_flag" for place in ("org", "person", "deal")), True),
        **dict.fromkeys(("show_in_add_deal_dialog", "show_in_add_person_dialog"), _ASKED_FOR),
    },
    "deal": {
        "projects_detail_visible_flag": False,
        "show_in_pipelines": {"show_in_all": True, "pipeline_ids": []},
    },
}
_FLAGS: rules.Schema = dict.fromkeys(("add_visible_flag", "details_visible_flag"), rules.boolean)
_IDS = rules.array(rules.integer)
_DIALOG = rules.record({"show": rules.boolean, "order": rules.integer})


def _outcomes(value: Any, name: str) -> Any:
    # By stage id: at which outcome of a deal the field is required.
    if not isinstance(value, dict):
        raise invalid(f"{name}: Expected 'object' as value")
    check = rules.array(rules.one_of("won", "lost"))
    return {stage: check(outcomes, f"{name}.{stage}") for stage, outcomes in value.items()}


_VISIBLE: dict[str, rules.Schema] = {
    "person": {**_FLAGS, "show_in_add_deal_dialog": _DIALOG},
    "organization": {**_FLAGS, "show_in_add_deal_dialog": _DIALOG, "show_in_add_person_dialog": _DIALOG},
    "deal": {
        **_FLAGS,
        "projects_detail_visible_flag": rules.boolean,
        "show_in_pipelines": rules.record({"show_in_all": rules.boolean, "pipeline_ids": _IDS}),
    },
}
_REQUIRED: dict[str, rules.Schema] = {
    "deal": {"enabled": rules.boolean, "stage_ids": _IDS, "statuses": _outcomes},
}


def shown(entity: str, placed: Doc, namespace: str) -> Doc:
    """One of the three objects of a field: its defaults with what was sent over them."""
    defaults: dict[str, Doc] = {
        "ui_visibility": {**_SHOWN, **_SHOWN_ON.get(entity, {})},
        "important_fields": {"enabled": False, "stage_ids": []},
        "required_fields": {"enabled": False}
        | ({"stage_ids": [], "statuses": {}} if entity == "deal" else {}),
    }
    return {**defaults[namespace], **placed.get(namespace, {})}


def namespaces(entity: str) -> tuple[str, ...]:
    """Those of the three that fields of this entity have; fields of products have one."""
    return NAMESPACES[:1] if entity == "product" else NAMESPACES


def checks(entity: str) -> dict[str, rules.Check]:
    """The body keys that place a field of this entity; unknown keys and wrong types inside them are refused."""
    found = {
        "ui_visibility": rules.record(_VISIBLE.get(entity, _FLAGS)),
        "important_fields": rules.record({"enabled": rules.boolean, "stage_ids": _IDS}),
        "required_fields": rules.record(_REQUIRED.get(entity, {"enabled": rules.boolean})),
    }
    return {name: found[name] for name in namespaces(entity)}
