"""What one discovery may spend on a model, checked before each request."""

from dataclasses import replace

import pytest

from mapping_review.proposers.model.limits import OPENAI, ModelSettings, Spent, tokens_in, why_not

SETTINGS = ModelSettings(
    OPENAI,
    "https://model.example/v1",
    "small-1",
    price_in=2.0,
    price_out=10.0,
    calls=3,
    tokens=10_000,
    money_micros=20_000,
    seconds=60,
)


def check(spent: Spent, settings: ModelSettings = SETTINGS) -> str:
    return why_not(settings, spent, tokens_in=1_000, tokens_out=500)


@pytest.mark.parametrize(
    ("spent", "limit"),
    [
        (Spent(), ""),
        (Spent(calls=2, tokens=8_500, money_micros=13_000, seconds=59), ""),
        (Spent(calls=3), "3 requests"),
        (Spent(tokens=8_501), "10,000 tokens"),
        (Spent(money_micros=13_001), "0.02 EUR"),
        (Spent(seconds=60), "60 seconds"),
    ],
)
def test_a_request_that_could_pass_a_limit_is_not_sent(spent: Spent, limit: str) -> None:
    assert check(spent) == (f"The limit of {limit} for one discovery is reached." if limit else "")


def test_without_a_limit_of_money_any_price_will_do() -> None:
    assert check(Spent(money_micros=10**9), replace(SETTINGS, money_micros=0)) == ""


def test_no_call_at_all_may_be_allowed() -> None:
    assert (
        check(Spent(), replace(SETTINGS, calls=0)) == "The limit of 0 requests for one discovery is reached."
    )


def test_a_price_per_million_is_a_price_in_micros_per_token() -> None:
    assert SETTINGS.cost_micros(1_000, 500) == 7_000


def test_a_request_is_guessed_larger_than_it_is() -> None:
    assert tokens_in(b"x" * 3_000) == 1_001
