"""Where a project stands on its route: which stop is open, what unlocks the next, what to do now. Pure reads.

`standing` reads the facts in a fixed number of queries; everything else is worked out from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q
from django.urls import NoReverseMatch, reverse

from mapping_review import queries as map_queries
from mapping_review.choices import UNDECIDED
from mapping_review.models import MapVersion
from migrator import staging
from migrator.choices import Role, RunKind, RunState, Side
from migrator.engine.operations import OperationState
from migrator.models import Connection, Discovery, Operation, Project, Run
from migrator.policies import ALLOWED, role_of
from reconciliation import queries as queue_queries

NOT_STARTED, IN_PROGRESS, BLOCKED, DONE = "Not started", "In progress", "Blocked", "Done"
TONES = {NOT_STARTED: "line", IN_PROGRESS: "info", BLOCKED: "warn", DONE: "plain"}
# Older runs say nothing about where the project stands now.
RUNS_LOOKED_AT = 60
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


@dataclass(frozen=True, slots=True)
class NextAction:
    """One sentence and one button; without `url` there is nothing for this person to do."""

    sentence: str
    button: str = ""
    url: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Safety:
    """What of ours is in the target. `level` is none, sandbox or live."""

    text: str
    level: str = "none"


@dataclass(frozen=True)
class Standing:
    """The facts that gates, next action and safety are worked out from, read once."""

    project: Project
    role: Role | None
    sides: dict[str, Connection]
    discovery: Discovery | None
    runs: tuple[Run, ...]
    version: MapVersion | None
    rows: int
    undecided: int
    signed_checksum: str
    queue: queue_queries.Progress
    written: bool

    @property
    def is_connected(self) -> bool:
        return all(side in self.sides for side in Side)

    @property
    def target_name(self) -> str:
        target = self.sides.get(Side.TARGET)
        return target.account_name if target else "Pipedrive"

    @property
    def is_signed(self) -> bool:
        return bool(self.signed_checksum)

    @property
    def can_run(self) -> bool:
        """Whether the gate of the sandbox run is open."""
        return self.is_connected and self.discovery is not None and self.is_signed and not self.queue.left

    @cached_property
    def open_run(self) -> Run | None:
        return next((run for run in self.runs if run.is_open), None)

    @cached_property
    def trial(self) -> Run | None:
        """The newest sandbox run that was not aborted before anything could be written."""
        return next((r for r in self.runs if r.kind == RunKind.TRIAL and not _came_to_nothing(r)), None)

    @cached_property
    def rollback(self) -> Run | None:
        """The newest rollback of that run."""
        trial = self.trial
        found = (r for r in self.runs if r.kind == RunKind.ROLLBACK and trial and r.of_run_id == trial.pk)
        return next((r for r in found if not _came_to_nothing(r)), None)

    @property
    def is_rolled_back(self) -> bool:
        return self.rollback is not None and self.rollback.state == RunState.FINISHED

    @property
    def map_changed_since(self) -> bool:
        """Whether the newest sandbox run used another field map than the one that counts now."""
        return self.trial is not None and self.trial.map_checksum not in ("", self.signed_checksum)

    def may(self, act: str) -> bool:
        return self.role in ALLOWED[act]

    def url(self, name: str, *args: object) -> str:
        """The address, or "" where that part of the site is not there."""
        try:
            return reverse(name, args=[self.project.slug, *args])
        except NoReverseMatch:
            return ""


def _came_to_nothing(run: Run) -> bool:
    return run.state == RunState.ABORTED and run.loading_since is None


def standing(project: Project, user: Any) -> Standing:
    """Every fact, in a number of queries that does not grow with the project."""
    version = map_queries.current_version(project)
    rows, undecided = _counted(version)
    return Standing(
        project=project,
        role=role_of(user, project),
        sides={connection.side: connection for connection in project.connections.defer("sealed_secret")},
        discovery=staging.current_discovery(project),
        runs=tuple(project.runs.defer("target_lists").order_by("-created_at", "-pk")[:RUNS_LOOKED_AT]),
        version=version,
        rows=rows,
        undecided=undecided,
        signed_checksum=_signed_checksum(project, version),
        queue=queue_queries.progress(project, user),
        written=_wrote(project),
    )


def _counted(version: MapVersion | None) -> tuple[int, int]:
    if version is None:
        return 0, 0
    still = Count("pk", filter=Q(state__in=UNDECIDED))
    counted = version.decisions.aggregate(rows=Count("pk"), still=still)
    return counted["rows"], counted["still"]


def _signed_checksum(project: Project, version: MapVersion | None) -> str:
    if version is None or version.is_draft:
        return ""
    field_map = map_queries.approved_field_map(project)
    return field_map.checksum if field_map else ""


def _wrote(project: Project) -> bool:
    """Whether something that one of our runs wrote is still in the target."""
    loaded = project.runs.filter(kind=RunKind.TRIAL, loading_since__isnull=False)
    ids = list(loaded.values_list("pk", flat=True)[:RUNS_LOOKED_AT])
    return Operation.objects.filter(run_id__in=ids, state=OperationState.DONE.value).exists()


# The route


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
        return make("current", IN_PROGRESS, text, note=f"{at.undecided} left", percent=percent)
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
    open_kinds = ", ".join(f"{kind.open:,} {kind.noun}" for kind in queue.kinds if kind.open)
    status = IN_PROGRESS if queue.decided else NOT_STARTED
    text = f"{queue.decided:,} of {queue.total:,} cases decided. Left: {open_kinds}."
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
        return make("current", status, f"{_run_name(trial)}: {_run_state(trial)}.", note=_run_note(trial))
    return _ended(at, trial, make, conditions)


def _ended(at: Standing, trial: Run, make: "Maker", conditions: tuple[Condition, ...]) -> Stop:
    name = _run_name(trial)
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


def _run_name(run: Run) -> str:
    return f"{run.get_kind_display()} {run.pk}"


def _run_state(run: Run) -> str:
    if run.state == RunState.APPROVAL:
        return "its plan waits for approval"
    return str(run.get_state_display().lower())


def _run_note(run: Run) -> str:
    return "approve" if run.state == RunState.APPROVAL else _run_state(run)


def run_conditions(at: Standing) -> tuple[Condition, ...]:
    """What has to be true before a sandbox run; the start page shows the same lines."""
    version = f"v{at.version.number} " if at.version else ""
    left = f" ({at.undecided} fields left)" if at.undecided else ""
    cases = f" ({at.queue.left:,} left)" if at.queue.left else ""
    return (
        Condition(at.is_signed, f"Field map {version}is signed off{left}", at.url("mapping_review:map")),
        Condition(
            at.discovery is not None and not at.queue.left,
            f"Every case in the queue is decided{cases}",
            at.url("reconciliation:queue"),
        ),
        Condition(Side.TARGET in at.sides, "The sandbox account is connected", at.url("connections")),
    )


Maker = Callable[..., Stop]


def _maker(number: int, key: str, name: str, url: str) -> Maker:
    def make(state: str, status: str, summary: str, **values: Any) -> Stop:
        return Stop(number, key, name, state, status, summary, url=url, **values)

    return make


_LATER = (
    ("audit", "Audit", "An auditor compares 25 to 50 sampled profiles side by side and signs.", "A sandbox run has finished"),
    ("production", "Production run", "The same plan, written to the live account after two signatures.", "The audit is signed"),
    ("cutover", "Cutover", "Source writes freeze, the last changes move, Pipedrive takes over.", "The production run has finished"),
    ("handoff", "Handoff", "Guides, reports and checklists. Not finished until both sides sign.", "The cutover is complete"),
)  # fmt: skip


def _later(at: Standing, number: int, key: str, name: str, summary: str, gate: str) -> Stop:
    trial_done = at.trial is not None and at.trial.state == RunState.FINISHED and not at.is_rolled_back
    met = key == "audit" and trial_done
    return Stop(number, key, name, "locked", NOT_STARTED, f"{summary} {LATER}", conditions=(Condition(met, gate),))


# What to do next


def next_action(at: Standing) -> NextAction:
    """The one thing that this person can do now; where it is another's turn, whose."""
    for look in (_connect, _look_at_run, _discover, _review, _plan_run):
        if found := look(at):
            return found
    return _after_run(at)


def _for(at: Standing, act: str, sentence: str, button: str, url: str, who: str) -> NextAction:
    if at.may(act):
        return NextAction(sentence, button, url)
    return NextAction(f"Nothing for you to do now. {who}")


def _connect(at: Standing) -> NextAction | None:
    if at.is_connected:
        return None
    missing = " and ".join(side.label for side in Side if side not in at.sides)
    verb = "is" if missing in Side.labels else "are"
    who = "An engineer or the owner connects the accounts first."
    sentence = f"{missing} {verb} not connected yet. About 5 minutes."
    return _for(at, "manage_connections", sentence, "Connect accounts", at.url("connections"), who)


def _look_at_run(at: Standing) -> NextAction | None:
    run = at.open_run
    if run is None:
        return None
    url = at.url("discovery") if run.kind == RunKind.DISCOVERY else at.url("run", run.pk)
    name = _run_name(run)
    if run.state == RunState.APPROVAL:
        act = "rollback" if run.kind == RunKind.ROLLBACK else "approve_plan"
        verb = "removed" if act == "rollback" else "written"
        sentence = f"{name} is planned and waits for approval. Nothing is {verb} before that."
        who = f"{name} waits for an engineer or the owner to approve its plan."
        return _for(at, act, sentence, "Look at the plan", url, who)
    if run.state == RunState.STOPPED:
        return NextAction(f"{name} stopped: {run.message}", "Look at the run", url)
    return NextAction(f"{name} is {_run_state(run)}.", "Watch it", url)


def _discover(at: Standing) -> NextAction | None:
    if at.discovery is not None:
        return None
    sentence = "Read both accounts to see what is there. Nothing is written."
    who = "An engineer or the owner starts the discovery."
    return _for(at, "start_discovery", sentence, "Open discovery", at.url("discovery"), who)


def _review(at: Standing) -> NextAction | None:
    """Field map and queue, side by side: each role begins with its own."""
    steps = [_cases, _fields]
    if at.role in (Role.ENGINEER, Role.OWNER):
        steps.reverse()
    found = [action for step in steps if (action := step(at))]
    if not found:
        return None
    return next((action for action in found if action.url), found[0])


def _cases(at: Standing) -> NextAction | None:
    kind = next((kind for kind in at.queue.kinds if kind.open), None)
    if kind is None:
        return None
    minutes = at.queue.minutes or max(1, round(at.queue.left * 2.6 / 60))
    sentence = f"{kind.open:,} {kind.noun} {'needs' if kind.open == 1 else 'need'} a decision"
    sentence += f", {at.queue.left:,} cases in all" if kind.open != at.queue.left else ""
    who = f"The customer admin decides {at.queue.left:,} cases in the queue."
    url = at.url("reconciliation:queue")
    return _for(at, "decide_items", f"{sentence}. About {minutes} min.", "Continue", url, who)


def _fields(at: Standing) -> NextAction | None:
    if at.version is None or at.is_signed:
        return None
    url = at.url("mapping_review:map")
    if at.undecided:
        fields = "field needs" if at.undecided == 1 else "fields need"
        sentence = f"{at.undecided} {fields} a decision in the field map."
        who = "An engineer or the owner approves the field map."
        return _for(at, "edit_fields", sentence, "Review the field map", url, who)
    sentence = f"All {at.rows} fields are settled. The field map waits for its signature."
    return _for(
        at, "sign_map", sentence, "Sign the field map", url, "An engineer or the owner signs the field map."
    )


def _plan_run(at: Standing) -> NextAction | None:
    wanted = at.trial is None or at.is_rolled_back or at.map_changed_since
    if not (at.can_run and wanted):
        return None
    sentence = f"Everything is ready for the sandbox run into {at.target_name}. See the plan first."
    who = "An engineer or the owner plans the sandbox run."
    return _for(at, "start_trial", sentence, "Plan the sandbox run", at.url("run-new"), who)


def _after_run(at: Standing) -> NextAction:
    if at.trial is None:
        return NextAction("Nothing for you to do now.")
    url = at.url("run-report", at.trial.pk)
    return NextAction(
        f"{_run_name(at.trial)} has ended. See that every row is accounted for.", "Read the report", url
    )


# What of ours is in the target


def safety(at: Standing) -> Safety:
    run = at.open_run
    writing = run is not None and run.kind != RunKind.DISCOVERY and run.loading_since is not None
    if writing and run is not None and run.kind == RunKind.TRIAL:
        suffix = "" if "sandbox" in at.target_name.lower() else " (sandbox)"
        return Safety(f"Writing to {at.target_name}{suffix}", "sandbox")
    if writing:
        return Safety(f"Rolling back in {at.target_name}", "sandbox")
    if at.written:
        kept = at.is_rolled_back
        return Safety("Rolled back, except what was kept" if kept else "Sandbox only", "sandbox")
    if at.is_rolled_back:
        return Safety("Rolled back: nothing of ours is left in Pipedrive")
    return Safety("Nothing written to Pipedrive yet")
