"""The transform names that a field map may use, what each reads and returns, and the one way to run them."""

from collections.abc import Callable
from dataclasses import dataclass

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import ConfigurationError
from migrator.engine.inventory import FieldType, ValueType
from migrator.engine.transforms import choices, contacts, dates, labels, numbers, texts
from migrator.engine.transforms.converted import Args, Converted
from migrator.engine.transforms.tools import Tools

_Function = Callable[[JsonValue, Args, Tools], Converted]
_ANY = frozenset(ValueType)


@dataclass(frozen=True, slots=True)
class Transform:
    """`title` is what people read; `reads` are the value types that it is offered for."""

    name: str
    title: str
    run: _Function
    returns: frozenset[FieldType]
    reads: frozenset[ValueType] = _ANY
    args: tuple[str, ...] = ()


def convert(transform: str, value: JsonValue, args: Args, tools: Tools) -> Converted:
    """Run one transform. Never raises on a value; raises ConfigurationError on a name that does not exist."""
    entry = REGISTRY.get(transform)
    if entry is None:
        raise ConfigurationError(
            f"The map names the conversion {transform!r}, which does not exist. "
            "Choose another on the field's row."
        )
    return entry.run(value, args, tools)


def transforms_for(field_type: FieldType) -> tuple[Transform, ...]:
    """Those whose result the field type can hold, in the order in which they are offered."""
    return tuple(entry for entry in REGISTRY.values() if field_type in entry.returns)


_F, _V = FieldType, ValueType
_SHORT_TEXT = frozenset({_F.VARCHAR, _F.TEXT, _F.ADDRESS, _F.PHONE, _F.USER})
_NUMERIC = frozenset({_V.NUMBER, _V.MONEY, _V.TEXT, _V.OPTION})

REGISTRY: dict[str, Transform] = {
    entry.name: entry
    for entry in (
        Transform("text", "Text as it is", texts.to_text, _SHORT_TEXT),
        Transform("long_text", "Long text as it is", texts.to_long_text, frozenset({_F.TEXT})),
        Transform(
            "number", "Number", numbers.to_number, frozenset({_F.DOUBLE, _F.MONETARY}), _NUMERIC, ("decimal",)
        ),
        Transform(
            "money",
            "Amount with currency",
            numbers.to_money,
            frozenset({_F.MONETARY}),
            _NUMERIC,
            ("currency", "decimal"),
        ),
        Transform(
            "date",
            "Date",
            dates.to_date,
            frozenset({_F.DATE}),
            frozenset({_V.DATE, _V.DATETIME, _V.TEXT, _V.NUMBER}),
            ("order",),
        ),
        Transform("yes_no", "Yes or No", choices.to_yes_no, frozenset({_F.ENUM, _F.SET, _F.VARCHAR})),
        Transform("option", "One option", choices.to_option, frozenset({_F.ENUM, _F.VARCHAR})),
        Transform(
            "options",
            "Split list into options",
            choices.to_options,
            frozenset({_F.SET}),
            _ANY,
            ("separator",),
        ),
        Transform(
            "phone",
            "Phone to international format",
            contacts.to_phone,
            frozenset({_F.PHONE, _F.VARCHAR}),
            frozenset({_V.PHONE, _V.NUMBER, _V.TEXT}),
            ("region",),
        ),
        Transform(
            "email",
            "E-mail address",
            contacts.to_email,
            frozenset({_F.VARCHAR, _F.USER}),
            frozenset({_V.EMAIL, _V.TEXT}),
        ),
        Transform(
            "url",
            "Web address",
            contacts.to_url,
            frozenset({_F.VARCHAR, _F.TEXT}),
            frozenset({_V.URL, _V.TEXT}),
        ),
        Transform("address_part", "Part of an address", texts.to_address_part, _SHORT_TEXT),
        Transform("postal_code", "Postal code", texts.to_postal_code, _SHORT_TEXT),
        Transform("label_title", "Label in Title Case", labels.to_label_title, frozenset({_F.SET})),
        Transform(
            "label_underscore", "Label_with_underscores", labels.to_label_underscore, frozenset({_F.SET})
        ),
    )
}
