"""What each answer proves (reliability.md A3), as a table."""

import json
from typing import Any

import pytest

from migrator.engine.errors import ConfigurationError, CrosswalkError, PermanentError, TransientError
from migrator.engine.operations import Act
from migrator.engine.outcomes import Proof, Stop
from migrator.engine.records import Kind
from migrator.http.messages import Answer, NotSent, Unknown, WireError
from migrator.pipedrive.outcomes import classify, data_of
from tests.wire_clients import operation


def answer(status: int, raw: Any = None, *, complete: bool = True, **headers: str) -> Answer:
    body = b"<html></html>" if raw is None else json.dumps(raw).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body, raw if complete else None, complete)


def refusal(status: int, error: str, **more: Any) -> Answer:
    return answer(status, {"success": False, "error": error, "data": None, **more})


CREATE = operation(Kind.PERSON)
UPDATE = operation(Kind.PERSON, act=Act.UPDATE, target_id="5")
DELETE = operation(Kind.PERSON, act=Act.DELETE, target_id="5")
DONE, NOT_DONE, REJECTED, AMBIGUOUS = Proof.DONE, Proof.NOT_DONE, Proof.REJECTED, Proof.AMBIGUOUS

TABLE = [
    ("created", CREATE, answer(200, {"data": {"id": 5}}), DONE, Stop.NONE),
    ("created with 201", CREATE, answer(201, {"data": {"id": 5}}), DONE, Stop.NONE),
    ("updated", UPDATE, answer(200, {"data": {"id": 5}}), DONE, Stop.NONE),
    ("updated another one", UPDATE, answer(200, {"data": {"id": 6}}), AMBIGUOUS, Stop.NONE),
    ("2xx without id", CREATE, answer(200, {"data": {}}), AMBIGUOUS, Stop.NONE),
    ("2xx with id true", CREATE, answer(200, {"data": {"id": True}}), AMBIGUOUS, Stop.NONE),
    ("2xx with id 0", CREATE, answer(200, {"data": {"id": 0}}), AMBIGUOUS, Stop.NONE),
    ("2xx with a page", CREATE, answer(200), AMBIGUOUS, Stop.NONE),
    ("2xx cut short", CREATE, answer(200, {"data": {"id": 5}}, complete=False), AMBIGUOUS, Stop.NONE),
    ("redirect", CREATE, answer(302), AMBIGUOUS, Stop.NONE),
    ("deleted", DELETE, answer(200, {"data": {"id": 5}}), DONE, Stop.NONE),
    ("deleted note", DELETE, answer(200, {"data": True}), DONE, Stop.NONE),
    ("deleted before", DELETE, refusal(404, "Person not found"), DONE, Stop.NONE),
    ("delete answered by a page", DELETE, answer(200), AMBIGUOUS, Stop.NONE),
    ("gone before the update", UPDATE, refusal(404, "Person not found"), REJECTED, Stop.NONE),
    ("400", CREATE, refusal(400, "Validation failed: name: Required"), REJECTED, Stop.NONE),
    ("402", CREATE, refusal(402, "payment required"), NOT_DONE, Stop.CREDENTIALS),
    ("401", CREATE, refusal(401, "unauthorized access"), NOT_DONE, Stop.CREDENTIALS),
    ("403 for this record", CREATE, refusal(403, "visible_to: not available"), REJECTED, Stop.NONE),
    ("403 for a cap", CREATE, refusal(403, "Limit", code="feature_capping_deals_limit"), REJECTED, Stop.NONE),
    ("403 for the scope", CREATE, refusal(403, "Scope and URL mismatch"), NOT_DONE, Stop.CREDENTIALS),
    ("403 page", CREATE, answer(403), NOT_DONE, Stop.BLOCKED),
    ("405", CREATE, refusal(405, "Method not allowed"), REJECTED, Stop.NONE),
    ("408", CREATE, answer(408), AMBIGUOUS, Stop.NONE),
    ("409", CREATE, refusal(409, "Conflict"), REJECTED, Stop.NONE),
    ("413", CREATE, answer(413), REJECTED, Stop.NONE),
    ("422", CREATE, refusal(422, "Too many"), REJECTED, Stop.NONE),
    (
        "unknown key",
        CREATE,
        refusal(400, "Validation failed: custom_fields: Unknown key 'ab'"),
        NOT_DONE,
        Stop.DRIFT,
    ),
    (
        "unknown option",
        CREATE,
        refusal(400, "custom_fields.ab: option 7 does not exist"),
        NOT_DONE,
        Stop.DRIFT,
    ),
    ("unknown parameter", CREATE, refusal(400, "Parameter 'xy' is not allowed"), NOT_DONE, Stop.DRIFT),
    ("burst", CREATE, refusal(429, "request over limit"), NOT_DONE, Stop.BURST),
    ("500", CREATE, refusal(500, "Internal server error"), AMBIGUOUS, Stop.NONE),
    ("502 page", CREATE, answer(502), AMBIGUOUS, Stop.NONE),
    ("503", CREATE, answer(503), AMBIGUOUS, Stop.NONE),
    ("504", CREATE, answer(504), AMBIGUOUS, Stop.NONE),
    ("no connection", CREATE, NotSent("Not reached."), NOT_DONE, Stop.BURST),
    ("no answer", CREATE, Unknown("No answer."), AMBIGUOUS, Stop.NONE),
]


@pytest.mark.parametrize(
    ("sent", "result", "proof", "stop"), [row[1:] for row in TABLE], ids=[str(row[0]) for row in TABLE]
)
def test_it_knows_what_an_answer_proves(
    sent: Any, result: Answer | WireError, proof: Proof, stop: Stop
) -> None:
    outcome = classify(sent, result)
    assert (outcome.proof, outcome.stop) == (proof, stop)
    assert bool(outcome.reason) is (proof != DONE)


def test_it_gives_the_id_that_the_service_gave() -> None:
    assert classify(CREATE, answer(200, {"data": {"id": 4321}})).target_id == "4321"
    assert classify(DELETE, answer(200, {"data": True})).target_id == "5"


def test_it_repeats_the_words_of_a_refusal() -> None:
    reason = classify(CREATE, refusal(400, "Validation failed: name: Required")).reason
    assert "Validation failed: name: Required" in reason


@pytest.mark.parametrize(
    ("given", "stop", "wait"),
    [
        (answer(429, {"error": "over limit"}, x_ratelimit_reset="2"), Stop.BURST, 2.0),
        (answer(429, {"error": "over limit"}, retry_after="5"), Stop.BURST, 5.0),
        (answer(429, {"error": "over limit"}), Stop.BURST, 2.0),
        (answer(429), Stop.BURST, 2.0),
        (
            answer(429, {"error": "daily request budget exceeded"}, retry_after="3939"),
            Stop.DAILY_BUDGET,
            3939.0,
        ),
        (answer(429, {"error": "daily request budget exceeded"}), Stop.DAILY_BUDGET, 900.0),
        (answer(429, {"error": "something"}, retry_after="61"), Stop.DAILY_BUDGET, 61.0),
    ],
)
def test_it_tells_the_day_from_the_burst(given: Answer, stop: Stop, wait: float) -> None:
    outcome = classify(CREATE, given)
    assert (outcome.stop, outcome.retry_after) == (stop, wait)


@pytest.mark.parametrize(
    ("given", "family"),
    [
        (answer(401), ConfigurationError),
        (answer(402), ConfigurationError),
        (refusal(403, "no"), ConfigurationError),
        (answer(403), TransientError),
        (answer(429), TransientError),
        (answer(500), TransientError),
        (answer(408), TransientError),
        (answer(200), TransientError),
        (answer(200, {"data": []}, complete=False), TransientError),
        (refusal(400, "bad"), PermanentError),
        (refusal(404, "gone"), PermanentError),
    ],
)
def test_a_read_that_failed_belongs_to_a_family(given: Answer, family: type[CrosswalkError]) -> None:
    with pytest.raises(family):
        data_of(given, "the users")


def test_a_read_gives_its_data() -> None:
    assert data_of(answer(200, {"data": [1]}), "the users") == [1]
    assert data_of(answer(200, {"data": None}), "the users") is None
