"""Any other account name gives another company: Sections, languages, names, tags and conflicts from pools.

The same name and seed give the same company; a test can so have as many different customers as it likes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.simulators.seeds import words
from migrator.simulators.seeds.companies import ascii_slug
from migrator.simulators.seeds.countries import COUNTRIES
from migrator.simulators.seeds.shape import (
    EMAIL_CHANNEL,
    SMS_CHANNEL,
    AttributeSpec,
    SectionSpec,
    ShapeSpec,
    TopicSpec,
)
from migrator.simulators.seeds.streams import Draw, between, pick, stream

_CODES = ("SE", "NO", "FI", "DK", "DE")
_ALWAYS = ("company_name", "gender", "language", "town", "points")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the Sections of one invented company have in common."""

    codes: tuple[str, ...]
    kinds: tuple[str, ...]
    conflicts: tuple[str, ...]
    draw: Draw


def invented_spec(account: str, seed: int) -> ShapeSpec:
    """The shape of a company nobody polished."""
    draw = stream(account, seed, "company")
    title = f"{pick(draw, words.COMPANY_WORDS[0])} {pick(draw, words.COMPANY_WORDS[1])}"
    codes = tuple(_sample(draw, _CODES, between(draw, 1, 4)))
    kinds = [kind for kind in words.ATTRIBUTE_NAMES if kind not in _ALWAYS]
    plan = _Plan(
        codes=codes,
        kinds=(*_ALWAYS, *_sample(draw, kinds, between(draw, 14, len(kinds) - 4))),
        conflicts=tuple(_sample(draw, tuple(words.OTHER_FORM), between(draw, 1, 3)))
        if len(codes) > 1
        else (),
        draw=draw,
    )
    sections = tuple(_section(plan, place, code) for place, code in enumerate(codes))
    return ShapeSpec(title, f"{ascii_slug(title)}.example", sections, pick(draw, ("webcrm", "lime")))


def _sample(draw: Draw, options: Sequence[str], wanted: int) -> list[str]:
    left = list(options)
    return [left.pop(int(draw() * len(left))) for _ in range(min(wanted, len(left)))]


def _section(plan: _Plan, place: int, code: str) -> SectionSpec:
    draw, country = plan.draw, COUNTRIES[code]
    language = country.language
    tags = tuple(
        (tag, 0.03 + 0.3 * draw() * draw()) for tag in _sample(draw, words.TAGS, between(draw, 6, 12))
    )
    return SectionSpec(
        name=country.name,
        country=code,
        weight=0.2 + draw(),
        crm=place == 0 and draw() < 0.7,
        slug=None if draw() < 0.8 else "",
        attributes=(*_attributes(plan, place, language), *_fixed(language)),
        tags=tags,
        rare_tags=_rare(draw, [tag for tag, _ in tags]),
        topics=(
            TopicSpec(words.NEWSLETTER[language], "All", (EMAIL_CHANNEL,), 0.4 + 0.4 * draw()),
            TopicSpec(words.TEXTS[language], "All", (SMS_CHANNEL,), 0.2 + 0.3 * draw()),
        ),
        campaigns=words.CAMPAIGNS[language],
    )


def _attributes(plan: _Plan, place: int, language: str) -> list[AttributeSpec]:
    """The attributes of a Section; a conflicting kind has one name everywhere, two forms."""
    found = []
    for kind in plan.kinds:
        names = words.ATTRIBUTE_NAMES[kind].get(language)
        if kind in plan.conflicts or names is None:
            continue
        found.append(
            AttributeSpec(pick(plan.draw, names), kind, _fill(plan.draw, kind), old=plan.draw() < 0.1)
        )
    for kind in plan.conflicts:
        form = words.OTHER_FORM[kind] if place % 2 else kind
        found.append(AttributeSpec(words.SHARED_NAMES[kind], form, _fill(plan.draw, kind)))
    return found


def _fill(draw: Draw, kind: str) -> float:
    return {"company_name": 1.0, "national_id": 0.02, "consent_note": 0.04}.get(kind, 0.05 + 0.9 * draw())


def _fixed(language: str) -> tuple[AttributeSpec, ...]:
    return (
        AttributeSpec(words.SHOP_NOTE[language], "long_note", 0.04),
        AttributeSpec("email_enabled", "true_mostly", 0.9),
        AttributeSpec("sms_enabled", "true_mostly", 0.6),
    )


def _rare(draw: Draw, tags: list[str]) -> tuple[tuple[str, int], ...]:
    """Near-duplicates of real tags and one left-over, each on one to four profiles."""
    twins = [tag.replace("-", "") if "-" in tag else f"{tag} " for tag in _sample(draw, tags, 3)]
    return tuple((name, between(draw, 1, 4)) for name in (*twins, "old-import"))
