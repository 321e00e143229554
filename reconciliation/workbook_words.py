"""How a case reads in a spreadsheet, and what the cells that a person fills in mean. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrator.engine.cases import CaseKind, Decide
from migrator.sheet_stream import Column
from migrator.sheets import shown
from reconciliation.arguments import InvalidDecisionError
from reconciliation.choices import ACTIONS, KINDS, ItemState, heading_of, past_of
from reconciliation.effects import Evidence, counted, type_label
from reconciliation.models import ReviewItem
from reconciliation.policies import ALLOWED

FORMAT, README, STAMP = "crosswalk-queue 1", "Read me", "Stamp"
ID, VERSION, DECISION, VALUE, COMMENT = "ID", "Version", "Decision", "Value", "Comment"
READ_BACK = (ID, VERSION, DECISION, VALUE, COMMENT)
AS_SUGGESTED = "As suggested"
_LONGEST, _MOST = 600, 9
_WORDS: dict[tuple[CaseKind, Decide], str] = {
    (CaseKind.NO_EMAIL, Decide.NAME_ONLY): "Import by name only",
    (CaseKind.NO_NAME, Decide.DERIVE_NAME): "Use derived name",
    (CaseKind.DUPLICATE, Decide.KEEP_APART): "Keep apart",
    (CaseKind.ORGANIZATION, Decide.MERGE): "Same company",
    (CaseKind.ORGANIZATION, Decide.KEEP_APART): "Separate",
    (CaseKind.TYPE_CONFLICT, Decide.SPLIT): "Split by Section",
    (CaseKind.TYPE_CONFLICT, Decide.DROP): "Do not migrate",
}
# The argument that the Value cell of an act is.
_ENTERED: dict[Decide, str] = {
    Decide.SUPPLY_EMAIL: "email",
    Decide.SUPPLY_NAME: "name",
    Decide.DERIVE_NAME: "name",
    Decide.RENAME: "name",
    Decide.SKIP: "reason",
    Decide.MERGE_TAG: "into",
}
_CHOSEN = (Decide.MERGE, Decide.AS_TYPE)


def words_of(kind: CaseKind) -> dict[str, Decide | None]:
    """The drop-down of a kind; None accepts the suggestion of the case."""
    acts = {_WORDS.get((kind, act), ACTIONS[act].button): act for act in (*ALLOWED[kind], Decide.UNSURE)}
    return {AS_SUGGESTED: None} | acts


def word_of(kind: CaseKind, act: Decide) -> str:
    return next(word for word, other in words_of(kind).items() if other == act)


def columns_of(kind: CaseKind) -> tuple[Column, ...]:
    return (
        Column(ID, 10),
        Column(VERSION, 9),
        Column("Case", 30),
        Column("What is known", 50),
        Column("Suggestion", 28),
        Column("Sure, percent", 9),
        Column("Reasons", 44),
        Column("Candidates", 44),
        Column("Profiles", 10),
        Column("Events", 10),
        Column("Tokens", 10),
        Column(DECISION, 22, open=True, words=tuple(words_of(kind))),
        Column(VALUE, 30, open=True),
        Column(COMMENT, 36, open=True),
        Column("State", 20),
    )


def row_of(item: ReviewItem) -> tuple[str | int, ...]:
    """The cells of one case, as `columns_of` names them."""
    kind = CaseKind(item.kind)
    reasons = [str(reason["text"]).replace("**", "") for reason in item.suggestion.get("reasons") or ()]
    decision, value = standing_of(item)
    return (
        item.pk,
        item.lock_version,
        shown(item.title, _LONGEST),
        shown("\n".join(_KNOWN[kind](item.evidence)), _LONGEST),
        heading_of(kind, item.suggested_action),
        item.confidence,
        shown("\n".join(reasons), _LONGEST),
        shown("\n".join(_listed(kind, item)), _LONGEST),
        item.impact_profiles,
        item.impact_events,
        item.impact_tokens,
        decision,
        value,
        "",
        shown(state_of(item)),
    )


def state_of(item: ReviewItem) -> str:
    if item.state != ItemState.DECIDED or item.decided_by is None:
        return item.get_state_display()
    return f"Decided: {past_of(item.action)}, {item.decided_by.first_name or item.decided_by.get_username()}"


# What stands, and what is entered


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a number in the Value cell chooses, counted from 1."""

    action: Decide
    args: Mapping[str, Any]
    label: str


def choices_of(item: ReviewItem) -> list[Choice]:
    """The candidates of the suggestion in its order, then the others that the case knows."""
    found = [_choice(c["action"], c["args"], c) for c in item.suggestion.get("candidates") or ()]
    for other in _OTHERS.get(CaseKind(item.kind), lambda _: ())(item.evidence):
        if not any(other.action == c.action and _same(other.args, c.args) for c in found):
            found.append(other)
    return found[:_MOST]


def _choice(action: str, args: Mapping[str, Any], row: Evidence) -> Choice:
    label = str(row.get("label") or row.get("name") or row.get("email") or "")
    detail = str(row.get("detail") or row.get("why") or "").replace("**", "")
    return Choice(Decide(action), args, f"{label} ({detail})" if detail else label)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """The same record, whatever else the arguments of a merge name."""
    for name in ("target_id", "into", "survivor", "type"):
        if one.get(name) or other.get(name):
            return one.get(name) == other.get(name)
    return dict(one) == dict(other)


def _other_records(evidence: Evidence) -> Iterator[Choice]:
    for row in evidence.get("candidates") or ():
        key = "into" if row.get("source_key") else "target_id"
        yield _choice(Decide.MERGE, {key: str(row.get("source_key") or row.get("target_id"))}, row)


def _other_members(evidence: Evidence) -> Iterator[Choice]:
    """Each profile as the one that stays, or each Person that they may be."""
    members = [str(m["source_key"]) for m in evidence.get("members") or ()]
    if evidence.get("match") != "target":
        for row in evidence.get("members") or ():
            yield _choice(Decide.MERGE, {"survivor": str(row["source_key"]), "members": members}, row)
    elif members:
        for row in evidence.get("targets") or ():
            args = {"survivor": members[0], "members": members, "target_id": str(row["target_id"])}
            yield _choice(Decide.MERGE, args, row)


def _other_types(evidence: Evidence) -> Iterator[Choice]:
    for row in evidence.get("choices") or ():
        named = type_label(str(row.get("type") or ""))
        args = {"type": str(row["type"])} if row["action"] == Decide.AS_TYPE else {}
        yield _choice(row["action"], args, {"label": named or ACTIONS[Decide(row["action"])].button})


def _other_companies(evidence: Evidence) -> Iterator[Choice]:
    names = [str(m["name"]) for m in evidence.get("members") or ()]
    for name in names:
        yield Choice(Decide.MERGE, {"name": name, "members": names}, name)


_OTHERS: dict[CaseKind, Callable[[Evidence], Iterable[Choice]]] = {
    CaseKind.NO_EMAIL: _other_records,
    CaseKind.DUPLICATE: _other_members,
    CaseKind.TYPE_CONFLICT: _other_types,
    CaseKind.ORGANIZATION: _other_companies,
}


def _listed(kind: CaseKind, item: ReviewItem) -> list[str]:
    """What the Value cell may name. A tag is written out: one may be called 2."""
    choices = choices_of(item)
    if kind == CaseKind.RARE_TAG:
        return [choice.label for choice in choices]
    if kind == CaseKind.CONSENT:
        return []
    return [f"{number}: {choice.label}" for number, choice in enumerate(choices, 1)]


def standing_of(item: ReviewItem) -> tuple[str, str]:
    """The Decision and Value cells of what was decided; empty ones while the case is open."""
    if not item.action:
        return "", ""
    kind, act = CaseKind(item.kind), Decide(item.action)
    if act in _ENTERED:
        return word_of(kind, act), str(item.args.get(_ENTERED[act]) or "")
    if act == Decide.AS_TYPE:
        return word_of(kind, act), type_label(str(item.args.get("type") or ""))
    if kind == CaseKind.ORGANIZATION and act == Decide.MERGE:
        return word_of(kind, act), str(item.args.get("name") or "")
    numbers = (n for n, c in enumerate(choices_of(item), 1) if act in _CHOSEN and _same(c.args, item.args))
    return word_of(kind, act), str(next(numbers, ""))


def meant(item: ReviewItem, word: str, value: str) -> tuple[Decide | None, dict[str, Any]]:
    """The act and the arguments that two cells ask for; no arguments take the usual ones.

    Raises InvalidDecisionError, whose field is "action" or "value".
    """
    acts = {text.casefold(): act for text, act in words_of(CaseKind(item.kind)).items()}
    if word.strip().casefold() not in acts:
        known = ", ".join(words_of(CaseKind(item.kind)))
        raise InvalidDecisionError("action", f"“{shown(word, 60)}” is not in the list. Choose {known}.")
    act = acts[word.strip().casefold()]
    if not value.strip():
        return act, {}
    if act in _ENTERED:
        # Blanks stay: a tag may differ from another by one alone.
        return act, {_ENTERED[act]: value if act == Decide.MERGE_TAG else value.strip()}
    if act in _CHOSEN:
        return act, _chosen(item, act, value.strip())
    raise InvalidDecisionError("value", f"“{word.strip()}” takes no value. Empty the cell.")


def _chosen(item: ReviewItem, act: Decide, value: str) -> dict[str, Any]:
    """The candidate of that number, or of that name where its name is all that it has."""
    choices = choices_of(item)
    if value.isdecimal() and 0 < int(value) <= len(choices):
        choice = choices[int(value) - 1]
        if choice.action == act:
            return dict(choice.args)
        label = word_of(CaseKind(item.kind), choice.action)
        raise InvalidDecisionError(
            "value", f"Candidate {value} belongs to “{label}”. Choose that, or another."
        )
    for choice in choices:
        named = str(choice.args.get("name") or type_label(str(choice.args.get("type") or "")))
        if choice.action == act and named and named.casefold() == value.casefold():
            return dict(choice.args)
    raise InvalidDecisionError(
        "value", f"“{shown(value, 60)}” is no candidate of this case. Write the number of one."
    )


# What is known


def _about_profile(evidence: Evidence) -> Iterator[str]:
    for label, name in (("Email", "email"), ("Phone", "phone"), ("Company", "company"), ("CRM id", "crm_id")):
        if evidence.get(name):
            yield f"{label}: {evidence[name]}"
    for label, name in (("Sections", "sections"), ("Tags", "tags"), ("Consents", "consents")):
        if evidence.get(name):
            yield f"{label}: {_joined(evidence[name])}"
    events, newest = int(evidence.get("event_count") or 0), str(evidence.get("last_event") or "")[:10]
    yield f"{counted(events, 'event')}, newest {newest}" if events and newest else counted(events, "event")


def _about_duplicates(evidence: Evidence) -> Iterator[str]:
    for line in evidence.get("why") or ():
        yield str(line).replace("**", "")
    for member in evidence.get("members") or ():
        known = [member.get(name) for name in ("name", "email", "phone", "company")]
        events = counted(int(member.get("event_count") or 0), "event")
        yield f"Profile: {_joined([*known, events])}"
    for target in evidence.get("targets") or ():
        known = [target.get(name) for name in ("name", "email", "phone", "company")]
        yield f"Person in Pipedrive: {_joined(known)}"


def _about_type(evidence: Evidence) -> Iterator[str]:
    for variant in evidence.get("variants") or ():
        top = _joined(f"{value} ({number:,})" for value, number in (variant.get("top") or ())[:3])
        filled = counted(int(variant.get("filled") or 0), "value")
        yield f"{variant.get('section')}: {type_label(str(variant.get('type')))}, {filled}: {top}"
    for choice in evidence.get("choices") or ():
        named = type_label(str(choice.get("type") or "")) or ACTIONS[Decide(choice["action"])].button
        yield f"{named}: {counted(int(choice.get('lost') or 0), 'value')} lost {_joined(choice.get('samples'))}"


def _about_tag(evidence: Evidence) -> Iterator[str]:
    yield f"On {counted(int(evidence.get('count') or 0), 'profile')}: {_joined(evidence.get('sections'))}"
    together = [row.get("tag") for row in evidence.get("together") or ()]
    if together:
        yield f"Used with: {_joined(together)}"


def _about_companies(evidence: Evidence) -> Iterator[str]:
    for line in evidence.get("why") or ():
        yield str(line).replace("**", "")
    for member in evidence.get("members") or ():
        amount = counted(int(member.get("profiles") or 0), "profile")
        here = "in Pipedrive" if member.get("target_id") else ""
        yield _joined([member.get("name"), amount, *(member.get("domains") or ()), here])


def _about_consent(evidence: Evidence) -> Iterator[str]:
    yield f"Channel: {evidence.get('channel')}"
    for answer in evidence.get("answers") or ():
        yield f"{answer.get('where')}: {answer.get('state')}"
    samples = _joined(row.get("name") for row in evidence.get("samples") or ())
    yield f"{counted(int(evidence.get('profiles') or 0), 'profile')}: {samples}"


_KNOWN: dict[CaseKind, Callable[[Evidence], Iterable[str]]] = {
    CaseKind.NO_EMAIL: _about_profile,
    CaseKind.NO_NAME: _about_profile,
    CaseKind.DUPLICATE: _about_duplicates,
    CaseKind.TYPE_CONFLICT: _about_type,
    CaseKind.RARE_TAG: _about_tag,
    CaseKind.ORGANIZATION: _about_companies,
    CaseKind.CONSENT: _about_consent,
}


def _joined(parts: Any) -> str:
    return ", ".join(str(part) for part in parts or () if part)


def readme_of(title: str, cases: int, kinds: Iterable[CaseKind]) -> tuple[str, ...]:
    """The lines of the sheet that explains the others."""
    return (
        f"These are {counted(cases, 'case')} of {title} that wait for a decision.",
        "Choose a Decision in the white cells, save, and upload the file on the page where you downloaded it. You "
        "see what would change, and nothing counts before you apply it.",
        "Empty: the case stays as it is. “As suggested” does what the Suggestion column says.",
        "Value: the email, the name, the tag, the type or the reason that the decision needs. For Merge and Same "
        "company, the number of a candidate; empty takes the suggested one.",
        "Comment: becomes a note beside the case, with or without a decision.",
        "Grey cells only inform. Do not change the ID and the Version: they tie a line to its case. A case that "
        "somebody decided after the download is left as it is and listed.",
        "Lines without a decision may be left out. A file holds 10 MB at most.",
        *(f"{KINDS[kind].label}: {', '.join(words_of(kind))}" for kind in kinds),
    )
