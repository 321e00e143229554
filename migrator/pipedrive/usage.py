"""Whether a listed record still uses a field, an option or a label that a run made."""

from migrator.engine.ports import Json
from migrator.engine.records import Kind
from migrator.pipedrive.fields import LABEL_CODES, OBJECT_OF
from migrator.pipedrive.schema import SchemaId


def uses(kind: Kind, record: Json, schema_id: str) -> bool:
    """`schema_id` is the target id that a schema write gave; raises PermanentError on anything else."""
    made = SchemaId.parse(schema_id)
    if OBJECT_OF.get(kind) != made.object:
        return False
    if made.code in LABEL_CODES:
        held = record.get("label_ids")
    else:
        custom = record.get("custom_fields")
        held = custom.get(made.code) if isinstance(custom, dict) else None
    if held in (None, "", [], {}):
        return False
    if made.options is None:
        return True
    values = held if isinstance(held, list) else [held]
    return any(value in made.options for value in values)


def overlaid(record: Json, body: Json) -> Json:
    """The record as it will read once `body` was written over it."""
    before, after = record.get("custom_fields"), body.get("custom_fields")
    custom = (dict(before) if isinstance(before, dict) else {}) | (after if isinstance(after, dict) else {})
    return record | body | ({"custom_fields": custom} if custom else {})
