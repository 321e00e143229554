"""Corrections that people made, remembered when a map is signed and shown beside later proposals.

Part of `services`, and the only writer of Precedent. Nothing here changes a proposal or a decision: an answer of
earlier counts when a person takes it again. Other customers' answers are counted, never told apart, and come only
from projects that share theirs.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from mapping_review import precedent_choices as choices
from mapping_review import queries
from mapping_review.choices import SETTLED, Act
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion, Precedent
from mapping_review.precedent_choices import Choice, Here
from mapping_review.proposers.hostile import is_suspicious
from mapping_review.proposers.names import Reading, read_name
from mapping_review.proposers.proposal import Proposal, ProposerSettings, proposal_from_json
from mapping_review.proposers.subjects import unit_weight
from mapping_review.proposers.targets import languages_of
from mapping_review.queries import Row
from mapping_review.sameness import is_same
from mapping_review.settling import BY_PERSON, effective
from migrator import policies as roles
from migrator import staging, trail
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule, rule_from_json
from migrator.engine.inventory import SourceField, SourceKind
from migrator.models import Project

SHARE = "share_precedents"
# The other kinds have fixed names and fixed homes: what one customer did with consents is no lesson for another.
_SHARED_KINDS = frozenset({SourceKind.ATTRIBUTE, SourceKind.EVENT})
_KEPT_BACK = frozenset({"sensitive", "hostile_name"})
_TELLING = 0.9
_COLUMNS = (
    "kind", "title", "name", "discriminator", "concepts", "value_type", "proposed", "rule", "decided_by",
    "decided_at", "version_number", "may_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """An own answer of earlier; `contradicts` where the proposal says something else."""

    kept: Precedent
    choice: Choice
    contradicts: bool

    @property
    def same(self) -> bool:
        return not self.contradicts

    @property
    def who(self) -> str:
        return str(self.kept.decided_by.first_name or self.kept.decided_by.get_username())


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer of other customers, how often it was given, and whether it is what is proposed anyway."""

    choice: Choice
    times: int
    is_proposed: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What the inspector shows of a row's precedents."""

    own: tuple[Own, ...] = ()
    votes: tuple[Vote, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.own or self.votes)

    @property
    def times(self) -> int:
        return sum(vote.times for vote in self.votes)

    @property
    def contradicts(self) -> bool:
        return any(own.contradicts for own in self.own)

    @property
    def every(self) -> tuple[Choice, ...]:
        return (*(own.choice for own in self.own), *(vote.choice for vote in self.votes))


# Remembering


@transaction.atomic
def remember(version: MapVersion) -> int:
    """Keep what people decided otherwise than proposed in this version, as it is signed. Safe to repeat.

    Decisions that were copied from an earlier version are not taken again, so that a deleted precedent stays
    deleted. Where a precedent exists, the newer decision replaces it, even one that agrees with the proposal.
    """
    project = version.project
    known = {p.source_key: p for p in project.precedents.all()}
    fields = {f.key: f for f in staging.source_fields(project)}
    found = []
    for decision, proposed in _answered(version, fields):
        field = fields[decision.source_key]
        if decision.source_key in known or not is_same(decision.rules[0], proposed.rule):
            found.append(_precedent(version, decision, field, proposed))
    Precedent.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["project", "source_key"], update_fields=_COLUMNS
    )
    return len(found)


def _answered(
    version: MapVersion, fields: dict[str, SourceField]
) -> Iterable[tuple[FieldDecision, Proposal]]:
    """The decisions taken in this version, each with the machine's proposal as it stood then."""
    rows = version.decisions.filter(
        state__in=SETTLED, decided_at__gte=version.created_at, source_key__in=fields
    ).select_related("decided_by")
    settings_ = queries.settings_for(version.project)
    first = _replaced_proposals(version)
    for row in rows.order_by("pk"):
        # A field that was split by type follows its settlement in the queue, where that is remembered.
        if not row.more_rules:
            proposal = first.get(row.pk) or row.proposed
            yield row, effective(proposal, fields[row.source_key], settings_).proposal


def _replaced_proposals(version: MapVersion) -> dict[int, Proposal]:
    """The machine's own proposals of the rows where a workbook put a person's in their place."""
    events = DecisionEvent.objects.filter(decision__version=version, act=Act.IMPORT).order_by("id")
    found: dict[int, Proposal] = {}
    for pk, raw in events.values_list("decision_id", "before__proposal"):
        if raw and (raw.get("provenance") or {}).get("proposer") != BY_PERSON:
            found[pk] = proposal_from_json(raw)
    return found


def _precedent(
    version: MapVersion, decision: FieldDecision, field: SourceField, proposed: Proposal
) -> Precedent:
    reading = _reading(field, queries.settings_for(version.project))
    # The database holds that a settled row has both.
    assert decision.decided_by is not None
    assert decision.decided_at is not None
    return Precedent(
        project=version.project, source_key=field.key, kind=SourceKind(field.kind).value,
        title=field.name[:300], name=_name_of(field, reading),
        discriminator=next((d for _, d in field.sources), "")[:300], concepts=_concepts_of(field, reading),
        value_type=field.inferred.value, proposed=proposed.rule.to_json(), rule=decision.rule,
        decided_by=decision.decided_by, decided_at=decision.decided_at, version_number=version.number,
        may_share=_may_share(field, proposed),
    )  # fmt: skip


def _reading(field: SourceField, settings_: ProposerSettings) -> Reading:
    return read_name("" if is_suspicious(field.name) else field.name, languages_of(settings_))


def _name_of(field: SourceField, reading: Reading) -> str:
    return field.key[:300] if field.kind == SourceKind.EVENT else reading.folded[:300]


def _concepts_of(field: SourceField, reading: Reading) -> list[str]:
    """Only where every word is known and one of them says something: "number" alone is nobody's precedent."""
    tells = any(unit_weight(unit) >= _TELLING for unit in reading.units)
    known = field.kind == SourceKind.ATTRIBUTE and tells and not reading.unknown
    return sorted(reading.concepts) if known else []


def _may_share(field: SourceField, proposal: Proposal) -> bool:
    return (
        field.kind in _SHARED_KINDS and not _KEPT_BACK & set(proposal.flags) and not is_suspicious(field.name)
    )


# Showing


def contradicted(version: MapVersion) -> set[str]:
    """The rows whose proposal says otherwise than this project's own precedent; they stay out of bulk approval.
    One query."""
    kept = Precedent.objects.filter(project=version.project_id, source_key=OuterRef("source_key")).values(
        "rule"
    )[:1]
    rows = version.decisions.annotate(kept=Subquery(kept)).filter(kept__isnull=False)
    return {
        key
        for key, proposed, rule in rows.values_list("source_key", "proposal__rule", "kept")
        if not is_same(rule_from_json(proposed), rule_from_json(rule))
    }


def shown_for(row: Row) -> Shown:
    """What people decided about this field before, here and elsewhere. One query where there is nothing."""
    project, field = row.decision.version.project, row.field
    found = list(_found(row))
    if not found:
        return Shown()
    here = Here(field, staging.target_fields(project), queries.settings_for(project))
    proposed = row.now.proposal.rule
    own = [p for p in found if p.project_id == project.pk]
    votes = choices.counted(rule_from_json(p.rule) for p in found if p.project_id != project.pk)
    return Shown(
        tuple(_own(p, here, proposed) for p in own),
        tuple(_vote(rule, times, here, proposed) for rule, times in votes),
    )


def rule_for(row: Row, key: str) -> FieldRule:
    """The rule of the answer that a form names. Raises RefusedError where it is no longer what was shown."""
    found = next((c.rule for c in shown_for(row).every if c.key == key and c.rule), None)
    if found is None:
        raise RefusedError("That precedent is gone or has changed. Nothing was approved. Look once more.")
    return found


def may_be_shared() -> bool:
    """What the operator says for the whole installation."""
    return bool(settings.CROSSWALK_SHARE_PRECEDENTS)


def shares(project: Project) -> bool:
    """Whether this project gives its answers to others and sees theirs, where the operator lets it."""
    return project.setting(SHARE) is not False


def _own(kept: Precedent, here: Here, proposed: FieldRule) -> Own:
    rule = rule_from_json(kept.rule)
    return Own(kept, choices.own_choice(rule, here), not is_same(proposed, rule))


def _vote(rule: FieldRule, times: int, here: Here, proposed: FieldRule) -> Vote:
    choice = choices.others_choice(rule, here)
    same = choice.rule is not None and choices.words_for(choice.rule) == choices.words_for(proposed)
    return Vote(choice, times, same)


def _found(row: Row) -> QuerySet[Precedent]:
    """Newest first: this project's own for the field, also under its earlier name, and what others decided."""
    project, field = row.decision.version.project, row.field
    identifiers = [d for _, d in field.sources if d]
    mine = Q(source_key=field.key) | Q(kind=field.kind, discriminator__in=identifiers)
    wanted = Q(project=project) & mine
    if may_be_shared() and shares(project) and _may_share(field, row.decision.proposed):
        wanted |= ~Q(project=project) & _alike(field, queries.settings_for(project))
    return Precedent.objects.filter(wanted).select_related("decided_by").order_by("-decided_at", "-pk")


def _alike(field: SourceField, settings_: ProposerSettings) -> Q:
    reading = _reading(field, settings_)
    name, concepts = _name_of(field, reading), _concepts_of(field, reading)
    same = Q(name=name) if name else Q(pk__in=())
    if concepts:
        same |= Q(concepts=concepts)
    shares = Q(**{f"project__settings__{SHARE}__isnull": True}) | Q(**{f"project__settings__{SHARE}": True})
    return same & shares & Q(kind=field.kind, may_share=True)


# The list, and forgetting


@dataclass(frozen=True, slots=True)
class Line:
    """One precedent in words."""

    kept: Precedent

    @property
    def who(self) -> str:
        return self.kept.decided_by.get_full_name() or self.kept.decided_by.get_username()

    @property
    def proposed(self) -> str:
        return choices.words_for(rule_from_json(self.kept.proposed))

    @property
    def decided(self) -> str:
        return choices.words_for(rule_from_json(self.kept.rule))


def listed(project: Project, wanted: str = "") -> list[Line]:
    """All that the project remembers, by field; `wanted` is part of a field's or a person's name."""
    rows = project.precedents.select_related("decided_by").order_by("title", "pk")
    if wanted := wanted.strip().replace("\x00", ""):
        who = Q(decided_by__first_name__icontains=wanted) | Q(decided_by__username__icontains=wanted)
        rows = rows.filter(Q(title__icontains=wanted) | who)
    return [Line(kept) for kept in rows]


def json_of(project: Project) -> bytes:
    """The project's precedents as a file: the same rows give the same bytes."""
    rows = [_raw(line.kept, line.who) for line in listed(project)]
    return json.dumps({"precedents": rows}, ensure_ascii=True, indent=1, sort_keys=True).encode()


def _raw(kept: Precedent, who: str) -> dict[str, Any]:
    return {
        "field": kept.title, "source_key": kept.source_key, "kind": kept.kind,
        "discriminator": kept.discriminator, "value_type": kept.value_type, "proposed": kept.proposed,
        "decided": kept.rule, "decided_by": who, "decided_at": kept.decided_at.isoformat(),
        "version": kept.version_number,
    }  # fmt: skip


@transaction.atomic
def forget(project: Project, user: Any, pk: int | None = None) -> int:
    """Delete one precedent of the project, or all of them; gone ones count 0. Raises RefusedError by role."""
    roles.check_can_edit_fields(user, project)
    rows = project.precedents.all() if pk is None else project.precedents.filter(pk=pk)
    keys = sorted(rows.values_list("source_key", flat=True))
    rows.delete()
    if keys:
        what = keys[0] if len(keys) == 1 else f"{len(keys)} fields"
        trail.append(
            project, user, "forget_precedents", "precedent", pk or "all",
            f"Deleted what was remembered about {what}.", {"fields": len(keys)},
        )  # fmt: skip
    return len(keys)


@transaction.atomic
def set_sharing(project: Project, user: Any, *, on: bool) -> None:
    """Share this project's answers with the installation and see the others', or neither. Raises RefusedError."""
    roles.check_can_edit_fields(user, project)
    project = Project.objects.select_for_update().get(pk=project.pk)
    if shares(project) == on:
        return
    project.settings = project.settings | {SHARE: on}
    project.save(update_fields=["settings"])
    word = "on" if on else "off"
    trail.append(
        project,
        user,
        "share_precedents",
        "project",
        project.pk,
        f"Sharing of precedents is {word}.",
        {"on": on},
    )
