"""The log keeps no personal data and no credential."""

import pytest

from migrator.logs import redact, without_personal_data


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        pytest.param("held: anna@example.com", "held: [email]", id="address"),
        pytest.param(
            "Key (email)=(a.b+c@example.co.uk) exists", "Key (email)=([email]) exists", id="database error"
        ),
        pytest.param("called +47 912 34 567", "called [phone]", id="phone"),
        pytest.param("Authorization: Bearer abc.def", "Authorization: Bearer [credential]", id="bearer"),
        pytest.param(
            "/v1/persons?api_token=123abc&start=0", "/v1/persons?api_token=[credential]&start=0", id="query"
        ),
        pytest.param('{"client_secret": "hush"}', '{"client_secret": "[credential]"}', id="JSON"),
    ],
)
def test_personal_data_and_credentials_are_taken_out(text: str, cleaned: str) -> None:
    assert without_personal_data(text) == cleaned


@pytest.mark.parametrize("text", ["run 17: 2400 of 2400 persons", "phase took 12.5 s", "port 8000"])
def test_figures_of_our_own_are_left_alone(text: str) -> None:
    assert without_personal_data(text) == text


def test_every_text_of_an_entry_is_cleaned_but_its_time() -> None:
    entry = {"event": "a@b.example", "timestamp": "2026-01-02T03:04:05.678901Z", "count": 3}
    assert redact(None, "info", entry) == {
        "event": "[email]",
        "timestamp": "2026-01-02T03:04:05.678901Z",
        "count": 3,
    }
