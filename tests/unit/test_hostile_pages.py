"""The strict reader itself: it finds what came alive, and nothing where a text is only text."""

import pytest
from django.utils.html import escape

from tests.hostile import STRINGS, TEXTS, UNSEEN, Page


def test_there_are_more_than_a_hundred_different_strings_of_every_kind() -> None:
    assert len(set(TEXTS)) == len(TEXTS) > 100
    assert len({one["kind"] for one in STRINGS}) == 14


@pytest.mark.parametrize(
    "html",
    [
        "<p><script>xss()</script></p>",
        "<p><svg/onload=xss()></p>",
        "<p onclick='a()'>a</p>",
        "<p style='color: red'>a</p>",
        "<a href='javascript:xss()'>a</a>",
        "<a href='java\tscript:xss()'>a</a>",
        "<form action='//elsewhere.example'></form>",
        "<iframe srcdoc='a'></iframe>",
        "<div hx-on::load='a()'></div>",
        "<!-- xss -->",
        "<![CDATA[ xss ]]>",
        "<?xml version='1.0'?>",
        "<meta http-equiv='refresh' content='0'>",
        "<p>\u202eliamE</p>",
        "<p>\x1b[31m</p>",
        "<p>a" + "\u0301" * 40 + "</p>",
        "</mglyph>",
    ],
)
def test_what_came_alive_is_found(html: str) -> None:
    assert Page(html).problems


@pytest.mark.parametrize("text", TEXTS, ids=lambda t: ascii(t[:40]))
def test_a_text_that_is_escaped_and_shown_plainly_is_only_text(text: str) -> None:
    plain = UNSEEN.sub("", text.replace("\u0301", ""))[:200].replace("\u0300\u0301", "")
    page = Page(f'<p title="{escape(plain)}">{escape(plain)}</p>')
    assert page.problems == []
    assert page.text == plain
