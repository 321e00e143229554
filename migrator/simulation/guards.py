"""The guards of the engine, each of which can be taken away to see that the invariants miss it (reliability.md A6)."""

from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Guards:
    """All are there unless a test of the tests says otherwise.

    `intent`: a claim is committed before the first byte. `fence`: an outcome counts only under its claim's fence.
    `quiet`: a doubt waits before it is read back. `doubt_502`: an answer that proves nothing is not "not done".
    `by_list`: read-back is by list and not by a search that lags. `answer_first`: done is recorded after the answer.
    `send_by`: nothing leaves when its claim may be somebody else's.
    """

    intent: bool = True
    fence: bool = True
    quiet: bool = True
    doubt_502: bool = True
    by_list: bool = True
    answer_first: bool = True
    send_by: bool = True

    @classmethod
    def without(cls, name: str) -> Self:
        return cls(**{name: False})

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))
