"""What an inspector says of a row beside its proposal: who shares its target, which Section counts first, who
settled its type, and of an open conflict what each Section holds. Reads only."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from mapping_review import sharing
from mapping_review.cells import TYPE_WORDS, name_of
from mapping_review.models import FieldDecision
from mapping_review.queries import Row
from mapping_review.rulebook import MERGES
from mapping_review.settling import DROP, SPLIT, is_open_conflict
from migrator.charts import Bar, Chart, bars
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import SourceField, SourceKind, ValueType, Variant
from migrator.engine.merging import in_order, merge_among
from migrator.models import TypeSettlement

_MOST_BARS = 6


@dataclass(frozen=True, slots=True)
class Side:
    """One Section of a field whose Sections disagree."""

    section: str
    type: str
    filled: int
    chart: Chart


@dataclass(frozen=True, slots=True)
class Shared:
    """The rows that fill one field together. `warning` is empty where a merge rule says how."""

    rows: tuple[dict[str, str], ...]
    how: str
    warning: str


def notes_for(row: Row) -> dict[str, Any]:
    """What the inspector's template calls `sides`, `settled_by`, `shared`, `first_section` and
    `left_because`. At most two queries."""
    field, rules = row.field, row.decision.rules or row.now.rules
    conflict = is_open_conflict(field)
    return {
        "sides": tuple(map(_side, filter(_is_filled, field.variants))) if conflict else (),
        "settled_by": settled_sentence(row) if field.settled else "",
        "shared": None if conflict else _shared(row, rules),
        "first_section": _order_of(rules[0], field),
        "left_because": rules[0].reason if rules[0].action == Action.DROP else "",
    }


def settled_sentence(row: Row) -> str:
    """Who settled the type in the queue, and as what. One query."""
    settled = TypeSettlement.objects.filter(project=row.decision.version.project, key=row.field.key)
    found = settled.select_related("settled_by").first()
    by = found.settled_by if found else None
    who = (by.first_name or by.get_username()) if by else "A person"
    return f"{who} settled the type in the queue: {_settled_words(row.field.settled)}."


def _settled_words(settled: str) -> str:
    if settled == DROP:
        return "do not migrate"
    return "one field for each type" if settled == SPLIT else TYPE_WORDS[ValueType(settled)][0].lower()


def _is_filled(variant: Variant) -> bool:
    return variant.filled > 0


def _side(variant: Variant) -> Side:
    words = TYPE_WORDS[variant.inferred][0]
    top = [Bar(value[:80], profiles) for value, profiles in variant.top[:_MOST_BARS]]
    first = f" The most frequent is {top[0].label} with {top[0].value:,}." if top else ""
    label = f"{variant.filled:,} values in {variant.section_name}, read as {words.lower()}.{first}"
    return Side(variant.section_name, words, variant.filled, bars(label, top, unit="Profiles"))


def _shared(row: Row, rules: tuple[FieldRule, ...]) -> Shared | None:
    others = sharing.others_onto(row.decision, rules)
    if not others:
        return None
    every = [*rules, *(other.rule for other in others)]
    names = {other.rule.source: (other.name, other.pk) for other in others}
    own = (row.decision.name, row.decision.pk)
    listed = tuple(
        {"name": name, "url": "" if pk == row.decision.pk else _row_url(row.decision, pk)}
        for name, pk in (names.get(rule.source, own) for rule in in_order(every))
    )
    warning = sharing.warning_among(rules, others)
    how = "" if warning else f"{MERGES[merge_among(every)]}, into {name_of(rules[0])}"
    return Shared(listed, how, warning)


def _row_url(decision: FieldDecision, pk: int) -> str:
    return f"{reverse('mapping_review:map', args=[decision.version.project.slug])}?item={pk}"


def _order_of(rule: FieldRule, field: SourceField) -> str:
    """ "Sweden first, then Norway"; "" where one Section alone has the field."""
    if field.kind != SourceKind.ATTRIBUTE or rule.is_left or len(rule.sources) < 2:
        return ""
    names = {(v.section, v.discriminator): v.section_name for v in field.variants}
    listed = [names.get(source, source[0]) for source in rule.sources]
    return f"Where several Sections have a value: {listed[0]} first, then {', then '.join(listed[1:])}."
