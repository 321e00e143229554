"""What one profile adds to the counts of a discovery: each value by the Section and discriminator that a source
field reads it from. Rows that are no attributes (tags, Sections, consents, channels) have keys of their own."""

from collections.abc import Iterable, Iterator, Mapping

from migrator.engine.canonical import JsonValue, canonical_json
from migrator.engine.phases.transform import decided_consent
from migrator.engine.records import Channel, Profile

TAGS = "tag:all"
SECTIONS = "section:all"
ADDRESSES = {
    Channel.EMAIL: "com.apsis1.attributes.email",
    Channel.SMS: "com.apsis1.attributes.mobile",
}
Ref = tuple[str, str]


def consent_key(channel: Channel) -> str:
    return f"consent:{channel.value}"


def consent_date_key(channel: Channel) -> str:
    return f"consent:{channel.value}_date"


def channel_key(channel: Channel) -> str:
    return f"channel:{channel.value}"


NO_ATTRIBUTES = frozenset(
    [TAGS, SECTIONS, *(key(c) for c in Channel for key in (consent_key, consent_date_key, channel_key))]
)


def counted(
    profiles: Iterable[Profile], sections: Mapping[str, str]
) -> dict[Ref, dict[str, tuple[int, str]]]:
    """Each value as canonical JSON, with the number of profiles that hold it and the key of the first one.
    `sections` are names by discriminator."""
    counts: dict[Ref, dict[str, tuple[int, str]]] = {}
    for profile in profiles:
        for ref, value in values_in(profile, sections):
            of_ref, text = counts.setdefault(ref, {}), canonical_json(value)
            times, example = of_ref.get(text, (0, profile.source_key))
            of_ref[text] = (times + 1, example)
    return counts


def values_in(profile: Profile, sections: Mapping[str, str]) -> Iterator[tuple[Ref, JsonValue]]:
    """Each at most once. A tag is counted over all Sections (Section "") and in each that gives it."""
    yield from profile.values.items()
    for section in dict.fromkeys(profile.sections):
        yield (section, SECTIONS), sections.get(section, section)
    for tag in dict.fromkeys(tag for _, tag in profile.tags):
        yield ("", TAGS), tag
    for section, tag in dict.fromkeys(profile.tags):
        yield (section, TAGS), tag
    for channel in Channel:
        yield from _of_channel(profile, channel)


def _of_channel(profile: Profile, channel: Channel) -> Iterator[tuple[Ref, JsonValue]]:
    suppressed = channel in profile.suppressed
    consents = [consent for consent in profile.consents if consent.channel == channel]
    answer, date = decided_consent(consents, suppressed=suppressed)
    if answer:
        yield ("", consent_key(channel)), answer
    if date:
        yield ("", consent_date_key(channel)), date
    reachable = any(name == ADDRESSES[channel] and value for (_, name), value in profile.values.items())
    yield ("", channel_key(channel)), "Yes" if reachable and not suppressed else "No"
