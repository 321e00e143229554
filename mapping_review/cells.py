"""How a row of the map reads on a screen: names, details, icons, addresses. No query beyond the row it is given."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.urls import reverse

from mapping_review.choices import Group, RowState
from mapping_review.preview import Preview, preview
from mapping_review.queries import Row
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetObject, ValueType
from migrator.engine.transforms.registry import REGISTRY
from migrator.texts import TOOLS

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
class Cell:
    """One row for the table and for its inspector."""

    row: Row
    slug: str
    can_edit: bool = False

    @property
    def pk(self) -> int:
        return self.row.decision.pk

    @property
    def name(self) -> str:
        return self.row.decision.name

    @property
    def field(self) -> SourceField:
        return self.row.field

    @property
    def state(self) -> str:
        return self.row.decision.state

    @property
    def group(self) -> Group:
        return self.row.group

    @property
    def is_conflict(self) -> bool:
        return self.row.group == Group.CONFLICT

    @property
    def is_proposed(self) -> bool:
        return self.state in (RowState.PROPOSED, RowState.REJECTED)

    @property
    def percent(self) -> int:
        return round(self.row.now.proposal.confidence * 100)

    @property
    def expected_version(self) -> int:
        return self.row.decision.lock_version

    @property
    def client_key(self) -> str:
        """A new one each time it is shown, so that one form is one request."""
        return str(uuid4())

    # What it is in the source

    @property
    def source_icon(self) -> str:
        return KIND_ICONS.get(self.field.kind) or TYPE_WORDS[self.field.inferred][1]

    @property
    def source_detail(self) -> str:
        if self.is_conflict or (self.field.conflict and not self.field.settled):
            words = dict.fromkeys(TYPE_WORDS[v.inferred][0] for v in self.field.variants)
            return " and ".join(words)
        if self.field.kind == SourceKind.EVENT:
            return f"{self.field.filled:,} events"
        if self.field.kind != SourceKind.ATTRIBUTE or not self.field.profiles:
            return {SourceKind.TAG: f"{len(self.samples)} tags or more"}.get(self.field.kind, "Every profile")
        share = min(1.0, self.field.filled / self.field.profiles)
        return f"{share:.0%} filled" if share else "Never filled"

    @property
    def source_type(self) -> str:
        return f"{TYPE_WORDS[self.field.inferred][0]}, {self.field.filled:,} values"

    @property
    def samples(self) -> list[str]:
        seen = dict.fromkeys(value for variant in self.field.variants for value, _ in variant.top)
        return [value[:80] for value in list(seen)[:_SHOWN]]

    # Where it goes

    @cached_property
    def rule(self) -> FieldRule:
        return self.row.rule

    @property
    def rules(self) -> tuple[FieldRule, ...]:
        return self.row.decision.rules or self.row.now.rules

    @property
    def is_skipped(self) -> bool:
        return self.rule.action == Action.SKIP

    @property
    def target_icon(self) -> str:
        return "x" if self.is_skipped else icon_of(self.rule)

    @property
    def target_name(self) -> str:
        if self.is_conflict:
            return "Choose a type"
        return name_of(self.rule)

    @property
    def target_detail(self) -> str:
        if self.is_conflict:
            return ", ".join(f"{v.section_name} {TYPE_WORDS[v.inferred][0].lower()}" for v in self.field.variants)
        if len(self.rules) > 1:
            return f"Split into {len(self.rules)} fields by type"
        return detail_of(self.rule)

    @property
    def target_state(self) -> str:
        if self.is_skipped:
            return "off"
        return "prop" if self.is_proposed else ""

    # Evidence

    @cached_property
    def preview(self) -> Preview:
        return preview(self.rule, self.field, TOOLS)

    @property
    def conversion(self) -> str:
        return REGISTRY[self.rule.transform].title

    @property
    def alternatives(self) -> list[dict[str, Any]]:
        return [
            {
                "number": number,
                "name": name_of(other.rule),
                "detail": detail_of(other.rule),
                "percent": round(other.confidence * 100),
            }
            for number, other in enumerate(self.row.now.proposal.alternatives, 1)
        ]

    # Addresses

    @property
    def url(self) -> str:
        return self._to("row")

    @property
    def approve_url(self) -> str:
        return self._to("row-approve")

    @property
    def reject_url(self) -> str:
        return self._to("row-reject")

    @property
    def skip_url(self) -> str:
        return self._to("row-skip")

    @property
    def undo_url(self) -> str:
        return self._to("row-undo")

    @property
    def edit_url(self) -> str:
        return self._to("row-edit")

    def _to(self, name: str) -> str:
        return reverse(f"mapping_review:{name}", args=[self.slug, self.pk])


def name_of(rule: FieldRule) -> str:
    if rule.action == Action.SKIP:
        return "Do not migrate"
    if rule.custom:
        return rule.field
    plain = STANDARD_WORDS.get(rule.field, rule.field.replace("_", " ").capitalize())
    return plain if rule.object == TargetObject.PERSON else f"{OBJECT_WORDS[rule.object]} {plain.lower()}"


def detail_of(rule: FieldRule) -> str:
    """ "New · Number", "Existing · One option, 38", "Standard · mobile"."""
    if rule.action == Action.SKIP:
        return "Stays in APSIS One"
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
