"""Every transform as a table of cases, and the two properties that hold for all: never raise, stable when
repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.engine.errors import ConfigurationError
from migrator.engine.inventory import FieldType
from migrator.engine.transforms import REGISTRY, convert, transforms_for
from migrator.texts import TOOLS

SWEDISH = {"region": "SE"}
KRONOR = {"currency": "SEK"}

CASES = {
    "text is trimmed and loses what cannot be stored": ("text", " a\x00b\ud800 ", {}, "ab", ""),
    "text keeps leading zeros": ("text", "0412", {}, "0412", ""),
    "a whole float reads as a whole number": ("text", 412.0, {}, "412", ""),
    "an address object becomes its parts": (
        "text",
        {"street": "Storgatan 1", "city": "Lund"},
        {},
        "Storgatan 1, Lund",
        "",
    ),
    "text that is too long is reported and never cut": (
        "text",
        "x" * 256,
        {},
        None,
        "longer than 255 characters, would be empty",
    ),
    "long text holds more": ("long_text", "x" * 256, {}, "x" * 256, ""),
    "nothing stays nothing": ("text", None, {}, None, ""),
    "blank is nothing": ("number", "  ", {}, None, ""),
    "decimal comma": ("number", "41,5", {}, 41.5, ""),
    "decimal point": ("number", "4200.5", {}, 4200.5, ""),
    "Danish thousands and decimals": ("number", "125.400,00", {}, 125400, ""),
    "English thousands and decimals": ("number", "125,400.50", {}, 125400.5, ""),
    "thousands with a blank": ("number", "14 400", {}, 14400, ""),
    "thousands with a no-break blank": ("number", "14\u00a0400", {}, 14400, ""),
    "several thousands marks": ("number", "1.234.567", {}, 1234567, ""),
    "a size with its system": ("number", "EU 43", {}, 43, ""),
    "a number with a unit": ("number", "12 st", {}, 12, ""),
    "a unit without a blank": ("number", "30kg", {}, 30, ""),
    "a currency without a blank": ("number", "SEK100", {}, 100, ""),
    "a code with a letter is no number": ("number", "D70454", {}, None, "not a number, would be empty"),
    "a code with a country is no number": ("number", "DK40127842", {}, None, "not a number, would be empty"),
    "a code that ends in a letter is no number": ("number", "12B", {}, None, "not a number, would be empty"),
    "a code with a leading zero is no number": ("number", "B 0412", {}, None, "not a number, would be empty"),
    "Excel's wreckage is no number": ("number", "2.0232E+04", {}, None, "not a number, would be empty"),
    "a percentage": ("number", "15 %", {}, 15, ""),
    "a negative number": ("number", "-3,5", {}, -3.5, ""),
    "a letter size is no number": ("number", "L", {}, None, "not a number, would be empty"),
    "a range is no number": ("number", "11-50", {}, None, "not a number, would be empty"),
    "a product code is no number": ("number", "T-2024-0113", {}, None, "not a number, would be empty"),
    "a thousandfold doubt is not guessed": (
        "number",
        "1.250",
        {},
        None,
        "cannot tell thousands from decimals, would be empty",
    ),
    "a known decimal sign settles the doubt": ("number", "1.250", {"decimal": ","}, 1250, ""),
    "a known decimal point settles it the other way": ("number", "1.250", {"decimal": "."}, 1.25, ""),
    "a leading zero is a fraction": ("number", "0.125", {}, 0.125, ""),
    "an id loses its zeros": ("number", "0412", {}, 412, "leading zeros are dropped"),
    "nothing is no id": ("number", "0", {}, 0, ""),
    "a yes is no number": ("number", True, {}, None, "a yes or no, not a number, would be empty"),
    "sixteen digits would be rounded": (
        "number",
        "1234567890123456",
        {},
        None,
        "more than 15 digits, a number field would round it, would be empty",
    ),
    "an amount takes the project's currency": (
        "money",
        "1 250,50",
        KRONOR,
        {"value": 1250.5, "currency": "SEK"},
        "",
    ),
    "a written currency wins": ("money", "€ 12", KRONOR, {"value": 12, "currency": "EUR"}, ""),
    "an amount needs a currency": ("money", "12", {}, None, "no currency is set, would be empty"),
    "ISO date": ("date", "2024-03-12", {}, "2024-03-12", ""),
    "ISO date and midnight": ("date", "2024-03-12T00:00:00Z", {}, "2024-03-12", ""),
    "ISO date and time": ("date", "2024-03-12T09:31:00Z", {}, "2024-03-12", "the time of day is dropped"),
    "European date": ("date", "25.05.2018", {}, "2018-05-25", ""),
    "day before month by default": ("date", "03/04/2024", {}, "2024-04-03", ""),
    "month before day where told so": ("date", "03/04/2024", {"order": "mdy"}, "2024-03-04", ""),
    "the order is never swapped to make a date fit": (
        "date",
        "03/25/2024",
        {},
        None,
        "not a date, would be empty",
    ),
    "month name": ("date", "11 Apr 2019", {}, "2019-04-11", ""),
    "Finnish month name": ("date", "3. heinäkuuta 2020", {}, "2020-07-03", ""),
    "compact date as text": ("date", "20130208", {}, "2013-02-08", ""),
    "Unix seconds": ("date", 1488844800, {}, "2017-03-07", ""),
    "Unix milliseconds": ("date", 1488844800000, {}, "2017-03-07", ""),
    "the CRM's blank date": ("date", "1899-12-31", {}, None, ""),
    "a zero date": ("date", "0000-00-00", {}, None, ""),
    "a quarter is no date": ("date", "Q1 2023", {}, None, "not a date, would be empty"),
    "two digits are no year": ("date", "01.02.03", {}, None, "a year of two digits, would be empty"),
    "31 February": ("date", "2023-02-31", {}, None, "not a date, would be empty"),
    "true": ("yes_no", True, {}, "Yes", ""),
    "Danish J": ("yes_no", "J", {}, "Yes", ""),
    "Finnish yes": ("yes_no", "Kyllä", {}, "Yes", ""),
    "Norwegian no": ("yes_no", "nei", {}, "No", ""),
    "zero": ("yes_no", 0, {}, "No", ""),
    "an account's own word": ("yes_no", "Aktiv", {"is:aktiv": "Yes"}, "Yes", ""),
    "maybe": ("yes_no", "maybe", {}, None, "neither yes nor no, would be empty"),
    "one option": ("option", "  Gold  card ", {}, "Gold card", ""),
    "an option from the look-up table": ("option", "MQL", {"is:mql": "Qualified"}, "Qualified", ""),
    "options are split and kept once": ("options", "ski, trail; ski|kids", {}, ["ski", "trail", "kids"], ""),
    "a list is not split again": ("options", ["a, b"], {}, ["a, b"], ""),
    "one separator only": ("options", "a, b;c", {"separator": ";"}, ["a, b", "c"], ""),
    "nothing between separators": ("options", ",;,", {}, None, ""),
    "mobile as APSIS One stores it": ("phone", 46793699558, {}, "+46793699558", ""),
    "mobile as text": ("phone", "46793699558", {}, "+46793699558", ""),
    "a national number": ("phone", "08-465 004 21", SWEDISH, "+46846500421", ""),
    "00 for plus": ("phone", "004791234567", {}, "+4791234567", ""),
    "a number without a country is kept": (
        "phone",
        "86 12 34 56",
        {},
        "86 12 34 56",
        "kept as written, no country code is known",
    ),
    "a word is no number": ("phone", "none", {}, None, "not a phone number, would be empty"),
    "an address": ("email", " Anna@Example.se ", {}, "Anna@example.se", ""),
    "no address": ("email", "anna at example", {}, None, "not an e-mail address, would be empty"),
    "a web address gets its scheme": ("url", "www.hylte.example", {}, "https://www.hylte.example", ""),
    "a script is no web address": (
        "url",
        "javascript:alert(1)",
        {},
        None,
        "not a web address, would be empty",
    ),
    "a postal code keeps its zeros": ("postal_code", "01 234 ab", {}, "01 234 AB", ""),
    "a part of an address is one line": ("address_part", "Storgatan\n 12", {}, "Storgatan 12", ""),
    "a tag in title case": ("label_title", "vip_customer", {}, "Vip Customer", ""),
    "a tag keeps its capitals": ("label_title", "VIP kund", {}, "VIP Kund", ""),
    "a tag with underscores": ("label_underscore", "VIP  customer-2", {}, "vip_customer_2", ""),
    "a tag of signs only keeps its spelling": ("label_underscore", "***", {}, "***", ""),
}


@pytest.mark.parametrize(("transform", "value", "args", "expected", "lost"), CASES.values(), ids=CASES)
def test_it_converts(
    transform: str, value: object, args: dict[str, str], expected: object, lost: str
) -> None:
    converted = convert(transform, value, args, TOOLS)  # type: ignore[arg-type]
    assert (converted.value, converted.lost) == (expected, lost)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
number_like = st.from_regex(r"[-+€]?\d{1,4}([., ']\d{1,4}){0,3} ?[a-z%]{0,3}", fullmatch=True)
date_like = st.from_regex(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(T\d{2}:\d{2})?", fullmatch=True)
arguments = st.fixed_dictionaries(
    {},
    optional={
        "decimal": st.sampled_from([",", "."]),
        "order": st.sampled_from(["dmy", "mdy"]),
        "currency": st.sampled_from(["SEK", "EUR"]),
        "region": st.sampled_from(["SE", "DK", "GB"]),
        "separator": st.sampled_from([",", ";"]),
    },
)


@pytest.mark.parametrize("transform", REGISTRY)
@given(value=json_values | number_like | date_like, args=arguments)
def test_it_never_raises_and_repeating_it_changes_nothing(
    transform: str, value: object, args: dict[str, str]
) -> None:
    once = convert(transform, value, args, TOOLS)  # type: ignore[arg-type]
    if once.value is not None:
        again = convert(transform, once.value, args, TOOLS)
        assert again.value == once.value


@pytest.mark.parametrize("transform", REGISTRY)
@given(text=st.text(max_size=3000))
def test_what_is_emptied_says_so(transform: str, text: str) -> None:
    converted = convert(transform, text, {}, TOOLS)
    assert not converted.is_emptied or converted.lost.endswith("would be empty")


def test_an_unknown_name_is_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigurationError, match="Choose another"):
        convert("magic", "x", {}, TOOLS)


@pytest.mark.parametrize("field_type", FieldType)
def test_every_field_type_has_a_transform(field_type: FieldType) -> None:
    assert transforms_for(field_type)
