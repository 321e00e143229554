"""Which family of error a refusal of APSIS One belongs to, with a sentence and the next step. Pure.

No status code leaves this package: above it there are values, states of export jobs and errors.
"""

from migrator.engine.errors import ConfigurationError, CrosswalkError, PermanentError, TransientError
from migrator.http.messages import Answer

ACCOUNT_WAIT = 2.0
GONE = frozenset({404, 410})
NO_ACCESS = frozenset({401, 403})
_AGAIN = frozenset({408, 500, 501, 502, 503, 504})


class ExportGoneError(TransientError):
    """The export's file is no longer there or the export failed: a new one has to be asked for."""


class NoAccessError(ConfigurationError):
    """The API key may not read something; other things are unaffected."""


def sentence_of(answer: Answer) -> str:
    """APSIS One's own words for a refusal, or "no reason given"."""
    raw = answer.json if isinstance(answer.json, dict) else {}
    text = raw.get("detail") or raw.get("title")
    words = " ".join(text.split())[:300] if isinstance(text, str) else ""
    return (words or "no reason given").rstrip(".") + "."


def read_error(answer: Answer, what: str, *, wait: float = ACCOUNT_WAIT) -> CrosswalkError:
    """The error for an answer that did not bring `what`. `wait` is how long the limit of this request lasts:
    APSIS One promises no header that says so."""
    if answer.status == 401:
        return NoAccessError(
            "APSIS One does not accept the API key any more. Create a new one and enter it under Connections."
        )
    if answer.status == 403:
        return NoAccessError(
            f"The API key may not read {what}: {sentence_of(answer)} Give it access under API management."
        )
    if answer.status == 410:
        return PermanentError(f"APSIS One has locked or removed {what}; it cannot be read.")
    if answer.status == 429:
        return TransientError("APSIS One asked for a pause.", retry_after=answer.retry_after or wait)
    if answer.status == 413:
        return ConfigurationError(
            f"The request for {what} is too large for APSIS One. Leave out attributes or tags."
        )
    if answer.status in _AGAIN or not answer.complete or 200 <= answer.status < 300:
        return TransientError(f"APSIS One did not give {what} just now. It is tried again.")
    return PermanentError(f"APSIS One did not give {what}: {sentence_of(answer)}")
