"""The target's fields as a proposer sees them: each with the concepts that it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass

from mapping_review.proposers.lexicon import LANGUAGES, Languages
from mapping_review.proposers.names import Reading, read_name
from mapping_review.proposers.proposal import ProposerSettings
from migrator.engine.inventory import FieldType, TargetField, TargetObject
from migrator.engine.phases.plan import MARKER_FIELD

# How vendors' catalogues name what FieldRule.field calls otherwise.
_ALIASES = {
    "email": "emails",
    "phone": "phones",
    "owner_id": "owner",
    "stage_id": "stage",
    "pipeline_id": "pipeline",
    "employee_count": "employee_count",
}
_STANDARD: dict[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("person", "name"): (("full_name",), ("name",)),
    ("person", "first_name"): (("first_name",),),
    ("person", "last_name"): (("last_name",),),
    ("person", "emails"): (
        ("email",),
        ("email", "work"),
        ("email", "private"),
        ("email", "home"),
        ("email", "other"),
        ("email", "contact"),
        ("email", "primary"),
    ),
    ("person", "phones"): (
        ("phone",),
        ("mobile",),
        ("phone", "work"),
        ("phone", "direct"),
        ("phone", "home"),
        ("phone", "private"),
        ("mobile", "private"),
        ("mobile", "work"),
        ("direct", "number"),
        ("direct",),
        ("phone", "contact"),
        ("phone", "other"),
        ("work", "number"),
    ),
    ("person", "owner"): (("owner",), ("owner", "name"), ("owner", "email")),
    ("person", "job_title"): (("job_title",), ("job_title", "name")),
    ("person", "birthday"): (("birthday",),),
    ("person", "notes"): (("comment",),),
    ("person", "im"): (("messenger",),),
    ("person", "marketing_status"): (
        ("email_consent",),
        ("consent",),
        ("newsletter",),
        ("marketing", "consent"),
        ("opt_out",),
        ("marketing", "email_consent"),
        ("marketing", "status"),
    ),
    ("organization", "name"): (("company",), ("company", "name")),
    ("organization", "owner"): (("owner",),),
    ("organization", "website"): (("website",), ("website", "url")),
    ("organization", "linkedin"): (("linkedin",), ("linkedin", "url")),
    ("organization", "industry"): (("industry",),),
    ("organization", "annual_revenue"): (("revenue",), ("revenue", "year")),
    ("organization", "employee_count"): (("employees",), ("employees", "count")),
    ("deal", "title"): (("deal_name",),),
    ("deal", "value"): (("deal_value",), ("mrr",), ("arr",), ("quote", "price")),
    ("deal", "currency"): (("currency",),),
    ("deal", "stage"): (("stage",),),
    ("deal", "pipeline"): (("pipeline",),),
    ("deal", "status"): (("deal_status",),),
    ("deal", "probability"): (("probability",),),
    ("deal", "expected_close_date"): (("close_date",),),
    ("deal", "lost_reason"): (("lost_reason",),),
    ("deal", "id"): (("deal_id",),),
    ("organization", "id"): (),
    ("deal", "origin"): (),
    ("deal", "channel"): (),
}
ADDRESS_PARTS = {
    "street": "street",
    "street2": "street2",
    "house_number": "house_number",
    "house_number_suffix": "house_number_suffix",
    "postal_code": "postal_code",
    "city": "city",
    "state": "state",
    "country": "country",
    "address": "full",
}
_SPOKEN: dict[str, Languages] = {
    "SE": ("sv",),
    "NO": ("no",),
    "DK": ("da",),
    "FI": ("fi", "sv"),
    "DE": ("de",),
    "AT": ("de",),
    "CH": ("de",),
    "NL": ("nl",),
    "BE": ("nl",),
    "GB": ("en",),
    "IE": ("en",),
}
_MANY_TO_ONE = frozenset([("person", "emails"), ("person", "phones")])


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a rule may name. `shared` targets take any number of source fields."""

    field: TargetField
    key: str
    readings: tuple[Reading, ...]
    shared: bool = False
    is_address: bool = False

    @property
    def place(self) -> tuple[str, str]:
        return (self.field.object.value, self.field.name if self.field.custom else self.key)


def targets_in(catalogue: Sequence[TargetField], settings: ProposerSettings) -> list[Target]:
    """Every field that may be mapped to, in a fixed order; standard fields that cannot be written are left
    out."""
    found = [
        target for field in [*catalogue, *_SOURCE_IDS] if (target := _target(field, settings)) is not None
    ]
    return sorted(found, key=lambda t: (t.field.object.value, t.field.custom, t.place, t.field.type.value))


def languages_of(settings: ProposerSettings) -> Languages:
    """The languages that decide between several meanings of a word: those given, else the region's."""
    found = {language.casefold()[:2] for language in settings.languages} & set(LANGUAGES)
    return tuple(sorted(found)) or _SPOKEN.get(settings.region.upper(), ())


# The source's own ids decide identity and have no field in the catalogue.
_SOURCE_IDS = (
    TargetField(TargetObject.DEAL, "Deal ID in the source", FieldType.VARCHAR, False, "id"),
    TargetField(TargetObject.ORGANIZATION, "Company ID in the source", FieldType.VARCHAR, False, "id"),
)


def _target(field: TargetField, settings: ProposerSettings) -> Target | None:
    if field.custom and field.name == MARKER_FIELD:
        # It is how a run finds its own records again.
        return None
    if field.custom:
        reading = read_name(field.name, languages_of(settings))
        return Target(field, field.name, (reading,), is_address=field.type == FieldType.ADDRESS)
    key = _ALIASES.get(field.standard_key, field.standard_key)
    place = (field.object.value, key)
    if place not in settings.standard:
        return None
    if key in ("address", "postal_address"):
        return Target(field, key, (), shared=True, is_address=True)
    readings = tuple(_reading(concepts) for concepts in _STANDARD.get(place, ()))
    return Target(field, key, readings, shared=place in _MANY_TO_ONE) if readings or key == "id" else None


def _reading(concepts: tuple[str, ...]) -> Reading:
    return Reading("", tuple(frozenset([concept]) for concept in concepts))
