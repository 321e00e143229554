"""Builds the draft of a field map from a discovery's proposals, keeping every approval whose evidence still
holds.

Part of `services`: called through it, apart from it for size only.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from mapping_review.choices import Act, RowState, VersionState
from mapping_review.drift import source_evidence, why_void
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.proposers.proposal import Proposal
from mapping_review.settling import evidence_sha, is_persons
from migrator import staging, trail
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import SourceField, SourceKind, TargetField
from migrator.models import Project

_COPIED = (
    "source_key", "kind", "name", "state", "proposal", "rule", "more_rules", "confidence", "evidence_sha",
    "evidence", "decided_by_id", "decided_at", "bulk", "lapsed",
)  # fmt: skip
# So many new rows are worth a look at the table by the database.
MANY = 500
CHANGED = "The values or types in APSIS One changed since it was approved"


@transaction.atomic
def build_draft(project: Project, proposals: Iterable[Proposal]) -> MapVersion:
    """Bring the map up to the current discovery. Running it again with the same input changes nothing.

    Undecided rows take the new proposal. Decided rows stay as long as their evidence does, else they lapse. A
    signed version is left as it is: a new draft is opened beside it only where a row came, went or lapsed.
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    plan = _Plan(project, {p.rule.source: p for p in proposals})
    version = project.map_versions.order_by("-number").first()
    if version is None:
        version = _opened(project, 1)
    elif version.state == VersionState.SIGNED:
        if not plan.changes(version):
            return version
        version = copied(version, user=None)
    plan.apply_to(version)
    return version


def copied(version: MapVersion, *, user: Any) -> MapVersion:
    """A draft that begins with every decision of a signed version."""
    draft = _opened(version.project, version.number + 1, user)
    rows = [
        FieldDecision(version=draft, **{n: getattr(row, n) for n in _COPIED})
        for row in version.decisions.all()
    ]
    FieldDecision.objects.bulk_create(rows)
    return draft


def snapshot(row: FieldDecision) -> dict[str, Any]:
    """What an event keeps of a row, enough to bring it back."""
    return {
        "state": row.state,
        "rule": row.rule,
        "more_rules": row.more_rules,
        "bulk": row.bulk,
        "lapsed": row.lapsed,
        "decided_by": row.decided_by_id,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        "evidence": row.evidence,
        "evidence_sha": row.evidence_sha,
    }


def lapse(row: FieldDecision, why: str) -> DecisionEvent:
    """Open a decided row again because what it rested on changed; Crosswalk does so itself."""
    return open_again(row, Act.LAPSE, None, uuid4(), why=why[:300])


def open_again(row: FieldDecision, act: Act, actor: Any, client_key: UUID, *, why: str = "") -> DecisionEvent:
    """Take the decision off a row, which then waits for another one; `why` is shown on it. Saves the row and
    returns the saved event."""
    before = snapshot(row)
    row.state, row.rule, row.more_rules, row.bulk = RowState.PROPOSED, None, [], False
    row.decided_by = row.decided_at = None
    row.lapsed = why
    row.lock_version += 1
    row.save()
    return DecisionEvent.objects.create(
        project=row.version.project, decision=row, act=act, actor=actor, at=timezone.now(),
        before=before, after=snapshot(row), client_key=client_key, batch=client_key,
    )  # fmt: skip


def why_lapsed(row: FieldDecision, field: SourceField, catalogue: Sequence[TargetField]) -> str:
    """What changed of that which a decided row rests on; "" where nothing did."""
    why = why_void(row.evidence, row.rules, field, catalogue)
    return why or (CHANGED if row.evidence_sha != evidence_sha(field) else "")


class _Plan:
    """The proposals joined with the source fields and the target's catalogue of the current discovery."""

    def __init__(self, project: Project, proposals: Mapping[str, Proposal]) -> None:
        self.project = project
        self.discovery = staging.current_discovery(project)
        self.proposals = proposals
        self.fields = {f.key: f for f in staging.source_fields(project) if f.key in proposals}
        self.catalogue = staging.target_fields(project)
        self.places = {_place(f) for f in self.catalogue}

    def changes(self, version: MapVersion) -> bool:
        rows = {row.source_key: row for row in version.decisions.all()}
        return set(rows) != set(self.fields) or any(self._why_lapsed(row) for row in rows.values())

    def apply_to(self, version: MapVersion) -> None:
        version.discovery = self.discovery
        version.save(update_fields=["discovery"])
        rows = {row.source_key: row for row in version.decisions.select_related("version__project")}
        gone = set(rows) - set(self.fields)
        version.decisions.filter(source_key__in=gone).delete()
        lapsed = sum(self._refreshed(row) for key, row in rows.items() if key not in gone)
        fresh = [self._new_row(version, field) for key, field in self.fields.items() if key not in rows]
        FieldDecision.objects.bulk_create(fresh)
        if len(fresh) > MANY:
            staging.know(FieldDecision)
        self._note(version, len(fresh), len(gone), lapsed)

    def _refreshed(self, row: FieldDecision) -> bool:
        """Whether an approval lapsed. The proposal is always the newest; the person's rule is never
        touched."""
        why = self._why_lapsed(row)
        field = self.fields[row.source_key]
        proposal = row.proposed if self._is_own(row, field) else self.proposals[row.source_key]
        is_settled, sha = row.is_settled, evidence_sha(field)
        changed = row.proposal != proposal.to_json() or row.evidence_sha != sha
        if not changed and not why:
            return False
        row.proposal, row.confidence = proposal.to_json(), proposal.confidence
        row.name = field.name[:300]
        if why or not is_settled:
            row.evidence_sha, row.evidence = sha, source_evidence(field)
        if why:
            lapse(row, why)
        else:
            row.lock_version += row.state == RowState.PROPOSED
            row.save()
        return bool(why)

    def _is_own(self, row: FieldDecision, field: SourceField) -> bool:
        """What a person proposed in a workbook stays as long as what it rests on does."""
        same = row.evidence_sha == evidence_sha(field)
        return same and is_persons(row.proposed, field) and not self._is_gone(row.proposed.rule)

    def _why_lapsed(self, row: FieldDecision) -> str:
        field = self.fields.get(row.source_key)
        if field is None or row.state == RowState.PROPOSED:
            return ""
        return why_lapsed(row, field, self.catalogue)

    def _is_gone(self, rule: FieldRule) -> bool:
        """Only custom fields come and go; the catalogue may leave out standard ones."""
        return rule.action == Action.MAP and rule.custom and _place_of(rule) not in self.places

    def _new_row(self, version: MapVersion, field: SourceField) -> FieldDecision:
        proposal = self.proposals[field.key]
        return FieldDecision(
            version=version,
            source_key=field.key,
            kind=SourceKind(field.kind).value,
            name=field.name[:300],
            proposal=proposal.to_json(),
            confidence=proposal.confidence,
            evidence_sha=evidence_sha(field),
            evidence=source_evidence(field),
        )

    def _note(self, version: MapVersion, fresh: int, gone: int, lapsed: int) -> None:
        if not (fresh or gone or lapsed):
            return
        sentence = f"Proposed {fresh} rows of v{version.number}; {gone} are gone, {lapsed} approvals lapsed."
        counts = {"new": fresh, "gone": gone, "lapsed": lapsed}
        trail.append(self.project, None, "propose", "map_version", version.number, sentence, counts)


def _opened(project: Project, number: int, user: Any = None) -> MapVersion:
    version = MapVersion.objects.create(project=project, number=number)
    trail.append(
        project, user, "open_draft", "map_version", number, f"Opened draft v{number} of the field map."
    )
    return version


def _place(field: TargetField) -> tuple[str, str, str]:
    return (field.object.value, field.name if field.custom else field.standard_key, field.type.value)


def _place_of(rule: FieldRule) -> tuple[str, str, str]:
    return (rule.object.value, rule.field, rule.type.value)
