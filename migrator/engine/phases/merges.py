"""Who became one person, by the decisions; built once for a plan. Nobody is lost in a chain or a circle of merges."""

from collections.abc import Iterator, Mapping

from migrator.engine.cases import CaseKind, Decide, Resolution, Resolutions


class Merges:
    """Groups of profiles, each led by its survivor, with the values that win and the Person that it is."""

    def __init__(self, resolutions: Resolutions) -> None:
        self._into: dict[str, str] = {}
        self._chosen: list[tuple[str, Mapping[str, str]]] = []
        self._targets: list[tuple[str, str]] = []
        for kind in (CaseKind.DUPLICATE, CaseKind.NO_EMAIL, CaseKind.NO_NAME):
            for resolution in resolutions.of_kind(kind):
                if resolution.action == Decide.MERGE:
                    self._take(resolution)
        self._members: dict[str, list[str]] = {}
        for key in sorted(self._into):
            self._members.setdefault(self.survivor(key), []).append(key)
        self._wins = self._by_survivor_wins()
        self._persons: dict[str, list[str]] = {}
        for key, target_id in self._targets:
            persons = self._persons.setdefault(self.survivor(key), [])
            persons += [] if target_id in persons else [target_id]

    def survivor(self, key: str) -> str:
        """The profile at the end of the chain; of a circle the one whose key sorts first, from wherever it is
        entered: were each merged into the next, nobody would be written."""
        chain = {key: None}
        while after := self._into.get(key):
            if after in chain:
                circle = list(chain)
                return min(circle[circle.index(after) :])
            chain[after] = None
            key = after
        return key

    def is_merged(self, key: str) -> bool:
        return self.survivor(key) != key

    def members(self, survivor: str) -> tuple[str, ...]:
        return tuple(k for k in self._members.get(survivor, []) if k != survivor)

    def wins(self, survivor: str) -> Mapping[str, str]:
        """Field -> source key of the profile whose value counts (see context.Supplied)."""
        return self._wins.get(survivor, {})

    def persons(self, survivor: str) -> tuple[str, ...]:
        """Ids of the Persons in the target that the decisions name; several contradict one another."""
        return tuple(self._persons.get(survivor, ()))

    def _take(self, resolution: Resolution) -> None:
        args = resolution.args
        survivor = str(args.get("survivor") or args.get("into") or "")
        members = args.get("members")
        keys = [str(k) for k in members] if isinstance(members, list) else [resolution.key]
        self._into |= {key: survivor for key in keys if survivor and key != survivor}
        fields = args.get("fields")
        if survivor and isinstance(fields, dict):
            self._chosen.append((survivor, {str(field): str(key) for field, key in fields.items()}))
        if target_id := args.get("target_id"):
            self._targets.append((survivor or resolution.key, str(target_id)))

    def _by_survivor_wins(self) -> dict[str, Mapping[str, str]]:
        found: dict[str, Mapping[str, str]] = {}
        for survivor, fields in self._in_order_of_chain():
            end = self.survivor(survivor)
            found[end] = {**found.get(end, {}), **fields}
        return found

    def _in_order_of_chain(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """What was chosen for the survivor itself comes last, so that it counts."""
        return iter(sorted(self._chosen, key=lambda chosen: self.survivor(chosen[0]) == chosen[0]))
