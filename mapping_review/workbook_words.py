"""The words of the workbook: its sheets and columns, its closed lists, and a rule as the cells that people
read. Pure; the way back is in `workbook_rules`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count

from mapping_review.cells import FIELD_WORDS, OBJECT_WORDS, STANDARD_WORDS, TYPE_WORDS, percent
from mapping_review.choices import Group, RowState
from mapping_review.destinations import CONTACT_LABELS
from mapping_review.proposers.targets import ADDRESS_PARTS
from mapping_review.queries import Row
from mapping_review.rule_forms import EVENT_HOMES as EVENT_CHOICES
from mapping_review.rule_forms import MODES
from mapping_review.rulebook import MERGES
from migrator.engine.canonical import checksum
from migrator.engine.field_map import Action, FieldRule, UpdateMode
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetObject
from migrator.engine.transforms.choices import LOOK_UP
from migrator.engine.transforms.registry import REGISTRY
from migrator.sheets import shown

OPTIONS = "Options"
SHEETS: dict[str, frozenset[SourceKind]] = {
    "Fields": frozenset({SourceKind.ATTRIBUTE}),
    "Tags": frozenset({SourceKind.TAG, SourceKind.SECTION}),
    "Events": frozenset({SourceKind.EVENT}),
    "Consents": frozenset({SourceKind.CONSENT, SourceKind.CHANNEL}),
}
ACTIONS = {
    Action.MAP: "Existing field",
    Action.CREATE: "New field",
    Action.ARCHIVE: "Do not migrate",
    Action.DROP: "Leave behind",
}
SHARED = {merge: words for merge, words in MERGES.items() if merge}
TYPES = {kind: words for kind, (words, _) in FIELD_WORDS.items()}
CONVERSIONS = {name: entry.title for name, entry in REGISTRY.items()}
UPDATES = {UpdateMode(mode): str(words) for mode, words in MODES}
EVENT_HOMES = tuple(EVENT_CHOICES)
PARTS = {part: part.replace("_", " ") for part in (*CONTACT_LABELS, *dict.fromkeys(ADDRESS_PARTS.values()))}
_STATES = {RowState.APPROVED: "Approved", RowState.SKIPPED: "Not migrated", RowState.REJECTED: "Rejected"}


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is in characters. A person may change the cells of an editable column; the others only inform."""

    key: str
    title: str
    width: int
    editable: bool = False


COLUMNS = (
    Column("id", "ID", 30),
    Column("name", "In APSIS One", 28),
    Column("filled", "Filled", 10),
    Column("reads", "Type in APSIS One", 18),
    Column("action", "What to do", 16, editable=True),
    Column("object", "Object", 14, editable=True),
    Column("field", "Field in Pipedrive", 28, editable=True),
    Column("type", "Type of field", 16, editable=True),
    Column("conversion", "Conversion", 28, editable=True),
    Column("settings", "Settings", 18, editable=True),
    Column("part", "Part or label", 16, editable=True),
    Column("update", "Where Pipedrive already has a value", 34, editable=True),
    Column("merge", "Where another row fills the same field", 34, editable=True),
    Column("rank", "Place in that order", 18, editable=True),
    Column("reason", "Why it is left behind", 40, editable=True),
    Column("state", "State", 14),
    Column("confidence", "Confidence", 12),
    Column("why", "Why this proposal", 60),
    Column("decided_by", "Decided by", 20),
    Column("decided_on", "Decided on", 14),
)
OPTION_COLUMNS = (
    Column("id", "ID", 30),
    Column("name", "In APSIS One", 28),
    Column("value", "Value in APSIS One", 30, editable=True),
    Column("option", "Option in Pipedrive", 30, editable=True),
)
EDITABLE = tuple(column.key for column in COLUMNS if column.editable)
TITLES = {column.key: column.title for column in (*COLUMNS, *OPTION_COLUMNS)}
CLOSED: dict[str, tuple[str, ...]] = {
    "action": tuple(ACTIONS.values()),
    "object": tuple(OBJECT_WORDS.values()),
    "type": tuple(TYPES.values()),
    "conversion": tuple(CONVERSIONS.values()),
    "part": tuple(PARTS.values()),
    "update": tuple(UPDATES.values()),
    "merge": tuple(SHARED.values()),
}
_FIXED_HOME = frozenset({"action", "field", "reason"})
# Where the engine itself says what is written, a person chooses whether and under which name.
OPEN: dict[SourceKind, frozenset[str]] = {
    SourceKind.ATTRIBUTE: frozenset(EDITABLE),
    SourceKind.CONSENT: _FIXED_HOME,
    SourceKind.CHANNEL: _FIXED_HOME,
    SourceKind.SECTION: _FIXED_HOME,
    SourceKind.EVENT: _FIXED_HOME,
    SourceKind.TAG: frozenset({"action", "conversion", "reason"}),
}

Option = tuple[str, str]
_Identity = tuple[TargetObject, str, FieldType | None]


@dataclass(frozen=True, slots=True)
class Place:
    """A field of the account that a rule may name. `key` is a standard key, or the name of a custom field."""

    object: TargetObject
    key: str
    type: FieldType
    custom: bool
    options: tuple[str, ...] = ()


class Places:
    """Every field of the account under the one word that its object knows it by, both ways."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._by_word: dict[tuple[TargetObject, str], Place] = {}
        self._by_identity: dict[_Identity, tuple[str, Place]] = {}
        for place in places:
            identity = (place.object, place.key, place.type if place.custom else None)
            if identity not in self._by_identity:
                self._by_identity[identity] = (self._named(place), place)

    def words_of(self, where: TargetObject) -> list[str]:
        """What the drop-down of one object offers, in the order given."""
        return [word for word, place in self._by_identity.values() if place.object == where]

    def word_for(self, rule: FieldRule) -> str:
        """How a rule's field is called. One that the account has not is called by its own name."""
        found = self._by_identity.get(_identity_of(rule))
        return found[0] if found else _plain_word(rule.field, rule.custom)

    def find(self, where: TargetObject, word: str) -> Place | None:
        return self._by_word.get((where, _folded(word)))

    def holds(self, rule: FieldRule) -> bool:
        """Whether the account has the field that a rule names, with that type."""
        found = self._by_identity.get(_identity_of(rule))
        return found is not None and found[1].type == rule.type

    def _named(self, place: Place) -> str:
        plain = _plain_word(place.key, place.custom)
        typed = f"{plain} ({TYPES[place.type].lower() if place.custom else 'standard'})"
        tries = chain((plain, typed), (f"{typed} {number}" for number in count(2)))
        word = next(word for word in tries if (place.object, _folded(word)) not in self._by_word)
        self._by_word[place.object, _folded(word)] = place
        return word


def cells_of(rule: FieldRule, places: Places) -> dict[str, str]:
    """The editable cells of a rule; a field that stays behind leaves all but the first empty."""
    if rule.is_left:
        return dict.fromkeys(EDITABLE, "") | {"action": ACTIONS[rule.action], "reason": rule.reason}
    new = rule.action == Action.CREATE
    return {
        "action": ACTIONS[rule.action],
        "object": OBJECT_WORDS[rule.object],
        "field": rule.field if new else places.word_for(rule),
        "type": TYPES[rule.type],
        "conversion": CONVERSIONS.get(rule.transform, rule.transform),
        "settings": settings_text(rule.args),
        "part": PARTS.get(rule.component, rule.component),
        "update": UPDATES[rule.update_mode],
        "merge": SHARED.get(rule.merge, ""),
        "rank": str(rule.rank or ""),
        "reason": rule.reason,
    }


def options_of(rule: FieldRule) -> tuple[Option, ...]:
    """The options of a field as ("", option), then its look-up table as (value, option)."""
    if rule.is_left:
        return ()
    looked_up = ((k.removeprefix(LOOK_UP), v) for k, v in rule.args if k.startswith(LOOK_UP))
    return (*(("", option) for option in rule.options), *looked_up)


def information_of(row: Row, rule: FieldRule) -> dict[str, str | int | float]:
    """The cells that only inform."""
    decision = row.decision
    who = decision.decided_by
    return {
        "id": rule.source,
        "name": shown(decision.name),
        "filled": row.field.filled,
        "reads": _reads(row.field),
        "state": state_of(row),
        "confidence": percent(row.now.proposal.confidence) / 100,
        "why": shown("\n".join(reason.text for reason in row.now.proposal.reasons)),
        "decided_by": shown(who.get_full_name() or who.get_username()) if who else "",
        "decided_on": decision.decided_at.date().isoformat() if decision.decided_at else "",
    }


def state_of(row: Row) -> str:
    if row.group == Group.CONFLICT:
        return "Conflict"
    return _STATES.get(RowState(row.decision.state), "Proposed")


def settings_text(args: Iterable[tuple[str, str]]) -> str:
    """ "currency = SEK", one on each line; look-ups have a sheet of their own."""
    return "\n".join(f"{name} = {_quoted(value)}" for name, value in args if not name.startswith(LOOK_UP))


def mark_of(cells: Mapping[str, str], options: Iterable[Option]) -> str:
    """What tells whether a person changed a row: the cells that can be changed, and nothing else."""
    texts = [cells.get(key, "").replace("\r\n", "\n") for key in EDITABLE]
    return checksum([texts, [list(option) for option in options]])[:16]


def sheet_of(kind: SourceKind) -> str:
    return next(sheet for sheet, kinds in SHEETS.items() if kind in kinds)


def _identity_of(rule: FieldRule) -> _Identity:
    return (rule.object, rule.field, rule.type if rule.custom else None)


def _folded(word: str) -> str:
    return word.casefold().strip()


def _plain_word(key: str, custom: bool) -> str:
    return key if custom else STANDARD_WORDS.get(key, key.replace("_", " ").capitalize())


def _reads(field: SourceField) -> str:
    if field.kind != SourceKind.ATTRIBUTE:
        return field.kind.value.capitalize()
    return " and ".join(dict.fromkeys(TYPE_WORDS[v.inferred][0] for v in field.variants))


def _quoted(value: str) -> str:
    """Blanks at an end would be lost on the way."""
    plain = value == value.strip() and value and not value.startswith('"') and "\n" not in value
    return value if plain else json.dumps(value, ensure_ascii=False)
