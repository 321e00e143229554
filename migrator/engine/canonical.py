"""Canonical JSON and its SHA-256: the one way in which content becomes a checksum.

Equal values give equal bytes on every machine: keys sorted, no white space, non-ASCII kept.
"""

import hashlib
import json
from collections.abc import Iterable

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


def canonical_json(value: object) -> str:
    """The one spelling of a JSON value; raises TypeError or ValueError on what JSON has not."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def checksum(value: object) -> str:
    """SHA-256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def checksum_of_lines(lines: Iterable[str]) -> str:
    """SHA-256 over an ordered stream of lines, so that a plan of any size needs no memory."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return digest.hexdigest()
