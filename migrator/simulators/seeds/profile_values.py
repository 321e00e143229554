"""The attribute values and tags of a profile in one Section, in the order in which they were defined.

Order matters: each value draws from the same stream after the one before it. Somebody who needs the first
attributes only can stop there, which is what exports of few attributes do.
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from migrator.simulators.seeds.companies import ascii_slug
from migrator.simulators.seeds.connectors import EMPTY_DATE, Connector
from migrator.simulators.seeds.contact_ids import ContactIds
from migrator.simulators.seeds.countries import EMAIL_DOMAINS
from migrator.simulators.seeds.people import Person
from migrator.simulators.seeds.shape import Attribute, Section
from migrator.simulators.seeds.streams import Draw, mix, pick
from migrator.simulators.seeds.traps import Trap
from migrator.simulators.seeds.values import HOSTILE_NOTES, KINDS, Facts

OLD_ID_START = 500_000
_PLAIN, _DEFAULT, _CRM = range(3)


class _Step(NamedTuple):
    """How one attribute gets its value: which way, for what share of the people, by what."""

    name: str
    way: int
    fill: float
    make: Callable[..., Any]
    kind: str
    number: bool


class _TagStep(NamedTuple):
    name: str
    share: float
    only: frozenset[int]
    linked: bool


class SectionValues:
    """Makes what one Section holds of a person."""

    def __init__(self, section: Section, connector: Connector, ids: ContactIds) -> None:
        self._ids = ids
        self._connector = connector
        self._steps = tuple(self._step(attribute) for attribute in section.attributes)
        self._tags = tuple(
            _TagStep(tag.discriminator, tag.share, frozenset(tag.only), tag.linked) for tag in section.tags
        )

    def needed(self, wanted: Collection[str]) -> int:
        """How many attributes have to be made to have all that are wanted."""
        places = [place for place, step in enumerate(self._steps, start=1) if step.name in wanted]
        return places[-1] if places else 0

    def attributes(self, facts: Facts, share: float, count: int | None = None) -> dict[str, Any]:
        """The values of the first `count` attributes; empty ones are left out. `share` is 1.0 in the Section
        where the person is at home, less elsewhere."""
        steps = self._steps if count is None else self._steps[:count]
        if facts.person.trap is not Trap.NONE:
            return self._awkward(facts, share, steps)
        draw, linked = facts.draw, facts.person.linked and share == 1.0
        values: dict[str, Any] = {}
        for name, way, fill, make, _, _ in steps:
            if way == _PLAIN:
                if draw() >= fill * share:
                    continue
                value = make(facts)
            elif way == _DEFAULT:
                value = make(facts, share)
            else:
                value = make(facts, self._ids) if linked else None
            if value is not None and value != "":
                values[name] = value
        return values

    def tags(self, person: Person, draw: Draw, share: float) -> tuple[str, ...]:
        """The tags of a person in this Section."""
        if person.trap in (Trap.COOKIE, Trap.NAMELESS):
            return ()
        quiet = person.trap is Trap.NO_EMAIL and person.ordinal in (6, 7)
        found = []
        for name, often, only, linked in self._tags:
            if only:
                if person.index in only:
                    found.append(name)
            elif draw() < often * share and not quiet and (person.linked or not linked):
                found.append(name)
        return tuple(found)

    def _step(self, attribute: Attribute) -> _Step:
        kind = attribute.kind
        number = attribute.live.type == "number"
        if kind == "crmid":
            return _Step(attribute.discriminator, _DEFAULT, 1.0, self._crm_id, kind, number)
        if kind in _DEFAULT_VALUES:
            return _Step(attribute.discriminator, _DEFAULT, 1.0, _DEFAULT_VALUES[kind], kind, number)
        if kind.startswith("crm_"):
            return _Step(attribute.discriminator, _CRM, 1.0, self._connector.makers[kind], kind, number)
        make = _STALE_VALUES[kind] if kind in _STALE_VALUES else KINDS[kind][1]
        return _Step(attribute.discriminator, _PLAIN, attribute.fill, make, kind, number)

    def _awkward(self, facts: Facts, share: float, steps: tuple[_Step, ...]) -> dict[str, Any]:
        """The values of a person who is a trap."""
        made = ((step.name, self._awkward_value(step, facts, share)) for step in steps)
        return {name: value for name, value in made if value is not None and value != ""}

    def _awkward_value(self, step: _Step, facts: Facts, share: float) -> Any:
        person = facts.person
        if person.trap is Trap.COOKIE:
            return facts.country.language if step.kind == "language" else None
        if step.way == _DEFAULT:
            return step.make(facts, share)
        if step.way == _CRM:
            return self._crm_value(step, facts) if person.linked and share == 1.0 else None
        if step.kind == "long_note" and person.trap is Trap.HOSTILE and person.ordinal in HOSTILE_NOTES:
            return HOSTILE_NOTES[person.ordinal]
        if step.kind == "epoch" and person.trap is Trap.EMPTY_DATE:
            return 0
        return step.make(facts) if facts.draw() < step.fill * share else None

    def _crm_value(self, step: _Step, facts: Facts) -> Any:
        person = facts.person
        broken = step.kind == "crm_contact_id" and person.trap is Trap.BROKEN_CRM_ID
        if not broken or self._ids.is_lead(person.index):
            return step.make(facts, self._ids)
        own = self._ids.forward(person.index)
        return int(own) * 1000 if step.number else self._ids.broken(own, person.ordinal)

    def _crm_id(self, facts: Facts, share: float) -> str | None:
        person = facts.person
        if not person.linked and not has_crm_id(person):
            return None
        lead = person.linked and self._ids.is_lead(person.index)
        own = self._ids.of("lead", person.index) if lead else self._ids.forward(person.index)
        return self._ids.broken(own, person.ordinal) if person.trap is Trap.BROKEN_CRM_ID else own


def has_crm_id(person: Person) -> bool:
    """Merged people, and a few whose id came with a file once, without an integration."""
    imported = mix(person.index) % 80 == 0 and person.trap is Trap.NONE
    return person.trap is Trap.MERGED or imported


def _first(facts: Facts, share: float) -> str:
    return facts.person.first


def _last(facts: Facts, share: float) -> str:
    return facts.person.last


def _email(facts: Facts, share: float) -> str:
    person = facts.person
    if share < 1.0 and person.trap is Trap.SECTION_EMAILS:
        return f"{ascii_slug(person.first)[:1]}{person.index}.alt@{pick(facts.draw, EMAIL_DOMAINS)}"
    return person.email


def _mobile(facts: Facts, share: float) -> int | None:
    return facts.person.mobile


def _birth_date(facts: Facts, share: float) -> str | None:
    if facts.person.trap is Trap.EMPTY_DATE:
        return EMPTY_DATE
    if facts.draw() > 0.55 * share:
        return None
    year = 1944 + int(facts.draw() * 62)
    return f"{year}-{1 + int(facts.draw() * 12):02d}-{1 + int(facts.draw() * 28):02d}"


_DEFAULT_VALUES: dict[str, Callable[[Facts, float], Any]] = {
    "firstname": _first,
    "lastname": _last,
    "email": _email,
    "mobile": _mobile,
    "birthdate": _birth_date,
}
_STALE_VALUES: dict[str, Callable[[Facts], Any]] = {
    "stale_crm_contact_id": lambda facts: str(OLD_ID_START + facts.person.index),
    "stale_crm_company_name": lambda facts: facts.company.name.upper() if facts.company else None,
}
