"""Bodies in any pieces: whole, or said not to be."""

import random
import time
import zlib
from collections.abc import Iterator

import pytest

from migrator.http.bodies import PIECE, BodyCut, iter_decoded

LATER = time.monotonic() + 3_600
GZIP = 31


def packed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP)
    return packer.compress(data) + packer.flush()


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 7, 4_096, 10_000_000])
@pytest.mark.parametrize("extra", [0, 1, 257, 300])
def test_a_packed_body_is_the_same_in_any_pieces(size: int, extra: int) -> None:
    data = b"0" * (PIECE + extra)
    chunks = in_pieces(packed(data), size)
    assert b"".join(iter_decoded(chunks, {"content-encoding": "gzip"}, cap=None, ends=LATER)) == data


def test_noise_is_unpacked_whole() -> None:
    data = random.Random(7).randbytes(300_000)
    chunks = in_pieces(packed(data), 1_000)
    assert b"".join(iter_decoded(chunks, {"content-encoding": "gzip"}, cap=None, ends=LATER)) == data


def test_no_piece_of_a_bomb_is_large() -> None:
    pieces = iter_decoded([packed(b"0" * 20_000_000)], {"content-encoding": "gzip"}, cap=None, ends=LATER)
    assert max(len(piece) for piece in pieces) <= PIECE


@pytest.mark.parametrize(
    ("headers", "cap", "ends"),
    [({}, 5, LATER), ({}, None, 0.0), ({"content-length": "99"}, None, LATER)],
    ids=["past the cap", "past the deadline", "shorter than announced"],
)
def test_a_body_that_is_not_whole_is_an_error(headers: dict[str, str], cap: int | None, ends: float) -> None:
    with pytest.raises(BodyCut):
        list(iter_decoded([b"abc", b"def"], headers, cap=cap, ends=ends))


def test_a_length_that_is_no_number_is_ignored() -> None:
    assert list(iter_decoded([b"abc"], {"content-length": "?"}, cap=None, ends=LATER)) == [b"abc"]
