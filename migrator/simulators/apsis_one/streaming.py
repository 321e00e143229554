"""Answers on the wire: plain ones whole, files in pieces and compressed where the client asked for it."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import cast
from wsgiref.types import StartResponse

from migrator.simulators.http_wsgi import BrokenBody, Response

_REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_PIECE = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class FileResponse(Response):
    """An answer whose body is a file."""

    path: Path | None = None


def send(response: Response, start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI answer for a body in memory; one to be cut off breaks while it is read."""
    headers = [*response.headers.items(), ("content-length", str(len(response.body)))]
    start_response(_REASONS.get(response.status, f"{response.status} Unknown"), headers)
    if response.cut_after is None:
        return [response.body]
    return cast(Iterable[bytes], BrokenBody(response.body[: response.cut_after]))


def send_file(response: FileResponse, encodings: str, start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI answer for a file: gzip when accepted, plain with a length otherwise."""
    assert response.path is not None
    headers = list(response.headers.items())
    pieces = _pieces(response.path)
    if "gzip" in encodings:
        headers.append(("content-encoding", "gzip"))
        pieces = _compressed(pieces)
    else:
        headers.append(("content-length", str(response.path.stat().st_size)))
    start_response("200 OK", headers)
    return pieces


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
