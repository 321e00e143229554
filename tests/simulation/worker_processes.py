"""Celery workers as real processes on the tests' own database, to be killed with -9."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from migrator.embedded.connection import REPOSITORY


def environment() -> dict[str, str]:
    """The workers' settings: the tests' own database, by the name that pytest-django gave it."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    return os.environ | {"DATABASE_URL": urlunsplit(url._replace(path=f"/{name}"))}


@contextmanager
def workers() -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker with two processes, in a process group of its own that is killed as a whole."""
    command = [sys.executable, "-m", "celery", "-A", "migrator.celery", "worker", "-c", "2", "-l", "error"]
    process = subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"],
        cwd=REPOSITORY,
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
