"""What a workbook holds, apart from its file format: the lines of a version, the stamp that ties a file to
it, and the account that imported rules are checked against."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mapping_review import queries
from mapping_review.models import MapVersion
from mapping_review.proposers.targets import targets_in
from mapping_review.queries import Row
from mapping_review.workbook_rules import Account
from mapping_review.workbook_words import (
    Option,
    Place,
    Places,
    cells_of,
    information_of,
    mark_of,
    options_of,
)
from migrator import staging
from migrator.engine.canonical import checksum
from migrator.engine.field_map import FieldRule
from migrator.engine.inventory import SourceKind
from migrator.models import Project
from migrator.texts import TOOLS

FORMAT = "crosswalk-map"
# 2 brought merge rules and the reason why a field is left behind.
FORMAT_VERSION = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One rule of one row. A row that is split by type has several, which a file shows and does not change."""

    id: str
    kind: SourceKind
    information: Mapping[str, str | int | float]
    cells: Mapping[str, str]
    options: tuple[Option, ...]
    fixed: bool = False

    @property
    def mark(self) -> str:
        return mark_of(self.cells, self.options)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which version a file is of. `marks` holds what each line said when it was written, by id."""

    project: str
    slug: str
    version: int
    checksum: str
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Book:
    """A version as a file holds it."""

    stamp: Stamp
    title: str
    lines: tuple[Line, ...]
    places: Places


def book_of(version: MapVersion) -> Book:
    """The whole version, in order of key. Equal content gives an equal book."""
    rows = rows_in_order(version)
    places = account_of(version.project).places
    lines = tuple(line for row in rows for line in lines_of(row, places))
    marks = {line.id: line.mark for line in lines}
    return Book(stamp_of(version, rows, marks), version.project.name, lines, places)


def stamp_of(version: MapVersion, rows: Sequence[Row], marks: Mapping[str, str]) -> Stamp:
    project = version.project
    return Stamp(project_id(project), project.slug, version.number, content_checksum(rows), marks)


def rows_in_order(version: MapVersion) -> list[Row]:
    return sorted(queries.rows_of(version), key=lambda row: row.decision.source_key)


def lines_of(row: Row, places: Places) -> list[Line]:
    rules = rules_of(row)
    return [
        Line(
            rule.source, row.field.kind, information_of(row, rule), cells_of(rule, places), options_of(rule),
            fixed=len(rules) > 1,
        )
        for rule in rules
    ]  # fmt: skip


def rules_of(row: Row) -> tuple[FieldRule, ...]:
    """The decided rules, else the proposed ones."""
    return row.decision.rules or row.now.rules


def content_checksum(rows: Iterable[Row]) -> str:
    """Checksum over what every row says and whether it is decided; the order of the rows is no part of it."""
    content = [
        [row.decision.source_key, row.decision.state, [r.to_json() for r in rules_of(row)]] for row in rows
    ]
    return checksum(sorted(content, key=lambda each: str(each[0])))


def project_id(project: Project) -> str:
    """Tells projects apart that have one name or number in two installations."""
    return checksum([project.pk, project.slug, project.created_at.isoformat()])[:16]


def account_of(project: Project) -> Account:
    settings, catalogue = queries.settings_for(project), staging.target_fields(project)
    targets = targets_in(catalogue, settings)
    places = Places(
        Place(t.field.object, t.key, t.field.type, t.field.custom, t.field.options) for t in targets
    )
    return Account(places, catalogue, settings, TOOLS)
