"""The request that starts an import: both versions read into one checked plan (reference 10).

Every refusal is a 400, 403 or 404 of the reference; unknown keys of the body are ignored, since the names of
some mappings are not documented.
"""

from typing import Any

from migrator.simulators.apsis_one.bodies import flag_of, rows_of, text_of
from migrator.simulators.apsis_one.definitions import check_model
from migrator.simulators.apsis_one.permissions import check_manages_subscriptions, check_writable, may_write
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.seeds.shape import Section

Plan = dict[str, Any]
_TYPES = ("opt-in", "opt-out")


def read_plan(state: ApsisState, section: Section, body: dict[str, Any], version: int) -> Plan:
    """{"keys": [[keyspace, column]], "options", "attributes", "tags", "consents"}, all checked."""
    keys = _keys_v1(state, body) if version == 1 else _keys_v2(body)
    for keyspace, _ in keys:
        check_writable(state, keyspace)
    plan: Plan = {
        "keys": keys,
        "merges": [row.get("merge_profiles") is True for row in body.get("keyspace_mappings", [])],
        "options": _options(body),
        "attributes": _attributes(state, section, body, keys),
        "tags": _tags(state, section, body, keys),
        "consents": _consents(state, section, body, version),
    }
    if plan["consents"]:
        for keyspace, _ in keys:
            check_manages_subscriptions(state, keyspace)
    return plan


def columns_of(plan: Plan) -> set[str]:
    """The columns that a file must have."""
    named = {column for column, *_ in (*plan["attributes"], *plan["tags"])}
    named |= {column for _, column in plan["keys"]}
    for address, column, *_ in plan["consents"]:
        named |= {name for name in (address, column) if name}
    return named


def _keys_v1(state: ApsisState, body: dict[str, Any]) -> list[tuple[str, str]]:
    rows = rows_of(body, "keyspace_mappings", state.settings.longest_list, required=True)
    return [(text_of(row, "keyspace_discriminator"), text_of(row, "field_selector")) for row in rows]


def _keys_v2(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Exactly one; a client of APSIS's own still spells it as a list of one (reference 10)."""
    row = body.get("keyspace_mapping")
    plural = body.get("keyspace_mappings")
    if row is None and isinstance(plural, list) and len(plural) == 1:
        row = plural[0]
    return [(text_of(row, "keyspace_discriminator"), text_of(row, "field_selector"))]


def _options(body: dict[str, Any]) -> dict[str, bool]:
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise ApiProblem(400, "options must be an object.")
    return {
        "update_existing_profiles": flag_of(options, "update_existing_profiles", True),
        "clear_existing_attributes": flag_of(options, "clear_existing_attributes"),
    }


def _attributes(
    state: ApsisState, section: Section, body: dict[str, Any], keys: list[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """(column, attribute, type) for each mapping; a version id or a discriminator names the attribute."""
    known = {v.id: a for a in section.attributes for v in a.versions}
    known |= {a.discriminator: a for a in section.attributes}
    found = []
    for row in rows_of(body, "attribute_mappings", state.settings.longest_list):
        wanted = str(row.get("attribute_version_id") or row.get("attribute_discriminator"))
        if wanted not in known:
            raise ApiProblem(400, f"attribute_mappings: {wanted} is not an attribute of the section.")
        _check_rights(state, known[wanted].discriminator, keys)
        found.append((text_of(row, "field_selector"), known[wanted].discriminator, known[wanted].live.type))
    return found


def _tags(
    state: ApsisState, section: Section, body: dict[str, Any], keys: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """(column, tag) for each mapping; the names are assumed."""
    known = {tag.discriminator for tag in section.tags}
    found = []
    for row in rows_of(body, "tag_mappings", state.settings.longest_list):
        wanted = text_of(row, "tag_discriminator")
        if wanted not in known:
            raise ApiProblem(400, f"tag_mappings: {wanted} is not a tag of the section.")
        _check_rights(state, wanted, keys)
        found.append((text_of(row, "field_selector"), wanted))
    return found


def _consents(
    state: ApsisState, section: Section, body: dict[str, Any], version: int
) -> list[tuple[str, str, str, str, str, bool]]:
    """(address column, column, topic, channel, type, again after an opt-out) for each consent.

    v1 hangs consents on an address column, v2 knows neither that nor lists and channels.
    """
    rows = rows_of(body, "consent_mappings", state.settings.longest_list)
    if rows and version == 1:
        check_model(state, "1.0")
    found = []
    for row in rows:
        address = text_of(row, "address_field_selector") if version == 1 else ""
        listed = (
            rows_of(row, "consents", state.settings.longest_list, required=True) if version == 1 else [row]
        )
        found += [(address, *_consent(section, entry)) for entry in listed]
    return found


def _consent(section: Section, row: dict[str, Any]) -> tuple[str, str, str, str, bool]:
    topic = next((t for t in section.topics if t.discriminator == row.get("topic_discriminator")), None)
    if topic is None:
        raise ApiProblem(400, "consent_mappings: topic_discriminator is not a topic of the section.")
    channel = row.get("channel_discriminator", topic.channels[0])
    type_ = row.get("type", "opt-in")
    if type_ not in _TYPES or channel not in topic.channels:
        raise ApiProblem(400, "consent_mappings: type or channel_discriminator does not fit the topic.")
    column = row.get("field_selector")
    again = flag_of(row, "resubscribe_if_opted_out")
    return (column if isinstance(column, str) else ""), topic.discriminator, channel, type_, again


def _check_rights(state: ApsisState, discriminator: str, keys: list[tuple[str, str]]) -> None:
    for keyspace, _ in keys:
        if not may_write(state, keyspace, discriminator):
            raise ApiProblem(403, f"{discriminator} may not be written through {keyspace}.")
