"""One sentence for every act: what it will write, before anybody presses anything. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from migrator.engine.cases import CaseKind, Decide

Evidence = Mapping[str, Any]
# What becomes of a case that nobody decides.
_HELD_BACK = "Until somebody decides, its profiles are held back."
_UNTIL_DECIDED = {
    CaseKind.RARE_TAG: "Until somebody decides, its profiles go without this tag.",
    CaseKind.TYPE_CONFLICT: "Until somebody decides, the field map cannot be signed.",
}


def effect_of(kind: CaseKind, evidence: Evidence, action: Decide, args: Evidence) -> str:
    """What the act will do. `**` marks what the screen prints strong."""
    if action == Decide.UNSURE:
        return f"Writes nothing. The case waits under Unsure. {_UNTIL_DECIDED.get(kind, _HELD_BACK)}"
    match kind:
        case CaseKind.NO_EMAIL | CaseKind.NO_NAME:
            return _for_profile(evidence, action, args)
        case CaseKind.DUPLICATE:
            return _for_duplicates(evidence, action, args)
        case CaseKind.TYPE_CONFLICT:
            return _for_type(evidence, action, args)
        case CaseKind.RARE_TAG:
            return _for_tag(evidence, action, args)
        case CaseKind.ORGANIZATION:
            return _for_organizations(evidence, action, args)
        case CaseKind.CONSENT:
            return _for_consents(evidence, action)


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _for_profile(evidence: Evidence, action: Decide, args: Evidence) -> str:
    match action:
        case Decide.SKIP:
            return "Writes nothing. The profile is listed in the skipped-records file."
        case Decide.MERGE:
            return f"{_moves(evidence)} to **{merge_target(evidence, args)}**. No new Person is created."
        case Decide.SUPPLY_EMAIL:
            email = f"**{args['email']}**" if args.get("email") else "what you enter"
            return f"{_creates(evidence, str(evidence.get('name', '')))} Email is {email}."
        case Decide.SUPPLY_NAME | Decide.DERIVE_NAME:
            return _creates(evidence, str(args.get("name", "")))
    return f"{_creates(evidence, str(evidence.get('name', '')))} Email stays empty."


def _creates(evidence: Evidence, name: str) -> str:
    parts = ["email"] if evidence.get("email") else []
    parts += ["phone"] if evidence.get("phone") else []
    tags = len(evidence.get("tags") or ())
    parts += [counted(tags, "label")] if tags else []
    events = int(evidence.get("event_count") or 0)
    parts += [f"the history of {counted(events, 'event')}"] if events else []
    who = f"Person **{name}**" if name else "a Person"
    return f"Creates {who} with {listed(parts)}." if parts else f"Creates {who}."


def _moves(evidence: Evidence) -> str:
    events = int(evidence.get("event_count") or 0)
    return f"Adds {counted(events, 'event')} and the tags" if events else "Adds the values and tags"


def merge_target(evidence: Evidence, args: Evidence) -> str:
    """The name of the record that a merge goes into."""
    for candidate in evidence.get("candidates") or ():
        same_profile = args.get("into") and candidate.get("source_key") == args["into"]
        same_person = args.get("target_id") and str(candidate.get("target_id")) == str(args["target_id"])
        if same_profile or same_person:
            return str(candidate.get("name") or candidate.get("email") or "the other profile")
    return "the other profile"


def _for_duplicates(evidence: Evidence, action: Decide, args: Evidence) -> str:
    members = list(evidence.get("members") or ())
    if action == Decide.KEEP_APART:
        shared = _SHARED_VALUE.get(str(evidence.get("match")), "value")
        return f"Creates {counted(max(1, len(members)), 'Person', 'Persons')} that share this {shared}."
    chosen = [m for m in members if str(m["source_key"]) in (args.get("members") or [m["source_key"]])]
    rest = (
        ""
        if len(chosen) == len(members)
        else f" {counted(len(members) - len(chosen), 'other stays', 'others stay')} apart."
    )
    if args.get("target_id"):
        person = _by_id(evidence.get("targets"), "target_id", args["target_id"])
        who = person.get("name") or person.get("email", "")
        return f"Adds to the Person **{who}** that is already in Pipedrive.{rest}"
    survivor = _by_id(members, "source_key", args.get("survivor"))
    events = sum(int(m.get("event_count") or 0) for m in chosen)
    name = survivor.get("name") or survivor.get("email") or "the one that stays"
    return (
        f"Creates one Person **{name}** with the history of {counted(events, 'event')}. "
        f"{_fields_taken(members, args)}Empty fields are filled from the others.{rest}"
    )


_SHARED_VALUE = {"email": "email", "phone": "phone number", "crm_id": "CRM id", "company": "company"}
FIELD_LABELS = {"name": "Name", "email": "Email", "phone": "Phone", "company": "Company", "crm_id": "CRM id"}


def _fields_taken(members: Sequence[Evidence], args: Evidence) -> str:
    """Which fields another profile than the one that stays wins."""
    taken = [
        f"{FIELD_LABELS.get(field, field)} is **{_by_id(members, 'source_key', key).get(field, '')}**"
        for field, key in (args.get("fields") or {}).items()
    ]
    return f"{listed(taken)}. " if taken else ""


def _by_id(rows: Any, field: str, wanted: Any) -> Evidence:
    return next((row for row in rows or () if str(row.get(field)) == str(wanted)), {})


def _for_type(evidence: Evidence, action: Decide, args: Evidence) -> str:
    name = f"**{evidence.get('name', '')}**"
    if action == Decide.DROP:
        return f"{name} is not migrated. Its values stay in the archive file."
    if action == Decide.SPLIT:
        fields = counted(len(evidence.get("variants") or ()), "field")
        return f"Creates {fields}, one per Section. Nothing is lost."
    lost = int(choice_of(evidence, action, args).get("lost") or 0)
    rest = f"{counted(lost, 'value')} would be empty." if lost else "Nothing is lost."
    return f"Makes {name} one field of type {type_label(str(args.get('type', '')))}. {rest}"


def choice_of(evidence: Evidence, action: Decide, args: Evidence) -> Evidence:
    """The evidence's own account of one choice of a type conflict."""
    for choice in evidence.get("choices") or ():
        if choice.get("action") == action and (choice.get("type") or "") == (args.get("type") or ""):
            return dict(choice)
    return {}


def type_label(value_type: str) -> str:
    return {"yes_no": "yes/no"}.get(value_type, value_type.replace("_", " "))


def _for_tag(evidence: Evidence, action: Decide, args: Evidence) -> str:
    people = counted(int(evidence.get("count") or 0), "profile")
    match action:
        case Decide.DROP:
            return f"No label is made. {people} go without this tag."
        case Decide.MERGE_TAG:
            return f"{people} get the label **{args.get('into', '')}** instead."
    return f"Makes the label **{evidence.get('tag', '')}** for {people}."


# Organizations


def _for_organizations(evidence: Evidence, action: Decide, args: Evidence) -> str:
    members = list(evidence.get("members") or ())
    if action == Decide.KEEP_APART:
        return f"Creates {counted(len(members), 'Organization')}, one for each name. Nobody is asked again."
    wanted = args.get("members") or [m["name"] for m in members]
    chosen = [m for m in members if m["name"] in wanted]
    profiles = counted(sum(int(m.get("profiles") or 0) for m in chosen), "profile")
    name = str(args.get("name") or "")
    there = next((m for m in chosen if m.get("target_id") and m["name"] == name), None)
    where = "that is already in Pipedrive" if there else "in Pipedrive"
    who = f"the one Organization **{name}** {where}" if name else "one Organization with the name you enter"
    rest = len(members) - len(chosen)
    apart = f" {counted(rest, 'other name stays', 'other names stay')} apart." if rest else ""
    return f"Links {profiles} to {who}.{apart}"


# Consents

CHANNELS = {"email": "email", "sms": "SMS"}


def answers_by_state(evidence: Evidence) -> dict[str, list[str]]:
    """Who says what, the restrictive answer first: {"No": ["Sweden"], "Yes": ["Norway"]}."""
    found: dict[str, list[str]] = {"No": [], "Unknown": [], "Yes": []}
    for answer in evidence.get("answers") or ():
        found.setdefault(str(answer.get("state")), []).append(str(answer.get("where") or ""))
    return {state: places for state, places in found.items() if places}


def _for_consents(evidence: Evidence, action: Decide) -> str:
    people = counted(int(evidence.get("profiles") or 0), "profile")
    if action == Decide.SKIP:
        return f"Writes nothing. {people} stay out of Pipedrive and are listed in the skipped-records file."
    yes = answers_by_state(evidence).get("Yes", [])
    also = f", also where {listed(yes)} said Yes" if yes else ""
    if action == Decide.RESTRICT_ALL:
        return f"Writes **No** for email and for SMS to {people}{also}. Neither reaches them any more."
    channel = CHANNELS.get(str(evidence.get("channel")), str(evidence.get("channel") or ""))
    return f"Writes **No** for {channel} to {people}{also}. {channel[:1].upper()}{channel[1:]} reaches none of them."
