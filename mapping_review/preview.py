"""What a rule does to the most frequent values, failures first. Pure; the values stay on the screen of this
machine."""

from collections import Counter
from dataclasses import dataclass

from migrator.engine.canonical import JsonValue
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import SourceField, SourceKind
from migrator.engine.transforms.registry import convert
from migrator.engine.transforms.tools import Tools


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One value before and after. `lost` is empty where nothing is lost."""

    before: str
    after: str
    profiles: int
    lost: str = ""
    is_emptied: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """`emptied` and `changed` count profiles among the values shown; `seen` is how many profiles those
    are."""

    rows: tuple[PreviewRow, ...] = ()
    emptied: int = 0
    changed: int = 0
    seen: int = 0
    filled: int = 0

    @property
    def is_partial(self) -> bool:
        """Rarer values exist that are not looked at here."""
        return self.seen < self.filled


def preview(rule: FieldRule, field: SourceField, tools: Tools) -> Preview:
    """Failures first, then what changes in part, then the rest, each most frequent first."""
    if rule.action == Action.SKIP or field.kind != SourceKind.ATTRIBUTE:
        return Preview(filled=field.filled)
    counted: Counter[str] = Counter()
    wanted = set(rule.sources) or set(field.sources)
    for variant in field.variants:
        if (variant.section, variant.discriminator) in wanted:
            counted.update(dict(variant.top))
    rows = sorted(
        (_row(rule, value, profiles, tools) for value, profiles in counted.items()),
        key=lambda r: (not r.is_emptied, not r.lost, -r.profiles, r.before),
    )
    return Preview(
        rows=tuple(rows),
        emptied=sum(r.profiles for r in rows if r.is_emptied),
        changed=sum(r.profiles for r in rows if r.lost and not r.is_emptied),
        seen=sum(counted.values()),
        filled=field.filled,
    )


def shown(value: JsonValue) -> str:
    """A converted value as people read it."""
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return f"{value.get('value')} {value.get('currency')}"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _row(rule: FieldRule, value: str, profiles: int, tools: Tools) -> PreviewRow:
    converted = convert(rule.transform, value, dict(rule.args), tools)
    return PreviewRow(value, shown(converted.value), profiles, converted.lost, converted.is_emptied)
