"""Readers of the field map: the approved map for the runner, and what the map page shows. Nothing here
writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery

from mapping_review.choices import BY_PERSON_ONLY, UNDECIDED, Act, Group, RowState, VersionState
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.settling import Effective, effective, is_open_conflict
from migrator import approvals, staging
from migrator.engine.field_map import FieldMap, FieldRule, field_map_of
from migrator.engine.inventory import SourceField, SourceKind
from migrator.models import Discovery, Project, SourceFieldRow, TypeSettlement

# What `with_source` adds to a row.
_SOURCE = ("source_now", "settled_now")
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


def undecided_count(version: MapVersion) -> int:
    return version.decisions.filter(state__in=UNDECIDED).count()


def seen_by(user: Any, slug: str) -> QuerySet[MapVersion]:
    """The versions of a project that the person belongs to, each with the project and the person's role."""
    rows = MapVersion.objects.filter(project__slug=slug, project__memberships__user_id=user.pk)
    return rows.annotate(own_role=F("project__memberships__role")).select_related("project", "signed_by")


def rows_seen_by(user: Any, slug: str) -> QuerySet[FieldDecision]:
    """The same for rows, each with its source field as it is now."""
    project = "version__project"
    rows = FieldDecision.objects.filter(
        **{f"{project}__slug": slug, f"{project}__memberships__user_id": user.pk}
    )
    rows = rows.annotate(own_role=F(f"{project}__memberships__role"))
    return with_source(rows.select_related("version__project", "version__signed_by", "decided_by"))


def with_source(rows: QuerySet[FieldDecision]) -> QuerySet[FieldDecision]:
    """Each row with its source field in the current discovery, so that `row_of` need not ask again."""
    newest = Discovery.objects.filter(
        project=OuterRef(OuterRef("version__project")), completed_at__isnull=False
    ).order_by("-completed_at")
    fields = SourceFieldRow.objects.filter(
        discovery=Subquery(newest.values("pk")[:1]), key=OuterRef("source_key")
    )
    settled = TypeSettlement.objects.filter(project=OuterRef("version__project"), key=OuterRef("source_key"))
    return rows.annotate(
        source_now=Subquery(fields.values("payload")[:1]), settled_now=Subquery(settled.values("settled")[:1])
    )


def rows_in(version: MapVersion, ids: Iterable[int]) -> list[Row]:
    """Some rows of a version, in the order of the ids. One query."""
    settings, order = settings_for(version.project), {pk: place for place, pk in enumerate(ids)}
    found = with_source(version.decisions.filter(pk__in=order).select_related("decided_by"))
    rows = sorted(found, key=lambda row: order[row.pk])
    for row in rows:
        row.version = version
    return [_row_with_source(row, row.__dict__, settings) for row in rows]


def rows_of(version: MapVersion) -> list[Row]:
    """All rows of a version in the order of the page: conflicts, least certain first, a person's own,
    settled."""
    fields = {field.key: field for field in staging.source_fields(version.project)}
    settings = settings_for(version.project)
    decisions = version.decisions.select_related("decided_by")
    return sorted((_row(d, fields, settings) for d in decisions), key=_order)


def row_of(decision: FieldDecision) -> Row:
    """The row with its source field and its proposal as they stand now. One query, or none where the row was
    read with its source."""
    settings, known = settings_for(decision.version.project), decision.__dict__
    if "source_now" not in known:
        asked = with_source(FieldDecision.objects.filter(pk=decision.pk))
        known = asked.values(*_SOURCE).get()
    return _row_with_source(decision, known, settings)


def grouped(rows: Iterable[Row]) -> list[tuple[Group, list[Row]]]:
    """The groups that have rows, in their order."""
    groups: dict[Group, list[Row]] = {group: [] for group in Group}
    for row in rows:
        groups[row.group].append(row)
    return [(group, members) for group, members in groups.items() if members]


class _Grouped(Protocol):
    @property
    def group(self) -> Group: ...


def summary_of(rows: Iterable[_Grouped]) -> Summary:
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


def _row(decision: FieldDecision, fields: Mapping[str, SourceField], settings: ProposerSettings) -> Row:
    field = fields.get(decision.source_key) or SourceField(
        decision.source_key, SourceKind(decision.kind), decision.name
    )
    return Row(
        decision,
        field,
        effective(decision.proposed, field, settings),
        group_of(decision.state, decision.kind, field),
    )


def group_of(state: str, kind: str, field: SourceField) -> Group:
    """Where a row stands on the page."""
    if state == RowState.APPROVED:
        return Group.APPROVED
    if state == RowState.SKIPPED:
        return Group.SKIPPED
    if is_open_conflict(field):
        return Group.CONFLICT
    return Group.PERSON if kind in BY_PERSON_ONLY else Group.REVIEW


def _row_with_source(decision: FieldDecision, known: Mapping[str, Any], settings: ProposerSettings) -> Row:
    source, settled = (known[name] for name in _SOURCE)
    field = staging.source_field_of(source) if source else None
    if field is not None and field.conflict:
        field = replace(field, settled=settled or "")
    return _row(decision, {field.key: field} if field else {}, settings)


def _order(row: Row) -> tuple[int, float, str]:
    return (list(Group).index(row.group), row.decision.confidence, row.decision.source_key)


def last_event(version: MapVersion, user: Any) -> DecisionEvent | None:
    """What this person did last on this version, has not taken back, and can: an approval that lapsed since
    is gone already. `batch_size` is what is left of the batch it belongs to."""
    rows = DecisionEvent.objects.filter(decision__version=version, actor_id=user.pk, undone_by__isnull=True)
    same = DecisionEvent.objects.filter(
        project=OuterRef("project"), batch=OuterRef("batch"), undone_by__isnull=True
    ).order_by()
    size = same.values("batch").annotate(size=Count("pk")).values("size")
    lapsed = DecisionEvent.objects.filter(decision=OuterRef("decision"), act=Act.LAPSE, pk__gt=OuterRef("pk"))
    rows = rows.filter(~Exists(lapsed)).annotate(batch_size=Subquery(size))
    return rows.exclude(act=Act.UNDO).select_related("decision").order_by("-id").first()


def history_of(decision: FieldDecision) -> list[DecisionEvent]:
    """Every act on a row, newest first."""
    return list(decision.events.select_related("actor").order_by("-id"))
