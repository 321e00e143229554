"""The last phase of a run: the reports of all phases together, and what was predicted beside what was spent."""

from typing import Any

from migrator.models import Budget, Run, RunPhase
from migrator.runner import lifecycle
from migrator.runner.job import DONE, Job, Step
from migrator.runner.sweeping import BUCKETS


def balance(job: Job) -> Step:
    """Everything was swept phase by phase; here the sums are drawn once more and kept."""
    report = totals(job.run)
    report["tokens_spent_ever"] = _spent(job)
    RunPhase.objects.filter(pk=job.phase.pk).update(report=report)
    lifecycle.log(job.run, report["text"])
    return DONE


def totals(run: Run) -> dict[str, Any]:
    """One line per kind and the verdict sentence."""
    lines = [phase.report for phase in run.phases.all() if phase.report.get("kind")]
    person = next((line for line in lines if line["kind"] == "person"), None)
    balanced = all(line["balanced"] for line in lines)
    text = "Every row is accounted for." if balanced else "Some rows are not accounted for."
    if person and balanced:
        text = f"Every row is accounted for: {person['source']:,} profiles read = {_sum_in_words(person)}."
    return {"lines": lines, "balanced": balanced, "text": text}


def _sum_in_words(line: dict[str, Any]) -> str:
    return " + ".join(f"{line[bucket]:,} {bucket}" for bucket in BUCKETS if line[bucket])


def _spent(job: Job) -> int:
    row = Budget.objects.filter(scope=job.target.scope).first()
    return row.spent_ever if row else 0
