"""What may never be written to a field, however alike the names are. No other proposer can pass these by."""

from mapping_review.proposers.targets import Target
from migrator.engine.inventory import FieldType, ValueType

_F, _V = FieldType, ValueType
LABELLED = frozenset({_F.ENUM, _F.SET})


def allows(value_type: ValueType, target: Target) -> bool:
    """Whether values of this type may go to the target at all."""
    kind, key = target.field.type, "" if target.field.custom else target.key
    if value_type == _V.YES_NO:
        return kind in LABELLED or (target.field.custom and kind in (_F.VARCHAR, _F.TEXT))
    if kind == _F.DATE:
        return value_type in (_V.DATE, _V.DATETIME, _V.EMPTY)
    if key == "emails":
        return value_type in (_V.EMAIL, _V.EMPTY)
    if key == "phones" or kind == _F.PHONE:
        return value_type in (_V.PHONE, _V.NUMBER, _V.TEXT, _V.EMPTY)
    if value_type in (_V.DATE, _V.DATETIME):
        return target.field.custom and kind in (_F.VARCHAR, _F.TEXT)
    if value_type in (_V.EMAIL, _V.URL):
        return kind in (_F.VARCHAR, _F.TEXT, _F.USER)
    return not (kind == _F.DOUBLE and value_type in (_V.OPTIONS, _V.PHONE))
