"""Five Segments of an account as rule trees, and whether a profile belongs to one.

The rule tree is ours: whether the real service hands out a Segment's rules at all is unknown (reference 8).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from migrator.simulators.seeds.shape import EMAIL_CHANNEL, SMS_CHANNEL, EventType, Section, Segment, Version

Rule = Mapping[str, Any]
PERMITTING = ("opt-in", "confirmed-opt-in")


class Member(Protocol):
    """What a rule asks of a profile."""

    def value(self, section: str, discriminator: str) -> Any: ...
    def has_section(self, section: str) -> bool: ...
    def has_tag(self, section: str, discriminator: str) -> bool: ...
    def consent(self, section: str, channel: str, types: Sequence[str]) -> bool: ...
    def events_since(self, section: str, discriminator: str, days: int) -> int: ...


def segments_for(
    sections: Sequence[Section],
    discriminator: Callable[[str, str], str],
    version: Callable[[str, str], Version],
) -> tuple[Segment, ...]:
    """Five Segments over whatever the Sections define."""
    first, last = sections[0], sections[-1]
    tag, other = first.tags[0], first.tags[2]
    bought = next(e for e in first.events if e.kind == "purchase")
    opened = next(e for e in first.events if e.kind == "opened")
    mailable = _consent(first, EMAIL_CHANNEL)
    either = [_tag(first, tag.discriminator), _tag(first, other.discriminator)]
    rules: tuple[tuple[str, str | None, Rule], ...] = (
        (f"Mailable {first.name}", "May be mailed", mailable),
        ("Active readers", None, {"all": [mailable, _event(opened, 90)]}),
        (f"{tag.name} or {other.name}", None, {"any": either}),
        ("Business buyers", "Every Monday", {"all": [_business(first), {"not": _event(bought, 365)}]}),
        (f"SMS club {last.name}", None, {"all": [_consent(last, SMS_CHANNEL), _has_mobile(last)]}),
    )
    made = "2025-02-03T10:00:00Z"
    return tuple(
        Segment(discriminator("segments", name), name, note, rule, (version("segment", made),))
        for name, note, rule in rules
    )


def _business(section: Section) -> Rule:
    """Business customers; where the Section does not know them, people called Anna."""
    found = next((a for a in section.attributes if a.kind == "is_b2b"), None)
    if found is None:
        return _attribute(section, section.attributes[0].discriminator, "equals", "Anna")
    return _attribute(section, found.discriminator, "equals", True)


def _has_mobile(section: Section) -> Rule:
    mobile = next(a for a in section.attributes if a.kind == "mobile")
    return _attribute(section, mobile.discriminator, "exists", None)


def _attribute(section: Section, discriminator: str, operator: str, value: Any) -> Rule:
    return {
        "attribute": discriminator,
        "section": section.discriminator,
        "operator": operator,
        "value": value,
    }


def _consent(section: Section, channel: str) -> Rule:
    return {"consent": channel, "section": section.discriminator, "types": list(PERMITTING)}


def _tag(section: Section, discriminator: str) -> Rule:
    return {"tag": discriminator, "section": section.discriminator}


def _event(event: EventType, days: int) -> Rule:
    """At least one such event within the last days."""
    return {
        "event": event.discriminator,
        "section": event.section,
        "within_days": days,
        "at_least": 1,
    }


def belongs(rule: Rule, member: Member) -> bool:
    """Whether a profile satisfies a rule tree."""
    if "all" in rule:
        return all(belongs(part, member) for part in rule["all"])
    if "any" in rule:
        return any(belongs(part, member) for part in rule["any"])
    if "not" in rule:
        return not belongs(rule["not"], member)
    return _leaf(rule, member)


def _leaf(rule: Rule, member: Member) -> bool:
    section = rule["section"]
    if "tag" in rule:
        return member.has_tag(section, rule["tag"])
    if "consent" in rule:
        return member.consent(section, rule["consent"], rule["types"])
    if "event" in rule:
        found = member.events_since(section, rule["event"], rule["within_days"])
        return bool(found >= rule["at_least"])
    if "attribute" in rule:
        value = member.value(section, rule["attribute"])
        return bool(value is not None if rule["operator"] == "exists" else value == rule["value"])
    return member.has_section(section)
