"""Query parameters: which are known, what they may hold, and the opaque cursors."""

import base64
import binascii
import hashlib
from collections.abc import Collection
from typing import Any

import orjson

from migrator.simulators.pipedrive import loose, times
from migrator.simulators.pipedrive.account import Call
from migrator.simulators.pipedrive.errors import invalid


class Parameters:
    """The query of one request; refuses what the operation does not know."""

    def __init__(self, call: Call, allowed: Collection[str]) -> None:
        self._query = call.request.query
        self._account = call.account
        self.now = call.now
        for name in self._query if _is_strict(call) else ():
            if name not in allowed and not (name == "api_token" and call.settings.token_in_query):
                raise invalid(f"Parameter '{name}' is not allowed")

    def text(self, name: str) -> str | None:
        """One value as it was sent."""
        values = self._query.get(name)
        return values[0] if values else None

    def integer(self, name: str) -> int | None:
        """A whole number."""
        raw = self.text(name)
        if raw is None:
            return None
        if not _is_number(raw):
            raise invalid(f"{name}: Expected 'integer' as value")
        return int(raw)

    def limit(self, *, most: int = 500, default: int = 100) -> int:
        """The page size. Raises above the cap instead of clamping."""
        size = self.integer("limit")
        if size is not None and not 1 <= size <= most:
            raise invalid(f"limit: must be between 1 and {most}")
        return default if size is None else size

    def start(self) -> int:
        """v1's offset."""
        return self.integer("start") or 0

    def moment(self, name: str) -> str | None:
        """RFC3339 with whole seconds."""
        raw = self.text(name)
        if raw is None:
            return None
        # A plus sign that was not escaped arrives as a space.
        found = times.canonical(raw.replace(" ", "+"))
        if found is None:
            raise invalid(f"{name}: must be an RFC3339 date-time with whole seconds")
        return found

    def flag(self, name: str) -> bool | None:
        """true or false, in any case: pipedrive-mcp 0.5.0 sends Python's True and False."""
        raw = self.text(name)
        if raw is None:
            return None
        word = raw.lower()
        if word not in ("true", "false", "1", "0"):
            raise invalid(f"{name}: Expected 'boolean' as value")
        return word in ("true", "1")

    def word(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of a few words."""
        raw = self.text(name)
        if raw is None:
            return default
        if raw not in allowed:
            raise invalid(f"{name}: must be one of {', '.join(sorted(allowed))}")
        return raw

    def words(
        self, name: str, allowed: Collection[str] | None = None, *, most: int | None = None
    ) -> list[str]:
        """A comma-separated list."""
        raw = self.text(name)
        items = [item.strip() for item in raw.split(",") if item.strip()] if raw else []
        if most is not None and len(items) > most:
            raise invalid(f"{name}: must have at most {most} items")
        for item in items if allowed is not None else ():
            if item not in (allowed or ()):
                raise invalid(f"{name}: '{item}' is not allowed")
        return items

    def ids(self, name: str = "ids") -> list[int] | None:
        """Up to 100 ids, None when the parameter is absent."""
        if self.text(name) is None:
            return None
        items = self.words(name, most=100)
        if not all(_is_number(item) for item in items):
            raise invalid(f"{name}: Expected a comma-separated list of integers")
        return [int(item) for item in items]

    def cursor(self, list_name: str) -> dict[str, Any] | None:
        """The position a cursor stands for. Raises for one of another list, account or making."""
        raw = self.text("cursor")
        if not raw:
            return None
        try:
            seal, _, position = base64.b64decode(raw + "=" * (-len(raw) % 4), b"-_", validate=True).partition(
                b"."
            )
        except (binascii.Error, ValueError):
            seal, position = b"", b""
        if not position or seal != _seal(self._account.store.fact("salt"), list_name, position):
            raise invalid("cursor: is not valid")
        return dict(orjson.loads(position))


def _is_strict(call: Call) -> bool:
    # tap-pipedrive 2.1.0 and Airbyte's source send start, limit and items to every v1 address.
    settings = call.settings
    return settings.refuse_unknown_query_v1 if loose.is_v1(call.request) else settings.refuse_unknown_query


def check_write(call: Call, pattern: str) -> None:
    """Raise 400 for a query on a v2 write: none of them takes one (OpenAPI)."""
    if call.request.query and call.request.method != "GET" and pattern.startswith("/api/v2/"):
        Parameters(call, ())


def make_cursor(call: Call, list_name: str, position: dict[str, Any]) -> str:
    """An opaque cursor that only this list of this account takes back, and only as it is."""
    text = orjson.dumps(position)
    sealed = _seal(call.store.fact("salt"), list_name, text) + b"." + text
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _seal(salt: str, list_name: str, position: bytes) -> bytes:
    return hashlib.sha256(f"{salt}:{list_name}:".encode() + position).hexdigest()[:12].encode()


def _is_number(text: str) -> bool:
    # The largest number of the store has 19 digits; a longer one would not be a number to it.
    return text.isascii() and text.isdigit() and len(text) < 19
