"""Strict readers of environment variables: anything unexpected is an error with one sentence.

Knows nothing of Django, so that the commands that prepare the environment can use it too.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "amqp", "amqps", "memory")
DATABASE_OPTIONS = (
    "sslmode",
    "sslrootcert",
    "options",
    "connect_timeout",
    "application_name",
    "target_session_attrs",
)
TRUTHS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class EnvironmentProblem(Exception):
    """A variable is missing or has a value that cannot be meant; the text says which and what to do."""


class Environment:
    """Reads variables by name; NAME_FILE names a file that holds the value, for secrets."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def has(self, name: str) -> bool:
        return bool(self._variables.get(name) or self._variables.get(f"{name}_FILE"))

    def text(self, name: str, default: str | None = None) -> str:
        value = self._raw(name)
        if value is None and default is None:
            raise EnvironmentProblem(
                f"{name} is not set. Set it, or set {name}_FILE to a file that holds it."
            )
        return default or "" if value is None else value

    def boolean(self, name: str, default: bool) -> bool:
        value = self._raw(name)
        if value is None:
            return default
        if value.lower() not in TRUTHS:
            raise EnvironmentProblem(f"{name} is {value!r}. Use one of: {', '.join(TRUTHS)}.")
        return TRUTHS[value.lower()]

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        value = self._raw(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit() or int(value) < least:
            raise EnvironmentProblem(f"{name} is {value!r}. Use a whole number from {least} upwards.")
        return int(value)

    def amount(self, name: str, default: float = 0.0) -> float:
        """A number from 0 upwards that may have decimals, such as a price."""
        value = self._raw(name)
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            raise EnvironmentProblem(f"{name} is {value!r}. Use a number from 0 upwards, such as 2.5.")
        return float(value)

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default).lower()
        if value not in choices:
            raise EnvironmentProblem(f"{name} is {value!r}. Use one of: {', '.join(choices)}.")
        return value

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        value = self._raw(name)
        if value is None:
            return list(default)
        return [word.strip() for word in value.split(",") if word.strip()]

    def database(self, name: str) -> dict[str, Any]:
        return parse_database_url(self.text(name), name)

    def broker(self, name: str, default: str) -> str:
        value = self.text(name, default)
        scheme = urlsplit(value).scheme
        if scheme not in BROKER_SCHEMES:
            raise EnvironmentProblem(
                f"{name} starts with {scheme!r}. Use one of: {', '.join(BROKER_SCHEMES)}."
            )
        return value

    def _raw(self, name: str) -> str | None:
        inline, path = self._variables.get(name), self._variables.get(f"{name}_FILE")
        if inline and path:
            raise EnvironmentProblem(f"{name} and {name}_FILE are both set. Keep one of them.")
        if not path:
            return inline or None
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except OSError as error:
            raise EnvironmentProblem(f"{name}_FILE cannot be read: {error.strerror}: {path}.") from error


def parse_database_url(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Django's settings for a postgresql:// address; a socket folder may be given as ?host=/folder."""
    parts = urlsplit(url)
    if parts.scheme.startswith("sqlite"):
        raise EnvironmentProblem(
            f"{name} names SQLite. Crosswalk runs on PostgreSQL only: use postgresql://."
        )
    if parts.scheme not in ("postgres", "postgresql"):
        raise EnvironmentProblem(
            f"{name} starts with {parts.scheme!r}. Use postgresql://user@host:port/database."
        )
    query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    host = query.pop("host", "") or unquote(parts.hostname or "")
    port = query.pop("port", "") or _port(parts, name)
    _check_database_url(parts, query, name)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": query,
    }


def _port(parts: SplitResult, name: str) -> str:
    try:
        return str(parts.port or "")
    except ValueError as error:
        raise EnvironmentProblem(f"{name} has a port that is no number from 1 to 65535.") from error


def _check_database_url(parts: SplitResult, query: dict[str, str], name: str) -> None:
    unknown = sorted(set(query) - set(DATABASE_OPTIONS))
    if unknown:
        raise EnvironmentProblem(
            f"{name} has an unknown option: {', '.join(unknown)}. Known: {', '.join(DATABASE_OPTIONS)}."
        )
    if not parts.path.strip("/"):
        raise EnvironmentProblem(
            f"{name} names no database. Add its name after the host: postgresql://host/name."
        )
