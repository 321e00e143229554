"""The type of an attribute out of counts over all of its values, and which values speak against a type."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from migrator.engine.inventory import AGREEING, ValueType
from migrator.engine.reading import Reading, Trait

_MOSTLY = 0.95
_NEARLY_ALL = 0.98
_SOME = 0.2
_PHONES = 0.85
_MOST_OPTIONS = 50
_MOST_LABELS = 100
_REPEATS = 4
_LONG, _PROSE = 255, 60
# Running numbers may look like moments; moments are spread over more than a month.
_FEWEST, _FEWEST_DAYS = 5, 30
# Digits that a type takes although they read as a number.
_TAKEN_AS = {
    ValueType.YES_NO: {Trait.FLAG},
    ValueType.PHONE: {Trait.DIALABLE},
    ValueType.DATE: {Trait.COMPACT_DATE, Trait.EPOCH},
    ValueType.DATETIME: {Trait.COMPACT_DATE, Trait.EPOCH},
}


@dataclass(frozen=True, slots=True)
class Summary:
    """What inference looks at: counts over all values, no value itself. `epoch_days` is the time between the
    first and the last number that could be a Unix time."""

    declared: str
    filled: int
    distinct: int
    distinct_labels: int
    shapes: Mapping[ValueType, int]
    max_length: int
    mean_length: float
    traits: Mapping[Trait, int] = field(default_factory=dict)
    epoch_days: int = 0

    def share(self, *types: ValueType) -> float:
        return self._of_sound(sum(self.shapes.get(t, 0) for t in types))

    def having(self, trait: Trait) -> float:
        return self._of_sound(self.traits.get(trait, 0))

    def _of_sound(self, profiles: int) -> float:
        """What a spreadsheet broke says nothing of the type."""
        sound = self.filled - self.traits.get(Trait.BROKEN, 0)
        return profiles / sound if sound > 0 else 0.0


def infer(summary: Summary) -> ValueType:
    """The type by majority. Thresholds leave room for typing errors, which the preview then counts one by
    one."""
    if not summary.filled:
        return ValueType.EMPTY
    if summary.max_length > _LONG:
        return ValueType.LONG_TEXT
    for rule in (_as_yes_no, _as_date, _as_contact, _as_number, _as_labels):
        if found := rule(summary):
            return found
    prose = summary.mean_length > _PROSE and summary.distinct > summary.filled / 2
    return ValueType.LONG_TEXT if prose else ValueType.TEXT


def agrees(reading: Reading, chosen: ValueType) -> bool:
    """Whether a value says nothing against a type. Every value can be kept as text or as an option."""
    agreeing = AGREEING.get(chosen)
    if agreeing is None or reading.shape in agreeing:
        return True
    return reading.shape == ValueType.NUMBER and bool(_TAKEN_AS.get(chosen, set()) & reading.traits)


def _as_yes_no(summary: Summary) -> ValueType | None:
    words = summary.share(ValueType.YES_NO)
    # Two values 0 and 1 in a number attribute may well count something.
    counts = summary.declared in ("number", "decimal", "integer", "float")
    flags = 0.0 if counts else summary.having(Trait.FLAG)
    return ValueType.YES_NO if words + flags >= _NEARLY_ALL and summary.distinct <= 6 else None


def _as_date(summary: Summary) -> ValueType | None:
    spelled = summary.share(ValueType.DATE, ValueType.DATETIME)
    timed = summary.share(ValueType.DATETIME)
    days = summary.having(Trait.COMPACT_DATE) if summary.distinct >= _FEWEST else 0.0
    moments = summary.having(Trait.EPOCH) if _are_moments(summary) else 0.0
    # Digits alone could be ids: nearly all of them have to read as dates.
    if spelled + max(days, moments) < (_MOSTLY if spelled >= _SOME else _NEARLY_ALL) and spelled < _MOSTLY:
        return None
    if moments > days:
        timed += moments - summary.having(Trait.WHOLE_DAY)
    return ValueType.DATETIME if timed > 0.5 else ValueType.DATE


def _are_moments(summary: Summary) -> bool:
    return summary.distinct >= _FEWEST and summary.epoch_days >= _FEWEST_DAYS


def _as_contact(summary: Summary) -> ValueType | None:
    if summary.share(ValueType.EMAIL) >= _MOSTLY:
        return ValueType.EMAIL
    if summary.share(ValueType.URL) >= _PHONES:
        return ValueType.URL
    phones = summary.share(ValueType.PHONE)
    # National numbers without any mark read as plain numbers; some marked ones among them tell.
    mixed = phones >= _SOME and phones + summary.having(Trait.DIALABLE) >= _MOSTLY
    mobile = summary.having(Trait.MOBILE) >= _MOSTLY and summary.distinct >= _FEWEST
    padded = summary.having(Trait.PADDED) > 0.01
    return ValueType.PHONE if (phones >= _PHONES or mixed or mobile) and not padded else None


def _as_number(summary: Summary) -> ValueType | None:
    if summary.having(Trait.LEADING_ZERO) > 0.01:
        return ValueType.TEXT
    if summary.share(ValueType.NUMBER, ValueType.MONEY) < _MOSTLY:
        return None
    return ValueType.MONEY if summary.share(ValueType.MONEY) >= _SOME else ValueType.NUMBER


def _as_labels(summary: Summary) -> ValueType | None:
    listed = summary.share(ValueType.OPTIONS)
    few = summary.distinct_labels <= _MOST_LABELS and summary.filled >= _REPEATS * summary.distinct_labels
    if listed >= 0.05 and few:
        return ValueType.OPTIONS
    repeated = summary.distinct <= _MOST_OPTIONS and summary.filled >= _REPEATS * summary.distinct
    return ValueType.OPTION if repeated else None
