"""Signs that turn a text round, hide in it or pile up, made visible in the text of a page.

Names come from strangers, and a person approves what the page shows: "\\u202eliamE" must not read as "Email".
Attributes and text areas are left as they are, because what they hold is sent back.
"""

import re

# The quick look at a whole page: most hold none of these, and are not touched. Joiners are no part of it, since
# emoji and Persian need them. Each begins with fixed bytes, which is what makes the look quick.
_BYTES = tuple(
    re.compile(pattern)
    for pattern in (
        rb"\xc2[\x80-\x9f]",
        rb"\xd8\x9c",
        rb"\xe1\xa0\x8e",
        rb"\xe2\x80[\x8b\x8e\x8f\xa8-\xae]",
        rb"\xe2\x81[\xa0-\xa4\xa6-\xaf]",
        rb"\xef\xbb\xbf",
        rb"\xf3\xa0[\x80\x81]",
    )
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r") | {127})
_FEW_MARKS = 8
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    r"\U000e0000-\U000e007f]"
)
_STACKED = re.compile(r"([\u0300-\u036f]{8})[\u0300-\u036f]+")
# A tag, a text area with all that is in it, or text between them. Autoescaping leaves no bare < or > in a value.
_PARTS = re.compile(r"<textarea\b.*?</textarea>|<[^>]*>|[^<]+", re.DOTALL | re.IGNORECASE)


def with_visible_signs(page: bytes) -> bytes:
    """The page with each such sign written as [U+202E], and with no more than eight marks on one letter."""
    if not _may_hide_something(page):
        return page
    return _PARTS.sub(_shown, page.decode("utf-8")).encode("utf-8")


def _may_hide_something(page: bytes) -> bool:
    if len(page.translate(None, _CONTROLS)) < len(page) or any(sign.search(page) for sign in _BYTES):
        return True
    return page.count(b"\xcc") + page.count(b"\xcd") > _FEW_MARKS


def _shown(part: re.Match[str]) -> str:
    text = part[0]
    if text.startswith("<"):
        return text
    return _STACKED.sub(r"\1", _UNSEEN.sub(lambda sign: f"[U+{ord(sign[0]):04X}]", text))
