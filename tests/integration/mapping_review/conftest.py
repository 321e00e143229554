"""One project with an engineer and a customer admin, for every test of the field map."""

from typing import Any

import pytest

from migrator.choices import Role
from migrator.models import Project
from tests import factories_mapping_review as made


@pytest.fixture
def project(db: None) -> Project:
    return made.make_project()


@pytest.fixture
def erik(project: Project) -> Any:
    return made.make_member(project)


@pytest.fixture
def sofia(project: Project) -> Any:
    return made.make_member(project, Role.CUSTOMER_ADMIN, "Sofia")
