"""One attribute seen over all its values: a streaming profile in bounded memory, and the type that it gives.

Looks at values only; what the attribute's name suggests is the proposer's business.
"""

import heapq
from collections import Counter
from hashlib import blake2b

from migrator.engine.canonical import JsonValue
from migrator.engine.inference import Summary, agrees, infer
from migrator.engine.inventory import Contradiction, TypeEvidence, ValueType, Variant
from migrator.engine.reading import Reading, Trait, epoch_of, options_in, read
from migrator.engine.transforms.converted import text_of
from migrator.engine.transforms.dates import is_blank_date

EXACT_DISTINCT = 20_000
_KEPT_VALUES = 4_000
_TOP = 20
_LONGEST_KEPT = 1_000
_LONGEST_EXAMPLE = 60
_EXAMPLES = 3
_CONTRADICTIONS = 3
_HASHES = 2**64
_DATES = (ValueType.DATE, ValueType.DATETIME)


class Accumulator:
    """Counts every value of one attribute in one Section. Memory is bounded whatever the number of values.

    Distinct values are exact up to 20,000 and estimated beyond (the k smallest hashes); the counts of the most
    frequent values are exact up to 4,000 distinct ones, and beyond where each value is added once.
    """

    def __init__(self, declared: str = "") -> None:
        self.declared = declared.casefold()
        self.filled = 0
        self.blanks = 0
        self.max_length = 0
        self.total_length = 0
        self.readings: Counter[Reading] = Counter()
        self.values: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self._examples: dict[Reading, Counter[str]] = {}
        self._epochs: tuple[int, int] | None = None
        self._smallest: list[int] = []
        self._known: set[int] = set()

    def add(self, value: JsonValue, times: int = 1) -> None:
        """Count one value; null, blank texts, empty lists and blank dates (1899-12-31) are not filled."""
        text = text_of(value)
        if not text:
            return
        if self._stands_for_none(text):
            self.blanks += times
            return
        reading = read(value, self.declared)
        self.filled += times
        self.max_length = max(self.max_length, len(text))
        self.total_length += len(text) * times
        self.readings[reading] += times
        self._keep(self.values, text[:_LONGEST_KEPT], times)
        for label in _labels_of(value, text, reading.shape):
            self._keep(self.labels, label, times)
        self._note_example(reading, text, times)
        self._note_epoch(text, reading)
        self._note_distinct(int.from_bytes(_hash_of(text)))

    @property
    def shapes(self) -> "Counter[ValueType]":
        counted: Counter[ValueType] = Counter()
        for reading, profiles in self.readings.items():
            counted[reading.shape] += profiles
        return counted

    @property
    def distinct(self) -> int:
        if len(self._known) < EXACT_DISTINCT:
            return len(self._known)
        largest = -self._smallest[0]
        return min(self.filled, round((EXACT_DISTINCT - 1) * _HASHES / largest))

    def summary(self) -> Summary:
        return Summary(
            declared=self.declared,
            filled=self.filled,
            distinct=self.distinct,
            distinct_labels=len(self.labels),
            shapes=dict(self.shapes),
            max_length=self.max_length,
            mean_length=self.total_length / self.filled if self.filled else 0.0,
            traits={trait: self._having(trait) for trait in Trait},
            epoch_days=(self._epochs[1] - self._epochs[0]) // 86_400 if self._epochs else 0,
        )

    def variant(self, section: str, section_name: str, discriminator: str) -> Variant:
        summary = self.summary()
        inferred = infer(summary)
        return Variant(
            section=section,
            section_name=section_name,
            discriminator=discriminator,
            declared=self.declared,
            filled=self.filled,
            distinct=summary.distinct,
            shapes={shape.value: profiles for shape, profiles in sorted(self.shapes.items())},
            top=tuple(_most_first(self.values, _TOP)),
            inferred=inferred,
            max_length=self.max_length,
            evidence=self.evidence(inferred),
        )

    def evidence(self, chosen: ValueType) -> TypeEvidence:
        """What speaks for and against a type, over all values."""
        against: dict[ValueType, Counter[str]] = {}
        counts: Counter[ValueType] = Counter()
        for reading, profiles in self.readings.items():
            if not agrees(reading, chosen):
                counts[reading.shape] += profiles
                against.setdefault(reading.shape, Counter()).update(self._examples[reading])
        named = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return TypeEvidence(
            chosen=chosen,
            filled=self.filled,
            distinct=self.distinct,
            shapes=tuple(sorted(self.shapes.items(), key=lambda pair: (-pair[1], pair[0]))),
            contradicting=counts.total(),
            contradictions=tuple(
                Contradiction(shape, profiles, tuple(t for t, _ in _most_first(against[shape], _EXAMPLES)))
                for shape, profiles in named[:_CONTRADICTIONS]
            ),
            leading_zeros=self._having(Trait.LEADING_ZERO),
            broken_ids=self._having(Trait.BROKEN),
            decimal_commas=self._having(Trait.DECIMAL_COMMA),
            epochs=self._having(Trait.EPOCH) if chosen in _DATES else 0,
            blanks=self.blanks,
        )

    def _stands_for_none(self, text: str) -> bool:
        # A moment of 0 is the first of January 1970, which nobody meant.
        if text == "0":
            return self.declared == "timestamp"
        return len(text) <= 25 and is_blank_date(text)

    def _having(self, trait: Trait) -> int:
        return sum(profiles for reading, profiles in self.readings.items() if trait in reading.traits)

    def _note_example(self, reading: Reading, text: str, times: int) -> None:
        kept = self._examples.setdefault(reading, Counter())
        kept[text[:_LONGEST_EXAMPLE]] += times
        if len(kept) > 4 * _EXAMPLES:
            self._examples[reading] = Counter(dict(_most_first(kept, _EXAMPLES)))

    def _note_epoch(self, text: str, reading: Reading) -> None:
        seconds = epoch_of(text) if Trait.EPOCH in reading.traits else None
        if seconds is not None:
            first, last = self._epochs or (seconds, seconds)
            self._epochs = (min(first, seconds), max(last, seconds))

    @staticmethod
    def _keep(counter: "Counter[str]", text: str, times: int) -> None:
        counter[text] += times
        if len(counter) > _KEPT_VALUES:
            kept = dict(_most_first(counter, _KEPT_VALUES // 2))
            counter.clear()
            counter.update(kept)

    def _note_distinct(self, known: int) -> None:
        if known in self._known:
            return
        if len(self._known) < EXACT_DISTINCT:
            self._known.add(known)
            heapq.heappush(self._smallest, -known)
        elif known < -self._smallest[0]:
            self._known.discard(-heapq.heappushpop(self._smallest, -known))
            self._known.add(known)


def _most_first(counted: "Counter[str]", most: int) -> list[tuple[str, int]]:
    return heapq.nsmallest(most, counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _labels_of(value: JsonValue, text: str, shape: ValueType) -> list[str]:
    if isinstance(value, list):
        return [label[:_LONGEST_KEPT] for item in value if (label := text_of(item))]
    return options_in(text) if shape == ValueType.OPTIONS else [text[:_LONGEST_KEPT]]


def _hash_of(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
