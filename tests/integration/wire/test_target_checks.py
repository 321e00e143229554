"""The lines of "Test connection" for Pipedrive."""

import httpx
import pytest

from migrator.http.checks import Level
from migrator.pipedrive.checks import check_connection
from migrator.pipedrive.client import PipedriveClient, base_url_for
from migrator.pipedrive.costs import PLANS
from migrator.simulators.pipedrive.preload import Preload
from tests.wire_clients import IN_PROCESS, NoPacer, pipedrive_client, simulated_target


def lines(app: object = None, token: str = "", plan: str = "lite") -> list[tuple[Level, str]]:
    app = app or simulated_target()
    client = pipedrive_client(app, token=token) if token else pipedrive_client(app)  # type: ignore[arg-type]
    return [(line.level, line.sentence) for line in check_connection(client, PLANS[plan])]


def test_all_is_well_with_an_admins_token() -> None:
    found = lines()
    assert {level for level, _ in found} == {Level.OK}
    assert (Level.OK, "0 of 30 custom fields of Lite are in use; 30 can be created.") in found


def test_a_wrong_token_ends_the_test_with_what_to_do() -> None:
    found = list(check_connection(pipedrive_client(simulated_target(), token="wrong")))
    assert [line.level for line in found] == [Level.FAIL]
    assert "Enter" in found[0].next_step


def test_a_service_that_is_down_ends_the_test() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    client = PipedriveClient(
        "http://t", "x", NoPacer(), settings=IN_PROCESS, transport=httpx.MockTransport(down)
    )
    (line,) = check_connection(client)
    assert line.level == Level.FAIL
    assert "could not be reached" in line.next_step


def test_a_user_who_is_no_admin_is_told_so() -> None:
    users = [
        {"name": "Owner", "email": "o@example.org"},
        {"name": "Rep", "email": "r@example.org", "is_admin": False, "token": "7" * 40},
    ]
    levels = [level for level, _ in lines(simulated_target(Preload(users=users)), token="7" * 40)]
    assert Level.FAIL in levels
    assert Level.WARN in levels


def test_a_full_account_is_a_warning() -> None:
    fields = [{"field_name": f"F{n}", "field_type": "varchar"} for n in range(30)]
    app = simulated_target(Preload(person_fields=fields))
    assert (Level.WARN, "30 of 30 custom fields of Lite are in use; 0 can be created.") in lines(app)
    assert (Level.OK, "30 custom fields are in use; Enterprise sets no limit.") in lines(
        app, plan="enterprise"
    )


def test_the_tokens_that_are_left_are_named() -> None:
    app = simulated_target(limits_off=False, daily_headers="always", daily_budget=900)
    assert any(level == Level.WARN and "tokens are left" in text for level, text in lines(app))


@pytest.mark.parametrize(
    "text", ["acme", "Acme.pipedrive.com", "https://acme.pipedrive.com/", " https://ACME.pipedrive.com "]
)
def test_a_company_is_found_however_it_is_written(text: str) -> None:
    assert base_url_for(text) == "https://acme.pipedrive.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://acme.pipedrive.com",
        "https://acme.pipedrive.com.evil.example",
        "https://evil.example/acme.pipedrive.com",
        "https://acme.pipedrive.com@evil.example",
        "https://a.b.pipedrive.com",
        "https://acme.pipedrive.com:8443",
        "https://acme.pipedrive.com/path",
        "127.0.0.1",
    ],
)
def test_no_other_host_is_taken_for_pipedrive(text: str) -> None:
    with pytest.raises(Exception, match="not a Pipedrive address"):
        base_url_for(text)
