"""A plan as its page shows it before anybody approves: what would be written, what it costs, what is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from migrator.engine.operations import Act
from migrator.engine.records import Kind
from migrator.models import Run
from migrator.views import words
from migrator.views.held_back import HeldBack, held_back_of


@dataclass(frozen=True, slots=True)
class Option:
    """One way to write the events, with its price."""

    fidelity: str
    title: str
    explanation: str
    records: int
    tokens: int
    days: int
    way_back: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """Why records are left out or folded together, with the list of them."""

    label: str
    act: str
    text: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class PlanView:
    rows: tuple[Mapping[str, Any], ...]
    totals: Mapping[str, Any]
    writes: int
    tokens: Mapping[str, Any]
    total_tokens: int
    share_tokens: int
    percent_of_day: int
    options: tuple[Option, ...]
    reasons: tuple[Reason, ...]
    lost: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]
    fields: Mapping[str, int]
    events: Mapping[str, int]
    held_back: HeldBack | None
    button: str


COLUMNS = tuple(
    act.value for act in (Act.CREATE, Act.UPDATE, Act.UNCHANGED, Act.MERGE, Act.HOLD, Act.EXCLUDE)
)


def plan_of(run: Run, target_name: str) -> PlanView:
    plan: Mapping[str, Any] = run.plan
    tokens = {"write": 0, "verify": 0, "way_back": 0, "days": 0, "requests": 0} | plan.get("tokens", {})
    rows = _rows(plan, tokens)
    whole = tokens["write"] + tokens["verify"]
    share = int(plan.get("daily_tokens", 0) * plan.get("share", 1))
    writes = sum(row["create"] + row["update"] for row in rows)
    return PlanView(
        rows=tuple(row for row in rows if row["source"]),
        totals={name: sum(row[name] for row in rows) for name in (*COLUMNS, "source", "tokens")},
        writes=writes,
        tokens=tokens,
        total_tokens=whole,
        share_tokens=share,
        percent_of_day=round(100 * whole / share) if share else 0,
        options=tuple(_option(row, plan.get("fidelity", "")) for row in plan.get("options", ())),
        reasons=tuple(_reason(run, row) for row in plan.get("reasons", ())),
        lost=tuple(
            {"name": row["source"].partition(":")[2], "count": row["count"]} for row in plan.get("lost", ())
        ),
        warnings=tuple(plan.get("warnings", ())),
        fields={"create": 0, "existing": 0, "cap": 0} | plan.get("fields", {}),
        events={"source": 0, "migrated": 0, "excluded": 0, "held": 0} | plan.get("events", {}),
        held_back=held_back_of(run),
        button=_button(rows, target_name),
    )


def _rows(plan: Mapping[str, Any], tokens: Mapping[str, Any]) -> list[dict[str, Any]]:
    prices = {row["kind"]: row["write"] + row["verify"] for row in tokens.get("by_kind", ())}
    blank = dict.fromkeys(COLUMNS, 0)
    return [
        blank
        | row
        | {"label": words.KINDS.get(row["kind"], row["kind"]), "tokens": prices.get(row["kind"], 0)}
        for row in plan.get("counts", ())
    ]


def _button(rows: list[dict[str, Any]], target_name: str) -> str:
    """ "Write 2,301 Persons to Nordlys Outdoor Sandbox": the number that people know, and the account in full."""
    persons = next((row for row in rows if row["kind"] == Kind.PERSON), None)
    number = persons["create"] + persons["update"] if persons else 0
    if number:
        return f"Write {words.kind_words(Kind.PERSON, number)} to {target_name}"
    return (
        f"Write to {target_name}"
        if any(row["create"] + row["update"] for row in rows)
        else "Finish: nothing to write"
    )


def _option(row: Mapping[str, Any], chosen: str) -> Option:
    title, explanation = words.FIDELITIES.get(row["fidelity"], (row["title"], ""))
    return Option(
        fidelity=row["fidelity"],
        title=title,
        explanation=explanation,
        records=row["records"],
        tokens=row["tokens"],
        days=row["days"],
        way_back=row.get("way_back", 0),
        chosen=row["fidelity"] == chosen,
    )


def _reason(run: Run, row: Mapping[str, Any]) -> Reason:
    bucket = words.BUCKETS.get(row["act"], row["act"])
    query = urlencode({"kind": row["kind"], "state": bucket, "reason": row["reason"]})
    url = f"{reverse('run-records', args=[run.project.slug, run.pk])}?{query}"
    label = words.KINDS.get(row["kind"], row["kind"])
    return Reason(label, words.SAID.get(bucket, bucket), row["reason"], row["count"], url)


@dataclass(frozen=True, slots=True)
class UndoView:
    """What a rollback would do, in the same exact numbers that it is approved by."""

    rows: tuple[Mapping[str, Any], ...]
    totals: Mapping[str, int]
    number: int
    tokens: int
    days: int
    kept: tuple[Mapping[str, Any], ...]
    kept_total: int


UNDO_COLUMNS = ("delete", "restore", "keep", "gone")


def undo_of(run: Run) -> UndoView:
    plan: Mapping[str, Any] = run.plan
    rows = [row | {"label": words.KINDS.get(row["kind"], row["kind"])} for row in plan.get("counts", ())]
    totals = {name: sum(row[name] for row in rows) for name in UNDO_COLUMNS}
    return UndoView(
        rows=tuple(row for row in reversed(rows) if any(row[name] for name in UNDO_COLUMNS)),
        totals=totals,
        number=totals["delete"] + totals["restore"],
        tokens=plan.get("tokens", 0),
        days=plan.get("days", 0),
        kept=tuple(
            row | {"label": words.SINGLE.get(row["kind"], row["kind"])} for row in plan.get("kept", ())
        ),
        kept_total=plan.get("kept_total", 0),
    )
