"""What several tests ask of made-up accounts."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from migrator.simulators.seeds import NAMES, build_account
from migrator.simulators.seeds.shape import Attribute, Section
from migrator.simulators.seeds.source import Profile, Source

EMAIL = "com.apsis1.attributes.email"
MOBILE = "com.apsis1.attributes.mobile"
CRM_ID = "com.apsis1.attributes.crmid"
# Every company with a name, one from pools, and another account of the demo's company.
ACCOUNTS = (*((name, 7) for name in NAMES), ("hansa", 3), ("nordlys", 8))
BLOCK = 1_200


@lru_cache(maxsize=16)
def source_of(name: str, seed: int, profiles: int = BLOCK) -> Source:
    return build_account(name, seed, profiles).source


@lru_cache(maxsize=16)
def profiles_of(name: str, seed: int) -> tuple[Profile, ...]:
    return tuple(source_of(name, seed).iter_profiles())


def values_of(name: str, seed: int) -> Iterator[tuple[int, Section, Attribute, Any]]:
    """(index, Section, attribute, value) of everything that anybody holds."""
    source = source_of(name, seed)
    sections = {section.discriminator: section for section in source.shape.sections}
    attributes = {(s.discriminator, a.discriminator): a for s in source.shape.sections for a in s.attributes}
    for profile in profiles_of(name, seed):
        for place, data in profile.sections.items():
            for discriminator, value in data.attributes.items():
                yield profile.index, sections[place], attributes[place, discriminator], value
