"""What the queue's forms send, checked for shape only; whether it may be done is the services' to say."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict

from migrator.engine.cases import CaseKind
from reconciliation.queries import Filters

ARGS = ("email", "name", "reason", "into", "target_id", "survivor", "type")
MOST_SELECTED = 500


class DecideForm(forms.Form):
    """One act on one case. No action means: accept the suggestion."""

    action = forms.CharField(max_length=20, required=False)
    expected_version = forms.IntegerField(min_value=0)
    client_key = forms.UUIDField(required=False)
    email = forms.CharField(max_length=400, required=False)
    name = forms.CharField(max_length=400, required=False)
    reason = forms.CharField(max_length=600, required=False)
    # Blanks stay: a tag may differ from another by one alone.
    into = forms.CharField(max_length=400, required=False, strip=False)
    target_id = forms.CharField(max_length=40, required=False)
    survivor = forms.CharField(max_length=200, required=False)
    type = forms.CharField(max_length=20, required=False)

    def clean_client_key(self) -> UUID:
        """A page without JavaScript brings the key it was rendered with; one that brings none gets one."""
        return self.cleaned_data["client_key"] or uuid4()

    @property
    def args(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ARGS if self.cleaned_data.get(name)}


class DecideManyForm(DecideForm):
    """One act on the selected cases ("id:version" each), or on a whole group of the filtered list."""

    expected_version = forms.IntegerField(min_value=0, required=False)
    kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in CaseKind])
    group = forms.CharField(max_length=20, required=False)
    confirmed = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("group") and not self.versions:
            raise forms.ValidationError("Select at least one case.")
        return cleaned

    @property
    def _items(self) -> list[str]:
        return self.data.getlist("items") if isinstance(self.data, QueryDict) else []

    @property
    def case_kind(self) -> CaseKind:
        return CaseKind(self.cleaned_data["kind"])

    @property
    def act(self) -> str:
        return str(self.cleaned_data["action"])

    @property
    def versions(self) -> dict[int, int]:
        """The selected cases with the version that the person saw; what is no such pair is left out."""
        pairs = [text.partition(":") for text in self._items[:MOST_SELECTED]]
        return {int(pk): int(version) for pk, _, version in pairs if pk.isdecimal() and version.isdecimal()}


class FilterForm(forms.Form):
    """The filters of the list, as the address holds them; a filter that is no good is no filter."""

    section = forms.CharField(max_length=200, required=False)
    q = forms.CharField(max_length=200, required=False)

    @property
    def filters(self) -> Filters:
        self.is_valid()
        return Filters(self.cleaned_data.get("section", ""), self.cleaned_data.get("q", ""))


class UndoForm(forms.Form):
    batch = forms.UUIDField()
    decision = forms.IntegerField(min_value=1, required=False)
    client_key = forms.UUIDField(required=False)

    def clean_client_key(self) -> UUID:
        return self.cleaned_data["client_key"] or uuid4()
