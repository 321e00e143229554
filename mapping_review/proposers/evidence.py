"""What the values of a source field say, whatever its name: type, uniqueness, and patterns that forbid a
move.

Looks at the most frequent values only; nothing of them leaves this module but counts and yes or no.
"""

import heapq
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from stdnum import iban
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.fi import hetu
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.se import personnummer

from migrator.engine.inventory import SourceField, ValueType, Variant
from migrator.engine.transforms.choices import read_yes_no
from migrator.engine.transforms.numbers import AmbiguousNumberError, number_in

_DECLARED = {
    "boolean": ValueType.YES_NO,
    "date": ValueType.DATE,
    "timestamp": ValueType.DATETIME,
    "number": ValueType.NUMBER,
    "decimal": ValueType.NUMBER,
    "email": ValueType.EMAIL,
    "phone": ValueType.PHONE,
}
_HASH = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_LEGAL_FORM = re.compile(
    r"(?i)(?:\b(?:ab|as|asa|aps|oy|oyj|gmbh|ag|kg|bv|nv|ltd|inc|llc|hb|ug|plc|vof|ky|ry)|\ba/s|\bi/s|\bb\.v\.)\.?$"
)
_NATIONAL = (
    re.compile(r"(?:19|20)?\d{6}[-+]?\d{4}"),  # Swedish, Danish
    re.compile(r"\d{6}\s?\d{5}"),  # Norwegian
    re.compile(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]"),  # Finnish
    re.compile(r"\d{9}"),  # Dutch
)
_ACADEMIC = re.compile(
    r"(?i)(?:(?:prof|dr|dipl|mag|ing|ir|drs|mr|phd|b\.?sc|m\.?sc|m\.?a|b\.?a|mba|tkt|ft|ktm|fil|tekn|med|jur)"
    r"[.\s-]*(?:-?ing\.?|kfm\.?|inf\.?|kand\.?|mag\.?|dr\.?|lic\.?|h\.?\s?c\.?)?[.\s-]*)+"
)
_SALUTATION = re.compile(
    r"(?i)(?:herrn?|frau|fr|hr|dhr|mevr|mw|fam|familie|mr|mrs|ms|miss|mx|fru|fröken|frk|dr|divers|rouva|herra|neiti)\.?"
)
_NUMERIC = re.compile(
    r"(?i)\s*(?:[€$£~<>]|ca\.?|kr|sek|nok|dkk|eur|gbp|usd|chf|tkr)?\.?\s*[-+\u2212]?\d[\d.,\s'\u2019]*"
    r"(?:[€$£%]|[,:]-|(?:\s?[^\W\d_]{1,10})\.?)?\s*"
)
_TOKEN = re.compile(
    r"(?i)(?=.*\d)(?=.*[a-f])[0-9a-f]{4,}(?:-[0-9a-f]{4,})+|\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?"
)
_KEY = re.compile(r"[^\W\d_]{0,3}[-_]?\d{2,}")
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|(?i:[0-9a-f]{0,4}:){3,7}[0-9a-fA-F]{0,4}")
_DAY, _MONTH = r"(?:0[1-9]|[12]\d|3[01])", r"(?:0[1-9]|1[0-2])"
_FORMS = (
    re.compile(rf"{_DAY}{_MONTH}\d{{2}}[-+A-FU-Y]\d{{3}}[0-9A-Y]"),  # Finnish
    re.compile(
        rf"(?:19|20)?\d{{2}}{_MONTH}(?:0[1-9]|[1-8]\d|9[01])[-+]\d{{4}}"
    ),  # Swedish, with coordination numbers
    re.compile(rf"{_DAY}{_MONTH}\d{{2}}-\d{{4}}"),  # Danish
    re.compile(rf"{_DAY}{_MONTH}\d{{2}} \d{{5}}"),  # Norwegian
)
_MANY = 5
_SHOWN = 20


@dataclass(frozen=True)
class Evidence:
    """`values` holds the most frequent values with their counts; `type` is settled, inferred or declared."""

    type: ValueType
    values: tuple[tuple[str, int], ...]
    filled: int
    distinct: int
    profiles: int
    declared: str

    @property
    def uniqueness(self) -> float:
        return min(1.0, self.distinct / self.filled) if self.filled else 0.0

    @property
    def mean_length(self) -> float:
        """Characters of the shown values on average, 0 where there are none."""
        return sum(len(v) for v, _ in self.values) / len(self.values) if self.values else 0.0

    def share(self, test: re.Pattern[str]) -> float:
        """How many of the shown values match as a whole."""
        return sum(bool(test.fullmatch(v)) for v, _ in self.values) / len(self.values) if self.values else 0.0

    @cached_property
    def is_hash(self) -> bool:
        return self.share(_HASH) >= 0.8

    @cached_property
    def is_national_id(self) -> bool:
        return _national(tuple(v for v, _ in self.values))

    @cached_property
    def is_bank_account(self) -> bool:
        return bool(self.values) and all(len(v) >= 15 and iban.is_valid(v) for v, _ in self.values)

    @cached_property
    def has_legal_forms(self) -> bool:
        found = sum(bool(_LEGAL_FORM.search(v)) for v, _ in self.values)
        return len(self.values) >= 2 and found / len(self.values) >= 0.4

    @property
    def has_academic_titles(self) -> bool:
        return len(self.values) >= 2 and self.share(_ACADEMIC) >= 0.6

    @property
    def has_salutations(self) -> bool:
        return len(self.values) >= 2 and self.share(_SALUTATION) >= 0.6

    @cached_property
    def is_token(self) -> bool:
        """Values for machines: groups of hexadecimal digits, GUIDs, IP addresses."""
        return self.filled > 1 and (self.share(_TOKEN) >= 0.8 or self.share(_IP) >= 0.8)

    @cached_property
    def is_key(self) -> bool:
        """Values by which a machine finds a record: tokens, or numbers of which nearly each is another."""
        return self.is_token or (self.filled > 1 and self.share(_KEY) >= 0.8)

    @cached_property
    def decimal(self) -> str:
        """The decimal sign that the unmistakable values use, "" where none tells."""
        signs = {sign for v, _ in self.values if (sign := _decimal_of(v))}
        return signs.pop() if len(signs) == 1 else ""


def evidence_of(field: SourceField) -> Evidence:
    """Over all Sections; where their types are in conflict, of the fullest one alone."""
    fullest = max(field.variants, key=lambda v: (v.filled, v.section), default=None)
    if fullest is None:
        return Evidence(_type_of(field, None), (), 0, 0, field.profiles, "")
    seen = (fullest,) if field.conflict else field.variants
    values: Counter[str] = Counter()
    for variant in seen:
        values.update(dict(variant.top))
    return Evidence(
        type=_type_of(field, fullest),
        values=tuple(heapq.nsmallest(_SHOWN, values.items(), key=lambda item: (-item[1], item[0]))),
        filled=sum(variant.filled for variant in seen),
        distinct=_distinct(seen, fullest, len(values)),
        profiles=field.profiles,
        declared=fullest.declared,
    )


def _distinct(seen: Sequence[Variant], fullest: Variant, known: int) -> int:
    """Keys are other keys in every Section, labels are the same ones; between them nobody counted."""
    if fullest.filled and fullest.distinct > fullest.filled / 2:
        return sum(variant.distinct for variant in seen)
    return max(known, *(variant.distinct for variant in seen))


def _type_of(field: SourceField, fullest: Variant | None) -> ValueType:
    if field.settled in set(ValueType):
        return ValueType(field.settled)
    if fullest is None or fullest.inferred == ValueType.EMPTY:
        return _DECLARED.get(fullest.declared if fullest else "", ValueType.EMPTY)
    if fullest.inferred == ValueType.NUMBER and not _is_numeric(fullest):
        # "Golf 2012" holds a number and is none.
        return ValueType.TEXT
    return fullest.inferred


def _is_numeric(variant: Variant) -> bool:
    shown = sum(times for _, times in variant.top)
    return sum(times for value, times in variant.top if _NUMERIC.fullmatch(value)) >= 0.6 * shown


def reads_as_yes_no(values: tuple[tuple[str, int], ...]) -> bool:
    return bool(values) and all(read_yes_no(v) is not None for v, _ in values)


def _national(values: tuple[str, ...]) -> bool:
    """Nearly all shown values carry a valid check digit of the same country's personal number."""
    if len(values) < 2:
        return False
    # With its mark and a day of birth the form alone is proof enough: exports hold typing errors too.
    if any(all(map(form.fullmatch, values)) for form in _FORMS):
        return True
    tests = (_is_swedish, _is_danish, fodselsnummer.is_valid, hetu.is_valid, idnr.is_valid)
    if any(sum(map(test, values)) >= 0.9 * len(values) for test in tests):
        return True
    # One in eleven numbers of nine digits is a valid Dutch one, so only many together prove something.
    return len(values) >= _MANY and all(bool(_NATIONAL[3].fullmatch(v)) and bsn.is_valid(v) for v in values)


def _is_swedish(value: str) -> bool:
    digits = re.sub(r"\D", "", value)[-10:]
    # Organisation numbers share the form; their third digit is 2 or more, a month's never.
    return bool(_NATIONAL[0].fullmatch(value)) and digits[2] < "2" and bool(personnummer.is_valid(value))


def _is_danish(value: str) -> bool:
    return bool(re.fullmatch(r"\d{6}-\d{4}", value)) and bool(cpr.is_valid(value))


def _decimal_of(value: str) -> str:
    """ "." or "," where the value has that decimal sign for certain."""
    try:
        if number_in(value) is None:
            return ""
    except AmbiguousNumberError:
        return ""
    marks = [c for c in value if c in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 1 and len(marks) > 1:
        return "," if marks[0] == "." else "."
    return marks[-1]
