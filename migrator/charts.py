"""Numbers drawn as inline SVG, each with its finding in a sentence and its figures for a table.

Widths and positions are percentages in attributes: pages allow no inline style, and words must not stretch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

BAR_ROW = 36
COLUMNS_HEIGHT = 120
LONGEST_LABEL = 42


@dataclass(frozen=True, slots=True)
class Chart:
    svg: SafeString
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart. `tone` is ok, warn, bad, off, src or dst; `note` stands behind the figure."""

    label: str
    value: int
    tone: str = ""
    note: str = ""


def _share(value: float, whole: float) -> str:
    """A percentage with no digits that the eye cannot see; never outside 0 to 100."""
    return f"{max(0.0, min(100.0, 100 * value / whole if whole else 0)):.2f}".rstrip("0").rstrip(".")


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"


def _svg(label: str, height: int, body: SafeString, css: str = "chart") -> SafeString:
    return format_html(
        '<svg class="{}" role="img" aria-label="{}" width="100%" height="{}">{}</svg>',
        css,
        label,
        height,
        body,
    )


def bars(label: str, values: Sequence[Bar], *, unit: str = "Number", of: int = 0) -> Chart:
    """Horizontal bars, each under its words and figure. The full width is `of`, else the largest value."""
    whole = of or max((bar.value for bar in values), default=0)
    lines = format_html_join("", "{}", ((_bar(bar, at * BAR_ROW, whole),) for at, bar in enumerate(values)))
    rows = tuple((bar.label, f"{bar.value:,}{' ' + bar.note if bar.note else ''}") for bar in values)
    return Chart(_svg(label, max(1, len(values)) * BAR_ROW - 8, lines), ("Name", unit), rows)


def _bar(bar: Bar, top: int, whole: int) -> SafeString:
    figure = f"{bar.value:,} {bar.note}".strip()
    return format_html(
        '<text x="0" y="{}">{}</text><text class="v" x="100%" y="{}" text-anchor="end">{}</text>'
        '<rect class="track" x="0" y="{}" width="100%" height="8" rx="4"/>'
        '<rect class="{}" x="0" y="{}" width="{}%" height="8" rx="4"/>',
        top + 12,
        _shortened(bar.label),
        top + 12,
        figure,
        top + 20,
        f"bar {bar.tone}".strip(),
        top + 20,
        _share(bar.value, whole),
    )


def columns(
    label: str, values: Sequence[tuple[str, int]], *, head: tuple[str, str] = ("When", "Number")
) -> Chart:
    """Upright bars, such as events by month. The first and last label and the largest figure are printed."""
    top, each = max((value for _, value in values), default=0), 100 / max(1, len(values))
    drawn = format_html_join(
        "", "{}", ((_column(at * each, each, value, top),) for at, (_, value) in enumerate(values))
    )
    first, last = (values[0][0], values[-1][0]) if values else ("", "")
    base = COLUMNS_HEIGHT - 18
    words = format_html(
        '<text class="v" x="0" y="11">{}</text><line class="axis" x1="0" x2="100%" y1="{}" y2="{}"/>'
        '<text x="0" y="{}">{}</text><text x="100%" y="{}" text-anchor="end">{}</text>',
        f"{top:,} at most",
        base,
        base,
        COLUMNS_HEIGHT - 3,
        first,
        COLUMNS_HEIGHT - 3,
        last,
    )
    rows = tuple((name, f"{value:,}") for name, value in values)
    return Chart(_svg(label, COLUMNS_HEIGHT, format_html("{}{}", drawn, words)), head, rows)


def _column(left: float, each: float, value: int, top: int) -> SafeString:
    room = COLUMNS_HEIGHT - 36
    height = max(1, round(room * value / top)) if value and top else 0
    return format_html(
        '<rect class="bar" x="{}%" y="{}" width="{}%" height="{}" rx="1.5"/>',
        f"{left + each * 0.08:.2f}",
        COLUMNS_HEIGHT - 18 - height,
        f"{each * 0.84:.2f}",
        height,
    )


def tail(
    label: str, values: Sequence[tuple[str, int]], *, under: int, head: tuple[str, str] = ("Name", "Number")
) -> Chart:
    """Many values from the largest to the smallest; the zone of those below `under` is shaded and named."""
    top, each = max((value for _, value in values), default=0), 100 / max(1, len(values))
    drawn = format_html_join(
        "", "{}", ((_column(at * each, each, value, top),) for at, (_, value) in enumerate(values))
    )
    rare = sum(1 for _, value in values if value < under)
    base = COLUMNS_HEIGHT - 18
    zone = format_html(
        '<rect class="zone" x="{}%" y="18" width="{}%" height="{}"/>',
        _share(100 - rare * each, 100),
        _share(rare * each, 100),
        base - 18,
    )
    words = format_html(
        '<text class="v" x="0" y="11">{}</text><text x="100%" y="11" text-anchor="end">{}</text>'
        '<line class="axis" x1="0" x2="100%" y1="{}" y2="{}"/><text x="0" y="{}">{}</text>',
        f"{top:,} at most",
        f"{rare:,} under {under}" if rare else "",
        base,
        base,
        COLUMNS_HEIGHT - 3,
        _shortened(values[0][0]) if values else "",
    )
    rows = tuple((name, f"{value:,}") for name, value in values)
    return Chart(_svg(label, COLUMNS_HEIGHT, format_html("{}{}{}", zone, drawn, words)), head, rows)


def histogram(
    label: str, values: Iterable[int], *, low: int = 50, high: int = 100, bins: int = 10, at: int = 90
) -> Chart:
    """Values in equal bins; those under the threshold `at` are grey. No words: a slider lies on it."""
    width = (high - low) / bins
    counts = [0] * bins
    for value in values:
        counts[max(0, min(bins - 1, int((value - low) / width)))] += 1
    top = max(counts) or 1
    drawn = format_html_join(
        "",
        "{}",
        ((_bin(number, count / top, low + number * width, at),) for number, count in enumerate(counts)),
    )
    svg = format_html(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} 38" '
        'preserveAspectRatio="none">{}</svg>',
        label,
        bins * 20,
        drawn,
    )
    rows = tuple((f"{low + n * width:.0f}% or more", f"{count:,}") for n, count in enumerate(counts))
    return Chart(svg, ("Confidence", "Fields"), rows)


def _bin(number: int, share: float, begins: float, at: int) -> SafeString:
    height = max(1.5, 33 * share)
    return format_html(
        '<rect class="{}" data-from="{}" x="{}" width="18" y="{}" height="{}" rx="1.5"/>',
        "bar low" if begins < at else "bar",
        f"{begins:.0f}",
        number * 20 + 1,
        f"{36 - height:.1f}",
        f"{height:.1f}",
    )


def meter(label: str, parts: Iterable[tuple[str, int]], *, total: int = 0, thin: bool = False) -> SafeString:
    """Parts of a whole side by side. A part's name is its tone; the label says the figures."""
    kept = [(tone, max(0, int(value or 0))) for tone, value in parts]
    whole = max(total, sum(value for _, value in kept)) or 1
    starts = accumulate((value for _, value in kept), initial=0)
    drawn = format_html_join(
        "",
        '<rect class="{}" x="{}%" width="{}%" height="100%"/>',
        (
            (tone, _share(start, whole), _share(value, whole))
            for (tone, value), start in zip(kept, starts, strict=False)
        ),
    )
    return _svg(label, 5 if thin else 8, drawn, "meter thin" if thin else "meter")


def gauge(label: str, used: int, *, limit: int, reserve_at: int = 0) -> Chart:
    """What is used of a limit, with a line where our own share of it ends."""
    tone = "bad" if used >= (reserve_at or limit) else "warn" if used >= 0.8 * (reserve_at or limit) else "ok"
    line = (
        format_html('<line class="mark" x1="{0}%" x2="{0}%" y1="0" y2="18"/>', _share(reserve_at, limit))
        if reserve_at
        else ""
    )
    body = format_html(
        '<rect class="track" x="0" y="4" width="100%" height="10" rx="5"/>'
        '<rect class="bar {}" x="0" y="4" width="{}%" height="10" rx="5"/>{}',
        tone,
        _share(used, limit),
        line,
    )
    rows = (("Used", f"{used:,}"), ("Our share", f"{reserve_at or limit:,}"), ("Limit", f"{limit:,}"))
    return Chart(_svg(label, 18, body), ("Figure", "Number"), rows)


def sparkline(label: str, values: Sequence[int], *, unit: str = "Number") -> Chart:
    """A line without axes: the trend of a pace. One value or none is a flat line."""
    top, step = max(values, default=0) or 1, 100 / max(1, len(values) - 1)
    points = (
        " ".join(f"{n * step:.1f},{30 - 28 * value / top:.1f}" for n, value in enumerate(values))
        or "0,30 100,30"
    )
    svg = format_html(
        '<svg class="chart" role="img" aria-label="{0}" width="100%" height="36" viewBox="0 0 100 32" '
        'preserveAspectRatio="none"><polygon class="area" points="0,32 {1} 100,32"/>'
        '<polyline class="spark" points="{1}"/></svg>',
        label,
        points,
    )
    return Chart(svg, ("Point", unit), tuple((str(n + 1), f"{value:,}") for n, value in enumerate(values)))


def pie(percent: int) -> SafeString:
    """A disc filled clockwise; for the eye only, the number stands beside it."""
    share = max(0, min(100, percent))
    return format_html(
        '<svg class="pie" viewBox="0 0 32 32" aria-hidden="true">'
        '<circle r="8" cx="16" cy="16" pathLength="100" stroke-dasharray="{} 100"/></svg>',
        share,
    )
