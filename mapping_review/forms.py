"""What people send about the map: one act on one row, a bulk approval, a signature. Another rule for a row is in
`rule_forms`."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mapping_review.choices import Act
from mapping_review.fences import DEFAULT_THRESHOLD, LOWEST_THRESHOLD
from mapping_review.rulebook import LONGEST_REASON

_MOST_MARKS = 20


class ActForm(forms.Form):
    """One act on one row: which version of the row the person saw, and the key of the request."""

    expected_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput)


class DecideForm(ActForm):
    """`alternative` "0" is the proposal itself; others are numbered from 1. `reason` is for "drop"."""

    action = forms.ChoiceField(choices=[(a, a) for a in ("approve", "reject", "skip", "drop", "undo")])
    alternative = forms.IntegerField(min_value=0, required=False)
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        required=False,
        error_messages={"max_length": f"The reason is too long. Use {LONGEST_REASON} characters at most."},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("action") == "drop" and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Say why the field is left behind. It stays with the map.")
        return cleaned


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
    # One for each drawn row that was opened; what is not ours proves nothing.
    mark = forms.Field(widget=forms.SelectMultiple, required=False)

    def clean_mark(self) -> list[str]:
        return [str(mark) for mark in (self.cleaned_data["mark"] or ())][:_MOST_MARKS]


class BulkApproveForm(BulkForm):
    """`rows` lists what was shown as id:version."""

    rows = forms.CharField(widget=forms.HiddenInput)
    client_key = forms.UUIDField(widget=forms.HiddenInput)

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


class SignForm(forms.Form):
    """What the person who signs was shown: the checksum of the map, and the newest act in it."""

    checksum = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


def _versions_in(parts: Iterable[str]) -> dict[int, int]:
    try:
        pairs = (part.split(":") for part in parts)
        return {int(pk): int(version) for pk, version in pairs}
    except ValueError as problem:
        raise ValidationError("The list of rows is not one of ours. Open the page again.") from problem
