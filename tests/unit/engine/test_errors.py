"""The errors: one root, families that never overlap where loops decide by them, and a sentence in each."""

import pytest

from migrator.engine import errors

FAMILIES = {
    errors.TransientError: {errors.CrosswalkError},
    errors.PermanentError: {errors.CrosswalkError},
    errors.ConfigurationError: {errors.CrosswalkError},
    errors.RefusedError: {errors.CrosswalkError},
    errors.UnsafePlanError: {errors.CrosswalkError, errors.RefusedError},
    errors.DriftError: {errors.CrosswalkError, errors.ConfigurationError},
}


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_each_error_belongs_to_its_family_alone(kind: type[Exception]) -> None:
    families = {family for family in (errors.CrosswalkError, *FAMILIES) if issubclass(kind, family)}
    assert families - {kind} == FAMILIES[kind]


def test_an_error_carries_its_sentence_and_ids() -> None:
    problem = errors.PermanentError("The name is missing. Supply one.", operation=7)
    assert (problem.sentence, str(problem), problem.ids) == (
        "The name is missing. Supply one.",
        "The name is missing. Supply one.",
        {"operation": 7},
    )


def test_a_transient_error_says_when_to_come_back() -> None:
    problem = errors.TransientError("The pace is used up.", retry_after=2.5, scope="a")
    assert (problem.retry_after, problem.ids) == (2.5, {"scope": "a"})


def test_a_transient_error_may_not_know_when() -> None:
    assert errors.TransientError("The line is cut.").retry_after is None


def test_an_unsafe_plan_names_each_reason() -> None:
    problem = errors.UnsafePlanError(("Too many fields.", "No owner."))
    assert problem.reasons == ("Too many fields.", "No owner.")
    assert problem.sentence == "Too many fields. No owner."
