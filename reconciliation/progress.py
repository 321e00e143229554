"""How far a queue is: by kind, in all, and how long the rest takes at a person's own pace."""

from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from migrator.engine.cases import CaseKind
from migrator.models import Project
from reconciliation.choices import KINDS, ItemState
from reconciliation.counts import Counts, counts_of
from reconciliation.models import Decision

PACE_SAMPLE = 20
# A longer gap was a break and says nothing about the pace.
LONGEST_INTERVAL_S = 300


@dataclass(frozen=True, slots=True)
class KindCount:
    """One tab: cases of a kind that are still to decide, those of them that are parked, and all it ever had."""

    kind: CaseKind
    open: int
    total: int
    unsure: int = 0

    @property
    def label(self) -> str:
        return KINDS[self.kind].label

    @property
    def icon(self) -> str:
        return KINDS[self.kind].icon

    @property
    def noun(self) -> str:
        words = KINDS[self.kind]
        return words.noun if self.open == 1 else words.nouns

    @property
    def listed(self) -> int:
        """What the list shows where nothing else is asked for."""
        return self.open - self.unsure

    @property
    def decided(self) -> int:
        return self.total - self.open


@dataclass(frozen=True, slots=True)
class Progress:
    """`minutes` is what is left at the person's own pace; 0 while there is no pace to go by."""

    decided: int
    total: int
    minutes: int
    kinds: tuple[KindCount, ...]

    @property
    def left(self) -> int:
        return self.total - self.decided

    @property
    def unsure(self) -> int:
        return sum(k.unsure for k in self.kinds)

    @property
    def percent(self) -> int:
        return 100 * self.decided // self.total if self.total else 100

    @property
    def tabs(self) -> tuple[KindCount, ...]:
        """Organizations and consents appear once there is something to settle."""
        rare = (CaseKind.ORGANIZATION, CaseKind.CONSENT)
        return tuple(k for k in self.kinds if k.total or k.kind not in rare)

    def of(self, kind: CaseKind) -> KindCount:
        return next(k for k in self.kinds if k.kind == kind)

    def next_after(self, kind: CaseKind) -> KindCount | None:
        """The kind to go on with once this one has nothing open; what is parked comes last."""
        others = [k for k in self.kinds if k.open and k.kind != kind]
        return next((k for k in others if k.listed), next(iter(others), None))


def progress(project: Project, user: Any, counts: Counts | None = None) -> Progress:
    kinds = kind_counts(counts or counts_of(project))
    total, left = sum(k.total for k in kinds), sum(k.open for k in kinds)
    seconds = pace(project, user)
    minutes = max(1, round(left * seconds / 60)) if seconds and left else 0
    return Progress(total - left, total, minutes, kinds)


def kind_counts(counts: Counts) -> tuple[KindCount, ...]:
    """Every kind, also the ones without a case."""
    return tuple(
        KindCount(kind, counts.undecided(kind), counts.total(kind), counts.cases(kind, ItemState.UNSURE))
        for kind in CaseKind
    )


def pace(project: Project, user: Any) -> float:
    """Seconds per case: the median of the person's last twenty intervals; 0 where there are too few."""
    rows = Decision.objects.filter(project=project, actor=user.pk, undoes__isnull=True).order_by("-id")
    times = rows.values_list("batch", "at")[: PACE_SAMPLE * 3]
    batches = [list(group) for _, group in groupby(times, key=lambda row: row[0])]
    intervals: list[float] = []
    for later, earlier in pairwise(batches):
        gap = (later[0][1] - earlier[0][1]).total_seconds()
        if gap <= LONGEST_INTERVAL_S:
            intervals += [gap / len(later)] * len(later)
    return median(intervals[:PACE_SAMPLE]) if len(intervals) > 1 else 0
