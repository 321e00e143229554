"""A plan in figures: what will be written, what it costs in tokens and days, and what each event fidelity would."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import Count

from migrator import ledger
from migrator.engine.forecast import Costs, forecast, sweep_tokens
from migrator.engine.operations import Act
from migrator.engine.phases.histories import Fidelity
from migrator.engine.records import Kind
from migrator.models import Project, Run
from migrator.runner.job import Job
from migrator.runner.lifecycle import KIND_OF_PHASE

Counts = dict[tuple[Kind, Act], int]
TITLES = {
    Fidelity.EACH: "Every event its own record",
    Fidelity.DIGEST: "One digest per profile and month",
    Fidelity.HISTORY: "One history per profile",
    Fidelity.ARCHIVE: "Archive only",
}
REASONS_SHOWN = 50


def share_for(project: Project) -> float:
    """The part of the target's daily tokens that a run may spend: our share without what is kept for the way back."""
    kept = float(project.setting("rollback_reserve")) / 100
    return float(project.setting("budget_share")) / 100 * (1 - kept)


def summary(job: Job, tally: Mapping[str, int], *, custom_fields: int) -> dict[str, Any]:
    """The JSON that the plan page shows and that "predicted = actual" is later measured by."""
    counts = counts_of(job.run)
    target = job.target
    share = share_for(job.run.project)
    result = forecast(counts, target.costs, daily_tokens=target.daily_tokens, share=share)
    return {
        "fidelity": job.run.params.get("fidelity", ""),
        "counts": _lines(counts),
        "tokens": {
            "write": result.write,
            "verify": result.verify,
            "way_back": result.way_back,
            "requests": result.requests,
            "days": result.days,
            "by_kind": _by_kind(counts, target.costs),
        },
        "events": _events(job.run, tally),
        "reasons": _reasons(job.run),
        "fields": {
            "create": counts.get((Kind.FIELD, Act.CREATE), 0),
            "existing": custom_fields,
            "cap": target.field_cap,
        },
        "daily_tokens": target.daily_tokens,
        "share": share,
        "options": _options(counts, tally, job, share),
        "lost": [{"source": k[5:], "count": n} for k, n in sorted(tally.items()) if k.startswith("lost:")],
        "warnings": _warnings(tally),
    }


def _warnings(tally: Mapping[str, int]) -> list[str]:
    warnings = [
        "Writing to Pipedrive fires its automations. Pause those that send email before you approve.",
        "Activities are added today in Pipedrive's own records; their true time is in the due date.",
    ]
    if conflicts := tally.get("consent_conflicts", 0):
        warnings.append(
            f"{conflicts:,} consents are refused in APSIS One and given in Pipedrive. Pipedrive's answer is not "
            "overwritten; correct those Persons there before you send them anything."
        )
    return warnings


def counts_of(run: Run) -> Counts:
    found: Counts = {}
    for (kind, act, _), (number, _) in ledger.counts(run).items():
        key = (Kind(kind), Act(act))
        found[key] = found.get(key, 0) + number
    return found


def set_planned(run: Run) -> None:
    """Tell each load phase how many writes lie before it."""
    planned = Counter[Kind]()
    for (kind, act), number in counts_of(run).items():
        planned[kind] += number if act.writes else 0
    for phase in run.phases.filter(name__in=KIND_OF_PHASE):
        phase.planned = planned[KIND_OF_PHASE[phase.name]]
        phase.save(update_fields=["planned"])


def _lines(counts: Counts) -> list[dict[str, Any]]:
    acts = (Act.CREATE, Act.UPDATE, Act.UNCHANGED, Act.MERGE, Act.HOLD, Act.EXCLUDE)
    lines = []
    for kind in Kind:
        line: dict[str, Any] = {act.value: counts.get((kind, act), 0) for act in acts}
        lines.append({"kind": kind.value, "source": sum(line.values()), **line})
    return lines


def _by_kind(counts: Counts, costs: Costs) -> list[dict[str, Any]]:
    lines = []
    for kind in Kind:
        writes = {act: n for (k, act), n in counts.items() if k == kind and act.writes}
        write = sum(n * costs.of(kind, act) for act, n in writes.items())
        lines.append(
            {"kind": kind.value, "write": write, "verify": sweep_tokens(kind, sum(writes.values()), costs)}
        )
    return lines


def _events(run: Run, tally: Mapping[str, int]) -> dict[str, int]:
    source = run.discovery.events.count() if run.discovery else 0
    names = ("migrated", "excluded", "held")
    return {"source": source} | {name: tally.get(f"events_{name}", 0) for name in names}


def _reasons(run: Run) -> list[dict[str, Any]]:
    rows = (
        run.operations.exclude(reason="")
        .order_by()
        .values("kind", "act", "reason")
        .annotate(count=Count("id"))
    )
    return [dict(row) for row in rows.order_by("-count")[:REASONS_SHOWN]]


def _options(counts: Counts, tally: Mapping[str, int], job: Job, share: float) -> list[dict[str, Any]]:
    rest = {key: n for key, n in counts.items() if key[0] not in (Kind.ACTIVITY, Kind.NOTE)}
    options = []
    for fidelity in Fidelity:
        made = {k: tally.get(f"option:{fidelity}:{k}", 0) for k in (Kind.ACTIVITY, Kind.NOTE)}
        priced = forecast(
            rest | {(kind, Act.CREATE): n for kind, n in made.items()},
            job.target.costs,
            daily_tokens=job.target.daily_tokens,
            share=share,
        )
        options.append(
            {
                "fidelity": fidelity.value,
                "title": TITLES[fidelity],
                "records": sum(made.values()),
                "tokens": priced.tokens,
                "way_back": priced.way_back,
                "days": priced.days,
            }
        )
    return options
