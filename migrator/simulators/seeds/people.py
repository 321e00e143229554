"""The person behind a profile: name, addresses, Section, company, awkward case. A pure function of its index.

Attributes, tags, events and consents are made elsewhere, each from its own stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from migrator.simulators.seeds.companies import Companies, ascii_slug
from migrator.simulators.seeds.countries import COUNTRIES, EMAIL_DOMAINS, Country
from migrator.simulators.seeds.streams import Draw, KeyScatter, Scatter, pick, stream, weighted
from migrator.simulators.seeds.traps import Trap, Traps

MOBILES = 10_000_000


@dataclass(frozen=True, slots=True)
class Home:
    """What a person needs to know of a Section: its place in the account, country, weight, CRM or not."""

    place: int
    country: str
    weight: float
    crm: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Who a profile is. `email` and `mobile` are what its home Section holds; `partner` is the index of the
    other profile of the same human being, where there is one."""

    index: int
    trap: Trap
    ordinal: int
    home: int
    second: int | None
    country: str
    first: str
    last: str
    female: bool
    email: str
    mobile: int | None
    company: int | None
    linked: bool
    partner: int | None = None


class People:
    """Makes the persons of one account, each alone and in any order."""

    def __init__(self, account: str, seed: int, homes: Sequence[Home], companies: Companies) -> None:
        self._tag = f"{account}/{seed}"
        self._homes = [(home, home.weight) for home in homes]
        self._companies = companies
        self.traps = Traps(account, seed)
        self.export_keys = KeyScatter(account, seed, "export keys")
        self.cookies = KeyScatter(account, seed, "cookies")
        self._mobiles = Scatter(MOBILES, account, seed, "mobiles")
        self.get = lru_cache(maxsize=8192)(self._make)

    def index_of_mobile(self, mobile: str) -> int:
        """The index whose mobile ends in these seven digits."""
        tail = mobile[-7:]
        return self._mobiles.backward(int(tail)) if tail.isascii() and tail.isdigit() else MOBILES

    def home_of(self, index: int) -> int:
        """The Section of a profile by its place in the account."""
        return weighted(stream(self._tag, "person", index), self._homes).place

    def mobile_of(self, index: int, country: Country) -> int:
        return int(f"{country.dial}{self._mobiles.forward(index % MOBILES):07d}")

    def _make(self, index: int) -> Person:
        trap, ordinal = self.traps.of(index)
        draw = stream(self._tag, "person", index)
        home = self._settled_home(weighted(draw, self._homes), trap, ordinal)
        partner = self._partner(index, trap, ordinal)
        if partner is not None:
            return self._twin(index, trap, ordinal, self.get(partner), draw)
        return self._single(index, trap, ordinal, home, draw)

    def _settled_home(self, home: Home, trap: Trap, ordinal: int) -> Home:
        """Cases that only a CRM brings about live in the Section that has one; hostile notes in the first."""
        if trap is Trap.HOSTILE and ordinal in (0, 4, 5, 6):
            return self._homes[0][0]
        from_crm = trap is Trap.BROKEN_CRM_ID or (trap is Trap.NO_EMAIL and ordinal in (4, 5))
        return next((h for h, _ in self._homes if h.crm), home) if from_crm else home

    def _single(self, index: int, trap: Trap, ordinal: int, home: Home, draw: Draw) -> Person:
        country = COUNTRIES[home.country]
        female = draw() < 0.56
        first = pick(draw, country.women if female else country.men)
        last = pick(draw, country.surnames)
        linked = _is_linked(home, trap, ordinal, draw())
        employed = draw() < 0.27 or linked
        company = self._companies.choose(index, home.country, draw) if employed else None
        email = "" if _lacks_email(trap) else self._email(index, first, last, company, draw)
        reachable = draw() < 0.78 or trap in _ALWAYS_MOBILE
        second = self._second(home, trap, draw)
        first, last = _shown_name(trap, ordinal, first, last)
        return Person(
            index=index,
            trap=trap,
            ordinal=ordinal,
            home=home.place,
            second=second,
            country=home.country,
            first=first,
            last=last,
            female=female,
            email=email,
            mobile=self._mobile(index, trap, ordinal, country, reachable),
            company=company,
            linked=linked,
        )

    def _twin(self, index: int, trap: Trap, ordinal: int, other: Person, draw: Draw) -> Person:
        """The second profile of somebody: same address (CRM-sourced) or same mobile, another spelling."""
        crm_place = next((home.place for home, _ in self._homes if home.crm), other.home)
        shares_email = trap is Trap.SHARED_EMAIL
        first, last = _respelled(other.first, other.last, ordinal)
        email = other.email if draw() < 0.6 else other.email.title()
        own_mobile = other.mobile or self.mobile_of(other.index, COUNTRIES[other.country])
        return Person(
            index=index,
            trap=trap,
            ordinal=ordinal,
            home=crm_place if shares_email else other.home,
            second=None,
            country=other.country,
            first=first,
            last=last,
            female=other.female,
            email=email if shares_email else "",
            mobile=own_mobile if not shares_email or draw() < 0.5 else None,
            company=self._companies.choose(index, other.country, draw) if shares_email else other.company,
            linked=shares_email,
            partner=other.index,
        )

    def _partner(self, index: int, trap: Trap, ordinal: int) -> int | None:
        twin = trap is Trap.SHARED_EMAIL or (trap is Trap.NO_EMAIL and ordinal < 4)
        if not twin:
            return None
        plain = (other for other in range(index - 1, -1, -1) if self.traps.of(other)[0] is Trap.NONE)
        return next(plain, None)

    def _email(self, index: int, first: str, last: str, company: int | None, draw: Draw) -> str:
        """An address that ends in the index, so that it is unique and leads back to its profile."""
        given, family = ascii_slug(first), ascii_slug(last)
        local = weighted(draw, ((f"{given}.{family}", 7.0), (f"{given[0]}.{family}", 2.0), (given, 1.0)))
        if company is not None and draw() < 0.6:
            domain = self._companies.get(company).mail_domain
        else:
            domain = pick(draw, EMAIL_DOMAINS)
        address = f"{local}{index}@{domain}"
        return address.title() if draw() < 0.02 else address

    def _mobile(self, index: int, trap: Trap, ordinal: int, country: Country, reachable: bool) -> int | None:
        if trap is Trap.COOKIE or not reachable or (trap is Trap.NO_EMAIL and ordinal in _UNREACHABLE):
            return None
        mobile = self.mobile_of(index, country)
        local = str(mobile)[3 if country.code == "FI" else 2 :]
        return int(local) if trap is Trap.BAD_MOBILE else mobile

    def _second(self, home: Home, trap: Trap, draw: Draw) -> int | None:
        wanted = draw() < 0.07 or trap in (Trap.SECTION_EMAILS, Trap.MERGED)
        others = [(other.place, other.weight) for other, _ in self._homes if other.place != home.place]
        if not wanted or not others or trap is Trap.COOKIE:
            return None
        return weighted(draw, others)


_UNREACHABLE = (6, 7)
_ALWAYS_MOBILE = (Trap.NO_EMAIL, Trap.NAMELESS, Trap.BAD_MOBILE, Trap.MERGED)


def _lacks_email(trap: Trap) -> bool:
    return trap in (Trap.NO_EMAIL, Trap.NAMELESS, Trap.COOKIE)


def _is_linked(home: Home, trap: Trap, ordinal: int, roll: float) -> bool:
    """Whether the CRM sent this profile."""
    if not home.crm or trap is Trap.COOKIE:
        return False
    wanted = trap in (Trap.BROKEN_CRM_ID, Trap.EMPTY_DATE, Trap.MERGED)
    return wanted or (trap is Trap.NO_EMAIL and ordinal in (4, 5)) or roll < 0.22


def _shown_name(trap: Trap, ordinal: int, first: str, last: str) -> tuple[str, str]:
    if trap in (Trap.COOKIE, Trap.NAMELESS):
        return "", ""
    if trap is Trap.NO_EMAIL and ordinal == 6:
        return "test", "test"
    if trap is Trap.HOSTILE:
        return _HOSTILE_NAMES.get(ordinal, (first, last))
    return first, last


_HOSTILE_NAMES = {
    1: ("=cmd|'/C calc'!A0", "Ekström"),
    2: ("Frida 🏔️", "Lind 🎿"),
    3: ("\u05d0\u05d5\u05e8\u05d9", "\u202e\u05dc\u05d5\u05d9\u202c Levi"),
    4: ("Robert", "<b>Ek</b>"),
}


def _respelled(first: str, last: str, ordinal: int) -> tuple[str, str]:
    if ordinal % 3 == 0:
        return first, f"{last}-Ek"
    return (f"{first[0]}.", last) if ordinal % 3 == 1 else (first.upper(), last.upper())
