"""The account's fields and their options: codes, numbers, labels. Kept in memory, mirrored into the store.

It checks nothing; rules.py and field_pages.py decide what is allowed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from migrator.simulators.pipedrive.state import Store
from migrator.simulators.pipedrive.system_fields import SYSTEM_FIELDS

ENTITIES = tuple(SYSTEM_FIELDS)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an enum or set field."""

    id: int
    label: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity; `number` is v1's id, `code` the key in records."""

    entity: str
    number: int
    code: str
    name: str
    type: str
    custom: bool
    stamp: str
    updated: str
    options: tuple[Option, ...] = ()
    description: str | None = None
    placement: dict[str, Any] | None = None

    def option_ids(self) -> frozenset[int]:
        """The ids a value of this field may have."""
        return frozenset(option.id for option in self.options)

    def has_options(self) -> bool:
        """Whether values of this field are option ids."""
        return self.type in ("enum", "set")


class Catalogue:
    """All fields by entity and code."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fields: dict[str, dict[str, Field]] = {}
        self._custom_codes: dict[str, tuple[str, ...]] = {}
        self._option_ids: dict[int, frozenset[int]] = {}
        self.reload()

    def reload(self) -> None:
        """Read everything from the store again."""
        self._fields = {entity: {} for entity in ENTITIES}
        self._option_ids.clear()
        for entity in ENTITIES:
            for doc in self._store.documents(f"{entity}_fields"):
                options = tuple(Option(**option) for option in doc.pop("options"))
                self._fields[entity][doc["code"]] = Field(**doc, options=options)
            self._recount(entity)

    def fields(self, entity: str) -> list[Field]:
        """All fields of an entity in order of creation."""
        return list(self._fields[entity].values())

    def field(self, entity: str, code: str) -> Field | None:
        """One field by its code."""
        return self._fields[entity].get(code)

    def option_ids(self, field: Field) -> frozenset[int]:
        """The ids a value of this field may have; kept, because a field may have ten thousand."""
        known = self._option_ids.get(field.number)
        if known is None:
            known = self._option_ids[field.number] = field.option_ids()
        return known

    def numbered(self, entity: str, number: int) -> Field | None:
        """One field by v1's id."""
        return next((field for field in self._fields[entity].values() if field.number == number), None)

    def named(self, entity: str, name: str) -> Field | None:
        """The first field with this name."""
        return next((field for field in self._fields[entity].values() if field.name == name), None)

    def custom_codes(self, entity: str) -> tuple[str, ...]:
        """Codes of the custom fields of an entity."""
        return self._custom_codes[entity]

    def custom_count(self) -> int:
        """Custom fields of the whole company."""
        return sum(len(codes) for codes in self._custom_codes.values())

    def install(self, stamp: str) -> None:
        """Create the system fields of a new account."""
        for entity, entries in SYSTEM_FIELDS.items():
            for code, name, kind in entries:
                number = self._store.next_id("fields")
                self.save(Field(entity, number, code, name, kind, False, stamp, stamp))

    def add(self, entity: str, name: str, kind: str, labels: Iterable[str], stamp: str, **more: Any) -> Field:
        """Create a custom field with a code of this account's own."""
        number = self._store.next_id("fields")
        code = hashlib.sha256(f"{self._store.fact('salt')}:{entity}:{number}".encode()).hexdigest()[:40]
        field = Field(entity, number, code, name, kind, True, stamp, stamp, self.new_options(labels), **more)
        self.save(field)
        return field

    def new_options(self, labels: Iterable[str], colors: Sequence[str | None] = ()) -> tuple[Option, ...]:
        """Options with fresh, account-wide increasing ids."""
        paints = [*colors, *[None] * 10_000]
        return tuple(
            Option(self._store.next_id("options"), label, color)
            for label, color in zip(labels, paints, strict=False)
        )

    def save(self, field: Field) -> None:
        """Store a new or changed field."""
        self._fields[field.entity][field.code] = field
        self._option_ids.pop(field.number, None)
        self._store.put(f"{field.entity}_fields", field.number, asdict(field))
        self._recount(field.entity)

    def change(self, field: Field, stamp: str, **changes: Any) -> Field:
        """Store a field with some attributes replaced."""
        changed = replace(field, updated=stamp, **changes)
        self.save(changed)
        return changed

    def remove(self, field: Field) -> None:
        """Remove a field; values left in records are no longer shown."""
        del self._fields[field.entity][field.code]
        self._store.drop(f"{field.entity}_fields", field.number)
        self._recount(field.entity)

    def _recount(self, entity: str) -> None:
        fields = self._fields[entity].values()
        self._custom_codes[entity] = tuple(field.code for field in fields if field.custom)
