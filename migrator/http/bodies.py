"""Reading a body while it arrives: unpacked, whole, within a size and a time. Nothing is kept here."""

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping

PIECE = 1024 * 1024
ANY_GZIP_OR_ZLIB = 47


class BodyCut(Exception):
    """The body ended early, is damaged, grew past the cap or took too long."""


def iter_decoded(
    chunks: Iterable[bytes], headers: Mapping[str, str], *, cap: int | None, ends: float
) -> Iterator[bytes]:
    """The unpacked body, piece by piece. Raises BodyCut; what came before it is then a part only."""
    size = 0
    for piece in _unpacked(_measured(chunks, headers), headers.get("content-encoding", "")):
        size += len(piece)
        if cap is not None and size > cap:
            raise BodyCut("larger than the cap")
        if time.monotonic() > ends:
            raise BodyCut("slower than the deadline")
        yield piece


def _measured(chunks: Iterable[bytes], headers: Mapping[str, str]) -> Iterator[bytes]:
    """The raw chunks; fewer bytes than announced is an error even where the transport does not notice."""
    announced = headers.get("content-length", "")
    received = 0
    for chunk in chunks:
        received += len(chunk)
        yield chunk
    if announced.isdigit() and received < int(announced):
        raise BodyCut("shorter than announced")


def _unpacked(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        yield from chunks
        return
    unpack = zlib.decompressobj(ANY_GZIP_OR_ZLIB)
    try:
        for chunk in chunks:
            rest = chunk
            # Small pieces bound the memory that a packed bomb can take before the cap notices it.
            while rest:
                unpack = zlib.decompressobj(ANY_GZIP_OR_ZLIB) if unpack.eof else unpack
                yield unpack.decompress(rest, PIECE)
                rest = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
    except zlib.error as error:
        raise BodyCut("damaged") from error
    if not unpack.eof:
        raise BodyCut("the packed stream has no end")
