"""What people enter on the screens of the route, checked before it reaches a service."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from migrator.choices import Side
from migrator.connections import PLANS
from migrator.engine.phases.histories import Fidelity
from migrator.models import Connection, Preference

PLAN_CHOICES = [(p.key, f"{p.name} (older plan)" if p.retired else p.name) for p in PLANS.values()]
CREDENTIALS = [("api_token", "API token"), ("oauth", "OAuth access token")]
THEMES = [("system", "Theme of this device"), ("light", "Light"), ("dark", "Dark")]
# Keys that a person may put elsewhere, with what they do. Those of the browser and Enter and Esc stay.
KEYS = {
    "J": "Next",
    "K": "Previous",
    "X": "Select",
    "A": "Select this group, approve",
    "Z": "Undo",
    "C": "Assign",
    "U": "Unsure",
    ".": "Note",
    "O": "Open on its own page",
    "E": "Supply, edit",
    "N": "Name only, keep apart",
    "M": "Merge",
    "S": "Skip, drop",
    "R": "Reject",
    "D": "Do not migrate",
    "G": "Go to",
}
DENSITIES = [("comfortable", "Comfortable"), ("compact", "Compact")]
SECRET = {"autocomplete": "off", "spellcheck": "false"}


class FidelityForm(forms.Form):
    fidelity = forms.ChoiceField(choices=[(f.value, f.value) for f in Fidelity])


class ChecksumForm(forms.Form):
    """Which plan the person looked at when approving."""

    checksum = forms.CharField(max_length=64)


class RollbackForm(ChecksumForm):
    """The number is typed, so that nobody removes records without having read how many."""

    typed = forms.CharField(label="Number of records", max_length=20)

    def __init__(self, *args: Any, expected: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        digits = "".join(letter for letter in typed if letter not in ",. \u00a0\u202f'")
        if digits != str(self.expected):
            raise ValidationError(
                f"This plan covers {self.expected:,} records. Nothing was changed. Type that number."
            )
        return typed


class PreferenceForm(forms.ModelForm):
    theme = forms.ChoiceField(choices=THEMES, widget=forms.RadioSelect)
    density = forms.ChoiceField(label="Row height", choices=DENSITIES, widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(label="Single-key shortcuts", required=False)

    class Meta:
        model = Preference
        fields = ("theme", "density", "shortcuts")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, act in KEYS.items():
            own = self.instance.keys.get(key, "")
            self.fields[f"key_{key}"] = forms.CharField(
                label=act, max_length=1, required=False, initial=own, empty_value=""
            )

    @property
    def key_fields(self) -> list[tuple[str, forms.BoundField]]:
        return [(key, self[f"key_{key}"]) for key in KEYS]

    def clean(self) -> dict[str, Any]:
        """An own key stands for one act only; a usual key is free where its own act has another."""
        cleaned = super().clean() or {}
        keys = {key: str(cleaned.get(f"key_{key}") or "").upper() for key in KEYS}
        pressed = {key: own or key for key, own in keys.items()}
        for key, own in keys.items():
            if own and not ((own.isascii() and own.isalpha()) or own in ".,-"):
                self.add_error(f"key_{key}", "Use one letter from A to Z, a full stop, a comma or a hyphen.")
            elif own and (others := [KEYS[k] for k, at in pressed.items() if at == own and k != key]):
                self.add_error(
                    f"key_{key}", f"{own} is taken: {others[0]}. Choose another, or move that one too."
                )
        cleaned["keys"] = {key: own for key, own in keys.items() if own and own != key}
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.instance.keys = self.cleaned_data["keys"]
        return super().save(commit)


class ConnectionForm(forms.Form):
    """One account. An empty secret keeps the stored one, but never for another address than it was saved for."""

    base_url = forms.CharField(label="Address", max_length=300)
    account_name = forms.CharField(label="Name of the account", max_length=120)

    def __init__(self, data: Any = None, *, connection: Connection) -> None:
        self.connection = connection
        initial = {"base_url": connection.base_url, **connection.config}
        super().__init__(data, initial=initial, auto_id=f"id_{connection.side}_%s")
        self.fields["secret"].required = not connection.sealed_secret

    def clean_base_url(self) -> str:
        address: str = self.cleaned_data["base_url"].strip()
        address = (address if "://" in address else f"https://{address}").rstrip("/")
        parts = urlsplit(address)
        secure = parts.scheme == "https" and "." in (parts.hostname or "")
        if parts.username or parts.query or not (secure or is_simulator(address)):
            raise ValidationError("Enter the address with https://, such as https://company.pipedrive.com.")
        return address

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        moved = values.get("base_url") and _host(values["base_url"]) != _host(self.connection.base_url)
        if moved and self.connection.sealed_secret and not values.get("secret"):
            self.add_error("secret", "The address is another one. Enter the secret that belongs to it.")
        return values

    @property
    def config(self) -> dict[str, Any]:
        """What is kept beside the address; the settings of a simulator stay only with a simulator."""
        names = [name for name in self.fields if name not in ("base_url", "secret")]
        config = {name: self.cleaned_data[name] for name in names}
        if is_simulator(self.cleaned_data["base_url"]):
            config["simulator"] = True
            if self.connection.config.get("limits_off"):
                config["limits_off"] = True
        return config


class SourceForm(ConnectionForm):
    client_id = forms.CharField(
        label="API client ID",
        max_length=200,
        help_text="APSIS One: Account settings, API keys, your key, Client ID.",
    )
    secret = forms.CharField(
        label="API client secret",
        max_length=500,
        widget=forms.PasswordInput(attrs=SECRET),
        help_text="Shown once by APSIS One when the key is made. Stored sealed and never shown again.",
    )


class TargetForm(ConnectionForm):
    credential = forms.ChoiceField(label="Kind of credential", choices=CREDENTIALS)
    secret = forms.CharField(
        label="Token",
        max_length=2000,
        widget=forms.PasswordInput(attrs=SECRET),
        help_text="Pipedrive: Personal preferences, API. Use an administrator's, or some records stay unseen.",
    )
    plan = forms.ChoiceField(
        choices=PLAN_CHOICES, help_text="Sets the daily tokens and the number of custom fields."
    )
    seats = forms.IntegerField(
        min_value=1, max_value=100_000, help_text="Paid seats: the daily tokens grow with them."
    )


FORMS: dict[str, type[ConnectionForm]] = {Side.SOURCE: SourceForm, Side.TARGET: TargetForm}


def is_simulator(address: str) -> bool:
    """An address of this machine, where the operator allows stand-in services."""
    host = urlsplit(address).hostname or ""
    try:
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        local = False
    return bool(settings.CROSSWALK_ALLOW_SIMULATORS) and local


def _host(address: str) -> str:
    return urlsplit(address).netloc
