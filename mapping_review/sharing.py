"""Which other fields write into the place that a row writes into, and what that asks of it. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mapping_review.cells import name_of
from mapping_review.choices import RowState
from mapping_review.models import FieldDecision
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.rule_forms import Around
from migrator.engine.field_map import Action, FieldRule, rule_from_json
from migrator.engine.inventory import TargetField
from migrator.engine.merging import clashes, in_order, is_address, place_of

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Sharer:
    """An approved row of the map, with one rule of it."""

    pk: int
    name: str
    rule: FieldRule


def others_onto(row: FieldDecision, rules: Iterable[FieldRule]) -> list[Sharer]:
    """The other approved rows that write into a place of these rules, in the order in which they count. One
    query, none where the rules leave the field out."""
    wanted = {rule.ref for rule in rules if place_of(rule)}
    if not wanted:
        return []
    names = {rule.field for rule in rules}
    rows = row.version.decisions.filter(state=RowState.APPROVED, rule__field__in=sorted(names))
    found = [
        Sharer(pk, name, rule)
        for pk, name, raw, more in rows.exclude(pk=row.pk).values_list("pk", "name", "rule", "more_rules")
        for rule in map(rule_from_json, [raw, *more])
        if rule.ref in wanted and place_of(rule)
    ]
    order = {rule.source: at for at, rule in enumerate(in_order(sharer.rule for sharer in found))}
    return sorted(found, key=lambda sharer: order[sharer.rule.source])


def warning_for(row: FieldDecision, rules: Sequence[FieldRule]) -> str:
    """What a decision on this row still needs before the map can be signed; "" where nothing. One query."""
    return warning_among(rules, others_onto(row, rules))


def warning_among(rules: Sequence[FieldRule], others: Sequence[Sharer]) -> str:
    """The same where the others were read already."""
    own = {rule.source for rule in rules}
    clash = next(
        (c for c in clashes([*rules, *(o.rule for o in others)]) if own & {r.source for r in c.rules}), None
    )
    if clash is None:
        return ""
    mine = next(rule for rule in clash.rules if rule.source in own)
    named = listed(other.name for other in others)
    if clash.needs_part:
        return f"{named} also writes into {name_of(mine)}. Choose which part of the address each one fills."
    if is_address(mine):
        return f"{named} fills the same part of {name_of(mine)}. Choose another part, or how they merge."
    return f"{named} also writes into {name_of(mine)}. Edit one of them and choose how they merge."


def around_for(row: FieldDecision, catalogue: Sequence[TargetField], settings: ProposerSettings) -> Around:
    """What the form of a row knows of the other approved rows. One query."""
    rows = row.version.decisions.filter(state=RowState.APPROVED).exclude(pk=row.pk).order_by("source_key")
    made: dict[str, FieldRule] = {}
    used: dict[str, list[str]] = {}
    for name, raw in rows.values_list("name", "rule"):
        rule = rule_from_json(raw or {})
        if place_of(rule):
            used.setdefault(rule.ref, []).append(name)
        if rule.custom and rule.action == Action.CREATE:
            made.setdefault(rule.ref, rule)
    named = {ref: listed(names) for ref, names in used.items()}
    return Around(catalogue, settings, tuple(made[ref] for ref in sorted(made)), named)


def listed(names: Iterable[str]) -> str:
    """ "Kundnr and Medlemsnr"; of many the first three."""
    every = [name[:80] for name in names]
    if len(every) > _MOST_NAMED:
        return f"{', '.join(every[:_MOST_NAMED])} and {len(every) - _MOST_NAMED} more"
    return f"{', '.join(every[:-1])} and {every[-1]}" if len(every) > 1 else "".join(every)
