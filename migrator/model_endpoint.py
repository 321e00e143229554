"""The line to a language model, built from the operator's settings. The only place that reads its key.

It sends one request and gives back what came; what may be sent, and what an answer is worth, is decided elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from mapping_review.model_asking import LARGEST_ANSWER
from mapping_review.proposers.model.answer import Incoming, NotReached
from mapping_review.proposers.model.limits import ANTHROPIC, ModelSettings
from mapping_review.proposers.model.request import Outgoing
from migrator.engine.errors import ConfigurationError
from migrator.http.auth import ApiToken, Auth, NoAuth
from migrator.http.client import ClientSettings, HttpClient
from migrator.http.messages import NotSent, Request, Unknown

_DIALECT: Mapping[str, Mapping[str, str]] = {ANTHROPIC: {"anthropic-version": "2023-06-01"}}
# A key may come back in the sentence that refuses it.
_HIDDEN = b"[key]"


class NoPacing:
    """A model's endpoint has limits of its own, and the few requests of a discovery go one after the other."""

    def acquire(self, *, requests: int, tokens: int) -> None: ...

    def observe(self, *, limit: int | None, remaining: int | None, throttled: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class ModelEndpoint:
    """An open line. Redirects are not followed and nothing is sent twice."""

    client: HttpClient
    key: str = field(repr=False)

    def send(self, outgoing: Outgoing) -> Incoming:
        """Raises NotReached where no answer came."""
        headers = _DIALECT.get(outgoing.provider, {})
        request = Request("POST", outgoing.path, body=outgoing.body, headers=headers, name="/model")
        try:
            answer = self.client.send(request)
        except NotSent:
            raise NotReached("The endpoint could not be reached.", may_have_arrived=False) from None
        except Unknown:
            raise NotReached("The endpoint did not answer in time.", may_have_arrived=True) from None
        body = answer.body.replace(self.key.encode(), _HIDDEN) if self.key else answer.body
        return Incoming(answer.status, body, answer.complete)

    def close(self) -> None:
        self.client.close()


def open_endpoint(config: ModelSettings) -> ModelEndpoint:
    """Raises ConfigurationError where the address or the key cannot be used."""
    key = settings.CROSSWALK_MODEL_KEY
    chosen = ClientSettings(
        deadline=config.timeout,
        max_body=LARGEST_ANSWER,
        attempts=1,
        connections=1,
        private_network=settings.CROSSWALK_MODEL_ALLOW_PRIVATE,
    )
    try:
        return ModelEndpoint(HttpClient(config.url, _auth(config, key), NoPacing(), settings=chosen), key)
    except ConfigurationError as problem:
        # Its own words speak of an account's form; here it is a variable.
        raise ConfigurationError(f"CROSSWALK_MODEL_URL or CROSSWALK_MODEL_KEY: {problem.sentence}") from None


def _auth(config: ModelSettings, key: str) -> Auth:
    if not key:
        return NoAuth()
    if config.provider == ANTHROPIC:
        return ApiToken(key, "x-api-key")
    return ApiToken(f"Bearer {key}", "authorization")
