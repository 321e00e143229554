"""What may never be approved in bulk, whatever the threshold (ui.md 7.6). Pure."""

import random
from collections.abc import Mapping, Sequence

from mapping_review.choices import RowState
from mapping_review.models import FieldDecision
from mapping_review.preview import preview
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.settling import effective, is_open_conflict
from migrator.engine.field_map import Action
from migrator.engine.inventory import SourceField, SourceKind
from migrator.engine.transforms.tools import Tools

LOWEST_THRESHOLD, DEFAULT_THRESHOLD = 0.5, 0.9
LOOK_AT = 5
_FENCED_FLAGS = frozenset(
    {"sensitive", "hostile_name", "existing_data", "values_lost", "consent", "conflict"}
)


def bulk_rows(
    decisions: Sequence[FieldDecision],
    fields: Mapping[str, SourceField],
    threshold: float,
    settings: ProposerSettings,
    tools: Tools,
) -> list[FieldDecision]:
    """The rows that one press may approve, in the order given."""
    return [
        row
        for row in decisions
        if row.state == RowState.PROPOSED
        and row.confidence >= max(threshold, LOWEST_THRESHOLD)
        and row.source_key in fields
        and not fence_around(row, fields[row.source_key], settings, tools)
    ]


def fence_around(row: FieldDecision, field: SourceField, settings: ProposerSettings, tools: Tools) -> str:
    """Why this row needs a person's own look; "" where it does not."""
    now = effective(row.proposed, field, settings)
    proposal, rule = now.proposal, now.proposal.rule
    if row.kind == SourceKind.CONSENT:
        return "Consent always stays with a person"
    if field.conflict or is_open_conflict(field):
        return "Sections disagree about the type"
    if rule.action == Action.SKIP:
        return "It would be left behind"
    if row.lapsed:
        return "An earlier approval lapsed"
    if proposal.abstained or _FENCED_FLAGS & set(proposal.flags):
        return "It needs a closer look"
    return "Values would be lost" if preview(rule, field, tools).emptied else ""


def drawn(rows: Sequence[FieldDecision], seed: str) -> list[FieldDecision]:
    """Up to five rows to look at, the same ones as long as the seed is the same."""
    lots = random.Random(seed)  # noqa: S311 -- a sample to look at, not a secret
    return lots.sample(list(rows), min(LOOK_AT, len(rows)))
