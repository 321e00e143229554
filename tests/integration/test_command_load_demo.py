"""load_demo: the project, its people and its connections, and a sentence for a file that says nothing of them."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.core.management.base import CommandError

from migrator import sealing
from migrator.models import Project, TrailEntry

CONNECT = {
    "source": {"base_url": "http://127.0.0.1:9", "client_id": "id", "client_secret": "source-secret"},
    "target": {"base_url": "http://127.0.0.1:9", "api_token": "target-token"},
}


@pytest.fixture
def connect(tmp_path: Path) -> Path:
    file = tmp_path / "connection.json"
    file.write_text(json.dumps(CONNECT))
    return file


def load(connect: Path) -> dict[str, object]:
    out = StringIO()
    call_command("load_demo", connect=connect, json=True, stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


@pytest.mark.django_db
def test_it_makes_four_people_who_can_sign_in(connect: Path) -> None:
    users = load(connect)["users"]
    assert isinstance(users, list)
    assert [user["role"] for user in users] == ["engineer", "customer_admin", "auditor", "owner"]
    assert all(authenticate(username=user["email"], password=user["password"]) for user in users)


@pytest.mark.django_db
def test_doing_it_again_adds_nothing_and_follows_a_moved_service(connect: Path) -> None:
    load(connect)
    moved = json.loads(json.dumps(CONNECT))
    moved["target"]["base_url"] = "http://127.0.0.1:10"
    connect.write_text(json.dumps(moved))
    load(connect)
    project = Project.objects.get()
    assert project.memberships.count() == 4
    assert project.connections.get(side="target").base_url == "http://127.0.0.1:10"
    assert TrailEntry.objects.filter(project=project, verb="create").count() == 1


@pytest.mark.django_db
def test_secrets_are_stored_sealed(connect: Path) -> None:
    load(connect)
    row = Project.objects.get().connections.get(side="target")
    assert "target-token" not in row.sealed_secret
    assert sealing.unseal(row.sealed_secret, bound_to=f"connection/{row.project_id}/target") == "target-token"


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"source": {}}'], ids=["empty", "list", "bare", "half"])
def test_a_file_that_says_something_else_is_refused_and_nothing_is_made(connect: Path, text: str) -> None:
    connect.write_text(text)
    with pytest.raises(CommandError, match="does not hold what serve_simulators prints"):
        load(connect)
    assert not Project.objects.exists()
