"""The measures of design/field-mapping.md section 8, from scored proposals. Shares from 0 to 1; nothing is rounded
before it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass

SURE = 0.9
_BINS = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """One attribute's proposal beside its answer. `type_right` and `part_right` are None where they do not
    count."""

    id: str
    is_default: bool
    confidence: float
    right: bool
    in_three: bool
    is_map: bool
    leaks: bool
    type_right: bool | None
    part_right: bool | None


def measured(rows: Sequence[Scored]) -> dict[str, float | int | list[str]]:
    """All measures of one set of rows."""
    sure = [row for row in rows if row.confidence >= SURE]
    return {
        "attributes": len(rows),
        "top-1": _share([r.right for r in rows]),
        "top-3": _share([r.in_three for r in rows]),
        f"precision at {SURE}": _share([r.right for r in sure]),
        f"coverage at {SURE}": len(sure) / len(rows) if rows else 0.0,
        "calibration error": calibration_error(rows),
        "type of a new field": _share([r.type_right for r in rows if r.type_right is not None]),
        "component": _share([r.part_right for r in rows if r.part_right is not None]),
        "sensitive leaks": [r.id for r in sure if r.leaks],
        "sure and wrong": [r.id for r in sure if r.is_map and not r.right],
    }


def calibration_error(rows: Sequence[Scored]) -> float:
    """How far confidence is from what came true, over ten bins of equal width."""
    bins: dict[int, list[Scored]] = {}
    for row in rows:
        bins.setdefault(min(_BINS - 1, int(row.confidence * _BINS)), []).append(row)
    off = (abs(sum(r.confidence - r.right for r in group)) for group in bins.values())
    return sum(off) / len(rows) if rows else 0.0


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found) if found else 1.0
