"""What each Section, and the target, says about one channel of one profile, and whether they disagree. Pure.

Discovery asks about each pattern of answers once; the planner finds the same pattern again by its key. So both
take these functions, and nothing here ever turns a No into a Yes.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from migrator.engine.canonical import JsonValue, canonical_json
from migrator.engine.records import Channel, Consent, Profile

# Where an answer stands, beside the discriminators of Sections, which always hold a dot.
PIPEDRIVE, SUPPRESSED = "Pipedrive", "Suppressed"


class Answer(StrEnum):
    YES = "Yes"
    NO = "No"
    UNKNOWN = "Unknown"


# (Section discriminator, SUPPRESSED or PIPEDRIVE; answer), in order of place; never Unknown.
Answers = tuple[tuple[str, Answer], ...]
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})


def answers_of(profile: Profile) -> dict[Channel, Answers]:
    """Each channel's answers by Section; a channel without any is left out. A Section says No as soon as one of
    its topics permits nothing (opted out, or still pending); a suppression outranks all Sections."""
    return {channel: found for channel in Channel if (found := _of_channel(profile, channel))}


def with_target(answers: Answers, value: JsonValue) -> Answers:
    """The answers and what the target's field for this channel holds; an unknown one adds nothing."""
    theirs = target_answer(value)
    return answers if theirs == Answer.UNKNOWN else tuple(sorted({*answers, (PIPEDRIVE, theirs)}))


def target_answer(value: JsonValue) -> Answer:
    """A value of the target's consent field in neutral form: its label, or true and false."""
    word = str(value).strip().casefold()
    return Answer.YES if word in _YES else Answer.NO if word in _NO else Answer.UNKNOWN


def target_values(custom: Mapping[str, JsonValue], mapped: Mapping[Channel, str]) -> dict[Channel, JsonValue]:
    """What a Person of the target says by channel: the field that the map writes to, and any other that is plainly
    called so ("Email consent"); the most restrictive of them. `custom` is neutral (see TargetRecord), `mapped` holds
    refs."""
    found: dict[Channel, JsonValue] = {}
    for channel in Channel:
        refs = {ref for ref in custom if _called(ref) == f"{channel}consent"} | {mapped.get(channel, "")}
        found[channel] = str(most_restrictive(target_answer(custom.get(ref)) for ref in sorted(refs)))
    return found


def conflicts_of(profile: Profile, there: Mapping[Channel, JsonValue]) -> dict[Channel, Answers]:
    """The channels on which somebody says Yes and somebody No; `there` are the values of the matched Person.

    Where Sections disagree among themselves the target is left out: what a run writes there afterwards would
    otherwise be a new pattern, and the same question would come again.
    """
    mine = answers_of(profile)
    found: dict[Channel, Answers] = {}
    for channel in Channel:
        own = mine.get(channel, ())
        answers = own if disagree(own) else with_target(own, there.get(channel))
        if disagree(answers):
            found[channel] = answers
    return found


def disagree(answers: Answers) -> bool:
    return {Answer.YES, Answer.NO} <= {answer for _, answer in answers}


def most_restrictive(states: Iterable[str]) -> Answer:
    """No before Yes, and Yes only where somebody says so."""
    said = set(states)
    return Answer.NO if Answer.NO in said else Answer.YES if Answer.YES in said else Answer.UNKNOWN


def pattern_key(channel: Channel, answers: Answers) -> str:
    """The same for the same answers in any order, on every discovery: 'email:[["a.shop","No"],["a.web","Yes"]]'.
    Cut by engine.cases.case_key where it is stored."""
    return f"{channel}:{canonical_json(sorted([where, str(answer)] for where, answer in answers))}"


def _called(ref: str) -> str:
    """The name in a custom field's ref ("person:Email consent:enum") without case and separators."""
    owner, _, rest = ref.partition(":")
    name = rest.rpartition(":")[0] if owner == "person" else ""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _of_channel(profile: Profile, channel: Channel) -> Answers:
    if channel in profile.suppressed:
        return ((SUPPRESSED, Answer.NO),)
    by_section: dict[str, list[Consent]] = {}
    for consent in profile.consents:
        if consent.channel == channel:
            by_section.setdefault(consent.section, []).append(consent)
    return tuple((section, _said(consents)) for section, consents in sorted(by_section.items()))


def _said(consents: Iterable[Consent]) -> Answer:
    return Answer.YES if all(consent.state.permits for consent in consents) else Answer.NO
