"""The pure parts of the simulated Pipedrive: times, names, HTML, plans and windows."""

import pytest

from migrator.simulators.pipedrive import times
from migrator.simulators.pipedrive.limits import PLANS, Limiter, Limits, Verdict
from migrator.simulators.pipedrive.persons import split_name
from migrator.simulators.pipedrive.sanitizer import sanitized


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
        ("2020-01-02T03:04:05+02:00", "2020-01-02T01:04:05Z"),
        ("2020-01-02T03:04:05.000Z", None),
        ("2020-01-02T03:04:05", None),
        ("2020-01-02 03:04:05", None),
        ("2020-13-02T03:04:05Z", None),
        ("2020-01-02", None),
    ],
)
def test_only_rfc3339_with_whole_seconds_is_a_moment(text: str, expected: str | None) -> None:
    assert times.canonical(text) == expected


@pytest.mark.parametrize(("text", "good"), [("2024-02-29", True), ("2023-02-29", False), ("20240229", False)])
def test_a_date_is_a_real_day(text: str, good: bool) -> None:
    assert times.is_date(text) is good


@pytest.mark.parametrize(
    ("text", "expected"), [("09:30", "09:30:00"), ("23:59:59", "23:59:59"), ("24:00", None)]
)
def test_clock_times_are_stored_long(text: str, expected: str | None) -> None:
    assert times.clock_time(text) == expected


@pytest.mark.parametrize(
    ("name", "parts"),
    [("Anna", ("Anna", None)), (" Anna  Berg Lund ", ("Anna", "Berg Lund")), ("a@x.se", ("a@x.se", None))],
)
def test_names_are_split_at_the_first_space(name: str, parts: tuple[str, str | None]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>A<br>B</p>", "<p>A<br>B</p>"),
        ("<br/>", "<br>"),
        ("<ul><li>1</li></ul>", "<ul><li>1</li></ul>"),
        ("<h1>A</h1>", "A"),
        ("<b onclick=x>A</b>", "<b>A</b>"),
        ("<script>bad()</script>A", "A"),
        ("1 &lt; 2 &amp; 3", "1 &lt; 2 &amp; 3"),
        ('<a href="https://x.se?a=1&amp;b=2">A</a>', '<a href="https://x.se?a=1&amp;b=2">A</a>'),
        ('<a href="javascript:bad()">A</a>', "<a>A</a>"),
        ("<!-- marker -->A", "A"),
    ],
)
def test_only_harmless_html_is_left(html: str, expected: str) -> None:
    assert sanitized(html) == expected
    assert sanitized(expected) == expected


@pytest.mark.parametrize(("plan", "most"), [("lite", {1, 3}), ("premium", {1, 3, 5, 7})])
def test_visibility_follows_the_plan(plan: str, most: set[int]) -> None:
    assert PLANS[plan].visibility == most
    assert PLANS[plan].default_visibility == max(most)


def judge(limiter: Limiter, now: float, **changes: object) -> Verdict:
    asked = {"oauth": False, "search": False, "cost": 5, "spent_today": 0, "now": now, **changes}
    return limiter.judge("token", **asked).verdict  # type: ignore[arg-type]


def test_a_refused_request_does_not_fill_the_window() -> None:
    limiter = Limiter(Limits(daily_budget=100, token_burst=1, oauth_burst=1))
    verdicts = [judge(limiter, now) for now in (0.0, 1.0, 1.9, 2.0)]
    assert verdicts == [Verdict.FREE, Verdict.BURST, Verdict.BURST, Verdict.FREE]


def test_the_budget_is_never_overdrawn() -> None:
    limiter = Limiter(Limits(daily_budget=10, token_burst=100, oauth_burst=1))
    assert judge(limiter, 0.0, spent_today=5) is Verdict.FREE
    assert judge(limiter, 0.0, spent_today=6) is Verdict.DAILY


@pytest.mark.parametrize(("hour", "seconds"), [(0, 82_800), (2, 3_600)])
def test_the_day_ends_at_the_set_hour(hour: int, seconds: int) -> None:
    limits = Limits(daily_budget=10, token_burst=1, oauth_burst=1, reset_hour_utc=hour)
    one_in_the_morning = 86_400 * 100 + 3_600.0
    assert limits.seconds_to_reset(one_in_the_morning) == seconds
    assert limits.day_of(one_in_the_morning + seconds) == limits.day_of(one_in_the_morning) + 1
