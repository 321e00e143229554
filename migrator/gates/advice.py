"""The one thing that a person can do now, by role; where it is somebody else's turn, whose."""

from dataclasses import dataclass

from migrator.choices import Role, RunKind, RunState, Side
from migrator.gates.facts import Standing, run_name, run_state


@dataclass(frozen=True, slots=True)
class NextAction:
    """One sentence and one button; without `url` there is nothing for this person to do."""

    sentence: str
    button: str = ""
    url: str = ""
    why: str = ""


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
    name = run_name(run)
    if run.state == RunState.APPROVAL:
        act = "rollback" if run.kind == RunKind.ROLLBACK else "approve_plan"
        verb = "removed" if act == "rollback" else "written"
        sentence = f"{name} is planned and waits for approval. Nothing is {verb} before that."
        who = f"{name} waits for an engineer or the owner to approve its plan."
        return _for(at, act, sentence, "Look at the plan", url, who)
    if run.state == RunState.STOPPED:
        return NextAction(f"{name} stopped: {run.message}", "Look at the run", url)
    return NextAction(f"{name} is {run_state(run)}.", "Watch it", url)


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
        # Whoever may run goes on with that, once it was said that runs do without the open cases.
        steps = [_fields] if at.waiver is not None else [_fields, _cases]
    found = [action for step in steps if (action := step(at))]
    if not found:
        return None
    return next((action for action in found if action.url), found[0])


def _cases(at: Standing) -> NextAction | None:
    kind = next((kind for kind in at.queue.kinds if kind.open), None)
    if kind is None:
        return None
    minutes = at.minutes or max(1, round(at.queue.left * 2.6 / 60))
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
        f"{run_name(at.trial)} has ended. See that every row is accounted for.", "Read the report", url
    )
