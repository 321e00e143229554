"""A pytest plugin: gives the tests a PostgreSQL and a Valkey of their own, unless DATABASE_URL names one.

Named in pyproject.toml and not in conftest.py because pytest-django reads the settings before conftest.py.
"""

import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest

_RUNNING = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    if not os.environ.get("DATABASE_URL"):
        from migrator.embedded.ephemeral import own_services

        services = _RUNNING.enter_context(own_services(fast=True))
        os.environ.update(services.environment)
    try:
        return (yield)
    except BaseException:
        # A start that fails here never comes to pytest_unconfigure.
        _RUNNING.close()
        raise


def pytest_configure() -> None:
    from django.conf import settings

    # The real hasher takes a third of a second for each sign-in, which is its purpose and not the tests'.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure() -> None:
    _RUNNING.close()
