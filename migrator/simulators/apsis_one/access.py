"""Who may ask: the token endpoint, the bearer token of a request, and the API key behind it.

Tokens are not remembered; a generation number in them tells which ones the control address has expired.
"""

from typing import Any

from migrator.simulators.apsis_one.problems import ApiProblem
from migrator.simulators.apsis_one.settings import ApiKey
from migrator.simulators.apsis_one.state import ApsisState
from migrator.simulators.apsis_one.tokens import (
    ExpiredToken,
    InvalidToken,
    check_token,
    client_of,
    make_token,
)
from migrator.simulators.http_wsgi import Request, Response, Router, json_response

TOKEN_PATH = "/oauth/token"  # noqa: S105 (an address)


class Access:
    """The account's API keys and their tokens (reference 1.2 to 1.4)."""

    def __init__(self, state: ApsisState) -> None:
        self._state = state
        self._keys = {key.client_id: key for key in state.settings.api_keys()}

    def routes(self, router: Router) -> None:
        router.add("POST", TOKEN_PATH, self.token)

    def token(self, request: Request) -> Response:
        """200 with a token; 400 for another grant, 401 for a wrong id or secret."""
        settings, state = self._state.settings, self._state
        sent = self._credentials(request)
        if sent.get("grant_type") != "client_credentials":
            raise ApiProblem(400, "grant_type must be client_credentials.")
        key = self._keys.get(str(sent.get("client_id")))
        if key is None or key.client_secret != sent.get("client_secret"):
            raise ApiProblem(401, "The client id or the client secret is wrong.")
        token = make_token(
            key.client_secret,
            client_id=key.client_id,
            now=state.now(),
            lifetime=settings.token_lifetime,
            generation=state.token_generation,
        )
        body = {"access_token": token, "expires_in": int(settings.token_lifetime), "token_type": "Bearer"}
        return json_response(200, body)

    def check(self, request: Request) -> ApiKey:
        """The API key whose token the request carries. Raises ApiProblem 401, or the expired token's status."""
        state = self._state
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            key = self._keys.get(client_of(token.strip())) if scheme.lower() == "bearer" else None
            if key is None:
                raise InvalidToken
            check_token(key.client_secret, token.strip(), now=state.now(), generation=state.token_generation)
        except ExpiredToken as error:
            raise ApiProblem(state.settings.expired_token_status, "The access token has expired.") from error
        except InvalidToken as error:
            raise ApiProblem(401, "The access token is missing or wrong.") from error
        return key

    def _credentials(self, request: Request) -> dict[str, Any]:
        encoded = "form-urlencoded" in request.headers.get("content-type", "")
        if encoded and self._state.settings.form_encoded_tokens:
            return {name: values[0] for name, values in request.form().items()}
        sent = request.json()
        return sent if isinstance(sent, dict) else {}
