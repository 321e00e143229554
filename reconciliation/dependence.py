"""Why a decision that was replaced cannot come back: a later one on another case took its place."""

from django.db import connection

from migrator.engine.cases import Decide, case_key
from migrator.engine.matching import email_key
from reconciliation.choices import ACTIONS
from reconciliation.ends import ends_for
from reconciliation.models import Decision, ReviewItem

_GONE = (Decide.DROP, Decide.SKIP)
# Acts that hold only while no other case stands against them.
DEPENDENT = (Decide.SUPPLY_EMAIL, Decide.MERGE, Decide.MERGE_TAG)
# Any constant does; it keeps these locks apart from other advisory locks.
LOCK_SPACE = 7412


def lock(project_id: int) -> None:
    """Until the transaction ends nobody else of the project looks whether such an act can hold: two people at once
    would otherwise give one address to two profiles, or merge two profiles into each other. Take it after the rows
    of the cases, as everybody does, or two may wait for one another."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, project_id])


def obstacle_to(item: ReviewItem, decision: Decision) -> str:
    """What stands in the way of this older decision, and what to do about it; "" where nothing does."""
    reason = overtaken_by(item, decision)
    return f"{reason} Undo that first." if reason else ""


def overtaken_by(item: ReviewItem, decision: Decision) -> str:
    """Why this older decision on the case can no longer hold, naming the other case; "" where it can."""
    if decision.action == Decide.SUPPLY_EMAIL:
        return _given_elsewhere(item, str(decision.args.get("email", "")))
    into = decision.args.get("into")
    if decision.action in (Decide.MERGE, Decide.MERGE_TAG) and into:
        return _target_gone(item, str(into))
    return ""


def _given_elsewhere(item: ReviewItem, address: str) -> str:
    given = ReviewItem.objects.filter(project_id=item.project_id, kind=item.kind, action=Decide.SUPPLY_EMAIL)
    other = given.filter(args__email__iexact=email_key(address)).exclude(pk=item.pk).first()
    return f"{address} was given to {other.title} since." if other else ""


def _target_gone(item: ReviewItem, into: str) -> str:
    """Follows the merges from the target: it must neither end here nor at something that is not migrated."""
    ends, seen = ends_for(item), {""}
    while into not in seen:
        if case_key(into) == item.key:
            return "What it was merged into is merged into this case since."
        seen.add(into)
        reached = ends.of(into)
        if gone := next((end for end in reached if end.action in _GONE), None):
            past = ACTIONS[Decide(gone.action)].past
            return f"{gone.title}, which it was merged into, was {past} since."
        into = next((end.into for end in reached if end.into), "")
    return ""
