"""Made-up companies and their deals: a pure function of account, seed and company number.

Profiles name them in their attributes only; APSIS One has no company object. Numbers have the right form
and check digits; all names are invented.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from migrator.simulators.seeds.countries import COUNTRIES, Country
from migrator.simulators.seeds.streams import Draw, Scatter, between, mix, pick, stream

PEOPLE_PER_GROUP = 48
COMPANIES_PER_GROUP = 8
STAGES = ("Qualified", "Contact made", "Proposal made", "Negotiations started")
PIPELINES = ("Wholesale", "Partners")
CURRENCIES = {"SE": "SEK", "NO": "NOK", "FI": "EUR", "DK": "DKK", "DE": "EUR", "NL": "EUR"}


@dataclass(frozen=True, slots=True)
class Deal:
    id: str
    name: str
    value: int
    currency: str
    status: str
    stage: str
    pipeline: str
    closing_date: str


@dataclass(frozen=True, slots=True)
class Company:
    number: int
    id: str
    name: str
    org_number: str
    vat: str
    street: str
    postcode: str
    town: str
    country: str
    website: str
    mail_domain: str
    owner_email: str
    deals: tuple[Deal, ...]
    legal: str

    @property
    def bare(self) -> str:
        """The name without its legal form."""
        return self.name.removesuffix(f" {self.legal}")


class Companies:
    """The companies of one account. Each group of 48 profiles shares eight of them.

    `countries` repeat from company to company. With `varied` there are other legal forms and trades too.
    """

    def __init__(
        self,
        account: str,
        seed: int,
        countries: tuple[str, ...],
        owners: tuple[str, ...],
        *,
        varied: bool = False,
    ) -> None:
        self._account, self._seed = account, seed
        self._countries = countries
        self._owners = owners
        self._varied = varied
        self._at_home = {code: self._places_of(code) for code in COUNTRIES}
        self._names = {code: self._name_scatter(code) for code in dict.fromkeys(countries)}
        self.get = lru_cache(maxsize=4096)(self._make)

    def choose(self, index: int, country: str, draw: Draw) -> int:
        """A company number for a profile, one of its own country where the group has any."""
        first = index // PEOPLE_PER_GROUP * COMPANIES_PER_GROUP
        return first + pick(draw, self._at_home[country])

    def country_of(self, number: int) -> str:
        return self._countries[number % len(self._countries)]

    def _places_of(self, code: str) -> tuple[int, ...]:
        """Which companies of a group are of the country; all of them where none is."""
        group = range(COMPANIES_PER_GROUP)
        return tuple(place for place in group if self.country_of(place) == code) or tuple(group)

    def _trades(self, country: Country) -> tuple[str, ...]:
        return (*country.trades, *country.other_trades) if self._varied else country.trades

    def _legal(self, number: int, country: Country) -> str:
        """Mostly the usual form of the country."""
        code = mix(number)
        if not self._varied or code % 4:
            return country.legal
        return country.other_legal[code // 4 % len(country.other_legal)]

    def _name_scatter(self, code: str) -> Scatter:
        country = COUNTRIES[code]
        size = len(_heads(country)) * len(self._trades(country))
        return Scatter(size, self._account, self._seed, "company names", code)

    def _make(self, number: int) -> Company:
        country = COUNTRIES[self.country_of(number)]
        draw = stream(f"{self._account}/{self._seed}", "company", number)
        legal = self._legal(number, country)
        name = self._name(number, country, legal, draw)
        postcode, town = pick(draw, country.towns)
        slug = ascii_slug(name.removesuffix(f" {legal}"))
        org_number = _org_number(country.code, draw)
        return Company(
            number=number,
            id=str(30_000 + number),
            name=name,
            org_number=org_number,
            vat=_vat(country.code, org_number),
            street=f"{pick(draw, country.streets)} {between(draw, 1, 98)}",
            postcode=postcode,
            town=town,
            country=country.code,
            website=f"https://www.{slug}.example",
            mail_domain=f"{slug}.example",
            owner_email=pick(draw, self._owners),
            deals=tuple(_deal(number, place, country.code, draw) for place in range(between(draw, 0, 2))),
            legal=legal,
        )

    def _name(self, number: int, country: Country, legal: str, draw: Draw) -> str:
        """A name that no other company of the account has; large accounts need towns and numbers for that."""
        scatter = self._names[country.code]
        turn, place = divmod(number, scatter.size)
        trades = self._trades(country)
        head, trade = divmod(scatter.forward(place), len(trades))
        ending = f" {legal}" if draw() < 0.7 else ""
        return f"{_heads(country)[head]} {trades[trade]}{_branch(country, turn)}{ending}"


@lru_cache(maxsize=16)
def _heads(country: Country) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*country.places, *country.surnames)))


def _branch(country: Country, turn: int) -> str:
    if turn == 0:
        return ""
    towns = tuple(dict.fromkeys(town for _, town in country.towns))
    again, place = divmod(turn - 1, len(towns))
    return f" {towns[place]}" + (f" {again + 1}" if again else "")


def _deal(company: int, place: int, country: str, draw: Draw) -> Deal:
    status = pick(draw, ("open", "open", "won", "lost"))
    month = between(draw, 1, 12)
    year = 2027 if status == "open" and month < 7 else 2026 if status == "open" and month > 10 else 2025
    return Deal(
        id=f"D{70_000 + company * 2 + place}",
        name=pick(
            draw, ("Spring order", "Winter order", "Framework agreement", "Shop fitting", "Rental fleet")
        ),
        value=between(draw, 8, 900) * 500,
        currency=CURRENCIES[country],
        status=status,
        stage=pick(draw, STAGES),
        pipeline=pick(draw, PIPELINES),
        closing_date=f"{year}-{month:02d}-{between(draw, 1, 28):02d}",
    )


@lru_cache(maxsize=8192)
def ascii_slug(text: str) -> str:
    """Lower-case ASCII for addresses: ø becomes o, spaces and signs vanish."""
    folded = text.lower().translate(_FOLD)
    return "".join(c for c in folded if c.isascii() and (c.isalnum() or c == "-"))


_FOLD = str.maketrans(
    {
        **{"å": "a", "ä": "a", "ö": "o", "ø": "o", "æ": "ae", "ü": "u", "ß": "ss"},
        **{"é": "e", "á": "a", "ô": "o", "ë": "e", "ï": "i"},
    }
)


def _org_number(country: str, draw: Draw) -> str:
    """The company's number in the register of its country."""
    return _NUMBERS[country](draw)


def _digits(draw: Draw, count: int) -> str:
    return "".join(str(int(draw() * 10)) for _ in range(count))


def _swedish(draw: Draw) -> str:
    body = "559" + _digits(draw, 6)
    return f"{body[:6]}-{body[6:]}{luhn_digit(body)}"


def luhn_digit(body: str) -> int:
    """The check digit that ends a Swedish number."""
    total = 0
    for place, char in enumerate(body):
        value = int(char) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def _norwegian(draw: Draw) -> str:
    return _mod_eleven("9", draw, (3, 2, 7, 6, 5, 4, 3, 2), "")


def _finnish(draw: Draw) -> str:
    return _mod_eleven("3", draw, (7, 9, 10, 5, 8, 4, 2), "-")


def _mod_eleven(head: str, draw: Draw, weights: tuple[int, ...], joint: str) -> str:
    while True:
        body = head + _digits(draw, len(weights) - len(head))
        check = -sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11
        if check < 10:
            return f"{body}{joint}{check}"


def _danish(draw: Draw) -> str:
    return "4" + _digits(draw, 7)


def _german(draw: Draw) -> str:
    return f"HRB {between(draw, 1_000, 98_000)}"


def _dutch(draw: Draw) -> str:
    return "7" + _digits(draw, 7)


_NUMBERS: dict[str, Callable[[Draw], str]] = {
    "SE": _swedish,
    "NO": _norwegian,
    "FI": _finnish,
    "DK": _danish,
    "DE": _german,
    "NL": _dutch,
}


def _vat(country: str, org_number: str) -> str:
    plain = org_number.replace("-", "")
    number = plain.removeprefix("HRB ")
    return {
        "SE": f"SE{plain}01",
        "NO": f"NO{plain}MVA",
        "FI": f"FI{plain}",
        "DK": f"DK{plain}",
        "DE": f"DE{_german_vat(f'3{number:0>7}')}",
        "NL": f"NL{_dutch_vat(f'8{number[-7:]:0>7}')}B01",
    }[country]


def _german_vat(body: str) -> str:
    """Eight digits and the check digit of ISO 7064 MOD 11,10."""
    product = 10
    for char in body:
        rest = (int(char) + product) % 10 or 10
        product = 2 * rest % 11
    return f"{body}{(11 - product) % 10}"


def _dutch_vat(body: str) -> str:
    """Eight digits and a check digit; where the sum gives none, the last digit makes room for one."""
    total = sum(int(char) * weight for char, weight in zip(body, range(9, 1, -1), strict=True)) % 11
    if total < 10:
        return f"{body}{total}"
    return _dutch_vat(f"{body[:-1]}{(int(body[-1]) + 1) % 10}")
