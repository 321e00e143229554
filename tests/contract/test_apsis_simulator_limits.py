"""Limits of the APSIS One simulator: exact counts in each window, shared by every API key (reference 2.1, 2.2)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.simulators.apsis_one.limits import RATES, Limiter, Scope
from migrator.simulators.apsis_one.settings import ApiKey
from tests.contract.apsis_simulator import EMAIL, START
from tests.contract.apsis_writing import KEYSPACES, Writer, one, place

Ask = Callable[[Writer, int], httpx.Response]


def _definition(writer: Writer, number: int) -> httpx.Response:
    return writer.get("/audience/sections")


def _same_key(writer: Writer, number: int) -> httpx.Response:
    path = f"{place('export', writer.source.export_key(1))}/sections/{writer.section.discriminator}"
    if number % 2:
        return writer.get(f"{path}/tags")
    return writer.http.post(
        f"{place('export', writer.source.export_key(1))}/evaluations", json={"segments": []}
    )


def _import(writer: Writer, number: int) -> httpx.Response:
    return writer.start_import({})


def _profile_export(writer: Writer, number: int) -> httpx.Response:
    if number % 2:
        return writer.request_export()
    return writer.http.post("/audience/profiles/reports/duplicates", json={"attribute": EMAIL})


def _event_export(writer: Writer, number: int) -> httpx.Response:
    if number % 2:
        return writer.request_export(events=["com.apsis1.events.email.opened"])
    return writer.http.post("/emails/reports", json={"start_at": START})


def _download(writer: Writer, number: int) -> httpx.Response:
    prefix = "/v2" if number % 2 else ""
    return writer.get(f"{prefix}/audience/profiles/exports/files/nothing")


CASES: list[tuple[Scope, Ask]] = [
    (Scope.ACCOUNT, _definition),
    (Scope.PROFILE, _same_key),
    (Scope.IMPORT, _import),
    (Scope.PROFILE_EXPORT, _profile_export),
    (Scope.EVENT_EXPORT, _event_export),
    (Scope.DOWNLOAD, _download),
]


@pytest.mark.parametrize(("scope", "ask"), CASES, ids=[case[0].value for case in CASES])
def test_a_window_takes_exactly_its_number_and_opens_again_when_it_is_over(scope: Scope, ask: Ask) -> None:
    writer = Writer(limits_off=False)
    writer.now += 100
    writer.sign_in()
    rate = RATES[scope]
    refused = [ask(writer, number).status_code == 429 for number in range(rate.requests + 2)]
    assert refused == [False] * rate.requests + [True, True]
    writer.now += rate.seconds - 0.01
    assert ask(writer, 0).status_code == 429
    writer.now += 0.01
    assert ask(writer, 0).status_code != 429


def test_all_api_keys_share_the_accounts_limit() -> None:
    keys = tuple(ApiKey(f"key{n}", "secret") for n in range(3))
    writer = Writer(limits_off=False, more_api_keys=keys)
    tokens = []
    for key in keys:
        body = {"grant_type": "client_credentials", "client_id": key.client_id, "client_secret": "secret"}
        tokens.append(writer.http.post("/oauth/token", json=body).json()["access_token"])
    statuses = [
        writer.http.get(
            "/audience/sections", headers={"authorization": f"Bearer {tokens[n % 3]}"}
        ).status_code
        for n in range(102)
    ]
    assert statuses == [200] * 100 + [429] * 2
    assert writer.token("wrong").status_code == 401
    assert [writer.token("wrong").status_code for _ in range(6)] == [401] * 5 + [429]


def test_a_profile_key_counts_in_its_keyspace_and_without_regard_to_case() -> None:
    writer = Writer(limits_off=False)
    index = writer.plain()
    mail, section = writer.key(index), writer.section.discriminator
    paths = [f"{place('email', key)}/sections/{section}/tags" for key in (mail.lower(), mail.upper())]
    assert [writer.get(paths[n % 2]).status_code for n in range(11)] == [200] * 10 + [429]
    other = f"{place('export', writer.source.export_key(index))}/sections/{section}/tags"
    assert writer.get(other).status_code == 200
    assert KEYSPACES["email"] in paths[0]


def test_refused_requests_leave_no_trace_in_data_and_windows() -> None:
    writer = Writer(limits_off=False)
    mail = writer.key(writer.plain())
    statuses = [
        writer.patch("email", mail, {"com.apsis1.attributes.firstname": f"N{n}"}).status_code
        for n in range(12)
    ]
    assert statuses == [204] * 10 + [429] * 2
    writer.now += 1
    assert writer.values("email", mail)["com.apsis1.attributes.firstname"] == "N9"


def test_every_wait_shrinks_with_the_time_scale() -> None:
    writer = Writer(time_scale=0.01, export_delay=100.0, delete_delay=100.0, import_visible_delay=100.0)
    url = writer.request_export().json()["file_download_url_v2"]
    mail = writer.key(writer.plain())
    writer.http.delete(place("email", mail))
    assert (writer.http.get(url).status_code, writer.status_of("email", mail)) == (202, 200)
    writer.now += 1.0
    assert (writer.http.get(url).status_code, writer.status_of("email", mail)) == (200, 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/oauth/token"),
        ("PUT", "/audience/profiles/merges"),
        ("POST", "/audience/profiles/exports"),
        ("POST", "/audience/nothing"),
    ],
)
def test_a_body_of_100_kb_passes_and_one_byte_more_is_413(method: str, path: str) -> None:
    writer = Writer()
    fits, too_large = (
        writer.http.request(method, path, content=b'"' + b"x" * (size - 2) + b'"')
        for size in (100_000, 100_001)
    )
    assert fits.status_code in (400, 404)
    assert (too_large.status_code, too_large.json()["status"]) == (413, 413)
    assert too_large.headers["content-type"] == "application/problem+json"


def test_a_merge_is_no_operation_on_one_key() -> None:
    writer = Writer(limits_off=False)
    mail = writer.key(writer.plain())
    statuses = {writer.merge(one("email", mail), one("crm", str(n))).status_code for n in range(1)}
    statuses |= {writer.merge(one("email", mail), one("email", mail)).status_code for _ in range(12)}
    assert statuses == {204}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 0.4), min_size=1, max_size=80), st.sampled_from([1.0, 0.25]))
def test_no_window_ever_holds_more_than_its_number(gaps: list[float], scale: float) -> None:
    limiter, now, passed = Limiter(off=False, time_scale=scale), 1_000.0, list[float]()
    for gap in gaps:
        now += gap
        if limiter.judge([(Scope.PROFILE, "a")], now) is None:
            passed.append(now)
        else:
            assert sum(now - scale < t <= now for t in passed) == RATES[Scope.PROFILE].requests
    for end in passed:
        assert sum(end - scale < t <= end for t in passed) <= RATES[Scope.PROFILE].requests


def test_the_meter_counts_by_limit_also_while_limits_are_off() -> None:
    writer = Writer()
    for number in range(30):
        _same_key(writer, number)
    report: dict[str, dict[str, Any]] = writer.app.state.limiter.report()
    assert report["same profile key"]["requests"] == 30
    assert report["same profile key"]["responses_429"] == 0
