"""How a row of the map reads on a screen: names, details, icons, addresses. No query beyond the row it is
given."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from mapping_review.choices import Group
from mapping_review.models import DecisionEvent
from mapping_review.proposers.proposal import AGAINST, Reason
from mapping_review.queries import Row
from mapping_review.settling import BY_PERSON
from migrator.engine.cases import CaseKind
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetObject, ValueType

TYPE_WORDS: dict[ValueType, tuple[str, str]] = {
    ValueType.TEXT: ("Text", "letter-t"),
    ValueType.LONG_TEXT: ("Long text", "letter-t"),
    ValueType.NUMBER: ("Number", "hash"),
    ValueType.MONEY: ("Amount", "hash"),
    ValueType.DATE: ("Date", "calendar"),
    ValueType.DATETIME: ("Date and time", "calendar"),
    ValueType.YES_NO: ("Yes or no", "toggle-left"),
    ValueType.OPTION: ("One option", "list"),
    ValueType.OPTIONS: ("List", "list"),
    ValueType.PHONE: ("Phone", "phone"),
    ValueType.EMAIL: ("Email", "mail"),
    ValueType.URL: ("Web address", "link"),
    ValueType.EMPTY: ("No values", "letter-t"),
}
FIELD_WORDS: dict[FieldType, tuple[str, str]] = {
    FieldType.VARCHAR: ("Text", "letter-t"),
    FieldType.TEXT: ("Long text", "letter-t"),
    FieldType.DOUBLE: ("Number", "hash"),
    FieldType.MONETARY: ("Amount", "hash"),
    FieldType.DATE: ("Date", "calendar"),
    FieldType.ENUM: ("One option", "list"),
    FieldType.SET: ("Several options", "list"),
    FieldType.PHONE: ("Phone", "phone"),
    FieldType.ADDRESS: ("Address", "map-2"),
    FieldType.USER: ("User", "user"),
}
OBJECT_WORDS = {
    TargetObject.PERSON: "Person",
    TargetObject.ORGANIZATION: "Organization",
    TargetObject.DEAL: "Deal",
}
STANDARD_WORDS = {
    "emails": "Email",
    "phones": "Phone",
    "labels": "Labels",
    "owner": "Owner",
    "activity:task": "Activity, task",
    "activity:call": "Activity, call",
    "activity:meeting": "Activity, meeting",
    "note": "Note",
    "id": "ID in the source",
}
KIND_ICONS = {
    SourceKind.CONSENT: "shield-check",
    SourceKind.CHANNEL: "toggle-left",
    SourceKind.TAG: "tag",
    SourceKind.EVENT: "activity",
    SourceKind.SECTION: "list",
}
GROUP_NOTES = {
    Group.CONFLICT: "same name, different types. Settle these first",
    Group.REVIEW: "least certain first",
    Group.PERSON: "consent is never approved in bulk",
    Group.APPROVED: "",
    Group.SKIPPED: "",
}
_SHOWN = 4


@dataclass(frozen=True)
class Words:
    """One side of a row: what it is called, the line beneath, its icon; `state` is prop, off or nothing."""

    name: str
    detail: str
    icon: str = ""
    state: str = ""
    label: str = ""


@dataclass(frozen=True)
class Cell:
    """One row for the table and for its inspector, in the words of their templates."""

    row: Row
    slug: str
    comments: int = field(default=0, kw_only=True)
    # What its links and forms carry on: the filters of the list, "?kind=consent".
    query: str = field(default="", kw_only=True)

    @property
    def id(self) -> int:
        return self.row.decision.pk

    @property
    def version(self) -> int:
        return self.row.decision.lock_version

    @property
    def state(self) -> str:
        return self.row.decision.state

    @property
    def group(self) -> str:
        return self.row.group.value

    @property
    def conflict(self) -> bool:
        return self.row.group == Group.CONFLICT

    @property
    def is_settled(self) -> bool:
        return self.row.decision.is_settled

    @property
    def confidence(self) -> int:
        return percent(self.row.now.proposal.confidence)

    @property
    def lapsed(self) -> str:
        why = self.row.decision.lapsed
        return f"The approval of this field lapsed. {why}." if why else ""

    @property
    def by_person(self) -> bool:
        """A person proposed it in a workbook; how sure a machine is of it says nothing then."""
        return self.row.now.proposal.provenance.get("proposer") == BY_PERSON

    # Addresses

    @property
    def url(self) -> str:
        return reverse("mapping_review:row", args=[self.slug, self.id]) + self.query

    @property
    def decide_url(self) -> str:
        return reverse("mapping_review:row-decide", args=[self.slug, self.id]) + self.query

    @property
    def edit_url(self) -> str:
        return reverse("mapping_review:row-edit", args=[self.slug, self.id]) + self.query

    @property
    def resolve_url(self) -> str:
        """The case itself in the queue."""
        url = reverse("reconciliation:case", args=[self.slug, CaseKind.TYPE_CONFLICT.value])
        return f"{url}?{urlencode({'key': self.row.decision.source_key})}"

    # What it is in the source, and where it goes

    @property
    def source(self) -> Words:
        field = self.row.field
        return Words(
            self.row.decision.name, source_detail(field), KIND_ICONS.get(field.kind) or _icon_of_type(field)
        )

    @property
    def samples(self) -> str:
        return ", ".join(samples_of(self.row.field))

    @property
    def target(self) -> Words:
        if self.conflict:
            variants = self.row.field.variants
            each = ", ".join(f"{v.section_name} {TYPE_WORDS[v.inferred][0].lower()}" for v in variants)
            return Words("Choose a type", each, "arrows-split", "off", "Pipedrive")
        rule, rules = self.row.rule, self.row.decision.rules or self.row.now.rules
        detail = detail_of(rule) if len(rules) == 1 else f"Split into {len(rules)} fields by type"
        state = "off" if rule.is_left else ("" if self.is_settled else "prop")
        label = "Pipedrive" if self.is_settled else "Pipedrive, proposed"
        return Words(name_of(rule), detail, "x" if rule.is_left else icon_of(rule), state, label)


@dataclass(frozen=True)
class Sheet(Cell):
    """A row with all that its inspector shows."""

    history: tuple[DecisionEvent, ...] = ()

    @property
    def conflict_note(self) -> str:
        return (
            "The Sections hold different types under this name. "
            "Settle the type in the queue; this row then follows."
        )

    @property
    def decided(self) -> str:
        decision = self.row.decision
        if not self.is_settled or decision.decided_by is None:
            return ""
        who = decision.decided_by.first_name or decision.decided_by.get_username()
        how = " in bulk" if decision.bulk else ""
        return f"{decision.get_state_display()}{how} by {who}"

    @property
    def past(self) -> list[dict[str, Any]]:
        """What was done to the row, newest first."""
        return [{"text": _line_of(event), "at": event.at} for event in self.history]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        proposal = self.row.now.proposal
        guess = (Reason(AGAINST, "We have no good guess. Choose a field."),) if proposal.abstained else ()
        return guess + proposal.reasons

    @property
    def alternatives(self) -> list[dict[str, Any]]:
        """The proposal itself and what else it could be; "0" stands for the proposal."""
        if self.conflict or self.is_settled:
            return []
        now = self.row.now.proposal
        every = [(now.rule, now.confidence), *((a.rule, a.confidence) for a in now.alternatives)]
        return [
            {
                "value": str(number),
                "name": name_of(rule),
                "detail": detail_of(rule),
                "confidence": None if number == 0 and self.by_person else percent(confidence),
                "checked": number == 0,
            }
            for number, (rule, confidence) in enumerate(every)
        ]


def percent(share: float) -> int:
    """Rounded down, so that nothing below a threshold is shown as reaching it."""
    return int(share * 100 + 1e-9)


def source_detail(field: SourceField) -> str:
    """ "61% filled", "Text and number", "12,408 events · email.opened"."""
    if field.conflict and not field.settled:
        return " and ".join(dict.fromkeys(TYPE_WORDS[v.inferred][0] for v in field.variants))
    if field.kind == SourceKind.EVENT:
        # Several Sections may have an event of one name; its id tells them apart.
        ids = ", ".join(v.discriminator.removeprefix("com.apsis1.events.")[:60] for v in field.variants)
        return f"{field.filled:,} event{'' if field.filled == 1 else 's'} · {ids}"
    if field.kind == SourceKind.TAG:
        tags = sum(v.distinct for v in field.variants)
        return f"{tags:,} tag{'' if tags == 1 else 's'}"
    if field.kind != SourceKind.ATTRIBUTE or not field.profiles:
        return "Every profile"
    share = min(1.0, field.filled / field.profiles)
    return f"{TYPE_WORDS[field.inferred][0]}, {share:.0%} filled" if share else "Never filled"


def samples_of(field: SourceField) -> list[str]:
    seen = dict.fromkeys(value for variant in field.variants for value, _ in variant.top)
    return [value[:80] for value in list(seen)[:_SHOWN]]


def _line_of(event: DecisionEvent) -> str:
    who = (event.actor.first_name or event.actor.get_username()) if event.actor else "Crosswalk"
    return f"{event.get_act_display()}{' in bulk' if event.bulk else ''}, {who}"


def _icon_of_type(field: SourceField) -> str:
    return TYPE_WORDS[field.inferred][1]


def name_of(rule: FieldRule) -> str:
    if rule.is_left:
        return "Leave behind" if rule.action == Action.DROP else "Do not migrate"
    if rule.custom:
        return rule.field
    plain = STANDARD_WORDS.get(rule.field, rule.field.replace("_", " ").capitalize())
    return plain if rule.object == TargetObject.PERSON else f"{OBJECT_WORDS[rule.object]} {plain.lower()}"


def detail_of(rule: FieldRule) -> str:
    """ "New · Number", "Existing · One option, 38", "Standard · mobile"."""
    if rule.is_left:
        return rule.reason if rule.action == Action.DROP else "Stays in the archive file"
    return _written_detail(rule) + (" · merged" if rule.merge else "")


def _written_detail(rule: FieldRule) -> str:
    if not rule.custom:
        return f"Standard · {rule.component.replace('_', ' ')}" if rule.component else "Standard"
    words = FIELD_WORDS[rule.type][0]
    many = f", {len(rule.options)}" if rule.options else ""
    where = "" if rule.object == TargetObject.PERSON else f"{OBJECT_WORDS[rule.object]} · "
    return f"{where}{'New' if rule.action == Action.CREATE else 'Existing'} · {words}{many}"


def icon_of(rule: FieldRule) -> str:
    if rule.object == TargetObject.ORGANIZATION and not rule.custom:
        return "building"
    if not rule.custom:
        known = {"emails": "mail", "phones": "phone", "labels": "tag", "note": "note"}
        return known.get(rule.field, "activity" if rule.field.startswith("activity") else "user")
    return FIELD_WORDS[rule.type][1]
