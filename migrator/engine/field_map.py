"""The approved field map as a frozen value: one rule for each source field, and a checksum over all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from migrator.engine.canonical import JsonValue, checksum
from migrator.engine.inventory import FieldType, SourceKind, TargetObject


class Action(StrEnum):
    """What a source field ends as. The last two write nothing: an archived field stays in the archive file, a
    dropped one is left behind for a reason that somebody gave."""

    MAP = "map"
    CREATE = "create"
    ARCHIVE = "archive"
    DROP = "drop"

    @classmethod
    def _missing_(cls, value: object) -> "Action | None":
        # What maps said before there were two ways to leave a field out.
        return cls.ARCHIVE if value == "skip" else None


class UpdateMode(StrEnum):
    """What happens where the target already holds a value (pretix's four)."""

    OVERWRITE = "overwrite"
    IF_NEW = "if_new"
    IF_EMPTY = "if_empty"
    APPEND = "append"


class Merge(StrEnum):
    """What a field becomes that shares its target with others (`merging`)."""

    NONE = ""
    FIRST = "first"
    SPACE = "space"
    COMMA = "comma"
    EACH = "each"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What becomes of one source field.

    `source` is the source field's key; `sources` its (section, discriminator) pairs in order of precedence.
    `field` names the target: a standard key ("first_name", "last_name", "name", "emails", "phones", "owner";
    organization: "name", "address"; deal: "title", "value", "currency", "status", "stage", "pipeline",
    "expected_close_date"; deal and organization "id" hold the source's own id and decide identity;
    events: "activity:task", "activity:call", "activity:meeting", "note"; tags: "labels"), or, where `custom`
    is true, the *name* of a custom field: the account's hash key is never stored in a map.
    `merge` and `rank` say how it shares a target with other fields, `reason` why it is dropped.
    """

    source: str
    kind: SourceKind
    action: Action
    sources: tuple[tuple[str, str], ...] = ()
    object: TargetObject = TargetObject.PERSON
    field: str = ""
    type: FieldType = FieldType.VARCHAR
    custom: bool = False
    options: tuple[str, ...] = ()
    transform: str = "text"
    args: tuple[tuple[str, str], ...] = ()
    update_mode: UpdateMode = UpdateMode.IF_EMPTY
    component: str = ""
    merge: Merge = Merge.NONE
    rank: int = 0
    reason: str = ""

    @property
    def is_left(self) -> bool:
        """Nothing of the field is written."""
        return self.action in (Action.ARCHIVE, Action.DROP)

    @property
    def ref(self) -> str:
        """How payloads name the target field: "person:Shoe size:double" for a custom one, else "person.emails"."""
        if self.custom:
            return f"{self.object}:{self.field}:{self.type}"
        return f"{self.object}.{self.field}"

    def to_json(self) -> dict[str, JsonValue]:
        """A JSON object that `rule_from_json` turns back into an equal rule."""
        raw = asdict(self)
        raw["sources"] = [list(pair) for pair in self.sources]
        raw["args"] = [list(pair) for pair in self.args]
        raw["options"] = list(self.options)
        return raw


def rule_from_json(raw: Mapping[str, JsonValue]) -> FieldRule:
    """The inverse of `FieldRule.to_json`; raises KeyError or ValueError on a foreign object."""
    return FieldRule(
        source=_text(raw["source"]),
        kind=SourceKind(_text(raw["kind"])),
        action=Action(_text(raw["action"])),
        sources=_pairs(raw.get("sources")),
        object=TargetObject(_text(raw.get("object", "person"))),
        field=_text(raw.get("field", "")),
        type=FieldType(_text(raw.get("type", "varchar"))),
        custom=bool(raw.get("custom")),
        options=_texts(raw.get("options")),
        transform=_text(raw.get("transform", "text")),
        args=_pairs(raw.get("args")),
        update_mode=UpdateMode(_text(raw.get("update_mode", "if_empty"))),
        component=_text(raw.get("component", "")),
        merge=Merge(_text(raw.get("merge", ""))),
        rank=_number(raw.get("rank", 0)),
        reason=_text(raw.get("reason", "")),
    )


@dataclass(frozen=True, slots=True)
class FieldMap:
    """All rules of one version; the checksum is what people sign and what a plan is bound to."""

    rules: tuple[FieldRule, ...]

    @property
    def checksum(self) -> str:
        return checksum([rule.to_json() for rule in sorted(self.rules, key=lambda r: r.source)])

    def of_kind(self, kind: SourceKind) -> tuple[FieldRule, ...]:
        """The rules of one kind that write something."""
        return tuple(r for r in self.rules if r.kind == kind and not r.is_left)

    def of_object(self, target: TargetObject) -> tuple[FieldRule, ...]:
        """The attribute rules that fill one target object."""
        return tuple(r for r in self.of_kind(SourceKind.ATTRIBUTE) if r.object == target)

    def to_create(self) -> tuple[FieldRule, ...]:
        """One rule for each custom field that the target lacks, in a fixed order."""
        wanted = {r.ref: r for r in sorted(self.rules, key=lambda r: r.source) if r.action == Action.CREATE}
        return tuple(wanted[ref] for ref in sorted(wanted))


def field_map_of(rules: Iterable[FieldRule]) -> FieldMap:
    return FieldMap(tuple(sorted(rules, key=lambda rule: rule.source)))


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, found {type(value).__name__}")
    return value


def _number(value: JsonValue) -> int:
    if type(value) is not int:
        raise ValueError(f"expected a whole number, found {type(value).__name__}")
    return value


def _texts(value: JsonValue) -> tuple[str, ...]:
    return tuple(_text(item) for item in value) if isinstance(value, list) else ()


def _pairs(value: JsonValue) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        return ()
    return tuple(_pair(item) for item in value)


def _pair(value: JsonValue) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("expected a pair of texts")
    return _text(value[0]), _text(value[1])
