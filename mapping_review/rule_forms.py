"""Another rule for a row, as a person fills it in. What can be chosen comes from the account and from the kind of
row; what does not go together is said at its field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import uuid4

from django import forms

from mapping_review.cells import FIELD_WORDS
from mapping_review.destinations import (
    NEW,
    choices_of,
    destination,
    destination_of,
    part_choices,
    parts_for,
    value_of,
)
from mapping_review.forms import ActForm
from mapping_review.proposers.fixed import propose_fixed
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.proposers.rules import field_name, skip_rule
from mapping_review.proposers.targets import targets_in
from mapping_review.rulebook import LAST_RANK, LONGEST_NAME, MERGES, problem_with
from migrator.engine.field_map import Action, FieldRule, Merge, UpdateMode
from migrator.engine.inventory import FieldType, SourceField, SourceKind, TargetField, TargetObject
from migrator.engine.transforms.choices import LOOK_UP
from migrator.engine.transforms.registry import REGISTRY

MODES = (
    (UpdateMode.IF_EMPTY, "Keep what Pipedrive already has"),
    (UpdateMode.OVERWRITE, "Replace what Pipedrive has"),
    (UpdateMode.IF_NEW, "Only for new records"),
    (UpdateMode.APPEND, "Add to what Pipedrive has"),
)
EVENT_HOMES = {
    "activity:task": "Activity, a task that is done",
    "activity:call": "Activity, a call",
    "activity:meeting": "Activity, a meeting",
    "note": "Note",
}
LEFT = "archive"
_STAYS = (LEFT, "Do not migrate, keep it in the archive file")
_MOST_ORDERED = 12


@dataclass(frozen=True, slots=True)
class Around:
    """What a form may know beside its own row: the account, and how other approved rows use it. `made` are the new
    fields that they create, `used` names the rows that write into a place."""

    catalogue: Sequence[TargetField]
    settings: ProposerSettings
    made: Sequence[FieldRule] = ()
    used: Mapping[str, str] | None = None


class RuleForm(ActForm):
    """Another rule for a row; `rule` is what was filled in, for a form without errors."""

    # The field of the form at which a problem with a part of the rule is said.
    places: ClassVar[dict[str, str]] = {}

    def __init__(
        self, *args: Any, field: SourceField, rule: FieldRule, around: Around, version: int, **kwargs: Any
    ) -> None:
        self.field, self.proposed, self.around = field, rule, around
        kwargs["initial"] = self.initial_of(rule) | {"expected_version": version, "client_key": uuid4()}
        super().__init__(*args, **kwargs)
        self.prepare()

    def initial_of(self, rule: FieldRule) -> dict[str, Any]:
        raise NotImplementedError

    def prepare(self) -> None:
        """Fill in the choices."""

    @property
    def rule(self) -> FieldRule:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and (problem := problem_with(self.rule)):
            at = self.places.get(problem.part, problem.part)
            self.add_error(at if at in self.fields else None, problem.sentence)
        return cleaned

    def offer(self, name: str, choices: Iterable[Any]) -> None:
        found = self.fields[name]
        assert isinstance(found, forms.ChoiceField)
        found.choices = list(choices)


class EventForm(RuleForm):
    """What an event becomes."""

    destination = forms.ChoiceField(
        label="What each event becomes", choices=[*EVENT_HOMES.items(), _STAYS],
        help_text="How many records that makes is chosen at the gate before the sandbox run.",
    )  # fmt: skip

    def initial_of(self, rule: FieldRule) -> dict[str, Any]:
        return {"destination": LEFT if rule.is_left else rule.field}

    @property
    def rule(self) -> FieldRule:
        home = self.cleaned_data["destination"]
        if home == LEFT:
            return skip_rule(self.field)
        return FieldRule(
            self.field.key, self.field.kind, Action.MAP, object=TargetObject.PERSON, field=home,
            type=FieldType.TEXT, transform="long_text", update_mode=UpdateMode.APPEND,
        )  # fmt: skip


class TagForm(RuleForm):
    """How tags are spelled as labels."""

    destination = forms.ChoiceField(label="What each tag becomes")

    def initial_of(self, rule: FieldRule) -> dict[str, Any]:
        return {"destination": LEFT if rule.is_left else rule.transform}

    def prepare(self) -> None:
        styles = [
            n for n, entry in REGISTRY.items() if n.startswith("label_") and FieldType.SET in entry.returns
        ]
        self.offer("destination", [*((name, _label_style(name)) for name in styles), _STAYS])

    @property
    def rule(self) -> FieldRule:
        style = self.cleaned_data["destination"]
        return skip_rule(self.field) if style == LEFT else replace(self._mould, transform=style)

    @property
    def _mould(self) -> FieldRule:
        return _mould(self.field, self.proposed, self.around)


class FixedForm(RuleForm):
    """Consents, channels and Sections: whether, and under which name. What is written is fixed."""

    destination = forms.ChoiceField(label="Field in Pipedrive")
    name = forms.CharField(
        label="Name of the new field",
        max_length=LONGEST_NAME,
        required=False,
        help_text="For a new field only.",
    )
    places: ClassVar[dict[str, str]] = {"field": "name"}

    def initial_of(self, rule: FieldRule) -> dict[str, Any]:
        mould = _mould(self.field, rule, self.around)
        kept = mould.field if mould.action == Action.MAP else NEW
        return {"destination": LEFT if rule.is_left else kept, "name": mould.field}

    def prepare(self) -> None:
        mould = _mould(self.field, self.proposed, self.around)
        own = [
            f.name
            for f in self.around.catalogue
            if f.custom and (f.object, f.type) == (mould.object, mould.type)
        ]
        kind = FIELD_WORDS[mould.type][0].lower()
        self.offer(
            "destination", [(NEW, f"New field ({kind})"), *((n, f"{n} ({kind})") for n in own), _STAYS]
        )

    @property
    def rule(self) -> FieldRule:
        chosen, mould = self.cleaned_data["destination"], _mould(self.field, self.proposed, self.around)
        if chosen == LEFT:
            return skip_rule(self.field)
        if chosen == NEW:
            return replace(mould, action=Action.CREATE, field=self.cleaned_data["name"].strip())
        return replace(mould, action=Action.MAP, field=chosen)


class AttributeForm(RuleForm):
    """An attribute: any field that can be written, or a new one, with conversion and merge rule."""

    destination = forms.ChoiceField(label="Field in Pipedrive")
    name = forms.CharField(
        label="Name of the new field",
        max_length=LONGEST_NAME,
        required=False,
        help_text="For a new field only.",
    )
    type = forms.ChoiceField(label="Type of the new field", required=False, help_text="For a new field only.")
    transform = forms.ChoiceField(label="Conversion")
    options = forms.CharField(
        label="Options of a new field", required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One on each line, for one option or several options.",
    )  # fmt: skip
    look_up = forms.CharField(
        label="Look-up table", required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One on each line: value in APSIS One = option in Pipedrive.",
    )  # fmt: skip
    currency = forms.CharField(
        label="Currency", max_length=3, required=False, help_text="For amounts, such as SEK."
    )
    decimal = forms.ChoiceField(
        label="Decimal sign", required=False, choices=[("", "As written"), (",", "Comma"), (".", "Point")]
    )
    order = forms.ChoiceField(
        label="Order of dates", required=False, choices=[("", "Day first"), ("mdy", "Month first")]
    )
    component = forms.ChoiceField(
        label="Part or label", required=False,
        help_text="Which part of an address, or the label of an email address or phone number.",
    )  # fmt: skip
    merge = forms.ChoiceField(
        label="Where another row fills the same field", required=False,
        choices=[(merge.value, words) for merge, words in MERGES.items()],
        help_text="Two rows that fill one field need a merge rule before the map can be signed.",
    )  # fmt: skip
    rank = forms.IntegerField(
        label="Its place in that order", required=False, min_value=1, max_value=LAST_RANK,
        help_text="1 comes first.",
    )  # fmt: skip
    update_mode = forms.ChoiceField(label="Where Pipedrive already has a value", choices=MODES)
    places: ClassVar[dict[str, str]] = {"field": "name"}

    def initial_of(self, rule: FieldRule) -> dict[str, Any]:
        args = dict(rule.args)
        pairs = [f"{k.removeprefix(LOOK_UP)} = {v}" for k, v in rule.args if k.startswith(LOOK_UP)]
        ranks = {_place_name(at): at + 1 for at in range(len(rule.sources))}
        return ranks | {
            "destination": destination_of(rule),
            "name": rule.field if rule.custom and not rule.is_left else field_name(self.field.name),
            "type": rule.type.value,
            "transform": rule.transform,
            "options": "\n".join(rule.options) if rule.action == Action.CREATE else "",
            "look_up": "\n".join(pairs),
            "currency": args.get("currency", ""),
            "decimal": args.get("decimal", ""),
            "order": args.get("order", ""),
            "component": rule.component,
            "merge": rule.merge.value,
            "rank": rule.rank or None,
            "update_mode": rule.update_mode.value,
        }

    def prepare(self) -> None:
        around = self.around
        self.targets = {value_of(t.field, t.key): t for t in targets_in(around.catalogue, around.settings)}
        self.made = {destination(r.object, r.field, r.type): r for r in around.made}
        self.offer("destination", choices_of(self.targets, self.made, around.used or {}))
        self.offer("type", [(t.value, words) for t, (words, _) in FIELD_WORDS.items() if _creatable(t)])
        self.offer("transform", [(name, entry.title) for name, entry in REGISTRY.items()])
        self.offer("component", part_choices(self.proposed.component))
        self._prepare_order()

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        return self.proposed.sources or self.field.sources

    def _prepare_order(self) -> None:
        """One choice of place for each Section; the first one that has a value counts."""
        if not 1 < len(self.sources) <= _MOST_ORDERED:
            return
        names = {(v.section, v.discriminator): v.section_name for v in self.field.variants}
        places = [(str(n), f"{n}") for n in range(1, len(self.sources) + 1)]
        for at, source in enumerate(self.sources):
            label = f"Place of the Section {names.get(source, source[0])}"
            help_text = "The first Section that has a value counts." if at == 0 else ""
            self.fields[_place_name(at)] = forms.ChoiceField(
                label=label, choices=places, required=False, help_text=help_text, initial=str(at + 1)
            )

    def clean_look_up(self) -> str:
        table = str(self.cleaned_data["look_up"])
        wrong = next((line for line in table.splitlines() if line.strip() and not _pair(line)), None)
        if wrong is not None:
            raise forms.ValidationError(f"“{wrong.strip()[:60]}” is no pair. Write value = option.")
        return table

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        allowed = (*parts_for(self.rule), self.proposed.component) if not self.errors else ()
        if allowed and cleaned["component"] and self.rule.component not in allowed:
            self.add_error("component", "This field has no such part or label. Choose another one.")
        return cleaned

    @property
    def rule(self) -> FieldRule:
        data = self.cleaned_data
        home = self._home()
        return replace(
            home,
            options=self._options(home) if _has_options(home.type) else (),
            transform=data["transform"],
            args=tuple(_args(data, self.around.settings)),
            update_mode=UpdateMode(data["update_mode"]),
            component=data["component"] if len(parts_for(home)) > 1 else "",
            merge=Merge(data["merge"]),
            rank=data["rank"] or 0,
        )

    def _home(self) -> FieldRule:
        """The field that was chosen: one of the account, one that another row creates, or a new one."""
        data, target = self.cleaned_data, self.targets.get(self.cleaned_data["destination"])
        plain = FieldRule(self.field.key, self.field.kind, Action.CREATE, self._ordered(), custom=True)
        if target is not None:
            there = target.field
            return replace(
                plain, action=Action.MAP, object=there.object, type=there.type, custom=there.custom,
                field=there.name if there.custom else target.key, options=there.options,
            )  # fmt: skip
        if shared := self.made.get(data["destination"]):
            return replace(
                plain, object=shared.object, field=shared.field, type=shared.type, options=shared.options
            )
        where = TargetObject(data["destination"].partition(":")[2])
        return replace(
            plain, object=where, field=data["name"].strip(), type=FieldType(data["type"] or "varchar")
        )

    def _options(self, home: FieldRule) -> tuple[str, ...]:
        own = (line.strip() for line in self.cleaned_data["options"].splitlines())
        return tuple(dict.fromkeys((*home.options, *filter(None, own))))

    def _ordered(self) -> tuple[tuple[str, str], ...]:
        """The Sections by the place that each was given; two of one place stay as they stood."""
        places = [int(self.cleaned_data.get(_place_name(at)) or at + 1) for at in range(len(self.sources))]
        order = sorted(range(len(self.sources)), key=lambda at: (places[at], at))
        return tuple(self.sources[at] for at in order)


_FORMS: dict[SourceKind, type[RuleForm]] = {
    SourceKind.ATTRIBUTE: AttributeForm,
    SourceKind.EVENT: EventForm,
    SourceKind.TAG: TagForm,
}


def rule_form_for(
    data: Any, *, field: SourceField, rule: FieldRule, around: Around, version: int
) -> RuleForm:
    """The form for this kind of row."""
    form = _FORMS.get(field.kind, FixedForm)
    return form(data, field=field, rule=rule, around=around, version=version)


def _mould(field: SourceField, rule: FieldRule, around: Around) -> FieldRule:
    """The rule that a fixed row has, or had it not been left out."""
    return propose_fixed(field, around.catalogue, around.settings).rule if rule.is_left else rule


def _label_style(name: str) -> str:
    return f"Label, {REGISTRY[name].title.lower()}"


def _place_name(at: int) -> str:
    return f"place_{at}"


def _creatable(kind: FieldType) -> bool:
    return kind not in (FieldType.USER, FieldType.ADDRESS)


def _has_options(kind: FieldType) -> bool:
    return kind in (FieldType.ENUM, FieldType.SET)


def _args(data: Mapping[str, Any], settings: ProposerSettings) -> Iterable[tuple[str, str]]:
    wanted = set(REGISTRY[data["transform"]].args)
    values = {
        "currency": data["currency"].upper() or settings.currency,
        "decimal": data["decimal"],
        "order": data["order"],
        "region": settings.region,
    }
    yield from ((name, value) for name, value in sorted(values.items()) if name in wanted and value)
    for value, label in filter(None, map(_pair, data["look_up"].splitlines())):
        yield f"{LOOK_UP}{value.casefold()}", label


def _pair(line: str) -> tuple[str, str] | None:
    """ "a = b"; None where it is no pair."""
    value, label = (part.strip() for part in line.partition("=")[::2])
    return (value, label) if value and label else None
