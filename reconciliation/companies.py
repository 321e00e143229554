"""Company names side by side, for the inspector: what is known of each, and which name one may keep. Pure."""

from dataclasses import dataclass

from migrator.engine.cases import CaseKind, Decide
from reconciliation.buttons import Button, table_choice
from reconciliation.effects import Evidence
from reconciliation.models import ReviewItem
from reconciliation.suggesting.companies import ranked

MOST_KEYS = 9


@dataclass(frozen=True, slots=True)
class CompanyRow:
    name: str
    profiles: int
    domains: str
    vat: str
    target_id: str
    suggested: bool
    choose: Button


@dataclass(frozen=True, slots=True)
class CompanyTable:
    """`ticked` is true where a name may be left out: of two there is nothing to leave out."""

    rows: tuple[CompanyRow, ...]

    @property
    def ticked(self) -> bool:
        return len(self.rows) > 2


def companies_of(item: ReviewItem) -> CompanyTable | None:
    if item.kind != CaseKind.ORGANIZATION:
        return None
    rows = ranked(item.evidence)
    return CompanyTable(tuple(_row(item, member, number) for number, member in enumerate(rows, 1)))


def _row(item: ReviewItem, member: Evidence, number: int) -> CompanyRow:
    name = str(member["name"])
    args = {"name": name}
    cap = str(number) if number <= MOST_KEYS else ""
    button = Button(Decide.MERGE, "Keep this name", "check", cap, args=args, sends=table_choice(item, args))
    return CompanyRow(
        name,
        int(member.get("profiles") or 0),
        ", ".join(map(str, member.get("domains") or ())),
        ", ".join(map(str, member.get("vat") or ())),
        str(member.get("target_id") or ""),
        item.suggested_action == Decide.MERGE and item.suggestion["args"].get("name") == name,
        button,
    )
