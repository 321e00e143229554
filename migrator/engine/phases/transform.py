"""Transform: staged profiles and the field map become target records. Pure; one bad value never fails a record.

1. gather the values that each rule names, the surviving profile's first;
2. convert them; what cannot be converted is left empty and counted as lost;
3. consents and channels take the most restrictive answer;
4. company and deal attributes become records of their own, linked by key.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from migrator.engine.canonical import JsonValue
from migrator.engine.cases import CaseKind, Decide, Resolutions
from migrator.engine.field_map import FieldRule, Merge
from migrator.engine.inventory import FieldType, SourceKind, TargetObject
from migrator.engine.matching import email_key, phone_key
from migrator.engine.merging import in_order, is_address, merge_among, merged, part_of
from migrator.engine.phases.context import Context, Supplied
from migrator.engine.phases.winning import only_winner, winner_first
from migrator.engine.records import Channel, Consent, Kind, Profile, TargetRecord
from migrator.engine.transforms.registry import convert
from migrator.engine.transforms.texts import LONG, SHORT

PROFILE_FIELDS = {"emails", "phones"}
NAME_FIELDS = ("first_name", "last_name", "name")
_LONGEST = {FieldType.VARCHAR: SHORT, FieldType.TEXT: LONG}


@dataclass(frozen=True, slots=True)
class Transformed:
    """One person and what hangs on it. `lost` counts values that could not be converted, by rule."""

    person: TargetRecord
    organization: TargetRecord | None = None
    deals: tuple[TargetRecord, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)


class Losses:
    """Counts, by source field, the values that could not be converted."""

    def __init__(self) -> None:
        self.by_source: dict[str, int] = {}

    def add(self, rule: FieldRule) -> None:
        self.by_source[rule.source] = self.by_source.get(rule.source, 0) + 1


def transform(profiles: Sequence[Profile], supplied: Supplied, context: Context) -> Transformed:
    """The records for one person made of one profile, or of several that a person merged (survivor first)."""
    losses = Losses()
    context = replace(context, wins=supplied.wins) if supplied.wins else context
    organization = _organization(profiles, context, losses)
    body = _person_body(profiles, supplied, context, losses)
    body["organization"] = organization.key if organization else None
    person = TargetRecord(Kind.PERSON, profiles[0].source_key, body, source_count=len(profiles))
    deals = tuple(_deals(profiles, person, organization, context, losses))
    return Transformed(person, organization, deals, losses.by_source)


def name_of(profiles: Sequence[Profile], context: Context) -> str:
    """The name that the map would give, before any person's decision."""
    return _full_name(_names(profiles, context, Losses()))


def company_of(profiles: Sequence[Profile], context: Context) -> str:
    """The company name that the map would give, before any person's decision on companies."""
    return _company(profiles, context, Losses())


def emails_of(profiles: Sequence[Profile], context: Context) -> list[str]:
    return [str(e["value"]) for e in _addresses("emails", profiles, context, Losses())]


def _person_body(
    profiles: Sequence[Profile], supplied: Supplied, context: Context, losses: Losses
) -> dict[str, JsonValue]:
    emails = _addresses("emails", profiles, context, losses)
    if supplied.email and supplied.email not in [e["value"] for e in emails]:
        emails.insert(0, {"value": supplied.email, "label": "work", "primary": True})
    phones = _addresses("phones", profiles, context, losses)
    names = _names(profiles, context, losses)
    body: dict[str, JsonValue] = {
        "name": supplied.name or _full_name(names),
        "emails": list(_with_one_primary(emails)),
        "phones": list(_with_one_primary(phones)),
        "owner": _owner(profiles, context, losses),
        "labels": list[JsonValue](_labels(profiles, context)),
    }
    custom = _custom_values(TargetObject.PERSON, profiles, context, losses)
    custom |= _consent_values(profiles, supplied.refused, context)
    custom |= _channel_values(profiles, emails, phones, context)
    custom |= _section_values(profiles, context)
    body["custom"] = {ref: value for ref, value in sorted(custom.items()) if value is not None}
    return body


def _values(
    rule: FieldRule, profiles: Sequence[Profile], context: Context, losses: Losses
) -> Iterator[JsonValue]:
    for profile in winner_first(rule, profiles, context.wins):
        for ref in rule.sources:
            raw = profile.values.get(ref)
            if raw is None or raw == "":
                continue
            converted = convert(rule.transform, raw, dict(rule.args), context.tools)
            if converted.lost:
                losses.add(rule)
            if converted.value is not None and converted.value != "":
                yield converted.value


def _first(rule: FieldRule, profiles: Sequence[Profile], context: Context, losses: Losses) -> JsonValue:
    return next(_values(rule, profiles, context, losses), None)


def _addresses(
    name: str, profiles: Sequence[Profile], context: Context, losses: Losses
) -> list[dict[str, JsonValue]]:
    key = email_key if name == "emails" else phone_key
    found: dict[str, dict[str, JsonValue]] = {}
    for rule in in_order(_standard_rules(TargetObject.PERSON, name, context)):
        for value in _values(rule, profiles, context, losses):
            label = rule.component or "work"
            found.setdefault(key(str(value)), {"value": value, "label": label, "primary": False})
    return list(found.values()) if len(profiles) < 2 else _winners_first(name, found, profiles, context)


def _winners_first(
    name: str, found: dict[str, dict[str, JsonValue]], profiles: Sequence[Profile], context: Context
) -> list[dict[str, JsonValue]]:
    """The first address becomes the primary one: that of the profile whose value wins, if it has any."""
    key = email_key if name == "emails" else phone_key
    alone = only_winner(name, profiles, context.wins)
    rules = in_order(_standard_rules(TargetObject.PERSON, name, context)) if alone else []
    best = [key(str(value)) for rule in rules for value in _values(rule, alone, context, Losses())]
    rest = [spelled for spelled in found if spelled not in best]
    return [found[spelled] for spelled in dict.fromkeys([*best, *rest])]


def _with_one_primary(rows: list[dict[str, JsonValue]]) -> Iterator[JsonValue]:
    for number, row in enumerate(rows):
        yield {**row, "primary": number == 0}


def _standard_rules(target: TargetObject, name: str, context: Context) -> list[FieldRule]:
    return [r for r in context.field_map.of_object(target) if not r.custom and r.field == name]


def _standard_value(
    target: TargetObject, name: str, profiles: Sequence[Profile], context: Context, losses: Losses
) -> JsonValue:
    return _shared(_standard_rules(target, name, context), profiles, context, losses)


def _shared(
    rules: Sequence[FieldRule], profiles: Sequence[Profile], context: Context, losses: Losses
) -> JsonValue:
    """What the rules of one place make together; each source field adds its first value."""
    ordered, merge = in_order(rules), merge_among(rules)
    values = (_first(rule, profiles, context, losses) for rule in ordered)
    if merge == Merge.FIRST:
        return next((value for value in values if value is not None), None)
    value = merged(list(values), merge)
    if isinstance(value, str) and len(value) > _LONGEST.get(ordered[0].type, LONG):
        losses.add(ordered[-1])
        return None
    return value


def _names(profiles: Sequence[Profile], context: Context, losses: Losses) -> dict[str, str]:
    # A name wins whole: the first name of one beside the last name of another would be nobody's.
    if alone := only_winner("name", profiles, context.wins):
        won = _names(alone, replace(context, wins={}), losses)
        if any(won.values()):
            return won
    found = {}
    for name in NAME_FIELDS:
        value = _standard_value(TargetObject.PERSON, name, profiles, context, losses)
        found[name] = str(value).strip() if value is not None else ""
    return found


def _full_name(names: Mapping[str, str]) -> str:
    joined = " ".join(part for part in (names["first_name"], names["last_name"]) if part)
    return joined or names["name"]


def _owner(profiles: Sequence[Profile], context: Context, losses: Losses) -> JsonValue:
    owner = _standard_value(TargetObject.PERSON, "owner", profiles, context, losses)
    return context.known.owner_for(str(owner)) if owner else context.known.fallback_owner or None


def _labels(profiles: Sequence[Profile], context: Context) -> list[str]:
    labels: dict[str, None] = {}
    for rule in context.field_map.of_kind(SourceKind.TAG):
        for profile in profiles:
            for _, tag in profile.tags:
                kept = resolved_tag(tag, context.resolutions)
                converted = (
                    convert(rule.transform, kept, dict(rule.args), context.tools).value if kept else None
                )
                if converted:
                    labels[str(converted)] = None
    return sorted(labels)


def resolved_tag(tag: str, resolutions: Resolutions) -> str:
    """The tag that a person chose to keep it as; "" where it was dropped or is still an open case."""
    seen: set[str] = set()
    while tag not in seen:
        seen.add(tag)
        if resolutions.is_open(CaseKind.RARE_TAG, tag):
            return ""
        resolution = resolutions.get(CaseKind.RARE_TAG, tag)
        if resolution is None or resolution.action == Decide.KEEP:
            return tag
        if resolution.action != Decide.MERGE_TAG:
            return ""
        tag = str(resolution.args.get("into", ""))
    return tag


def _custom_values(
    target: TargetObject, profiles: Sequence[Profile], context: Context, losses: Losses
) -> dict[str, JsonValue]:
    places: dict[str, list[FieldRule]] = {}
    for rule in context.field_map.of_object(target):
        if rule.custom:
            places.setdefault(rule.ref, []).append(rule)
    found: dict[str, JsonValue] = {}
    for ref, rules in places.items():
        read = _address if is_address(rules[0]) else _shared
        value = read(rules, profiles, context, losses)
        if value is not None and value != "":
            found[ref] = _typed(value, rules[0], context)
    return found


def _typed(value: JsonValue, rule: FieldRule, context: Context) -> JsonValue:
    if rule.type == FieldType.SET and not isinstance(value, list):
        return [value]
    if rule.type == FieldType.MONETARY and not isinstance(value, dict):
        return {"value": value, "currency": dict(rule.args).get("currency", context.currency)}
    return value


def decided_consent(consents: Sequence[Consent], *, suppressed: bool) -> tuple[str, str]:
    """(Yes, No or "", date or "") for one channel over all Sections and topics: any opt-out or suppression wins,
    a pending opt-in permits nothing (mission.md, Consent record)."""
    refusing = [c for c in consents if not c.state.permits]
    deciding = refusing or list(consents)
    newest = max((c.modified_at for c in deciding), default="")[:10]
    if suppressed or refusing:
        # The date of an opt-in says nothing of a suppression, which has none.
        return "No", newest if refusing else ""
    return ("Yes", newest) if deciding else ("", "")


def _consent_values(
    profiles: Sequence[Profile], refused: frozenset[Channel], context: Context
) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for rule in context.field_map.of_kind(SourceKind.CONSENT):
        channel = Channel.SMS if "sms" in rule.source else Channel.EMAIL
        consents = [c for p in profiles for c in p.consents if c.channel == channel]
        suppressed = channel in refused or any(channel in p.suppressed for p in profiles)
        answer, date = decided_consent(consents, suppressed=suppressed)
        found[rule.ref] = (date if rule.source.endswith("_date") else answer) or None
    return found


def _channel_values(
    profiles: Sequence[Profile],
    emails: Sequence[Mapping[str, JsonValue]],
    phones: Sequence[Mapping[str, JsonValue]],
    context: Context,
) -> dict[str, JsonValue]:
    reachable = {Channel.EMAIL: bool(emails), Channel.SMS: bool(phones)}
    found: dict[str, JsonValue] = {}
    for rule in context.field_map.of_kind(SourceKind.CHANNEL):
        channel = Channel.SMS if "sms" in rule.source else Channel.EMAIL
        suppressed = any(channel in p.suppressed for p in profiles)
        found[rule.ref] = "Yes" if reachable[channel] and not suppressed else "No"
    return found


def _section_values(profiles: Sequence[Profile], context: Context) -> dict[str, JsonValue]:
    names = sorted({context.section_names.get(s, s) for p in profiles for s in p.sections})
    rules = context.field_map.of_kind(SourceKind.SECTION)
    return {rule.ref: list(names) for rule in rules} if names else {}


def _company(profiles: Sequence[Profile], context: Context, losses: Losses) -> str:
    name = _standard_value(TargetObject.ORGANIZATION, "name", profiles, context, losses)
    return str(name).strip() if name else ""


def _organization(profiles: Sequence[Profile], context: Context, losses: Losses) -> TargetRecord | None:
    found = _company(profiles, context, losses)
    # The name decides identity, and not a CRM's id: only the name is on both sides, and on every profile.
    key = context.companies.key_of(found) if found else ""
    if not key:
        return None
    # Whoever was merged and belongs to another company says nothing of this one.
    profiles = [p for p in profiles if len(profiles) == 1 or _belongs(p, key, context)]
    body: dict[str, JsonValue] = {"name": context.companies.name_of(found)}
    rules = _standard_rules(TargetObject.ORGANIZATION, "address", context)
    address = _address(rules, profiles, context, losses)
    if address:
        body["address"] = address
    body["custom"] = dict(
        sorted(_custom_values(TargetObject.ORGANIZATION, profiles, context, losses).items())
    )
    return TargetRecord(Kind.ORGANIZATION, key, body)


def _belongs(profile: Profile, key: str, context: Context) -> bool:
    own = company_of([profile], context)
    return not own or context.companies.key_of(own) == key


STREET = ("full", "street", "house_number", "house_number_suffix", "street2")
TOWN = ("postal_code", "city")
LAND = ("state", "country")


def _address(
    rules: Iterable[FieldRule], profiles: Sequence[Profile], context: Context, losses: Losses
) -> str:
    """One line from the parts that the map names: street, postal code and town, country."""
    fillers: dict[str, list[FieldRule]] = {}
    for rule in rules:
        fillers.setdefault(part_of(rule), []).append(rule)
    found = {part: _shared(r, profiles, context, losses) for part, r in fillers.items()}
    parts = {part: str(value).strip() for part, value in found.items() if value is not None}
    groups = [" ".join(parts[p] for p in group if parts.get(p)) for group in (STREET, TOWN, LAND)]
    return ", ".join(group for group in groups if group)


DEAL_FIELDS = ("title", "value", "currency", "status", "stage", "pipeline", "expected_close_date", "owner")
WON = frozenset("won vunnen vunnet vundet voitettu gewonnen".split())
LOST = frozenset("lost förlorad tapt tabt hävitty verloren".split())


def _deals(
    profiles: Sequence[Profile],
    person: TargetRecord,
    organization: TargetRecord | None,
    context: Context,
    losses: Losses,
) -> Iterator[TargetRecord]:
    for profile in profiles:
        body = _deal_values(profile, context, losses)
        deal_id = _standard_value(TargetObject.DEAL, "id", [profile], context, losses)
        if not (deal_id or "title" in body or "value" in body):
            continue
        body.setdefault("title", f"Deal with {person.body['name']}")
        body |= {"person": person.key, "organization": organization.key if organization else None}
        body["custom"] = dict(sorted(_custom_values(TargetObject.DEAL, [profile], context, losses).items()))
        yield TargetRecord(Kind.DEAL, str(deal_id or f"{profile.source_key}/{body['title']}"), body)


def _deal_values(profile: Profile, context: Context, losses: Losses) -> dict[str, JsonValue]:
    """The standard values of a deal, as far as the target knows the stage, pipeline and owner that they name."""
    found: dict[str, JsonValue] = {}
    for name in DEAL_FIELDS:
        value = _standard_value(TargetObject.DEAL, name, [profile], context, losses)
        if value is not None:
            found[name] = value
    known, pipeline = context.known, str(found.get("pipeline", ""))
    if pipeline and not known.has_pipeline(pipeline):
        del found["pipeline"]
        pipeline = ""
    if "stage" in found and not known.has_stage(str(found["stage"]), pipeline):
        del found["stage"]
    if "status" in found:
        found["status"] = deal_status(str(found["status"]))
    if "value" in found:
        found["currency"] = str(found.get("currency") or context.currency).upper()
    found["owner"] = (
        known.owner_for(str(found["owner"])) if "owner" in found else known.fallback_owner or None
    )
    return {name: value for name, value in found.items() if value is not None}


def deal_status(word: str) -> str:
    """open, won or lost: the three that the target has, from the words of the CRMs' languages."""
    folded = word.strip().casefold()
    return "won" if folded in WON else "lost" if folded in LOST else "open"
