"""Every oddity that the real service is known for stands in every made-up account, in its share."""

from collections import Counter

import pytest

from migrator.simulators.seeds.build import slug_of
from migrator.simulators.seeds.shape import (
    EMAIL_CHANNEL,
    EMAIL_KEYSPACE,
    SMS_CHANNEL,
    WEB_KEYSPACE,
)
from migrator.simulators.seeds.times import NOW
from migrator.simulators.seeds.traps import SHARES, Trap
from tests.unit.simulators_seeds.accounts import (
    ACCOUNTS,
    BLOCK,
    CRM_ID,
    EMAIL,
    MOBILE,
    profiles_of,
    source_of,
    values_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.parametrize(("name", "seed"), ACCOUNTS)]
YEAR = 365 * 86_400


def _emails(name: str, seed: int) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for index, _, attribute, value in values_of(name, seed):
        if attribute.discriminator == EMAIL:
            found.setdefault(index, set()).add(value.lower())
    return found


def _indexes(name: str, seed: int, trap: Trap) -> list[int]:
    people = source_of(name, seed).people
    return [index for index in range(BLOCK) if people.get(index).trap is trap]


def test_every_trap_has_its_share_of_1200_profiles(name: str, seed: int) -> None:
    found = Counter(source_of(name, seed).people.get(index).trap for index in range(BLOCK))
    assert [found[trap] for trap, _ in SHARES] == [count for _, count in SHARES]


def test_five_pairs_share_an_email_and_the_second_of_each_came_from_the_crm(name: str, seed: int) -> None:
    held: dict[str, list[int]] = {}
    for index, mails in _emails(name, seed).items():
        for mail in mails:
            held.setdefault(mail, []).append(index)
    pairs = [indexes for indexes in held.values() if len(indexes) > 1]
    profiles = profiles_of(name, seed)
    twins = _indexes(name, seed, Trap.SHARED_EMAIL)
    assert len(pairs) == len(twins) == 5
    assert all(EMAIL_KEYSPACE not in profiles[index].keys for index in twins)


def test_six_profiles_have_another_email_in_a_second_section(name: str, seed: int) -> None:
    assert [i for i, mails in _emails(name, seed).items() if len(mails) > 1] == _indexes(
        name, seed, Trap.SECTION_EMAILS
    )


def test_four_merged_profiles_have_keys_in_four_keyspaces_or_more(name: str, seed: int) -> None:
    merged = _indexes(name, seed, Trap.MERGED)
    assert len(merged) == 4
    assert all(len(profiles_of(name, seed)[index].keys) >= 4 for index in merged)


def test_twelve_profiles_are_a_cookie_and_nothing_else(name: str, seed: int) -> None:
    cookies = [p for p in profiles_of(name, seed) if not p.known]
    assert len(cookies) == 12
    for profile in cookies:
        values = {n: v for d in profile.sections.values() for n, v in d.attributes.items()}
        assert WEB_KEYSPACE in profile.keys
        assert len(profile.keys) == 2
        assert not {EMAIL, MOBILE} & values.keys()


def test_values_come_in_the_forms_that_are_traps(name: str, seed: int) -> None:
    values = [(attribute, value) for _, _, attribute, value in values_of(name, seed)]
    mobiles = [value for attribute, value in values if attribute.discriminator == MOBILE]
    moments = [value for attribute, value in values if attribute.live.type == "timestamp"]
    lists = [value for attribute, value in values if attribute.kind == "topics"]
    assert all(type(value) is int for value in mobiles)
    assert min(moments) == 0
    assert all(type(value) is int for value in moments)
    assert sum(", " in value for value in lists) > len(lists) / 4
    assert sum(value == "1899-12-31" for _, value in values) >= 8
    assert any(attribute.kind == "decimal_comma" and "," in value for attribute, value in values)


def test_six_people_have_an_id_of_the_crm_that_somebody_wrecked(name: str, seed: int) -> None:
    held = {i: v for i, _, attribute, v in values_of(name, seed) if attribute.discriminator == CRM_ID}
    wrecked = _indexes(name, seed, Trap.BROKEN_CRM_ID)
    profiles = profiles_of(name, seed)
    found = [index for index, value in held.items() if value not in profiles[index].keys.values()]
    assert len(wrecked) == 6
    assert found == wrecked


def test_consents_come_in_four_types_and_often_for_one_channel_only(name: str, seed: int) -> None:
    source = source_of(name, seed)
    found = [source.consents(index) for index in range(BLOCK)]
    types = Counter(consent.type for consents in found for consent in consents)
    total = types.total()
    assert 0.03 < types["pending-opt-in"] / total < 0.08
    assert 0.06 < types["confirmed-opt-in"] / total < 0.13
    channels = [{c.channel for c in consents if c.type == "opt-in"} for consents in found]
    assert sum(held == {EMAIL_CHANNEL} for held in channels) > BLOCK / 10
    assert sum(held == {SMS_CHANNEL} for held in channels) > BLOCK / 30


def test_twelve_suppressed_addresses_have_an_opt_in(name: str, seed: int) -> None:
    source = source_of(name, seed)
    suppressed = _indexes(name, seed, Trap.SUPPRESSED)
    assert len(suppressed) == 12
    for index in suppressed:
        assert EMAIL_CHANNEL in source.suppressed(index)
        held = {(c.channel, c.type) for c in source.consents(index)}
        assert (EMAIL_CHANNEL, "opt-in") in held


def test_ids_hold_dots_and_41_characters_and_names_that_were_changed(name: str, seed: int) -> None:
    sections = source_of(name, seed).shape.sections
    slugs = {
        attribute: attribute.discriminator.split("attributes.")[1].rpartition("-")[0]
        for section in sections
        for attribute in section.attributes
        if attribute.discriminator.startswith("usercreated.")
    }
    ids = [section.discriminator.removeprefix("usercreated.sections.") for section in sections]
    assert max(map(len, slugs.values())) == 41
    renamed = [attribute for attribute, slug in slugs.items() if slug and slug != slug_of(attribute.name)]
    assert [len(slugs[attribute]) for attribute in renamed] == [41] * len(renamed) != []
    assert any("." in own for own in [*ids, *slugs.values()])
    assert any("-" not in own for own in ids)


def test_deprecated_versions_stand_before_the_live_one_and_still_hold_values(name: str, seed: int) -> None:
    source = source_of(name, seed)
    several = [a for s in source.shape.sections for a in s.attributes if len(a.versions) > 1]
    assert len(several) >= 2
    for attribute in several:
        assert [version.deprecated_at is None for version in attribute.versions] == [False, True]
        assert 60 < sum(source.uses_old_version(index, attribute) for index in range(BLOCK)) < 140


def test_two_topics_of_a_section_have_one_name_and_one_topic_serves_both_channels(
    name: str, seed: int
) -> None:
    topics = source_of(name, seed).shape.sections[0].topics
    assert len({topic.name for topic in topics}) < len(topics)
    assert any(len(topic.channels) == 2 for topic in topics)


def test_one_attribute_name_has_two_types(name: str, seed: int) -> None:
    types: dict[str, set[str]] = {}
    for section in source_of(name, seed).shape.sections:
        for attribute in section.attributes:
            types.setdefault(attribute.name, set()).add(attribute.kind)
        names = [attribute.name for attribute in section.attributes]
        assert len(set(names)) == len(names)
    assert any(len(kinds) > 1 for kinds in types.values())


def test_few_tags_are_common_most_are_not_and_some_are_misspelled(name: str, seed: int) -> None:
    for section in source_of(name, seed).shape.sections:
        carried = Counter(
            tag
            for profile in profiles_of(name, seed)
            if section.discriminator in profile.sections
            for tag in profile.sections[section.discriminator].tags
        )
        rare = [tag for tag in section.tags if tag.only]
        common = {_bare(tag.name) for tag in section.tags if not tag.only}
        assert all(1 <= carried[tag.discriminator] <= 4 for tag in rare)
        assert any(_bare(tag.name) in common for tag in rare)
        ordered = sorted(carried.values(), reverse=True)
        assert sum(ordered[:3]) > sum(ordered) / 4


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def test_one_profile_has_over_5000_events_even_among_a_hundred(name: str, seed: int) -> None:
    source = source_of(name, seed, 100)
    assert [i for i in range(100) if len(source.happenings(i)) > 5_000] == [source.heavy]


def test_events_have_a_long_tail(name: str, seed: int) -> None:
    source = source_of(name, seed)
    counts = sorted(len(source.happenings(i)) for i in range(BLOCK) if i != source.heavy)
    assert counts[BLOCK // 2] <= 4
    assert counts[-6] > 40
    assert 5 < sum(counts) / BLOCK < 11


def test_events_older_than_the_years_for_which_they_are_kept_are_gone(name: str, seed: int) -> None:
    source = source_of(name, seed)
    found = [(h.rung.type, NOW - h.time) for i in range(BLOCK) for h in source.happenings(i)]
    assert all(age <= kind.years * YEAR + 10_000 for kind, age in found)
    # Something older than the shortest-lived was there to be lost, except where all live as long.
    if len({kind.years for kind, _ in found}) > 1:
        assert max(age for kind, age in found if kind.kind == "bounced") > 3 * YEAR
        assert max(age for kind, age in found if kind.kind == "page") > 0.9 * YEAR
