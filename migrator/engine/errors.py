"""One root exception and four families; loops decide by family, never by message.

Each carries a sentence for a person that ends with what to do next, and the ids it concerns.
"""


class CrosswalkError(Exception):
    """Root of everything that Crosswalk raises on purpose."""

    def __init__(self, sentence: str, **ids: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.ids = ids


class TransientError(CrosswalkError):
    """The same act may succeed later; nothing was changed. `retry_after` is in seconds where known."""

    def __init__(self, sentence: str, *, retry_after: float | None = None, **ids: object) -> None:
        super().__init__(sentence, **ids)
        self.retry_after = retry_after


class PermanentError(CrosswalkError):
    """This record cannot be written as it is; others are unaffected."""


class ConfigurationError(CrosswalkError):
    """A person must change a setting, a credential or a permission before work can go on."""


class RefusedError(CrosswalkError):
    """A policy forbids the act; the sentence says why and what would allow it."""


class UnsafePlanError(RefusedError):
    """The plan must not be loaded as it stands; `reasons` names each obstacle."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class DriftError(ConfigurationError):
    """The target no longer looks as it did when the plan was approved (a field, option or label is gone)."""
