"""One project with one open run, and a second worker with a database connection of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from tests import factories as made

Start = Callable[..., "Future[Any]"]


@pytest.fixture
def project(db: None) -> Any:
    return made.project()


@pytest.fixture
def run(project: Any) -> Any:
    return made.run(project)


@pytest.fixture
def start(transactional_db: None) -> Iterator[Start]:
    """Starts a function in another thread, which has a connection of its own and closes it. It sees only
    what was committed, which is why this fixture takes the database without a transaction around it."""

    def alone(work: Callable[..., Any], *args: Any) -> Any:
        try:
            return work(*args)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        yield lambda work, *args: pool.submit(alone, work, *args)
