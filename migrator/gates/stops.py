"""The eight stops of the route, each with its state, its summary and its gate in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from migrator.choices import RunKind, RunState, Side
from migrator.gates.facts import Standing, run_name, run_state
from migrator.models import Discovery, Run

NOT_STARTED, IN_PROGRESS, BLOCKED, DONE = "Not started", "In progress", "Blocked", "Done"
TONES = {NOT_STARTED: "line", IN_PROGRESS: "info", BLOCKED: "warn", DONE: "plain"}
LATER = "Comes with a later version of Crosswalk."


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a gate, with the place where it is settled."""

    done: bool
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the route. `state` is done, current, open or locked; `status` is one of the four words.

    A stop without `url` is text: nothing is there yet.
    """

    number: int
    key: str
    name: str
    state: str
    status: str
    summary: str
    note: str = ""
    percent: int = 0
    conditions: tuple[Condition, ...] = ()
    url: str = ""
    # Whether the page that is shown belongs to this stop.
    here: bool = False

    @property
    def tone(self) -> str:
        return TONES[self.status]

    @property
    def is_locked(self) -> bool:
        return self.state == "locked"

    @property
    def reason(self) -> str:
        """What keeps the stop locked, in one line."""
        return "; ".join(f"not yet: {c.text}" for c in self.conditions if not c.done)


def route(at: Standing) -> list[Stop]:
    """The eight stops in order, each with its gate in words."""
    makers = (_discovery, _mapping, _reconciliation, _sandbox)
    stops = [make(at, number) for number, make in enumerate(makers, start=1)]
    return stops + [_later(at, number, *words) for number, words in enumerate(_LATER, start=5)]


def _discovery(at: Standing, number: int) -> Stop:
    running = next((r for r in at.runs if r.kind == RunKind.DISCOVERY and r.is_open), None)
    make = _maker(number, "discovery", "Discovery", at.url("discovery"))
    if running is not None:
        return make(
            "current", IN_PROGRESS, "Both accounts are being read. Nothing is written.", note="running"
        )
    if at.discovery is not None:
        return make("done", DONE, _found(at.discovery), percent=100)
    conditions = connection_conditions(at)
    if not at.is_connected:
        text = "Opens when both accounts are connected."
        return make("open", BLOCKED, text, conditions=conditions)
    return make("current", NOT_STARTED, "Reads both accounts and writes nothing.", conditions=conditions)


def _found(discovery: Discovery) -> str:
    source = discovery.inventory.get("source", {})
    profiles, sections = source.get("profiles", 0), len(source.get("sections", ()))
    text = f"Found {profiles:,} profiles in {sections} Sections"
    if attributes := source.get("attributes"):
        text += f", {attributes} attributes and {source.get('events', 0):,} events"
    return f"{text}."


def connection_conditions(at: Standing) -> tuple[Condition, ...]:
    url = at.url("connections")
    return tuple(Condition(side in at.sides, f"{side.label} is connected", url) for side in Side)


def _discovered(at: Standing) -> Condition:
    return Condition(at.discovery is not None, "Discovery has read both accounts", at.url("discovery"))


def _mapping(at: Standing, number: int) -> Stop:
    make = _maker(number, "mapping", "Mapping", at.url("mapping_review:map"))
    if at.version is None:
        return make(
            "locked", NOT_STARTED, "Agree where every source field goes.", conditions=(_discovered(at),)
        )
    settled = at.rows - at.undecided
    percent = 100 * settled // at.rows if at.rows else 0
    name = f"v{at.version.number}"
    if at.is_signed:
        return make("done", DONE, f"Field map {name} is signed: {at.rows} fields settled.", percent=100)
    if at.undecided:
        text = f"Field map {name}: {settled} of {at.rows} fields settled."
        return make("current", IN_PROGRESS, text, note=f"{at.undecided:,} left", percent=percent)
    text = f"Field map {name}: all {at.rows} fields settled. It waits for its signature."
    return make("current", IN_PROGRESS, text, note="to sign", percent=percent)


def _reconciliation(at: Standing, number: int) -> Stop:
    make = _maker(number, "reconciliation", "Reconciliation", at.url("reconciliation:queue"))
    if at.discovery is None:
        text = "Settle what the rules may not guess."
        return make("locked", NOT_STARTED, text, conditions=(_discovered(at),))
    queue = at.queue
    if not queue.left:
        text = f"All {queue.total:,} cases are decided." if queue.total else "There is no case to decide."
        return make("done", DONE, text, percent=100)
    if at.waiver is not None:
        text = f"{queue.decided:,} of {queue.total:,} cases decided. Runs go on without {_open_cases(queue.left)}."
        return make("current", IN_PROGRESS, text, note=f"{queue.left:,} held back", percent=queue.percent)
    open_kinds = ", ".join(f"{kind.open:,} {kind.noun}" for kind in queue.kinds if kind.open)
    parked = f" {queue.unsure:,} of them parked as unsure." if queue.unsure else ""
    status = IN_PROGRESS if queue.decided else NOT_STARTED
    text = f"{queue.decided:,} of {queue.total:,} cases decided. Left: {open_kinds}.{parked}"
    return make("current", status, text, note=f"{queue.left:,} left", percent=queue.percent)


def _sandbox(at: Standing, number: int) -> Stop:
    trial = at.trial
    url = at.url("run", trial.pk) if trial else at.url("run-new")
    make = _maker(number, "sandbox", "Sandbox run", url)
    conditions = run_conditions(at)
    if trial is None and not at.can_run:
        text = f"Writes the whole move into {at.target_name}, with a way back."
        return _maker(number, "sandbox", "Sandbox run", "")(
            "locked", NOT_STARTED, text, conditions=conditions
        )
    if trial is None:
        return make("current", NOT_STARTED, "Everything is ready. See the plan before anything is written.")
    if trial.is_open:
        status = BLOCKED if trial.state == RunState.STOPPED else IN_PROGRESS
        return make("current", status, f"{run_name(trial)}: {run_state(trial)}.", note=_run_note(trial))
    return _ended(at, trial, make, conditions)


def _ended(at: Standing, trial: Run, make: "Maker", conditions: tuple[Condition, ...]) -> Stop:
    name = run_name(trial)
    if at.is_rolled_back:
        status, open_now = ("Not started", "current") if at.can_run else (BLOCKED, "open")
        return make(open_now, status, f"{name} was rolled back. Plan the next one.", conditions=conditions)
    if trial.state == RunState.ABORTED:
        return make("current", BLOCKED, f"{name} was aborted. What it wrote is still there.", note="aborted")
    if at.map_changed_since:
        text = f"Needs another look: the field map changed since {name[0].lower()}{name[1:]}."
        return make("current", IN_PROGRESS, text, note="look again")
    written = sum(line.get("create", 0) + line.get("update", 0) for line in trial.plan.get("counts", ()))
    return make("done", DONE, f"{name} wrote {written:,} records to {at.target_name}.", percent=100)


def _run_note(run: Run) -> str:
    return "approve" if run.state == RunState.APPROVAL else run_state(run)


def run_conditions(at: Standing) -> tuple[Condition, ...]:
    """What has to be true before a sandbox run; the start page shows the same lines."""
    version = f"v{at.version.number} " if at.version else ""
    left = f" ({at.undecided} fields left)" if at.undecided else ""
    return (
        Condition(at.is_signed, f"Field map {version}is signed off{left}", at.url("mapping_review:map")),
        Condition(
            at.discovery is not None and at.queue_is_settled, _cases(at), at.url("reconciliation:queue")
        ),
        Condition(Side.TARGET in at.sides, "The sandbox account is connected", at.url("connections")),
    )


def _cases(at: Standing) -> str:
    if at.queue.left and at.waiver is not None:
        return (
            f"{_open_cases(at.queue.left).capitalize()} held back: {at.waiver.by.first_name or at.waiver.by} "
            "lets runs go on without them"
        )
    left = f" ({at.queue.left:,} left)" if at.queue.left else ""
    return f"Every case in the queue is decided{left}"


def _open_cases(number: int) -> str:
    return f"{number:,} open case{'' if number == 1 else 's'}"


Maker = Callable[..., Stop]


def _maker(number: int, key: str, name: str, url: str) -> Maker:
    def make(state: str, status: str, summary: str, **values: Any) -> Stop:
        return Stop(number, key, name, state, status, summary, url=url, **values)

    return make


_LATER = (
    (
        "audit",
        "Audit",
        "An auditor compares 25 to 50 sampled profiles side by side and signs.",
        "A sandbox run has finished",
    ),
    (
        "production",
        "Production run",
        "The same plan, written to the live account after two signatures.",
        "The audit is signed",
    ),
    (
        "cutover",
        "Cutover",
        "Source writes freeze, the last changes move, Pipedrive takes over.",
        "The production run has finished",
    ),
    (
        "handoff",
        "Handoff",
        "Guides, reports and checklists. Not finished until both sides sign.",
        "The cutover is complete",
    ),
)


def _later(at: Standing, number: int, key: str, name: str, summary: str, gate: str) -> Stop:
    trial_done = at.trial is not None and at.trial.state == RunState.FINISHED and not at.is_rolled_back
    met = key == "audit" and trial_done
    return Stop(
        number, key, name, "locked", NOT_STARTED, f"{summary} {LATER}", conditions=(Condition(met, gate),)
    )
