"""From names to the account's own codes and ids: fields, options, labels, users, activity types, stages.

Hash codes differ per account and are never stored in a map; here they are resolved for one account. Lists are
read when first needed, because each costs tokens, and can be kept between slices of a run as a snapshot.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import DriftError
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.engine.phases.plan import MARKER_FIELD
from migrator.engine.ports import Json
from migrator.engine.records import Kind

LABEL_CODES = ("label_ids", "label")
_HASH_CODE = re.compile(r"[0-9a-f]{40}")

OBJECT_OF: Mapping[Kind, TargetObject] = {
    Kind.PERSON: TargetObject.PERSON,
    Kind.ORGANIZATION: TargetObject.ORGANIZATION,
    Kind.DEAL: TargetObject.DEAL,
}

STANDARD_FIELDS: Mapping[TargetObject, tuple[tuple[str, str, FieldType], ...]] = {
    TargetObject.PERSON: (
        ("name", "Name", FieldType.VARCHAR),
        ("first_name", "First name", FieldType.VARCHAR),
        ("last_name", "Last name", FieldType.VARCHAR),
        ("emails", "Email", FieldType.VARCHAR),
        ("phones", "Phone", FieldType.PHONE),
        ("owner", "Owner", FieldType.USER),
        ("labels", "Labels", FieldType.SET),
    ),
    TargetObject.ORGANIZATION: (
        ("name", "Name", FieldType.VARCHAR),
        ("address", "Address", FieldType.ADDRESS),
        ("owner", "Owner", FieldType.USER),
    ),
    TargetObject.DEAL: (
        ("title", "Title", FieldType.VARCHAR),
        ("value", "Value", FieldType.MONETARY),
        ("currency", "Currency", FieldType.VARCHAR),
        ("status", "Status", FieldType.ENUM),
        ("pipeline", "Pipeline", FieldType.ENUM),
        ("stage", "Stage", FieldType.ENUM),
        ("expected_close_date", "Expected close date", FieldType.DATE),
        ("owner", "Owner", FieldType.USER),
    ),
}
DEAL_STATES = ("open", "won", "lost")


@dataclass(frozen=True, slots=True)
class Ref:
    """A custom field by name, as payloads write it: "person:Shoe size:double". Names may hold colons."""

    object: TargetObject
    name: str
    type: str

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """Raises DriftError on anything else, because a map that says it cannot be followed."""
        head, _, rest = text.partition(":")
        name, _, kind = rest.rpartition(":")
        if head not in set(TargetObject) or not name or not kind:
            raise DriftError(f"The plan names a field in an unknown way: {text}. Make the plan again.")
        return cls(TargetObject(head), name, kind)

    def __str__(self) -> str:
        return f"{self.object}:{self.name}:{self.type}"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of this account."""

    object: TargetObject
    code: str
    name: str
    type: str
    custom: bool
    options: tuple[tuple[int, str], ...] = ()
    # A field may have ten thousand options, and every record looks some of them up.
    _ids: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def map_type(self) -> str:
        """The type as a map names it: an autocompleting text is a text."""
        return "varchar" if self.type == "varchar_auto" else self.type

    @property
    def ref(self) -> str:
        return str(Ref(self.object, self.name, self.map_type))

    def label_of(self, number: JsonValue) -> str | None:
        return next((text for known, text in self.options if known == number), None)

    def option_id(self, label: str) -> int | None:
        """The id of a label: spelled the same, else the same but for case and outer spaces."""
        exact = self._ids.get(label)
        return exact if exact is not None else self._ids.get(_folded(label))


def marker_ref(target: TargetObject) -> str:
    """The field that holds our marker on one object."""
    return f"{target}:{MARKER_FIELD}:varchar"


class Resolver:
    """Names to ids for one account. Safe to share between threads; every miss is a DriftError that says what.

    `load` reads one list: "person_fields", "organization_fields", "deal_fields", "users", "activity_types",
    "pipelines" or "stages". `known` maps field refs to codes that an earlier write of ours gave; it decides
    where two fields share a name. `fallback_owner` is the e-mail address of the user who gets records whose
    own owner is no user here.
    """

    def __init__(
        self,
        load: Callable[[str], list[Json]],
        *,
        snapshot: Mapping[str, list[Json]] | None = None,
        known: Mapping[str, str] | None = None,
        fallback_owner: str = "",
    ) -> None:
        self._load = load
        self._lists: dict[str, list[Json]] = dict(snapshot or {})
        self._fields: dict[TargetObject, dict[str, Field]] = {}
        self._named: dict[str, list[Field]] = {}
        self._known = dict(known or {})
        self._fallback_owner = fallback_owner
        self._lock = threading.RLock()

    def snapshot(self) -> dict[str, list[Json]]:
        """What has been read so far, as plain JSON for the next slice."""
        with self._lock:
            return dict(self._lists)

    def read(self, name: str) -> list[Json]:
        """One list, from memory where it was read before."""
        return self._list(name)

    def forget(self, *names: str) -> None:
        """Read these lists anew when they are next needed; all of them without arguments."""
        with self._lock:
            for name in names or tuple(self._lists):
                self._lists.pop(name, None)
            self._fields.clear()
            self._named.clear()

    def learn(self, ref: str, code: str) -> None:
        """Remember the code that a write gave to a field."""
        with self._lock:
            self._known[ref] = code

    def fields(self, target: TargetObject) -> Mapping[str, Field]:
        """Every field of an object by code."""
        with self._lock:
            if target not in self._fields:
                rows = self._list(f"{target}_fields")
                parsed = [_field_of(target, row) for row in rows]
                self._fields[target] = {found.code: found for found in parsed if found.code}
                for found in self._fields[target].values():
                    if found.custom:
                        self._named.setdefault(found.ref, []).append(found)
            return self._fields[target]

    def find(self, ref: str) -> Field | None:
        """The field that a ref names, None where the account has none. Raises DriftError where several fields
        share name and type and none is known as ours: a guess could write into the wrong one."""
        wanted = Ref.parse(ref)
        with self._lock:
            fields = self.fields(wanted.object)
            if self._known.get(ref) in fields:
                return fields[self._known[ref]]
            found = self._named.get(ref, [])
        if len(found) > 1:
            raise DriftError(
                f"Pipedrive has {len(found)} {wanted.object} fields named {wanted.name}. Rename all but one."
            )
        return found[0] if found else None

    def field(self, ref: str) -> Field:
        """The field that a ref names. Raises DriftError."""
        found = self.find(ref)
        if found is None:
            wanted = Ref.parse(ref)
            raise DriftError(
                f"The {wanted.object} field {wanted.name} ({wanted.type}) is missing in Pipedrive. "
                "Create it there or plan again."
            )
        return found

    def marker_code(self, target: TargetObject) -> str:
        """The code of the marker field on an object. Raises DriftError."""
        return self.field(marker_ref(target)).code

    def option_id(self, ref: str, label: str) -> int:
        """The id of one option of a field. Raises DriftError."""
        field = self.field(ref)
        number = field.option_id(label)
        if number is None:
            raise DriftError(f"{field.name} has no option {label} in Pipedrive. Add it there or plan again.")
        return number

    def label_field(self, target: TargetObject = TargetObject.PERSON) -> Field:
        """The system field whose options are the labels of an object. Raises DriftError."""
        fields = self.fields(target)
        for code in LABEL_CODES:
            if code in fields:
                return fields[code]
        raise DriftError(
            f"Pipedrive shows no label field for {target} records. Check the token's permissions."
        )

    def label_ids(self, labels: Sequence[str], target: TargetObject = TargetObject.PERSON) -> list[int]:
        """The ids of labels in the order given, each once. Raises DriftError."""
        field = self.label_field(target)
        ids = []
        for label in labels:
            number = field.option_id(label)
            if number is None:
                raise DriftError(f"The label {label} is missing in Pipedrive. Add it there or plan again.")
            ids.append(number)
        return list(dict.fromkeys(ids))

    def user_id(self, owner: str) -> int | None:
        """The id of an active user by e-mail address or name; else that of the fallback owner; else None, and
        Pipedrive makes the token's user the owner."""
        for wanted in (owner, self._fallback_owner):
            found = self._active_user(wanted) if wanted.strip() else None
            if found is not None:
                return found
        return None

    def user_email(self, user_id: JsonValue) -> str:
        """The e-mail address of a user, active or not; "" for an unknown one."""
        users = self._list("users")
        return next((str(user.get("email") or "") for user in users if user.get("id") == user_id), "")

    def _active_user(self, wanted: str) -> int | None:
        active = [
            u for u in self._list("users") if u.get("active_flag") is not False and not u.get("is_deleted")
        ]
        for column in ("email", "name"):
            for user in active:
                if _same(user.get(column), wanted):
                    return _whole(user.get("id"))
        return None

    def activity_type(self, word: str) -> str:
        """The key of an activity type, given its key or its name. Raises DriftError."""
        types = [row for row in self._list("activity_types") if row.get("active_flag") is not False]
        for column in ("key_string", "name"):
            for row in types:
                if str(row.get(column, "")).casefold() == word.strip().casefold():
                    return str(row["key_string"])
        raise DriftError(f"The activity type {word} is missing in Pipedrive. Add it there or plan again.")

    def name_in(self, list_name: str, number: JsonValue) -> str:
        """The name of a pipeline or stage by id, "" for an unknown one."""
        rows = self._list(list_name)
        return next((str(row.get("name") or "") for row in rows if row.get("id") == number), "")

    def pipeline_id(self, name: str) -> int:
        """The id of a pipeline by name. Raises DriftError."""
        for row in self._list("pipelines"):
            if not row.get("is_deleted") and _same(row.get("name"), name):
                return _whole(row.get("id"))
        raise DriftError(f"The pipeline {name} is missing in Pipedrive. Add it there or plan again.")

    def stage_id(self, name: str, pipeline_id: int | None) -> int:
        """The id of a stage by name, inside one pipeline where it is given. Raises DriftError."""
        for row in self._list("stages"):
            inside = pipeline_id is None or row.get("pipeline_id") == pipeline_id
            if inside and not row.get("is_deleted") and _same(row.get("name"), name):
                return _whole(row.get("id"))
        raise DriftError(f"The stage {name} is missing in Pipedrive. Add it there or plan again.")

    def custom_count(self) -> int:
        """Custom fields of the whole company: the plan's cap counts all objects together."""
        return sum(field.custom for target in TargetObject for field in self.fields(target).values())

    def catalogue(self, filled: Mapping[TargetObject, Mapping[str, int]] | None = None) -> list[TargetField]:
        """Every field that a map may use, standard ones first. `filled` counts records by object and by what
        existing.filled_names gives: standard keys and custom codes."""
        counts = filled or {}
        return [
            field
            for target in TargetObject
            for field in (
                *self._standard(target, counts.get(target, {})),
                *self._custom(target, counts.get(target, {})),
            )
        ]

    def _standard(self, target: TargetObject, filled: Mapping[str, int]) -> Iterable[TargetField]:
        for key, name, kind in STANDARD_FIELDS[target]:
            options = self._standard_options(target, key)
            yield TargetField(target, name, kind, False, key, options, filled.get(key, 0))

    def _standard_options(self, target: TargetObject, key: str) -> tuple[str, ...]:
        if key == "labels":
            return tuple(label for _, label in self.label_field(target).options)
        if key in ("pipeline", "stage"):
            rows = self._list(f"{key}s")
            return tuple(str(row.get("name", "")) for row in rows if not row.get("is_deleted"))
        return DEAL_STATES if key == "status" else ()

    def _custom(self, target: TargetObject, filled: Mapping[str, int]) -> Iterable[TargetField]:
        for found in self.fields(target).values():
            if found.custom and found.map_type in set(FieldType):
                options = tuple(label for _, label in found.options)
                kind, count = FieldType(found.map_type), filled.get(found.code, 0)
                yield TargetField(target, found.name, kind, True, "", options, count)

    def _list(self, name: str) -> list[Json]:
        with self._lock:
            if name not in self._lists:
                self._lists[name] = self._load(name)
            return self._lists[name]


def _field_of(target: TargetObject, row: Json) -> Field:
    code = str(row.get("field_code") or "")
    stated = row.get("is_custom_field")
    custom = stated if isinstance(stated, bool) else bool(_HASH_CODE.fullmatch(code))
    name, kind = str(row.get("field_name") or ""), str(row.get("field_type") or "")
    options = _options_of(row.get("options"))
    ids: dict[str, int] = {}
    for spell in (str, _folded):
        for number, label in options:
            ids.setdefault(spell(label), number)
    return Field(target, code, name, kind, custom, options, ids)


def _folded(label: str) -> str:
    # A leading space keeps these keys apart from labels as they are spelled.
    return f" {label.strip().casefold()}"


def _options_of(raw: JsonValue) -> tuple[tuple[int, str], ...]:
    rows = [row for row in raw if isinstance(row, dict)] if isinstance(raw, list) else []
    # Some system fields have words for option ids; those are no choices of a person.
    found = [(row.get("id"), str(row.get("label", ""))) for row in rows]
    return tuple((number, label) for number, label in found if isinstance(number, int))


def _same(value: JsonValue, name: str) -> bool:
    return isinstance(value, str) and value.strip().casefold() == name.strip().casefold()


def _whole(value: JsonValue) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise DriftError("Pipedrive listed an entry without an id. Try again; if it stays, contact its support.")
