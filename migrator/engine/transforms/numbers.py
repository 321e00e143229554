"""Numbers and money in the spellings of seven languages. A spelling that could mean two numbers is never
guessed."""

import math
import re

from migrator.engine.canonical import JsonValue
from migrator.engine.transforms.converted import EMPTY, Args, Converted, emptied, one_line
from migrator.engine.transforms.tools import Tools

# A sign, a currency or a word with a blank may stand before the number: "EU 43", "kr 1 250,00", "SEK100". A
# unit, a currency or a word with a blank may follow it: "12 st", "50%", "30kg". "D70454" and "12B" are codes,
# not numbers.
_CURRENCY = "SEK|NOK|DKK|EUR|GBP|USD|CHF|ISK|PLN|kr"
_UNIT = "st|stk|kg|g|cm|mm|m|km|h|min|kwh|kvm|m2|l"
_NUMBER = re.compile(
    rf"(?P<before>[€$£%#]|(?:{_CURRENCY})\.?|[^\W\d_]{{1,5}}\.?(?=\s))?\s*"
    r"(?P<sign>[-+\u2212])?\s*"
    r"(?P<digits>\d[\d.,\s'\u2019]*?)"
    rf"(?P<after>\s*[€$£%]|,-|:-|\s*(?:{_CURRENCY}|{_UNIT})\.?|\s[^\W\d_]{{1,10}}\.?)?",
    re.IGNORECASE,
)
_GROUPED = {
    mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+") for mark in (".", ",", " ", "'", "\u2019")
}
_DIGITS_OF_A_DOUBLE = 15
_LONGEST = 60
_CURRENCY_SIGNS = {"€": "EUR", "£": "GBP"}
_CURRENCIES = frozenset(
    "SEK NOK DKK EUR GBP USD CHF ISK PLN CZK HUF RON BGN CAD AUD NZD JPY CNY INR ZAR TRY UAH".split()
)
AMBIGUOUS = "cannot tell thousands from decimals"


class AmbiguousNumberError(ValueError):
    """The text is one of two numbers, a thousandfold apart."""


def to_number(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """Argument `decimal`: "," or "." where the account's spelling is known."""
    if isinstance(value, bool):
        return emptied("a yes or no, not a number")
    if isinstance(value, int | float):
        return _checked(value)
    text = one_line(value)
    if not text:
        return EMPTY
    try:
        number = number_in(text, args.get("decimal", ""))
    except AmbiguousNumberError:
        return emptied(AMBIGUOUS)
    return emptied("not a number") if number is None else _checked(number)


def to_money(value: JsonValue, args: Args, tools: Tools) -> Converted:
    """Argument `currency` (ISO 4217); a currency written beside the amount wins over it."""
    if isinstance(value, dict):
        return _money_of_object(value, args, tools)
    amount = to_number(value, args, tools)
    if amount.value is None:
        return amount
    currency = currency_in(one_line(value)) or args.get("currency", "").upper()
    if not currency:
        return emptied("no currency is set")
    return Converted({"value": amount.value, "currency": currency})


def number_in(text: str, decimal: str = "") -> int | float | None:
    """The one number in a text, or None. Raises AmbiguousNumberError for "1.250" where `decimal` is
    unknown."""
    found = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or not found["digits"].isascii():
        return None
    digits = " ".join(found["digits"].split())
    # Beside a word a leading zero marks a code: "B 0412".
    if digits[:1] == "0" and digits[1:2].isdigit() and (found["before"] or found["after"]):
        return None
    plain = _plain(digits, decimal)
    if plain is None:
        return None
    number = float(plain) if "." in plain else int(plain)
    return -number if found["sign"] in ("-", "\u2212") else number


def currency_in(text: str) -> str:
    """An ISO code or an unmistakable sign in the text; "kr" and "$" belong to several currencies."""
    for sign, code in _CURRENCY_SIGNS.items():
        if sign in text:
            return code
    return next((word for word in re.findall(r"[A-Z]{3}", text.upper()) if word in _CURRENCIES), "")


def _plain(digits: str, decimal: str) -> str | None:
    """The digits as Python writes them: no grouping, a dot as decimal sign."""
    for mark in (" ", "'", "\u2019"):
        if mark in digits:
            head, tail = _split_fraction(digits, decimal)
            return f"{head.replace(mark, '')}{tail}" if _GROUPED[mark].fullmatch(head) else None
    dots, commas = digits.count("."), digits.count(",")
    if not dots and not commas:
        return digits
    if dots and commas:
        return _both_marks(digits)
    return _one_mark(digits, "." if dots else ",", decimal)


def _split_fraction(digits: str, decimal: str) -> tuple[str, str]:
    """ "1 250,50" -> ("1 250", ".50"): beside blanks a dot or comma can only be the decimal sign."""
    head, mark, tail = digits.rpartition("," if "," in digits else ".")
    return (head, f".{tail}") if mark and tail.isdigit() else (digits, "")


def _both_marks(digits: str) -> str | None:
    """The mark that comes last is the decimal sign: "125.400,00" and "125,400.00"."""
    decimal = "," if digits.rindex(",") > digits.rindex(".") else "."
    grouping = "." if decimal == "," else ","
    head, _, tail = digits.rpartition(decimal)
    if not tail.isdigit() or not _GROUPED[grouping].fullmatch(head):
        return None
    return f"{head.replace(grouping, '')}.{tail}"


def _one_mark(digits: str, mark: str, decimal: str) -> str | None:
    head, _, tail = digits.rpartition(mark)
    grouped = bool(_GROUPED[mark].fullmatch(digits)) and not digits.startswith("0")
    if digits.count(mark) > 1:
        return digits.replace(mark, "") if grouped else None
    if not tail:
        return None
    if not grouped or decimal == mark:
        return f"{head}.{tail}"
    if decimal:
        return digits.replace(mark, "")
    raise AmbiguousNumberError(digits)


def _checked(number: int | float) -> Converted:
    if isinstance(number, float):
        if not math.isfinite(number):
            return emptied("not a number")
        if not number.is_integer():
            return Converted(number)
        number = int(number)
    if abs(number) >= 10**_DIGITS_OF_A_DOUBLE:
        return emptied("more than 15 digits, a number field would round it")
    return Converted(number)


def _money_of_object(value: dict[str, JsonValue], args: Args, tools: Tools) -> Converted:
    amount, currency = value.get("value"), value.get("currency")
    if isinstance(amount, dict | list):
        return emptied("not an amount")
    own = currency if isinstance(currency, str) else args.get("currency", "")
    return to_money(amount, {**args, "currency": own}, tools)
