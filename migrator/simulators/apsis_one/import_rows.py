"""What an imported file does to profiles: row by row, a bad row is counted and never stops the rest.

Rows are laid over the people under the account's lock, once the data of an import becomes visible.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.simulators.apsis_one.attribute_values import check_key, check_value, value_of_cell
from migrator.simulators.apsis_one.bodies import stamp
from migrator.simulators.apsis_one.import_plans import Plan, columns_of
from migrator.simulators.apsis_one.keys import absorb, check_mergeable, write_consent
from migrator.simulators.apsis_one.permissions import look_up
from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.profile_writes import create_profile
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.seeds.consents import Consent

_ERRORS_KEPT = 20
_HEAD = 1 << 16
_TRUE = ("true", "1", "yes", "x")
Row = dict[str, str]


def missing_columns(plan: Plan, content: bytes) -> list[str]:
    """Columns that the plan names and the file lacks; all of them where the file is no CSV text."""
    try:
        header = next(csv.reader(io.StringIO(content[:_HEAD].decode("utf-8-sig", "replace"))), [])
    except csv.Error:
        header = []
    return sorted(columns_of(plan) - set(header))


class FileImport:
    """One file laid over the account's people."""

    def __init__(self, state: ApsisState, section: str, plan: Plan) -> None:
        self._state = state
        self._section = section
        self._plan = plan
        self.counts: Counter[str] = Counter()
        self.errors: list[str] = []

    def rows(self, path: Path) -> Iterator[tuple[int, Row]]:
        """(line number, cells by column) of the file. Raises csv.Error while it is read."""
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                yield number, {name: cell or "" for name, cell in row.items() if name is not None}

    def apply(self, rows: Iterable[tuple[int, Row]]) -> int:
        """Lay some rows over the people; `counts` and `errors` tell what became of them. Returns how many."""
        number_of_rows = 0
        for number, row in rows:
            number_of_rows += 1
            try:
                self.counts[self._apply_row(row)] += 1
            except (ApiProblem, ValueError, OverflowError) as error:
                self.counts["failed"] += 1
                if len(self.errors) < _ERRORS_KEPT:
                    self.errors.append(f"line {number}: {error}")
        return number_of_rows

    def _apply_row(self, row: Row) -> str:
        """created, updated or skipped. Checks the whole row before it changes anything."""
        values = [(name, self._value(name, type_, row[column])) for column, name, type_ in self._attributes()]
        index, made = self._profile(row)
        if not made and not self._plan["options"]["update_existing_profiles"]:
            return "skipped"
        for name, value in values:
            if value is not None or self._plan["options"]["clear_existing_attributes"]:
                self._state.world.write_value(index, self._section, name, value)
        for column, tag in self._plan["tags"]:
            if row[column].strip().lower() in _TRUE:
                self._state.world.changes(index).tags[self._section, tag] = True
        for consent in self._plan["consents"]:
            self._agree(index, row, Agreement(*consent))
        return "created" if made else "updated"

    def _attributes(self) -> list[tuple[str, str, str]]:
        rows: list[tuple[str, str, str]] = self._plan["attributes"]
        return rows

    def _value(self, attribute: str, type_: str, cell: str) -> Any:
        if not cell.strip():
            return None
        value = value_of_cell(type_, cell)
        check_value(attribute, type_, value)
        return value

    def _profile(self, row: Row) -> tuple[int, bool]:
        """The profile behind the row's keys; v1 can name several and merge what they lead to."""
        keys = [(keyspace, row[column].strip()) for keyspace, column in self._plan["keys"]]
        keys = [(keyspace, key) for keyspace, key in keys if key]
        if not keys:
            raise ValueError("the row has no key")
        for keyspace, key in keys:
            check_key(keyspace, key)
        found = [look_up(self._state, *place) for place in keys]
        index = next((i for i in found if i is not None), None)
        made = index is None
        if index is None:
            index = create_profile(self._state, *keys[0], self._section)
        self._join(index, [place for place, i in zip(keys, found, strict=True) if i != index])
        return index, made

    def _join(self, index: int, places: list[tuple[str, str]]) -> None:
        if not any(self._plan["merges"]):
            return
        for place in places:
            other = look_up(self._state, *place)
            if other is None:
                self._state.world.hold_key(index, *place)
            elif other != index:
                check_mergeable(self._state, index, other)
                absorb(self._state.world, index, other)

    def _agree(self, index: int, row: Row, wanted: "Agreement") -> None:
        """A consent where its column says so; an opt-out stays unless the plan resubscribes."""
        if wanted.column and row[wanted.column].strip().lower() not in _TRUE:
            return
        place = (self._section, wanted.topic, wanted.channel)
        held = {(c.section, c.topic, c.channel): c.type for c in self._state.world.consents(index)}.get(place)
        if held == wanted.type or (held == "opt-out" and not wanted.again):
            return
        if self._state.settings.consent_model == "1.0":
            self._agree_by_address(row[wanted.address].strip(), wanted)
        else:
            now = stamp(self._state.now())
            write_consent(
                self._state.world, index, Consent(*place, wanted.type, "Consent import", "Import", now)
            )

    def _agree_by_address(self, address: str, wanted: "Agreement") -> None:
        section = self._state.world.shape.section(self._section)
        folder = next(t.folder for t in section.topics if t.discriminator == wanted.topic) if section else ""
        place = (wanted.channel, address.lower(), self._section, folder, wanted.topic)
        if address:
            self._state.say_by_address(place, wanted.type)


@dataclass(frozen=True, slots=True)
class Agreement:
    """One consent mapping of a plan; `column` empty means every row, `again` also after an opt-out."""

    address: str
    column: str
    topic: str
    channel: str
    type: str
    again: bool
