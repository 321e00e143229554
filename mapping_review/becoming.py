"""What consents, channels, tags, Sections and events become: the counterpart of `preview` for everything that is
no attribute. Pure; counts come from the inventory, the one example of an event is made up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mapping_review.preview import shown
from migrator.engine.field_map import FieldRule
from migrator.engine.inventory import SourceField, SourceKind, TargetField
from migrator.engine.phases.histories import EventPlan, Fidelity, iter_records
from migrator.engine.phases.plan import option_key
from migrator.engine.records import Event, TargetRecord
from migrator.engine.transforms.registry import convert
from migrator.engine.transforms.tools import Tools

MOST_LINES = 200
_EXAMPLES = [datetime(2026, 3, day, 9, 14, tzinfo=UTC) for day in (3, 12, 19)]
_FIDELITIES = (
    (Fidelity.EACH, "Each event its own record"),
    (Fidelity.DIGEST, "One record for a profile and month"),
    (Fidelity.HISTORY, "One record for a profile"),
    (Fidelity.ARCHIVE, "Archive only"),
)


@dataclass(frozen=True, slots=True)
class Becomes:
    """One thing of the source and what stands for it in the target. `count` is None where nothing was counted;
    `note` is a fragment such as "new label"."""

    before: str
    after: str
    count: int | None = None
    note: str = ""
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class Becoming:
    """All of one row; `unit` is what is counted. `more` says how many lines are left out."""

    lines: tuple[Becomes, ...] = ()
    sentences: tuple[str, ...] = ()
    unit: str = "Profiles"
    more: int = 0

    @property
    def lost(self) -> int:
        return sum(line.count or 0 for line in self.lines if line.is_lost)


def becoming(
    rule: FieldRule,
    field: SourceField,
    inventory: Mapping[str, Any],
    catalogue: Sequence[TargetField],
    tools: Tools,
) -> Becoming:
    """`inventory` is what the discovery counted (its "source" part)."""
    if not rule.field:
        return Becoming(sentences=("Nothing of it is written to Pipedrive.",))
    match field.kind:
        case SourceKind.CONSENT:
            return _consent(rule, inventory)
        case SourceKind.CHANNEL:
            return _channel(rule)
        case SourceKind.TAG:
            counted = [(str(t["tag"]), int(t["profiles"])) for t in inventory.get("tags", ())]
            return _labels(rule, counted, known_options(rule, catalogue), tools, "label")
        case SourceKind.SECTION:
            counted = [(value, count) for v in field.variants for value, count in v.top]
            return _labels(rule, counted, known_options(rule, catalogue), tools, "option")
        case SourceKind.EVENT:
            return _event(rule, field)
    return Becoming()


def _consent(rule: FieldRule, inventory: Mapping[str, Any]) -> Becoming:
    channel = "sms" if "sms" in rule.source else "email"
    counted = inventory.get("consents", {}).get(channel, {})
    dated = rule.source.endswith("_date")
    yes, no = ("its date", "the date of the opt-out, if it has one") if dated else ("Yes", "No")
    lines = (
        Becomes("Opted in, in every Section and topic", yes, counted.get("yes")),
        Becomes("Opted out, pending or suppressed in any", no, counted.get("no")),
        Becomes("No consent recorded", "empty", counted.get("unknown")),
    )
    return Becoming(
        lines,
        (
            "The most restrictive answer counts: nothing turns an opt-out into an opt-in.",
            "A consent that is in Pipedrive already is never replaced.",
        ),
    )


def _channel(rule: FieldRule) -> Becoming:
    what = "a phone number" if "sms" in rule.source else "an email address"
    lines = (
        Becomes(f"Has {what} and is not suppressed", "Yes"),
        Becomes(f"Has no {what.partition(' ')[2]}, or is suppressed", "No"),
    )
    return Becoming(lines, ("It follows from each profile when the plan is computed.",))


def _labels(
    rule: FieldRule, counted: Sequence[tuple[str, int]], known: frozenset[str], tools: Tools, word: str
) -> Becoming:
    made = [(name, count, convert(rule.transform, name, dict(rule.args), tools)) for name, count in counted]
    owners: dict[str, list[str]] = {}
    for name, _, converted in made:
        for label in _texts(converted.value):
            owners.setdefault(option_key(label), []).append(name)
    lines = [
        Becomes(name, shown(c.value), count, c.lost or _note(c.value, known, owners, word), c.is_emptied)
        for name, count, c in made
    ]
    lines.sort(key=lambda line: (not line.is_lost, -(line.count or 0), line.before))
    new = sum(key not in known for key in owners)
    return Becoming(
        tuple(lines[:MOST_LINES]),
        tuple(_label_sentences(len(owners), new, owners, word)),
        more=max(0, len(lines) - MOST_LINES),
    )


def _label_sentences(total: int, new: int, owners: Mapping[str, list[str]], word: str) -> list[str]:
    found = [f"{total - new:,} of {total:,} {word}s are in Pipedrive already, {new:,} would be added."]
    shared = [names for names in owners.values() if len(names) > 1]
    found += [f"{_and(names)} become one {word}." for names in shared[:3]]
    if len(shared) > 3:
        found.append(f"{len(shared) - 3:,} more {word}s are made of several names.")
    return found


def _note(value: object, known: frozenset[str], owners: Mapping[str, list[str]], word: str) -> str:
    keys = [option_key(label) for label in _texts(value)]
    new = "" if all(key in known for key in keys) else f"new {word}"
    shared = f"one {word} with others" if any(len(owners[key]) > 1 for key in keys) else ""
    return ", ".join(part for part in (new, shared) if part)


def _event(rule: FieldRule, field: SourceField) -> Becoming:
    type_ = field.sources[0][1] if field.sources else field.key.partition(":")[2]
    three = [Event(f"example-{n}", "", type_, at, {}) for n, at in enumerate(_EXAMPLES)]
    lines = []
    for fidelity, words in _FIDELITIES:
        plan = EventPlan({type_: rule}, {type_: field.name}, fidelity)
        records = list(iter_records("example", three, plan))
        lines.append(Becomes(words, _records(records), len(records)))
    count = field.filled
    return Becoming(
        tuple(lines),
        (
            f"{count:,} event{' was' if count == 1 else 's were'} counted. How much of them becomes records is "
            "priced and chosen when a run is planned.",
            "The example is made up: three events of one profile, on 3, 12 and 19 Mar 2026.",
        ),
        unit="Records",
    )


def _records(records: Sequence[TargetRecord]) -> str:
    return _record(records[0]) if records else "Nothing, they stay in the archive"


def _record(record: TargetRecord) -> str:
    body = record.body
    if "content" in body:
        return f"Note of {str(body['add_time'])[:16]}"
    return f"{str(body['type']).capitalize()} “{body['subject']}”, done, {body['due_date']} {str(body['due_time'])[:5]}"


def known_options(rule: FieldRule, catalogue: Sequence[TargetField]) -> frozenset[str]:
    """The options that the target field has already, as the target compares them."""
    return frozenset(
        option_key(option)
        for f in catalogue
        if (f.name == rule.field and f.custom and f.type == rule.type)
        or (not rule.custom and f.standard_key == rule.field and f.object == rule.object)
        for option in f.options
    )


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _and(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names[:4]]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
