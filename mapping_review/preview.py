"""What a rule does to values: before and after, failures first, and what is lost in counts. Pure; the values
stay on the screens of this machine."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import FieldRule
from migrator.engine.inventory import FieldType, SourceField, SourceKind
from migrator.engine.transforms.converted import text_of
from migrator.engine.transforms.registry import convert
from migrator.engine.transforms.tools import Tools

EMPTIED, CHANGED, KEPT = "emptied", "changed", "kept"
FATES = (EMPTIED, CHANGED, KEPT)
# Lines that are remembered of each fate, and labels; the counts are always over all values.
MOST_LINES: Mapping[str, int] = {EMPTIED: 40, CHANGED: 40, KEPT: 20}
MOST_LABELS = 200
_LONGEST_SHOWN = 300
OPTION_TYPES = (FieldType.ENUM, FieldType.SET)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One value before and after. `lost` is empty where nothing is lost; `example` is the source key of one
    profile that holds the value, where known."""

    before: str
    after: str
    profiles: int
    lost: str = ""
    is_emptied: bool = False
    example: str = ""

    @property
    def fate(self) -> str:
        return EMPTIED if self.is_emptied else CHANGED if self.lost else KEPT


@dataclass(frozen=True, slots=True)
class Preview:
    """`emptied`, `changed` and `seen` count profiles, `distinct` values. `is_whole` says that every value of the
    field was looked at. `labels` are the options that the values become, most frequent first; None where
    they become no options. `labels_cut` says that there are more of them than are listed."""

    rows: tuple[PreviewRow, ...] = ()
    emptied: int = 0
    changed: int = 0
    seen: int = 0
    distinct: int = 0
    is_whole: bool = False
    labels: tuple[tuple[str, int], ...] | None = None
    labels_cut: bool = False


class Tally:
    """Adds up values one by one in bounded memory. Each distinct value comes once, in any order."""

    def __init__(self) -> None:
        self.seen = self.emptied = self.changed = self.distinct = 0
        self.labels: Counter[str] = Counter()
        self.labels_cut = False
        self._lines: dict[str, list[PreviewRow]] = {fate: [] for fate in FATES}

    def add(self, row: PreviewRow, labels: Iterable[str] = ()) -> None:
        self.seen += row.profiles
        self.distinct += 1
        self.emptied += row.profiles * (row.fate == EMPTIED)
        self.changed += row.profiles * (row.fate == CHANGED)
        lines = self._lines[row.fate]
        lines.append(row)
        if len(lines) > 2 * MOST_LINES[row.fate]:
            self._lines[row.fate] = _most_frequent(lines, MOST_LINES[row.fate])
        for label in labels:
            self._add_label(label, row.profiles)

    def preview(self, *, is_whole: bool, has_labels: bool = False) -> Preview:
        rows = [row for fate in FATES for row in _most_frequent(self._lines[fate], MOST_LINES[fate])]
        labels = tuple(sorted(self.labels.items(), key=lambda pair: (-pair[1], pair[0])))
        return Preview(
            tuple(rows),
            self.emptied,
            self.changed,
            self.seen,
            self.distinct,
            is_whole,
            labels if has_labels else None,
            self.labels_cut,
        )

    def to_json(self) -> dict[str, Any]:
        """Lines and labels; the counts have columns of their own."""
        lines = {fate: _most_frequent(self._lines[fate], MOST_LINES[fate]) for fate in FATES}
        return {
            "labels": sorted(self.labels.items()),
            "labels_cut": self.labels_cut,
            **{
                fate: [[r.before, r.after, r.profiles, r.lost, r.example] for r in rows]
                for fate, rows in lines.items()
            },
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Tally":
        """The lines and labels of `to_json`; the caller puts the counts back."""
        tally = cls()
        tally.labels = Counter({str(label): int(count) for label, count in raw.get("labels", ())})
        tally.labels_cut = bool(raw.get("labels_cut"))
        for fate in FATES:
            tally._lines[fate] = [
                PreviewRow(before, after, profiles, lost, fate == EMPTIED, example)
                for before, after, profiles, lost, example in raw.get(fate, ())
            ]
        return tally

    def _add_label(self, label: str, profiles: int) -> None:
        if label in self.labels or len(self.labels) < MOST_LABELS:
            self.labels[label] += profiles
        else:
            self.labels_cut = True


def converted_row(
    rule: FieldRule, value: JsonValue, profiles: int, tools: Tools, example: str = ""
) -> tuple[PreviewRow, tuple[str, ...]] | None:
    """One value as the rule converts it, with the options that it becomes; None for a blank one."""
    converted = convert(rule.transform, value, dict(rule.args), tools)
    if converted.value is None and not converted.lost:
        return None
    row = PreviewRow(
        text_of(value)[:_LONGEST_SHOWN],
        shown(converted.value)[:_LONGEST_SHOWN],
        profiles,
        converted.lost,
        converted.is_emptied,
        example,
    )
    return row, _labels_of(converted.value) if rule.type in OPTION_TYPES else ()


def preview(rule: FieldRule, field: SourceField, tools: Tools) -> Preview:
    """Over the most frequent values only, which the inventory holds: for a field that is not counted yet."""
    if not rule.field or field.kind != SourceKind.ATTRIBUTE:
        return Preview()
    wanted = set(rule.sources) or set(field.sources)
    variants = [v for v in field.variants if (v.section, v.discriminator) in wanted]
    counted: Counter[str] = Counter()
    for variant in variants:
        counted.update(dict(variant.top))
    tally = Tally()
    for value, profiles in counted.items():
        if found := converted_row(rule, value, profiles, tools):
            tally.add(*found)
    is_whole = sum(counted.values()) >= sum(variant.filled for variant in variants)
    return tally.preview(is_whole=is_whole, has_labels=rule.type in OPTION_TYPES)


def shown(value: JsonValue) -> str:
    """A converted value as people read it."""
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return f"{value.get('value')} {value.get('currency')}"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _labels_of(value: JsonValue) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)


def _most_frequent(rows: list[PreviewRow], most: int) -> list[PreviewRow]:
    return sorted(rows, key=lambda r: (-r.profiles, r.before))[:most]
