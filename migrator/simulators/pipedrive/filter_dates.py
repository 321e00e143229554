"""Relative dates of filters turned into spans of days. Values in, values out; it knows no clock.

`today` is the day in UTC; whether the service takes the user's time zone is not known. Weeks start on Monday.
"""

import re
from calendar import monthrange
from datetime import date, timedelta

Span = tuple[date | None, date | None]
_DAY = timedelta(days=1)
_DISTANCE = re.compile(r"(?:in_(\d)_(week|month)s?|(\d)_(week|month)s?_ago)")


def span(word: str, today: date) -> Span | None:
    """First day and day after the last one (None for an open end); None for what is no relative date."""
    found = _spans(today).get(word)
    if found is not None:
        return found
    matched = _DISTANCE.fullmatch(word)
    if matched is None:
        return None
    count, unit = int(matched[1] or matched[3]), matched[2] or matched[4]
    count = count if matched[1] else -count
    day = today + count * 7 * _DAY if unit == "week" else months_on(today, count)
    return day, day + _DAY


def compared(operator: str, within: Span, expression: str) -> tuple[str, list[str]]:
    """An SQL condition (and its values) on a day that is written YYYY-MM-DD."""
    first, end = within
    if operator == "=":
        return _between(expression, first, end)
    if operator == "!=":
        sql, values = _between(expression, first, end)
        return f"NOT ({sql})", values
    bound, sign = {"<": (first, "<"), "<=": (end, "<"), ">": (end, ">="), ">=": (first, ">=")}[operator]
    if bound is None:  # nothing lies beyond an open end, and everything before it
        return (f"{expression} IS NOT NULL" if "=" in operator else "0"), []
    return f"{expression} {sign} ?", [bound.isoformat()]


def months_on(day: date, count: int) -> date:
    """The same day so many months on, or the last one of a shorter month."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _between(expression: str, first: date | None, end: date | None) -> tuple[str, list[str]]:
    bounds = [(sign, day) for sign, day in ((">=", first), ("<", end)) if day is not None]
    sql = " AND ".join(f"{expression} {sign} ?" for sign, _ in bounds)
    return sql, [day.isoformat() for _, day in bounds]


def _spans(today: date) -> dict[str, Span]:
    tomorrow = today + _DAY
    week = today - today.weekday() * _DAY
    month = today.replace(day=1)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    return {
        "last_quarter": (months_on(quarter, -3), quarter),
        "this_quarter": (quarter, months_on(quarter, 3)),
        "last_month": (months_on(month, -1), month),
        "this_month": (month, months_on(month, 1)),
        "next_month": (months_on(month, 1), months_on(month, 2)),
        "last_week": (week - 7 * _DAY, week),
        "this_week": (week, week + 7 * _DAY),
        "next_week": (week + 7 * _DAY, week + 14 * _DAY),
        "yesterday": (today - _DAY, today),
        "today": (today, tomorrow),
        "now": (today, tomorrow),
        "tomorrow": (tomorrow, tomorrow + _DAY),
        "before_today": (None, today),
        "later_or_today": (today, None),
        "before_tomorrow": (None, tomorrow),
        "later_or_tomorrow": (tomorrow, None),
    }
