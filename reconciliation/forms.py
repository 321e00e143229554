"""What the queue's forms send, checked for shape only; whether it may be done is the services' to say."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict

from migrator.engine.cases import CaseKind
from reconciliation.buttons import FIELD, pairs_of

# The largest number that a version can have in the database.
MOST_VERSION = 2**31 - 1
ARGS = ("email", "name", "reason", "into", "target_id", "survivor", "type")
MOST_SELECTED = 500


class Text(forms.Field):
    """A text as it came, of any length and with any character; whoever uses it has the sentence for it."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> str:
        return value if isinstance(value, str) else ""


class DecideForm(forms.Form):
    """One act on one case. No action means: accept the suggestion. What the act needs is checked by `arguments`,
    which has a sentence for everything: a text of any length comes through here."""

    action = forms.CharField(max_length=20, required=False)
    expected_version = forms.IntegerField(min_value=0, max_value=MOST_VERSION)
    client_key = forms.UUIDField(required=False)
    # The person saw that somebody else has the case open.
    take_over = forms.BooleanField(required=False)
    email = Text()
    name = Text()
    reason = Text()
    # Blanks stay: a tag may differ from another by one alone.
    into = Text()
    target_id = Text()
    survivor = Text()
    type = Text()

    def clean_client_key(self) -> UUID:
        """A page without JavaScript brings the key it was rendered with; one that brings none gets one."""
        return self.cleaned_data["client_key"] or uuid4()

    @property
    def args(self) -> dict[str, Any]:
        """What was entered or chosen: texts, "members" as a list where the form had ticks, and "fields" as
        {field: source key} of every "field-<field>" that names one."""
        found: dict[str, Any] = {
            name: self.cleaned_data[name] for name in ARGS if self.cleaned_data.get(name)
        }
        if not isinstance(self.data, QueryDict):
            return found
        if "ticks" in self.data or "members" in self.data:
            found["members"] = self.data.getlist("members")[:MOST_SELECTED]
        chosen = {
            name.removeprefix(FIELD): str(key)
            for name, key in self.data.items()
            if name.startswith(FIELD) and key
        }
        return found | ({"fields": chosen} if chosen else {})

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same as fields of another form, so that it can be sent again."""
        return pairs_of(self.args)


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
        return {int(pk): int(version) for pk, _, version in pairs if _is_number(pk) and _is_number(version)}


class UndoForm(forms.Form):
    """`seen` is true where the person saw what was decided again later; `also` names what to take back of it."""

    batch = forms.UUIDField()
    decision = forms.IntegerField(min_value=1, required=False)
    seen = forms.BooleanField(required=False)
    client_key = forms.UUIDField(required=False)

    @property
    def also(self) -> set[int]:
        """The ids of the ticked cases; what is no id is left out."""
        ticked = self.data.getlist("also") if isinstance(self.data, QueryDict) else []
        return {int(pk) for pk in ticked[:MOST_SELECTED] if _is_number(pk)}

    def clean_client_key(self) -> UUID:
        return self.cleaned_data["client_key"] or uuid4()


def _is_number(text: str) -> bool:
    """Digits, and no more of them than a key of the database has."""
    return text.isascii() and text.isdecimal() and len(text) < 19
