"""One project with an admin and an engineer, for every test of the queue."""

import pytest

from migrator.choices import Role
from tests import factories_reconciliation as made


@pytest.fixture
def project(db):
    return made.make_project()


@pytest.fixture
def sofia(project):
    return made.make_member(project)


@pytest.fixture
def erik(project):
    return made.make_member(project, Role.ENGINEER, "Erik")
