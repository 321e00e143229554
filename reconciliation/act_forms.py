"""What the forms around a case send: notes, assignment, saved views, and acts on everything that matches a filter."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict
from django.utils import timezone

from migrator.engine.cases import CaseKind
from reconciliation.filters import Filters
from reconciliation.forms import MOST_SELECTED

KIND_VALUES = [(kind.value, kind.value) for kind in CaseKind]
LONGEST_QUERY = 1000
# The arguments that one act may carry for many cases.
BULK_ARGS = ("reason", "into", "type", "name")


class KeyedForm(forms.Form):
    """A page without JavaScript brings the key it was rendered with; one that brings none gets one."""

    client_key = forms.UUIDField(required=False)

    def clean_client_key(self) -> UUID:
        return self.cleaned_data["client_key"] or uuid4()


class NoteForm(KeyedForm):
    """The text is checked by `notes.add`."""

    text = forms.CharField(required=False, max_length=20_000)


class AssignForm(forms.Form):
    """To whom: the id of a person, or nothing for nobody."""

    to = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class ShareForm(forms.Form):
    """The people who get equal parts of what matches."""

    kind = forms.ChoiceField(choices=KIND_VALUES)

    @property
    def people(self) -> list[int]:
        chosen = self.data.getlist("people") if isinstance(self.data, QueryDict) else []
        return [int(pk) for pk in chosen[:MOST_SELECTED] if pk.isascii() and pk.isdecimal() and len(pk) < 11]


class ViewForm(forms.Form):
    """A saved view; `pk` names the one to change."""

    pk = forms.IntegerField(min_value=1, required=False)
    kind = forms.ChoiceField(choices=KIND_VALUES)
    # Its length is checked by the service, which words the refusal.
    name = forms.CharField(max_length=400, required=False)
    query = forms.CharField(max_length=LONGEST_QUERY, required=False)
    shared = forms.BooleanField(required=False)


class BulkForm(KeyedForm):
    """One act on every case that matched `query` at `seen_at`: a filter, never a list of cases."""

    kind = forms.ChoiceField(choices=KIND_VALUES)
    query = forms.CharField(max_length=LONGEST_QUERY, required=False)
    seen_at = forms.CharField(max_length=40)
    # None where the page knew no exact number.
    expected = forms.IntegerField(min_value=0, required=False)
    rule = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    action = forms.CharField(max_length=20, required=False)
    reason = forms.CharField(max_length=600, required=False)
    into = forms.CharField(max_length=400, required=False, strip=False)
    type = forms.CharField(max_length=20, required=False)
    name = forms.CharField(max_length=400, required=False)

    def clean_seen_at(self) -> datetime:
        try:
            seen = datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            raise forms.ValidationError("That is no moment.") from None
        if seen.tzinfo is None:
            raise forms.ValidationError("That is no moment.")
        # Nobody has seen what is yet to come.
        return min(seen, timezone.now())

    @property
    def case_kind(self) -> CaseKind:
        return CaseKind(self.cleaned_data["kind"])

    @property
    def filters(self) -> Filters:
        return Filters.from_query(self.cleaned_data["query"])

    @property
    def args(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in BULK_ARGS if self.cleaned_data.get(name)}
