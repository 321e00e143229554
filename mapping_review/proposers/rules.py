"""From a chosen candidate to a complete field rule: transform, arguments, options, update mode, name."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mapping_review.proposers.addresses import address_part
from mapping_review.proposers.candidates import Candidate
from mapping_review.proposers.connectors import DYNAMICS, connector_of
from mapping_review.proposers.deal_status import look_up
from mapping_review.proposers.evidence import Evidence
from mapping_review.proposers.lexicon import fold
from mapping_review.proposers.names import Reading
from mapping_review.proposers.new_fields import create_type
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.proposers.subjects import Subject
from migrator.engine.field_map import Action, FieldRule, UpdateMode
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject, ValueType
from migrator.engine.reading import options_in
from migrator.engine.transforms.choices import LOOK_UP, NO, YES, read_yes_no
from migrator.engine.transforms.texts import SHORT

_F, _V = FieldType, ValueType
_SLASHED = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ]\d{4}.*")
_CAMEL = re.compile(r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST_NAME = 120

Args = tuple[tuple[str, str], ...]


def rule_for(subject: Subject, chosen: Candidate, settings: ProposerSettings) -> FieldRule:
    """The rule that a candidate stands for; two calls with equal arguments give equal rules."""
    if chosen.action == Action.ARCHIVE:
        return skip_rule(subject.field)
    if chosen.target is None:
        return _create_rule(subject, chosen.object, settings, chosen.name)
    return map_rule(
        subject.field, subject.evidence, chosen.target.field, settings, chosen.target.key, chosen.component
    )


def skip_rule(field: SourceField) -> FieldRule:
    return FieldRule(field.key, field.kind, Action.ARCHIVE, field.sources)


def map_rule(
    field: SourceField,
    evidence: Evidence,
    target: TargetField,
    settings: ProposerSettings,
    key: str,
    component: str = "",
) -> FieldRule:
    """A rule for a field that the target already has."""
    transform, args = transform_for(target.type, evidence, settings)
    if not target.custom and key in ("emails", "phones"):
        transform, args = _contact_transform(key, settings)
    if not target.custom and key == "value":
        # A deal's value and its currency are two fields.
        transform, args = transform_for(_F.DOUBLE, evidence, settings)
    if not target.custom and key == "status" and target.object == TargetObject.DEAL:
        transform, args = _states(field, evidence, transform, args)
    if component:
        transform = "postal_code" if component == "postal_code" else transform
    labelled = target.custom and target.type in (_F.ENUM, _F.SET)
    if labelled:
        transform, args = _look_up(evidence, target, transform, args)
    return FieldRule(
        source=field.key,
        kind=field.kind,
        action=Action.MAP,
        sources=field.sources,
        object=target.object,
        field=target.name if target.custom else key,
        type=target.type,
        custom=target.custom,
        options=_united(target.options, labels_in(evidence, args)) if labelled else (),
        transform=transform,
        args=args,
        update_mode=UpdateMode.APPEND
        if key in ("emails", "phones") and not target.custom
        else UpdateMode.IF_EMPTY,
        component=component,
    )


def create_rule(
    field: SourceField,
    evidence: Evidence,
    where: TargetObject,
    kind: FieldType,
    settings: ProposerSettings,
    name: str = "",
) -> FieldRule:
    """A rule for a custom field that the target lacks."""
    transform, args = transform_for(kind, evidence, settings)
    options = labels_in(evidence, args) if kind in (_F.ENUM, _F.SET) else ()
    return FieldRule(
        source=field.key,
        kind=field.kind,
        action=Action.CREATE,
        sources=field.sources,
        object=where,
        field=name or field_name(field.name),
        type=kind,
        custom=True,
        options=(YES, NO) if transform == "yes_no" else options,
        transform=transform,
        args=args,
    )


def as_text(rule: FieldRule, field: SourceField) -> FieldRule:
    """The same new field as text: long where a value needs it."""
    is_long = any(variant.max_length > SHORT for variant in field.variants)
    kind, transform = (_F.TEXT, "long_text") if is_long else (_F.VARCHAR, "text")
    return replace(rule, type=kind, transform=transform, args=(), options=())


def transform_for(kind: FieldType, evidence: Evidence, settings: ProposerSettings) -> tuple[str, Args]:
    """The transform for a target type, with the arguments that the values give away."""
    decimal = (("decimal", evidence.decimal),) if evidence.decimal else ()
    match kind:
        case _F.TEXT:
            return "long_text", ()
        case _F.DOUBLE:
            return "number", decimal
        case _F.MONETARY:
            return "money", (("currency", settings.currency), *decimal)
        case _F.DATE:
            return "date", _order_of(evidence.values)
        case _F.ENUM:
            return ("yes_no" if evidence.type == _V.YES_NO else "option"), ()
        case _F.SET:
            return "options", ()
        case _F.PHONE:
            return _contact_transform("phones", settings)
        case _F.ADDRESS:
            return "address_part", ()
    return {_V.URL: "url", _V.EMAIL: "email"}.get(evidence.type, "text"), ()


def labels_in(evidence: Evidence, args: Args) -> tuple[str, ...]:
    """The labels that the most frequent values become, most frequent first."""
    known = dict(args)
    labels = [label for value, _ in evidence.values for label in _labels(value, evidence.type)]
    return tuple(dict.fromkeys(known.get(f"{LOOK_UP}{label.casefold()}", label) for label in labels))


def field_name(name: str) -> str:
    """ "shoe_size" and "shoeSize" become "Shoe size"; a name with blanks keeps its spelling."""
    clean = _CONTROL.sub(" ", name).strip()[:_LONGEST_NAME]
    if " " not in clean:
        clean = _CAMEL.sub(" ", clean).replace("_", " ").replace("-", " ")
        words = clean.split()
        clean = " ".join(w if w.isupper() else w.lower() for w in words)
    clean = " ".join(clean.split())
    return clean[:1].upper() + clean[1:] or "Unnamed field"


def plain_text(text: str) -> str:
    """A name as one line that steers no terminal and that every encoding takes."""
    clean = _CONTROL.sub(" ", text).encode("utf-8", "replace").decode()
    return " ".join(clean.split())


def _create_rule(
    subject: Subject, where: TargetObject, settings: ProposerSettings, name: str = ""
) -> FieldRule:
    rule = create_rule(subject.field, subject.evidence, where, create_type(subject), settings, name)
    is_postal = address_part(subject.reading) == "postal_code" and rule.type == _F.VARCHAR
    return _with_transform(rule, "postal_code") if is_postal else rule


def _with_transform(rule: FieldRule, transform: str) -> FieldRule:
    return replace(rule, transform=transform, args=())


def _contact_transform(key: str, settings: ProposerSettings) -> tuple[str, Args]:
    if key == "emails":
        return "email", ()
    return "phone", (("region", settings.region),) if settings.region else ()


def _order_of(values: Iterable[tuple[str, int]]) -> Args:
    """Month first only where a value proves it; day first is the rule in every country of ours."""
    pairs = [(int(m[1]), int(m[2])) for value, _ in values if (m := _SLASHED.fullmatch(value))]
    american = any(second > 12 for _, second in pairs) and not any(first > 12 for first, _ in pairs)
    return (("order", "mdy"),) if american else ()


def _states(field: SourceField, evidence: Evidence, transform: str, args: Args) -> tuple[str, Args]:
    """The look-up table from a CRM's own words and codes to open, won and lost, where it needs one."""
    found = look_up((value for value, _ in evidence.values), connector_of(field) == DYNAMICS)
    pairs = {f"{LOOK_UP}{' '.join(value.split()).casefold()}": state for value, state in found.items()}
    return ("option", tuple(sorted(pairs.items()))) if pairs else (transform, args)


def _look_up(evidence: Evidence, target: TargetField, transform: str, args: Args) -> tuple[str, Args]:
    """The look-up table from the source's labels to the spelling of the target's options."""
    if evidence.type == _V.YES_NO:
        return _yes_no_look_up(evidence, target, transform, args)
    pairs = {}
    for label in dict.fromkeys(x for value, _ in evidence.values for x in _labels(value, evidence.type)):
        option = _option_like(label, target.options)
        if option and option != label:
            pairs[f"{LOOK_UP}{label.casefold()}"] = option
    return transform, (*args, *sorted(pairs.items()))


def _yes_no_look_up(evidence: Evidence, target: TargetField, transform: str, args: Args) -> tuple[str, Args]:
    options = {read_yes_no(option): option for option in reversed(target.options)}
    yes, no = options.get(True), options.get(False)
    if not yes or not no:
        return transform, args
    if (yes, no) == (YES, NO):
        return "yes_no", ()
    words = {value.casefold() for value, _ in evidence.values} | {"yes", "no", "true", "false", "1", "0"}
    pairs = {
        f"{LOOK_UP}{word}": yes if read_yes_no(word) else no
        for word in words
        if read_yes_no(word) is not None
    }
    return ("options" if target.type == _F.SET else "option"), tuple(sorted(pairs.items()))


def _option_like(label: str, options: Sequence[str]) -> str:
    folded = fold(label)
    same = next((option for option in options if fold(option) == folded), "")
    if same or len(folded) > 2:
        return same
    starting = [option for option in options if fold(option).startswith(folded)]
    return starting[0] if len(starting) == 1 else ""


def _labels(value: str, value_type: ValueType) -> list[str]:
    return options_in(value) if value_type == _V.OPTIONS else [" ".join(value.split())]


def _united(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def reading_words(reading: Reading) -> str:
    """The concepts of a name in plain words, for a reason: "customer number"."""
    return " + ".join(min(unit).replace("_", " ") for unit in reading.units)
