"""Whether a rule that a person made can work at all. Pure; each refusal is a sentence."""

from dataclasses import dataclass

from migrator.engine.errors import RefusedError
from migrator.engine.field_map import Action, FieldRule, Merge
from migrator.engine.inventory import FieldType, SourceKind
from migrator.engine.merging import merges_for
from migrator.engine.transforms.registry import REGISTRY

LONGEST_NAME = 255
LONGEST_REASON = 300
MOST_OPTIONS = 10_000
LAST_RANK = 99
MERGES = {
    Merge.NONE: "No other field fills it",
    Merge.FIRST: "First one that is filled, in this order",
    Merge.SPACE: "Join with a space",
    Merge.COMMA: "Join with a comma",
    Merge.EACH: "Every option of each",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a rule, and with which part of it: an attribute of FieldRule."""

    part: str
    sentence: str


def check_rule(rule: FieldRule) -> None:
    """Raises RefusedError where the rule could not be carried out."""
    if sentence := why_impossible(rule):
        raise RefusedError(sentence)


def why_impossible(rule: FieldRule) -> str:
    """The first thing that is wrong with a rule, "" where it can work."""
    problem = problem_with(rule)
    return problem.sentence if problem else ""


def problem_with(rule: FieldRule) -> Problem | None:
    """The first thing that is wrong with a rule, None where it can work."""
    if rule.is_left:
        return _reason_problem(rule)
    return _name_problem(rule) or _type_problem(rule) or _options_problem(rule) or _merge_problem(rule)


def _reason_problem(rule: FieldRule) -> Problem | None:
    reason = rule.reason.strip()
    if rule.action == Action.DROP and not reason:
        return Problem("reason", "Say why the field is left behind. It stays with the map.")
    if len(reason) > LONGEST_REASON:
        return Problem(
            "reason", f"The reason is {len(reason)} characters long. Use {LONGEST_REASON} at most."
        )
    return None


def _name_problem(rule: FieldRule) -> Problem | None:
    if not rule.field.strip():
        return Problem("field", "The field in Pipedrive has no name. Give it one.")
    if len(rule.field) > LONGEST_NAME:
        long = (
            f"The name is {len(rule.field)} characters long and Pipedrive takes {LONGEST_NAME}. Shorten it."
        )
        return Problem("field", long)
    if rule.action == Action.CREATE and not rule.custom:
        new = "Only custom fields can be created. Choose an existing field or a new custom one."
        return Problem("field", new)
    return None


def _type_problem(rule: FieldRule) -> Problem | None:
    entry = REGISTRY.get(rule.transform)
    if entry is None:
        return Problem("transform", "This conversion does not exist. Choose another one.")
    if rule.kind == SourceKind.EVENT or rule.type in entry.returns:
        return None
    return Problem(
        "transform",
        f"The conversion “{entry.title}” gives no value that this type of field can hold. Choose another one.",
    )


def _options_problem(rule: FieldRule) -> Problem | None:
    if rule.action != Action.CREATE or rule.type not in (FieldType.ENUM, FieldType.SET):
        return None
    if not rule.options:
        return Problem("options", "A field with options needs at least one. List them, one on each line.")
    if any(len(option) > LONGEST_NAME for option in rule.options):
        return Problem("options", f"An option is longer than {LONGEST_NAME} characters. Shorten it.")
    if len(rule.options) > MOST_OPTIONS:
        return Problem("options", "Pipedrive takes 10,000 options for a field. Choose text.")
    return None


def _merge_problem(rule: FieldRule) -> Problem | None:
    if rule.merge and rule.merge not in merges_for(rule):
        return Problem(
            "merge", f"“{MERGES[rule.merge]}” does not fit this type of field. Choose another one."
        )
    if not 0 <= rule.rank <= LAST_RANK:
        return Problem("rank", f"A place in the order is a number from 1 to {LAST_RANK}.")
    return None
