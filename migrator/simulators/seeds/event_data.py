"""What an event says: one maker for each kind, from the Section, its words, the time and the event's code.

Makers of few different answers keep them, so that an export of millions of events makes each only once:
whoever reads an event's data must not change it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.simulators.seeds.companies import CURRENCIES
from migrator.simulators.seeds.countries import COUNTRIES
from migrator.simulators.seeds.shape import Activity, Section
from migrator.simulators.seeds.times import DAY, year_and_month
from migrator.simulators.seeds.vocabulary import Vocabulary

Data = Mapping[str, Any]
DataMaker = Callable[[int, int], Data]
Month = tuple[int, int]
_OUTCOMES = ("answered", "no answer", "left message")
_DEVICES = ("mobile", "desktop", "tablet")
_REASONS = ("hard", "soft", "mailbox full")


@dataclass(frozen=True, slots=True)
class Ground:
    """What all makers of one Section start from; `years` are those of its send-outs."""

    section: Section
    words: Vocabulary
    domain: str
    years: tuple[int, ...]

    def mail(self, month: Month, code: int) -> dict[str, Any]:
        """The send-out of the months in which it happened."""
        activity = self._activity(*month)
        return {
            "activity_id": activity.id,
            "activity_name": activity.name,
            "subject": f"{activity.name}: {self.words.subjects[code % len(self.words.subjects)]}",
            "sender": f"{self.section.name} <{self.words.sender}>",
        }

    def page(self, code: int) -> str:
        return self.words.pages[code % len(self.words.pages)]

    def _activity(self, year: int, month: int) -> Activity:
        per_year = len(self.section.campaigns) // len(self.years)
        place = min((month - 1) // (12 // per_year), per_year - 1)
        return self.section.campaigns[self.years.index(year) * per_year + place]


def maker_of(kind: str, ground: Ground) -> DataMaker:
    """The maker of one kind of event in one Section: (Unix seconds, code) -> data."""
    return _MAKERS[kind](ground)


def _monthly(variety: int, make: Callable[[Month, int], Data]) -> DataMaker:
    """Keeps one answer for each month and each code below `variety`."""
    known: dict[tuple[Month, int], Data] = {}

    def data(time: int, code: int) -> Data:
        key = (year_and_month(time // DAY), code % variety)
        found = known.get(key)
        if found is None:
            found = known[key] = make(*key)
        return found

    return data


def _steady(variety: int, make: Callable[[int], Data]) -> DataMaker:
    """Keeps one answer for each code below `variety`."""
    answers = tuple(make(code) for code in range(variety))
    return lambda time, code: answers[code % variety]


def _sent(ground: Ground) -> DataMaker:
    return _monthly(len(ground.words.subjects), ground.mail)


def _opened(ground: Ground) -> DataMaker:
    variety = math.lcm(len(ground.words.subjects), len(_DEVICES))
    return _monthly(variety, lambda month, code: {**ground.mail(month, code), "device": _DEVICES[code % 3]})


def _clicked(ground: Ground) -> DataMaker:
    def make(month: Month, code: int) -> Data:
        url = f"https://www.{ground.domain}/{ground.page(code)}?utm_source=apsis"
        return {**ground.mail(month, code), "url": url}

    return _monthly(math.lcm(len(ground.words.subjects), len(ground.words.pages)), make)


def _bounced(ground: Ground) -> DataMaker:
    variety = math.lcm(len(ground.words.subjects), len(_REASONS))
    return _monthly(variety, lambda month, code: {**ground.mail(month, code), "reason": _REASONS[code % 3]})


def _page(ground: Ground) -> DataMaker:
    def make(code: int) -> Data:
        page = ground.page(code)
        path = f"{ground.section.country.lower()}/{page}"
        return {"url": f"https://www.{ground.domain}/{path}", "title": page.capitalize()}

    return _steady(len(ground.words.pages), make)


def _form(ground: Ground) -> DataMaker:
    forms, messages = ground.words.forms, ground.words.messages
    page = f"https://www.{ground.domain}/{ground.words.contact_page}"
    return lambda time, code: {
        "form_name": forms[code % len(forms)],
        "page_url": page,
        "message": messages[(code >> 8) % len(messages)],
    }


def _amount(code: int) -> float:
    return (code >> 4) % 400_000 / 100 + 49


def _purchase(ground: Ground) -> DataMaker:
    currency = CURRENCIES[ground.section.country]
    return lambda time, code: {
        "order_id": f"W{code % 9_000_000 + 1_000_000}",
        "amount": _amount(code),
        "currency": currency,
        "items": 1 + (code >> 9) % 5,
    }


def _call(ground: Ground) -> DataMaker:
    return lambda time, code: {
        "direction": ("inbound", "outbound")[code % 2],
        "duration_s": 20 + (code >> 3) % 900,
        "outcome": _OUTCOMES[(code >> 5) % 3],
    }


def _meeting(ground: Ground) -> DataMaker:
    subjects = ground.words.meetings
    return lambda time, code: {
        "subject": subjects[code % len(subjects)],
        "location": ("Shop", "Online", "At the customer")[(code >> 3) % 3],
        "duration_min": (30, 45, 60, 90)[(code >> 6) % 4],
    }


def _webinar(ground: Ground) -> DataMaker:
    topics = ground.words.topics
    return lambda time, code: {
        "title": topics[code % len(topics)].capitalize(),
        "minutes": 5 + (code >> 4) % 55,
    }


def _visit(ground: Ground) -> DataMaker:
    country = COUNTRIES[ground.section.country]
    towns, names = country.towns, country.women
    return lambda time, code: {
        "store": towns[code % len(towns)][1],
        "staff": names[(code >> 6) % len(names)],
    }


def _return(ground: Ground) -> DataMaker:
    return lambda time, code: {
        "order_id": f"W{code % 9_000_000 + 1_000_000}",
        "amount": -_amount(code),
        "reason": ("too small", "changed my mind", "broken")[(code >> 7) % 3],
    }


def _quote(ground: Ground) -> DataMaker:
    interests = ground.words.interests
    return lambda time, code: {
        "product": interests[code % len(interests)],
        "amount": 500 * (1 + (code >> 5) % 80),
    }


def _ticket(ground: Ground) -> DataMaker:
    return lambda time, code: {"number": 10_000 + (code >> 3) % 90_000, "urgent": code % 7 == 0}


def _renewal(ground: Ground) -> DataMaker:
    return lambda time, code: {
        "contract": f"A-{1_000 + (code >> 2) % 9_000}",
        "months": (12, 24, 36)[code % 3],
    }


_MAKERS: dict[str, Callable[[Ground], DataMaker]] = {
    "sent": _sent,
    "opened": _opened,
    "clicked": _clicked,
    "bounced": _bounced,
    "page": _page,
    "form": _form,
    "purchase": _purchase,
    "call": _call,
    "meeting": _meeting,
    "webinar": _webinar,
    "visit": _visit,
    "return": _return,
    "quote": _quote,
    "ticket": _ticket,
    "renewal": _renewal,
}
