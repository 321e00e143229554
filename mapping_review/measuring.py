"""What rules do to all values of their fields, counted once for each discovery and kept.

Part of `services`, and the only writer of MeasuredPreview. A count goes on in bounded batches wherever it was
left, whoever does the next one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mapping_review.models import FieldDecision, MapVersion, MeasuredPreview
from mapping_review.preview import OPTION_TYPES, Preview, Tally, converted_row
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.settling import SPLIT, effective, is_open_conflict
from migrator import staging
from migrator.engine.canonical import JsonValue, checksum
from migrator.engine.field_map import FieldRule, rule_from_json
from migrator.engine.inventory import SourceField, SourceKind, ValueType
from migrator.models import Discovery, Project
from migrator.texts import TOOLS

# Values of one transaction; a worker that is killed counts at most these again.
BATCH = 2_000
# What a request may count itself: far below a second for the slowest conversion.
AT_ONCE = 3 * BATCH


@dataclass(frozen=True, slots=True)
class Loss:
    """Profiles whose value a rule would leave empty, and those whose value it would keep in part only."""

    emptied: int = 0
    changed: int = 0
    seen: int = 0

    def __bool__(self) -> bool:
        return bool(self.emptied or self.changed)

    def __add__(self, other: "Loss") -> "Loss":
        return Loss(self.emptied + other.emptied, self.changed + other.changed, self.seen + other.seen)


Losses = Mapping[tuple[str, str], Loss]
NOTHING = Loss()


# Reading


def rule_sha(rule: FieldRule) -> str:
    """Checksum of what decides a value's fate: the conversion, the type and where the values come from. Neither
    the target field nor its options do: an option that is missing is added."""
    return checksum([rule.transform, sorted(rule.args), rule.type.value, sorted(rule.sources)])


def is_counted(rule: FieldRule) -> bool:
    """Whether there is anything to count for a rule: one without a target field leaves its values behind."""
    return rule.kind == SourceKind.ATTRIBUTE and bool(rule.field)


def losses(version: MapVersion) -> dict[tuple[str, str], Loss]:
    """What was counted whole in the project's current discovery, by source key and `rule_sha`. One query."""
    rows = _of_project(version.project_id).filter(counted_at__isnull=False)
    found = rows.values_list("source_key", "rule_sha", "emptied", "changed", "seen")
    return {(key, sha): Loss(emptied, changed, seen) for key, sha, emptied, changed, seen in found}


def loss_of(found: Losses, source_key: str, rules: Sequence[FieldRule]) -> Loss | None:
    """What the rules of one row lose together; None while one of them is not counted over all values yet.
    Whatever is left behind, and what is no attribute, has nothing to convert."""
    total = NOTHING
    for rule in rules:
        if is_counted(rule):
            one = found.get((source_key, rule_sha(rule)))
            if one is None:
                return None
            total += one
    return total


def previews_of(project_id: int, source_key: str) -> dict[str, Preview]:
    """Everything that was counted for one field, by `rule_sha`; of a count that goes on, what it has so far. One
    query."""
    rows = _of_project(project_id).filter(source_key=source_key)
    return {row.rule_sha: preview_of(row) for row in rows}


def preview_of(row: MeasuredPreview) -> Preview:
    rule = rule_from_json(row.rule)
    return _tally_of(row).preview(is_whole=row.counted_at is not None, has_labels=rule.type in OPTION_TYPES)


def counted_rule(project_id: int, source_key: str, sha: str) -> tuple[FieldRule, Preview] | None:
    """A rule that was counted or is being counted, with its count; None where nobody asked for it."""
    row = _of_project(project_id).filter(source_key=source_key, rule_sha=sha).first()
    return (rule_from_json(row.rule), preview_of(row)) if row else None


def open_counts(discovery_id: int | None = None) -> list[tuple[int, int]]:
    """Counts that are not finished, as (id, discovery's id), one for each field: `count_batch` takes the others
    of the field along."""
    rows = MeasuredPreview.objects.filter(counted_at__isnull=True)
    rows = rows.filter(discovery=discovery_id) if discovery_id else rows
    each = rows.order_by("discovery", "source_key", "pk").distinct("discovery", "source_key")
    return list(each.values_list("pk", "discovery_id")[:100])


def count_open(discovery: Discovery) -> int:
    return MeasuredPreview.objects.filter(discovery=discovery, counted_at__isnull=True).count()


def _of_project(project_id: int) -> QuerySet[MeasuredPreview]:
    newest = Discovery.objects.filter(project=project_id, completed_at__isnull=False)
    return MeasuredPreview.objects.filter(discovery=newest.order_by("-completed_at").values("pk")[:1])


# Writing


def ask_for_all(version: MapVersion, settings: ProposerSettings) -> int:
    """Ask for the count of every rule that the map proposes, offers, holds or could come to by settling a type.
    Safe to repeat; returns how many rules there are."""
    fields = {field.key: field for field in staging.source_fields(version.project)}
    wanted = {
        row.source_key: list(rules_of(row, fields[row.source_key], settings))
        for row in version.decisions.all()
        if row.source_key in fields
    }
    return _ask(staging.current_discovery(version.project), wanted)


def rules_of(row: FieldDecision, field: SourceField, settings: ProposerSettings) -> Iterator[FieldRule]:
    """Every rule whose loss the row's sheet may have to name."""
    yield from row.rules
    yield from effective(row.proposed, field, settings).rules
    yield from (other.rule for other in row.proposed.alternatives)
    if is_open_conflict(field):
        for settled in (*types_in(field), SPLIT):
            yield from effective(row.proposed, replace(field, settled=settled), settings).rules


def measure(project: Project, source_key: str, rule: FieldRule) -> Preview | None:
    """Count one rule, as far as a request may; the rest is counted in the background. Safe to repeat.

    None where there is nothing to count: no attribute, no target field, or a discovery that kept no values.
    """
    discovery = staging.current_discovery(project)
    if not _ask(discovery, {source_key: [rule]}):
        return None
    row = _of_project(project.pk).get(source_key=source_key, rule_sha=rule_sha(rule))
    for _ in range(AT_ONCE // BATCH):
        if row.counted_at or not count_batch(row.pk):
            break
    row.refresh_from_db()
    return preview_of(row)


def count_batch(pk: int) -> bool:
    """Count the next values for an open count, and for the other rules of its field that stand at the same
    value. True while more are left. Nothing is counted twice, whoever else is at it."""
    with transaction.atomic():
        unlocked = MeasuredPreview.objects.select_for_update(skip_locked=True).filter(counted_at__isnull=True)
        row = unlocked.filter(pk=pk).select_related("discovery").first()
        if row is None:
            return False
        beside = unlocked.filter(discovery=row.discovery_id, source_key=row.source_key, cursor=row.cursor)
        sources = rule_from_json(row.rule).sources
        rows = [row, *(o for o in beside.exclude(pk=pk) if rule_from_json(o.rule).sources == sources)]
        behind = staging.iter_distinct(row.discovery, sources, after=bytes.fromhex(row.cursor))
        values = list(islice(behind, BATCH))
        for each in rows:
            _count(each, values)
        fields = ["seen", "emptied", "changed", "distinct", "lines", "cursor", "counted_at"]
        MeasuredPreview.objects.bulk_update(rows, fields)
        return len(values) == BATCH


def _ask(discovery: Discovery | None, wanted: Mapping[str, Iterable[FieldRule]]) -> int:
    if discovery is None or not discovery.values.exists():
        return 0
    rows = {
        (key, rule_sha(rule)): MeasuredPreview(
            discovery=discovery, source_key=key, rule_sha=rule_sha(rule), rule=rule.to_json()
        )
        for key, rules in wanted.items()
        for rule in rules
        if is_counted(rule) and rule.sources
    }
    MeasuredPreview.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=500)
    return len(rows)


def _count(row: MeasuredPreview, values: Sequence[tuple[bytes, JsonValue, int, str]]) -> None:
    rule, tally = rule_from_json(row.rule), _tally_of(row)
    for _, value, profiles, example in values:
        if found := converted_row(rule, value, profiles, TOOLS, example):
            tally.add(*found)
    row.seen, row.emptied, row.changed, row.distinct = (
        tally.seen,
        tally.emptied,
        tally.changed,
        tally.distinct,
    )
    row.lines = tally.to_json()
    row.cursor = values[-1][0].hex() if values else row.cursor
    row.counted_at = timezone.now() if len(values) < BATCH else None


def _tally_of(row: MeasuredPreview) -> Tally:
    tally = Tally.from_json(row.lines)
    tally.seen, tally.emptied, tally.changed, tally.distinct = (
        row.seen,
        row.emptied,
        row.changed,
        row.distinct,
    )
    return tally


def types_in(field: SourceField) -> list[str]:
    """The types that the queue offers for a conflict: those of the Sections, and text."""
    held = {variant.inferred for variant in field.variants if variant.filled}
    return sorted(kind.value for kind in held | {ValueType.TEXT})
