"""What may never be approved in bulk, whatever the threshold, and which rows a person opens first (ui.md 7.6).
Pure: what the database knows is handed in as `Facts`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mapping_review.choices import BY_PERSON_ONLY, Fence, RowState
from mapping_review.measuring import Losses, loss_of
from mapping_review.models import FieldDecision
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.settling import effective, is_open_conflict
from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import FieldRule, rule_from_json
from migrator.engine.inventory import SourceField

LOWEST_THRESHOLD, DEFAULT_THRESHOLD = 0.5, 0.9
LOOK_AT = 5
_FLAGS = {
    "sensitive": Fence.SENSITIVE,
    "hostile_name": Fence.HOSTILE,
    "consent": Fence.CONSENT,
    "conflict": Fence.CONFLICT,
    "existing_data": Fence.EXISTING,
    "values_lost": Fence.LOSSY,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the fences look at besides the rows. `contradicted` are the source keys that a person once decided
    otherwise."""

    fields: Mapping[str, SourceField]
    settings: ProposerSettings
    losses: Losses = field(default_factory=dict)
    contradicted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sorted:
    """The proposed rows at or above a threshold: those that one press may approve, and those kept back by
    reason. `below` counts the proposals under the threshold."""

    free: tuple[FieldDecision, ...]
    kept: Mapping[Fence, tuple[FieldDecision, ...]]
    below: int

    @property
    def kept_count(self) -> int:
        return sum(map(len, self.kept.values()))


def sort_out(decisions: Sequence[FieldDecision], facts: Facts, threshold: float) -> Sorted:
    """Every proposed row in its place, in the order given; decided ones are in none."""
    proposed = [row for row in decisions if row.state == RowState.PROPOSED]
    high = [row for row in proposed if row.confidence >= max(threshold, LOWEST_THRESHOLD)]
    found = [(fence_around(row, facts), row) for row in high]
    kept = {fence: tuple(row for why, row in found if why == fence) for fence in Fence}
    return Sorted(
        free=tuple(row for why, row in found if why is None),
        kept={fence: rows for fence, rows in kept.items() if rows},
        below=len(proposed) - len(high),
    )


def bulk_rows(decisions: Sequence[FieldDecision], facts: Facts, threshold: float) -> list[FieldDecision]:
    """The rows that one press may approve, in the order given."""
    return list(sort_out(decisions, facts, threshold).free)


def fence_around(row: FieldDecision, facts: Facts) -> Fence | None:
    """Why this row needs a person's own look; None where it does not. The cheap reasons come first, because a
    page asks this of every row."""
    source = facts.fields.get(row.source_key)
    if source is None:
        return Fence.GONE
    if row.kind in BY_PERSON_ONLY:
        return Fence.CONSENT
    if source.conflict or is_open_conflict(source):
        return Fence.CONFLICT
    return _by_proposal(row) or _by_rules(row, source, facts)


def _by_proposal(row: FieldDecision) -> Fence | None:
    """What the stored proposal says of itself, read without parsing it whole."""
    flags = set(_list(row.proposal.get("flags")))
    for flag, fence in _FLAGS.items():
        if flag in flags:
            return fence
    if row.lapsed:
        return Fence.LAPSED
    return Fence.ABSTAINED if row.proposal.get("abstained") else None


def _by_rules(row: FieldDecision, source: SourceField, facts: Facts) -> Fence | None:
    rules = _rules_of(row, source, facts.settings)
    if any(rule.is_left for rule in rules):
        return Fence.LEFT_OUT
    if row.source_key in facts.contradicted:
        return Fence.PRECEDENT
    loss = loss_of(facts.losses, row.source_key, rules)
    if loss is None:
        return Fence.NOT_COUNTED if source.filled else None
    return Fence.LOSSY if loss else None


def _rules_of(row: FieldDecision, source: SourceField, settings: ProposerSettings) -> Sequence[FieldRule]:
    if source.settled:
        return effective(row.proposed, source, settings).rules
    return (rule_from_json(row.proposal["rule"]),)


def _list(value: JsonValue) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
