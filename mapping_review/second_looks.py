"""Some rows of every bulk approval come back to be decided once more by somebody who is not told what was
approved (ui.md 7.6). Part of `services`, and the only writer of SecondLook.

Open looks keep a version from being signed. A look whose approval was undone, edited or lapsed is no longer
open: there is nothing left to compare with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from mapping_review import lots
from mapping_review.cells import detail_of, name_of
from mapping_review.choices import SETTLED, Act
from mapping_review.drafting import open_again
from mapping_review.models import DecisionEvent, FieldDecision, MapVersion, SecondLook
from mapping_review.policies import check_can_edit_version
from mapping_review.proposers.rules import skip_rule
from mapping_review.queries import Row
from migrator import trail
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule

ONE_IN, FROM = 20, 10
OTHERWISE = "The second look chose another field"
_STANDS = Q(event__undone_by__isnull=True, decision__bulk=True, decision__state__in=SETTLED)
OPEN = Q(answered_at__isnull=True) & _STANDS


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often second looks of a version chose what had been approved."""

    agreed: int
    answered: int
    open: int


# Reading


def open_looks(version: MapVersion) -> list[SecondLook]:
    return list(version.second_looks.filter(OPEN).select_related("decision"))


def open_ids(version: MapVersion) -> set[int]:
    """The rows of a version that wait for a second look. One query."""
    return set(version.second_looks.filter(OPEN).values_list("decision_id", flat=True))


def open_count(version: MapVersion) -> int:
    """What keeps the version from being signed. One query."""
    return version.second_looks.filter(OPEN).count()


def agreement(version: MapVersion) -> Agreement:
    """One query."""
    found = version.second_looks.aggregate(
        agreed=Count("pk", filter=Q(agrees=True)),
        answered=Count("pk", filter=Q(answered_at__isnull=False)),
        open=Count("pk", filter=OPEN),
    )
    return Agreement(**found)


def choices_for(look: SecondLook, row: Row) -> list[FieldRule]:
    """What can be chosen: the approved rule, the proposal, its alternatives and leaving the field behind, each
    once, in an order that stays and that nothing on the page explains."""
    now = row.now.proposal
    every = [row.decision.rules[0], now.rule, *(other.rule for other in now.alternatives)]
    rules = {_reads(rule): rule for rule in reversed(every)}
    rules.pop(_reads(skip_rule(row.field)), None)
    shuffled = lots.drawn(rules.items(), len(rules), f"second-look:{look.pk}", lambda item: str(item[0]))
    return [*(rule for _, rule in shuffled), _left_behind(every, row)]


def _left_behind(every: Sequence[FieldRule], row: Row) -> FieldRule:
    """Always the last, as "none of these": the approved rule where that is to leave the field behind."""
    none = skip_rule(row.field)
    return next((rule for rule in every if _reads(rule) == _reads(none)), none)


def _reads(rule: FieldRule) -> tuple[str, ...]:
    """Two rules that read alike on the page are one choice."""
    return (name_of(rule), detail_of(rule), rule.transform if rule.field else "")


def size_for(approved: int) -> int:
    """How many rows of a bulk approval come back: one in twenty, at least one from ten rows on."""
    return -(-approved // ONE_IN) if approved >= FROM else 0


# Writing


def draw(version: MapVersion, events: Sequence[DecisionEvent], approved: int) -> list[SecondLook]:
    """Draw the second looks of one bulk approval, among the rows that nobody had opened.

    Which ones depends on the rows alone: to undo the approval and give it again draws the same ones, but for
    those that were opened meanwhile.
    """
    drawn = lots.drawn(
        events, size_for(approved), "second-look", lambda event: f"{version.pk}:{event.decision_id}"
    )
    SecondLook.objects.filter(
        decision__in=[event.decision_id for event in events], answered_at__isnull=True
    ).delete()
    return SecondLook.objects.bulk_create(
        SecondLook(version=version, decision=event.decision, event=event, drawn_at=event.at)
        for event in drawn
    )


@transaction.atomic
def answer(look: SecondLook, rule: FieldRule, *, user: Any) -> SecondLook:
    """Keep what was chosen. Another choice than the approved one opens the row again.

    Answering twice is one answer, the first. Raises RefusedError where the approval no longer stands.
    """
    row = (
        FieldDecision.objects.select_for_update(of=("self", "version"))
        .select_related("version__project", "decided_by")
        .get(pk=look.decision_id)
    )
    check_can_edit_version(user, row.version)
    look = SecondLook.objects.select_for_update(of=("self",)).get(pk=look.pk)
    if look.answered_at:
        return look
    check_stands(look)
    look.agrees = _reads(rule) == _reads(row.rules[0])
    look.answer, look.answered_by, look.answered_at = rule.to_json(), user, timezone.now()
    look.save()
    if not look.agrees:
        open_again(row, Act.SECOND, user, uuid4(), why=OTHERWISE)
    _note(look, row, user)
    return look


def check_stands(look: SecondLook) -> None:
    """Raises RefusedError where the bulk approval of the row was taken back or replaced."""
    if not SecondLook.objects.filter(_STANDS, pk=look.pk).exists():
        raise RefusedError(
            "The bulk approval of this field no longer stands, so it needs no second look. "
            "Nothing was changed. Go on with the next one."
        )


def _note(look: SecondLook, row: FieldDecision, user: Any) -> None:
    found = "agreed with the approval" if look.agrees else "chose another field; it is open again"
    sentence = f"A second look at field {row.source_key} in v{row.version.number} {found}."
    data = {"agrees": bool(look.agrees)}
    trail.append(row.version.project, user, "map_second_look", "field_decision", row.pk, sentence, data)
