"""HTML of notes cut down to a few harmless tags, as the service does on its side."""

from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

ALLOWED = frozenset(["p", "br", "b", "i", "ul", "li", "a"])
_SILENT = frozenset(("script", "style"))
_SCHEMES = frozenset(("http", "https", "mailto"))


class _Sanitizer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "a":
            self.parts.append(f"<a{_link(attrs)}>")
        elif tag in ALLOWED:
            self.parts.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in ALLOWED and tag != "br":
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(escape(data, quote=False))


def sanitized(html: str) -> str:
    """The same text with only p, br, b, i, ul, li and links of harmless schemes."""
    parser = _Sanitizer()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)


def _link(attrs: list[tuple[str, str | None]]) -> str:
    address = dict(attrs).get("href") or ""
    try:
        harmless = urlsplit(address).scheme in _SCHEMES
    except ValueError:
        harmless = False
    return f' href="{escape(address)}"' if harmless else ""
