"""The account of an invented company: Sections, languages, names, tags, events and conflicts from pools.

The same name and seed give the same account; another seed of the same company gives another account, as if
other people had set it up. The oddities that real accounts have are in every one of them (reference 15.1).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from migrator.simulators.seeds import naming, words
from migrator.simulators.seeds.companies import ascii_slug
from migrator.simulators.seeds.connectors import CONNECTORS
from migrator.simulators.seeds.countries import COUNTRIES
from migrator.simulators.seeds.event_kinds import EVENT_KINDS, EventKind
from migrator.simulators.seeds.leans import LEANS, connector_of, old_connector_of
from migrator.simulators.seeds.shape import (
    EMAIL_CHANNEL,
    SMS_CHANNEL,
    AttributeSpec,
    SectionSpec,
    ShapeSpec,
    TopicSpec,
)
from migrator.simulators.seeds.streams import Draw, between, pick, stream
from migrator.simulators.seeds.vocabulary import VOCABULARIES, Vocabulary

# What no account can do without: somebody's company, and the forms of value that are traps of their own.
_ALWAYS = ("company_name", "gender", "language", "town", "points", "topics", "epoch", "decimal_comma")
_EMAIL, _SMS, _BOTH = (EMAIL_CHANNEL,), (SMS_CHANNEL,), (EMAIL_CHANNEL, SMS_CHANNEL)
_HISTORY_DAYS, _YEARS = 4 * 365, (2022, 2023, 2024, 2025, 2026)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the Sections of one account have in common. `conflicts` are names that stand in every Section."""

    title: str
    codes: tuple[str, ...]
    kinds: tuple[str, ...]
    conflicts: dict[str, str]
    folders: tuple[str, str]
    style: str
    connector: str
    vocabularies: dict[str, Vocabulary]
    draw: Draw


def invented_spec(account: str, seed: int) -> ShapeSpec:
    """The shape of an account that nobody polished."""
    draw = stream(account, seed, "company")
    plan = _plan(account, connector_of(account, seed), draw)
    sections = tuple(_section(plan, place, code) for place, code in enumerate(plan.codes))
    language = COUNTRIES[plan.codes[0]].language
    has_leads = bool(CONNECTORS[plan.connector].lead)
    return ShapeSpec(
        title=plan.title,
        domain=f"{ascii_slug(plan.title)}.example",
        sections=sections,
        people=tuple(_people(plan)),
        connector=plan.connector,
        old_connector=old_connector_of(account, seed),
        stale_attributes=draw() < 0.6,
        crm_in_crm_id=draw() < 0.3 and not has_leads,
        events=_events(language, draw),
        history_days=_HISTORY_DAYS,
        years=_YEARS,
        varied_companies=True,
    )


def _plan(account: str, connector: str, draw: Draw) -> _Plan:
    lean = LEANS.get(account)
    heads, tails = naming.COMPANY_WORDS
    title = lean.title if lean else f"{pick(draw, heads)} {pick(draw, tails)}"
    homes = lean.countries if lean else tuple(_sample(draw, tuple(COUNTRIES), 4))
    codes = (homes[0], *_sample(draw, homes[1:], between(draw, 1, len(homes) - 1)))
    if draw() < 0.3:  # two Sections of one country: brands, lines of business
        codes = (*codes, homes[0])
    rest = [kind for kind in words.ATTRIBUTE_NAMES if kind not in _ALWAYS]
    chosen = _sample(draw, tuple(words.OTHER_FORM), between(draw, 1, 3))
    vocabularies = dict(VOCABULARIES)
    if lean:
        own = COUNTRIES[lean.countries[0]].language
        vocabularies[own] = replace(vocabularies[own], topics=lean.topics, pages=lean.pages)
    return _Plan(
        title=title,
        codes=codes,
        kinds=(*_ALWAYS, *_sample(draw, rest, between(draw, 12, len(rest) - 4))),
        conflicts={kind: pick(draw, words.SHARED_NAMES[kind]) for kind in chosen},
        folders=pick(draw, naming.FOLDERS),
        style=pick(draw, naming.SECTION_STYLES),
        connector=connector,
        vocabularies=vocabularies,
        draw=draw,
    )


def _sample(draw: Draw, options: Sequence[str], wanted: int) -> list[str]:
    left = list(options)
    return [left.pop(int(draw() * len(left))) for _ in range(min(wanted, len(left)))]


def _people(plan: _Plan) -> Iterator[str]:
    """Five people with names of the company's own country, no two with the same first name."""
    country = COUNTRIES[plan.codes[0]]
    firsts = _sample(plan.draw, (*country.women, *country.men), 5)
    return (f"{first} {pick(plan.draw, country.surnames)}" for first in firsts)


def _section(plan: _Plan, place: int, code: str) -> SectionSpec:
    draw, language = plan.draw, COUNTRIES[code].language
    name = _section_name(plan, place, code)
    tags = _tags(draw, language)
    is_last = place == len(plan.codes) - 1
    return SectionSpec(
        name=name,
        country=code,
        weight=1.0 + draw() if place == 0 else 0.2 + draw(),
        crm=place == 0,
        # The first Section keeps a version number in its id, the last is of a time when ids had no words.
        slug="" if is_last else f"{name} {between(draw, 1, 3)}.0" if place == 0 else None,
        discriminator="com.apsis1.sections.default" if is_last and draw() < 0.3 else "",
        attributes=(*_attributes(plan, place, language), *_fixed(plan, place, language)),
        tags=tags,
        rare_tags=_rare(draw, [tag for tag, _ in tags]),
        topics=_topics(plan, place, language),
        campaigns=naming.CAMPAIGNS[language],
        words=plan.vocabularies[language],
        description=f"{plan.title}, {COUNTRIES[code].name}" if draw() < 0.5 else None,
        crm_lists=_crm_lists(plan, language) if place == 0 else (),
    )


def _section_name(plan: _Plan, place: int, code: str) -> str:
    again = f" {plan.codes[:place].count(code) + 1}" if code in plan.codes[:place] else ""
    names = {
        "country": COUNTRIES[code].name + again,
        "local": naming.LOCAL_COUNTRY[code] + again,
        "title": f"{plan.title.partition(' ')[0]} {code}{again}",
        "line": naming.LINES[place],
    }
    return names[plan.style]


def _tags(draw: Draw, language: str) -> tuple[tuple[str, float], ...]:
    """A few tags that many have, many that few have; never so few that they count as rare."""
    names = _sample(draw, (*naming.TAGS, *naming.LOCAL_TAGS[language]), between(draw, 9, 15))
    return tuple((name, 0.03 + 0.33 * draw() / (1 + place)) for place, name in enumerate(names))


def _crm_lists(plan: _Plan, language: str) -> tuple[tuple[str, float], ...]:
    prefix = CONNECTORS[plan.connector].list_prefix
    return tuple((f"{prefix}{name}", 0.1 + 0.3 * plan.draw()) for name in naming.CRM_LISTS[language])


def _rare(draw: Draw, tags: list[str]) -> tuple[tuple[str, int], ...]:
    """Near-duplicates of real tags and a left-over, each on one to four profiles."""
    twins = [_respelled(place, tag) for place, tag in enumerate(_sample(draw, tags, 4))]
    return tuple((name, between(draw, 1, 4)) for name in (*twins, pick(draw, naming.LEFT_OVER)))


def _respelled(place: int, tag: str) -> str:
    without_hyphen = tag.replace("-", "") if "-" in tag else f"{tag}s"
    return (f"{tag} ", tag.capitalize(), without_hyphen, f"{tag}{tag[-1]}")[place]


def _topics(plan: _Plan, place: int, language: str) -> tuple[TopicSpec, ...]:
    """Two of one name, one for each channel; in the first Section one of a time when topics had no channel."""
    draw, (first, second) = plan.draw, plan.folders
    newsletter = pick(draw, naming.NEWSLETTER[language])
    texts = newsletter if place == 0 or draw() < 0.3 else naming.TEXTS[language]
    others = _sample(draw, naming.OTHER_TOPICS[language], between(draw, 1, 3))
    return (
        TopicSpec(newsletter, first, _EMAIL, 0.45 + 0.35 * draw()),
        TopicSpec(texts, first, _SMS, 0.2 + 0.3 * draw()),
        *(
            TopicSpec(name, second, _BOTH if place == 0 and turn == 0 else _EMAIL, 0.1 + 0.3 * draw())
            for turn, name in enumerate(others)
        ),
    )


def _attributes(plan: _Plan, place: int, language: str) -> Iterator[AttributeSpec]:
    """The attributes of a Section; a conflicting kind has one name everywhere, two forms."""
    draw = plan.draw
    for kind in plan.kinds:
        names = words.ATTRIBUTE_NAMES[kind].get(language)
        if kind not in plan.conflicts and names is not None:
            old = kind == "points" or draw() < 0.1
            yield AttributeSpec(pick(draw, names), kind, _fill(draw, kind), old=old)
    for kind, name in plan.conflicts.items():
        form = words.OTHER_FORM[kind] if place % 2 else kind
        yield AttributeSpec(name, form, _fill(draw, kind), old=kind == "points")


def _fill(draw: Draw, kind: str) -> float:
    often = {"company_name": 1.0, "national_id": 0.02, "consent_note": 0.04, "epoch": 0.6, "topics": 0.5}
    return often.get(kind, 0.05 + 0.9 * draw())


def _fixed(plan: _Plan, place: int, language: str) -> Iterator[AttributeSpec]:
    yield AttributeSpec(words.SHOP_NOTE[language], "long_note", 0.04)
    yield AttributeSpec("email_enabled", "true_mostly", 0.9)
    yield AttributeSpec("sms_enabled", "true_mostly", 0.6)
    # Renamed years ago; the id kept the first name, and no more than 41 characters of it.
    yield AttributeSpec(words.RENAMED[language], "interests", 0.3, slug=words.FIRST_NAMES[language])
    if place == 0:
        # Its id holds dots.
        name = pick(plan.draw, naming.CUSTOMER_NUMBER[language])
        yield AttributeSpec(name, "customer_number", 0.6)


def _events(language: str, draw: Draw) -> tuple[EventKind, ...]:
    """The tools' own events, purchases, and two to four more custom ones."""
    own = [replace(kind, years=naming.KEPT_YEARS[kind.key]) for kind in EVENT_KINDS if not kind.custom]
    pool = {kind.key: kind for kind in naming.CUSTOM_EVENTS}
    more = _sample(draw, tuple(pool), between(draw, 2, 4))
    return (*own, naming.PURCHASES[language], *(pool[key] for key in more))
