"""A run as its page shows it while it works: phases with bars and pace, silence, errors by cause. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min
from django.utils import timezone

from migrator.choices import PhaseState, RunKind, RunState
from migrator.engine.operations import OperationState
from migrator.models import Run, RunPhase
from migrator.views import words

SILENT_AFTER = timedelta(seconds=30)
LOG_LINES = 200
CAUSES = 20
LIVE = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSING, RunState.WAITING)
EXPECTS_NEWS = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSING)


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """One line of the timeline. `tone` is waiting, running, done or failed; `total` is 0 where nobody knows it."""

    name: str
    label: str
    tone: str
    done: int
    failed: int
    total: int
    figures: str
    pace: str
    seconds: float | None
    note: str

    @property
    def percent(self) -> int:
        if self.tone == "done":
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def bar(self) -> str:
        return {"done": "ok", "failed": "bad"}.get(self.tone, "info")


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole page's figures; `sentence` says in words where the run is."""

    phases: tuple[PhaseLine, ...]
    sentence: str
    tone: str
    silence: str
    percent: int
    title: str
    seconds: float | None
    left: str
    phase: str


def progress_of(run: Run, phases: Iterable[RunPhase]) -> Progress:
    now = timezone.now()
    rows = list(phases)
    lines = tuple(_line(run, phase, now) for phase in rows)
    current = next((line for line in lines if line.tone in ("running", "failed")), None)
    done, total = sum(p.done for p in rows if p.planned), sum(p.planned for p in rows)
    percent = _percent(run, lines, done, total)
    silence = silence_of(run, current, now)
    return Progress(
        phases=lines,
        sentence=_sentence(run, current, now),
        tone=_tone(run),
        silence=silence,
        percent=percent,
        title=f"{percent}% {current.label}" if current and run.state in LIVE else run.get_state_display(),
        seconds=_elapsed(run.started_at, run.finished_at, now),
        left="" if silence else _time_left(run, rows, now),
        phase=current.name if current else "",
    )


def _line(run: Run, phase: RunPhase, now: datetime) -> PhaseLine:
    tone = {PhaseState.FAILED: "failed"}.get(PhaseState(phase.state), phase.state)
    held = tone == "running" and run.state not in LIVE
    seconds = _elapsed(phase.started_at, phase.finished_at, now)
    return PhaseLine(
        name=phase.name,
        label=words.PHASES.get(phase.name, phase.name),
        tone=tone,
        done=phase.done,
        failed=phase.failed,
        total=phase.planned,
        figures=_figures(phase),
        pace="" if held else _pace(phase, seconds),
        seconds=None if held else seconds,
        note=_note(phase),
    )


def _figures(phase: RunPhase) -> str:
    if phase.planned:
        return f"{phase.done:,} of {phase.planned:,}"
    if phase.state == PhaseState.WAITING:
        return ""
    unit = words.UNITS.get(phase.name, "")
    if phase.done:
        return f"{phase.done:,} {unit}".strip()
    return "nothing to write" if phase.name in words.PHASES and phase.report.get("kind") else ""


def _pace(phase: RunPhase, seconds: float | None) -> str:
    if not seconds or not phase.done or phase.state == PhaseState.WAITING:
        return ""
    rate = phase.done / max(seconds, 1)
    return f"{rate:,.0f} a second" if rate >= 1 else f"{rate * 60:,.0f} a minute"


def _note(phase: RunPhase) -> str:
    """The gate sweep's word about the phase, once it was counted."""
    report: dict[str, Any] = phase.report
    if not report.get("kind"):
        return ""
    if report.get("balanced"):
        return f"{report['verified']:,} read back, all as written." if report.get("verified") else ""
    faults = [("missing", "not found"), ("mismatched", "differ"), ("extra", "too many")]
    found = [f"{report[key]:,} {text}" for key, text in faults if report.get(key)]
    return f"Counts do not agree: {', '.join(found)}." if found else "Counts do not agree."


def _elapsed(began: datetime | None, ended: datetime | None, now: datetime) -> float | None:
    return ((ended or now) - began).total_seconds() if began else None


def _percent(run: Run, lines: tuple[PhaseLine, ...], done: int, total: int) -> int:
    if run.state == RunState.FINISHED:
        return 100
    if total:
        return min(99, 100 * done // total)
    return 99 * sum(line.tone == "done" for line in lines) // max(1, len(lines))


def _tone(run: Run) -> str:
    return {
        RunState.STOPPED: "bad",
        RunState.ABORTED: "bad",
        RunState.PAUSED: "warn",
        RunState.PAUSING: "warn",
        RunState.WAITING: "warn",
        RunState.FINISHED: "ok",
    }.get(RunState(run.state), "")


def _sentence(run: Run, current: PhaseLine | None, now: datetime) -> str:
    match RunState(run.state):
        case RunState.QUEUED:
            return "Waiting for a worker. It starts by itself."
        case RunState.PAUSING:
            return "Pausing: the requests in flight are finished first."
        case RunState.PAUSED:
            return f"Paused. {_where(run, current)}{_resumes(current)}"
        case RunState.WAITING:
            return f"{run.message} {_until(run, now)} Nothing is lost.".strip()
        case RunState.STOPPED:
            return run.message or "The run stopped by itself. Nothing is lost."
        case RunState.ABORTED:
            return "Aborted. " + (
                "What it wrote stays and can be rolled back." if run.loading_since else "It wrote nothing."
            )
        case RunState.FINISHED:
            return run.message or "Finished."
    return f"{_where(run, current)}".strip() or "Working."


def _where(run: Run, current: PhaseLine | None) -> str:
    if current is None:
        return ""
    if not current.total:
        return f"{current.label}: {current.figures}. " if current.figures else f"{current.label}. "
    side = "are done" if run.kind == RunKind.ROLLBACK else "are in Pipedrive"
    return f"{current.done:,} of {current.total:,} {current.label} {side}. "


def _resumes(current: PhaseLine | None) -> str:
    if current is None or not current.total:
        return "Resume goes on where it stopped."
    return f"Resume starts at {current.done + 1:,}."


def _until(run: Run, now: datetime) -> str:
    if run.wait_until is None or run.wait_until <= now:
        return "Continues in a moment."
    left = (run.wait_until - now).total_seconds()
    if left < 90:
        return f"Continues in {left:.0f} s."
    hours, minutes = divmod(round(left / 60), 60)
    span = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return f"Continues at {timezone.localtime(run.wait_until):%H:%M %Z}, in {span}."


def silence_of(run: Run, current: PhaseLine | None, now: datetime) -> str:
    """The sentence for a worker that has not been heard of for half a minute; "" while all is well."""
    last = run.heartbeat_at or run.started_at or run.created_at
    if run.state not in EXPECTS_NEWS or now - last < SILENT_AFTER:
        return ""
    since = f"{timezone.localtime(last):%H:%M:%S %Z}"
    if current is not None and current.total:
        goes_on = f"The run resumes from record {current.done + 1:,} when it returns."
    else:
        goes_on = "The run goes on where it stopped when it returns."
    return f"No news from the worker since {since}. {goes_on}"


def _time_left(run: Run, phases: list[RunPhase], now: datetime) -> str:
    """A range from the pace so far; "" while there is too little to go by."""
    if run.state != RunState.RUNNING or run.loading_since is None:
        return ""
    done, total = sum(p.done for p in phases if p.planned), sum(p.planned for p in phases)
    seconds = (now - run.loading_since).total_seconds()
    if done < 20 or seconds < 3 or done >= total:
        return ""
    rest = (total - done) * seconds / done / 60
    low, high = max(1, round(rest * 0.8)), max(1, round(rest * 1.3))
    return f"About {low} min left" if low == high else f"{low} to {high} min left"


@dataclass(frozen=True, slots=True)
class Cause:
    """Rejected operations with the same reason."""

    kind: str
    label: str
    reason: str
    count: int
    first: datetime | None
    last: datetime | None


def causes_of(run: Run) -> list[Cause]:
    rows = run.operations.filter(state=OperationState.REJECTED.value).order_by()
    grouped = rows.values("kind", "reason").annotate(
        count=Count("id"), first=Min("finished_at"), last=Max("finished_at")
    )
    return [
        Cause(
            row["kind"],
            words.KINDS.get(row["kind"], row["kind"]),
            row["reason"],
            row["count"],
            row["first"],
            row["last"],
        )
        for row in grouped.order_by("-count")[:CAUSES]
    ]
