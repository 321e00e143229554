"""What may be decided about which case in which state, and what may be undone.

The check that guards an act also words the refusal and the reason beside a greyed button.
"""

from datetime import datetime

from migrator.choices import OPEN_RUN_STATES, RunKind, RunState
from migrator.engine.cases import CaseKind, Decide
from migrator.engine.errors import RefusedError
from migrator.models import Project, Run
from reconciliation import names
from reconciliation.choices import ACTIONS, KINDS, ItemState
from reconciliation.models import ReviewItem

# What settles a case, in the order of the buttons. Every case can be parked as unsure besides.
ALLOWED: dict[CaseKind, tuple[Decide, ...]] = {
    CaseKind.NO_EMAIL: (Decide.SUPPLY_EMAIL, Decide.NAME_ONLY, Decide.MERGE, Decide.SKIP),
    CaseKind.NO_NAME: (Decide.SUPPLY_NAME, Decide.DERIVE_NAME, Decide.SKIP),
    CaseKind.DUPLICATE: (Decide.MERGE, Decide.KEEP_APART),
    CaseKind.TYPE_CONFLICT: (Decide.AS_TYPE, Decide.SPLIT, Decide.DROP),
    CaseKind.RARE_TAG: (Decide.KEEP, Decide.MERGE_TAG, Decide.DROP),
    CaseKind.ORGANIZATION: (Decide.MERGE, Decide.KEEP_APART, Decide.RENAME),
    CaseKind.CONSENT: (Decide.RESTRICT, Decide.RESTRICT_ALL, Decide.SKIP),
}


def refusal_for_kind(kind: CaseKind, action: Decide) -> str:
    """Why no case of this kind can take the act, in a sentence; "" where some can."""
    if action == Decide.UNSURE or action in ALLOWED[kind]:
        return ""
    return f"{ACTIONS[action].button} is no way to decide a {KINDS[kind].noun}. Choose another."


def refusal_for(item: ReviewItem, action: Decide) -> str:
    """Why this act is not possible now, in a sentence; "" where it is."""
    if item.state == ItemState.GONE:
        return "The last discovery no longer found this case. Nothing waits for it."
    if action == Decide.UNSURE:
        return "It is parked as unsure already." if item.state == ItemState.UNSURE else ""
    return refusal_for_kind(CaseKind(item.kind), action) or _missing_for(item, action)


def _missing_for(item: ReviewItem, action: Decide) -> str:
    evidence = item.evidence
    if action == Decide.MERGE and item.kind == CaseKind.DUPLICATE:
        several = len(evidence.get("members") or ()) > 1 or evidence.get("targets")
        return "" if several else "There is nothing left to merge with. Keep it apart."
    if action == Decide.DERIVE_NAME and not names.derived(
        evidence.get("email", ""), evidence.get("company", "")
    ):
        return "No email and no company to read a name from. Supply one or skip."
    return ""


def check_can_decide(item: ReviewItem, action: Decide) -> None:
    if refusal := refusal_for(item, action):
        raise RefusedError(refusal, item=item.pk)


def check_can_undo(project: Project, decided_at: datetime) -> None:
    """Undo has no time limit until a run was started that uses the decision."""
    run = using_run(project, decided_at)
    if run is None:
        return
    if run.state in OPEN_RUN_STATES:
        raise RefusedError(
            f"Run {run.pk} uses this decision and is still open. Abort it, then undo.", run=run.pk
        )
    raise RefusedError(f"Run {run.pk} wrote records by this decision. Roll it back, then undo.", run=run.pk)


def using_run(project: Project, decided_at: datetime) -> Run | None:
    """The newest sandbox run planned after the decision that is open, or has written and still stands."""
    runs = Run.objects.filter(project=project, kind=RunKind.TRIAL, created_at__gte=decided_at).order_by("-pk")
    rolled_back = Run.objects.filter(
        kind=RunKind.ROLLBACK, state=RunState.FINISHED, of_run__project=project
    ).values("of_run")
    written = runs.filter(loading_since__isnull=False).exclude(pk__in=rolled_back)
    return (runs.filter(state__in=OPEN_RUN_STATES) | written).first()
