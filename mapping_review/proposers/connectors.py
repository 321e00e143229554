"""Which CRM's integration wrote an attribute, and which of them are no longer there."""

import re
from collections.abc import Mapping, Sequence

from migrator.engine.inventory import SourceField, Variant

_NAMESPACE = re.compile(
    r"com\.apsis1\.integrations\.(webcrm|lime|fsc-corporate|tribe|efficy|dynamics)(?:[-_.\d].*?)?\.attributes\."
)
DYNAMICS = "Dynamics"
_TITLES = {
    "webcrm": "webCRM",
    "lime": "Lime",
    "fsc-corporate": "Efficy Corporate",
    "tribe": "Tribe",
    "efficy": "Efficy",
    "dynamics": DYNAMICS,
}
# A Section takes one CRM integration (reference 13). What an uninstalled one left stays on few profiles.
_LEFT_OVER = 0.25


def connector_of(field: SourceField) -> str:
    """The CRM whose integration wrote the attribute, as people call it; "" for all else."""
    found = {_wrote(variant) for variant in field.variants}
    return found.pop() if len(found) == 1 else ""


def left_behind(fields: Sequence[SourceField]) -> Mapping[str, str]:
    """For the fields of CRMs that look uninstalled, by key, a sentence that says so: another CRM's integration
    fills far more profiles of the same Section."""
    most = _most_filled(fields)
    found = {}
    for field in fields:
        name = connector_of(field)
        gone = name and [_succeeded(v.section, name, most) for v in field.variants]
        if gone and all(gone):
            found[field.key] = gone[0]
    return found


def _wrote(variant: Variant) -> str:
    match = _NAMESPACE.match(variant.discriminator)
    return _TITLES[match[1]] if match else ""


def _most_filled(fields: Sequence[SourceField]) -> dict[str, dict[str, int]]:
    """By Section and CRM, how many profiles its fullest attribute has."""
    most: dict[str, dict[str, int]] = {}
    for variant in (v for field in fields for v in field.variants):
        name = _wrote(variant)
        if name:
            section = most.setdefault(variant.section, {})
            section[name] = max(section.get(name, 0), variant.filled)
    return most


def _succeeded(section: str, name: str, most: Mapping[str, Mapping[str, int]]) -> str:
    filled = most[section]
    newer = max(filled, key=lambda other: (filled[other], other))
    if newer == name or filled[name] > _LEFT_OVER * filled[newer]:
        return ""
    return (
        f"{name} wrote it on at most {filled[name]:,} profiles and {newer} wrote on {filled[newer]:,}: "
        f"{name} looks uninstalled, and nobody keeps this up to date"
    )
