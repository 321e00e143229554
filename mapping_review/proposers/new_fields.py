"""The type of a new field: from the values, with the meaning of the name where values leave it open."""

import re

from mapping_review.proposers.addresses import address_part
from mapping_review.proposers.lexicon import lexicon
from mapping_review.proposers.names import Reading
from mapping_review.proposers.subjects import Subject, is_identifier, main_concept
from migrator.engine.inventory import FieldType, ValueType

_F, _V = FieldType, ValueType
_PLAIN_TYPES = frozenset({_F.VARCHAR, _F.TEXT, _F.DOUBLE, _F.MONETARY, _F.DATE, _F.PHONE})
# Parts of an address of which everybody has an own one, however few were seen yet.
_PLACES = frozenset({"street", "street2", "house_number", "house_number_suffix", "postal_code", "full"})
# Words that say what kind of thing it is, whatever it is about.
_HEADS = ("reason", "type", "category", "status", "group", "level", "percent", "count", "days")
_OF_HEADS = frozenset({"date", "monetary", "yesno"})
_NEVER_LISTS = ("text", "date", "user")
_SHORT_LIST = 20
_PROSE = 60
_WITH_DIGIT = re.compile(r".*\d.*", re.DOTALL)
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_LEADING_ZERO = re.compile(r"0\d+")
_ONLY_YEAR = re.compile(r"(?:19[5-9]|20[0-4])\d")
_DIGITS = re.compile(r"\d{5,}")
_PLAIN_NUMBER = re.compile(r"[-+]?[\d.,' ]+(?: ?%)?")
_MONEY_WORDS = frozenset(
    ["sek", "nok", "dkk", "eur", "gbp", "usd", "chf", "kr", "euro", "tkr", "keur", "tsek"]
)


def create_type(subject: Subject) -> FieldType:
    """One of the types that the target can create; equal subjects give equal types."""
    wish = _wish(subject.reading)
    match subject.evidence.type:
        case _V.YES_NO:
            return _F.ENUM
        case _V.DATE | _V.DATETIME:
            return _F.DATE
        case _V.OPTIONS:
            return _F.SET
        case _V.LONG_TEXT:
            return _F.TEXT
        case _V.PHONE:
            return _F.PHONE if subject.reading.has("phone", "mobile", "fax", "direct") else _F.VARCHAR
        case _V.NUMBER | _V.MONEY:
            return _number_type(subject, wish)
        case _V.EMPTY:
            return _wished(wish)
    return _text_type(subject, wish)


def _wish(reading: Reading) -> str:
    """The type that the name asks for: a reason for a date is a text and no date."""
    concept = main_concept(reading)
    if concept is None:
        return "-"
    head = next((h for h in _HEADS if h in reading.concepts), "")
    return lexicon().concepts[head].type if head and concept.type in _OF_HEADS else concept.type


def _text_type(subject: Subject, wish: str) -> FieldType:
    evidence = subject.evidence
    few = bool(evidence.filled) and evidence.distinct <= _SHORT_LIST
    is_number_of = is_identifier(subject.reading) or evidence.share(_LEADING_ZERO) > 0
    # An amount that a few profiles give in words ("by agreement") is an amount; the preview counts what is lost.
    if not is_number_of and wish in ("monetary", "double") and evidence.share(_PLAIN_NUMBER) > 0.5:
        return FieldType(wish)
    if evidence.mean_length >= _PROSE or (wish == "text" and not few):
        return _F.TEXT
    if address_part(subject.reading) in _PLACES:
        return _F.VARCHAR
    if is_identifier(subject.reading) and (not evidence.values or evidence.share(_WITH_DIGIT) >= 0.5):
        return _F.VARCHAR
    is_list = wish == "enum" or (evidence.type == _V.OPTION and wish not in _NEVER_LISTS)
    return _F.ENUM if is_list and few else _F.VARCHAR


def _number_type(subject: Subject, wish: str) -> FieldType:
    evidence = subject.evidence
    few = evidence.distinct <= _SHORT_LIST
    if is_identifier(subject.reading) or wish in ("varchar", "text", "user", "phone") or _is_code(subject):
        return _F.VARCHAR
    if wish == "date" and any(_YEAR.search(value) for value, _ in evidence.values):
        return _F.VARCHAR
    if wish == "monetary" and evidence.share(_ONLY_YEAR) == 1:
        # The year that a fee was paid for.
        return _F.DOUBLE
    if wish == "monetary" or evidence.type == _V.MONEY or (wish in ("-", "date") and _says_money(subject)):
        return _F.MONETARY
    if wish in ("enum", "set"):
        return _F.ENUM if few else _F.VARCHAR
    return _F.DOUBLE


def _is_code(subject: Subject) -> bool:
    """Long digits of which nearly every profile has its own are a key, whatever the unknown name is."""
    evidence = subject.evidence
    concept = main_concept(subject.reading)
    is_unknown = concept is None or (bool(subject.reading.unknown) and concept.weight < 0.9)
    return is_unknown and evidence.uniqueness > 0.9 and evidence.share(_DIGITS) == 1.0 and evidence.filled > 1


def _says_money(subject: Subject) -> bool:
    if subject.reading.has("percent", "count", "days", "number", "loyalty_points", "year", "age"):
        return False
    return subject.reading.has("price", "amount", "fee") or bool(_MONEY_WORDS & set(subject.reading.words))


def _wished(wish: str) -> FieldType:
    if wish == "yesno":
        return _F.ENUM
    # An option field needs options, and there is no value to take one from.
    return FieldType(wish) if wish in _PLAIN_TYPES else _F.VARCHAR
