"""Signs that nobody sees: shown in the text of a page, left alone where the page sends them back."""

import pytest

from migrator.visible import with_visible_signs


def shown(page: str) -> str:
    return with_visible_signs(page.encode()).decode()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\u202eliamE", "[U+202E]liamE"),
        ("em\u200bail", "em[U+200B]ail"),
        ("\ufeffEmail", "[U+FEFF]Email"),
        ("a\x1b[31mred", "a[U+001B][31mred"),
        ("a\x85b", "a[U+0085]b"),
        ("a\u061cb\u180ec", "a[U+061C]b[U+180E]c"),
        ("a\u2066b\u2069", "a[U+2066]b[U+2069]"),
        ("a\U000e0041", "a[U+E0041]"),
        ("a" + "\u0301" * 40, "a" + "\u0301" * 8),
    ],
)
def test_a_sign_that_nobody_sees_is_shown(text: str, seen: str) -> None:
    assert shown(f"<p>{text}</p>") == f"<p>{seen}</p>"


@pytest.mark.parametrize(
    "page",
    [
        "<p>Blåbär, “quoted”, a – b…\tc\r\nd</p>",
        "<p>\U0001f468\u200d\U0001f469\u200d\U0001f467 می\u200cخواهم</p>",
        "<p>e\u0301 and o\u0308</p>",
        "",
    ],
)
def test_text_as_people_write_it_is_left_alone(page: str) -> None:
    assert shown(page) == page


def test_what_a_form_sends_back_is_left_alone() -> None:
    page = '<input value="a\u202eb"><textarea name="t">c\u202ed\n<</textarea><p title="e\u202ef">g\u202eh</p>'
    assert shown(page) == page.replace("g\u202eh", "g[U+202E]h")


def test_a_page_without_such_signs_is_the_same_page() -> None:
    page = b"<p>plain</p>" * 1000
    assert with_visible_signs(page) is page
