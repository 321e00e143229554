"""What people send about the map: one act on one row, another rule for it, a bulk approval."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError

from mapping_review.cells import FIELD_WORDS, OBJECT_WORDS, STANDARD_WORDS
from mapping_review.choices import Act
from mapping_review.fences import DEFAULT_THRESHOLD, LOWEST_THRESHOLD
from mapping_review.proposers.proposal import ProposerSettings
from mapping_review.proposers.rules import field_name
from mapping_review.proposers.targets import targets_in
from mapping_review.rulebook import LONGEST_NAME, why_impossible
from migrator.engine.field_map import Action, FieldRule, UpdateMode
from migrator.engine.inventory import FieldType, SourceField, TargetField, TargetObject
from migrator.engine.transforms.choices import LOOK_UP
from migrator.engine.transforms.registry import REGISTRY

MODES = (
    (UpdateMode.IF_EMPTY, "Keep what Pipedrive already has"),
    (UpdateMode.OVERWRITE, "Replace what Pipedrive has"),
    (UpdateMode.IF_NEW, "Only for new records"),
    (UpdateMode.APPEND, "Add to what Pipedrive has"),
)
NEW = "new"


class ActForm(forms.Form):
    """One act on one row: which version of the row the person saw, and the key of the request."""

    expected_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput)


class DecideForm(ActForm):
    """`alternative` "0" is the proposal itself; others are numbered from 1."""

    action = forms.ChoiceField(choices=[(a, a) for a in ("approve", "reject", "skip", "undo")])
    alternative = forms.IntegerField(min_value=0, required=False)


class DecideRowsForm(forms.Form):
    """One act on the rows that were selected, each as id:version."""

    action = forms.ChoiceField(choices=[(Act.APPROVE, "approve"), (Act.SKIP, "skip")])
    client_key = forms.UUIDField(widget=forms.HiddenInput)
    items = forms.Field(
        widget=forms.SelectMultiple, error_messages={"required": "Select at least one field."}
    )

    def clean_items(self) -> dict[int, int]:
        return _versions_in(self.cleaned_data["items"])


class BatchForm(forms.Form):
    """An act on a whole batch."""

    client_key = forms.UUIDField(widget=forms.HiddenInput)


class BulkForm(forms.Form):
    """Percent and not a share, because that is what the slider and its number field show."""

    threshold = forms.IntegerField(
        min_value=round(LOWEST_THRESHOLD * 100),
        max_value=100,
        initial=round(DEFAULT_THRESHOLD * 100),
        label="Approve at this confidence or more",
    )


class BulkApproveForm(BulkForm):
    """`rows` lists what was shown as id:version; `looked` says that the drawn rows were looked at."""

    rows = forms.CharField(widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput)
    looked = forms.BooleanField(
        label="I looked at the rows drawn for me",
        error_messages={"required": "Look at the drawn rows first."},
    )

    def clean_rows(self) -> dict[int, int]:
        return _versions_in(part for part in self.cleaned_data["rows"].split(",") if part)


class UploadForm(forms.Form):
    """A workbook or a JSON file; what is in it is looked at elsewhere."""

    file = forms.FileField(
        label="Workbook or JSON file",
        help_text="At most 10 MB. You see every change before it counts.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.json"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty. Choose another one."},
    )


class CompareForm(forms.Form):
    """Two versions by number."""

    a = forms.IntegerField(min_value=1)
    b = forms.IntegerField(min_value=1)


class RuleForm(ActForm):
    """Another rule for a row. Choices come from the account; what does not go together is said at the
    field."""

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
    update_mode = forms.ChoiceField(label="Where Pipedrive already has a value", choices=MODES)

    def __init__(
        self,
        *args: Any,
        field: SourceField,
        rule: FieldRule,
        catalogue: Sequence[TargetField],
        settings: ProposerSettings,
        version: int,
        **kwargs: Any,
    ) -> None:
        self.field, self.proposed, self.settings = field, rule, settings
        self.targets = {_value_of(t.field, t.key): t for t in targets_in(catalogue, settings)}
        kwargs["initial"] = _initial(field, rule) | {"expected_version": version}
        super().__init__(*args, **kwargs)
        self._choices_of("destination").choices = _destinations(self.targets)
        self._choices_of("type").choices = [
            (t.value, words) for t, (words, _) in FIELD_WORDS.items() if _creatable(t)
        ]
        self._choices_of("transform").choices = [(name, entry.title) for name, entry in REGISTRY.items()]

    def _choices_of(self, name: str) -> forms.ChoiceField:
        found = self.fields[name]
        assert isinstance(found, forms.ChoiceField)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and (sentence := why_impossible(self.rule)):
            raise ValidationError(sentence)
        return cleaned

    @property
    def rule(self) -> FieldRule:
        """The rule as filled in; only for a form without errors."""
        data = self.cleaned_data
        target = self.targets.get(data["destination"])
        field = target.field if target else None
        kind = field.type if field else FieldType(data["type"] or "varchar")
        own = tuple(line.strip() for line in data["options"].splitlines() if line.strip())
        return FieldRule(
            source=self.field.key,
            kind=self.field.kind,
            action=Action.MAP if field else Action.CREATE,
            sources=self.proposed.sources or self.field.sources,
            object=field.object if field else TargetObject(data["destination"].partition(":")[2]),
            field=(
                target.key
                if target and not target.field.custom
                else field.name
                if field
                else data["name"].strip()
            ),
            type=kind,
            custom=field.custom if field else True,
            options=tuple(dict.fromkeys((*(field.options if field else ()), *own)))
            if _has_options(kind)
            else (),
            transform=data["transform"],
            args=tuple(_args(data, self.settings)),
            update_mode=UpdateMode(data["update_mode"]),
            component=self.proposed.component if field and not field.custom else "",
        )


def _versions_in(parts: Iterable[str]) -> dict[int, int]:
    try:
        pairs = (part.split(":") for part in parts)
        return {int(pk): int(version) for pk, version in pairs}
    except ValueError as problem:
        raise ValidationError("The list of rows is not one of ours. Open the page again.") from problem


def _initial(field: SourceField, rule: FieldRule) -> dict[str, Any]:
    args = dict(rule.args)
    pairs = [f"{k.removeprefix(LOOK_UP)} = {v}" for k, v in rule.args if k.startswith(LOOK_UP)]
    skipped = rule.action == Action.SKIP
    return {
        "destination": _destination_of(rule),
        "name": rule.field if rule.custom and not skipped else field_name(field.name),
        "type": rule.type.value,
        "transform": rule.transform,
        "options": "\n".join(rule.options) if rule.action == Action.CREATE else "",
        "look_up": "\n".join(pairs),
        "currency": args.get("currency", ""),
        "decimal": args.get("decimal", ""),
        "order": args.get("order", ""),
        "update_mode": rule.update_mode.value,
        "client_key": uuid4(),
    }


def _destination_of(rule: FieldRule) -> str:
    if rule.action != Action.MAP:
        return f"{NEW}:{rule.object}"
    return _destination(rule.object, rule.field, rule.type if rule.custom else None)


def _value_of(field: TargetField, key: str) -> str:
    return _destination(
        field.object, field.name if field.custom else key, field.type if field.custom else None
    )


def _destination(where: TargetObject, name: str, custom: FieldType | None) -> str:
    """The value of a choice: "person:standard:emails:" or "person:custom:Shoe size:double"."""
    return f"{where}:custom:{name}:{custom}" if custom else f"{where}:standard:{name}:"


def _destinations(targets: dict[str, Any]) -> list[Any]:
    """New fields first, then the account's own by object."""
    groups: dict[str, list[tuple[str, str]]] = {
        "New field": [(f"{NEW}:{where}", f"New {words} field") for where, words in OBJECT_WORDS.items()]
    }
    for value, target in targets.items():
        words = FIELD_WORDS[target.field.type][0]
        plain = (
            target.field.name if target.field.custom else STANDARD_WORDS.get(target.key, target.field.name)
        )
        groups.setdefault(OBJECT_WORDS[target.field.object], []).append((value, f"{plain} ({words.lower()})"))
    return list(groups.items())


def _creatable(kind: FieldType) -> bool:
    return kind not in (FieldType.USER, FieldType.ADDRESS)


def _has_options(kind: FieldType) -> bool:
    return kind in (FieldType.ENUM, FieldType.SET)


def _args(data: dict[str, Any], settings: ProposerSettings) -> Iterable[tuple[str, str]]:
    wanted = set(REGISTRY[data["transform"]].args)
    values = {
        "currency": data["currency"].upper() or settings.currency,
        "decimal": data["decimal"],
        "order": data["order"],
        "region": settings.region,
    }
    yield from ((name, value) for name, value in sorted(values.items()) if name in wanted and value)
    for line in data["look_up"].splitlines():
        value, mark, label = line.partition("=")
        if mark and value.strip() and label.strip():
            yield f"{LOOK_UP}{value.strip().casefold()}", label.strip()
