"""Numbers and money in the spellings of seven languages. A spelling that could mean two numbers is never
guessed."""

import math
import re

from migrator.engine.canonical import JsonValue
from migrator.engine.transforms.converted import EMPTY, Args, Converted, emptied, one_line
from migrator.engine.transforms.tools import Tools

# A sign, a currency, a size system or "about" may stand before the number: "EU 43", "kr 1 250,00", "SEK100". A
# unit or a currency may follow it: "12 st", "50%", "30kg", "14 dagar". Any other word makes it a name or a
# code: "Golf 2012", "Box 221", "3512 JE", "D70454". Words that multiply ("5 mkr") are left out on purpose.
_CURRENCY = "SEK|NOK|DKK|EUR|GBP|USD|CHF|ISK|PLN|CZK|HUF|kr|skr|nkr|dkr|euro|euros|kronor|kroner|kruunua"
_SIZE = "EU|UK|US|FR|IT|str|size|storlek|størrelse|koko|gr|größe|maat"
_ABOUT = "ca|c:a|circa|cirka|n|noin|etwa|ungefär|approx|about|nr|no"
_SYMBOL = "st|stk|kg|g|cm|mm|m|km|h|min|kwh|kvm|m2|m²|m3|m³|l"
_UNIT = "|".join(
    "st stk stck styck stycken kpl pcs pc stuks szt kg g mg t ton cm mm m km mil l dl cl ml liter litra "
    "h hrs t tim timmar timer tuntia stunden uur hours min minuter kwh mwh gwh kw mw w kvm m2 m² qm m3 m³ ha "
    "d dag dagar dage dager pv päivää tag tage tagen dagen day days veckor uker uger vk vko viikkoa wochen weken weeks "
    "mån månader mnd måneder mdr kk kuukautta monat monate maanden months år årig v vuotta jahr jahre jaar yr yrs "
    "years pers personer personen persons people hlö henkilöä anställda ansatte medarbetare mitarbeiter "
    "medewerkers employees p poäng poeng point points pts punkte punten pistettä ggr gånger ganger gange kertaa "
    "mal keer times x".split()
)
_NUMBER = re.compile(
    rf"(?P<before>[€$£%#]|(?:{_CURRENCY})\.?|(?:{_SIZE}|{_ABOUT})\.?(?=\s))?\s*"
    r"(?P<sign>[-+\u2212])?\s*"
    r"(?P<digits>\d[\d.,\s'\u2019]*?)"
    rf"(?P<after>\s*[€$£%]|,-|:-|\s*(?:{_CURRENCY}|{_SYMBOL})\.?|\s(?:{_UNIT})\.?)?",
    re.IGNORECASE,
)
_AMOUNT = re.compile(rf"[€$£]|[,:]-$|(?<![^\W\d_])(?:{_CURRENCY})(?![^\W\d_])", re.IGNORECASE)
_GROUPED = {
    mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+") for mark in (".", ",", " ", "'", "\u2019")
}
_DECIMAL_COMMA = re.compile(
    r"(?<![\d,])(?:\d{1,3}(?:[. '\u2019]\d{3})+|\d+),(?:\d{1,2}|\d{4,})(?![\d,])|\.\d{3},\d"
)
_DIGITS_OF_A_DOUBLE = 15
_LONGEST = 60
_CURRENCY_SIGNS = {"€": "EUR", "£": "GBP"}
_CURRENCIES = frozenset(
    "SEK NOK DKK EUR GBP USD CHF ISK PLN CZK HUF RON BGN CAD AUD NZD JPY CNY INR ZAR TRY UAH".split()
)
AMBIGUOUS = "cannot tell thousands from decimals"
ZEROS = "leading zeros are dropped"


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
    if number is None:
        return emptied("not a number")
    made = _checked(number)
    return Converted(made.value, ZEROS) if _begins_with_zero(text) and not made.is_emptied else made


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
    return Converted({"value": amount.value, "currency": currency}, amount.lost)


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


def is_amount(text: str) -> bool:
    """Whether a currency stands beside a number: "1 250 kr", "€12", "125:-"."""
    return _AMOUNT.search(text) is not None


def has_decimal_comma(text: str) -> bool:
    """Whether a number is written with a comma as decimal sign for certain: "41,5", "1.250,00"."""
    return _DECIMAL_COMMA.search(text) is not None


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


def _begins_with_zero(text: str) -> bool:
    """Digits of which a number keeps only the end: an id, a postal code, an article number."""
    return len(text) > 1 and text.isascii() and text.isdigit() and text[0] == "0"


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
