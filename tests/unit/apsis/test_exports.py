"""What an export is asked for, and what a poll's answer means on either address."""

from datetime import UTC, datetime
from typing import Any

import pytest

from migrator.apsis.definitions import Definition
from migrator.apsis.exports import ExportJob, ExportState, export_body, job_of, state_of
from migrator.engine.errors import ConfigurationError, TransientError
from migrator.http.messages import Answer

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 8, tzinfo=UTC)


def body(**chosen: Any) -> dict[str, Any]:
    return export_body(**chosen, start=START, end=END)


def test_it_names_each_discriminator_once() -> None:
    email = [Definition("com.apsis1.attributes.email", "Email", section) for section in ("s1", "s2")]
    assert body(attributes=email, tags=[Definition("t.vip", "VIP", "s1")]) == {
        "attributes": ["com.apsis1.attributes.email"],
        "tags": ["t.vip"],
        "start_at": "2024-01-01T00:00:00Z",
        "end_at": "2024-01-08T00:00:00Z",
    }


def test_it_refuses_an_export_in_which_no_profile_would_come() -> None:
    with pytest.raises(ConfigurationError, match="at least one attribute or tag"):
        body(events=[Definition("e.open", "Open", "s1")])


def test_it_refuses_a_request_that_the_service_would_refuse() -> None:
    many = [Definition(f"usercreated.tags.a-rather-long-name-{n:06}", "t", "s") for n in range(3_000)]
    with pytest.raises(ConfigurationError, match="more attributes and tags"):
        body(tags=many)


NEW, OLD = ExportJob("/v2/x"), ExportJob("/x", clear=False)


@pytest.mark.parametrize(
    ("job", "status", "state"),
    [
        (NEW, 200, ExportState.READY),
        (NEW, 202, ExportState.RUNNING),
        (NEW, 404, ExportState.GONE),
        (NEW, 410, ExportState.GONE),
        (NEW, 503, ExportState.FAILED),
        (NEW, 500, None),
        (NEW, 429, None),
        (OLD, 200, ExportState.READY),
        (OLD, 404, ExportState.RUNNING),
        (OLD, 410, ExportState.GONE),
    ],
)
def test_it_knows_how_far_a_job_is(job: ExportJob, status: int, state: ExportState | None) -> None:
    assert state_of(Answer(status, {}), job) == state


def test_it_prefers_the_address_whose_answers_are_clear() -> None:
    assert job_of({}, {"file_download_url": "/x", "file_download_url_v2": "/v2/x"}) == NEW
    assert job_of({}, {"file_download_url": "/x"}) == OLD


def test_an_export_without_an_address_did_not_start() -> None:
    with pytest.raises(TransientError):
        job_of({}, {})
