"""One sentence for every act: what it will write, before anybody presses anything. Pure."""

from collections.abc import Mapping
from typing import Any

from migrator.engine.cases import CaseKind, Decide

Evidence = Mapping[str, Any]


def effect_of(kind: CaseKind, evidence: Evidence, action: Decide, args: Evidence) -> str:
    """What the act will do. `**` marks what the screen prints strong."""
    match kind:
        case CaseKind.NO_EMAIL | CaseKind.NO_NAME:
            return _for_profile(evidence, action, args)
        case CaseKind.DUPLICATE | CaseKind.ORGANIZATION:
            return _for_duplicates(evidence, action, args)
        case CaseKind.TYPE_CONFLICT:
            return _for_type(evidence, action, args)
        case CaseKind.RARE_TAG:
            return _for_tag(evidence, action, args)


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _for_profile(evidence: Evidence, action: Decide, args: Evidence) -> str:
    match action:
        case Decide.SKIP:
            return "Writes nothing. The profile is listed in the skipped-records file."
        case Decide.MERGE:
            return f"{_moves(evidence)} to **{merge_target(evidence, args)}**. No new Person is created."
        case Decide.SUPPLY_EMAIL:
            return (
                f"{_creates(evidence, str(evidence.get('name', '')))} Email is **{args.get('email', '')}**."
            )
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
    return f"Creates {who} with {_listed(parts)}." if parts else f"Creates {who}."


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
        shared = "email" if evidence.get("match") == "email" else "value"
        return f"Creates {counted(max(1, len(members)), 'Person', 'Persons')} that share this {shared}."
    if args.get("target_id"):
        person = _by_id(evidence.get("targets"), "target_id", args["target_id"])
        who = person.get("name") or person.get("email", "")
        return f"Adds to the Person **{who}** that is already in Pipedrive."
    survivor = _by_id(members, "source_key", args.get("survivor"))
    events = sum(int(m.get("event_count") or 0) for m in members)
    name = survivor.get("name") or survivor.get("email") or "the first profile"
    return (
        f"Creates one Person **{name}** with the history of {counted(events, 'event')}. "
        "Empty fields are filled from the others."
    )


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


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
