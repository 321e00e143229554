"""Acts on many rows at once, behind the fences; one undo takes a whole batch back. Part of `services`.

Before a bulk approval a person opens the rows that were drawn for them. Each opened row gives a mark, which
only this installation can write and which holds for this person and this content; the approval carries them.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import OuterRef, Subquery

from mapping_review import fences, lots, measuring, precedents, queries, second_looks
from mapping_review.choices import BY_PERSON_ONLY, Act
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion
from mapping_review.outlines import Outline
from mapping_review.policies import check_can_edit_version, check_has_looked
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.proposers.rules import skip_rule
from mapping_review.queries import Row
from mapping_review.settling import effective, evidence_sha
from mapping_review.writing import Batch, decided, note_many, rest_on, save_all, state_for, taken_back
from migrator import staging
from migrator.engine.canonical import checksum

R = TypeVar("R", FieldDecision, Outline)
_LOOK = "bulk-look"


# The first look


def facts_for(version: MapVersion) -> fences.Facts:
    """What the fences of this version look at, with the source fields whole. For a page see `facts_from`."""
    return fences.Facts(
        fields={field.key: field for field in staging.source_fields(version.project)},
        settings=queries.settings_for(version.project),
        losses=measuring.losses(version),
        contradicted=frozenset(precedents.contradicted(version)),
    )


def facts_from(rows: Iterable[Outline], settings: ProposerSettings) -> fences.Facts:
    """The same out of the rows' outlines, without a query."""
    known = list(rows)
    return fences.Facts(
        fields={row.source_key: row.source for row in known if row.conflict is not None},
        settings=settings,
        losses={pair: loss for row in known for pair, loss in row.counted().items()},
        contradicted=frozenset(row.source_key for row in known if row.contradicts_precedent),
    )


def drawn_for(rows: Iterable[R], version: MapVersion, user: Any) -> list[R]:
    """Up to five of the rows, which this person opens before the rest follows."""
    return lots.drawn(rows, fences.LOOK_AT, f"{_LOOK}:{user.pk}", lambda row: f"{version.pk}:{row.pk}")


def mark_of(row: Row, user: Any) -> str:
    """Says that this person was shown this row as it stands now."""
    return lots.mark(f"{_LOOK}:{user.pk}", _content(row))


def unopened(drawn: Iterable[Row], user: Any, marks: Collection[str]) -> list[int]:
    """The drawn rows of which there is no mark yet, by id."""
    purpose = f"{_LOOK}:{user.pk}"
    return [row.decision.pk for row in drawn if not lots.is_marked(marks, purpose, _content(row))]


def _content(row: Row) -> str:
    decision, shown = row.decision, [rule.to_json() for rule in row.now.rules]
    sha = evidence_sha(row.field)
    return checksum([decision.version_id, decision.pk, decision.lock_version, sha, shown])


# The acts


@transaction.atomic
def approve_many(
    version: MapVersion,
    threshold: float,
    *,
    user: Any,
    client_key: UUID,
    seen: Mapping[int, int] | None = None,
    marks: Collection[str] = (),
) -> Batch:
    """Approve every proposal at or above the threshold that no fence keeps back.

    `seen` maps row ids to the versions that the person was shown: rows outside it, or changed since, are left
    alone. Raises RefusedError while a drawn row has no mark among `marks`.
    """
    version, done = _opened(version, user, client_key)
    if done:
        return done
    facts = facts_for(version)
    rows = list(version.decisions.select_for_update().order_by("pk"))
    chosen = fences.bulk_rows(rows, facts, threshold)
    changed = [r for r in rows if seen is not None and r.pk in seen and seen[r.pk] != r.lock_version]
    approved = [r for r in chosen if seen is None or seen.get(r.pk) == r.lock_version]
    drawn = {row.pk for row in drawn_for(approved, version, user)}
    check_has_looked(len(unopened(queries.rows_in(version, drawn), user, marks)))
    events = save_all([_decided(row, version, Act.APPROVE, facts, user, client_key) for row in approved])
    second_looks.draw(version, [event for event in events if event.decision_id not in drawn], len(events))
    sentence = f"Approved {len(approved)} fields at {threshold:.0%} confidence or more."
    note_many(version, user, sentence, len(approved))
    return Batch(client_key, tuple(approved), tuple(changed))


@transaction.atomic
def decide_rows(
    version: MapVersion, act: Act, seen: Mapping[int, int], *, user: Any, client_key: UUID
) -> Batch:
    """Approve or leave out the rows that a person selected. Fences hold here too: what they keep back is
    reported."""
    version, done = _opened(version, user, client_key)
    if done:
        return done
    facts = facts_for(version)
    rows = list(version.decisions.select_for_update().filter(pk__in=seen).order_by("pk"))
    changed = [row for row in rows if seen[row.pk] != row.lock_version]
    kept = [row for row in rows if row not in changed and _is_fenced(row, act, facts)]
    free = [row for row in rows if row not in changed and row not in kept]
    events = save_all([_decided(row, version, act, facts, user, client_key) for row in free])
    if act == Act.APPROVE:
        second_looks.draw(version, events, len(events))
    note_many(version, user, f"{act.label}: {len(free)} selected fields.", len(free))
    return Batch(client_key, tuple(free), tuple(changed), tuple(kept))


def _opened(version: MapVersion, user: Any, client_key: UUID) -> tuple[MapVersion, Batch | None]:
    """The version, locked, once it may be changed; with the answer to a repeated request."""
    version = MapVersion.objects.select_for_update(of=("self",)).select_related("project").get(pk=version.pk)
    check_can_edit_version(user, version)
    done = DecisionEvent.objects.filter(project=version.project, batch=client_key).select_related("decision")
    return version, Batch(client_key, tuple(event.decision for event in done)) if done else None


def _decided(
    row: FieldDecision, version: MapVersion, act: Act, facts: fences.Facts, user: Any, batch: UUID
) -> DecisionEvent:
    row.version, field = version, facts.fields[row.source_key]
    rest_on(row, field)
    approves = act == Act.APPROVE
    rules = effective(row.proposed, field, facts.settings).rules if approves else (skip_rule(field),)
    return decided(row, act, state_for(rules), rules, user, uuid5(batch, str(row.pk)), batch, bulk=True)


def _is_fenced(row: FieldDecision, act: Act, facts: fences.Facts) -> bool:
    field = facts.fields.get(row.source_key)
    if field is None or row.is_settled or fences.is_open_conflict(field):
        return True
    return bool(fences.fence_around(row, facts)) if act == Act.APPROVE else row.kind in BY_PERSON_ONLY


@transaction.atomic
def undo_batch(version: MapVersion, batch: UUID, *, user: Any, client_key: UUID) -> Batch:
    """Take back what is left of a bulk approval; rows that somebody decided again since stay as they are."""
    check_can_edit_version(user, version)
    rows = version.decisions.select_for_update(of=("self",)).filter(events__batch=batch).order_by("pk")
    last = DecisionEvent.objects.filter(decision=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    rows = rows.annotate(last=Subquery(last))
    locked = {row.pk: row for row in rows}
    left = DecisionEvent.objects.filter(project=version.project, batch=batch, undone_by__isnull=True)
    events = [event for event in left.exclude(act=Act.UNDO) if event.decision_id in locked]
    standing = [event for event in events if locked[event.decision_id].last == event.pk]
    undone = []
    for event in standing:
        row = locked[event.decision_id]
        row.version = version
        undone.append(taken_back(row, event, user, uuid5(client_key, str(row.pk)), client_key))
    save_all(undone)
    note_many(version, user, f"Undid the approval of {len(undone)} fields.", len(undone))
    others = [locked[event.decision_id] for event in events if event not in standing]
    return Batch(client_key, tuple(event.decision for event in undone), tuple(others))
