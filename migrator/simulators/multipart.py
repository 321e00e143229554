"""multipart/form-data bodies cut into their parts, without copying what they hold. It knows no vendor."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))', re.IGNORECASE)
_NAMED = re.compile(r"(?i)[;\s](\w+\*?)=(?:\"((?:\\.|[^\"\\])*)\"|([^;\s]+))")
_MOST_PARTS = 100


class BadMultipart(Exception):
    """The body is not what its content type says."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; `filename` is None for plain values. `content` looks into the request's body."""

    name: str
    filename: str | None
    content_type: str
    content: memoryview

    @property
    def text(self) -> str:
        """The value of a plain field."""
        return bytes(self.content).decode("utf-8", "replace")


def parts_of(body: bytes, content_type: str) -> list[Part]:
    """All parts in order. Raises BadMultipart."""
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or found is None:
        raise BadMultipart("the content type is not multipart/form-data with a boundary")
    delimiter = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    at = body.find(delimiter)
    if at < 0:
        raise BadMultipart("the boundary does not occur in the body")
    view = memoryview(body)
    made: list[Part] = []
    while not body.startswith(b"--", at + len(delimiter)):
        if len(made) == _MOST_PARTS:
            raise BadMultipart(f"there are more than {_MOST_PARTS} parts")
        start = at + len(delimiter) + 2
        head = body.find(b"\r\n\r\n", start - 2)
        end = body.find(b"\r\n" + delimiter, start - 2)
        if head < 0 or end < head + 2:
            raise BadMultipart("a part is not closed by the boundary")
        made.append(_part(body[start:head], view[min(head + 4, end) : end]))
        at = end + 2
    return made


def _part(head: bytes, content: memoryview) -> Part:
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    named = {
        key.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
        for key, quoted, plain in _NAMED.findall(headers.get("content-disposition", ""))
    }
    if "name" not in named:
        raise BadMultipart("a part has no name")
    filename = named.get("filename")
    if "filename*" in named:
        filename = unquote(named["filename*"].rpartition("'")[2])
    return Part(named["name"], filename, headers.get("content-type", "text/plain"), content)
