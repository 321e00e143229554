"""How icons, states, confidence, counts and dates look, in one place. Nothing here asks a database."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from migrator import charts

register = template.Library()

HIGH, MEDIUM = 90, 70
STRONG = re.compile(r"\*\*(.+?)\*\*")
TONE_ICONS = {"ok": "check", "warn": "alert-triangle", "bad": "circle-x", "info": "info-circle"}
HUES = 5


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A picture beside words; `size` is "s" or "l". It never carries a meaning alone."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f"i {size}".strip(),
        static("icons.svg"),
        name,
    )


@register.simple_tag
def status(label: str, tone: str = "", picture: str = "") -> SafeString:
    """A state in words; `tone` is ok, warn, bad, info, src, dst, line, dash, plain or nothing."""
    drawn = icon(picture, "s") if picture else ""
    return format_html('<span class="{}">{}{}</span>', f"tag {tone}".strip(), drawn, label)


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that goes with a tone, so that colour never speaks alone."""
    return TONE_ICONS.get(tone, "info-circle")


def _level(percent: int) -> tuple[int, str]:
    if percent >= HIGH:
        return 3, "High"
    return (2, "Medium") if percent >= MEDIUM else (1, "Low")


@register.simple_tag
def confidence(percent: int) -> SafeString:
    """Three bars and the figure."""
    bars, word = _level(int(percent))
    return format_html(
        '<span class="conf" data-b="{}"><span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>'
        '<span class="sr">{} confidence </span>{}%</span>',
        bars,
        word,
        int(percent),
    )


@register.simple_tag
def meter(label: str, *, total: int = 0, thin: bool = False, **parts: int) -> SafeString:
    """One bar of several parts, drawn in the order given: {% meter "Decided" ok=137 total=200 %}."""
    return charts.meter(label, parts.items(), total=int(total or 0), thin=thin)


@register.simple_tag
def pie(percent: int | None) -> SafeString:
    """The small disc inside the current stop of the route."""
    return charts.pie(int(percent or 0))


@register.simple_tag
def avatar(initials: str, name: str = "", size: str = "") -> SafeString:
    hue = sum(map(ord, initials or "")) % HUES
    return format_html(
        '<span class="{}" role="img" aria-label="{}" title="{}">{}</span>',
        " ".join(part for part in ("av", size, f"h{hue}" if hue else "") if part),
        name or initials,
        name or initials,
        initials,
    )


@register.filter
def initials(user: Any) -> str:
    """SB for Sofia Berg; of a user without a name the first two letters of the user name."""
    words = user.get_full_name().split() or [user.get_username()[:1], user.get_username()[1:2]]
    return "".join(word[:1] for word in words[:2]).upper()


@register.simple_tag(takes_context=True)
def key(context: Mapping[str, Any], name: str, *, off: bool = False) -> SafeString:
    """Binds keys to a button or link: <button{% key "E" %}>. {% cap "E" %} prints them. A person's own keys are
    told to people; the page's script knows every button by its usual key."""
    if off or not name:
        return mark_safe("")
    usual, own = [_shown(part) for part in name.split()], _own(context)
    told = " ".join(own.get(part, part) for part in usual)
    return format_html(' data-key="{}" aria-keyshortcuts="{}"', " ".join(usual), told)


@register.simple_tag(takes_context=True)
def cap(context: Mapping[str, Any], name: str) -> SafeString:
    """The cap of a key, for the eye only: the button says it to a screen reader by its attribute."""
    if not name:
        return mark_safe("")
    shown = _shown(name)
    return format_html('<kbd aria-hidden="true">{}</kbd>', _own(context).get(shown, shown))


@register.simple_tag(takes_context=True)
def own_keys(context: Mapping[str, Any]) -> SafeString:
    """The person's own keys for the page's script; nothing where all are the usual ones."""
    own = _own(context)
    return format_html(' data-keys="{}"', json.dumps(dict(own))) if own else mark_safe("")


def _own(context: Mapping[str, Any]) -> dict[str, str]:
    return context.get("own_keys") or {}


def _shown(name: str) -> str:
    return name.upper() if len(name) == 1 else name


@register.inclusion_tag("components/_chart.html")
def chart(drawing: charts.Chart, caption: str = "", note: str = "") -> dict[str, Any]:
    """A drawing of `migrator.charts` with its caption and the same numbers as a table."""
    return {"chart": drawing, "caption": caption, "note": note}


@register.filter
def strong(text: str) -> SafeString:
    """Escapes the text and prints what stands between ** and ** strong."""
    return mark_safe(STRONG.sub(r"<b>\1</b>", conditional_escape(text)))  # noqa: S308 - escaped first


@register.filter
def count(value: Any) -> str:
    """12408 as 12,408; nothing as a dash."""
    return "–" if value is None or value == "" else f"{int(value):,}"


@register.filter
def pct(value: Any) -> str:
    """A share of 1 as a percentage; what is not whole keeps one decimal: 0.998 is 99.8%, and never 100%."""
    if value is None:
        return "–"
    shown = float(value) * 100
    return f"{shown:.0f}%" if shown == round(shown) else f"{min(99.9, max(0.1, round(shown, 1))):.1f}%"


@register.filter
def day(value: date | datetime | None) -> str:
    if value is None:
        return "never"
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return f"{value.day} {value:%b %Y}"


@register.filter
def clock(value: datetime | None) -> str:
    return f"{timezone.localtime(value):%H:%M}" if value else "–"


@register.filter
def moment(value: datetime | None) -> str:
    """12 Mar 2026, 14:02 UTC."""
    return f"{day(value)}, {clock(value)} {timezone.localtime(value):%Z}" if value else "never"


@register.filter
def duration(seconds: float | None) -> str:
    """The two largest units: 34800 as "9 h 40 min", 75 as "1 min 15 s"."""
    if seconds is None:
        return "–"
    if 0 < seconds < 1:
        return "under 1 s"
    rest = round(seconds)
    words: list[str] = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        number, rest = divmod(rest, size)
        if number or words:
            words.append(f"{number} {unit}" if number else "")
    return " ".join(word for word in words[:2] if word) or "0 s"
