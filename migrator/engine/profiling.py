"""One attribute seen over all its values: a streaming profile in bounded memory, and the type that it gives.

Looks at values only; what the attribute's name suggests is the proposer's business.
"""

import heapq
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

from migrator.engine.canonical import JsonValue
from migrator.engine.inventory import ValueType, Variant
from migrator.engine.reading import has_leading_zero, options_in, shape_of
from migrator.engine.transforms.converted import text_of
from migrator.engine.transforms.dates import is_blank_date

EXACT_DISTINCT = 2_000
_KEPT_VALUES = 4_000
_TOP = 20
_LONGEST_KEPT = 1_000
_HASHES = 2**64


class Accumulator:
    """Counts every value of one attribute in one Section. Memory is bounded whatever the number of values.

    Distinct values are exact up to 2,000 and estimated beyond (the k smallest hashes); the counts of the most
    frequent values are exact up to 4,000 distinct ones and lower bounds beyond.
    """

    def __init__(self, declared: str = "") -> None:
        self.declared = declared.casefold()
        self.filled = 0
        self.max_length = 0
        self.total_length = 0
        self.leading_zeros = 0
        self.zero_or_one = 0
        self.shapes: Counter[str] = Counter()
        self.values: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self._smallest: list[int] = []
        self._known: set[int] = set()

    def add(self, value: JsonValue, times: int = 1) -> None:
        """Count one value; null, blank texts, empty lists and blank dates (1899-12-31) are not filled."""
        text = text_of(value)
        if not text or (len(text) <= 25 and is_blank_date(text) and text != "0"):
            return
        shape = shape_of(value, self.declared)
        self.filled += times
        self.max_length = max(self.max_length, len(text))
        self.total_length += len(text) * times
        self.shapes[shape.value] += times
        self.leading_zeros += times * has_leading_zero(text)
        self.zero_or_one += times * (text in ("0", "1"))
        self._keep(self.values, text[:_LONGEST_KEPT], times)
        for label in _labels_of(value, text, shape):
            self._keep(self.labels, label, times)
        self._note_distinct(int.from_bytes(_hash_of(text)))

    def merge(self, other: "Accumulator") -> None:
        """Take in what another accumulator of the same attribute counted, such as that of another chunk."""
        self.filled += other.filled
        self.max_length = max(self.max_length, other.max_length)
        self.total_length += other.total_length
        self.leading_zeros += other.leading_zeros
        self.zero_or_one += other.zero_or_one
        self.shapes.update(other.shapes)
        for kept, theirs in ((self.values, other.values), (self.labels, other.labels)):
            for text, count in theirs.items():
                self._keep(kept, text, count)
        for known in other._known:
            self._note_distinct(known)

    @property
    def distinct(self) -> int:
        if len(self._known) < EXACT_DISTINCT:
            return len(self._known)
        largest = -self._smallest[0]
        return min(self.filled, round((EXACT_DISTINCT - 1) * _HASHES / largest))

    def summary(self) -> "Summary":
        return Summary(
            declared=self.declared,
            filled=self.filled,
            distinct=self.distinct,
            distinct_labels=len(self.labels),
            shapes=dict(self.shapes),
            max_length=self.max_length,
            mean_length=self.total_length / self.filled if self.filled else 0.0,
            leading_zeros=self.leading_zeros,
            zero_or_one=self.zero_or_one,
        )

    def variant(self, section: str, section_name: str, discriminator: str) -> Variant:
        summary = self.summary()
        return Variant(
            section=section,
            section_name=section_name,
            discriminator=discriminator,
            declared=self.declared,
            filled=self.filled,
            distinct=summary.distinct,
            shapes=dict(sorted(self.shapes.items())),
            top=tuple(heapq.nsmallest(_TOP, self.values.items(), key=lambda item: (-item[1], item[0]))),
            inferred=infer(summary),
            max_length=self.max_length,
        )

    @staticmethod
    def _keep(counter: "Counter[str]", text: str, times: int) -> None:
        counter[text] += times
        if len(counter) > _KEPT_VALUES:
            kept = heapq.nsmallest(_KEPT_VALUES // 2, counter.items(), key=lambda item: (-item[1], item[0]))
            counter.clear()
            counter.update(dict(kept))

    def _note_distinct(self, known: int) -> None:
        if known in self._known:
            return
        if len(self._known) < EXACT_DISTINCT:
            self._known.add(known)
            heapq.heappush(self._smallest, -known)
        elif known < -self._smallest[0]:
            self._known.discard(-heapq.heappushpop(self._smallest, -known))
            self._known.add(known)


@dataclass(frozen=True, slots=True)
class Summary:
    """What inference looks at: counts over all values, no value itself."""

    declared: str
    filled: int
    distinct: int
    distinct_labels: int
    shapes: dict[str, int]
    max_length: int
    mean_length: float
    leading_zeros: int = 0
    zero_or_one: int = 0

    def share(self, *types: ValueType) -> float:
        return sum(self.shapes.get(t.value, 0) for t in types) / self.filled if self.filled else 0.0


_MOSTLY = 0.95
_NEARLY_ALL = 0.98
_PHONES = 0.85
_MOST_OPTIONS = 50
_MOST_LABELS = 100
_REPEATS = 4
_LONG, _PROSE = 255, 60


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


def _as_yes_no(summary: Summary) -> ValueType | None:
    words = summary.share(ValueType.YES_NO)
    bits = summary.zero_or_one / summary.filled
    # Two values 0 and 1 in a number attribute may well count something.
    flags = bits if summary.declared not in ("number", "decimal", "integer", "float") else 0.0
    return ValueType.YES_NO if words + flags >= _NEARLY_ALL and summary.distinct <= 6 else None


def _as_date(summary: Summary) -> ValueType | None:
    if summary.share(ValueType.DATE, ValueType.DATETIME) < _MOSTLY:
        return None
    timed = summary.share(ValueType.DATETIME) > 0.5
    return ValueType.DATETIME if timed else ValueType.DATE


def _as_contact(summary: Summary) -> ValueType | None:
    if summary.share(ValueType.EMAIL) >= _MOSTLY:
        return ValueType.EMAIL
    if summary.share(ValueType.URL) >= _PHONES:
        return ValueType.URL
    phones = summary.share(ValueType.PHONE)
    # National numbers without any mark read as plain numbers; some marked ones among them tell.
    mixed = phones >= 0.2 and phones + summary.share(ValueType.NUMBER) >= _MOSTLY
    return ValueType.PHONE if phones >= _PHONES or mixed else None


def _as_number(summary: Summary) -> ValueType | None:
    if summary.leading_zeros > summary.filled / 100:
        return ValueType.TEXT
    return ValueType.NUMBER if summary.share(ValueType.NUMBER) >= _MOSTLY else None


def _as_labels(summary: Summary) -> ValueType | None:
    listed = summary.share(ValueType.OPTIONS)
    few = summary.distinct_labels <= _MOST_LABELS and summary.filled >= _REPEATS * summary.distinct_labels
    if listed >= 0.05 and few:
        return ValueType.OPTIONS
    repeated = summary.distinct <= _MOST_OPTIONS and summary.filled >= _REPEATS * summary.distinct
    return ValueType.OPTION if repeated else None


def _labels_of(value: JsonValue, text: str, shape: ValueType) -> list[str]:
    if isinstance(value, list):
        return [label[:_LONGEST_KEPT] for item in value if (label := text_of(item))]
    return options_in(text) if shape == ValueType.OPTIONS else [text[:_LONGEST_KEPT]]


def _hash_of(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
