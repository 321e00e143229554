"""An engineer's word that a run may go on without the open cases: what it holds back is counted, and the word
lapses by itself as soon as another case opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from migrator import trail
from migrator.engine.cases import CaseKind
from migrator.engine.errors import RefusedError
from migrator.models import Project
from migrator.policies import check_can
from reconciliation.choices import KINDS, UNDECIDED_STATES
from reconciliation.models import QueueCount, Waiver

LONGEST_REASON = 500
# A type conflict keeps the field map from being signed, and no run goes on without a field map.
NEVER_WITHOUT = (CaseKind.TYPE_CONFLICT,)
# What happens to the cases of a kind that are left open, for one and for several.
LEFT_OPEN: dict[CaseKind, str] = {
    CaseKind.NO_EMAIL: "The profile is held back and not written.",
    CaseKind.NO_NAME: "The profile is held back and not written.",
    CaseKind.DUPLICATE: "All profiles of the group are held back, with everyone who was merged into them.",
    CaseKind.TYPE_CONFLICT: "The field map cannot be signed, so no run can start.",
    CaseKind.RARE_TAG: "The profiles are written without this tag.",
    CaseKind.ORGANIZATION: "Every profile of these companies is held back.",
    CaseKind.CONSENT: "Every profile with these answers is held back.",
}


@dataclass(frozen=True, slots=True)
class Open:
    """The undecided cases of one kind, with what they hold up; a profile in two cases counts twice."""

    kind: CaseKind
    cases: int = 0
    profiles: int = 0
    events: int = 0

    @property
    def label(self) -> str:
        return KINDS[self.kind].label

    @property
    def left_open(self) -> str:
        return LEFT_OPEN[self.kind]

    @property
    def holds(self) -> bool:
        """Whether its profiles stay behind, and not only a part of them."""
        return self.kind not in (CaseKind.TYPE_CONFLICT, CaseKind.RARE_TAG)


def open_by_kind(project: Project) -> Mapping[CaseKind, Open]:
    """Every kind, also those with nothing open; read from the counts that the database keeps."""
    rows = QueueCount.objects.filter(project=project, state__in=UNDECIDED_STATES).order_by().values("kind")
    found = {
        row["kind"]: (row["found"], row["people"], row["history"])
        for row in rows.annotate(found=Sum("cases"), people=Sum("profiles"), history=Sum("events"))
    }
    return {kind: Open(kind, *found.get(kind.value, (0, 0, 0))) for kind in CaseKind}


@transaction.atomic
def give(project: Project, user: Any, reason: str, *, expected: int) -> Waiver:
    """Let runs go on without the cases that are open now. `expected` is how many the person saw.

    Raises RefusedError where the person may not, the number is another one, or a kind is open that no run can do
    without.
    """
    check_can("waive_cases", user, project)
    said = _reason(reason)
    Project.objects.select_for_update().get(pk=project.pk)
    kinds = open_by_kind(project)
    cases = sum(found.cases for found in kinds.values())
    _check(kinds, cases, expected)
    profiles = sum(found.profiles for found in kinds.values() if found.holds)
    project.waivers.filter(withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
    waiver = Waiver.objects.create(project=project, by=user, cases=cases, profiles=profiles, reason=said)
    facts = {kind.value: found.cases for kind, found in kinds.items() if found.cases}
    text = f"Let runs go on without {cases:,} open case{'' if cases == 1 else 's'}."
    trail.append(project, user, "waive", "queue", waiver.pk, text, {"cases": cases, "kinds": facts})
    return waiver


@transaction.atomic
def withdraw(project: Project, user: Any) -> None:
    """Take the word back: the gate counts every open case again. Raises RefusedError where there is none."""
    check_can("waive_cases", user, project)
    waivers = project.waivers.select_for_update().filter(withdrawn_at__isnull=True)
    taken = list(waivers.values_list("pk", flat=True))
    if not taken:
        raise RefusedError("No run goes on without open cases. Nothing was changed.")
    waivers.update(withdrawn_at=timezone.now())
    text = "Took back that runs go on without open cases."
    trail.append(project, user, "unwaive", "queue", taken[-1], text, {"waivers": len(taken)})


def _reason(reason: str) -> str:
    said = " ".join(reason.split())
    if not said:
        raise RefusedError("Say why the run can go on without these cases. Nothing was changed.")
    if len(said) > LONGEST_REASON or not said.isprintable():
        raise RefusedError(
            f"Write the reason in {LONGEST_REASON} characters or fewer that can be printed. Nothing was changed."
        )
    return said


def _check(kinds: Mapping[CaseKind, Open], cases: int, expected: int) -> None:
    if not cases:
        raise RefusedError("Every case is decided. There is nothing to go on without.")
    if cases != expected:
        raise RefusedError(
            f"{cases:,} cases are open now, not {expected:,}. Nothing was changed. Look at them once more."
        )
    for kind in NEVER_WITHOUT:
        if kinds[kind].cases:
            words = KINDS[kind].noun if kinds[kind].cases == 1 else KINDS[kind].nouns
            raise RefusedError(
                f"{kinds[kind].cases:,} {words} keep the field map unsigned. Decide them first."
            )
