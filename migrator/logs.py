"""Structured log lines; what looks like personal data or a credential is taken out before it is written."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

EMAIL = re.compile(r"[^\s@<>\"',;:()]+@[^\s@<>\"',;:()]+\.\w{2,}")
PHONE = re.compile(r"(?<![\w.-])\+?\d[\d ()-]{7,}\d(?![\w.-])")
CREDENTIAL = re.compile(
    r"(?i)(bearer\s+|(?:api_token|client_secret|password|access_token)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"
)
# Times and ids of our own hold long runs of digits that are nobody's phone number.
LEFT_ALONE = frozenset({"timestamp", "level", "logger"})


def without_personal_data(text: str) -> str:
    """The text with addresses, phone numbers and credentials replaced by a word in brackets."""
    text = CREDENTIAL.sub(r"\1[credential]", text)
    return PHONE.sub("[phone]", EMAIL.sub("[email]", text))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that cleans every text in the entry, exceptions included."""
    for key, value in event.items():
        if isinstance(value, str) and key not in LEFT_ALONE:
            event[key] = without_personal_data(value)
    return event


def shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]


def configure_structlog() -> None:
    structlog.configure(
        processors=[*shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def django_logging(*, level: str, as_json: bool) -> dict[str, Any]:
    """The LOGGING setting: everything to standard error, one line an event."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": structlog.stdlib.ProcessorFormatter} | _rendering(as_json)},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # httpx names whole addresses at INFO, queries and all.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            # Two lines for every wake-up would hide what a slice of work says itself.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }


def _rendering(as_json: bool) -> dict[str, Any]:
    last = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "foreign_pre_chain": [structlog.stdlib.ExtraAdder(), *shared_processors()],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    }
