"""Proposals that need no guess: the six default attributes, consents, channels, tags, Sections and event
types."""

from collections.abc import Sequence

from mapping_review.proposers.evidence import evidence_of
from mapping_review.proposers.proposal import AGAINST, FOR, Proposal, ProposerSettings, Reason
from mapping_review.proposers.rules import create_rule, map_rule, skip_rule
from mapping_review.proposers.targets import Target
from migrator.engine.field_map import Action, FieldRule, UpdateMode
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetField, TargetObject
from migrator.engine.transforms.choices import NO, YES

SECTION_FIELD = "APSIS Section"
_STANDARD = {
    "attribute:firstname": ("first_name", FieldType.VARCHAR, ""),
    "attribute:lastname": ("last_name", FieldType.VARCHAR, ""),
    "attribute:email": ("emails", FieldType.VARCHAR, "work"),
    "attribute:mobile": ("phones", FieldType.PHONE, "mobile"),
}
_CONSENTS = {
    "consent:email": ("email_consent", FieldType.ENUM),
    "consent:email_date": ("email_consent_date", FieldType.DATE),
    "consent:sms": ("sms_consent", FieldType.ENUM),
    "consent:sms_date": ("sms_consent_date", FieldType.DATE),
    "channel:email": ("email_enabled", FieldType.ENUM),
    "channel:sms": ("sms_enabled", FieldType.ENUM),
}
# Words in the name or id of an event type, first match wins; what people never did is housekeeping.
_HOUSEKEEPING = (
    "profile.",
    "consent",
    ".create.",
    ".update.",
    "key-removed",
    "merge",
    "attribute",
    "subscription",
    "opt-in",
    "opt-out",
)
_NOTES = ("page", "form", "website", "web.", "visit", "download", "cart", "product", "view")
_CALLS = ("call", "phone", "samtal", "opkald", "puhelu", "anruf")
_MEETINGS = ("meeting", "möte", "møde", "møte", "tapaaminen", "termin", "visit booked", "demo booked")


def has_fixed_home(field: SourceField) -> bool:
    """Whether it is a default attribute with one home; for the others the account's fields decide."""
    return field.key in _STANDARD


def propose_default(field: SourceField, targets: Sequence[Target], settings: ProposerSettings) -> Proposal:
    """A proposal for one of the default attributes with a fixed home."""
    key, kind, component = _STANDARD[field.key]
    place = next((t.field for t in targets if not t.field.custom and t.place == ("person", key)), None)
    target = place or TargetField(TargetObject.PERSON, key, kind, False, key)
    rule = map_rule(field, evidence_of(field), target, settings, key, component)
    reason = Reason(FOR, f"{field.name} is a default attribute of APSIS One with one home in Pipedrive")
    return Proposal(rule, 0.99, (reason,), flags=_held(target.filled))


def propose_fixed(
    field: SourceField, catalogue: Sequence[TargetField], settings: ProposerSettings
) -> Proposal:
    """A proposal for a row that is no attribute."""
    match field.kind:
        case SourceKind.TAG:
            return _tags(field, catalogue, settings)
        case SourceKind.SECTION:
            return _sections(field, catalogue)
        case SourceKind.EVENT:
            return _event(field)
    return _consent(field, catalogue)


def _consent(field: SourceField, catalogue: Sequence[TargetField]) -> Proposal:
    name, kind = _CONSENTS[field.key]
    options = (YES, NO) if kind == FieldType.ENUM else ()
    rule = _named(field, catalogue, name, kind, options)
    reasons = (
        Reason(FOR, "Consent is carried over exactly as it stands in APSIS One"),
        Reason(FOR, "A consent that is already in Pipedrive is kept"),
    )
    flags = ("consent",) if field.kind == SourceKind.CONSENT else ()
    return Proposal(rule, 0.96, reasons if flags else reasons[:1], flags=flags)


def _sections(field: SourceField, catalogue: Sequence[TargetField]) -> Proposal:
    names = tuple(dict.fromkeys(v.section_name for v in field.variants))
    rule = _named(field, catalogue, SECTION_FIELD, FieldType.SET, names)
    return Proposal(rule, 0.97, (Reason(FOR, f"Each of {len(names)} Sections becomes one option"),))


def _named(
    field: SourceField, catalogue: Sequence[TargetField], name: str, kind: FieldType, options: tuple[str, ...]
) -> FieldRule:
    """A person field with a fixed name: the account's own where a run made it before, else a new one."""
    there = any(
        f.custom and f.object == TargetObject.PERSON and f.name == name and f.type == kind for f in catalogue
    )
    transforms = {FieldType.ENUM: "yes_no", FieldType.DATE: "date", FieldType.SET: "options"}
    return FieldRule(
        source=field.key,
        kind=field.kind,
        action=Action.MAP if there else Action.CREATE,
        object=TargetObject.PERSON,
        field=name,
        type=kind,
        custom=True,
        options=options,
        transform=transforms[kind],
        update_mode=UpdateMode.APPEND if kind == FieldType.SET else UpdateMode.IF_EMPTY,
    )


def _held(filled: int) -> tuple[str, ...]:
    """The flag of a target field that has values already."""
    return ("existing_data",) if filled else ()


def _tags(field: SourceField, catalogue: Sequence[TargetField], settings: ProposerSettings) -> Proposal:
    rule = FieldRule(
        field.key, field.kind, Action.MAP, object=TargetObject.PERSON, field="labels", type=FieldType.SET,
        transform=settings.tag_style, update_mode=UpdateMode.APPEND,
    )  # fmt: skip
    labels = (f for f in catalogue if (f.object, f.standard_key) == (TargetObject.PERSON, "labels"))
    reason = Reason(FOR, "Each tag becomes a label of the same name")
    return Proposal(rule, 0.97, (reason,), flags=_held(sum(f.filled for f in labels)))


def _event(field: SourceField) -> Proposal:
    home = _home_of(f"{field.key.removeprefix('event:')} {field.name}".casefold())
    if not home:
        reason = Reason(AGAINST, "The event is bookkeeping of APSIS One and nothing that a person did")
        return Proposal(skip_rule(field), 0.9, (reason,))
    rule = FieldRule(
        field.key, field.kind, Action.MAP, object=TargetObject.PERSON, field=home, type=FieldType.TEXT,
        transform="long_text", update_mode=UpdateMode.APPEND,
    )  # fmt: skip
    return Proposal(rule, 0.92, (Reason(FOR, f"{field.filled:,} events of this type were found"),))


def _home_of(words: str) -> str:
    if "email" in words or "sms" in words:
        return (
            ""
            if any(word in words for word in ("consent", "opt-in", "opt-out", "preference"))
            else "activity:task"
        )
    for markers, home in ((_HOUSEKEEPING, ""), (_CALLS, "activity:call"), (_MEETINGS, "activity:meeting")):
        if any(marker in words for marker in markers):
            return home
    return "note" if any(marker in words for marker in _NOTES) else "activity:task"


def propose_birthday(field: SourceField, settings: ProposerSettings) -> Proposal:
    """Where the account has no birthday field, a new one with a plain name."""
    rule = create_rule(field, evidence_of(field), TargetObject.PERSON, FieldType.DATE, settings, "Birth date")
    return Proposal(rule, 0.95, (Reason(FOR, "Birth date is a default attribute of APSIS One"),))


def propose_crm_id(field: SourceField, settings: ProposerSettings) -> Proposal:
    rule = create_rule(field, evidence_of(field), TargetObject.PERSON, FieldType.VARCHAR, settings, "CRM ID")
    return Proposal(rule, 0.95, (Reason(FOR, "CRM ID is a default attribute of APSIS One"),))
