"""What may be done through a keyspace, and which profile a key leads to.

An unknown key is 404, a locked person 410. Permissions belong to keyspaces, attributes and events (reference
3.4); which ones a real account has is its administrator's choice, so ours come from the settings.
"""

from collections.abc import Iterator

from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.seeds.shape import EXPORT_KEYSPACE, Keyspace

_INTEGRATIONS = "com.apsis1.integrations."


def find_keyspace(state: ApsisState, discriminator: str) -> Keyspace:
    """The keyspace, or 404."""
    found = next((k for k in state.world.shape.keyspaces if k.discriminator == discriminator), None)
    if found is None:
        raise ApiProblem(404, f"There is no keyspace {discriminator}.")
    return found


def find_profile(state: ApsisState, keyspace: str, key: str) -> int:
    """The number of the profile behind a key, for reading: 403 where the keyspace may not read (assumed)."""
    find_keyspace(state, keyspace)
    if keyspace in state.settings.unreadable_keyspaces:
        raise ApiProblem(403, "This keyspace has no permission to read.")
    return present(state, keyspace, key)


def present(state: ApsisState, keyspace: str, key: str) -> int:
    """The number of the profile behind a key, or 404, or 410 for a locked one."""
    index = look_up(state, keyspace, key)
    if index is None:
        raise ApiProblem(404, "There is no such profile.")
    return index


def look_up(state: ApsisState, keyspace: str, key: str) -> int | None:
    """The number of the profile behind a key, None when there is none. Raises 410 for a locked one."""
    index = state.world.find(keyspace, key)
    reason = "" if index is None else state.world.gone(index)
    if reason == "locked":
        raise ApiProblem(410, "The profile is locked.")
    return None if reason else index


def check_writable(state: ApsisState, keyspace: str) -> None:
    """404 for an unknown keyspace; 403 for one that the account or the API key may only read."""
    find_keyspace(state, keyspace)
    if keyspace in state.settings.unwritable_keyspaces:
        raise ApiProblem(state.settings.unwritable_keyspace_status, "This keyspace is read-only.")
    check_key_may_write(state, keyspace)


def check_key_may_write(state: ApsisState, keyspace: str) -> None:
    """403 where the API key may only read through this keyspace (documented: H-apimgmt)."""
    if {keyspace, "*"} & {*state.caller.read_only_keyspaces}:
        raise ApiProblem(403, "The API key may only read through this keyspace.")


def check_manages_subscriptions(state: ApsisState, keyspace: str) -> None:
    """403 for consents through a keyspace without `manage_subscriptions` (documented: D-keyspaces)."""
    if not find_keyspace(state, keyspace).manage_subscriptions:
        raise ApiProblem(403, "This keyspace does not manage subscriptions.")


def may_write(state: ApsisState, keyspace: str, discriminator: str) -> bool:
    """Whether an attribute, tag or event may be written through a keyspace.

    What an integration made belongs to it: only its own keyspace writes it (assumed, from "the connected CRM is
    the master", reference 13).
    """
    if keyspace in state.settings.unwritable_keyspaces:
        return False
    if not discriminator.startswith(_INTEGRATIONS) or state.settings.integration_attributes_writable:
        return True
    own = keyspace == state.world.shape.crm_keyspace
    return own or keyspace.startswith(f"{_INTEGRATIONS}keyspaces.")


def rights(state: ApsisState, discriminator: str) -> Iterator[tuple[str, bool, bool]]:
    """(keyspace, may read, may write) of one attribute, tag or event."""
    for keyspace in state.world.shape.keyspaces:
        name = keyspace.discriminator
        readable = name == EXPORT_KEYSPACE or name not in state.settings.unreadable_keyspaces
        yield name, readable, may_write(state, name, discriminator)
