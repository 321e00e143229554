"""What a row's sheet shows of conversions: the preview of its rules, what each alternative would lose, and what
each way out of a conflict would lose. Reads the counts, never converts a whole field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mapping_review import measuring, queries
from mapping_review.becoming import becoming
from mapping_review.cells import TYPE_WORDS, Sheet, name_of
from mapping_review.measuring import Loss, is_counted, loss_of, rule_sha
from mapping_review.preview import OPTION_TYPES, Preview
from mapping_review.preview_cells import (
    Place,
    PreviewCell,
    cell_of,
    cell_of_becoming,
    loss_words,
    losses_in,
)
from mapping_review.queries import Row
from mapping_review.settling import SPLIT, effective, is_open_conflict
from mapping_review.type_evidence import sentences_about
from migrator import staging
from migrator.engine.field_map import FieldRule
from migrator.engine.inventory import SourceKind, TargetField, ValueType
from migrator.models import Project
from migrator.texts import TOOLS


@dataclass(frozen=True)
class Part:
    """The preview of one rule of a row; `title` names it where the row has several."""

    title: str
    cell: PreviewCell


@dataclass(frozen=True)
class WayOut:
    """One choice for a conflict in the queue, and what it would lose."""

    words: str
    loss: str


def for_sheet(sheet: Sheet, project: Project) -> dict[str, Any]:
    """What the templates of a sheet call `evidence`, `previews`, `alternatives` and `ways_out`. One query for an
    attribute, three where options are compared with those of the target."""
    return {"evidence": sentences_about(sheet.row.field)} | _parts(sheet, project)


def _parts(sheet: Sheet, project: Project) -> dict[str, Any]:
    row, place = sheet.row, Place(sheet.slug, sheet.id)
    if row.field.kind != SourceKind.ATTRIBUTE:
        return {"previews": _other(row, project), "alternatives": sheet.alternatives, "ways_out": ()}
    counted = measuring.previews_of(project.pk, row.decision.source_key)
    if is_open_conflict(row.field):
        return {"previews": (), "alternatives": (), "ways_out": ways_out(row, counted)}
    rules = row.decision.rules or row.now.rules
    catalogue = _catalogue(rules, project)
    return {
        "previews": tuple(
            Part(
                name_of(rule) if len(rules) > 1 else "",
                cell_of(rule, row.field, counted.get(rule_sha(rule)), catalogue, place),
            )
            for rule in rules
        ),
        "alternatives": _with_losses(sheet, counted),
        "ways_out": (),
    }


def for_rule(row: Row, rule: FieldRule, counted: Preview | None, place: Place) -> PreviewCell:
    """The preview of a rule that somebody is trying."""
    project = row.decision.version.project
    if row.field.kind != SourceKind.ATTRIBUTE:
        return _becoming(rule, row, project)
    return cell_of(rule, row.field, counted, _catalogue((rule,), project), place)


def ways_out(row: Row, counted: Mapping[str, Preview]) -> tuple[WayOut, ...]:
    """What each choice in the queue would lose, over all values, before it is chosen."""
    settings = queries.settings_for(row.decision.version.project)
    key = row.decision.source_key
    losses = {(key, sha): Loss(p.emptied, p.changed, p.seen) for sha, p in counted.items() if p.is_whole}
    found = []
    for settled in (*measuring.types_in(row.field), SPLIT):
        rules = effective(row.decision.proposed, replace(row.field, settled=settled), settings).rules
        words = "Split into one field for each type" if settled == SPLIT else _keep_as(settled)
        found.append(WayOut(words, loss_words(loss_of(losses, key, rules))))
    return tuple(found)


def _keep_as(settled: str) -> str:
    return f"Keep as {TYPE_WORDS[ValueType(settled)][0].lower()}"


def _with_losses(sheet: Sheet, counted: Mapping[str, Preview]) -> list[dict[str, Any]]:
    now = sheet.row.now.proposal
    rules = (now.rule, *(other.rule for other in now.alternatives))
    return [
        other | {"loss": losses_in(counted, rule)}
        for other, rule in zip(sheet.alternatives, rules, strict=False)
    ]


def _catalogue(rules: Sequence[FieldRule], project: Project) -> Sequence[TargetField]:
    """Only options are compared with what the target has."""
    wanted = any(is_counted(rule) and rule.type in OPTION_TYPES for rule in rules)
    return staging.target_fields(project) if wanted else ()


def _other(row: Row, project: Project) -> tuple[Part, ...]:
    rules = row.decision.rules or row.now.rules
    return tuple(Part("", _becoming(rule, row, project)) for rule in rules)


def _becoming(rule: FieldRule, row: Row, project: Project) -> PreviewCell:
    discovery = staging.current_discovery(project)
    inventory = discovery.inventory.get("source", {}) if discovery else {}
    labelled = row.field.kind in (SourceKind.TAG, SourceKind.SECTION)
    catalogue = staging.target_fields(project) if labelled else ()
    return cell_of_becoming(becoming(rule, row.field, inventory, catalogue, TOOLS))
