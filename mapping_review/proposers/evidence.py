"""What the values of a source field say, whatever its name: type, uniqueness, and patterns that forbid a
move.

Looks at the most frequent values only; nothing of them leaves this module but counts and yes or no.
"""

import re
from dataclasses import dataclass

from stdnum import iban
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
_MANY = 5


@dataclass(frozen=True, slots=True)
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

    def share(self, test: re.Pattern[str]) -> float:
        """How many of the shown values match as a whole."""
        return sum(bool(test.fullmatch(v)) for v, _ in self.values) / len(self.values) if self.values else 0.0

    @property
    def is_hash(self) -> bool:
        return self.share(_HASH) >= 0.8

    @property
    def is_national_id(self) -> bool:
        return _national(tuple(v for v, _ in self.values))

    @property
    def is_bank_account(self) -> bool:
        return bool(self.values) and all(len(v) >= 15 and iban.is_valid(v) for v, _ in self.values)

    @property
    def has_legal_forms(self) -> bool:
        found = sum(bool(_LEGAL_FORM.search(v)) for v, _ in self.values)
        return len(self.values) >= 2 and found / len(self.values) >= 0.4

    @property
    def decimal(self) -> str:
        """The decimal sign that the unmistakable values use, "" where none tells."""
        signs = {sign for v, _ in self.values if (sign := _decimal_of(v))}
        return signs.pop() if len(signs) == 1 else ""


def evidence_of(field: SourceField) -> Evidence:
    fullest = max(field.variants, key=lambda v: (v.filled, v.section), default=None)
    filled = fullest.filled if fullest else 0
    return Evidence(
        type=_type_of(field, fullest),
        values=fullest.top if fullest else (),
        filled=filled,
        distinct=fullest.distinct if fullest else 0,
        profiles=field.profiles,
        declared=fullest.declared if fullest else "",
    )


def _type_of(field: SourceField, fullest: Variant | None) -> ValueType:
    if field.settled in set(ValueType):
        return ValueType(field.settled)
    if fullest is None or fullest.inferred == ValueType.EMPTY:
        return _DECLARED.get(fullest.declared if fullest else "", ValueType.EMPTY)
    return fullest.inferred


def reads_as_yes_no(values: tuple[tuple[str, int], ...]) -> bool:
    return bool(values) and all(read_yes_no(v) is not None for v, _ in values)


def _national(values: tuple[str, ...]) -> bool:
    """Nearly all shown values carry a valid check digit of the same country's personal number."""
    if len(values) < 2:
        return False
    tests = (_is_swedish, _is_danish, fodselsnummer.is_valid, hetu.is_valid)
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
