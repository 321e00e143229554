"""What a profile agreed to: consents 2.0 per Section, topic and channel, and which addresses are suppressed.

A pure function of the person; the state of a consent and the block on an address are two things.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.simulators.seeds.people import Person
from migrator.simulators.seeds.shape import EMAIL_CHANNEL, SMS_CHANNEL, Section, Topic
from migrator.simulators.seeds.streams import Draw, mix, pick, weighted
from migrator.simulators.seeds.times import DAY, NOW, stamp
from migrator.simulators.seeds.traps import Trap

TYPES = (("opt-in", 62.0), ("confirmed-opt-in", 9.0), ("pending-opt-in", 5.0), ("opt-out", 24.0))
_SOURCES = ("One API", "Form", "Import", "Profile page", "Store till")
_REASONS = ("Newsletter sign-up", "Checkout", "Consent import", "Member terms", "Asked by customer")


@dataclass(frozen=True, slots=True)
class Consent:
    section: str
    topic: str
    channel: str
    type: str
    reason: str
    source: str
    modified_at: str


def consents_of(person: Person, sections: Sequence[Section], draw: Draw) -> tuple[Consent, ...]:
    """All consents of a profile, Section by Section."""
    places = [person.home] if person.second is None else [person.home, person.second]
    found = [
        _consent(person, section, topic, channel, draw)
        for section in (sections[place] for place in places)
        for topic in section.topics
        for channel in topic.channels
        if _reachable(person, channel) and draw() < topic.share
    ]
    if person.trap is Trap.SUPPRESSED and person.email:
        found = _with_opt_in(person, sections[person.home], found, draw)
    return tuple(found)


def suppressed_channels(person: Person) -> frozenset[str]:
    """The channels whose address is blocked whatever the consents say."""
    if person.trap is Trap.SUPPRESSED and person.email:
        return frozenset((EMAIL_CHANNEL,))
    if person.mobile is not None and mix(person.mobile) % 500 == 0:
        return frozenset((SMS_CHANNEL,))
    return frozenset()


def _reachable(person: Person, channel: str) -> bool:
    if person.trap is Trap.COOKIE:
        return False
    return bool(person.email) if channel == EMAIL_CHANNEL else person.mobile is not None


def _consent(person: Person, section: Section, topic: Topic, channel: str, draw: Draw) -> Consent:
    moment = NOW - int(draw() * DAY * 1_400)
    return Consent(
        section=section.discriminator,
        topic=topic.discriminator,
        channel=channel,
        type=weighted(draw, TYPES),
        reason=pick(draw, _REASONS),
        source=pick(draw, _SOURCES),
        modified_at=stamp(moment),
    )


def _with_opt_in(person: Person, section: Section, found: list[Consent], draw: Draw) -> list[Consent]:
    topic = next((t for t in section.topics if EMAIL_CHANNEL in t.channels), section.topics[0])
    others = [c for c in found if (c.topic, c.channel) != (topic.discriminator, EMAIL_CHANNEL)]
    made = _consent(person, section, topic, EMAIL_CHANNEL, draw)
    opt_in = Consent(
        made.section, made.topic, made.channel, "opt-in", made.reason, made.source, made.modified_at
    )
    return [opt_in, *others]
