"""What a decision of earlier would be for a row today: the same field, a new one, or nothing that works here. Pure.

An own decision is taken over as it was. One of another customer is built anew from this account's own fields
and values, so that nothing of theirs comes along but the place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from mapping_review.cells import OBJECT_WORDS, STANDARD_WORDS
from mapping_review.proposers.evidence import evidence_of
from mapping_review.proposers.hostile import is_suspicious
from mapping_review.proposers.lexicon import fold
from mapping_review.proposers.names import read_name
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.proposers.rules import create_rule, map_rule, skip_rule
from mapping_review.proposers.targets import Target, targets_in
from mapping_review.rulebook import why_impossible
from migrator.engine.canonical import checksum
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetField

ARROW = "\u203a"
OWN_NAME = "a field of their own"
_LEFT = {Action.ARCHIVE: "do not migrate", Action.DROP: "leave behind"}
_KEY = 16


@dataclass(frozen=True, slots=True)
class Choice:
    """`rule` is what taking it approves, None where it cannot be taken. `why_not` says why the old answer does not
    work here; with a rule beside it, that rule makes the field that is missing."""

    words: str
    rule: FieldRule | None = None
    why_not: str = ""

    @property
    def key(self) -> str:
        """What a form sends; another rule has another key, so nobody takes what was not shown."""
        return checksum([self.words, self.rule.to_json() if self.rule else None])[:_KEY]

    @property
    def creates(self) -> bool:
        return self.rule is not None and bool(self.why_not)


@dataclass(frozen=True, slots=True)
class Here:
    """The row's field and the account that a decision of earlier is to work in."""

    field: SourceField
    catalogue: Sequence[TargetField]
    settings: ProposerSettings


def words_for(rule: FieldRule) -> str:
    """Object and field, "Activity, task", "do not migrate"."""
    if rule.is_left:
        return _LEFT[rule.action]
    plain = (
        rule.field
        if rule.custom
        else STANDARD_WORDS.get(rule.field, rule.field.replace("_", " ").capitalize())
    )
    if rule.kind != SourceKind.ATTRIBUTE and not rule.custom:
        return plain
    part = f" ({rule.component.replace('_', ' ')})" if rule.component else ""
    return f"{OBJECT_WORDS[rule.object]} {ARROW} {plain}{part}"


def words_for_others(rule: FieldRule) -> str:
    """As `words_for`, without a name that could tell whose field it is: one of plain words only is told."""
    if rule.custom and not rule.is_left and not _is_plain(rule.field):
        return f"{OBJECT_WORDS[rule.object]} {ARROW} {OWN_NAME}"
    return words_for(rule)


def own_choice(rule: FieldRule, here: Here) -> Choice:
    """The own decision as it stands, with the field that it needs."""
    words = words_for(rule)
    own = replace(rule, source=here.field.key, kind=here.field.kind, sources=here.field.sources)
    if rule.is_left or not _needs_target(rule):
        return _checked(words, own)
    target = _find(here, lambda t: t.field.type == rule.type and t.place == (rule.object.value, rule.field))
    if not rule.custom:
        return _checked(words, own) if target else Choice(words, None, _not_writable(words))
    if target:
        options = tuple(dict.fromkeys((*target.field.options, *rule.options)))
        return _checked(words, replace(own, action=Action.MAP, options=options))
    if rule.action == Action.CREATE:
        return _checked(words, own)
    return _created(words, replace(own, action=Action.CREATE))


def others_choice(rule: FieldRule, here: Here) -> Choice:
    """The same place in this account, with a rule made for this account's values."""
    words = words_for_others(rule)
    if rule.action == Action.ARCHIVE:
        return Choice(words, skip_rule(here.field))
    if rule.action == Action.DROP:
        return Choice(words, None, "Leaving a field behind needs your own reason. Give it under Edit.")
    if words.endswith(OWN_NAME):
        return Choice(words, None, "The names of those fields belong to other customers and are not shown.")
    if not _needs_target(rule):
        return _checked(words, _event_rule(rule, here.field))
    evidence = evidence_of(here.field)
    target = _find(here, lambda t: _is_like(t, rule))
    if target:
        component = rule.component if target.shared else ""
        found = map_rule(here.field, evidence, target.field, here.settings, target.key, component)
        return _checked(words, found)
    if not rule.custom:
        return Choice(words, None, _not_writable(words))
    made = create_rule(here.field, evidence, rule.object, rule.type, here.settings, rule.field)
    return _created(words, made)


def counted(rules: Iterable[FieldRule]) -> list[tuple[FieldRule, int]]:
    """The places that rules name with how often, most often first; among equals the one that came first. The
    first rule of each stands for it."""
    first: dict[str, FieldRule] = {}
    times: dict[str, int] = {}
    for rule in rules:
        place = fold(words_for_others(rule))
        first.setdefault(place, rule)
        times[place] = times.get(place, 0) + 1
    return [(first[place], times[place]) for place in sorted(times, key=lambda p: -times[p])]


def _is_plain(name: str) -> bool:
    reading = read_name(name)
    return not is_suspicious(name) and bool(reading.units) and not reading.unknown


def _is_like(target: Target, rule: FieldRule) -> bool:
    if target.field.object != rule.object or target.field.custom != rule.custom:
        return False
    return fold(target.field.name) == fold(rule.field) if rule.custom else target.key == rule.field


def _find(here: Here, fits: Callable[[Target], bool]) -> Target | None:
    return next((t for t in targets_in(here.catalogue, here.settings) if fits(t)), None)


def _needs_target(rule: FieldRule) -> bool:
    """Labels, notes and activities are there in every account."""
    return rule.kind == SourceKind.ATTRIBUTE or rule.custom


def _event_rule(rule: FieldRule, field: SourceField) -> FieldRule:
    return FieldRule(
        field.key, field.kind, Action.MAP, field=rule.field, type=rule.type, transform=rule.transform,
        update_mode=rule.update_mode,
    )  # fmt: skip


def _checked(words: str, rule: FieldRule) -> Choice:
    why = why_impossible(rule)
    return Choice(words, None if why else rule, why)


def _created(words: str, rule: FieldRule) -> Choice:
    missing = f"{words} is not in this Pipedrive account."
    if rule.type in (FieldType.USER, FieldType.ADDRESS) or why_impossible(rule):
        return Choice(words, None, missing)
    return Choice(words, rule, missing)


def _not_writable(words: str) -> str:
    return f"{words} cannot be written in this Pipedrive account."
