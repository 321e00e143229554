"""Readers of the field map: the approved map for the runner, and what the map page shows. Nothing here
writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mapping_review.choices import SETTLED, UNDECIDED, Act, Group, RowState, VersionState
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.settling import Effective, effective, evidence_sha, is_open_conflict
from migrator import approvals, staging
from migrator.engine.field_map import FieldMap, FieldRule, field_map_of
from migrator.engine.inventory import SourceField, SourceKind
from migrator.models import Project

_LABEL_STYLES = {"title": "label_title", "underscore": "label_underscore"}


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of one version. `undecided` is what stands between it and sign-off."""

    approved: int
    skipped: int
    review: int
    conflicts: int

    @property
    def total(self) -> int:
        return self.approved + self.skipped + self.review + self.conflicts

    @property
    def settled(self) -> int:
        return self.approved + self.skipped

    @property
    def undecided(self) -> int:
        return self.review + self.conflicts


@dataclass(frozen=True, slots=True)
class Row:
    """A decision with the source field and the proposal as they stand now; `field` is None where the source
    no longer has it."""

    decision: FieldDecision
    field: SourceField
    now: Effective
    group: Group

    @property
    def rule(self) -> FieldRule:
        """The decided rule, else the proposed one."""
        return (self.decision.rules or self.now.rules)[0]


def settings_for(project: Project) -> ProposerSettings:
    return ProposerSettings(
        region=str(project.setting("region")),
        currency=str(project.setting("currency")),
        tag_style=_LABEL_STYLES.get(str(project.setting("label_style")), "label_title"),
    )


def current_version(project: Project) -> MapVersion | None:
    """The newest version, whatever its state."""
    return project.map_versions.order_by("-number").first()


def approved_field_map(project: Project) -> FieldMap | None:
    """The map that may be planned with: the newest version, signed, and signed for exactly this content.

    None while a newer draft is open, because then something of the signed version is in doubt.
    """
    version = current_version(project)
    if version is None or version.state != VersionState.SIGNED:
        return None
    found = field_map(version)
    same = found.checksum == version.checksum
    return found if same and approvals.valid_approval(project, "map", version.checksum) else None


def field_map(version: MapVersion) -> FieldMap:
    """The decided rules of a version, complete or not."""
    return field_map_of(rule for decision in version.decisions.all() for rule in decision.rules)


def open_conflicts(project: Project) -> int:
    return sum(is_open_conflict(field) for field in staging.source_fields(project))


def undecided_count(version: MapVersion) -> int:
    return version.decisions.filter(state__in=UNDECIDED).count()


def rows_of(version: MapVersion) -> list[Row]:
    """All rows of a version in the order of the page: conflicts, least certain first, a person's own,
    settled."""
    fields = {field.key: field for field in staging.source_fields(version.project)}
    settings = settings_for(version.project)
    decisions = version.decisions.select_related("decided_by")
    return sorted((_row(d, fields, settings) for d in decisions), key=_order)


def row_of(decision: FieldDecision) -> Row:
    project = decision.version.project
    fields = {field.key: field for field in staging.source_fields(project)}
    return _row(decision, fields, settings_for(project))


def grouped(rows: Iterable[Row]) -> list[tuple[Group, list[Row]]]:
    """The groups that have rows, in their order."""
    groups: dict[Group, list[Row]] = {group: [] for group in Group}
    for row in rows:
        groups[row.group].append(row)
    return [(group, members) for group, members in groups.items() if members]


def summary_of(rows: Iterable[Row]) -> Summary:
    counts = dict.fromkeys(Group, 0)
    for row in rows:
        counts[row.group] += 1
    return Summary(
        approved=counts[Group.APPROVED],
        skipped=counts[Group.SKIPPED],
        review=counts[Group.REVIEW] + counts[Group.PERSON],
        conflicts=counts[Group.CONFLICT],
    )


def summary(version: MapVersion) -> Summary:
    return summary_of(rows_of(version))


def histogram(rows: Iterable[Row], *, first: int = 50, step: int = 5) -> list[int]:
    """Proposals by confidence in steps of five percent from 50 to 100; lower ones count in the first."""
    bins = [0] * ((100 - first) // step)
    for row in rows:
        percent = round(row.decision.confidence * 100)
        bins[min(max((percent - first) // step, 0), len(bins) - 1)] += 1
    return bins


def stale_rows(version: MapVersion) -> list[FieldDecision]:
    """Settled rows whose evidence is no longer what it was when a person decided."""
    shas = {field.key: evidence_sha(field) for field in staging.source_fields(version.project)}
    settled = version.decisions.filter(state__in=SETTLED)
    return [row for row in settled if shas.get(row.source_key) != row.evidence_sha]


def _row(decision: FieldDecision, fields: Mapping[str, SourceField], settings: ProposerSettings) -> Row:
    field = fields.get(decision.source_key) or SourceField(
        decision.source_key, SourceKind(decision.kind), decision.name
    )
    return Row(decision, field, effective(decision.proposed, field, settings), _group(decision, field))


def _group(decision: FieldDecision, field: SourceField) -> Group:
    if decision.state == RowState.APPROVED:
        return Group.APPROVED
    if decision.state == RowState.SKIPPED:
        return Group.SKIPPED
    if is_open_conflict(field):
        return Group.CONFLICT
    return Group.PERSON if decision.kind == SourceKind.CONSENT else Group.REVIEW


def _order(row: Row) -> tuple[int, float, str]:
    return (list(Group).index(row.group), row.decision.confidence, row.decision.source_key)


def last_event(version: MapVersion, user: Any) -> DecisionEvent | None:
    """What this person did last on this version and has not taken back."""
    rows = DecisionEvent.objects.filter(decision__version=version, actor_id=user.pk, undone_by__isnull=True)
    return rows.exclude(act=Act.UNDO).select_related("decision").order_by("-id").first()


def batch_size(event: DecisionEvent) -> int:
    return DecisionEvent.objects.filter(
        project=event.project_id, batch=event.batch, undone_by__isnull=True
    ).count()


def history_of(decision: FieldDecision) -> list[DecisionEvent]:
    """Every act on a row, newest first."""
    return list(decision.events.select_related("actor").order_by("-id"))
