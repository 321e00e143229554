"""The life of a profile: merge, unmerge, another unique identifier, delete, lock (reference 11).

These are the writes that the export keyspace takes too. Delete and lock cannot be undone.
"""

from typing import Any

from migrator.simulators.apsis_one.attribute_values import check_key, mapped_attribute, mapped_value
from migrator.simulators.apsis_one.bodies import object_of, text_of
from migrator.simulators.apsis_one.definitions import find_section
from migrator.simulators.apsis_one.keys import (
    MAPPED_KEYSPACES,
    absorb,
    check_mergeable,
    check_takes,
    merges,
)
from migrator.simulators.apsis_one.permissions import (
    check_key_may_write,
    check_writable,
    find_keyspace,
    look_up,
    present,
)
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.profile_reads import PROFILE
from migrator.simulators.apsis_one.profile_writes import check_creatable, create_profile
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.http_wsgi import Request, Response, Router
from migrator.simulators.seeds.shape import EXPORT_KEYSPACE

MERGES = "/audience/profiles/merges"
_UNMERGE = f"{MERGES}/keyspaces/{{keyspace}}/profiles/{{profile}}"
Key = tuple[str, str]


class LifeCycle:
    """Handlers of what makes and ends profiles; each runs under the account's lock."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state

    def routes(self, router: Router) -> None:
        router.add("PUT", MERGES, self.merge)
        router.add("DELETE", _UNMERGE, self.unmerge)
        router.add("PUT", f"{PROFILE}/sections/{{section}}", self.switch_identifier)
        router.add("DELETE", PROFILE, self.delete)
        router.add("PUT", f"{PROFILE}/locks", self.lock)

    def merge(self, request: Request) -> Response:
        """Exactly two profiles become one; one that is missing is made (D-merge). 204, 400, 404, 409, 410."""
        rows = object_of(request).get("profiles")
        if not isinstance(rows, list) or len(rows) != 2:
            raise ApiProblem(400, "profiles must name exactly two profiles.")
        keys = [_key_of(row) for row in rows]
        for keyspace, _ in keys:
            find_keyspace(self._state, keyspace)
            check_key_may_write(self._state, keyspace)
        if self._state.settings.merge_keeps == "second":
            keys.reverse()
        with self._state.lock:
            self._merge(*keys)
        return Response(204)

    def unmerge(self, request: Request, keyspace: str, profile: str) -> Response:
        """One key leaves, the data stays with the rest (D-unmerge); 400 for the canonical key."""
        find_keyspace(self._state, keyspace)
        check_key_may_write(self._state, keyspace)
        with self._state.lock:
            index = present(self._state, keyspace, profile)
            if self._is_canonical(index, keyspace, profile):
                raise ApiProblem(400, "The canonical key of a profile cannot be unmerged.")
            if not self._stands_alone(index):
                self._part(index, keyspace, profile)
        return Response(204)

    def switch_identifier(self, request: Request, keyspace: str, profile: str, section: str) -> Response:
        """`{from: {...}, to: {...}}`: the profile gets another key; `to` must be unused, else 409 (D-switch)."""
        body = object_of(request)
        old, new = _key_of(body.get("from")), _key_of(body.get("to"))
        place = find_section(self._state, section)
        for name in (keyspace, old[0], new[0]):
            check_writable(self._state, name)
        check_key(*new)
        with self._state.lock:
            index = present(self._state, keyspace, profile)
            if look_up(self._state, *old) != index:
                raise ApiProblem(400, "from is not a key of this profile.")
            if look_up(self._state, *new) is not None:
                raise ApiProblem(409, "The key in to is in use.")
            self._switch(index, place.discriminator, old, new)
        return Response(204)

    def delete(self, request: Request, keyspace: str, profile: str) -> Response:
        """204 at once; the profile vanishes after the delay of the settings (up to ten minutes, H-del)."""
        find_keyspace(self._state, keyspace)
        check_key_may_write(self._state, keyspace)
        state = self._state
        with state.lock:
            page = state.world.changes(present(state, keyspace, profile))
            if not page.gone:
                page.gone, page.gone_at = "deleted", state.now() + state.scaled(state.settings.delete_delay)
        return Response(204)

    def lock(self, request: Request, keyspace: str, profile: str) -> Response:
        """204; from now on every key of the person is 410, in all keyspaces, for ever (D-lock)."""
        find_keyspace(self._state, keyspace)
        check_key_may_write(self._state, keyspace)
        with self._state.lock:
            page = self._state.world.changes(present(self._state, keyspace, profile))
            page.gone, page.gone_at = "locked", 0.0
        return Response(204)

    def _merge(self, kept: Key, other: Key) -> None:
        found = [look_up(self._state, *kept), look_up(self._state, *other)]
        if kept == other or (found[0] is not None and found[0] == found[1]):
            return  # assumed: what is one already stays one, without an error
        for index, place in zip(found, (other, kept), strict=True):
            if index is not None:
                check_takes(self._state, index, *place)
        if None not in found:
            check_mergeable(self._state, *(index for index in found if index is not None))
        elif kept[0] == other[0] in MAPPED_KEYSPACES:
            raise ApiProblem(409, f"The profiles have different keys in {kept[0]}.")
        for index, (keyspace, key) in zip(found, (kept, other), strict=True):
            if index is None:
                check_creatable(self._state, keyspace, key)
        into, gone = (
            create_profile(self._state, *place, "") if index is None else index
            for index, place in zip(found, (kept, other), strict=True)
        )
        absorb(self._state.world, into, gone)

    def _is_canonical(self, index: int, keyspace: str, key: str) -> bool:
        """Of the profile's own keys the first is the canonical one, and its export key is too (assumed)."""
        world = self._state.world
        own = [k for k in world.profile(index).keys if k != EXPORT_KEYSPACE]
        several = len(own) > 1 or merges(world, index) > 0
        if not several or world.holder(keyspace, key) != index:
            return False
        return keyspace == EXPORT_KEYSPACE or keyspace == own[0]

    def _stands_alone(self, index: int) -> bool:
        world = self._state.world
        own = [k for k in world.profile(index).keys if k != EXPORT_KEYSPACE]
        return len(own) <= 1 and merges(world, index) == 0

    def _part(self, index: int, keyspace: str, key: str) -> None:
        """The key gets an empty profile of its own."""
        world = self._state.world
        if world.profile(index).keys.get(keyspace, "").lower() == key.lower():
            world.changes(index).keys[keyspace] = None
        page = world.changes(index)
        holder = world.holder(keyspace, key)
        page.absorbed = [other for other in page.absorbed if other != holder]
        world.create(keyspace, key)

    def _switch(self, index: int, section: str, old: Key, new: Key) -> None:
        world = self._state.world
        if old[0] != new[0]:
            world.lead(*old, None)
            world.changes(index).keys[old[0]] = None
        world.hold_key(index, *new)
        attribute = mapped_attribute(new[0])
        if attribute is not None:
            world.write_value(index, section, attribute, mapped_value(*new))


def _key_of(row: Any) -> Key:
    """A keyspace and a key in it, or 400."""
    return text_of(row, "keyspace_discriminator"), text_of(row, "profile_key")
