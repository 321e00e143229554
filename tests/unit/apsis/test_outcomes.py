"""Refusals of APSIS One and the families they belong to."""

import json

import pytest

from migrator.apsis.outcomes import read_error
from migrator.engine.errors import ConfigurationError, CrosswalkError, PermanentError, TransientError
from migrator.http.messages import Answer


def problem(status: int, detail: str = "", **headers: str) -> Answer:
    raw = {"title": "Refused", "status": status, **({"detail": detail} if detail else {})}
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, json.dumps(raw).encode(), raw)


@pytest.mark.parametrize(
    ("answer", "family"),
    [
        (problem(400, "bad"), PermanentError),
        (problem(401), ConfigurationError),
        (problem(403, "no"), ConfigurationError),
        (problem(404), PermanentError),
        (problem(408), TransientError),
        (problem(410), PermanentError),
        (problem(413), ConfigurationError),
        (problem(429), TransientError),
        (problem(500), TransientError),
        (problem(501), TransientError),
        (problem(503), TransientError),
        (Answer(200, {}, b"<html>"), TransientError),
        (Answer(200, {}, b"{", complete=False), TransientError),
    ],
)
def test_each_refusal_has_a_family(answer: Answer, family: type[CrosswalkError]) -> None:
    error = read_error(answer, "the tags")
    assert isinstance(error, family)
    assert error.sentence.endswith(".")
    assert ".." not in error.sentence


def test_it_repeats_the_words_of_the_service() -> None:
    assert "No such section" in read_error(problem(400, "No such section"), "the tags").sentence
    assert "Refused" in read_error(problem(400), "the tags").sentence
    assert "no reason given" in read_error(Answer(400, {}, b"<html>"), "the tags").sentence


@pytest.mark.parametrize(("answer", "wait"), [(problem(429), 60.0), (problem(429, retry_after="7"), 7.0)])
def test_it_waits_as_long_as_the_limit_lasts(answer: Answer, wait: float) -> None:
    error = read_error(answer, "an export", wait=60.0)
    assert isinstance(error, TransientError)
    assert error.retry_after == wait
