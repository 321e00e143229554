"""How a command that runs on ends: a signal as a quiet stop, a problem outside Crosswalk as one sentence."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, Protocol

from migrator.embedded.problems import EmbeddedProblem

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PROBLEM = 2


class Interrupted(BaseException):
    """A person or the system asked us to end."""


class Writes(Protocol):
    def write(self, text: str) -> object: ...


@contextmanager
def reported_on(errors: Writes, *, stopped: str = "") -> Iterator[None]:
    """Turn signals into an orderly end with code 0, and a problem into its sentence with code 2."""
    for number in ENDING_SIGNALS:
        # Under nohup the end of the terminal is ignored, and stays so. A shell's "&" makes us ignore SIGINT
        # too, but whoever then sends one means it.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    except EmbeddedProblem as problem:
        errors.write(str(problem))
        sys.exit(PROBLEM)
    except Interrupted:
        if stopped:
            errors.write(stopped)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    # A second signal must not break off the stopping of the children.
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted
