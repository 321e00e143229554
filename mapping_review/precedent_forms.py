"""What people send about precedents: one to take for a row, and whether answers are shared."""

from typing import Any

from django import forms

from mapping_review.forms import ActForm


class PrecedentForm(ActForm):
    """`answer` is the key of the choice that the page showed."""

    answer = forms.CharField(max_length=64, widget=forms.HiddenInput)

    @property
    def request(self) -> dict[str, Any]:
        """What the services ask of every act; only for a form without errors."""
        return {name: self.cleaned_data[name] for name in ("expected_version", "client_key")}


class SharingForm(forms.Form):
    share = forms.ChoiceField(choices=[("on", "On"), ("off", "Off")])
