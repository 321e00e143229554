"""The account's addresses, with profile keys that hold a slash.

Servers hand a path over decoded, so a CRM id such as `12/7`, sent as `12%2F7` (reference 15.2, 17), would look
like two segments. Whatever no plain pattern knows is read again with the longest key that makes an address of it.
"""

import re
from functools import lru_cache

from migrator.simulators.http_wsgi import Route, RouteHandler, Router

Matched = tuple[Route, dict[str, str]]
_SLASHED = re.compile(
    r"(?P<head>(?:/v2)?/audience/(?:profiles/merges/)?keyspaces/[^/]+/profiles/)"
    r"(?P<key>.+?)"
    r"(?P<tail>/sections/[^/]+(?:/(?:attributes(?:/[^/]+)?|tags|events|consents|subscriptions))?"
    r"|/evaluations|/locks|)"
)
_STAND_IN = "key"
_REMEMBERED = 4_096


class ProfileRouter(Router):
    """Remembers what it matched, since each request is looked up several times on its way."""

    def __init__(self) -> None:
        super().__init__()
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._find)

    def add(self, method: str, pattern: str, handler: RouteHandler) -> None:
        """Register one handler; it is called with the request and the segments by name."""
        super().add(method, pattern, handler)
        self._remembered.cache_clear()

    def match(self, path: str) -> Matched | None:
        """The route for a path and its segments, or None."""
        return self._remembered(path)

    def _find(self, path: str) -> Matched | None:
        found = super().match(path)
        slashed = _SLASHED.fullmatch(path) if found is None else None
        if slashed is None:
            return found
        plain = super().match(f"{slashed['head']}{_STAND_IN}{slashed['tail']}")
        if plain is None:
            return None
        return plain[0], {**plain[1], "profile": slashed["key"]}


def misread(matched: Matched, method: str) -> bool:
    """Whether a key was read out of what is rather an unknown address below a profile."""
    return "/" in matched[1].get("profile", "") and method not in matched[0].methods
