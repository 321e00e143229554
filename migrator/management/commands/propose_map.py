"""Proposes a field map for accounts in a file: no database, no network, no key, the same bytes every time."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mapping_review.proposers.accounts import Account, AccountProblem, answer_of, propose_for, read_accounts
from mapping_review.proposers.rules import plain_text
from migrator.engine.canonical import JsonValue


class Command(BaseCommand):
    help = "Propose where each attribute of the accounts in a file goes. Reads the file and nothing else."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--inventory", type=Path, required=True, help="accounts as JSON, without the answers"
        )
        parser.add_argument("--json", action="store_true", help="print what score.py reads")

    def handle(self, **options: Any) -> None:
        try:
            accounts = read_accounts(options["inventory"])
        except AccountProblem as problem:
            raise CommandError(str(problem), returncode=2) from problem
        if options["json"]:
            # Plain ASCII: an id may hold half a surrogate pair, which no output encoding takes.
            self.stdout.write(json.dumps(answers(accounts), indent=1, ensure_ascii=True))
        else:
            for account in accounts:
                self.stdout.write("\n".join(lines(account)))


def answers(accounts: list[Account]) -> dict[str, JsonValue]:
    """Proposals by attribute id, in the file's order."""
    return {
        attribute.id: answer_of(proposal, account)
        for account in accounts
        for attribute, proposal in propose_for(account)
    }


def lines(account: Account) -> list[str]:
    """The map for people, a line for each attribute."""
    rows = [plain_text(account.id)]
    for attribute, proposal in propose_for(account):
        rule = proposal.rule
        where = f"{rule.action} {rule.object} {plain_text(rule.field)} {rule.component}".rstrip()
        home = "skip" if rule.is_left else where
        rows.append(f"  {proposal.confidence:.2f}  {plain_text(attribute.name)[:60]} -> {home}")
    return rows
