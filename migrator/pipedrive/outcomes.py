"""What Pipedrive's answers prove about a write, and which family of error a failed read belongs to. Pure.

No status code leaves this package: above it there are outcomes, errors and sentences.
"""

import re

from migrator.engine.canonical import JsonValue
from migrator.engine.errors import ConfigurationError, PermanentError, TransientError
from migrator.engine.operations import Act, ClaimedOperation
from migrator.engine.outcomes import Outcome, Proof, Stop
from migrator.http.messages import Answer, NotSent, WireError

BURST_WAIT = 2.0
LONGEST_BURST = 60.0
# Without a stated reset the daily budget is asked for again this often.
DAILY_PROBE = 900.0
BLOCK_WAIT = 3600.0
UNREACHABLE_WAIT = 10.0

_DRIFT = re.compile(
    r"unknown key|option \S+ (does not exist|is not valid)|parameter '.*' is not allowed", re.I
)
_DAILY = re.compile(r"daily|budget", re.I)
_SCOPE = re.compile(r"scope|token (is )?(invalid|revoked|expired)|unauthori[sz]ed", re.I)


def classify(operation: ClaimedOperation, result: Answer | WireError) -> Outcome:
    """What one answer, or the lack of one, proves. Anything that is not proof either way is ambiguous."""
    if isinstance(result, NotSent):
        return _not_done(result.sentence, Stop.BURST, UNREACHABLE_WAIT)
    if isinstance(result, WireError):
        return _ambiguous(result.sentence)
    if 200 <= result.status < 300:
        return _accepted(operation, result)
    if result.status == 404 and operation.act == Act.DELETE:
        return Outcome.done(operation.target_id)
    return refused(result)


def refused(answer: Answer) -> Outcome:
    """What an answer outside 2xx proves, whatever was asked."""
    if answer.status == 429:
        return _limited(answer)
    if answer.status in (401, 402):
        return _not_done(_sign_in_sentence(answer), Stop.CREDENTIALS)
    if answer.status == 403:
        return _forbidden(answer)
    if answer.status == 408 or not 400 <= answer.status < 500:
        return _ambiguous("Pipedrive answered with an error; whether it wrote the record is not known.")
    if _DRIFT.search(sentence_of(answer)):
        return _not_done(_drift_sentence(answer), Stop.DRIFT)
    return Outcome(Proof.REJECTED, reason=f"Pipedrive refused it: {sentence_of(answer)}")


def blocked(answer: Answer) -> bool:
    """A 403 that is a page and not JSON comes from the gateway: all traffic must stop."""
    return answer.status == 403 and not answer.is_json


def is_daily(answer: Answer) -> bool:
    """Whether a 429 speaks of the daily budget and not of the burst."""
    return (answer.retry_after or 0.0) > LONGEST_BURST or bool(_DAILY.search(sentence_of(answer)))


def sentence_of(answer: Answer) -> str:
    """Pipedrive's own words for a refusal, one line, or "no reason given"."""
    raw = answer.json if isinstance(answer.json, dict) else {}
    text = raw.get("error") or raw.get("message") or raw.get("error_info")
    return " ".join(text.split())[:300] if isinstance(text, str) and text.strip() else "no reason given"


def code_of(answer: Answer) -> str:
    """The machine-readable reason that some refusals carry, such as "feature_capping_deals_limit"."""
    code = answer.json.get("code") if isinstance(answer.json, dict) else None
    return code if isinstance(code, str) else ""


def data_of(answer: Answer, what: str) -> JsonValue:
    """The data of a read. Raises the error of the right family where there is none; `what` completes
    "Pipedrive did not give ..."."""
    if answer.ok and answer.is_json:
        return answer.json.get("data") if isinstance(answer.json, dict) else None
    raise read_error(answer, what)


def read_error(answer: Answer, what: str) -> ConfigurationError | TransientError | PermanentError:
    """The error for a read that brought nothing usable."""
    if answer.status == 429:
        outcome = _limited(answer)
        return TransientError(outcome.reason, retry_after=outcome.retry_after)
    if answer.status in (401, 402):
        return ConfigurationError(_sign_in_sentence(answer))
    if blocked(answer):
        return TransientError(_BLOCKED, retry_after=BLOCK_WAIT)
    if answer.status == 403:
        return ConfigurationError(
            f"Pipedrive does not let this token read {what}: {sentence_of(answer)}. Use an admin's token."
        )
    if 400 <= answer.status < 500 and answer.status != 408:
        return PermanentError(f"Pipedrive did not give {what}: {sentence_of(answer)}.")
    return TransientError(f"Pipedrive did not give {what} just now. Nothing was changed; it is tried again.")


_BLOCKED = (
    "Pipedrive blocked all traffic from this token after too many requests. Nothing was written. "
    "Wait an hour before the run goes on."
)


def _accepted(operation: ClaimedOperation, answer: Answer) -> Outcome:
    data = answer.json.get("data") if answer.complete and isinstance(answer.json, dict) else None
    if operation.act == Act.DELETE:
        return Outcome.done(operation.target_id) if answer.complete and answer.is_json else _unreadable()
    target_id = _id_of(data)
    if not target_id or (operation.target_id and target_id != operation.target_id):
        return _unreadable()
    return Outcome.done(target_id)


def _id_of(data: JsonValue) -> str:
    raw = data.get("id") if isinstance(data, dict) else None
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) and raw > 0 else ""


def _limited(answer: Answer) -> Outcome:
    if is_daily(answer):
        return _not_done(
            "Pipedrive's daily token budget is spent. The run goes on after the reset.",
            Stop.DAILY_BUDGET,
            answer.retry_after or DAILY_PROBE,
        )
    wait = answer.retry_after or float(answer.number("x-ratelimit-reset") or 0) or BURST_WAIT
    return _not_done("Pipedrive asked for a pause after too many requests at once.", Stop.BURST, wait)


def _forbidden(answer: Answer) -> Outcome:
    if blocked(answer):
        return _not_done(_BLOCKED, Stop.BLOCKED, BLOCK_WAIT)
    if _SCOPE.search(sentence_of(answer)):
        return _not_done(_sign_in_sentence(answer), Stop.CREDENTIALS)
    named = f" ({code_of(answer)})" if code_of(answer) else ""
    return Outcome(Proof.REJECTED, reason=f"Pipedrive does not permit it: {sentence_of(answer)}{named}")


def _sign_in_sentence(answer: Answer) -> str:
    if answer.status == 402:
        return (
            "The Pipedrive account is not open, its subscription may be unpaid. Settle it there, then go on."
        )
    return (
        "Pipedrive does not accept the API token any more. Enter a current one under Connections, then go on."
    )


def _drift_sentence(answer: Answer) -> str:
    return (
        f"A field or option that the plan needs is gone from Pipedrive: {sentence_of(answer)}. "
        "Put it back or plan again; nothing of this record was written."
    )


def _not_done(reason: str, stop: Stop, retry_after: float = 0.0) -> Outcome:
    return Outcome(Proof.NOT_DONE, reason=reason, stop=stop, retry_after=retry_after)


def _ambiguous(reason: str) -> Outcome:
    return Outcome(Proof.AMBIGUOUS, reason=reason)


def _unreadable() -> Outcome:
    return _ambiguous("Pipedrive's answer could not be read; whether it wrote the record is not known.")
