"""OAuth of the simulated Pipedrive: consent, tokens that expire and are renewed, and their own burst limit."""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from migrator.simulators.pipedrive.costs import COSTS
from migrator.simulators.pipedrive.scopes import scopes_of
from migrator.simulators.pipedrive.settings import DEFAULT_OAUTH_CLIENT_ID, DEFAULT_OAUTH_CLIENT_SECRET
from tests.contract.pipedrive_simulator import CLERK_TOKEN, Simulated, TestClock, simulated
from tests.contract.pipedrive_specification import needs_specification, operation

pytestmark = pytest.mark.slow

CALLBACK = "http://127.0.0.1:9/callback?tenant=1"
LOGIN = (DEFAULT_OAUTH_CLIENT_ID, DEFAULT_OAUTH_CLIENT_SECRET)
ME = "/v1/users/me"


@pytest.fixture
def account() -> Simulated:
    return simulated()


def consent(account: Simulated, **query: str) -> dict[str, list[str]]:
    """What the redirect to the app tells."""
    asked = {"client_id": LOGIN[0], "redirect_uri": CALLBACK, "state": "s 1", **query}
    answer = anybody(account).get("/oauth/authorize", params=asked)
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)


def anybody(account: Simulated) -> httpx.Client:
    client = account.as_user("")
    del client.headers["x-api-token"]
    return client


def asked(account: Simulated, **form: str) -> httpx.Response:
    return anybody(account).post("/oauth/token", data=form, auth=LOGIN)


def tokens(account: Simulated) -> Any:
    code = consent(account)["code"][0]
    answer = asked(account, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert answer.status_code == 200, answer.text
    return answer.json()


def with_token(account: Simulated, token: str, path: str = ME) -> httpx.Response:
    return anybody(account).get(path, headers={"authorization": f"Bearer {token}"})


def test_a_code_becomes_tokens_and_the_address_to_call(account: Simulated) -> None:
    told = consent(account)
    assert (told["state"], told["tenant"]) == (["s 1"], ["1"])
    answer = asked(account, grant_type="authorization_code", code=told["code"][0], redirect_uri=CALLBACK)
    found = answer.json()
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 3_600)
    assert (found["api_domain"], "admin" in found["scope"].split()) == ("http://pipedrive.test", True)
    me = with_token(account, found["access_token"]).json()["data"]
    assert me["name"] == "Owner"


def test_a_user_who_says_no_sends_an_error_and_no_code() -> None:
    told = consent(simulated(oauth_user_says_no=True))
    assert (told["error"], "code" in told) == (["user_denied"], False)


def test_the_user_who_consents_is_the_one_the_token_acts_for() -> None:
    account = simulated(oauth_user="clerk@example.com")
    me = with_token(account, tokens(account)["access_token"]).json()["data"]
    assert (me["name"], {entry["admin"] for entry in me["access"]}) == ("Clerk", {False})


@pytest.mark.parametrize(
    "query",
    [{"client_id": "other"}, {"redirect_uri": "javascript:alert(1)"}, {"response_type": "token"}],
)
def test_an_app_that_is_not_known_gets_no_redirect(account: Simulated, query: dict[str, str]) -> None:
    sent = {"client_id": LOGIN[0], "redirect_uri": CALLBACK, **query}
    assert anybody(account).get("/oauth/authorize", params=sent).status_code == 400


def test_another_callback_address_than_the_registered_one_is_refused() -> None:
    account = simulated(oauth_redirect_uri=CALLBACK)
    sent = {"client_id": LOGIN[0], "redirect_uri": "http://127.0.0.1:9/other"}
    assert anybody(account).get("/oauth/authorize", params=sent).status_code == 400
    assert consent(account)["code"]


def test_a_code_is_taken_once_and_for_five_minutes(account: Simulated) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    code = consent(account)["code"][0]
    assert asked(account, code=code, **form).status_code == 200
    again = asked(account, code=code, **form)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    late, just = consent(account)["code"][0], consent(account)["code"][0]
    account.clock.now += 299
    assert asked(account, code=just, **form).status_code == 200
    account.clock.now += 1
    assert asked(account, code=late, **form).status_code == 400


def test_a_code_of_another_callback_address_is_refused(account: Simulated) -> None:
    code = consent(account)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:9/other"}
    assert asked(account, **form).status_code == 400


@pytest.mark.parametrize("login", [None, (LOGIN[0], "wrong"), ("wrong", LOGIN[1])])
def test_the_token_page_wants_the_apps_login(account: Simulated, login: Any) -> None:
    form = {"grant_type": "authorization_code", "code": consent(account)["code"][0]}
    answer = anybody(account).post("/oauth/token", data=form, auth=login)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_malformed_login_or_grant_is_refused(account: Simulated) -> None:
    headers = {"authorization": "Basic ***"}
    assert anybody(account).post("/oauth/token", data={}, headers=headers).status_code == 401
    assert asked(account, grant_type="password").json()["error"] == "unsupported_grant_type"
    assert asked(account).status_code == 400


def test_an_access_token_expires_and_a_refresh_token_brings_another(account: Simulated) -> None:
    first = tokens(account)
    account.clock.now += 3_599
    assert with_token(account, first["access_token"]).status_code == 200
    account.clock.now += 1
    refused = with_token(account, first["access_token"])
    assert (refused.status_code, refused.json()["errorCode"]) == (401, 401)
    second = asked(account, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert with_token(account, second["access_token"]).status_code == 200


def test_a_refresh_token_dies_after_sixty_days_without_use(account: Simulated) -> None:
    token = tokens(account)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    for _ in range(3):
        account.clock.now += 59 * 86_400
        assert asked(account, **form).status_code == 200
    account.clock.now += 60 * 86_400
    assert asked(account, **form).json()["error"] == "invalid_grant"


def test_a_revoked_token_and_what_came_of_it_end(account: Simulated) -> None:
    found = tokens(account)
    assert (
        anybody(account).post("/oauth/revoke", data={"token": found["refresh_token"]}, auth=LOGIN).status_code
        == 200
    )
    assert with_token(account, found["access_token"]).status_code == 401
    form = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    assert asked(account, **form).status_code == 400


def test_tokens_survive_a_restart_and_end_with_a_reset(tmp_path: Path) -> None:
    clock, path = TestClock(), str(tmp_path / "account.sqlite3")
    found = tokens(simulated(db=path, clock=clock))
    again = simulated(db=path, clock=clock)
    assert with_token(again, found["access_token"]).status_code == 200
    form = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    assert asked(again, **form).status_code == 200
    again.post("/_control/reset")
    assert with_token(again, found["access_token"]).status_code == 401


def test_a_user_of_an_app_has_one_wider_window_apart_from_the_api_token() -> None:
    account = simulated(plan="lite", limits_off=False)
    first, second = tokens(account)["access_token"], tokens(account)["access_token"]
    statuses = [with_token(account, (first, second)[place % 2]).status_code for place in range(81)]
    assert statuses == [200] * 80 + [429]
    assert [account.get(ME).status_code for _ in range(21)] == [200] * 20 + [429]
    assert account.as_user(CLERK_TOKEN).get(ME).status_code == 200


def test_oauth_costs_nothing_and_is_not_limited() -> None:
    account = simulated(plan="lite", limits_off=False)
    for _ in range(25):
        tokens(account)
    assert account.inspect()["tokens"]["total"] == 0


def test_an_api_token_is_a_bearer_token_only_by_the_switch() -> None:
    token = simulated().app.state.settings.token
    assert with_token(simulated(), token).status_code == 200
    assert with_token(simulated(bearer_takes_api_token=False), token).status_code == 401


def test_an_access_token_is_no_api_token(account: Simulated) -> None:
    access = tokens(account)["access_token"]
    assert account.as_user(access).get(ME).status_code == 401
    headers = {"authorization": f"Basic {base64.b64encode(access.encode()).decode()}"}
    assert anybody(account).get(ME, headers=headers).status_code == 401


def test_other_addresses_and_methods_are_refused(account: Simulated) -> None:
    assert anybody(account).get("/oauth/token").status_code == 405
    assert anybody(account).get("/oauth/nothing").status_code == 404


def test_revoking_everything_by_control_ends_access_tokens_too(account: Simulated) -> None:
    access = tokens(account)["access_token"]
    account.post("/_control/tokens", json={"revoke": None})
    assert with_token(account, access).status_code == 401


def test_an_app_does_what_its_scopes_open_and_no_more() -> None:
    account = simulated(oauth_scope="base contacts:read")
    access = tokens(account)["access_token"]
    headers = {"authorization": f"Bearer {access}"}
    assert with_token(account, access).status_code == 200
    assert with_token(account, access, "/api/v2/persons").status_code == 200
    refused = anybody(account).post("/api/v2/persons", json={"name": "A"}, headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (403, "Scope and URL mismatch")
    assert [with_token(account, access, path).status_code for path in ("/v1/users", "/api/v2/deals")] == [
        403,
        403,
    ]
    assert account.post("/api/v2/persons", json={"name": "A"}).status_code == 200


@needs_specification
@pytest.mark.parametrize(("method", "pattern"), list(COSTS))
def test_the_scopes_of_an_operation_are_those_of_the_specification(method: str, pattern: str) -> None:
    security = operation(method, pattern).raw["security"]
    wanted = {scope for entry in security for scope in entry.get("oauth2", ())}
    assert scopes_of(method, pattern) == wanted
