"""The last phase of a run: the reports of all phases together, and what was predicted beside what was spent."""

from typing import Any

from migrator import connections
from migrator.models import Budget, Run, RunPhase
from migrator.runner import held_back

BUCKETS = ("created", "updated", "unchanged", "merged", "held", "excluded", "rejected")


def conclude(run: Run, phase: RunPhase) -> dict[str, Any]:
    """Everything was swept phase by phase; here the sums are drawn once more and kept. Returns the report."""
    report = totals(run)
    report["tokens_spent"] = spent_ever(run) - int(run.params.get("spent_before", 0))
    RunPhase.objects.filter(pk=phase.pk).update(report=report)
    return report


def totals(run: Run) -> dict[str, Any]:
    """One line per kind, the verdict sentence, and what the plan held back for open cases."""
    lines = [phase.report for phase in run.phases.all() if phase.report.get("kind")]
    person = next((line for line in lines if line["kind"] == "person"), None)
    balanced = all(line["balanced"] for line in lines)
    text = "Every row is accounted for." if balanced else "Some rows are not accounted for."
    if person and balanced:
        text = f"Every row is accounted for: {person['source']:,} profiles read = {_sum_in_words(person)}."
    held = run.plan.get("held_back", {})
    return {
        "lines": lines,
        "balanced": balanced,
        "text": f"{text} {held_back.sentence(held)}".strip(),
        "held_back": held,
    }


def _sum_in_words(line: dict[str, Any]) -> str:
    return " + ".join(f"{line[bucket]:,} {bucket}" for bucket in BUCKETS if line[bucket])


def spent_ever(run: Run) -> int:
    """Tokens that Crosswalk ever took from the run's target; a difference of two is what lay between them."""
    row = Budget.objects.filter(scope=connections.target_account(run).scope).first()
    return row.spent_ever if row else 0
