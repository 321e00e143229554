"""What an uploaded file would change: every row is changed, unchanged or rejected, and nothing is written.

A row counts as changed by what the file said when it was written, so that an old download never takes back
what somebody decided since.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from mapping_review.models import MapVersion
from mapping_review.queries import Row
from mapping_review.settling import is_open_conflict
from mapping_review.workbook_lines import Line, Stamp, account_of, content_checksum, lines_of, rows_in_order
from mapping_review.workbook_lines import project_id as project_id_of
from mapping_review.workbook_rules import Account, CellProblem, check_result
from mapping_review.workbook_words import TITLES, Places, cells_of, options_of
from migrator.engine.canonical import JsonValue
from migrator.engine.errors import RefusedError
from migrator.engine.field_map import FieldRule
from migrator.engine.inventory import SourceKind

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file says of one line. `rule` gives the rule that it asks for, read against the present one, and
    raises CellProblem; `ref` names the place of a column, or of the line ("")."""

    id: str
    mark: str
    ref: Callable[[str], str]
    rule: Callable[[FieldRule, Row, Account], FieldRule]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that was read. `mark_of` tells what it would say of a line as that stands now."""

    stamp: Stamp
    claims: Mapping[str, Claim]
    mark_of: Callable[[Line, FieldRule], str]


@dataclass(frozen=True, slots=True)
class Difference:
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row that would change. `lock_version` is what was seen; `lapses` says that an approval is lost."""

    source_key: str
    name: str
    ref: str
    lock_version: int
    lapses: bool
    rule: dict[str, JsonValue]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    ref: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Review:
    """The three parts. `missing` counts rows that the file does not name; they stay as they are."""

    changed: tuple[Change, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[Rejection, ...]
    missing: int
    checksum: str
    file_checksum: str

    def to_json(self) -> dict[str, JsonValue]:
        return asdict(self)


def check_stamp(stamp: Stamp, version: MapVersion) -> None:
    """Raises RefusedError on a file of another project or of another version."""
    if stamp.project != project_id_of(version.project):
        other = f" (“{stamp.slug[:60]}”)" if stamp.slug else ""
        raise RefusedError(f"This file belongs to another project{other}. Upload it there.")
    if stamp.version < version.number:
        raise RefusedError(
            f"This file is of v{stamp.version}, and v{version.number} is open now. "
            "Download the newer one and change that."
        )
    if stamp.version > version.number:
        raise RefusedError(f"This file is of v{stamp.version}, which this project does not have.")


def review(uploaded: Uploaded, version: MapVersion) -> Review:
    """Sort every row of the version into one of the three parts. Raises RefusedError on a foreign file."""
    check_stamp(uploaded.stamp, version)
    rows, account = rows_in_order(version), account_of(version.project)
    lines = [(line, row) for row in rows for line in lines_of(row, account.places)]
    _check_ids(uploaded, {line.id for line, _ in lines})
    parts = _Parts(uploaded, account)
    for line, row in lines:
        parts.sort(line, row)
    return Review(
        tuple(parts.changed), tuple(parts.unchanged), tuple(parts.rejected), parts.missing,
        content_checksum(rows), uploaded.stamp.checksum,
    )  # fmt: skip


def _check_ids(uploaded: Uploaded, known: set[str]) -> None:
    for claim in uploaded.claims.values():
        if claim.id not in known:
            raise RefusedError(
                f"{claim.ref('id')} names “{claim.id[:80]}”, which is no field of this map. Remove the line."
            )


class _Parts:
    """The three parts while they fill."""

    def __init__(self, uploaded: Uploaded, account: Account) -> None:
        self.uploaded, self.account = uploaded, account
        self.changed: list[Change] = []
        self.unchanged: list[str] = []
        self.rejected: list[Rejection] = []
        self.missing = 0

    def sort(self, line: Line, row: Row) -> None:
        claim = self.uploaded.claims.get(line.id)
        if claim is None or claim.mark == self.uploaded.stamp.marks.get(line.id):
            self._keep(line, row, missing=claim is None)
            return
        try:
            change = self._change(claim, line, row)
        except CellProblem as problem:
            self.rejected.append(
                Rejection(problem.ref or claim.ref(problem.column), row.decision.name, problem.sentence)
            )
            return
        if change is None:
            self._keep(line, row)
        else:
            self.changed.append(change)

    def _keep(self, line: Line, row: Row, *, missing: bool = False) -> None:
        """A row counts once, however many lines it has."""
        if line.id == row.decision.source_key:
            self.unchanged.append(row.decision.name)
            self.missing += missing

    def _change(self, claim: Claim, line: Line, row: Row) -> Change | None:
        base = row.rule
        present = self.uploaded.mark_of(line, base)
        if claim.mark == present:
            return None
        free = self._why_not_free(line, row, present)
        try:
            rule = _tied(claim.rule(base, row, self.account), base, row)
        except CellProblem as problem:
            raise free or problem from None
        if rule == base and not line.fixed:
            return None
        if free:
            raise free
        check_result(rule, base, row.field, self.account)
        return Change(
            row.decision.source_key, row.decision.name, self._place(claim, base, rule),
            row.decision.lock_version, row.decision.is_settled, rule.to_json(),
            differences(base, rule, self.account.places),
        )  # fmt: skip

    def _place(self, claim: Claim, base: FieldRule, rule: FieldRule) -> str:
        """The first cell that differs."""
        old, new = cells_of(base, self.account.places), cells_of(rule, self.account.places)
        return claim.ref(next((key for key in old if old[key] != new[key]), "options"))

    def _why_not_free(self, line: Line, row: Row, present: str) -> CellProblem | None:
        """Why no file may change this row now, whatever it asks for."""
        if line.fixed:
            return CellProblem("", "This field is split by type. Change it on its own page.")
        if is_open_conflict(row.field):
            return CellProblem("", "The Sections disagree about its type. Settle that in the queue first.")
        if present != self.uploaded.stamp.marks.get(line.id):
            return CellProblem(
                "", "Somebody changed this field since the download. Download the workbook anew."
            )
        return None


def _tied(rule: FieldRule, base: FieldRule, row: Row) -> FieldRule:
    """The rule for this row's field; what it reads is decided elsewhere."""
    tied = replace(rule, source=base.source, kind=base.kind)
    if base.kind != SourceKind.ATTRIBUTE:
        return tied
    return replace(tied, sources=base.sources or row.field.sources)


def differences(before: FieldRule, after: FieldRule, places: Places) -> tuple[Difference, ...]:
    """What a person would see change in the cells, options as what came and what went."""
    old, new = cells_of(before, places), cells_of(after, places)
    found = [Difference(TITLES[key], old[key], new[key]) for key in old if old[key] != new[key]]
    gone, came = _only_in(before, after), _only_in(after, before)
    if gone or came:
        found.append(Difference("Options", gone, came))
    return tuple(found)


def _only_in(one: FieldRule, other: FieldRule) -> str:
    theirs = set(options_of(other))
    words = [
        f"{value} = {option}" if value else option
        for value, option in options_of(one)
        if (value, option) not in theirs
    ]
    more = f", and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more
