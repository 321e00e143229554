"""The two checks that need data the standard library has not; their real implementation is
`migrator.texts`."""

from typing import Protocol


class Tools(Protocol):
    """Handed to every transform. Neither method raises, whatever the text."""

    def phone(self, value: str, region: str) -> str | None:
        """E.164, or None where the text is no valid number. `region` is ISO 3166-1 alpha-2 or empty."""
        ...

    def email(self, value: str) -> str | None:
        """The normalised address, or None where the text is no address."""
        ...
