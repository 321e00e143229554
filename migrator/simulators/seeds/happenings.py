"""What happened to a profile: its events over 24 months, made on demand, never two at one second.

Times and types come first and cheaply; the data of an event is made only for those that are asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from migrator.simulators.seeds.people import Person
from migrator.simulators.seeds.shape import EventType, Section
from migrator.simulators.seeds.streams import Draw
from migrator.simulators.seeds.traps import Trap
from migrator.simulators.seeds.values import AS_OF

SPAN = 730 * 86_400
NOW = int(AS_OF.timestamp())
HEAVY_EVENTS = 5_240
CAMPAIGN_YEARS = (2024, 2025, 2026)

Schema = tuple[tuple[str, str], ...]
_MAIL: Schema = (("activity_id", "text"), ("activity_name", "text"), ("subject", "text"), ("sender", "text"))


@dataclass(frozen=True, slots=True)
class EventKind:
    """One type of event in every Section. Discriminators of built-in ones are assumed (reference 6.4)."""

    key: str
    discriminator: str
    name: str
    weight: float
    schema: Schema
    description: str | None = None
    custom: bool = False


EVENT_KINDS = (
    EventKind("sent", "com.apsis1.events.email.sent", "Email sent", 30, _MAIL),
    EventKind("opened", "com.apsis1.events.email.opened", "Email opened", 26, (*_MAIL, ("device", "text"))),
    EventKind("clicked", "com.apsis1.events.email.clicked", "Email clicked", 8, (*_MAIL, ("url", "text"))),
    EventKind("bounced", "com.apsis1.events.email.bounced", "Email bounced", 1, (*_MAIL, ("reason", "text"))),
    EventKind(
        "page", "com.apsis1.events.website.page-view", "Page view", 19, (("url", "text"), ("title", "text"))
    ),
    EventKind(
        "form",
        "com.apsis1.events.forms.submitted",
        "Form submitted",
        4,
        (("form_name", "text"), ("page_url", "text"), ("message", "text")),
    ),
    EventKind(
        "purchase",
        "com.apsis1.events.transaction.custom-purchase",
        "Purchase",
        8,
        (("order_id", "text"), ("amount", "decimal"), ("currency", "text"), ("items", "number")),
        "Order in shop or on the web",
        True,
    ),
    EventKind(
        "call",
        "com.apsis1.events.signal.custom-phone_call",
        "Phone call",
        2,
        (("direction", "text"), ("duration_s", "number"), ("outcome", "text")),
        None,
        True,
    ),
    EventKind(
        "meeting",
        "com.apsis1.events.conversion.custom-meeting",
        "Meeting",
        1,
        (("subject", "text"), ("location", "text"), ("duration_min", "number")),
        None,
        True,
    ),
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event before its data is made: `code` decides the data."""

    time: int
    type: EventType
    code: int


class Happenings:
    """The events of one account's profiles."""

    def __init__(self, sections: Sequence[Section], domain: str) -> None:
        self._sections = sections
        self._domain = domain
        self._ladders = {s.discriminator: _ladder(s.events) for s in sections}

    def of(self, person: Person, draw: Draw, *, heavy: bool = False) -> list[Happening]:
        """All events in order of time."""
        total = HEAVY_EVENTS + int(draw() * 60) if heavy else _how_many(person, draw)
        times = sorted(int(SPAN * (roll * (0.35 + 0.65 * roll))) for roll in (draw() for _ in range(total)))
        found: list[Happening] = []
        last = NOW
        for age in times:
            last = min(NOW - age, last - 1)
            found.append(Happening(last, self._type(person, draw()), int(draw() * (1 << 40))))
        found.reverse()
        return found

    def data(self, happening: Happening) -> dict[str, Any]:
        """What the event says."""
        section = next(s for s in self._sections if s.discriminator == happening.type.section)
        return _DATA[happening.type.kind](happening, section, self._domain)

    def _type(self, person: Person, roll: float) -> EventType:
        place = person.home
        if person.second is not None:
            roll *= 5
            place = person.second if roll < 1 else person.home
            roll = roll % 1
        section = self._sections[place]
        if person.trap is Trap.COOKIE:
            return next(e for e in section.events if e.kind == "page")
        ladder = self._ladders[section.discriminator]
        return ladder[int(roll * len(ladder))]


def _ladder(events: Sequence[EventType]) -> list[EventType]:
    """Each type as often as its weight, so that one draw finds it."""
    return [event for event in events for _ in range(int(event.weight))]


def _how_many(person: Person, draw: Draw) -> int:
    roll = draw()
    if person.trap is Trap.NO_EMAIL and person.ordinal in (6, 7):
        return 0
    if person.trap in (Trap.COOKIE, Trap.NAMELESS):
        return 1 + int(roll * 5)
    if roll > 0.99:
        return 60 + int((roll - 0.99) * 100 * 240)
    return int(37 * roll * roll * roll * roll)


def _mail(h: Happening, section: Section) -> dict[str, Any]:
    """The send-out of the months in which it happened."""
    moment = datetime.fromtimestamp(h.time, UTC)
    per_year = len(section.campaigns) // len(CAMPAIGN_YEARS)
    place = min((moment.month - 1) // (12 // per_year), per_year - 1)
    activity = section.campaigns[CAMPAIGN_YEARS.index(moment.year) * per_year + place]
    return {
        "activity_id": activity.id,
        "activity_name": activity.name,
        "subject": f"{activity.name}: {_SUBJECTS[h.code % len(_SUBJECTS)]}",
        "sender": f"{section.name} <hej@brev.example>",
    }


_SUBJECTS = ("nyheter", "20 % this weekend", "see you on the trail", "❄️ first snow", "just for members")
_PAGES = ("skor", "jackor", "tält", "skidor", "ryggsäckar", "kajak", "outlet", "butiker", "guider/vintertur")
_FORMS = ("Kontakta oss", "Newsletter sign-up", "Boka provkörning", "Tävling: vinn en kajak")
_MESSAGES = ("", "Har ni strl 44 inne?", "Ring mig gärna <efter 17>", "Vill ha katalogen & rabattkod")
_OUTCOMES = ("answered", "no answer", "left message")
_DEVICES = ("mobile", "desktop", "tablet")


def _sent(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    return _mail(h, section)


def _opened(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    return {**_mail(h, section), "device": _DEVICES[h.code % 3]}


def _clicked(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    return {
        **_mail(h, section),
        "url": f"https://www.{domain}/{_PAGES[h.code % len(_PAGES)]}?utm_source=apsis",
    }


def _bounced(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    return {**_mail(h, section), "reason": ("hard", "soft", "mailbox full")[h.code % 3]}


def _page(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    page = _PAGES[h.code % len(_PAGES)]
    return {"url": f"https://www.{domain}/{section.country.lower()}/{page}", "title": page.capitalize()}


def _form(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    return {
        "form_name": _FORMS[h.code % len(_FORMS)],
        "page_url": f"https://www.{domain}/kontakt",
        "message": _MESSAGES[(h.code >> 8) % len(_MESSAGES)],
    }


def _purchase(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    currency = {"SE": "SEK", "NO": "NOK", "DK": "DKK"}.get(section.country, "EUR")
    return {
        "order_id": f"W{h.code % 9_000_000 + 1_000_000}",
        "amount": (h.code >> 4) % 400_000 / 100 + 49,
        "currency": currency,
        "items": 1 + (h.code >> 9) % 5,
    }


def _call(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    return {
        "direction": ("inbound", "outbound")[h.code % 2],
        "duration_s": 20 + (h.code >> 3) % 900,
        "outcome": _OUTCOMES[(h.code >> 5) % 3],
    }


def _meeting(h: Happening, section: Section, domain: str) -> dict[str, Any]:
    return {
        "subject": ("Assortment review", "Club night", "Bike fitting")[h.code % 3],
        "location": ("Shop", "Online", "At the customer")[(h.code >> 3) % 3],
        "duration_min": (30, 45, 60, 90)[(h.code >> 6) % 4],
    }


_DATA: dict[str, Callable[[Happening, Section, str], dict[str, Any]]] = {
    "sent": _sent,
    "opened": _opened,
    "clicked": _clicked,
    "bounced": _bounced,
    "page": _page,
    "form": _form,
    "purchase": _purchase,
    "call": _call,
    "meeting": _meeting,
}
