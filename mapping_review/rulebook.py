"""Whether a rule that a person made can work at all. Pure; each refusal is a sentence."""

from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action, FieldRule
from migrator.engine.inventory import FieldType, SourceKind
from migrator.engine.transforms.registry import REGISTRY

LONGEST_NAME = 255
MOST_OPTIONS = 10_000


def check_rule(rule: FieldRule) -> None:
    """Raises RefusedError where the rule could not be carried out."""
    if sentence := why_impossible(rule):
        raise RefusedError(sentence)


def why_impossible(rule: FieldRule) -> str:
    """The first thing that is wrong with a rule, "" where it can work."""
    if rule.action == Action.SKIP:
        return ""
    if not rule.field.strip():
        return "The field in Pipedrive has no name. Give it one."
    if len(rule.field) > LONGEST_NAME:
        return (
            f"The name is {len(rule.field)} characters long and Pipedrive takes {LONGEST_NAME}. Shorten it."
        )
    if rule.action == Action.CREATE and not rule.custom:
        return "Only custom fields can be created. Choose an existing field or a new custom one."
    return _why_wrong_type(rule) or _why_wrong_options(rule)


def _why_wrong_type(rule: FieldRule) -> str:
    entry = REGISTRY.get(rule.transform)
    if entry is None:
        return "This conversion does not exist. Choose another one."
    if rule.kind == SourceKind.EVENT or rule.type in entry.returns:
        return ""
    return (
        f"The conversion “{entry.title}” gives no value that this type of field can hold. Choose another one."
    )


def _why_wrong_options(rule: FieldRule) -> str:
    if rule.action != Action.CREATE or rule.type not in (FieldType.ENUM, FieldType.SET):
        return ""
    if not rule.options:
        return "A field with options needs at least one. List them, one on each line."
    if any(len(option) > LONGEST_NAME for option in rule.options):
        return f"An option is longer than {LONGEST_NAME} characters. Shorten it."
    return (
        ""
        if len(rule.options) <= MOST_OPTIONS
        else "Pipedrive takes 10,000 options for a field. Choose text."
    )
