"""From the cells that a person changed to the rule that they mean, each refusal at its own cell. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from mapping_review.cells import OBJECT_WORDS
from mapping_review.destinations import parts_for
from mapping_review.preview import preview
from mapping_review.proposers.evidence import evidence_of
from mapping_review.proposers.fixed import propose_fixed
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.proposers.rules import create_rule, map_rule, skip_rule
from mapping_review.rulebook import LAST_RANK, problem_with, why_impossible
from mapping_review.workbook_words import (
    ACTIONS,
    CONVERSIONS,
    EDITABLE,
    EVENT_HOMES,
    OPEN,
    PARTS,
    SHARED,
    TITLES,
    TYPES,
    UPDATES,
    Option,
    Place,
    Places,
    cells_of,
    options_of,
)
from migrator.engine.field_map import Action, FieldRule, Merge, UpdateMode
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetField, TargetObject
from migrator.engine.transforms.choices import LOOK_UP
from migrator.engine.transforms.registry import REGISTRY
from migrator.engine.transforms.tools import Tools

Args = tuple[tuple[str, str], ...]
_Word = TypeVar("_Word")
_LOOKS_UP = ("yes_no", "option", "options")
_WITH_OPTIONS = (FieldType.ENUM, FieldType.SET)
_HOMES = Places(Place(TargetObject.PERSON, key, FieldType.TEXT, False) for key in EVENT_HOMES)


@dataclass(frozen=True, slots=True)
class Account:
    """What a rule is checked against. `catalogue` and `settings` serve the rows that are no attributes."""

    places: Places
    catalogue: Sequence[TargetField]
    settings: ProposerSettings
    tools: Tools


class CellProblem(Exception):
    """What is wrong with one cell, in a sentence. `column` is its key, or "" for the whole row; `ref` names
    a cell that is none of the row's own."""

    def __init__(self, column: str, sentence: str, ref: str = "") -> None:
        super().__init__(sentence)
        self.column, self.sentence, self.ref = column, sentence, ref


def rule_of(
    cells: Mapping[str, str],
    options: Sequence[Option],
    base: FieldRule,
    field: SourceField,
    account: Account,
) -> FieldRule:
    """The rule that changed cells stand for; what they do not say stays as in `base`. Raises CellProblem."""
    before = cells_of(base, account.places)
    changed = frozenset(key for key in EDITABLE if cells.get(key, "").strip() != before[key].strip())
    action = _word("action", cells, ACTIONS)
    if action in (Action.ARCHIVE, Action.DROP):
        return _left_rule(action, cells["reason"].strip(), field)
    if "reason" in changed and cells["reason"].strip():
        raise CellProblem("reason", "Only a field that is left behind has a reason. Empty this cell.")
    if closed := changed - OPEN[field.kind]:
        column = next(key for key in EDITABLE if key in closed)
        raise CellProblem(column, f"“{TITLES[column]}” is fixed for this row. Put back what was there.")
    if field.kind != SourceKind.ATTRIBUTE:
        if tuple(options) != options_of(base):
            raise CellProblem("options", "The options of this row are fixed. Put back what was there.")
        return _fixed_rule(action, cells, base, field, account)
    return _Attribute(cells, tuple(options), base, field, account, changed).rule(action)


def _left_rule(action: Action, reason: str, field: SourceField) -> FieldRule:
    if reason and action != Action.DROP:
        raise CellProblem("reason", f"A reason belongs to “{ACTIONS[Action.DROP]}”. Empty this cell.")
    rule = replace(skip_rule(field), action=action, reason=reason)
    if problem := problem_with(rule):
        raise CellProblem("reason", problem.sentence)
    return rule


def check_result(rule: FieldRule, base: FieldRule, field: SourceField, account: Account) -> None:
    """Raises CellProblem where a rule cannot work, or would lose values that the present one keeps."""
    if sentence := why_impossible(rule):
        raise CellProblem(_column_of(rule), sentence)
    if rule.action == Action.CREATE and base.action != Action.CREATE and account.places.holds(rule):
        raise CellProblem("field", "Pipedrive has this field already. Choose “Existing field” for it.")
    lost = preview(rule, field, account.tools).emptied
    if not rule.is_left and lost > _lost_now(base, field, account):
        raise CellProblem(
            "conversion",
            f"This would leave {lost:,} profiles without a value. Choose it on the field's own page, "
            "which shows the values.",
        )


def _lost_now(base: FieldRule, field: SourceField, account: Account) -> int:
    return preview(base, field, account.tools).emptied if not base.is_left else 0


def _column_of(rule: FieldRule) -> str:
    problem = problem_with(rule)
    columns = {"transform": "conversion", "options": "type"}
    return columns.get(problem.part, problem.part) if problem else "type"


def _fixed_rule(
    action: Action, cells: Mapping[str, str], base: FieldRule, field: SourceField, account: Account
) -> FieldRule:
    """Consents, channels, Sections, tags and events: whether and under which name, never what."""
    mould = mould_of(base, field, account)
    if action == Action.CREATE and field.kind in (SourceKind.TAG, SourceKind.EVENT):
        raise CellProblem("action", "No new field can be made for this row. Write “Existing field”.")
    if field.kind == SourceKind.EVENT:
        return replace(mould, action=action, field=_place(cells, _HOMES, TargetObject.PERSON).key)
    if field.kind == SourceKind.TAG:
        asked = _word("conversion", cells, CONVERSIONS) if cells["conversion"].strip() else mould.transform
        return replace(mould, action=action, transform=asked)
    if action == Action.CREATE:
        return replace(mould, action=action, field=cells["field"].strip(), custom=True)
    place = _place(cells, account.places, TargetObject.PERSON)
    if not place.custom or place.type != mould.type:
        raise CellProblem("field", f"This needs a custom field of the type {TYPES[mould.type].lower()}.")
    return replace(mould, action=Action.MAP, field=place.key)


def mould_of(base: FieldRule, field: SourceField, account: Account) -> FieldRule:
    """The rule that a row has, or would have had, had it not been left behind; for rows that are no attribute."""
    if not base.is_left:
        return base
    rule = propose_fixed(field, account.catalogue, account.settings).rule
    if not rule.is_left:
        return rule
    return replace(
        rule, action=Action.MAP, field="note", type=FieldType.TEXT, transform="long_text",
        update_mode=UpdateMode.APPEND, sources=(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Attribute:
    """One attribute's row: the cells, and the rule and the field that they are read against."""

    cells: Mapping[str, str]
    options: tuple[Option, ...]
    base: FieldRule
    field: SourceField
    account: Account
    changed: frozenset[str]

    def rule(self, action: Action) -> FieldRule:
        fresh = self._fresh(action)
        kept = self.base if _home(fresh) == _home(self.base) else fresh
        transform, args = self._conversion(kept, fresh)
        rule = replace(
            kept,
            transform=transform,
            args=self._args(transform, args),
            update_mode=self._update(kept),
            component=self._part(kept),
            merge=self._merge(),
            rank=self._rank(),
        )
        rule = self._with_options(rule, fresh)
        # The order of settings says nothing: an equal rule keeps its bytes.
        same = dict(rule.args) == dict(self.base.args)
        return replace(rule, args=self.base.args) if same else rule

    def _fresh(self, action: Action) -> FieldRule:
        """The rule that Crosswalk itself would make for this home of the field."""
        where = _word("object", self.cells, OBJECT_WORDS) if self.cells["object"] else TargetObject.PERSON
        if action == Action.MAP:
            return self._mapped(self._own_place(where))
        name, settings = self.cells["field"].strip(), self.account.settings
        kind = _word("type", self.cells, TYPES)
        if kind in (FieldType.USER, FieldType.ADDRESS):
            raise CellProblem("type", f"No new field can be of the type {TYPES[kind].lower()}.")
        if not name:
            raise CellProblem("field", "The new field has no name. Give it one.")
        return create_rule(self.field, evidence_of(self.field), where, kind, settings, name)

    def _own_place(self, where: TargetObject) -> Place:
        """The place that the cells name; that of `base` where they say what they said."""
        if not self.changed & {"action", "object", "field"} and self.base.action == Action.MAP:
            place = Place(where, self.base.field, self.base.type, self.base.custom, self.base.options)
        else:
            place = _place(self.cells, self.account.places, where)
        said = self.cells["type"].strip()
        if "type" in self.changed and said and said.casefold() != TYPES[place.type].casefold():
            raise CellProblem(
                "type", f"The field in Pipedrive is of the type {TYPES[place.type].lower()}, and stays so."
            )
        return place

    def _mapped(self, place: Place) -> FieldRule:
        target = TargetField(
            place.object,
            place.key,
            place.type,
            place.custom,
            "" if place.custom else place.key,
            place.options,
        )
        return map_rule(self.field, evidence_of(self.field), target, self.account.settings, place.key)

    def _conversion(self, kept: FieldRule, fresh: FieldRule) -> tuple[str, Args]:
        """The conversion asked for. An empty cell, and one left as it was that fits no longer, means ours."""
        asked = _word("conversion", self.cells, CONVERSIONS) if self.cells["conversion"].strip() else ""
        fits = asked in REGISTRY and kept.type in REGISTRY[asked].returns
        if not asked or ("conversion" not in self.changed and not fits):
            return fresh.transform, fresh.args
        if asked == kept.transform:
            return asked, kept.args
        return asked, fresh.args if asked == fresh.transform else _defaults(asked, self.account.settings)

    def _args(self, transform: str, found: Args) -> Args:
        looked_up = tuple(pair for pair in found if pair[0].startswith(LOOK_UP))
        plain = tuple(pair for pair in found if not pair[0].startswith(LOOK_UP))
        if "settings" in self.changed:
            plain = _settings(self.cells["settings"], REGISTRY[transform].args)
        return plain + looked_up

    def _with_options(self, rule: FieldRule, fresh: FieldRule) -> FieldRule:
        if self.options == options_of(self.base):
            return rule
        self._check_options(rule)
        own = tuple(option for value, option in self.options if not value)
        given = fresh.options if rule.action == Action.MAP and _home(rule) != _home(self.base) else ()
        plain = tuple(pair for pair in rule.args if not pair[0].startswith(LOOK_UP))
        looked_up = tuple((f"{LOOK_UP}{value.casefold()}", option) for value, option in self.options if value)
        return replace(rule, options=tuple(dict.fromkeys((*given, *own))), args=plain + looked_up)

    def _check_options(self, rule: FieldRule) -> None:
        values = [value.casefold() for value, _ in self.options if value]
        if rule.type not in _WITH_OPTIONS and len(values) < len(self.options):
            raise CellProblem("options", "Only a field with options has any. Take these lines out.")
        if rule.transform not in _LOOKS_UP and values:
            raise CellProblem("options", "This conversion looks nothing up. Take the lines with values out.")
        if len(set(values)) < len(values) or not all(option for _, option in self.options):
            raise CellProblem("options", "Each value in APSIS One needs one line with one option.")

    def _update(self, kept: FieldRule) -> UpdateMode:
        return _word("update", self.cells, UPDATES) if self.cells["update"].strip() else kept.update_mode

    def _merge(self) -> Merge:
        return _word("merge", self.cells, SHARED) if self.cells["merge"].strip() else Merge.NONE

    def _rank(self) -> int:
        said = self.cells["rank"].strip()
        if not said:
            return 0
        if not said.isdecimal() or not 1 <= int(said[:4]) <= LAST_RANK:
            raise CellProblem("rank", f"A place in the order is a number from 1 to {LAST_RANK}.")
        return int(said)

    def _part(self, kept: FieldRule) -> str:
        if "part" not in self.changed:
            return kept.component
        part = _word("part", self.cells, PARTS) if self.cells["part"].strip() else ""
        check_part(part, kept)
        return part


def check_part(part: str, rule: FieldRule) -> None:
    """Raises CellProblem where a part of an address, or the label of a contact, does not belong to a field."""
    if part and (part not in PARTS or part not in parts_for(rule)):
        raise CellProblem("part", f"“{PARTS.get(part, part)[:80]}” is no part of this field. Leave it empty.")


def _home(rule: FieldRule) -> tuple[object, ...]:
    return (rule.action, rule.object, rule.field, rule.type, rule.custom)


def _place(cells: Mapping[str, str], places: Places, where: TargetObject) -> Place:
    place = places.find(where, cells["field"])
    if place is None:
        raise CellProblem(
            "field",
            f"“{cells['field'][:80]}” is no field of {OBJECT_WORDS[where].lower()} in Pipedrive. "
            "Choose one from the list, or write “New field” under “What to do”.",
        )
    return place


def _word(column: str, cells: Mapping[str, str], words: Mapping[_Word, str]) -> _Word:
    """The value of a word of a closed list, whatever its case. Raises CellProblem."""
    said = cells[column].strip().casefold()
    found = next((value for value, word in words.items() if word.casefold() == said), None)
    if found is None:
        wrong = f"“{cells[column].strip()[:80]}” is" if said else "Nothing is chosen, and that is"
        raise CellProblem(column, f"{wrong} not in the list of “{TITLES[column]}”. Choose one from the list.")
    return found


def _defaults(transform: str, settings: ProposerSettings) -> Args:
    known = {"currency": settings.currency, "region": settings.region}
    return tuple((name, known[name]) for name in REGISTRY[transform].args if known.get(name))


def _settings(text: str, wanted: Sequence[str]) -> Args:
    """ "currency = SEK" on each line."""
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, _, value = line.partition("=")
        name = name.strip()
        if name not in wanted:
            knows = " and ".join(f"“{w}”" for w in wanted) or "none"
            raise CellProblem("settings", f"This conversion knows the settings: {knows}.")
        found[name] = setting(name, value.strip())
    return tuple(found.items())


def setting(name: str, value: str) -> str:
    """One setting as the conversions read it. Raises CellProblem."""
    sentence, fits, text = {
        "currency": (
            "A currency has three letters, such as SEK.",
            len(value) == 3 and value.isalpha(),
            value.upper(),
        ),
        "region": (
            "A region has two letters, such as SE.",
            len(value) == 2 and value.isalpha(),
            value.upper(),
        ),
        "decimal": ("The decimal sign is a comma or a point.", value in (",", "."), value),
        "order": ("The order of dates is dmy or mdy.", value.casefold() in ("dmy", "mdy"), value.casefold()),
    }.get(name, ("A separator has one to five characters.", 0 < len(_unquoted(value)) <= 5, _unquoted(value)))
    if not fits:
        raise CellProblem("settings", sentence)
    return text


def _unquoted(value: str) -> str:
    try:
        found = json.loads(value) if value.startswith('"') else value
    except ValueError:
        return value
    return found if isinstance(found, str) else value
