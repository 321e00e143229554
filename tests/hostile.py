"""Names and values by strangers, and a strict reader of pages that finds whatever of theirs came alive."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

STRINGS: list[dict[str, str]] = json.loads(
    (Path(__file__).parent / "data" / "hostile" / "strings.json").read_text(encoding="utf-8")
)
TEXTS = [one["text"] for one in STRINGS]
MARK = "xss"
# Pages are ours to the last element: whatever else stands in one is somebody else's.
_ELEMENTS = frozenset(
    """
    html head meta title link script body a header nav main section article aside footer div span p b strong em small
    code pre br hr ul ol li dl dt dd table caption colgroup col thead tbody tr th td form input button label select
    datalist optgroup option textarea fieldset legend details summary dialog output progress meter time abbr bdi bdo
    del ins kbd sup sub h1 h2 h3 h4 h5 h6 img noscript template figure figcaption i mark
    svg use g path rect line circle text tspan title desc polyline polygon
    """.split()
)
_ADDRESSES = frozenset(
    """href src action formaction hx-get hx-post hx-put hx-delete hx-patch xlink:href data poster cite srcset
    background ping""".split()
)
_LIVING = ("on", "hx-on", "style", "srcdoc")
# What turns a text round, hides in it or moves a cursor; joiners are left out, for emoji and Persian need them.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    r"\U000e0000-\U000e007f]"
)
_STACKED = re.compile(r"[\u0300-\u036f]{9}")


class Page(HTMLParser):
    """`problems` lists what a page holds that is not ours to hold; `text` is what people read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.links: list[str] = []
        self.parts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if tag not in _ELEMENTS or MARK in tag:
            self.problems.append(f"the element <{tag}>")
        self.problems += [problem for name, value in attrs for problem in _wrong(tag, name, value or "")]
        self.links += [value for name, value in attrs if name == "href" and value and tag == "a"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        elif tag not in _ELEMENTS:
            self.problems.append(f"the end of <{tag}>")

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside in ("script", "style"):
            self.problems += [f"<{inside}> with {data[:60]!r}"] if MARK in data else []
        elif inside != "textarea":
            self.parts.append(data)
            self.problems += [
                f"unseen {found[0]!r} in {data[:60]!r}" for found in [UNSEEN.search(data)] if found
            ]
            self.problems += ["a stack of marks"] if _STACKED.search(data) else []

    def handle_comment(self, data: str) -> None:
        self.problems += [f"the comment {data[:60]!r}"] if MARK in data else []

    def handle_decl(self, decl: str) -> None:
        self.problems += [] if decl.casefold() == "doctype html" else [f"the declaration {decl[:60]!r}"]

    def handle_pi(self, data: str) -> None:
        self.problems.append(f"the instruction {data[:60]!r}")

    def unknown_decl(self, data: str) -> None:
        self.problems.append(f"the section {data[:60]!r}")


def _wrong(tag: str, name: str, value: str) -> Iterator[str]:
    if name.startswith(_LIVING) or MARK in name:
        yield f"{tag}[{name}]"
    plain = re.sub(r"[\x00-\x20]", "", value).casefold()
    if name in _ADDRESSES and (
        plain.startswith(("javascript:", "data:", "vbscript:", "//")) or "://xss" in plain
    ):
        yield f"{tag}[{name}={value[:60]!r}]"
    if name in _ADDRESSES and UNSEEN.search(value):
        yield f"{tag}[{name}] with an unseen sign"
    if name == "http-equiv":
        yield f"{tag}[{name}]"
