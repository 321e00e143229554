"""Measures the rule-based proposer on accounts with known answers, each one left out of the fit; --fit writes
the weights of the confidence anew."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mapping_review.proposers.accounts import AccountProblem
from mapping_review.proposers.confidence import WEIGHTS
from mapping_review.proposers.fitting.answers import Gold, read_gold
from mapping_review.proposers.fitting.measures import Scored, measured
from mapping_review.proposers.fitting.trials import fitted_weights, leaving_out, scored


class Command(BaseCommand):
    help = "Measure proposals against known answers: top-1, top-3, precision, coverage, calibration."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("gold", nargs="+", type=Path, help="files of accounts with their answers")
        parser.add_argument(
            "--shipped", action="store_true", help="measure the shipped weights: fast, and no fair figure"
        )
        parser.add_argument("--fit", action="store_true", help=f"write {WEIGHTS.name} from all the accounts")

    def handle(self, **options: Any) -> None:
        try:
            golds = read_gold(options["gold"])
        except AccountProblem as problem:
            raise CommandError(str(problem), returncode=2) from problem
        if options["fit"]:
            write_weights(golds)
        pairs = ((gold, scored(gold)) for gold in golds) if options["shipped"] else leaving_out(golds)
        self.stdout.write(json.dumps(report(pairs), indent=1))


def write_weights(golds: Iterable[Gold], path: Path = WEIGHTS) -> None:
    golds = list(golds)
    accounts = sorted(gold.account.id for gold in golds)
    fitted: Mapping[str, Any] = {"fitted on": accounts, "weights": fitted_weights(golds)}
    path.write_text(json.dumps(fitted, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def report(pairs: Iterable[tuple[Gold, list[Scored]]]) -> dict[str, Any]:
    """The measures over all attributes, over the custom ones, and top-1 of each account's custom ones."""
    rows, accounts = [], {}
    for gold, found in pairs:
        rows += found
        accounts[gold.account.id] = _rounded(measured(_custom(found)))["top-1"]
    return {
        "all": _rounded(measured(rows)),
        "custom": _rounded(measured(_custom(rows))),
        "custom top-1 by account": accounts,
    }


def _custom(rows: list[Scored]) -> list[Scored]:
    return [row for row in rows if not row.is_default]


def _rounded(measures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in measures.items()}
