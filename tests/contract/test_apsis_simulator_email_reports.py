"""E-mail events as reports of the APSIS One simulator: status, signed addresses, columns, odd rows (reference 9.7)."""

import csv
import gzip
import io
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from migrator.simulators.apsis_one.email_report_rows import COLUMNS
from tests.contract.apsis_simulator import EMAIL, END, START
from tests.contract.apsis_writing import Writer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(profiles=300)


def _start(writer: Writer, **body: Any) -> httpx.Response:
    return writer.http.post("/emails/reports", json={"start_at": START, "end_at": END, **body})


def _status(writer: Writer, report: str, **params: Any) -> httpx.Response:
    return writer.get(f"/emails/reports/{report}", **params)


def _download(writer: Writer, url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """Without the token: the address carries its own permission."""
    parts = urlsplit(url)
    with httpx.Client(transport=httpx.WSGITransport(writer.app), base_url="http://source.test") as anyone:
        return anyone.get(f"{parts.path}?{parts.query}", headers=headers or {})


def _rows(writer: Writer, **body: Any) -> list[dict[str, str]]:
    report = _start(writer, **body).json()["report_id"]
    writer.now += 11
    answer = _download(writer, _status(writer, report).json()["file_download_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/gzip")
    assert "content-encoding" not in answer.headers
    return list(csv.DictReader(io.StringIO(gzip.decompress(answer.content).decode())))


def test_the_status_leads_to_completed_with_addresses_that_end(writer: Writer) -> None:
    started = _start(writer)
    assert started.status_code == 202
    report = started.json()["report_id"]
    assert _status(writer, report).json() == {"status": "in_progress"}
    writer.now += 11
    done = _status(writer, report).json()
    assert set(done) == {"status", "file_download_url", "file_download_url_expires_at", "file_expires_at"}
    assert done["status"] == "completed"
    assert _download(writer, done["file_download_url"]).status_code == 200
    writer.now += 3_600
    assert _download(writer, done["file_download_url"]).status_code == 410
    assert _download(writer, _status(writer, report).json()["file_download_url"]).status_code == 200
    writer.now += 86_400
    writer.sign_in()
    assert _status(writer, report).json() == {"status": "expired"}


def test_with_header_auth_the_secret_of_the_status_opens_the_file(writer: Writer) -> None:
    report = _start(writer).json()["report_id"]
    writer.now += 11
    status = _status(writer, report, header_auth="true")
    url, secret = status.json()["file_download_url"], status.headers["x-apsis-auth"]
    assert "signature" not in url
    assert [_download(writer, url, headers).status_code for headers in (None, {"x-apsis-auth": "0"})] == [
        403
    ] * 2
    assert _download(writer, url, {"x-apsis-auth": secret}).status_code == 200
    assert "x-apsis-auth" not in _status(writer, report).headers


def test_a_forged_address_is_403(writer: Writer) -> None:
    report = _start(writer).json()["report_id"]
    writer.now += 11
    url = _status(writer, report).json()["file_download_url"]
    expires = url.partition("expires=")[2].partition("&")[0]
    assert _download(writer, url.replace(expires, str(int(expires) + 9_999))).status_code == 403
    assert _download(writer, url.partition("?")[0] + "?expires=x&signature=").status_code == 403


def test_the_columns_are_those_of_the_documentation_then_what_was_chosen(writer: Writer) -> None:
    tag = writer.section.tags[0]
    rows = _rows(
        writer, attributes=[{"discriminator": EMAIL, "field_name": "mail"}], tags=[tag.discriminator]
    )
    assert tuple(rows[0])[: len(COLUMNS)] == COLUMNS
    assert "mail" in rows[0]
    assert tag.name in rows[0]
    assert {row["type"] for row in rows} >= {"SENT", "DELIVERED", "OPENED", "CLICKED", "BOUNCED"}
    assert {row["device"] for row in rows if row["type"] == "SENT"} == {""}
    assert all(row["device"] for row in rows if row["type"] == "OPENED")


def test_some_rows_have_no_time_and_some_come_twice_under_one_correlation_id(writer: Writer) -> None:
    rows = _rows(writer)
    ids = [row["correlation_id"] for row in rows]
    assert 0 < len(ids) - len(set(ids)) < len(ids) / 20
    timeless = [row for row in rows if row["event_time"] == "0"]
    assert 0 < len(timeless) < len(rows) / 20
    assert all(int(row["server_time"]) > 1_600_000_000_000 for row in rows)


def test_without_odd_rows_every_mail_event_of_the_window_comes_once() -> None:
    writer = Writer(profiles=300, email_report_odd_rows=False)
    start, end = "2026-03-01T00:00:00Z", "2026-06-01T00:00:00Z"
    rows = _rows(writer, start_at=start, end_at=end)
    kinds = {e.discriminator: e.kind for s in writer.source.shape.sections for e in s.events}
    opened = [
        e
        for i in range(300)
        for e in writer.source.events(i)
        if kinds[e.discriminator] == "opened" and start <= e.event_time < end
    ]
    assert sum(row["type"] == "OPENED" for row in rows) == len(opened) > 0
    times = sorted(int(row["event_time"]) for row in rows if row["type"] == "OPENED")
    assert times == sorted(e.time * 1_000 for e in opened)
    assert len({row["correlation_id"] for row in rows}) == len(rows)


def test_a_segment_filter_narrows_the_report_to_its_members(writer: Writer) -> None:
    segment = writer.items("/audience/segments")[0]["discriminator"]
    everybody, members = (
        {row["address"] for row in _rows(writer, **body)}
        for body in ({}, {"segment_filter": {"segment_discriminator": segment}})
    )
    assert 0 < len(members) < len(everybody)


@pytest.mark.parametrize(
    "body",
    [
        {"start_at": None},
        {"end_at": START},
        {"segment_filter": 5},
        {"attributes": ["usercreated.attributes.nothing"]},
    ],
)
def test_a_request_that_makes_no_sense_is_400(writer: Writer, body: dict[str, Any]) -> None:
    assert _start(writer, **body).status_code == 400


def test_failed_stuck_and_unknown_reports_are_told_apart() -> None:
    writer = Writer(profiles=20, failing_exports=1)
    report = _start(writer).json()["report_id"]
    writer.now += 11
    assert _status(writer, report).json() == {"status": "error"}
    assert _status(writer, "nothing").status_code == 404
    writer.app.state.jobs.stuck = 1
    report = _start(writer).json()["report_id"]
    writer.now += 3_600
    assert _status(writer, report).json() == {"status": "in_progress"}
