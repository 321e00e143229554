"""How CRMs number people: running numbers or GUIDs, each leading back to its profile, and how they get wrecked.

Which of Dynamics' people are leads is decided here too, for a lead's id is its own (reference 13).
"""

from typing import Protocol

from migrator.simulators.seeds.streams import KeyScatter, mix

_LEADS_OF_TEN = 2
_CONVERTED_OF_TEN = 3


class ContactIds(Protocol):
    """The ids of one account's CRM."""

    def forward(self, index: int) -> str:
        """The contact's id of a profile."""

    def backward(self, key: str) -> int:
        """The profile of a contact's or lead's id; negative for anything else."""

    def of(self, kind: str, number: int) -> str:
        """The id of another record, such as a company."""

    def broken(self, key: str, ordinal: int) -> str:
        """An id after a spreadsheet or a person had it."""

    def is_lead(self, index: int) -> bool:
        """Whether the CRM holds a lead there and no contact."""

    def was_lead(self, index: int) -> bool:
        """Whether the contact was a lead once, so that it has both keys."""


class NumberedIds:
    """Running numbers."""

    def __init__(self, start: int) -> None:
        self._start = start

    def forward(self, index: int) -> str:
        return str(self._start + index)

    def backward(self, key: str) -> int:
        return int(key) - self._start if key.isascii() and key.isdigit() else -1

    def of(self, kind: str, number: int) -> str:
        return str(number)

    def broken(self, key: str, ordinal: int) -> str:
        number = int(key)
        return (f"{number * 1000:,}", f"{number}.0", f"{number:.4E}")[ordinal % 3]

    def is_lead(self, index: int) -> bool:
        return False

    def was_lead(self, index: int) -> bool:
        return False


class GuidIds:
    """GUIDs; the last group leads back to the profile. What wrecks them is braces, capitals and cutting."""

    def __init__(self, *parts: object) -> None:
        self._scatter = KeyScatter(*parts, "guids")

    def forward(self, index: int) -> str:
        return self._guid(mix(index), self._scatter.forward(index))

    def backward(self, key: str) -> int:
        return self._scatter.backward(key.lower().rpartition("-")[2]) if key.count("-") == 4 else -1

    def of(self, kind: str, number: int) -> str:
        if kind == "lead":
            return self._guid(mix(number + 3_000_000_000), self._scatter.forward(number))
        code = mix(number + len(kind) * 1_000_000_007)
        return self._guid(code, f"{mix(code) >> 16:012x}")

    def broken(self, key: str, ordinal: int) -> str:
        return (f"{{{key.upper()}}}", key.replace("-", ""), key[:20])[ordinal % 3]

    def is_lead(self, index: int) -> bool:
        return mix(index ^ 0x1EAD) % 10 < _LEADS_OF_TEN

    def was_lead(self, index: int) -> bool:
        code = mix(index ^ 0x1EAD) % 10
        return _LEADS_OF_TEN <= code < _LEADS_OF_TEN + _CONVERTED_OF_TEN

    @staticmethod
    def _guid(code: int, tail: str) -> str:
        return f"{code >> 32:08x}-{code >> 16 & 0xFFFF:04x}-ed11-9ac4-{tail}"
